/* SPDX-License-Identifier: BSD-2-Clause */
/* foreign: the captures of other tools: all files of a replay are one capture, in order of time, with one report.
 * Floor 6. */
#ifndef HOPSONDE_CLI_COMMANDS_REPLAY_FOREIGN_H
#define HOPSONDE_CLI_COMMANDS_REPLAY_FOREIGN_H

#include "capture/bpf_filter.h"
#include "capture/merge.h"
#include "cli/commands/run.h"
#include "cli/lookup.h"
#include "cli/report.h"

struct foreign {
    struct merge *merge; /* owned; NULL before the first file */
    const char *names[FILES_MOST];
    unsigned count;
};

/* Takes over a wire from which nothing has been read yet. False: memory is short, and the wire is closed. */
bool foreign_add(struct foreign *foreign, struct wire *wire, const char *name);
/* Reads all, reports, and says on stderr what is wrong with a file. `sieve` NULL: every frame passes; `lookup` NULL:
 * nothing is told of addresses. Returns the exit status: EXIT_REACHED where a trace was found, or where something is
 * expected, where it is met. */
int foreign_report(struct foreign *foreign, const struct options *options, struct bpf_filter *sieve,
                   struct lookup *lookup, struct report *report, const struct run_context *context);
void foreign_free(struct foreign *foreign);

#endif
