/* SPDX-License-Identifier: BSD-2-Clause */
/* Each scenario runs in a child, which has descriptors of its own. */
#include "config.h"

#include "live/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define NOT_HERE 77 /* a child's exit status: this system cannot do that */

static const int inherited[] = {3, 4, 9, 10, 63, 64, 200};
#define INHERITED (sizeof inherited / sizeof *inherited)

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void inherit(void)
{
    int fd = open("/dev/null", O_RDONLY);
    for (size_t i = 0; i < INHERITED; i++)
        if (fd != inherited[i] && dup2(fd, inherited[i]) < 0)
            _exit(NOT_HERE);
    if (fd > 4)
        close(fd);
}

static bool is_named(int fd, const int *named)
{
    while (*named && *named != fd)
        named++;
    return *named != 0;
}

/* Exits with 0 if exactly the standard descriptors and the named ones stay open. `named` ends with 0. */
static void close_and_check(const char *const *words, const int *named)
{
    int wrong = 0;
    inherit();
    descriptors_close_inherited(words);
    for (int fd = 0; fd <= 250; fd++)
        if (is_open(fd) != (fd < 3 || is_named(fd, named)))
            wrong = fd + 1;
    _exit(wrong ? 1 : 0);
}

static void child_all(void)
{
    static const char *const words[] = {"hopsonde", "replay", "x.pcap", "/fd/x", "/dev/fd/0", NULL};
    close_and_check(words, (const int[]){0});
}

static void child_named(void)
{
    static const char *const words[] = {
        "--read", "/proc/self/fd/63", "json:/dev/fd/9 -R/dev/fd/4", "/dev/fd/9999999999", "/dev/fd/63", NULL};
    close_and_check(words, (const int[]){4, 9, 63, 0});
}

/* Linux before 5.9. */
static void forget_close_range(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(close_range), 0) != 0 ||
        seccomp_load(filter) != 0)
        _exit(NOT_HERE);
    seccomp_release(filter);
}

static void child_all_listed(void)
{
    forget_close_range();
    child_all();
}

static void child_named_listed(void)
{
    forget_close_range();
    child_named();
}

static void child_standard(void)
{
    char byte;
    close(0);
    close(2);
    bool filled = descriptors_fill_standard();
    _exit(!(filled && is_open(0) && is_open(2) && read(0, &byte, 1) < 0 && write(2, "x", 1) < 0 && !is_open(3)));
}

static void run_child(void (*child)(void), const char *name)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        child();
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
        printf("ok %d - %s # SKIP this system cannot do that\n", ++tap_count, name);
    else
        ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s (status %x)", name, (unsigned)status);
}

int main(void)
{
    run_child(child_all, "all inherited descriptors are closed");
    run_child(child_named, "but for those that the command line names");
    run_child(child_all_listed, "without close_range(): all");
    run_child(child_named_listed, "without close_range(): but for the named ones");
    run_child(child_standard, "closed standard descriptors are filled, and of no use");
    return tap_done();
}
