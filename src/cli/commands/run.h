/* SPDX-License-Identifier: BSD-2-Clause */
/* run: one command from its options to its exit status: opens, drives the loop, reports. Floor 6. */
#ifndef HOPSONDE_CLI_COMMANDS_RUN_H
#define HOPSONDE_CLI_COMMANDS_RUN_H

#include <signal.h>

#include "cli/options/expect.h"
#include "cli/options/options.h"

enum exit_status { EXIT_REACHED = 0, EXIT_NOT_REACHED = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3, EXIT_INTERRUPTED = 130 };

/* What the process knows of itself. All borrowed. */
struct run_context {
    const char *program;         /* argv[0] */
    const char *command_line;    /* for the saved capture */
    const struct expect *expect; /* --expect; NULL: nothing is expected */
    volatile sig_atomic_t *stop; /* cleared when a run begins that a signal may end; nonzero: it shall end */
};

/* Reads the file of --expect with the rights of who called; its specs become those of a diagnosis for which none were
 * named. */
enum status run_read_expected(struct options *options, struct expect *out, struct err *err);
/* Traces or diagnoses live, or prints what would be sent (--dry-run). The report goes out; errors of what was asked
 * besides go to stderr. */
int run_live(const struct options *options, const struct run_context *context);
/* Replays each capture file. */
int run_replay(const struct options *options, const struct run_context *context);

struct report;

/* Judges the finished session, reports it to its end, and compares it with what is expected. Returns the exit status of
 * a live run. */
int run_report_end(const struct run_context *context, struct report *report, const struct session *session);

/* Compares with what was expected, behind the report, and says what differs; returns EXIT_REACHED or EXIT_NOT_REACHED.
 */
int run_compare(const struct run_context *context, const struct judgement *judgement, const struct report *report);
/* One line on stderr; returns the status as exit status. */
int run_complain(const struct err *err);
/* A random number for what must not be foreseen, or at least differ between runs. */
uint64_t run_random(void);
/* The exit status of a run that was interrupted, or whose reader went away; else `code`. */
int run_quiet_end(const struct report *report, const struct run_context *context, int code);

#endif
