/* SPDX-License-Identifier: BSD-2-Clause */
/* points: several capture points, and how far their clocks are apart. Beside trace; pure; includes base only. It must
 * not read files or correct stamps.
 *
 * Points that saw the same packets, or a probe here and its reply there, are compared in pairs. The pairs that share
 * most make a tree. Its root is the point nearest to the prober, whose clock counts. Points that share nothing with
 * others keep their clocks. */
#ifndef HOPSONDE_TRANSIT_POINTS_H
#define HOPSONDE_TRANSIT_POINTS_H

#include "transit/clock.h"
#include "transit/sightings.h"

struct point_clock {
    int parent;                    /* the point it is compared with; -1: none */
    bool corrected;                /* its clock and its parent's cannot have agreed */
    bool contradictory;            /* it shares packets, but no offset satisfies them */
    struct clock_estimate against; /* its clock against its parent's */
};

/* Fills `clocks`, one for each of `count` points. False: out of memory. */
bool points_compare(struct sightings *const *points, unsigned count, struct point_clock *clocks);
/* True if the clock of a point, or of one between it and the root, is corrected. */
bool points_is_corrected(const struct point_clock *clocks, unsigned point);
/* The clock of `point` against the root's, as far as it was corrected, for a report. */
void points_describe(const struct point_clock *clocks, unsigned point, struct clock_estimate *out);
/* The time on the root's clock when the clock of `point` shows `time`. */
nstime points_correct(const struct point_clock *clocks, unsigned point, nstime time);

#endif
