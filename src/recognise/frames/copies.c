/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet is a copy of an earlier one with the same hash (`same` of its digest)
 * 1. if it has the same TTL, stands in the same file, and follows within SAME_FRAME_WITHIN; or
 * 2. if it stands in another file or has a lower TTL, the TTL is not higher, and it follows within FORWARDED_WITHIN; in
 *    the same file within FORWARDED_SOON if nothing else numbers it: some tools count TTLs down; or
 * 3. if it came in a tunnel whose TTL is lower, within the time of rule 2.
 *
 * The time counts from the first of them, so a stream of equal packets is not one packet. A packet with a higher TTL
 * than before is another one: probes may differ in nothing else. Each TTL has a sighting of its own, and rule 1 comes
 * first: a packet with a TTL that was seen before SAME_FRAME_WITHIN was sent again. On one interface the checksum is
 * the same as well; between two, the network card may fill it in.
 *
 * A small table grows before it forgets a sighting. So it forgets no more than the largest one. */
#include "recognise/frames/copies.h"

#include <stdlib.h>
#include <string.h>

#define SETS_BITS_FIRST 6
#define SETS_BITS_MOST 11
#define SET_SIZE 4 /* sightings with one cache line */
#define TRANSLATED_WITHIN                                                                                              \
    (20 * NS_PER_MS) /* a NAT forwards a probe within this time; a longer one would join probes of different hosts */

_Static_assert(sizeof(struct sighting) * SET_SIZE == CACHE_LINE, "a set fills a cache line");

static struct sighting *set_of(const struct recogniser *r, uint64_t hash)
{
    return &r->sightings[(hash >> (64 - r->set_bits)) * SET_SIZE];
}

/* The oldest of the set has to go. */
static inline void put(struct recogniser *r, struct sighting *set, uint64_t hash, struct sighting sighting)
{
    for (unsigned i = SET_SIZE - 1; i > 0; i--)
        set[i] = set[i - 1];
    set[0] = sighting;
    if (!r->full_sets)
        return;
    uint16_t *full_sets = &r->full_sets[set - r->sightings];
    for (unsigned i = SET_SIZE - 1; i > 0; i--)
        full_sets[i] = full_sets[i - 1];
    full_sets[0] = (uint16_t)(hash >> (64 - SETS_BITS_MOST));
}

/* False: no memory. */
static bool copies_grow(struct recogniser *r, unsigned bits)
{
    struct sighting *before = r->sightings;
    uint16_t *full_sets_before = r->full_sets;
    size_t count = before ? (size_t)SET_SIZE << r->set_bits : 0, larger = (size_t)SET_SIZE << bits;
    struct sighting *sightings = aligned_alloc(CACHE_LINE, larger * sizeof *sightings);
    uint16_t *full_sets = bits < SETS_BITS_MOST ? calloc(larger, sizeof *full_sets) : NULL;
    if (!sightings || (bits < SETS_BITS_MOST && !full_sets)) {
        free(sightings);
        free(full_sets);
        return false;
    }
    memset(sightings, 0, larger * sizeof *sightings);
    r->sightings = sightings;
    r->full_sets = full_sets;
    r->set_bits = bits;
    for (size_t i = count; i-- > 0;) { /* of each set the oldest first */
        uint64_t hash = (uint64_t)full_sets_before[i] << (64 - SETS_BITS_MOST);
        if (before[i].tag)
            put(r, set_of(r, hash), hash, before[i]);
    }
    free(before);
    free(full_sets_before);
    return true;
}

bool copies_init(struct recogniser *r)
{
    return copies_grow(r, SETS_BITS_FIRST);
}

void copies_free(struct recogniser *r)
{
    free(r->sightings);
    free(r->full_sets);
}

void copies_prefetch(const struct recogniser *r, const struct digest *digest)
{
    __builtin_prefetch(set_of(r, digest->same), 1);
    if (digest->same_beyond_nat)
        __builtin_prefetch(set_of(r, digest->same_beyond_nat), 1);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash | 1;
}

static uint8_t place_of(const struct digest *digest)
{
    return (uint8_t)(digest->interface << 2 | digest->direction);
}

static uint8_t fold(uint32_t value)
{
    return (uint8_t)(value >> 8 ^ value);
}

/* The mark of a sighting: the TTL of the tunnel that it came in; else, without an id, its checksum. */
static uint8_t mark_of(const struct digest *digest)
{
    if (digest->inside)
        return digest->inside->at[0].ttl;
    return digest_has_id(digest) ? 0 : fold(digest->traits.checksum);
}

static uint8_t port_of(const struct digest *digest)
{
    return fold(digest->traits.word >> 16);
}

/* Most packets are seen for the first time: nothing in their set is compared further. */
static bool has_tag(const struct sighting *set, uint32_t tag)
{
    _Static_assert(SET_SIZE == 4, "all of a set are compared");
    return (set[0].tag == tag) | (set[1].tag == tag) | (set[2].tag == tag) | (set[3].tag == tag);
}

static struct sighting sighting_of(const struct digest *digest, uint64_t hash, uint8_t mark)
{
    return (struct sighting){
        .time = digest->time,
        .tag = tag_of(hash),
        .ttl = digest_outer_ttl(digest),
        .file = digest->file,
        .place = place_of(digest),
        .mark = mark,
    };
}

static inline void remember_new(struct recogniser *r, struct sighting *set, uint64_t hash, struct sighting sighting)
{
    while (r->full_sets && set[SET_SIZE - 1].tag && copies_grow(r, r->set_bits + 1))
        set = set_of(r, hash);
    put(r, set, hash, sighting);
}

