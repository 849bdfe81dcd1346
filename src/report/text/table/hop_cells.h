/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_cells: the probes that the line of a hop shows, so that every line has the columns that -q asked for. Floor:
 * report; pure; part of the format text. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_HOP_CELLS_H
#define HOPSONDE_REPORT_TEXT_TABLE_HOP_CELLS_H

#include "trace/trace_set.h"

#define HOP_CELLS_MOST 100 /* as many probes a hop as -q takes */

struct hop_cells {
    const struct probe *probes[HOP_CELLS_MOST]; /* borrowed; in the order of the line */
    unsigned count;
    unsigned stars;                     /* further cells: unanswered probes of other specs */
    unsigned retries, retries_answered; /* probes of the trace beyond the first `most` */
};

/* Fills in the first `most` probes of this TTL, in order. The answer to a later probe takes the place of the first
 * unanswered one. `most` 0: all probes, at most HOP_CELLS_MOST. */
void hop_cells_of_trace(const struct trace *trace, uint8_t ttl, unsigned most, struct hop_cells *out);
/* The same for a hop of a run: `trace` answers on the line, and if it sent fewer than `most` probes there, those of
 * other specs that got no answer fill the line up. */
void hop_cells_of_run(const struct trace_set *specs, const struct trace *trace, uint8_t ttl, unsigned most,
                      struct hop_cells *out);

#endif
