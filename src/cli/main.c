/* SPDX-License-Identifier: BSD-2-Clause */
/* main: the only place that prints errors and exits. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/run.h"
#include "cli/report.h"
#include "config.h"
#include "live/privileges.h"

/* 0 while a run goes on; before that a signal finds nothing worth a clean end. */
static volatile sig_atomic_t stop = 1;

/* The first asks for a clean end, the second does not ask. */
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
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN) /* nohup */
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* A file opened later must not become descriptor 0, 1 or 2 where the caller closed one of these: the report would be
 * written into it. The wrong mode makes every use of the stand-in fail, as on the closed one. */
static void occupy_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            _exit(EXIT_SYSTEM);
}

static int print_text(const char *text)
{
    struct err err;
    fputs(text, stdout);
    if (report_flush(stdout, &err) == STATUS_OK)
        return EXIT_REACHED;
    fprintf(stderr, "hopsonde: %s\n", err.message);
    return EXIT_SYSTEM;
}

static int print_help(const struct options *options)
{
    struct strbuf text;
    strbuf_init(&text);
    options_help(&text, options->help_topic);
    int status = print_text(text.text);
    strbuf_free(&text);
    return status;
}

static int run_command(const struct options *options, const struct run_context *context)
{
    switch (options->command) {
    case COMMAND_HELP:
        return print_help(options);
    case COMMAND_VERSION:
        return print_text(PACKAGE_STRING "\n");
    case COMMAND_REPLAY:
        return run_replay(options, context);
    case COMMAND_TRACE:
    case COMMAND_DIAGNOSE:
    case COMMAND_PATHS:
        break;
    }
    return run_live(options, context);
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
    enum status status = options_parse(argc, argv, getenv("HOPSONDE_OPTIONS"), &options, &err);
    if (status != STATUS_OK) {
        fprintf(stderr, "hopsonde: %s\n", err.message);
        return EXIT_USAGE;
    }
    fputs(options.hints, stderr);
    catch_signals();
    strbuf_init(&command_line);
    join_arguments(&command_line, argc, argv);
    struct run_context context = {.program = argv[0], .command_line = command_line.text, .stop = &stop};
    struct expect expect;
    if (options.expect_file)
        status = run_read_expected(&options, &expect, &err);
    context.expect = options.expect_file ? &expect : NULL;
    int code = status == STATUS_OK ? run_command(&options, &context) : run_complain(&err);
    strbuf_free(&command_line);
    return code;
}
