/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transit/wrong_pairs.h"

/* Samples of one direction on each side of a jump of its delays. Unit: samples. Source: chosen. Effect: fewer take a
 * few delayed packets for a clock that was set. */
#define JUMP_SAMPLES_LEAST 3
/* Beside so many samples, fewer suffice if they are faster than all of these. Unit: samples. Source: chosen. Effect:
 * fewer take the fastest of a few packets for a clock that was set. */
#define FAST_BESIDE_LEAST 8
/* A segment with fewer samples counts as wrong pairs. */
#define SEGMENT_SAMPLES_LEAST 6
/* There is no estimate if more than 1 of so many samples are wrong: then they are no pairs, as of two runs of one tool.
 */
#define WRONG_SHARE 4
/* Steps are claimed only if at most 1 of so many samples are wrong pairs. */
#define STEPS_WRONG_SHARE 8

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
    while (before->count > 1) {
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
            before += all[i].toward_b == toward_b && sample_by_time(&all[i], first) < 0;
            after += all[i].toward_b == toward_b && sample_by_time(&all[i], last) > 0;
        }
        if (before && first->a > out->known_from)
            out->known_from = first->a;
        if (after && last->a < out->known_to)
            out->known_to = last->a;
        unknown += before + after;
    }
    return unknown;
}

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
    nstime gap = a->least > b->most ? stamp_difference(a->least, b->most) : stamp_difference(b->least, a->most);
    nstime spread = stamp_difference(a->most, a->least) / 2 + stamp_difference(b->most, b->least) / 2;
    return gap > STEP_LEAST && gap > spread;
}

/* True if the delays of `few` are shorter than those of `many`. */
static bool is_faster(const struct range *few, const struct range *many, bool toward_b)
{
    return toward_b ? few->most < many->least : few->least > many->most;
}

/* A few packets may be late, but none is faster than its way. */
static bool is_jump(const struct range *before, const struct range *after, bool toward_b)
{
    bool is_before_few = before->count < after->count;
    const struct range *few = is_before_few ? before : after, *many = is_before_few ? after : before;
    if (!few->count || many->count < JUMP_SAMPLES_LEAST || !is_apart(before, after))
        return false;
    return few->count >= JUMP_SAMPLES_LEAST || (many->count >= FAST_BESIDE_LEAST && is_faster(few, many, toward_b));
}

/* Where the delays of one direction change at once: all before are longer than all after, or shorter. The first sample
 * after it, of all; 0: there is none. `room`: for as many ranges as samples. */
static unsigned find_jump(const struct span *span, bool toward_b, struct range *room)
{
    struct range after = {.count = 0}, before = {.count = 0};
    for (unsigned i = span->count; i-- > 0;) {
        if (span->samples[i].toward_b == toward_b)
            widen(&after, span->samples[i].ahead);
        room[i] = after;
    }
    for (unsigned i = 0; i < span->count; i++) {
        if (span->samples[i].toward_b != toward_b)
            continue;
        if (is_jump(&before, &room[i], toward_b))
            return i;
        widen(&before, span->samples[i].ahead);
    }
    return 0;
}

/* The samples of the other direction on both sides of a jump. Those so near to it that they may belong to either side
 * are left out: a round trip is at most what the samples of both directions differ by. */
struct others {
    struct range before, after;
};

static struct others others_at(const struct span *span, bool toward_b, unsigned at)
{
    struct others others = {.before = {.count = 0}};
    struct range all = {.count = 0};
    for (unsigned i = 0; i < span->count; i++)
        widen(&all, span->samples[i].ahead);
    nstime round_trip = stamp_difference(all.most, all.least);
    for (unsigned i = 0; i < span->count; i++) {
        nstime since = stamp_difference(span->samples[i].a, span->samples[at].a);
        if (span->samples[i].toward_b != toward_b && (since < -round_trip || since > round_trip))
            widen(since < 0 ? &others.before : &others.after, span->samples[i].ahead);
    }
    return others;
}

/* The clock was not set: the other direction shows no jump there. */
static bool show_none(const struct others *others)
{
    return others->before.count && others->after.count && !is_apart(&others->before, &others->after);
}

/* The first sample of one direction, if all of the other came before it; 0: both are mixed. What each bounds, the other
 * does not show. */
static unsigned find_change(const struct span *span)
{
    unsigned change = 1;
    while (change < span->count && span->samples[change].toward_b == span->samples[0].toward_b)
        change++;
    for (unsigned i = change; i < span->count; i++)
        if (span->samples[i].toward_b == span->samples[0].toward_b)
            return 0;
    bool is_many = change >= JUMP_SAMPLES_LEAST && span->count >= change + JUMP_SAMPLES_LEAST;
    return is_many ? change : 0;
}

