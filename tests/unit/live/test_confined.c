/* SPDX-License-Identifier: BSD-2-Clause */
/* What runs in the process that asks the resolver, and what the caller gets from it. */
#include "config.h"

#include "live/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/privileges.h"
#include "tap.h"

struct answer {
    int asked;
    int parent_death_signal, seccomp, write_errno;
    uid_t uid;
    bool has_capabilities;
    char rest[100000]; /* more than a pipe holds */
};

/* capget(2) is none of a sealed process's calls. */
static bool has_capabilities(void)
{
    char line[256];
    unsigned long long set = 0;
    bool has = false;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        has = has || (sscanf(line, "Cap%*3c: %llx", &set) == 1 && set && strncmp(line, "CapBnd", 6) != 0);
    if (status)
        fclose(status);
    return has || !status;
}

static void look_around(const void *context, void *out)
{
    struct answer *answer = out;
    answer->asked = *(const int *)context;
    answer->uid = geteuid();
    answer->has_capabilities = has_capabilities();
    prctl(PR_GET_PDEATHSIG, &answer->parent_death_signal);
    answer->seccomp = prctl(PR_GET_SECCOMP);
    answer->write_errno = open("/dev/null", O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
    memset(answer->rest, 'x', sizeof answer->rest);
}

static void crash(const void *context, void *out)
{
    (void)context;
    memset(out, 'y', sizeof(struct answer) / 2);
    _exit(0);
}

static bool is_filled(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 'x')
            return false;
    return true;
}

int main(void)
{
    static struct answer answer = {.asked = 1};
    struct err err = {0};
    const int question = 42;
    bool is_root = geteuid() == 0;
    is_num(confined_run(look_around, &question, &answer, sizeof answer, &err), STATUS_OK, "an answer %s", err.message);
    is_num(answer.asked, 42, "to the question");
    ok(is_filled(answer.rest, sizeof answer.rest), "with all its bytes");
    ok(!answer.has_capabilities, "from a process without capabilities");
    is_num(answer.parent_death_signal, SIGKILL, "that ends with its caller");
    if (is_root)
        ok(answer.uid != 0 || privileges_are_of_root(), "as another user than root: %u", answer.uid);
    if (answer.seccomp == 2)
        is_num(answer.write_errno, EPERM, "and sealed: it writes no file");
    else
        printf("ok %d - sealed # SKIP this build or kernel does not seal\n", ++tap_count);
    ok(geteuid() == (is_root ? 0 : getuid()) && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
       "the caller keeps its rights, and no process stays");
    is_num(confined_run(crash, &question, &answer, sizeof answer, &err), STATUS_SYSTEM, "a process that ends early");
    is_text(err.message, "the confined process ended early", "its message");
    return tap_done();
}
