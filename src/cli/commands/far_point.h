/* SPDX-License-Identifier: BSD-2-Clause */
/* far_point: --far of replay and diagnose: the captures of the other end, for the verdicts. Floor: cli. */
#ifndef HOPSONDE_CLI_COMMANDS_FAR_POINT_H
#define HOPSONDE_CLI_COMMANDS_FAR_POINT_H

#include "cli/commands/run.h"
#include "cli/reading/far_end.h"
#include "cli/shared/report.h"

/* All 0: no such file was given. */
struct far_point {
    struct capture_file files[FILES_MOST];
    struct source_file sources[FILES_MOST];
    unsigned count;
    struct points points;
    struct far_end *end; /* NULL: nothing is known of the traces at hand */
    bool failed;         /* a file could not be read */
};

/* Opens the files of the options, with the process's present rights. */
void far_point_open(struct far_point *far, const struct options *options, const volatile sig_atomic_t *stop);
/* STATUS_USAGE: a file can be read only once, or is the same as one of the near point or of the report. */
enum status far_point_check(const struct far_point *far, const struct capture_file *near, unsigned near_count,
                            const struct report *report, struct err *err);
/* Waits until files that are still written have the frames of the last second, or a signal comes. */
void far_point_wait(const struct far_point *far, const volatile sig_atomic_t *stop);
/* Compares both points, after the traces are complete; `near` are the files of their frames. Complains on stderr, sets
 * `failed`, and fills in the far files of the report's source. Without far files it does nothing. */
void far_point_read(struct far_point *far, const struct options *options, const struct capture_file *const *near,
                    unsigned near_count, const struct trace *const *traces, size_t count, struct report *report,
                    const struct run_context *context);
/* The same of a run, whose frames are those of one file. */
void far_point_read_session(struct far_point *far, const struct options *options, const struct capture_file *near,
                            const struct session *session, struct report *report, const struct run_context *context);
/* Revises the verdicts of these traces, which are judged together. */
void far_point_revise(struct far_point *far, const struct trace *const *traces, size_t count,
                      struct judgement *judgement);
/* Forgets the traces, so that the far files may be compared with others. */
void far_point_forget(struct far_point *far);
void far_point_close(struct far_point *far);

#endif
