/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/span.h"

#include <math.h>

/* One direction only: if the least delay of all is longer than this, it is an offset of the clock. */
#define DELAY_MOST NS_PER_S

/* --- what the samples allow --- */

/* Bounds of the offset at time `at` for a given drift. Unbounded sides are infinite. */
struct bounds {
    double least, most;
};

static struct bounds bounds_at(const struct span *span, nstime at, double drift)
{
    struct bounds bounds = {-INFINITY, INFINITY};
    for (unsigned i = 0; i < span->count; i++) {
        const struct sample *sample = &span->samples[i];
        double ahead = (double)sample->ahead - drift * (double)(sample->a - at);
        if (sample->toward_b && ahead < bounds.most)
            bounds.most = ahead;
        else if (!sample->toward_b && ahead > bounds.least)
            bounds.least = ahead;
    }
    return bounds;
}

static double slack(struct bounds bounds)
{
    return bounds.most - bounds.least;
}

static nstime middle_of(const struct span *span)
{
    nstime first = span->samples[0].a, last = span->samples[span->count - 1].a;
    return first + (last - first) / 2;
}

enum aim { AIM_SLACK, AIM_MOST, AIM_LEAST };

static double value_at(const struct span *span, nstime at, double drift, enum aim aim)
{
    struct bounds bounds = bounds_at(span, at, drift);
    return aim == AIM_SLACK ? slack(bounds) : aim == AIM_MOST ? bounds.most : -bounds.least;
}

/* The drift between `low` and `high` that gives the largest value. The values are concave in the drift, since each is a
 * minimum of lines. */
static double best_drift(const struct span *span, nstime at, double low, double high, enum aim aim)
{
    for (int i = 0; i < 48; i++) {
        double third = (high - low) / 3;
        if (value_at(span, at, low + third, aim) < value_at(span, at, high - third, aim))
            low += third;
        else
            high -= third;
    }
    return (low + high) / 2;
}

/* How far a drift may move from `inside`, where there is slack, towards `outside`, until there is none. */
static double edge_of_slack(const struct span *span, nstime at, double inside, double outside)
{
    if (value_at(span, at, outside, AIM_SLACK) >= 0)
        return outside;
    for (int i = 0; i < 48; i++) {
        double drift = (inside + outside) / 2;
        if (value_at(span, at, drift, AIM_SLACK) >= 0)
            inside = drift;
        else
            outside = drift;
    }
    return inside;
}

bool span_fits_constant(const struct span *span)
{
    return slack(bounds_at(span, 0, 0)) >= -(double)STAMP_ERROR;
}

bool span_fits_line(const struct span *span)
{
    nstime at = middle_of(span);
    double drift = best_drift(span, at, -DRIFT_PPM_MOST * PPM, DRIFT_PPM_MOST * PPM, AIM_SLACK);
    return value_at(span, at, drift, AIM_SLACK) >= -(double)STAMP_ERROR;
}

/* --- a segment --- */

static void set_bounds(struct clock_segment *segment, struct bounds bounds)
{
    segment->has_least = isfinite(bounds.least);
    segment->has_most = isfinite(bounds.most);
    segment->least = segment->has_least ? (nstime)bounds.least : 0;
    segment->most = segment->has_most ? (nstime)bounds.most : 0;
    if (segment->has_least && segment->has_most && segment->least > segment->most) { /* within STAMP_ERROR */
        nstime least = segment->least;
        segment->least = segment->most;
        segment->most = least;
    }
}

void segment_set_middle(struct clock_segment *segment)
{
    segment->offset = segment->least + (segment->most - segment->least) / 2;
}

/* One direction only. If a correction is needed, the nearest reply comes just after its probe. */
static void set_one_side(struct clock_segment *segment)
{
    nstime bound = segment->has_most ? segment->most : -segment->least;
    bool is_long = bound > DELAY_MOST;
    if (bound >= 0 && !is_long)
        return;
    segment->offset = segment->has_most ? bound - NS_PER_US : NS_PER_US - bound;
    if (!is_long)
        return;
    if (segment->has_most)
        segment->least = segment->most - DELAY_MOST;
    else
        segment->most = segment->least + DELAY_MOST;
    segment->has_least = segment->has_most = segment->is_assumed = true;
}

static void set_constant(struct clock_segment *segment, struct bounds bounds, nstime at)
{
    *segment = (struct clock_segment){.from = NSTIME_NONE, .at = at};
    set_bounds(segment, bounds);
    if (segment->has_least && segment->has_most)
        segment_set_middle(segment);
    else
        set_one_side(segment);
}

/* The bounds are those of all drifts that satisfy the samples, the correction that of their middle. */
static void set_line(struct clock_segment *segment, const struct span *span)
{
    nstime at = middle_of(span);
    double most = DRIFT_PPM_MOST * PPM, best = best_drift(span, at, -most, most, AIM_SLACK);
    double low = edge_of_slack(span, at, best, -most), high = edge_of_slack(span, at, best, most);
    double at_most = best_drift(span, at, low, high, AIM_MOST), at_least = best_drift(span, at, low, high, AIM_LEAST);
    struct bounds bounds = {.least = bounds_at(span, at, at_least).least, .most = bounds_at(span, at, at_most).most};
    *segment = (struct clock_segment){.from = NSTIME_NONE,
                                      .at = at,
                                      .drifts = true,
                                      .drift_least_ppm = low / PPM,
                                      .drift_most_ppm = high / PPM,
                                      .drift_ppm = (low + high) / 2 / PPM};
    set_bounds(segment, bounds);
    struct bounds chosen = bounds_at(span, at, (low + high) / 2);
    segment->offset = (nstime)((chosen.least + chosen.most) / 2);
}

void span_set_segment(struct clock_segment *segment, const struct span *span)
{
    if (span_fits_constant(span))
        set_constant(segment, bounds_at(span, 0, 0), span->samples[0].a);
    else
        set_line(segment, span);
    segment->first = span->samples[0].a;
    segment->last = span->samples[span->count - 1].a;
}

double segment_offset_at(const struct clock_segment *segment, nstime a)
{
    return (double)segment->offset + segment->drift_ppm * PPM * (double)(a - segment->at);
}
