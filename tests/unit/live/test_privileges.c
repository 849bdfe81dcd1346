/* SPDX-License-Identifier: BSD-2-Clause */
/* Each scenario runs in a child of its own, since privileges are given up for good. Most need root to have any. */
#include "config.h"

#include "live/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define USER 12345
#define NOT_HERE 77 /* a child's exit status: this system cannot do that */

/* Ends the child where `condition` fails; the parent prints the line. */
#define expect(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("# line %d: %s (%s)\n", __LINE__, #condition, err.message);                                         \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static struct err err;

static bool raw_socket_opens(void)
{
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool ids_are(uid_t uid)
{
    uid_t real, effective, saved;
    return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid && saved == uid;
}

static bool has(unsigned capability)
{
    return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_PERMITTED, capability);
}

static void sudo_by(const char *uid)
{
    setenv("SUDO_UID", uid, 1);
    setenv("SUDO_GID", uid, 1);
}

/* One that has an effective capability set of nothing, and CAP_NET_RAW permitted, as from a file. */
static void become_capable_user(void)
{
    capng_clear(CAPNG_SELECT_ALL);
    capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_NET_RAW);
    expect(capng_change_id(USER, USER, CAPNG_DROP_SUPP_GRP) == 0 && !raw_socket_opens());
}