/* `known`: an earlier sighting with this hash, which the new one replaces; NULL: none. */
static void remember(struct recogniser *r, struct sighting *set, struct sighting *known, uint64_t hash,
                     struct sighting sighting)
{
    if (known)
        *known = sighting;
    else
        remember_new(r, set, hash, sighting);
}

/* Stamps of one packet may be a little out of order. */
static bool follows_within(const struct sighting *before, nstime time, nstime span)
{
    return time - before->time <= span && time - before->time >= -SAME_FRAME_WITHIN;
}

/* True if a router forwarded what was seen before, or another file shows it. */
static bool is_elsewhere(const struct sighting *before, const struct digest *digest)
{
    uint8_t ttl = digest_outer_ttl(digest);
    bool other_file = digest->file != before->file;
    bool sure = other_file || digest->kind != PACKET_PLAIN || digest_has_id(digest);
    return (ttl < before->ttl || (ttl == before->ttl && other_file)) &&
           follows_within(before, digest->time, sure ? FORWARDED_WITHIN : FORWARDED_SOON);
}

/* True if a router forwarded the tunnel's packet, which holds what was seen before. */
static bool is_tunnel_forwarded(const struct sighting *before, const struct digest *digest)
{
    return digest->inside && mark_of(digest) < before->mark &&
           follows_within(before, digest->time, digest_has_id(digest) ? FORWARDED_WITHIN : FORWARDED_SOON);
}

static bool is_of(const struct sighting *before, const struct digest *digest)
{
    return before->ttl == digest_outer_ttl(digest) && before->file == digest->file;
}

static bool may_be_equal(const struct sighting *before, const struct digest *digest)
{
    bool is_told_apart =
        digest_has_id(digest) || digest->inside || before->place != place_of(digest) || before->file != digest->file;
    return before->tag == tag_of(digest->same) && (is_told_apart || before->mark == mark_of(digest));
}

/* What the sightings of its set say about a packet. `same`: that of its TTL and file; NULL: none. */
static enum seen compare(struct sighting *set, const struct digest *digest, struct sighting **same, nstime *first)
{
    bool elsewhere = false, by_others = false;
    for (unsigned i = 0; i < SET_SIZE; i++) {
        if (!may_be_equal(&set[i], digest))
            continue;
        if (is_of(&set[i], digest))
            *same = *same && (*same)->time > set[i].time ? *same : &set[i];
        else if (is_elsewhere(&set[i], digest))
            *(set[i].file == digest->file ? &elsewhere : &by_others) = true;
    }
    if (*same && follows_within(*same, digest->time, SAME_FRAME_WITHIN)) {
        if ((*same)->place == place_of(digest))
            *first = (*same)->time;
        return SEEN_AGAIN;
    }
    if (by_others && !*same)
        return SEEN_BY_OTHERS;
    return (elsewhere && !*same) || (*same && is_tunnel_forwarded(*same, digest)) ? SEEN_ELSEWHERE : SEEN_FIRST;
}

/* The slow part of copies_see(). */
__attribute__((noinline)) static enum seen see_known(struct recogniser *r, struct sighting *set,
                                                     const struct digest *digest, nstime *first)
{
    struct sighting *same = NULL;
    enum seen seen = compare(set, digest, &same, first);
    if (seen == SEEN_FIRST)
        remember(r, set, same, digest->same, sighting_of(digest, digest->same, mark_of(digest)));
    return seen;
}

enum seen copies_see(struct recogniser *r, const struct digest *digest, nstime *first)
{
    struct sighting *set = set_of(r, digest->same);
    if (has_tag(set, tag_of(digest->same)))
        return see_known(r, set, digest, first);
    remember_new(r, set, digest->same, sighting_of(digest, digest->same, mark_of(digest)));
    return SEEN_FIRST;
}

void copies_renew(struct recogniser *r, const struct digest *digest)
{
    struct sighting *set = set_of(r, digest->same);
    for (unsigned i = 0; i < SET_SIZE; i++)
        if (may_be_equal(&set[i], digest) && is_of(&set[i], digest))
            set[i].time = digest->time;
}

/* A router with NAT sends what it received, with another source, a TTL that is lower by one, and mostly the same port.
 * 1. In another file, which may be taken far away: with the same port and a lower TTL.
 * 2. Where the capture knows interfaces or directions: received on one, and sent on another.
 * 3. Where it knows neither: with the same port. */
static bool is_translated(const struct sighting *before, const struct digest *digest)
{
    uint8_t ttl = digest->traits.ttl, place = place_of(digest);
    bool same_port = before->mark == port_of(digest);
    if (before->file != digest->file)
        return same_port && ttl < before->ttl && follows_within(before, digest->time, FORWARDED_WITHIN);
    if (before->ttl != ttl + 1 || !follows_within(before, digest->time, TRANSLATED_WITHIN))
        return false;
    if (before->place == place)
        return same_port && digest->direction == FRAME_DIRECTION_UNKNOWN;
    return digest->direction != FRAME_IN && (before->place & 3) != FRAME_OUT;
}

bool copies_see_translated(struct recogniser *r, const struct digest *digest)
{
    uint64_t hash = digest->same_beyond_nat;
    struct sighting *set = set_of(r, hash), *same = NULL;
    for (unsigned i = 0; i < SET_SIZE && has_tag(set, tag_of(hash)); i++) {
        if (set[i].tag != tag_of(hash))
            continue;
        if (is_translated(&set[i], digest))
            return true;
        same = is_of(&set[i], digest) ? &set[i] : same;
    }
    remember(r, set, same, hash, sighting_of(digest, hash, port_of(digest)));
    return false;
}
