/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/privileges.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* Sanitizers need other system calls. So do coverage counts, written at exit; their build defines DISABLE_SEAL. */
#if defined(__SANITIZE_ADDRESS__)
#define DISABLE_SEAL
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DISABLE_SEAL
#endif
#endif

/* The system calls of a run after its start: the capture's ring, the raw socket, open files, memory, time and exit. */
static const int allowed_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(close),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
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
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* They test for a terminal, get its width, and check that the interface is still up. */
static const unsigned long allowed_ioctls[] = {TCGETS, TIOCGWINSZ, SIOCGIFFLAGS};

/* Allows UDP and TCP sockets over IP for lookups of names and registries during a run (dns.h). They connect; they
 * cannot bind, listen or accept. */
static int allow_sockets(scmp_filter_ctx filter)
{
    static const int families[] = {AF_INET, AF_INET6}, types[] = {SOCK_DGRAM, SOCK_STREAM};
    const unsigned flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) |
                 seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockname), 0);
    for (size_t i = 0; i < 4; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i / 2], 0),
                                   SCMP_A1(SCMP_CMP_MASKED_EQ, (scmp_datum_t)~flags, (scmp_datum_t)types[i % 2]));
    return failed;
}

static int add_rules(scmp_filter_ctx filter, bool sockets)
{
    int failed = sockets ? allow_sockets(filter) : 0;
    for (size_t i = 0; i < sizeof allowed_calls / sizeof *allowed_calls; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
    for (size_t i = 0; i < sizeof allowed_ioctls / sizeof *allowed_ioctls; i++)
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, allowed_ioctls[i], 0));
    const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 1, not_executable);
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
    return failed;
}

#ifdef DISABLE_SEAL
static const bool seal_enabled = false;
#else
static const bool seal_enabled = true;
#endif

bool privileges_seal(bool sockets)
{
    scmp_filter_ctx filter = seal_enabled ? seccomp_init(SCMP_ACT_ERRNO(EPERM)) : NULL;
    if (!filter)
        return false;
    bool sealed = add_rules(filter, sockets) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return sealed;
}
