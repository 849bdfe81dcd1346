/* SPDX-License-Identifier: BSD-2-Clause */
/* Hops: if the counter starts at a known number and moves by as many steps a hop as the blocks show, it gives the TTL,
 * silent hops included. Else the blocks are counted, from the distance that the first reply's own TTL shows. */
#include "recognise/matching/inferred_order.h"

#include <stdlib.h>

#include "recognise/matching/choice.h"

#define COUNTER_STEP_MOST 64
#define MISFITS_RARE 8      /* a count is right if at most one in so many neighbours contradicts it: balancers, loops */
#define DISAGREEMENT_MOST 4 /* hops, between the counter and the TTL of one reply */

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

/* One way to count: `queries` probes a hop, from the counter `first` on. */
struct numbering {
    uint32_t first;
    unsigned queries;
    unsigned misfits;      /* neighbours that it does not explain */
    unsigned disagreement; /* with the replies' own TTLs, in hops */
};

static unsigned hop_of(const struct inferred *inferred, const struct numbering *numbering, size_t index)
{
    uint32_t counter = counter_of(inferred, inferred->replies[index]);
    return (counter - numbering->first) / numbering->queries + 1;
}

/* True if two neighbours may come from these hops. One hop is one router; one router may stand at several hops if the
 * TTLs of its replies differ, and the target answers from all hops beyond. */
static bool is_explained(const struct reply *a, const struct reply *b, bool same_hop)
{
    bool same_router = addr_equal(&a->from, &b->from), same_ttl = a->reply_ttl == b->reply_ttl;
    if (same_router && a->kind != REPLY_TIME_EXCEEDED && b->kind != REPLY_TIME_EXCEEDED)
        return true;
    return same_hop ? same_router && same_ttl : !same_router || !same_ttl;
}

/* Answers may bear other TTLs than those of the path (4.3BSD: what is left of the probe's), so none counts for much. */
static unsigned disagreement_at(unsigned hop, const struct reply *reply)
{
    unsigned distance = reply_distance(reply), apart = hop > distance ? hop - distance : distance - hop;
    return apart < DISAGREEMENT_MOST ? apart : DISAGREEMENT_MOST;
}

/* Sets how well the numbering fits. False: not at all. */
static bool try_numbering(const struct inferred *inferred, struct numbering *numbering)
{
    unsigned before = 0;
    numbering->misfits = numbering->disagreement = 0;
    for (size_t i = 0; i < inferred->count; i++) {
        const struct reply *reply = &inferred->replies[i]->reply;
        if (counter_of(inferred, inferred->replies[i]) < numbering->first)
            return false;
        unsigned hop = hop_of(inferred, numbering, i);
        if (hop > PROBE_TTL_MOST)
            return false;
        numbering->disagreement += disagreement_at(hop, reply);
        numbering->misfits += i && !is_explained(&inferred->replies[i - 1]->reply, reply, hop == before);
        before = hop;
    }
    return numbering->misfits * MISFITS_RARE <= inferred->count;
}

static bool is_better(const struct numbering *a, const struct numbering *b)
{
    return a->misfits != b->misfits ? a->misfits < b->misfits : a->disagreement < b->disagreement;
}

static void keep_better(const struct inferred *inferred, struct numbering *best, uint32_t first, unsigned queries)
{
    struct numbering numbering = {.first = first, .queries = queries};
    if (try_numbering(inferred, &numbering) && (!best->queries || is_better(&numbering, best)))
        *best = numbering;
}

static const uint8_t usual_queries[] = {3, 1, 2, 4, 5};

/* Of the counts that fit, takes the one that the replies' own TTLs agree with most; of equals, the most usual. */
static bool number_by_counter(const struct inferred *inferred)
{
    static const uint32_t firsts[] = {33434, 33435, 0, 1};
    struct numbering best = {.queries = 0};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts && inferred->counter == COUNTER_TARGET_PORT; i++)
        for (size_t k = 0; k < sizeof usual_queries; k++)
            keep_better(inferred, &best, firsts[i], usual_queries[k]);
    for (size_t n = 0; best.queries && n < inferred->count; n++)
        inferred->replies[n]->hop = (uint8_t)hop_of(inferred, &best, n);
    return best.queries > 0;
}

/* --- routers at several hops --- */

/* Routers by address and, of time exceeded, by the TTL of the reply. */
struct station {
    struct addr router;
    uint8_t reply_ttl;
    unsigned count;
};

static unsigned station_of(const struct station *stations, unsigned count, const struct station *station)
{
    unsigned place = 0;
    while (place < count &&
           (stations[place].reply_ttl != station->reply_ttl || !addr_equal(&stations[place].router, &station->router)))
        place++;
    return place;
}

static struct station station_of_reply(const struct reply *reply)
{
    return (struct station){.router = reply->from,
                            .reply_ttl = reply->kind == REPLY_TIME_EXCEEDED ? reply->reply_ttl : 0};
}

/* Hops by a counter that rises by one a hop and goes on from sweep to sweep, as mtr's. */
struct sweeps {
    struct station stations[PROBE_TTL_MOST];
    uint8_t hops[PROBE_TTL_MOST]; /* of the stations */
    unsigned count;
    unsigned repeated; /* stations that are the one before once more, at the next hop */
    uint32_t base;     /* the counter of hop 0 in the current sweep */
    unsigned last;     /* hop */
    unsigned last_place;
};