static void child_plain_root(void)
{
    struct privileges_user user;
    expect(privileges_check("hopsonde", &err) == STATUS_OK);
    expect(privileges_become_user(&user, &err) == STATUS_OK && !user.switched);
    expect(privileges_resume(&user, &err) == STATUS_OK && geteuid() == 0);
    expect(privileges_reduce(false, &err) == STATUS_OK);
    expect(!ids_are(0) && getuid() == geteuid() && getgroups(0, NULL) == 0);
    expect(raw_socket_opens() && has(CAP_NET_RAW) && !has(CAP_NET_ADMIN) && !has(CAP_SETUID));
    expect(seteuid(0) != 0 && open("/etc/shadow", O_RDONLY) < 0);
    expect(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    expect(privileges_drop(&err) == STATUS_OK && !raw_socket_opens() && !has(CAP_NET_RAW));
    expect(privileges_drop(&err) == STATUS_OK);
}

static void child_sudo(void)
{
    struct privileges_user user;
    struct stat kept;
    char path[] = "/tmp/test_privs.XXXXXX";
    gid_t many[] = {0, 4, 27};
    expect(setgroups(3, many) == 0);
    sudo_by("12345");
    expect(privileges_become_user(&user, &err) == STATUS_OK && user.switched && user.uid == USER && geteuid() == USER);
    expect(getgroups(0, NULL) == 1 && open("/etc/shadow", O_RDONLY) < 0);
    int fd = mkstemp(path);
    expect(fd >= 0 && fstat(fd, &kept) == 0 && kept.st_uid == USER && kept.st_gid == USER);
    unlink(path);
    expect(privileges_resume(&user, &err) == STATUS_OK && geteuid() == 0 && getegid() == 0);
    expect(privileges_reduce(true, &err) == STATUS_OK && ids_are(USER) && getgroups(0, NULL) == 0);
    expect(raw_socket_opens() && has(CAP_NET_ADMIN) && !has(CAP_SYS_ADMIN));
    expect(privileges_drop(&err) == STATUS_OK && !raw_socket_opens() && !has(CAP_NET_ADMIN));
}

static void child_drop_first(void)
{
    expect(privileges_drop(&err) == STATUS_OK && !ids_are(0) && !raw_socket_opens() && !has(CAP_DAC_OVERRIDE));
    expect(!privileges_are_of_root() && getgroups(0, NULL) == 0 && open("/etc/shadow", O_RDONLY) < 0);
    expect(privileges_drop(&err) == STATUS_OK);
}

/* Root of a container that lacks the capability to change ids. */
static void drop_at_once(capng_act_t act, unsigned capability)
{
    expect(capng_get_caps_process() == 0);
    if (act == CAPNG_DROP)
        expect(capng_update(act, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capability) == 0);
    else
        capng_clear(CAPNG_SELECT_CAPS);
    expect(capng_apply(CAPNG_SELECT_CAPS) == 0);
}

static void child_container(void)
{
    sudo_by("12345");
    drop_at_once(CAPNG_DROP, CAP_SETUID);
    expect(privileges_reduce(false, &err) == STATUS_OK && ids_are(0) && raw_socket_opens() && !has(CAP_SETGID));
    expect(privileges_drop(&err) == STATUS_OK && ids_are(0) && !raw_socket_opens() && privileges_are_of_root());
}

static void child_container_group(void)
{
    drop_at_once(CAPNG_DROP, CAP_SETGID);
    expect(privileges_drop(&err) == STATUS_OK && ids_are(0) && getgid() == 0 && !has(CAP_SETUID));
}

/* The primary group of the user is that of root. */
static void child_sudo_group_of_root(void)
{
    struct privileges_user user;
    setenv("SUDO_UID", "12345", 1);
    setenv("SUDO_GID", "0", 1);
    expect(privileges_become_user(&user, &err) == STATUS_OK && user.switched && user.uid == USER && user.gid == 0);
    expect(privileges_resume(&user, &err) == STATUS_OK);
    expect(privileges_reduce(false, &err) == STATUS_OK && ids_are(USER) && getgid() == 0 && setuid(0) != 0);
    expect(privileges_drop(&err) == STATUS_OK && !raw_socket_opens());
}

static void child_sudo_drop_first(void)
{
    sudo_by("12345");
    expect(privileges_drop(&err) == STATUS_OK && ids_are(USER) && !raw_socket_opens() && setuid(0) != 0);
}

static void child_bad_environment(void)
{
    static const char *const bad[] = {"", "0", "-1", "abc", "12x", "4294967295", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct privileges_user user;
        sudo_by(bad[i]);
        expect(privileges_become_user(&user, &err) == STATUS_OK && !user.switched);
    }
}

static void child_file_capability(void)
{
    struct privileges_user user;
    become_capable_user();
    expect(privileges_check("hopsonde", &err) == STATUS_OK);
    expect(privileges_become_user(&user, &err) == STATUS_OK && !user.switched);
    expect(privileges_reduce(true, &err) == STATUS_OK && ids_are(USER) && raw_socket_opens() && !has(CAP_NET_ADMIN));
    expect(privileges_drop(&err) == STATUS_OK && !raw_socket_opens());
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* As unshare -Urn does it: one uid is mapped, and it is root here. */
static void child_user_namespace(void)
{
    if (setresgid(USER, USER, USER) != 0 || setresuid(USER, USER, USER) != 0 ||
        unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        _exit(NOT_HERE);
    prctl(PR_SET_DUMPABLE, 1UL); /* or /proc/self is not ours */
    if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", "0 12345 1") ||
        !write_file("/proc/self/gid_map", "0 12345 1"))
        _exit(NOT_HERE);
    struct privileges_user user;
    sudo_by("12345");
    expect(getuid() == 0 && privileges_check("hopsonde", &err) == STATUS_OK);
    expect(privileges_become_user(&user, &err) == STATUS_OK && !user.switched);
    expect(privileges_reduce(false, &err) == STATUS_OK && ids_are(0) && raw_socket_opens() && !has(CAP_SYS_ADMIN));
    expect(privileges_drop(&err) == STATUS_OK && ids_are(0) && !raw_socket_opens());
}

static void child_no_privilege(void)
{
    static const char start[] = "cannot open raw sockets: Operation not permitted (run it with sudo, or once: "
                                "sudo setcap cap_net_raw+ep /";
    if (geteuid() == 0 && setresuid(USER, USER, USER) != 0)
        _exit(NOT_HERE);
    expect(privileges_check("hopsonde", &err) == STATUS_SYSTEM && strncmp(err.message, start, strlen(start)) == 0);
    expect(strstr(err.message, "test_privileges)"));
    expect(privileges_drop(&err) == STATUS_OK);
}

static void child_no_capability(void)
{
    drop_at_once(CAPNG_ADD, 0);
    expect(privileges_check("hopsonde", &err) == STATUS_SYSTEM);
    expect(strstr(err.message, "lacks CAP_NET_RAW"));
}

/* False: a sealed process may do this to the world outside. */
static bool nothing_opens(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM && socket(AF_INET, SOCK_DGRAM, 0) < 0 &&
           errno == EPERM && socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM &&
           execl("/bin/true", "true", (char *)NULL) < 0 && errno == EPERM && fork() < 0 && errno == EPERM &&
           kill(getppid(), 0) < 0 && errno == EPERM;
}

static void child_seal(void)
{
    int fds[2], fd = socket(AF_INET, SOCK_DGRAM, 0);
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct timespec now, none = {0};
    const int on = 1;
    char byte;
    expect(pipe(fds) == 0 && fd >= 0);
    if (privileges_seal(0) != SEAL_DONE)
        _exit(NOT_HERE);
    expect(nothing_opens());
    expect(ioctl(fds[0], TIOCSTI, "x") < 0 && errno == EPERM);
    expect(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 && errno == EPERM);
    expect(send(fd, "x", 1, 0) < 0 && errno == EPERM);
    expect(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM);
    expect(sigaction(SIGTERM, &ignored, NULL) < 0 && errno == EPERM && sigaction(SIGABRT, &ignored, NULL) == 0);
    expect(raise(SIGTERM) != 0 && raise(0) != 0);
    expect(prctl(PR_SET_DUMPABLE, 1UL) < 0 && errno == EPERM);
    expect(write(fds[1], "x", 1) == 1 && read(fds[0], &byte, 1) == 1);
    expect(clock_gettime(CLOCK_REALTIME, &now) == 0 && nanosleep(&none, NULL) == 0);
    char *block = malloc(1 << 22);
    expect(block != NULL);
    free(block);
    isatty(STDOUT_FILENO);
    printf("# stdout can be written to\n");
    fflush(stdout);
    expect(close(fd) == 0);
}

/* The parent sees by which signal it ended. */
static void child_seal_abort(void)
{
    const struct rlimit none = {0};
    setrlimit(RLIMIT_CORE, &none);
    if (privileges_seal(0) != SEAL_DONE)
        _exit(NOT_HERE);
    abort();
}

static void *note_run(void *flag)
{
    *(bool *)flag = true;
    return NULL;
}

static void child_seal_threads(void)
{
    bool ran = false;
    pthread_t thread;
    if (privileges_seal(SEAL_THREADS) != SEAL_DONE)
        _exit(NOT_HERE);
    expect(pthread_create(&thread, NULL, note_run, &ran) == 0 && pthread_join(thread, NULL) == 0 && ran);
    expect(nothing_opens());
}

static bool getaddrinfo_works(void)
{
    struct addrinfo *found = NULL;
    bool works = getaddrinfo("localhost", NULL, NULL, &found) == 0;
    if (found)
        freeaddrinfo(found);
    return works;
}

static void child_seal_prepare(void)
{
    char path[] = "/tmp/test_privs.XXXXXX";
    int made = mkstemp(path);
    expect(made >= 0);
    if (privileges_seal(SEAL_PREPARE) != SEAL_DONE)
        _exit(NOT_HERE);
    int fd = open(path, O_RDONLY);
    expect(fd >= 0 && close(fd) == 0 && getaddrinfo_works());
    expect(open(path, O_WRONLY) < 0 && errno == EPERM && open(path, O_RDWR) < 0 && errno == EPERM);
    expect(open(path, O_RDONLY | O_TRUNC) < 0 && errno == EPERM && unlink(path) < 0 && errno == EPERM);
    expect(open("/tmp/test_privs.made", O_RDONLY | O_CREAT, 0600) < 0 && errno == EPERM);
    expect(!raw_socket_opens() && errno == EPERM && socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
    expect(execl("/bin/true", "true", (char *)NULL) < 0 && errno == EPERM && fork() < 0 && errno == EPERM);
    expect(privileges_seal(SEAL_THREADS) == SEAL_DONE && nothing_opens());
}

/* Makes the system calls that install a filter fail, and seals. */
static enum seal_result seal_without(int prctl_errno, int seccomp_errno)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)prctl_errno), SCMP_SYS(prctl), 1,
                         SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)) != 0 ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)seccomp_errno), SCMP_SYS(seccomp), 0) != 0 ||
        seccomp_load(filter) != 0)
        _exit(NOT_HERE);
    seccomp_release(filter);
    return privileges_seal(0);
}

