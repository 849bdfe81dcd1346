/* SPDX-License-Identifier: BSD-2-Clause */
/* A small table grows before one candidate takes the place of another. So it forgets no more than the largest one. */
#include "recognise/store/senders.h"

#include <stdlib.h>

#include "recognise/store/candidate.h"

#define SENDERS_BITS_FIRST 8
#define SENDERS_BITS_MOST 16
#define SENDERS_BITS_STEP 2 /* bits by which it grows */

/* What a translator of targets leaves alone: the source port (echo: the id) and the identity. */
static uint64_t identity_of(const struct recogniser *r, uint8_t protocol, uint8_t family, const struct traits *traits)
{
    switch (r->digester.types[protocol]->identity) {
    case IDENTITY_SEQ:
        return traits->seq;
    case IDENTITY_ECHO:
        return (uint16_t)traits->word;
    default:
        return family == 4 ? traits->ip_id : (uint16_t)traits->word;
    }
}

/* Without the secret: two with the same hash would otherwise change the result from run to run. */
static uint16_t hash_of(const struct recogniser *r, uint8_t protocol, uint8_t family, const struct traits *traits)
{
    uint64_t value = identity_of(r, protocol, family, traits) << 16 | traits->word >> 16;
    return (uint16_t)(value * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SENDERS_BITS_MOST));
}

static uint16_t hash_of_candidate(const struct recogniser *r, const struct candidate *candidate)
{
    return hash_of(r, candidate->run->protocol, candidate->run->version, &candidate->traits);
}

static uint32_t *place_of(const struct recogniser *r, uint16_t hash)
{
    return &r->senders[hash >> (SENDERS_BITS_MOST - r->sender_bits)];
}

/* NULL: none, or it has been freed since. */
static const struct candidate *candidate_of(const struct recogniser *r, uint32_t id)
{
    const struct candidate *candidate = id ? candidate_at(r, id) : NULL;
    return candidate && candidate->indexed ? candidate : NULL;
}

/* False: no memory. */
static bool senders_grow(struct recogniser *r, unsigned bits)
{
    uint32_t *before = r->senders, *larger = calloc((size_t)1 << bits, sizeof *larger);
    size_t count = before ? (size_t)1 << r->sender_bits : 0;
    unsigned shift = SENDERS_BITS_MOST - r->sender_bits;
    if (!larger)
        return false;
    r->senders = larger;
    r->sender_bits = bits;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = candidate_of(r, before[i]);
        uint16_t hash = candidate ? hash_of_candidate(r, candidate) : 0;
        if (candidate && (size_t)(hash >> shift) == i) /* else its id is that of another one by now */
            *place_of(r, hash) = candidate->id;
    }
    free(before);
    return true;
}

bool senders_init(struct recogniser *r)
{
    return senders_grow(r, SENDERS_BITS_FIRST);
}

void senders_free(struct recogniser *r)
{
    free(r->senders);
}

/* True if a candidate with another hash has the place. */
static bool is_taken(const struct recogniser *r, uint16_t hash)
{
    const struct candidate *other = candidate_of(r, *place_of(r, hash));
    return other && hash_of_candidate(r, other) != hash;
}

void senders_add(struct recogniser *r, const struct candidate *candidate)
{
    uint16_t hash = hash_of_candidate(r, candidate);
    while (r->sender_bits < SENDERS_BITS_MOST && is_taken(r, hash) &&
           senders_grow(r, r->sender_bits + SENDERS_BITS_STEP))
        ;
    *place_of(r, hash) = candidate->id;
}

const struct candidate *senders_find(const struct recogniser *r, const struct digest *packet)
{
    return candidate_of(r, *place_of(r, hash_of(r, packet->protocol, packet->source.family, &packet->traits)));
}
