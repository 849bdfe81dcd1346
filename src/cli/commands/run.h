/* SPDX-License-Identifier: BSD-2-Clause */
/* run: what the commands share: exit statuses, the context, the end of a report. Top floor. */
#ifndef HOPSONDE_CLI_COMMANDS_RUN_H
#define HOPSONDE_CLI_COMMANDS_RUN_H

#include <signal.h>
#include <stdio.h>

#include "cli/options/options.h"
#include "cli/shared/expect.h"

enum exit_status { EXIT_REACHED = 0, EXIT_NOT_REACHED = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3, EXIT_INTERRUPTED = 130 };

/* The process that runs the command. All borrowed. */
struct run_context {
    const char *program;         /* argv[0] */
    const char *command_line;    /* for the saved capture */
    struct expect *expect;       /* --expect; NULL: not given. run_read_expected() fills it */
    FILE *expect_file;           /* its file, open and not yet read; NULL: not given */
    volatile sig_atomic_t *stop; /* a run that a signal may end clears it at its start; nonzero: end the run */
};

/* Opens the file of --expect with the caller's rights. */
enum status run_open_expected(const struct options *options, struct run_context *context, struct err *err);
/* Reads it, if there is one. Its specs become those of a diagnosis without probes. */
enum status run_read_expected(struct options *options, const struct run_context *context, struct err *err);
/* trace, diagnose, paths and watch, live or as a dry run. Returns the exit status, as the others. */
int run_live(struct options *options, const struct run_context *context);
/* replay, and the others with --read. */
int run_replay(struct options *options, const struct run_context *context);
/* transit */
int run_transit(struct options *options, const struct run_context *context);
/* help, --help and --version. */
int run_help(struct options *options, const struct run_context *context);

struct report;
struct far_point;
struct targets;

/* Judges the finished sessions, with what the far point shows, ends their report, and compares it with --expect. Adds
 * the sentences of the verdicts, a line each, to `verdicts` (NULL: not wanted). Returns the exit status of a live run,
 * which must have reached all targets. */
int run_report_end(const struct run_context *context, struct report *report, const struct targets *targets,
                   struct far_point *far, struct strbuf *verdicts);

/* Prints the differences behind the report. Returns EXIT_NOT_REACHED if there are any, or were in a run in rounds. */
int run_print_compared(struct report *report);
/* One line on stderr; returns the status as exit status. */
int run_complain(const struct err *err);
/* An unpredictable seed; at early boot, at least one that differs between runs. */
uint64_t run_random(void);
/* The exit status of a run in which nothing failed: of an interrupted one, or one whose reader closed the pipe, its
 * own; else `code`. */
int run_quiet_end(const struct report *report, const struct run_context *context, int code);

#endif