/* The station at the hop that the counter says; else the first like it; else `count`. */
static unsigned place_in_sweep(const struct sweeps *sweeps, const struct station *station, uint32_t hop)
{
    unsigned first = station_of(sweeps->stations, sweeps->count, station);
    for (unsigned place = first; place < sweeps->count; place++)
        if (sweeps->hops[place] == hop && sweeps->stations[place].reply_ttl == station->reply_ttl &&
            addr_equal(&sweeps->stations[place].router, &station->router))
            return place;
    return first;
}

/* False: the reply does not fit. */
static bool add_to_sweeps(struct sweeps *sweeps, const struct reply *reply, uint32_t counter, uint8_t *hop)
{
    struct station station = station_of_reply(reply);
    uint32_t here = counter - sweeps->base;
    unsigned place = place_in_sweep(sweeps, &station, here);
    bool is_new = place == sweeps->count;
    bool repeats = !is_new && place == sweeps->last_place && here == sweeps->last + 1 && station.reply_ttl;
    if (is_new || repeats) {
        if (here <= sweeps->last || here > PROBE_TTL_MOST || sweeps->count == PROBE_TTL_MOST)
            return false;
        place = sweeps->count++;
        sweeps->stations[place] = station;
        sweeps->hops[place] = (uint8_t)here;
        sweeps->repeated += repeats;
    } else if (here != sweeps->hops[place]) {
        if (sweeps->hops[place] > sweeps->last)
            return false;
        sweeps->base = counter - sweeps->hops[place];
    }
    *hop = sweeps->hops[place];
    sweeps->last = *hop;
    sweeps->last_place = place;
    return true;
}

/* True if the counter gives the hops of all, silent ones included. The first reply's own TTL gives the first hop. */
static bool number_by_sweeps(const struct inferred *inferred)
{
    struct sweeps sweeps = {.count = 0};
    uint8_t hops[UNMATCHED_OF_PAIR_MOST];
    unsigned first = reply_distance(&inferred->replies[0]->reply);
    if (inferred->counter == COUNTER_NONE || inferred->count > UNMATCHED_OF_PAIR_MOST)
        return false;
    sweeps.base = counter_of(inferred, inferred->replies[0]) - (first <= PROBE_TTL_MOST ? first : 1);
    for (size_t i = 0; i < inferred->count; i++) {
        const struct reply *reply = &inferred->replies[i]->reply;
        if (!add_to_sweeps(&sweeps, reply, counter_of(inferred, inferred->replies[i]), &hops[i]))
            return false;
        if (i && hops[i] == hops[i - 1]) /* several probes a hop, so the counter does not count hops */
            return false;
    }
    if (sweeps.repeated * 3 > sweeps.count) /* two probes a hop look like this */
        return false;
    for (size_t i = 0; i < inferred->count; i++)
        inferred->replies[i]->hop = hops[i];
    return true;
}

static unsigned largest_count(const struct station *stations, unsigned count)
{
    unsigned largest = 0;
    for (unsigned i = 0; i < count; i++)
        largest = stations[i].count > largest ? stations[i].count : largest;
    return largest;
}

/* Sets the hop of each reply to the place of its station, if stations are hops: each has about as many replies as the
 * others, and they stand in the order of sweeps. A router whose replies return on several paths has fewer with each
 * TTL. */
static void split_routers(const struct inferred *inferred)
{
    struct station stations[PROBE_TTL_MOST];
    uint8_t places[UNMATCHED_OF_PAIR_MOST];
    unsigned count = 0, back = 0, back_before = 0;
    if (inferred->count > UNMATCHED_OF_PAIR_MOST)
        return;
    for (size_t i = 0; i < inferred->count; i++) {
        const struct reply *reply = &inferred->replies[i]->reply;
        struct station station = station_of_reply(reply);
        unsigned place = station_of(stations, count, &station);
        if (place == PROBE_TTL_MOST)
            return;
        if (place == count)
            stations[count++] = station;
        stations[place].count++;
        back += i && place < places[i - 1];
        back_before += i && inferred->replies[i]->hop < inferred->replies[i - 1]->hop;
        places[i] = (uint8_t)place;
    }
    unsigned largest = largest_count(stations, count);
    for (unsigned i = 0; i < count; i++)
        if (stations[i].count * 2 <= largest && stations[i].reply_ttl)
            return;
    for (size_t i = 0; back <= back_before && i < inferred->count; i++)
        inferred->replies[i]->hop = (uint8_t)(places[i] + 1);
}

void inferred_number_hops(const struct inferred *inferred)
{
    if (number_by_counter(inferred) || number_by_sweeps(inferred))
        return;
    split_routers(inferred);
    unsigned before = reply_distance(&inferred->replies[0]->reply) - 1;
    for (size_t n = 0; n < inferred->count; n++)
        inferred->replies[n]->hop = (uint8_t)(inferred->replies[n]->hop + (before < PROBE_TTL_MOST ? before : 0));
}
