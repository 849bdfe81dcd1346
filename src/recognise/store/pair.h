/* SPDX-License-Identifier: BSD-2-Clause */
/* pair: the pairs of hosts that have runs or unmatched replies, found by hash. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_STORE_PAIR_H
#define HOPSONDE_RECOGNISE_STORE_PAIR_H

#include "recognise/state.h"

bool pairs_init(struct recogniser *r); /* false: no memory */
void pairs_free(struct recogniser *r);
/* As pair_find(), of a hash that has a mark. */
struct pair *pair_find_marked(const struct recogniser *r, uint64_t hash, const struct addr *source,
                              const struct addr *target, uint8_t protocol);
/* Makes it if it is new; NULL: no memory. */
struct pair *pair_get(struct recogniser *r, const struct digest *digest);
/* The first of the pairs that may have this target and protocol: a chain by next_of_target. The caller compares. */
struct pair *pair_first_of_target(const struct recogniser *r, const struct addr *target, uint8_t protocol);
/* Frees a pair that has neither runs nor unmatched replies. */
void pair_release(struct recogniser *r, struct pair *pair);

/* False: there is no pair with this hash. */
static inline bool pair_has_mark(const struct recogniser *r, uint64_t hash)
{
    return r->pair_marks[hash >> (64 - PAIR_MARK_BITS)];
}

/* NULL: none. */
static inline struct pair *pair_find(const struct recogniser *r, uint64_t hash, const struct addr *source,
                                     const struct addr *target, uint8_t protocol)
{
    return pair_has_mark(r, hash) ? pair_find_marked(r, hash, source, target, protocol) : NULL;
}

/* The pair of a packet that may be a probe, or of the probe that an error quotes; NULL: none. */
static inline struct pair *pair_of_probe(const struct recogniser *r, const struct digest *digest)
{
    return pair_find(r, digest->pair_hash, &digest->source, &digest->target, digest->protocol);
}

/* The pair of the probe that this direct reply may answer; NULL: none. */
static inline struct pair *pair_of_answered(const struct recogniser *r, const struct digest *digest)
{
    return pair_find(r, digest->answer_hash, &digest->target, &digest->source, digest->protocol);
}

static inline size_t pair_home(const struct recogniser *r, uint64_t hash)
{
    return (size_t)(hash >> (64 - r->pair_bits));
}

/* The pair that likely has this hash, if it stands near its own place. NULL: none. It does not touch the pair. */
static inline const struct pair *pair_peek(const struct recogniser *r, uint64_t hash)
{
    size_t mask = ((size_t)1 << r->pair_bits) - 1, home = pair_home(r, hash);
    for (size_t i = 0; i < PEEK_MOST && pair_has_mark(r, hash); i++) {
        const struct pair_entry *entry = &r->pairs[(home + i) & mask];
        if (!entry->pair || entry->hash == hash)
            return entry->pair;
    }
    return NULL;
}

static inline void pair_prefetch(const struct recogniser *r, uint64_t hash)
{
    if (pair_has_mark(r, hash))
        __builtin_prefetch(&r->pairs[pair_home(r, hash)]);
}

#endif
