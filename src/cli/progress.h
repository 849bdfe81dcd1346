/* SPDX-License-Identifier: BSD-2-Clause */
/* progress: how far the reading of large files, or a live run, has come: one line on a terminal, rewritten and in the
 * end erased. Top floor. */
#ifndef HOPSONDE_CLI_PROGRESS_H
#define HOPSONDE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/spec.h"

/* A frame costs less than a look at the clock: it is looked at once in so many. */
#define PROGRESS_FRAMES 65536

struct progress {
    bool wanted, shown;
    double started, next; /* seconds of a clock that runs evenly */
};

/* Nothing is shown where standard error is no terminal. */
void progress_start(struct progress *progress, bool wanted);
/* To be called every PROGRESS_FRAMES frames. `total` 0: it is not known how much there is. */
void progress_show(struct progress *progress, uint64_t frames, uint64_t done, uint64_t total);
/* Whether the line may be written anew; a look at the clock. */
bool progress_is_due(const struct progress *progress);
/* Of a live run, when the line is due. */
struct progress_run {
    unsigned sent, farthest;          /* packets; a hop */
    char spec[PROBE_SPEC_TEXT_BYTES]; /* that was asked last, at `ttl`; "": answers are waited for */
    unsigned ttl;
};
void progress_show_run(struct progress *progress, const struct progress_run *run);
/* Takes the line away; before anything else is written. */
void progress_erase(struct progress *progress);

#endif
