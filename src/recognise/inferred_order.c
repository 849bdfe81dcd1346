/* SPDX-License-Identifier: BSD-2-Clause */
/* Hops: if the counter starts at a known number and moves by as many steps a hop as the blocks show, it gives the TTL,
 * silent hops included. Else the blocks are counted, from the distance that the first reply's own TTL shows. */
#include "recognise/inferred_order.h"

#include <limits.h>
#include <stdlib.h>

#include "recognise/choice.h"

#define COUNTER_STEP_MOST 64

static uint32_t counter_of(const struct inferred *inferred, const struct unmatched *unmatched)
{
    return inferred->counter == COUNTER_SOURCE_PORT ? unmatched->traits.word >> 16 : unmatched->traits.word & 0xffff;
}

int unmatched_compare_times(const struct unmatched *x, const struct unmatched *y)
{
    if (x->reply.time != y->reply.time)
        return x->reply.time < y->reply.time ? -1 : 1;
    return x->reply.frame < y->reply.frame ? -1 : x->reply.frame > y->reply.frame;
}

static int by_target_port(const void *a, const void *b)
{
    const struct unmatched *x = *(struct unmatched *const *)a, *y = *(struct unmatched *const *)b;
    uint32_t p = x->traits.word & 0xffff, q = y->traits.word & 0xffff;
    return p == q ? unmatched_compare_times(x, y) : p < q ? -1 : 1;
}

int unmatched_by_source_port(const void *a, const void *b)
{
    const struct unmatched *x = *(struct unmatched *const *)a, *y = *(struct unmatched *const *)b;
    uint32_t p = x->traits.word >> 16, q = y->traits.word >> 16;
    return p == q ? unmatched_compare_times(x, y) : p < q ? -1 : 1;
}

static int by_time(const void *a, const void *b)
{
    return unmatched_compare_times(*(struct unmatched *const *)a, *(struct unmatched *const *)b);
}

/* True if the counter moves, and in small steps. */
static bool counts(const struct inferred *inferred)
{
    for (size_t i = 1; i < inferred->count; i++)
        if (counter_of(inferred, inferred->replies[i]) - counter_of(inferred, inferred->replies[i - 1]) >
            COUNTER_STEP_MOST)
            return false;
    return counter_of(inferred, inferred->replies[0]) != counter_of(inferred, inferred->replies[inferred->count - 1]);
}

void inferred_sort(struct inferred *inferred)
{
    qsort(inferred->replies, inferred->count, sizeof *inferred->replies, by_target_port);
    inferred->counter = COUNTER_TARGET_PORT;
    if (inferred->replies[0]->has_word && counts(inferred))
        return;
    qsort(inferred->replies, inferred->count, sizeof *inferred->replies, unmatched_by_source_port);
    inferred->counter = COUNTER_SOURCE_PORT;
    if (inferred->replies[0]->has_word && counts(inferred))
        return;
    qsort(inferred->replies, inferred->count, sizeof *inferred->replies, by_time);
    inferred->counter = COUNTER_NONE;
}

/* The place of a router among those so far; `count` if it is new. */
static unsigned place_of(const struct addr *routers, unsigned count, const struct addr *from)
{
    unsigned place = 0;
    while (place < count && !addr_equal(&routers[place], from))
        place++;
    return place;
}

/* Sets the hop of each reply to the place of its router. Returns the number of routers; 0: they are in no order. */
static unsigned place_replies(const struct inferred *inferred)
{
    struct addr routers[256];
    unsigned count = 0, last = 0;
    size_t sweeps = 0;
    for (size_t i = 0; i < inferred->count; i++) {
        struct unmatched *unmatched = inferred->replies[i];
        unsigned place = place_of(routers, count, &unmatched->reply.from);
        if (place == 255)
            return 0;
        if (place == count)
            routers[count++] = unmatched->reply.from;
        else if (place < last)
            sweeps++;
        unmatched->hop = (uint8_t)(place + 1);
        last = place;
    }
    /* In a sweep every router has its turn; a few routers in random turns go back far more often. */
    return sweeps * count <= 2 * inferred->count || sweeps == 0 ? count : 0;
}

