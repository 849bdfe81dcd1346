/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/sightings.h"

#include <stdlib.h>

#include "base/captured.h"

/* A forwarded copy, with a lower TTL, comes within this time. */
#define FORWARDED_WITHIN (10 * NS_PER_S)

/* Places that are searched for an identity. It bounds the time per packet. */
#define STEPS_MOST 128

/* Alike probes or replies that have sightings of their own, after the first. The first few bound an offset already. */
#define ALIKE_MOST 48
/* So many of the latest alike ones may be the original of a copy. */
#define ALIKE_COPIED 4

/* Bits of an identity that make its place in a set: the set takes 1 MB, and 100,000 identities fill 1 % of it. */
#define SET_BITS 23

struct identity_set {
    uint64_t words[(1u << SET_BITS) / 64];
};

struct sightings {
    const struct identity_set *set; /* borrowed; NULL: nothing is preferred */
    struct sighting *places;        /* owned; a hash table with open addressing. identity 0: free */
    struct sighting *list;          /* owned; made by sightings_list() */
    unsigned mask;                  /* places - 1 */
    unsigned count, most;
    unsigned level; /* so many of the lowest bits of an identity are 0, or it must be preferred */
    bool too_many_preferred;
    bool out_of_order; /* the order of additions is not that of their times */
    uint64_t first_hops;
    nstime first, last;
};

/* --- sets --- */

struct identity_set *identity_set_new(void)
{
    return calloc(1, sizeof(struct identity_set));
}

void identity_set_free(struct identity_set *set)
{
    free(set);
}

/* By the upper bits, since the lower ones choose. */
static size_t bit_of(uint64_t identity)
{
    return (size_t)(identity >> (64 - SET_BITS));
}

