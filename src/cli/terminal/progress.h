/* SPDX-License-Identifier: BSD-2-Clause */
/* progress: a progress line on the terminal for a live run or the reading of large files. Top floor; writes to
 * standard error only. The line is rewritten in place, never wraps, and is erased at the end. */
#ifndef HOPSONDE_CLI_TERMINAL_PROGRESS_H
#define HOPSONDE_CLI_TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "probe/spec.h"

/* Frames between two calls of progress_show(): reading the clock costs more than a frame does. */
#define PROGRESS_FRAMES 65536

struct progress {
    bool wanted, shown;
    double started, next; /* seconds of a monotonic clock */
};

/* Shows nothing if standard error is not a terminal that can erase a line. */
void progress_start(struct progress *progress, bool wanted);
/* Call it every PROGRESS_FRAMES frames. `total` 0: the size is unknown. */
void progress_show(struct progress *progress, uint64_t frames, uint64_t done, uint64_t total);
/* Returns true if the line may be rewritten. Reads the clock. */
bool progress_is_due(const struct progress *progress);
/* What a run waits for that takes longer than replies. */
struct progress_wait {
    char spec[PROBE_SPEC_TEXT_BYTES]; /* of the session left alone that is probed next; "": none is */
    unsigned next_s, last_s;          /* until it is probed, and until the last one is, in seconds */
    unsigned refused_s; /* until the control is sent again, since both hosts are refused; 0: they are not */
};
/* The state of a live run. */
struct progress_run {
    unsigned sent, farthest;          /* packets; TTL of the farthest hop that replied */
    unsigned ports, decided;          /* of port lists: all, and those with an answer; ports 0: none */
    char spec[PROBE_SPEC_TEXT_BYTES]; /* of the last probe, sent at `ttl`; "": the run is waiting */
    unsigned ttl;
    struct progress_wait wait;
};
/* Adds the line for a run that began so many seconds ago. */
void progress_add_run(const struct progress_run *run, double passed, struct strbuf *line);
/* The bytes of a line that fit into so many columns, up to a comma if there is one. */
size_t progress_fitting(const struct strbuf *line, size_t columns);
void progress_show_run(struct progress *progress, const struct progress_run *run);
/* Erases the line. Call it before any other output. */
void progress_erase(struct progress *progress);

#endif
