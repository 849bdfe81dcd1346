/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "live/privileges.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sanitizers need other system calls. So do coverage counts, written at exit; their build defines DISABLE_SEAL. */
#if defined(__SANITIZE_ADDRESS__)
#define DISABLE_SEAL
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DISABLE_SEAL
#endif
#endif

#ifdef DISABLE_SEAL
static const bool seal_enabled = false;
#else
static const bool seal_enabled = true;
#endif

/* Without any right: open files, memory, time and exit. */
static const int basic_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstatat64),
    SCMP_SYS(statx),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(close),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo), /* qsort() */
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* They use a socket, the capture's ring among them. */
static const int socket_calls[] = {
    SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(getsockopt),
};

/* clone() has a rule of its own. */
static const int thread_calls[] = {
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity),
};

/* What getaddrinfo() and its modules, libmaxminddb, the compiler of libpcap and another seal take. */
static const int prepare_calls[] = {
    SCMP_SYS(stat),           SCMP_SYS(stat64),
    SCMP_SYS(lstat),          SCMP_SYS(lstat64),
    SCMP_SYS(access),         SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),     SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),     SCMP_SYS(getdents),
    SCMP_SYS(getdents64),     SCMP_SYS(memfd_create),
    SCMP_SYS(mmap),           SCMP_SYS(mmap2),
    SCMP_SYS(mprotect),       SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),       SCMP_SYS(bind),
    SCMP_SYS(uname),          SCMP_SYS(getuid),
    SCMP_SYS(geteuid),        SCMP_SYS(getgid),
    SCMP_SYS(getegid),        SCMP_SYS(fstatfs),
    SCMP_SYS(setsockopt),     SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),      SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),    SCMP_SYS(socketpair),
    SCMP_SYS(getpeername),    SCMP_SYS(time),
    SCMP_SYS(prctl),          SCMP_SYS(seccomp),
    SCMP_SYS(getppid),        SCMP_SYS(prlimit64),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
    SCMP_SYS(eventfd2),       SCMP_SYS(pipe2),
};

static const int internet[] = {AF_INET, AF_INET6};
/* Name services on this machine, and the kernel's addresses, which getaddrinfo() sorts by. */
static const int local_families[] = {AF_UNIX, AF_NETLINK};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int failed = 0;
    for (size_t i = 0; i < count; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return failed;
}

static int allow_ioctl(scmp_filter_ctx filter, unsigned long request)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, request, 0));
}

/* Memory that is not executable. */
static int allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 1, not_executable) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
}

/* abort() sends SIGABRT to its own process, with the default action. main() has installed all other handlers. */
static int allow_abort(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0), SCMP_A2(SCMP_CMP_EQ, SIGABRT, 0)) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_EQ, SIGABRT, 0));
}

/* Sockets of these families that connect. They cannot listen or accept. */
static int allow_families(scmp_filter_ctx filter, const int families[2], const int types[2])
{
    const unsigned flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int failed = 0;
    for (size_t i = 0; i < 4; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i / 2], 0),
                                   SCMP_A1(SCMP_CMP_MASKED_EQ, (scmp_datum_t)~flags, (scmp_datum_t)types[i % 2]));
    return failed;
}

/* c-ares sets TCP_NODELAY, and gives up a connection on which it cannot. */
static int allow_asking(scmp_filter_ctx filter)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    return allow_all(filter, socket_calls, COUNT(socket_calls)) | allow_families(filter, internet, types) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockname), 0) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2, SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP, 0),
                            SCMP_A2(SCMP_CMP_EQ, TCP_NODELAY, 0));
}

/* live/capture.c checks that the interface is still up. */
static int allow_wire(scmp_filter_ctx filter)
{
    return allow_all(filter, socket_calls, COUNT(socket_calls)) | allow_ioctl(filter, SIOCGIFFLAGS);
}

/* A thread of this process, whatever its other flags: they differ between C libraries. The flags of clone3() are in
 * memory, where no filter sees them. C libraries use clone() if the kernel has no clone3(). glibc also installs a
 * signal handler for setuid() in all threads; it may fail. */
static int allow_threads(scmp_filter_ctx filter)
{
#ifdef __s390__ /* clone(2): its first two arguments are reversed */
    const struct scmp_arg_cmp is_thread = SCMP_A1(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
#else
    const struct scmp_arg_cmp is_thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
#endif
    return allow_all(filter, thread_calls, COUNT(thread_calls)) |
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, is_thread);
}

static int allow_preparing(scmp_filter_ctx filter)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM}, raw[] = {SOCK_RAW, SOCK_DGRAM};
    static const int kernel[] = {AF_NETLINK, AF_NETLINK};
    const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
    return allow_all(filter, prepare_calls, COUNT(prepare_calls)) | allow_asking(filter) | allow_threads(filter) |
           allow_families(filter, local_families, types) | allow_families(filter, kernel, raw) |
           allow_ioctl(filter, FIONREAD) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writing, O_RDONLY)) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
}

/* What live/keeper.c takes. */
static const int file_calls[] = {
    SCMP_SYS(open),      SCMP_SYS(openat), SCMP_SYS(rename),   SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
};

static int allow_files(scmp_filter_ctx filter)
{
    return allow_all(filter, file_calls, COUNT(file_calls)) | allow_all(filter, socket_calls, COUNT(socket_calls));
}

/* raise() takes tgkill(), for signals to this process itself. The handlers are installed before. */
static int allow_screen(scmp_filter_ctx filter)
{
    return allow_ioctl(filter, TCSETS) | seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                                          SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
}

static int add_rules(scmp_filter_ctx filter, unsigned rights)
{
    int failed = allow_all(filter, basic_calls, COUNT(basic_calls)) | allow_abort(filter) |
                 allow_ioctl(filter, TCGETS) | allow_ioctl(filter, TIOCGWINSZ);
    if (rights & SEAL_PREPARE)
        return failed | allow_preparing(filter);
    if (rights & SEAL_FILES)
        return failed | allow_files(filter);
    failed |= allow_memory(filter);
    failed |= rights & SEAL_SCREEN ? allow_screen(filter) : 0;
    failed |= rights & SEAL_KEEPER ? allow_all(filter, socket_calls, COUNT(socket_calls)) : 0;
    failed |= rights & SEAL_WIRE ? allow_wire(filter) : 0;
    failed |= rights & SEAL_CONNECT ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) : 0;
    failed |= rights & SEAL_ASK ? allow_asking(filter) : 0;
    return failed | (rights & SEAL_THREADS ? allow_threads(filter) : 0);
}

/* A kernel that has filters looks for this one in memory, and fails otherwise (seccomp(2)). */
static bool kernel_has_filters(void)
{
    return prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER, 0UL, 0UL, 0UL) == 0 || errno != EINVAL;
}

enum seal_result privileges_seal(unsigned rights)
{
    if (!seal_enabled) {
        prctl(PR_SET_DUMPABLE, 1UL); /* the leak checker traces the process, which a change of user forbids */
        return SEAL_OMITTED;
    }
    if (!kernel_has_filters())
        return SEAL_UNSUPPORTED;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter) {
        errno = ENOMEM;
        return SEAL_FAILED;
    }
    int failure = add_rules(filter, rights) ? -EINVAL : seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    failure = failure ? failure : seccomp_load(filter);
    seccomp_release(filter);
    errno = -failure;
    return failure ? SEAL_FAILED : SEAL_DONE;
}