static void child_seal_unsupported(void)
{
    enum seal_result result = seal_without(EINVAL, ENOSYS);
    if (result == SEAL_OMITTED)
        _exit(NOT_HERE);
    expect(result == SEAL_UNSUPPORTED);
}

static void child_seal_failed(void)
{
    enum seal_result result = seal_without(EACCES, EACCES);
    if (result == SEAL_OMITTED)
        _exit(NOT_HERE);
    expect(result == SEAL_FAILED && errno == EACCES);
}

/* What asking for names takes, and no more. */
static void child_seal_sockets(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof local;
    const int on = 1;
    if (privileges_seal(SEAL_ASK) != SEAL_DONE)
        _exit(NOT_HERE);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    expect(fd >= 0 && connect(fd, (const struct sockaddr *)&local, length) == 0);
    expect(getsockname(fd, (struct sockaddr *)&local, &length) == 0 && local.sin_port != 0);
    expect(bind(fd, (const struct sockaddr *)&local, length) < 0 && errno == EPERM);
    expect(close(fd) == 0);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect(fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    expect(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 && errno == EPERM);
    expect(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on) < 0 && errno == EPERM);
    expect(socket(AF_INET6, SOCK_DGRAM, 0) >= 0 || errno == EAFNOSUPPORT);
    expect(socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT);
    expect(!raw_socket_opens() && errno == EPERM);
    expect(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
    expect(socket(AF_NETLINK, SOCK_DGRAM, 0) < 0 && errno == EPERM);
    expect(open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM);
}

/* What is open connects, and nothing else opens. */
static void child_seal_connect(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (privileges_seal(SEAL_WIRE) != SEAL_DONE)
        _exit(NOT_HERE);
    expect(connect(fd, (const struct sockaddr *)&local, sizeof local) < 0 && errno == EPERM);
}

static void child_seal_connects(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (privileges_seal(SEAL_WIRE | SEAL_CONNECT) != SEAL_DONE)
        _exit(NOT_HERE);
    expect(connect(fd, (const struct sockaddr *)&local, sizeof local) == 0 || errno != EPERM);
    expect(close(fd) == 0);
    expect(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
    expect(nothing_opens());
}

/* False for a root that is none outside of his user namespace. */
static bool may_become_user(void)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(setgroups(0, NULL) != 0 || setresuid(USER, USER, USER) != 0);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* `signal`: the one that ends the child; 0: it exits. */
static void run_child_until(int signal, void (*child)(void), const char *name)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        child();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
        printf("ok %d - %s # SKIP this system or build cannot do that\n", ++tap_count, name);
    else
        ok(signal ? WIFSIGNALED(status) && WTERMSIG(status) == signal : WIFEXITED(status) && WEXITSTATUS(status) == 0,
           "%s (status %x)", name, (unsigned)status);
}

static void run_child(void (*child)(void), const char *name)
{
    run_child_until(0, child, name);
}

int main(void)
{
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
    run_child(child_no_privilege, "without privilege: the message, and nothing to drop");
    run_child(child_seal, "sealed: no open, no socket, no exec; what is open works");
    run_child_until(SIGABRT, child_seal_abort, "sealed: abort() ends the process");
    run_child(child_seal_threads, "sealed but for threads: a thread starts, a process does not");
    run_child(child_seal_prepare, "sealed to prepare: reads files and asks, writes none; then sealed for good");
    run_child(child_seal_unsupported, "a kernel without seccomp filters");
    run_child(child_seal_failed, "a seal that fails");
    run_child(child_seal_connect, "sealed to the wire: an open socket does not connect");
    run_child(child_seal_connects, "sealed to connect: an open socket does, and none opens");
    run_child(child_seal_sockets, "sealed but for sockets: UDP and TCP over IP, nothing else");
    if (!may_become_user()) {
        printf("# not root: the rest is left out\n");
        return tap_done();
    }
    run_child(child_plain_root, "root: nobody with CAP_NET_RAW, then with nothing");
    run_child(child_sudo, "sudo: files are the user's, then the process is");
    run_child(child_drop_first, "root without a live run: nobody, no capabilities");
    run_child(child_container, "root without CAP_SETUID: no capabilities, still the uid of root");
    run_child(child_container_group, "root without CAP_SETGID: likewise");
    run_child(child_sudo_group_of_root, "SUDO_GID=0 with another uid: the user, in the group of root");
    run_child(child_sudo_drop_first, "sudo without a live run: the user, no capabilities");
    run_child(child_bad_environment, "SUDO_UID of no user");
    run_child(child_file_capability, "a file capability: raised, then dropped");
    run_child(child_user_namespace, "one uid mapped: the uid steps fall away");
    run_child(child_no_capability, "root without CAP_NET_RAW: the message");
    return tap_done();
}
