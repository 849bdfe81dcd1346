/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/wrong_pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Samples beside a wrong one agree with it if they differ by less than 1 of so many parts of what it is off. Unit:
 * parts. Source: a queue's delays differ by less than steps do. Effect: with fewer, wrong pairs make steps. */
#define SUPPORTED_SHARE 4
/* Samples of the other direction, before and after a sample, with which it is compared. */
#define NEIGHBOURS 16
/* One direction only. At most 1 of so many samples may be left out as isolated. */
#define ISOLATED_SHARE 16
/* A sample is isolated if its distance to the next exceeds so many times the spread of the others. */
#define ISOLATED_DISTANCE 8

int sample_by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->ahead < y->ahead ? -1 : x->ahead > y->ahead;
}

/* True if no drift within the limit lets both be right. */
static bool conflict(const struct sample *x, const struct sample *y)
{
    const struct sample *upper = x->toward_b ? x : y, *lower = x->toward_b ? y : x;
    double apart = fabs((double)(upper->a - lower->a)) * DRIFT_PPM_MOST * PPM;
    return (double)upper->ahead + apart + (double)STAMP_ERROR < (double)lower->ahead;
}

nstime stamp_difference(nstime a, nstime b)
{
    nstime apart;
    if (__builtin_sub_overflow(a, b, &apart))
        return a < b ? INT64_MIN : INT64_MAX;
    return apart;
}

/* How far a sample is from the bound of another one of the other direction. */
static nstime beyond(const struct sample *sample, const struct sample *other)
{
    return sample->toward_b ? stamp_difference(other->ahead, sample->ahead)
                            : stamp_difference(sample->ahead, other->ahead);
}

/* True if the samples of its direction beside it are off by as much as it is: two on one side, or one on each. Wrong
 * pairs come alone, and the samples behind a step together. `by`: how much it is off. */
static bool is_supported(const struct span *span, unsigned index, nstime by)
{
    const struct sample *sample = &span->samples[index];
    unsigned alike[2] = {0, 0};
    for (unsigned side = 0; side < 2; side++) {
        int step = side ? 1 : -1;
        for (int64_t i = (int64_t)index + step; i >= 0 && i < (int64_t)span->count && alike[side] < 2; i += step) {
            const struct sample *other = &span->samples[i];
            nstime apart = stamp_difference(other->ahead, sample->ahead);
            if (other->toward_b != sample->toward_b)
                continue;
            if (apart > by / SUPPORTED_SHARE || apart < -(by / SUPPORTED_SHARE))
                break;
            alike[side]++;
        }
    }
    return alike[0] == 2 || alike[1] == 2 || (alike[0] && alike[1]);
}

/* True if a sample contradicts two thirds of its neighbours of the other direction, and stands alone. A step is no such
 * reason, since half of the neighbours lie on its own side, if there are any. */
static bool is_wrong(const struct span *span, unsigned index)
{
    unsigned seen = 0, conflicts = 0;
    nstime by = INT64_MAX;
    for (int step = -1; step <= 1; step += 2) {
        unsigned left = NEIGHBOURS;
        for (int64_t i = (int64_t)index + step; i >= 0 && i < (int64_t)span->count && left; i += step) {
            if (span->samples[i].toward_b == span->samples[index].toward_b)
                continue;
            left--;
            seen++;
            if (!conflict(&span->samples[index], &span->samples[i]))
                continue;
            nstime off = beyond(&span->samples[index], &span->samples[i]);
            by = off < by ? off : by;
            conflicts++;
        }
    }
    return seen >= 2 && 3 * conflicts >= 2 * seen && !is_supported(span, index, by);
}

unsigned samples_remove_wrong(struct sample *samples, unsigned *count)
{
    const struct span span = {samples, *count};
    unsigned kept = 0;
    bool wrong[CLOCK_SAMPLES_MOST];
    for (unsigned i = 0; i < *count; i++)
        wrong[i] = is_wrong(&span, i);
    for (unsigned i = 0; i < *count; i++)
        if (!wrong[i])
            samples[kept++] = samples[i];
    unsigned removed = *count - kept;
    *count = kept;
    return removed;
}

static int by_ahead(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->ahead < y->ahead ? -1 : x->ahead > y->ahead;
}

/* How tight a sample is among those of one direction, the tightest first. */
static double looseness(const struct sample *samples, unsigned count, unsigned rank)
{
    return samples[0].toward_b ? (double)samples[rank].ahead : -(double)samples[count - 1 - rank].ahead;
}

unsigned samples_remove_isolated(struct sample *samples, unsigned *count)
{
    unsigned total = *count, removed = 0;
    qsort(samples, total, sizeof *samples, by_ahead);
    double median = looseness(samples, total, total / 2);
    for (unsigned rank = 0; rank < total / ISOLATED_SHARE; rank++) {
        double next = looseness(samples, total, rank + 1), gap = next - looseness(samples, total, rank);
        if (gap > ISOLATED_DISTANCE * (median - next) + (double)STEP_LEAST)
            removed = rank + 1;
    }
    if (samples[0].toward_b)
        memmove(samples, samples + removed, (total - removed) * sizeof *samples);
    *count -= removed;
    return removed;
}
