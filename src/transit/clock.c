/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transit/span.h"

/* Samples beside a wrong one agree with it if they differ by less than 1 of so many parts of what it is off. Unit:
 * parts. Source: a queue's delays differ by less than steps do. Effect: with fewer, wrong pairs make steps. */
#define SUPPORTED_SHARE 4
/* Samples of one direction on each side of a jump of its delays. Unit: samples. Source: chosen. Effect: fewer take a few
 * delayed packets for a clock that was set. */
#define JUMP_SAMPLES_LEAST 3
/* Samples of the other direction, before and after a sample, with which it is compared. */
#define NEIGHBOURS 16
/* Smaller jumps count as contradictory samples: NTP steps a clock only if it is off by more than 128 ms. */
#define STEP_LEAST NS_PER_MS
/* A segment with fewer samples counts as wrong pairs. */
#define SEGMENT_SAMPLES_LEAST 6
/* There is no estimate if more than 1 of so many samples are wrong: then they are no pairs, as of two runs of one tool.
 */
#define WRONG_SHARE 4
/* Steps are claimed only if at most 1 of so many samples are wrong pairs. */
#define STEPS_WRONG_SHARE 8
/* One direction only. At most 1 of so many samples may be left out as isolated. */
#define ISOLATED_SHARE 16
/* A sample is isolated if its distance to the next exceeds so many times the spread of the others. */
#define ISOLATED_DISTANCE 8

struct clock_samples {
    struct sample kept[CLOCK_SAMPLES_MOST];
    unsigned count;
    unsigned level; /* the lowest `level` bits of a sample's hash are 0, or it is not kept */
};

/* --- collection --- */

struct clock_samples *clock_samples_new(void)
{
    return calloc(1, sizeof(struct clock_samples));
}

void clock_samples_free(struct clock_samples *samples)
{
    free(samples);
}

/* By the sample alone, so that the order of the samples does not matter (splitmix64). */
static bool is_chosen(const struct sample *sample, unsigned level)
{
    uint64_t hash = (uint64_t)sample->a * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)sample->ahead;
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return (hash & ((UINT64_C(1) << level) - 1)) == 0;
}

static void thin(struct clock_samples *samples)
{
    unsigned count = 0;
    samples->level++;
    for (unsigned i = 0; i < samples->count; i++)
        if (is_chosen(&samples->kept[i], samples->level))
            samples->kept[count++] = samples->kept[i];
    samples->count = count;
}

static void add(struct clock_samples *samples, nstime a, nstime b, bool toward_b)
{
    struct sample sample = {.a = a, .ahead = (nstime)((uint64_t)b - (uint64_t)a), .toward_b = toward_b};
    while (samples->count == CLOCK_SAMPLES_MOST && samples->level < 63)
        thin(samples);
    if (samples->count < CLOCK_SAMPLES_MOST && is_chosen(&sample, samples->level))
        samples->kept[samples->count++] = sample;
}

void clock_add_toward_b(struct clock_samples *samples, nstime a, nstime b)
{
    add(samples, a, b, true);
}

void clock_add_toward_a(struct clock_samples *samples, nstime a, nstime b)
{
    add(samples, a, b, false);
}

/* --- wrong pairs --- */

static int by_time(const void *a, const void *b)
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