void identity_set_add(struct identity_set *set, const struct sightings *s)
{
    for (unsigned i = 0; i <= s->mask; i++) {
        size_t bit = bit_of(s->places[i].identity);
        if (s->places[i].identity)
            set->words[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

static bool set_has(const struct identity_set *set, uint64_t identity)
{
    size_t bit = bit_of(identity);
    return set && (set->words[bit / 64] >> bit % 64 & 1);
}

/* --- sightings --- */

struct sightings *sightings_new(unsigned most)
{
    struct sightings *s = calloc(1, sizeof *s);
    size_t places = 16;
    while (places < 2 * (size_t)most)
        places *= 2;
    if (!s)
        return NULL;
    s->most = most;
    s->mask = (unsigned)places - 1;
    s->first = NSTIME_NEVER;
    s->last = NSTIME_NONE;
    s->places = calloc(places, sizeof *s->places);
    s->list = calloc(most, sizeof *s->list);
    if (s->places && s->list)
        return s;
    sightings_free(s);
    return NULL;
}

void sightings_free(struct sightings *s)
{
    if (!s)
        return;
    free(s->places);
    free(s->list);
    free(s);
}

void sightings_prefer(struct sightings *s, const struct identity_set *set)
{
    s->set = set;
}

static bool is_chosen(const struct sightings *s, const struct sighting *sighting)
{
    bool preferred = sighting->preferred && !s->too_many_preferred;
    return preferred || (sighting->identity & ((UINT64_C(1) << s->level) - 1)) == 0;
}

/* The place of this identity and role, or the free one where it belongs. The upper bits are free of the choice. NULL:
 * too many identities belong there, as only a hostile capture has. */
static struct sighting *place_of(struct sightings *s, uint64_t identity, uint8_t role)
{
    unsigned at = (unsigned)(identity >> 32) + role;
    for (unsigned end = at + STEPS_MOST; at != end; at++) {
        struct sighting *place = &s->places[at & s->mask];
        if (!place->identity || (place->identity == identity && place->role == role))
            return place;
    }
    return NULL;
}

/* Returns how many it has added. */
static unsigned insert(struct sightings *s, const struct sighting *sighting)
{
    struct sighting *place = place_of(s, sighting->identity, sighting->role);
    if (place)
        *place = *sighting;
    return place != NULL;
}

/* Keeps preferred identities and half of the others. If too many are preferred, they count as others. */
static void thin(struct sightings *s)
{
    unsigned kept = 0, preferred = 0;
    s->level++;
    for (unsigned i = 0; i <= s->mask; i++) {
        preferred += s->places[i].identity && s->places[i].preferred;
        if (s->places[i].identity && is_chosen(s, &s->places[i]))
            s->list[kept++] = s->places[i];
        s->places[i] = (struct sighting){.identity = 0};
    }
    s->too_many_preferred = s->too_many_preferred || preferred > s->most / 4 * 3;
    s->count = 0;
    for (unsigned i = 0; i < kept; i++)
        s->count += insert(s, &s->list[i]);
}

static bool is_copy(const struct sighting *first, const struct sighting *second)
{
    nstime apart = second->time - first->time;
    nstime most = second->ttl < first->ttl ? FORWARDED_WITHIN : SAME_FRAME_WITHIN;
    return second->packet == first->packet && second->mark == first->mark && second->ttl <= first->ttl &&
           apart <= most && apart >= -most;
}

/* Makes room for one more. False: there is none for this one. */
static bool make_room(struct sightings *s, const struct sighting *sighting)
{
    while (s->count == s->most && s->level < 32)
        thin(s);
    return s->count < s->most && is_chosen(s, sighting);
}

/* The identity of one that came after `before` others of an identity (splitmix64). 0 stands for none. */
static uint64_t later_identity(uint64_t identity, unsigned before)
{
    identity += before * UINT64_C(0x9e3779b97f4a7c15);
    identity = (identity ^ identity >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    identity = (identity ^ identity >> 27) * UINT64_C(0x94d049bb133111eb);
    return (identity ^ identity >> 31) | UINT64_C(1) << 63;
}

static bool is_copy_of_later(struct sightings *s, const struct sighting *first, const struct sighting *sighting)
{
    for (unsigned n = first->later; n > 0 && n + ALIKE_COPIED > first->later; n--) {
        const struct sighting *earlier = place_of(s, later_identity(first->identity, n), first->role);
        if (earlier && earlier->identity && is_copy(earlier, sighting))
            return true;
    }
    return false;
}

/* `sighting` has the identity and role of `first`, but it is another packet. */
static void add_later(struct sightings *s, struct sighting *first, struct sighting sighting)
{
    if (sighting_names_packet(first) || first->later == ALIKE_MOST || is_copy_of_later(s, first, &sighting))
        return;
    sighting.identity = later_identity(sighting.identity, ++first->later);
    sighting.preferred = set_has(s->set, sighting.identity);
    sighting.is_later = true;
    struct sighting *place = is_chosen(s, &sighting) ? place_of(s, sighting.identity, sighting.role) : NULL;
    if (place && !place->identity && make_room(s, &sighting)) /* from here on, `first` may have moved */
        s->count += insert(s, &sighting);
}

static void repeat(struct sightings *s, struct sighting *first, const struct sighting *sighting)
{
    if (is_copy(first, sighting))
        return;
    first->is_repeated = true;
    if (sighting->ttl > first->ttl_most || (sighting->ttl == first->ttl_most && sighting->time < first->most_time)) {
        first->ttl_most = sighting->ttl;
        first->most_time = sighting->time;
    }
    first->time = sighting->time < first->time ? sighting->time : first->time;
    add_later(s, first, *sighting);
}

static void add(struct sightings *s, struct sighting sighting)
{
    sighting.preferred = set_has(s->set, sighting.identity);
    sighting.ttl_most = sighting.ttl;
    sighting.most_time = sighting.time;
    if (!is_chosen(s, &sighting))
        return;
    struct sighting *place = place_of(s, sighting.identity, sighting.role);
    if (place && place->identity)
        repeat(s, place, &sighting);
    else if (place && make_room(s, &sighting))
        s->count += insert(s, &sighting);
}

void sightings_add(struct sightings *s, const struct sighting *sighting)
{
    s->out_of_order = s->out_of_order || (sighting->time < s->last && s->last - sighting->time > SAME_FRAME_WITHIN);
    s->first = sighting->time < s->first ? sighting->time : s->first;
    s->last = sighting->time > s->last ? sighting->time : s->last;
    s->first_hops += sighting->role == SIGHTING_PACKET && sighting->ttl == 1 && !sighting->is_error;
    if (sighting->identity)
        add(s, *sighting);
}

static int by_identity(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;
    if (x->identity != y->identity)
        return x->identity < y->identity ? -1 : 1;
    return (int)x->role - (int)y->role;
}

const struct sighting *sightings_list(struct sightings *s, unsigned *count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i <= s->mask; i++)
        if (s->places[i].identity && !(s->places[i].is_later && s->out_of_order))
            s->list[kept++] = s->places[i];
    qsort(s->list, kept, sizeof *s->list, by_identity);
    *count = kept;
    return s->list;
}

bool sightings_range(const struct sightings *s, nstime *first, nstime *last)
{
    *first = s->first;
    *last = s->last;
    return s->first <= s->last;
}

uint64_t sightings_first_hops(const struct sightings *s)
{
    return s->first_hops;
}
