/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor/sketch.h"

#include <math.h>

static unsigned bin_of(double ms)
{
    double bin = ms > SKETCH_LEAST_MS ? ceil(log(ms / SKETCH_LEAST_MS) / log(SKETCH_FACTOR)) : 0;
    return bin < SKETCH_BINS ? (unsigned)bin : SKETCH_BINS - 1;
}

void sketch_add(struct sketch *sketch, double ms)
{
    sketch->count++;
    sketch->bins[bin_of(ms)]++;
}

double sketch_quantile(const struct sketch *sketch, double share)
{
    uint64_t below = 0;
    for (unsigned bin = 0; bin < SKETCH_BINS; bin++) {
        below += sketch->bins[bin];
        if (below && (double)below >= share * (double)sketch->count)
            return SKETCH_LEAST_MS * pow(SKETCH_FACTOR, bin - 0.5);
    }
    return 0;
}
