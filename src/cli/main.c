/* main: the only place that prints errors and exits. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "config.h"
#include "io/privs.h"

static volatile sig_atomic_t stop;

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
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

static int print_text(const struct strbuf *text)
{
    if (fputs(text->text, stdout) == EOF || fflush(stdout) != 0)
        return EXIT_REACHED; /* a reader that went away has seen enough */
    return EXIT_REACHED;
}

static int print_help(const struct options *options)
{
    struct strbuf text;
    strbuf_init(&text);
    options_help(&text, options->help_topic);
    int status = print_text(&text);
    strbuf_free(&text);
    return status;
}

static int print_version(void)
{
    puts(PACKAGE_STRING);
    return EXIT_REACHED;
}

static int run_command(const struct options *options, const struct run_context *context)
{
    switch (options->command) {
    case COMMAND_HELP:
        return print_help(options);
    case COMMAND_VERSION:
        return print_version();
    case COMMAND_REPLAY:
        return run_replay(options, context);
    case COMMAND_TRACE:
        break;
    }
    return run_trace(options, context);
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
    int code = run_command(&options, &context);
    strbuf_free(&command_line);
    return code;
}
