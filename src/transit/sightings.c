/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/sightings.h"

#include <stdlib.h>

/* A second sighting with the same TTL within this time is a copy: recorded twice, or on another interface. */
#define COPY_WITHIN (2 * NS_PER_MS)
/* A forwarded copy, with a lower TTL, comes within this time. */
#define FORWARDED_WITHIN (10 * NS_PER_S)

struct sightings {
    struct sighting *places; /* owned; a hash table with open addressing. identity 0: free */
    struct sighting *list;   /* owned; made by sightings_list() */
    unsigned mask;           /* places - 1 */
    unsigned count, most;
    unsigned level;
    uint64_t first_hops;
    nstime first, last;
};

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

static bool is_chosen(const struct sightings *s, uint64_t identity)
{
    return (identity & ((UINT64_C(1) << s->level) - 1)) == 0;
}

/* The place of this identity and role, or the free one where it belongs. The upper bits are free of the choice. */
static struct sighting *place_of(struct sightings *s, uint64_t identity, uint8_t role)
{
    unsigned at = (unsigned)(identity >> 32) + role;
    for (;; at++) {
        struct sighting *place = &s->places[at & s->mask];
        if (!place->identity || (place->identity == identity && place->role == role))
            return place;
    }
}

/* Keeps half of the identities. */
static void thin(struct sightings *s)
{
    unsigned kept = 0;
    s->level++;
    for (unsigned i = 0; i <= s->mask; i++) {
        if (s->places[i].identity && is_chosen(s, s->places[i].identity))
            s->list[kept++] = s->places[i];
        s->places[i] = (struct sighting){.identity = 0};
    }
    for (unsigned i = 0; i < kept; i++)
        *place_of(s, s->list[i].identity, s->list[i].role) = s->list[i];
    s->count = kept;
}

static bool is_copy(const struct sighting *first, const struct sighting *second)
{
    nstime apart = second->time - first->time;
    nstime most = second->ttl < first->ttl ? FORWARDED_WITHIN : COPY_WITHIN;
    return second->ttl <= first->ttl && apart <= most && apart >= -most;
}

void sightings_add(struct sightings *s, const struct sighting *sighting)
{
    s->first = sighting->time < s->first ? sighting->time : s->first;
    s->last = sighting->time > s->last ? sighting->time : s->last;
    s->first_hops += sighting->role == SIGHTING_PROBE && sighting->ttl == 1;
    if (!sighting->identity || !is_chosen(s, sighting->identity))
        return;
    struct sighting *place = place_of(s, sighting->identity, sighting->role);
    if (place->identity) {
        place->ambiguous = place->ambiguous || !is_copy(place, sighting);
        return;
    }
    if (s->count == s->most) {
        if (s->level < 32)
            thin(s);
        if (s->count == s->most || !is_chosen(s, sighting->identity))
            return;
        place = place_of(s, sighting->identity, sighting->role);
    }
    *place = *sighting;
    s->count++;
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
        if (s->places[i].identity && !s->places[i].ambiguous)
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