/* How far a sample is from the bound of another one of the other direction. */
static nstime beyond(const struct sample *sample, const struct sample *other)
{
    return sample->toward_b ? other->ahead - sample->ahead : sample->ahead - other->ahead;
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
            nstime apart = other->ahead - sample->ahead;
            if (other->toward_b != sample->toward_b)
                continue;
            if ((apart < 0 ? -apart : apart) > by / SUPPORTED_SHARE)
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

/* Removes wrong samples; returns how many. All are judged before the first is removed. */
static unsigned remove_wrong(struct sample *samples, unsigned *count)
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

/* Of one direction only: removes the tightest samples if they stand alone. Returns how many. Changes the order. */
static unsigned remove_isolated(struct sample *samples, unsigned *count)
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

/* --- steps --- */

#define PIECES_MOST 64
#define PASSES_MOST 16 /* with wrong pairs removed after each */

struct pieces {
    struct span spans[PIECES_MOST];
    unsigned count;
};

typedef bool (*model)(const struct span *span);

/* The longest start of a span that the model fits; at least one sample. Each longer one does not fit either, since more
 * samples only add conditions. */
static unsigned longest_start(const struct span *span, model fits)
{
    unsigned low = 1, high = span->count;
    while (low < high) {
        unsigned count = low + (high - low + 1) / 2;
        const struct span start = {span->samples, count};
        if (fits(&start))
            low = count;
        else
            high = count - 1;
    }
    return low;
}

/* False: more than PIECES_MOST. */
static bool split(const struct sample *samples, unsigned count, model fits, struct pieces *pieces)
{
    pieces->count = 0;
    while (count > 0) {
        if (pieces->count == PIECES_MOST)
            return false;
        struct span rest = {samples, count};
        rest.count = longest_start(&rest, fits);
        pieces->spans[pieces->count++] = rest;
        samples += rest.count;
        count -= rest.count;
    }
    return true;
}

/* Removes the samples of pieces that are too short for a segment. Returns how many. */
static unsigned remove_short(struct sample *samples, unsigned *count, const struct pieces *pieces)
{
    unsigned kept = 0, at = 0;
    for (unsigned i = 0; i < pieces->count; i++) {
        unsigned length = pieces->spans[i].count;
        if (length >= SEGMENT_SAMPLES_LEAST) {
            memmove(samples + kept, samples + at, length * sizeof *samples);
            kept += length;
        }
        at += length;
    }
    unsigned removed = *count - kept;
    *count = kept;
    return removed;
}

/* A step shows only at the first sample that contradicts. Samples before it that are nearer to the offset after the
 * step belong there. */
static void move_border(struct span *before, struct span *after)
{
    struct clock_segment old, new;
    span_set_segment(&old, before);
    span_set_segment(&new, after);
    while (before->count > SEGMENT_SAMPLES_LEAST) {
        const struct sample *last = &before->samples[before->count - 1];
        if (fabs((double)last->ahead - segment_offset_at(&new, last->a)) >=
            fabs((double)last->ahead - segment_offset_at(&old, last->a)))
            return;
        before->count--;
        after->samples--;
        after->count++;
    }
}

/* True if the two differ by less than a step. They become one, with the bounds of both. */
static bool join(struct clock_segment *old, const struct clock_segment *new)
{
    bool bounded = old->has_least && old->has_most && new->has_least &&new->has_most;
    if (old->drifts || new->drifts || !bounded || new->least > old->most + STEP_LEAST ||
        old->least > new->most + STEP_LEAST)
        return false;
    old->least = old->least < new->least ? old->least : new->least;
    old->most = old->most > new->most ? old->most : new->most;
    old->last = new->last;
    segment_set_middle(old);
    return true;
}

/* False: more than CLOCK_SEGMENTS_MOST. */
static bool set_segments(struct pieces *pieces, struct clock_estimate *out)
{
    for (unsigned i = 1; i < pieces->count; i++)
        move_border(&pieces->spans[i - 1], &pieces->spans[i]);
    for (unsigned i = 0; i < pieces->count; i++) {
        const struct span *span = &pieces->spans[i];
        struct clock_segment segment;
        span_set_segment(&segment, span);
        if (i > 0) {
            nstime last = span->samples[-1].a, first = span->samples[0].a;
            segment.from = last + (first - last) / 2;
            last += span->samples[-1].ahead;
            first += span->samples[0].ahead;
            segment.from_b = last + (first - last) / 2;
            if (join(&out->segments[out->count - 1], &segment))
                continue;
        }
        if (out->count == CLOCK_SEGMENTS_MOST)
            return false;
        out->segments[out->count++] = segment;
    }
    return true;
}

/* Finds steps between segments that the model fits. False: there are too many, or too few samples remain. */
static bool find_steps(struct sample *samples, unsigned *count, model fits, struct clock_estimate *out)
{
    unsigned total = *count, removed = 1;
    struct pieces pieces = {.count = 0};
    for (unsigned pass = 0; pass < PASSES_MOST && removed; pass++) {
        if (!split(samples, *count, fits, &pieces))
            return false;
        removed = remove_short(samples, count, &pieces);
    }
    out->count = 0;
    return !removed && *count > total / 2 && set_segments(&pieces, out);
}

/* --- the whole --- */

static bool has_one_direction(const struct span *span)
{
    for (unsigned i = 1; i < span->count; i++)
        if (span->samples[i].toward_b != span->samples[0].toward_b)
            return false;
    return true;
}

/* True if one segment fits all samples. */
static bool set_one(const struct sample *samples, unsigned count, struct clock_estimate *out)
{
    const struct span span = {samples, count};
    if (count == 0 || !(span_fits_constant(&span) || span_fits_line(&span)))
        return false;
    span_set_segment(&out->segments[0], &span);
    out->count = 1;
    return true;
}

/* The next sample of this direction from `at` on. `step`: 1, or -1 for the one before. NULL: none. */
static const struct sample *next_of(const struct sample *samples, unsigned count, int64_t at, int step, bool toward_b)
{
    for (; at >= 0 && at < (int64_t)count; at += step)
        if (samples[at].toward_b == toward_b)
            return &samples[at];
    return NULL;
}

/* `all`: in the order of time. Of each direction, those before the first one that is kept, and after the last one, may
 * lie behind a step. Returns how many they are. */
static unsigned set_known(const struct sample *all, unsigned total, const struct sample *kept, unsigned count,
                          struct clock_estimate *out)
{
    unsigned unknown = 0;
    for (unsigned toward_b = 0; toward_b < 2; toward_b++) {
        const struct sample *first = next_of(kept, count, 0, 1, toward_b);
        const struct sample *last = next_of(kept, count, (int64_t)count - 1, -1, toward_b);
        unsigned before = 0, after = 0;
        for (unsigned i = 0; i < total && first; i++) {
            before += all[i].toward_b == toward_b && by_time(&all[i], first) < 0;
            after += all[i].toward_b == toward_b && by_time(&all[i], last) > 0;
        }
        if (before && first->a > out->known_from)
            out->known_from = first->a;
        if (after && last->a < out->known_to)
            out->known_to = last->a;
        unknown += before + after;
    }
    return unknown;
}

/* Where the delays of one direction change at once: all before are longer than all after, or shorter. */
struct jump {
    unsigned at; /* the first sample after it, of all; 0: there is none */
    nstime before, after;
};

struct range {
    nstime least, most;
    unsigned count;
};

static void widen(struct range *range, nstime value)
{
    range->least = range->count && range->least < value ? range->least : value;
    range->most = range->count && range->most > value ? range->most : value;
    range->count++;
}

static bool is_apart(const struct range *a, const struct range *b)
{
    nstime gap = a->least > b->most ? a->least - b->most : b->least - a->most;
    nstime spread = (a->most - a->least + b->most - b->least) / 2;
    return a->count >= JUMP_SAMPLES_LEAST && b->count >= JUMP_SAMPLES_LEAST && gap > STEP_LEAST && gap > spread;
}

/* `room`: for as many ranges as samples. */
static struct jump find_jump(const struct span *span, bool toward_b, struct range *room)
{
    struct range after = {.count = 0}, before = {.count = 0};
    struct jump jump = {.at = 0};
    for (unsigned i = span->count; i-- > 0;) {
        if (span->samples[i].toward_b == toward_b)
            widen(&after, span->samples[i].ahead);
        room[i] = after;
    }
    for (unsigned i = 0; i < span->count && !jump.at; i++) {
        if (span->samples[i].toward_b != toward_b)
            continue;
        if (is_apart(&before, &room[i]))
            jump = (struct jump){.at = i, .before = before.most, .after = room[i].least};
        widen(&before, span->samples[i].ahead);
    }
    return jump;
}

/* Whether samples of this direction are on both sides of a jump of the other one, and show none. */
static bool shows_none(const struct span *span, bool toward_b, unsigned at, const struct jump *own)
{
    unsigned count[2] = {0, 0};
    for (unsigned i = 0; i < span->count; i++)
        count[i >= at] += span->samples[i].toward_b == toward_b;
    return count[0] && count[1] && !own->at;
}

/* One offset satisfies all samples, but the delays of one direction jump, and the other direction does not show that it
 * is they: maybe the clock was set. It is known where more samples are. False: out of memory. */
static bool note_jump(const struct span *span, struct clock_estimate *out)
{
    struct range *room = malloc(span->count * sizeof *room);
    if (!room)
        return false;
    struct jump jumps[2] = {find_jump(span, false, room), find_jump(span, true, room)};
    free(room);
    for (unsigned toward_b = 0; toward_b < 2; toward_b++) {
        unsigned at = jumps[toward_b].at;
        if (!at || shows_none(span, !toward_b, at, &jumps[!toward_b]))
            continue;
        if (at < span->count - at && span->samples[at].a > out->known_from)
            out->known_from = span->samples[at].a;
        else if (at >= span->count - at && span->samples[at - 1].a < out->known_to)
            out->known_to = span->samples[at - 1].a;
    }
    return true;
}

/* The samples that are left are in `scratch`. */
static bool set_steps(const struct sample *samples, unsigned *count, struct sample *scratch, struct clock_estimate *out)
{
    static const model models[] = {span_fits_constant, span_fits_line};
    unsigned total = *count;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        *count = total;
        memcpy(scratch, samples, total * sizeof *samples);
        if (find_steps(scratch, count, models[i], out))
            return true;
    }
    return false;
}

