/* SPDX-License-Identifier: BSD-2-Clause */
/* What an estimate says: the times of one clock on the other, and where it holds. */
#include <math.h>

#include "transit/span.h"

/* Stamps below it fit into a double and back. */
#define RANGE_MOST 9.2e18

/* The time on clock B by a segment; beyond the range of stamps, its end. */
static nstime apply_by(const struct clock_segment *segment, nstime a)
{
    double offset = segment_offset_at(segment, a), b = (double)a + offset;
    if (b <= 0 || fabs(offset) >= RANGE_MOST)
        return 0;
    return b >= RANGE_MOST ? (nstime)RANGE_MOST : a + (nstime)offset;
}

void clock_estimate_reverse(struct clock_estimate *estimate)
{
    unsigned last = estimate->count ? estimate->count - 1 : 0;
    if (estimate->known_from != NSTIME_NONE)
        estimate->known_from = apply_by(&estimate->segments[0], estimate->known_from);
    if (estimate->known_to != NSTIME_NEVER)
        estimate->known_to = apply_by(&estimate->segments[last], estimate->known_to);
    for (unsigned i = 0; i < estimate->count; i++) {
        struct clock_segment *segment = &estimate->segments[i], old = *segment;
        segment->first = apply_by(&old, old.first);
        segment->last = apply_by(&old, old.last);
        segment->from = i ? old.from_b : NSTIME_NONE;
        segment->from_b = old.from;
        segment->at = old.at + old.offset;
        segment->has_least = old.has_most;
        segment->has_most = old.has_least;
        segment->least = -old.most;
        segment->most = -old.least;
        segment->drift_least_ppm = -old.drift_most_ppm;
        segment->drift_most_ppm = -old.drift_least_ppm;
        segment->offset = -old.offset;
        segment->drift_ppm = -old.drift_ppm / (1 + old.drift_ppm * PPM);
    }
}

bool clock_may_agree(const struct clock_estimate *estimate)
{
    bool may = true;
    for (unsigned i = 0; i < estimate->count; i++) {
        const struct clock_segment *segment = &estimate->segments[i];
        may = may && !segment->drifts && !(segment->has_least && segment->least > 0) &&
              !(segment->has_most && segment->most < 0);
    }
    return may;
}

/* Stamps are from 0 on; sums beyond the range become its ends. */
static nstime correct_by(const struct clock_segment *segment, nstime b)
{
    nstime a, since, drift;
    if (__builtin_sub_overflow(b, segment->offset, &a) || __builtin_sub_overflow(a, segment->at, &since))
        return b;
    double ratio = segment->drift_ppm * PPM;
    drift = (nstime)((double)since * (ratio / (1 + ratio)));
    if (__builtin_sub_overflow(a, drift, &a))
        return b;
    return a < 0 ? 0 : a;
}

/* Whether a time belongs to one of two segments: between them it belongs to none. If the clock was set back, the second
 * one begins before the first one ends, and the times between belong to both. */
static bool is_of_one(nstime time, nstime last, nstime first)
{
    return (time <= last) != (time >= first);
}

bool clock_is_known(const struct clock_estimate *estimate, nstime a)
{
    bool is_known = a >= estimate->known_from && a <= estimate->known_to;
    for (unsigned i = 1; i < estimate->count; i++)
        is_known = is_known && is_of_one(a, estimate->segments[i - 1].last, estimate->segments[i].first);
    return is_known;
}

bool clock_is_known_at_b(const struct clock_estimate *estimate, nstime b)
{
    bool is_known = clock_is_known(estimate, clock_correct(estimate, b));
    for (unsigned i = 1; i < estimate->count; i++) {
        const struct clock_segment *old = &estimate->segments[i - 1], *new = &estimate->segments[i];
        is_known = is_known && is_of_one(b, apply_by(old, old->last), apply_by(new, new->first));
    }
    return is_known;
}

bool clock_is_shown(const struct clock_estimate *estimate, nstime a)
{
    bool is_shown = false;
    for (unsigned i = 0; i < estimate->count; i++)
        is_shown = is_shown || (a >= estimate->segments[i].first && a <= estimate->segments[i].last);
    return is_shown;
}

nstime clock_correct(const struct clock_estimate *estimate, nstime b)
{
    for (unsigned i = estimate->count; i-- > 0;)
        if (i == 0 || b >= estimate->segments[i].from_b)
            return correct_by(&estimate->segments[i], b);
    return b;
}

nstime clock_apply(const struct clock_estimate *estimate, nstime a)
{
    for (unsigned i = estimate->count; i-- > 0;)
        if (i == 0 || a >= estimate->segments[i].from)
            return apply_by(&estimate->segments[i], a);
    return a;
}
