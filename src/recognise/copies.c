/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet is a copy of an earlier one with the same hash (`same` of its digest)
 * 1. if it has the same TTL, stands in the same file, and follows within SAME_FRAME_WITHIN; or
 * 2. if it stands in another file or has a lower TTL, the TTL is not higher, and it follows within FORWARDED_WITHIN.
 *
 * The time counts from the first of them, so a stream of equal packets is not one packet. A packet with a higher TTL
 * than before is another one: probes may differ in nothing else. */
#include "recognise/copies.h"

#include <stdlib.h>
#include <string.h>

#define SETS_BITS 11
#define SET_SIZE 4 /* sightings with one cache line */
#define TRANSLATED_WITHIN                                                                                              \
    (20 * NS_PER_MS) /* a NAT forwards a probe within this time; a longer one would join probes of different hosts */

_Static_assert(sizeof(struct sighting) * SET_SIZE == CACHE_LINE, "a set fills a cache line");

bool copies_init(struct recogniser *r)
{
    size_t bytes = sizeof(struct sighting) * SET_SIZE << SETS_BITS;
    r->sightings = aligned_alloc(CACHE_LINE, bytes);
    if (r->sightings)
        memset(r->sightings, 0, bytes);
    return r->sightings;
}

void copies_free(struct recogniser *r)
{
    free(r->sightings);
}

static struct sighting *set_of(const struct recogniser *r, uint64_t hash)
{
    return &r->sightings[(hash >> (64 - SETS_BITS)) * SET_SIZE];
}

void copies_prefetch(const struct recogniser *r, const struct digest *digest)
{
    __builtin_prefetch(set_of(r, digest->same), 1);
}

static struct sighting make_sighting(const struct digest *digest, uint64_t hash)
{
    return (struct sighting){
        .time = digest->time,
        .tag = (uint32_t)hash | 1,
        .ttl = digest_outer_ttl(digest),
        .file = digest->file,
        .place = (uint8_t)(digest->interface << 2 | digest->direction),
        .port = (uint8_t)(digest->traits.word >> 24 ^ digest->traits.word >> 16),
    };
}

/* Stamps of one packet may be a little out of order. */
static bool follows_within(const struct sighting *before, const struct sighting *now, nstime span)
{
    nstime apart = now->time - before->time;
    return apart <= span && apart >= -SAME_FRAME_WITHIN;
}

static enum seen compare(const struct sighting *before, const struct sighting *now)
{
    if (now->ttl > before->ttl)
        return SEEN_FIRST;
    if (now->ttl == before->ttl && now->file == before->file)
        return follows_within(before, now, SAME_FRAME_WITHIN) ? SEEN_AGAIN : SEEN_FIRST;
    return follows_within(before, now, FORWARDED_WITHIN) ? SEEN_ELSEWHERE : SEEN_FIRST;
}

/* `known`: an earlier sighting of the same packet, which the new one replaces; NULL: the new one takes the place of the
 * one that came first. */
static void remember(struct sighting *set, struct sighting *known, const struct sighting *now)
{
    if (!known)
        memmove(set + 1, set, (SET_SIZE - 1) * sizeof *set);
    *(known ? known : set) = *now;
}

enum seen copies_see(struct recogniser *r, const struct digest *digest, nstime *first)
{
    struct sighting now = make_sighting(digest, digest->same), *known = NULL, *set = set_of(r, digest->same);
    for (unsigned i = 0; i < SET_SIZE; i++) {
        if (set[i].tag != now.tag)
            continue;
        enum seen seen = compare(&set[i], &now);
        *first = set[i].time;
        if (seen != SEEN_FIRST)
            return seen;
        known = &set[i];
    }
    remember(set, known, &now);
    return SEEN_FIRST;
}

void copies_renew(struct recogniser *r, const struct digest *digest)
{
    struct sighting *set = set_of(r, digest->same);
    for (unsigned i = 0; i < SET_SIZE; i++)
        if (set[i].tag == ((uint32_t)digest->same | 1))
            set[i].time = digest->time;
}

/* A router with NAT sends what it received, with another source, a TTL that is lower by one, and mostly the same port.
 * 1. In another file, which may be taken far away: with the same port and a lower TTL.
 * 2. Where the capture knows interfaces or directions: received on one, and sent on another.
 * 3. Where it knows neither: with the same port. */
static bool is_translated(const struct sighting *before, const struct sighting *now, const struct digest *digest)
{
    bool same_port = before->port == now->port, one_lower = before->ttl == now->ttl + 1;
    if (before->file != now->file)
        return same_port && now->ttl < before->ttl && follows_within(before, now, FORWARDED_WITHIN);
    if (!one_lower || !follows_within(before, now, TRANSLATED_WITHIN))
        return false;
    if (before->place == now->place)
        return same_port && digest->direction == FRAME_DIRECTION_UNKNOWN;
    return digest->direction != FRAME_IN && (before->place & 3) != FRAME_OUT;
}

bool copies_see_translated(struct recogniser *r, const struct digest *digest)
{
    struct sighting now = make_sighting(digest, digest->same_beyond_nat), *known = NULL;
    struct sighting *set = set_of(r, digest->same_beyond_nat);
    for (unsigned i = 0; i < SET_SIZE; i++) {
        if (set[i].tag != now.tag)
            continue;
        if (is_translated(&set[i], &now, digest))
            return true;
        known = &set[i];
    }
    remember(set, known, &now);
    return false;
}
