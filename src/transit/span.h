/* SPDX-License-Identifier: BSD-2-Clause */
/* span: what samples in a row allow of the offset between two clocks: one constant offset, or one drift. Floor 3; pure;
 * internal to transit/, for clock.c. */
#ifndef HOPSONDE_TRANSIT_SPAN_H
#define HOPSONDE_TRANSIT_SPAN_H

#include "transit/clock.h"

/* Contradictions up to this come from the stamps: their resolution, and kernels that stamp a frame after sending it. */
#define STAMP_ERROR (50 * NS_PER_US)
/* A quartz drifts by up to 100 ppm, NTP slews by up to 500 ppm more. */
#define DRIFT_PPM_MOST 600.0
#define PPM 1e-6

struct sample {
    nstime a, ahead; /* ahead: by how much B's stamp is ahead of A's */
    bool toward_b;
};

/* Samples in the order of their times. */
struct span {
    const struct sample *samples;
    unsigned count;
};

/* Whether one offset satisfies all samples; whether one drift does. */
bool span_fits_constant(const struct span *span);
bool span_fits_line(const struct span *span);
/* The segment of samples that a constant or a line fits: its bounds and its correction. */
void span_set_segment(struct clock_segment *segment, const struct span *span);
/* Of a segment with both bounds. */
void segment_set_middle(struct clock_segment *segment);
/* The correction at A's time `a`. */
double segment_offset_at(const struct clock_segment *segment, nstime a);

#endif