bool inferred_climbs(const struct inferred *inferred)
{
    unsigned distances = 1;
    for (size_t i = 1; i < inferred->count; i++) {
        unsigned before = reply_distance(&inferred->replies[i - 1]->reply),
                 here = reply_distance(&inferred->replies[i]->reply);
        if (here < before)
            return false;
        distances += here > before;
    }
    return distances >= 3;
}

bool inferred_is_trace(const struct inferred *inferred)
{
    unsigned expired = 0, routers = place_replies(inferred);
    const struct unmatched *first = NULL;
    bool differ = false;
    for (size_t i = 0; i < inferred->count; i++) {
        const struct unmatched *unmatched = inferred->replies[i];
        if (unmatched->reply.kind != REPLY_TIME_EXCEEDED)
            continue;
        expired++;
        differ = differ || (first && !addr_equal(&first->reply.from, &unmatched->reply.from));
        first = first ? first : unmatched;
    }
    return expired >= 2 && differ && routers >= 2;
}

/* --- TTLs --- */

/* True if `queries` probes a hop from `first` on fit: one router for one TTL, and another for the next. */
static bool fits_counter(const struct inferred *inferred, uint32_t first, unsigned queries)
{
    for (size_t i = 0; i < inferred->count; i++) {
        uint32_t counter = counter_of(inferred, inferred->replies[i]);
        if (counter < first || (counter - first) / queries >= PROBE_TTL_MOST)
            return false;
        if (i == 0)
            continue;
        uint32_t before = counter_of(inferred, inferred->replies[i - 1]);
        bool same_hop = (counter - first) / queries == (before - first) / queries;
        if (same_hop != addr_equal(&inferred->replies[i]->reply.from, &inferred->replies[i - 1]->reply.from))
            return false;
    }
    return true;
}

/* By how many hops the counter and the replies' own TTLs disagree, in all. */
static unsigned disagreement(const struct inferred *inferred, uint32_t first, unsigned queries)
{
    unsigned sum = 0;
    for (size_t i = 0; i < inferred->count; i++) {
        unsigned hop = (counter_of(inferred, inferred->replies[i]) - first) / queries + 1;
        unsigned distance = reply_distance(&inferred->replies[i]->reply);
        sum += hop > distance ? hop - distance : distance - hop;
    }
    return sum;
}

/* Of the counts that fit, takes the one that the replies' own TTLs agree with most; of equals, the most usual. */
static bool number_by_counter(const struct inferred *inferred)
{
    static const uint32_t firsts[] = {33434, 33435, 0, 1};
    static const uint8_t usual[] = {3, 1, 2, 4, 5};
    uint32_t first = 0;
    unsigned queries = 0, least = UINT_MAX;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts && inferred->counter == COUNTER_TARGET_PORT; i++)
        for (size_t k = 0; k < sizeof usual; k++) {
            if (!fits_counter(inferred, firsts[i], usual[k]) || disagreement(inferred, firsts[i], usual[k]) >= least)
                continue;
            first = firsts[i];
            queries = usual[k];
            least = disagreement(inferred, first, queries);
        }
    for (size_t n = 0; queries && n < inferred->count; n++)
        inferred->replies[n]->hop = (uint8_t)((counter_of(inferred, inferred->replies[n]) - first) / queries + 1);
    return queries > 0;
}

void inferred_number_hops(const struct inferred *inferred)
{
    if (number_by_counter(inferred))
        return;
    unsigned before = reply_distance(&inferred->replies[0]->reply) - 1;
    for (size_t n = 0; n < inferred->count; n++)
        inferred->replies[n]->hop = (uint8_t)(inferred->replies[n]->hop + (before < PROBE_TTL_MOST ? before : 0));
}
