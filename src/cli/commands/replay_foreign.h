/* SPDX-License-Identifier: BSD-2-Clause */
/* replay_foreign: the replay of captures of any origin. All files together are one capture, in the order of time, with
 * one report. Floor: cli. */
#ifndef HOPSONDE_CLI_COMMANDS_REPLAY_FOREIGN_H
#define HOPSONDE_CLI_COMMANDS_REPLAY_FOREIGN_H

#include "capture/bpf_filter.h"
#include "capture/merge.h"
#include "cli/commands/far_point.h"
#include "cli/commands/lookup.h"
#include "cli/commands/run.h"
#include "cli/shared/report.h"

struct foreign {
    struct merge *merge;                          /* owned; NULL before the first file */
    const struct capture_file *files[FILES_MOST]; /* borrowed */
    bool is_pipe[FILES_MOST];
    uint64_t bytes[FILES_MOST]; /* the length of the file; 0: a pipe */
    unsigned count;
    struct far_point *far; /* borrowed */
};

/* Takes ownership of a wire of `file` that has not been read yet. False: out of memory; the wire is closed. */
bool foreign_add(struct foreign *foreign, struct wire *wire, const struct capture_file *file);
/* Reads all files and reports; problems of a file go to stderr. `bpf` NULL: every frame passes. `lookup` NULL: there
 * are no facts about addresses. Returns EXIT_REACHED if a trace was found, or, with --expect, if all is as expected. */
int foreign_report(struct foreign *foreign, const struct options *options, struct bpf_filter *bpf,
                   struct lookup *lookup, struct report *report, const struct run_context *context);
void foreign_free(struct foreign *foreign);

#endif