/* `samples` and `scratch`: room for all of `all`, which are put in the order of time. */
static bool estimate(struct sample *all, unsigned count, struct sample *samples, struct sample *scratch,
                     struct clock_estimate *out)
{
    unsigned total = count, unknown = 0;
    qsort(all, count, sizeof *all, by_time);
    bool one_direction = has_one_direction(&(struct span){all, count});
    memcpy(samples, all, count * sizeof *samples);
    if (one_direction) {
        remove_isolated(samples, &count);
        qsort(samples, count, sizeof *samples, by_time);
    }
    bool good = set_one(samples, count, out);
    if (!good && remove_wrong(samples, &count))
        good = set_one(samples, count, out);
    const struct sample *kept = samples;
    if (!good) {
        good = set_steps(samples, &count, scratch, out);
        kept = scratch;
        if (good)
            unknown = set_known(all, total, kept, count, out);
        good = good && STEPS_WRONG_SHARE * (total - count - unknown) <= total;
    } else if (!one_direction) {
        unknown = set_known(all, total, kept, count, out);
    }
    out->contradictory = !good || WRONG_SHARE * (total - count - unknown) > total || unknown > count ||
                         out->known_from > out->known_to;
    if (out->contradictory) {
        out->count = count = 0;
        out->known_from = NSTIME_NONE;
        out->known_to = NSTIME_NEVER;
    }
    out->samples = count;
    out->left_out = total - count;
    return out->count != 1 || note_jump(&(struct span){kept, count}, out);
}

