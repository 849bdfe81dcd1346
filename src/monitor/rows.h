/* SPDX-License-Identifier: BSD-2-Clause */
/* rows: the table of `watch`: for each spec, hop and router, statistics since the start of the run. Floor 6; pure.
 *
 * A settled probe counts once, and its trace may forget it then. An unanswered probe counts for the router that its
 * flow showed last at that hop. */
#ifndef HOPSONDE_MONITOR_ROWS_H
#define HOPSONDE_MONITOR_ROWS_H

#include "monitor/sketch.h"
#include "trace/trace.h"

/* Routers of one hop that have rows of their own. Unit: rows. Source: chosen; bounds the memory where each reply comes
 * from another address. Those beyond share the last row. */
#define ROWS_OF_HOP_MOST 8

/* Round-trip times that a row keeps for its sparkline. Unit: probes. Source: a wide terminal has room for as many. */
#define ROW_TIMES_MOST 128

struct router_row {
    struct addr address; /* none: nothing has answered at this hop yet */
    struct running {
        uint64_t sent, received, timed;
        double last_ms, best_ms, worst_ms;
        double mean_ms, squares, swings; /* Welford 1962 */
    } running;
    struct sketch sketch;
    float times[ROW_TIMES_MOST]; /* in ms; negative: no reply; a ring */
    uint32_t time_count;         /* of all probes; times[time_count % ROW_TIMES_MOST] is the next place */
};

/* As mtr's columns; times are in milliseconds and valid if `timed` > 0. */
struct row_stats {
    uint64_t sent, received, timed;
    double loss; /* 0 to 1 */
    double last_ms, avg_ms, best_ms, worst_ms, stdev_ms, jitter_ms;
};

struct hop_rows {
    struct router_row *rows; /* owned */
    unsigned count;
    uint8_t current[FLOWS_COMPARED_MOST]; /* by flow: 1 + the row of its last answer; 0: none yet */
};

/* The rows of one spec, by TTL. */
struct spec_rows {
    struct hop_rows hops[256];
};

void rows_free(struct spec_rows *rows);
/* Counts a settled probe. If memory is short it is left out. */
void rows_add(struct spec_rows *rows, const struct probe *probe);
/* The statistics of a row, with those probes of the trace that are not settled yet: from index `settled` on. */
void rows_stats(const struct spec_rows *rows, uint8_t ttl, unsigned row, const struct trace *trace, size_t settled,
                struct row_stats *out);
/* The last times of a row, as router_row.times has them, with the same probes; the newest is last. Returns how many. */
unsigned rows_times(const struct spec_rows *rows, uint8_t ttl, unsigned row, const struct trace *trace, size_t settled,
                    float out[ROW_TIMES_MOST]);
/* The statistics of all rows of a hop together. */
void rows_hop_stats(const struct spec_rows *rows, uint8_t ttl, const struct trace *trace, size_t settled,
                    struct row_stats *out);

#endif
