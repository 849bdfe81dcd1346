/* SPDX-License-Identifier: BSD-2-Clause */
/* main: parses the command line, prepares the process and runs the command. Top floor. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/run.h"
#include "live/privileges.h"

/* Nonzero until a run starts (a signal then ends the process at once), and again after a signal. */
static volatile sig_atomic_t stop = 1;

/* The first signal ends the run cleanly, the second ends the process at once. */
static void on_signal(int number)
{
    (void)number;
    if (stop)
        _exit(EXIT_INTERRUPTED);
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN) /* under nohup, SIGHUP stays ignored */
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* Fills descriptors 0, 1 and 2 if the caller closed them. Otherwise a file opened later could become one of them,
 * and the report would be written into it. The wrong open mode makes every use fail, as on a closed descriptor. */
static void occupy_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            _exit(EXIT_SYSTEM);
}

static void join_arguments(struct strbuf *out, int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++) {
        strbuf_add(out, i > 1 ? " " : "");
        strbuf_add_escaped(out, argv[i], strlen(argv[i]));
    }
}

int main(int argc, char *argv[])
{
    struct options options;
    struct strbuf command_line;
    struct err err = {0};
    occupy_standard_descriptors();
    const char *words = getenv("HOPSONDE_OPTIONS");
    char *environment = words ? strdup(words) : NULL;
    enum status status = options_parse(argc, argv, environment, &options, &err);
    if (status != STATUS_OK) {
        free(environment);
        return run_complain(&err);
    }
    fputs(options.hints, stderr);
    catch_signals();
    strbuf_init(&command_line);
    join_arguments(&command_line, argc, argv);
    struct run_context context = {.program = argv[0], .command_line = command_line.text, .stop = &stop};
    struct expect expect = {.count = 0};
    if (options.expect_file)
        status = run_read_expected(&options, &expect, &err);
    context.expect = options.expect_file ? &expect : NULL;
    int code = status == STATUS_OK ? command_of(options.command)->run(&options, &context) : run_complain(&err);
    expect_free(&expect);
    strbuf_free(&command_line);
    free(environment);
    return code;
}
