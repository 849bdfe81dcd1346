/* SPDX-License-Identifier: BSD-2-Clause */
/* sketch: percentiles of any number of values in bounded memory: a histogram whose bins grow by a constant factor, as
 * in DDSketch (Masson, Rim, Lee 2019). Floor 6; pure. */
#ifndef HOPSONDE_MONITOR_SKETCH_H
#define HOPSONDE_MONITOR_SKETCH_H

#include <stdint.h>

/* Each bin is larger than the one before by this factor.
 * Unit: 1. Source: chosen. Effect: a percentile is off by half of this, 2.5 %; a smaller factor takes more memory. */
#define SKETCH_FACTOR 1.05
/* The largest value of the first bin. Unit: ms. Source: captures stamp microseconds. */
#define SKETCH_LEAST_MS 0.001
/* Bins up to 80 s: SKETCH_LEAST_MS * SKETCH_FACTOR ^ 373. Larger values count in the last one. */
#define SKETCH_BINS 374

struct sketch {
    uint64_t count;
    uint32_t bins[SKETCH_BINS];
};

void sketch_add(struct sketch *sketch, double ms);
/* The value below which this share of all values lies, 0 to 1. 0 if there is no value. */
double sketch_quantile(const struct sketch *sketch, double share);

#endif
