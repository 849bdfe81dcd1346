/* SPDX-License-Identifier: BSD-2-Clause */
/* without: runs a command on a kernel that lacks system calls.
 *
 *     without CALL=ERRNO... -- COMMAND ARGUMENTS...
 *
 * ERRNO is a number. The CALL seccomp stands for prctl(PR_SET_SECCOMP), too. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int forbid(scmp_filter_ctx filter, char *word)
{
    char *number = strchr(word, '=');
    if (!number)
        return -1;
    *number++ = '\0';
    uint32_t action = SCMP_ACT_ERRNO((uint32_t)atoi(number));
    int call = seccomp_syscall_resolve_name(word);
    if (call == __NR_SCMP_ERROR)
        return -1;
    int failed = seccomp_rule_add(filter, action, call, 0);
    if (call == SCMP_SYS(seccomp))
        failed |= seccomp_rule_add(filter, action, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));
    return failed;
}

int main(int argc, char *argv[])
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int i = 1, failed = filter == NULL;
    for (; i < argc && strcmp(argv[i], "--") != 0 && !failed; i++)
        failed = forbid(filter, argv[i]);
    if (failed || i + 1 >= argc || seccomp_load(filter) != 0) {
        fputs("usage: without CALL=ERRNO... -- COMMAND ARGUMENTS...\n", stderr);
        return EXIT_FAILURE;
    }
    execv(argv[i + 1], argv + i + 1);
    perror(argv[i + 1]);
    return EXIT_FAILURE;
}
