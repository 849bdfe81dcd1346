/* SPDX-License-Identifier: BSD-2-Clause */
/* main: parses the command line, prepares the process and runs the command. Top floor. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/run.h"
#include "cli/terminal/fullscreen.h"
#include "live/descriptors.h"

/* Nonzero until a run starts (a signal then ends the process at once), and again after a signal. */
static volatile sig_atomic_t stop = 1;

/* The first signal ends the run cleanly, the second ends the process at once. */
static void on_signal(int number)
{
    (void)number;
    if (stop) {
        fullscreen_restore();
        _exit(EXIT_INTERRUPTED);
    }
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
    sigaction(SIGXFSZ, &action, NULL); /* a write beyond `ulimit -f` fails like one to a full disk */
}

/* Words that may name a descriptor: the arguments, and the options of the environment. */
static void close_inherited(int argc, char *const argv[], const char *environment)
{
    const char **words = calloc((size_t)argc + 2, sizeof *words);
    if (!words)
        return;
    for (int i = 0; i < argc; i++)
        words[i] = argv[i];
    words[argc] = environment;
    descriptors_close_inherited(words);
    free(words);
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
    if (!descriptors_fill_standard())
        return EXIT_SYSTEM;
    const char *words = getenv("HOPSONDE_OPTIONS");
    close_inherited(argc, argv, words);
    char *environment = words ? strdup(words) : NULL;
    enum status status = options_parse(argc, argv, environment, &options, &err);
    if (status != STATUS_OK) {
        free(environment);
        options_free(&options);
        return run_complain(&err);
    }
    fputs(options.hints, stderr);
    catch_signals();
    strbuf_init(&command_line);
    join_arguments(&command_line, argc, argv);
    struct run_context context = {.program = argv[0], .command_line = command_line.text, .stop = &stop};
    struct expect expect = {.count = 0};
    context.expect = options.expect_file ? &expect : NULL;
    if (context.expect)
        status = run_open_expected(&options, &context, &err);
    int code = status == STATUS_OK ? command_of(options.command)->run(&options, &context) : run_complain(&err);
    expect_free(&expect);
    if (context.expect_file)
        fclose(context.expect_file);
    strbuf_free(&command_line);
    options_free(&options);
    free(environment);
    return code;
}
