/* SPDX-License-Identifier: BSD-2-Clause */
/* drawings: checks of drawings. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_DRAWINGS_H
#define HOPSONDE_TESTS_UNIT_DRAWINGS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* True: the shell command succeeds with the text as its input. */
static inline bool is_taken(const char *command, const char *text)
{
    FILE *pipe = popen(command, "w");
    bool written = pipe && fputs(text, pipe) >= 0;
    int status = pipe ? pclose(pipe) : -1;
    return written && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* True: the tool is installed. Otherwise a failed check for root, a skipped one for others. */
static inline bool has_tool(const char *name)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", name);
    if (is_taken(command, ""))
        return true;
    ok(geteuid() != 0, "%s is here%s", name, geteuid() ? " # SKIP it is not" : "");
    return false;
}

static inline unsigned count(const char *text, const char *what)
{
    unsigned count = 0;
    for (; (text = strstr(text, what)); text++)
        count++;
    return count;
}

#endif