/* One offset satisfies all samples, but the delays of one direction jump, and the other direction does not show that it
 * is they: maybe the clock was set. It is known where more samples are, and from those alone. If one direction has no
 * samples, replies may have been taken for those of other probes: then the fastest of all counts.
 * False: out of memory. */
static bool note_jump(const struct span *span, struct clock_estimate *out)
{
    struct range *room = malloc(span->count * sizeof *room);
    if (!room)
        return false;
    unsigned jumps[2] = {find_jump(span, false, room), find_jump(span, true, room)}, from = 0, to = span->count;
    free(room);
    for (unsigned toward_b = 0; toward_b < 2; toward_b++) {
        unsigned at = jumps[toward_b];
        const struct others others = others_at(span, toward_b, at);
        if (!at || show_none(&others))
            continue;
        if (at >= span->count - at)
            to = at < to ? at : to;
        else
            from = at > from ? at : from;
    }
    unsigned change = find_change(span);
    if (change && change >= span->count - change)
        to = change < to ? change : to;
    else
        from = change > from ? change : from;
    if (from > 0 && span->samples[from].a > out->known_from)
        out->known_from = span->samples[from].a;
    if (to < span->count && span->samples[to - 1].a < out->known_to)
        out->known_to = span->samples[to - 1].a;
    if (from < to && to - from < span->count && !has_one_direction(span))
        span_set_segment(&out->segments[0], &(struct span){span->samples + from, to - from});
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
    qsort(all, count, sizeof *all, sample_by_time);
    bool one_direction = has_one_direction(&(struct span){all, count});
    memcpy(samples, all, count * sizeof *samples);
    if (one_direction) {
        samples_remove_isolated(samples, &count);
        qsort(samples, count, sizeof *samples, sample_by_time);
    }
    bool good = set_one(samples, count, out);
    if (!good && samples_remove_wrong(samples, &count))
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
    out->contradictory =
        !good || WRONG_SHARE * (total - count - unknown) > total || unknown > count || out->known_from > out->known_to;
    if (out->contradictory) {
        out->count = count = 0;
        out->known_from = NSTIME_NONE;
        out->known_to = NSTIME_NEVER;
    }
    out->samples = count;
    out->left_out = total - count;
    return out->count != 1 || note_jump(&(struct span){kept, count}, out);
}

static bool knows_all(const struct clock_estimate *estimate)
{
    return estimate->known_from == NSTIME_NONE && estimate->known_to == NSTIME_NEVER;
}

/* It explains samples that the other leaves out, and its segments end in their order on clock A, too: if clock B was
 * set back, its order puts samples behind the step before the others. */
static bool fits_all(const struct clock_estimate *estimate, const struct clock_estimate *than)
{
    for (unsigned i = 1; i < estimate->count; i++)
        if (estimate->segments[i].last < estimate->segments[i - 1].last)
            return false;
    return !estimate->left_out && than->left_out;
}

/* Of two estimates, in the orders of both clocks. The better one needs fewer steps, and leaves out as few samples or
 * does not know the clock where they are. Or it fits all samples, or has found a jump. If samples allow no estimate in
 * one order, all of them must fit one step in the other. */
static bool is_better(const struct clock_estimate *estimate, const struct clock_estimate *than)
{
    if (estimate->contradictory)
        return false;
    if (than->contradictory)
        return estimate->count == 2 && !estimate->left_out;
    if (estimate->left_out > than->left_out && knows_all(estimate))
        return false;
    if (estimate->count != than->count)
        return estimate->count < than->count;
    return fits_all(estimate, than) || (knows_all(than) && !knows_all(estimate));
}

/* If clock A was set back, its times do not put the samples in order, but those of clock B do. */
static bool estimate_by_b(struct sample *all, unsigned count, struct sample *samples, struct sample *scratch,
                          struct clock_estimate *out)
{
    struct clock_estimate other = {.known_from = NSTIME_NONE, .known_to = NSTIME_NEVER};
    for (unsigned i = 0; i < count; i++)
        all[i] = (struct sample){
            .a = all[i].a + all[i].ahead, .ahead = stamp_difference(0, all[i].ahead), .toward_b = !all[i].toward_b};
    if (!estimate(all, count, samples, scratch, &other))
        return false;
    clock_estimate_reverse(&other);
    if (is_better(&other, out))
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
    if (good && (out->count != 1 || !has_one_direction(&(struct span){all, count})))
        good = estimate_by_b(all, count, all + count, all + 2 * count, out);
    free(all);
    return good;
}