/* If clock A was set back, its times do not put the samples in order, but those of clock B do. */
static bool estimate_by_b(struct sample *all, unsigned count, struct sample *samples, struct sample *scratch,
                          struct clock_estimate *out)
{
    struct clock_estimate other = {.known_from = NSTIME_NONE, .known_to = NSTIME_NEVER};
    for (unsigned i = 0; i < count; i++)
        all[i] = (struct sample){.a = all[i].a + all[i].ahead, .ahead = -all[i].ahead, .toward_b = !all[i].toward_b};
    if (!estimate(all, count, samples, scratch, &other))
        return false;
    if (other.contradictory || out->count <= other.count)
        return true;
    clock_estimate_reverse(&other);
    *out = other;
    return true;
}

bool clock_estimate(const struct clock_samples *samples, struct clock_estimate *out)
{
    unsigned count = samples->count;
    *out = (struct clock_estimate){.known_from = NSTIME_NONE, .known_to = NSTIME_NEVER};
    if (count == 0)
        return true;
    struct sample *all = malloc(3 * (size_t)count * sizeof *all);
    if (!all)
        return false;
    memcpy(all, samples->kept, count * sizeof *all);
    bool good = estimate(all, count, all + count, all + 2 * count, out);
    if (good && out->count > 1)
        good = estimate_by_b(all, count, all + count, all + 2 * count, out);
    free(all);
    return good;
}

/* --- use --- */

void clock_estimate_reverse(struct clock_estimate *estimate)
{
    unsigned last = estimate->count ? estimate->count - 1 : 0;
    if (estimate->known_from != NSTIME_NONE)
        estimate->known_from += (nstime)segment_offset_at(&estimate->segments[0], estimate->known_from);
    if (estimate->known_to != NSTIME_NEVER)
        estimate->known_to += (nstime)segment_offset_at(&estimate->segments[last], estimate->known_to);
    for (unsigned i = 0; i < estimate->count; i++) {
        struct clock_segment *segment = &estimate->segments[i], old = *segment;
        segment->first = old.first + (nstime)segment_offset_at(&old, old.first);
        segment->last = old.last + (nstime)segment_offset_at(&old, old.last);
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

bool clock_is_known(const struct clock_estimate *estimate, nstime a)
{
    bool is_known = a >= estimate->known_from && a <= estimate->known_to;
    for (unsigned i = 1; i < estimate->count; i++)
        is_known = is_known && (a <= estimate->segments[i - 1].last || a >= estimate->segments[i].first);
    return is_known;
}

bool clock_is_known_at_b(const struct clock_estimate *estimate, nstime b)
{
    bool is_known = clock_is_known(estimate, clock_correct(estimate, b));
    for (unsigned i = 1; i < estimate->count; i++) {
        const struct clock_segment *old = &estimate->segments[i - 1], *new = &estimate->segments[i];
        is_known = is_known && (b <= old->last + (nstime)segment_offset_at(old, old->last) ||
                                b >= new->first + (nstime)segment_offset_at(new, new->first));
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
        if (i == 0 || a >= estimate->segments[i].from) {
            double b = (double)a + segment_offset_at(&estimate->segments[i], a);
            return b < 0 || b >= (double)INT64_MAX ? a : a + (nstime)segment_offset_at(&estimate->segments[i], a);
        }
    return a;
}
