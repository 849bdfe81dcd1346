/* SPDX-License-Identifier: BSD-2-Clause */
/* index: candidates found by key. Floor 4; internal to recognise/. */
#ifndef HOPSONDE_RECOGNISE_STORE_INDEX_H
#define HOPSONDE_RECOGNISE_STORE_INDEX_H

#include "recognise/store/candidate.h"

bool index_init(struct recogniser *r); /* false: no memory */
void index_free(struct recogniser *r);

/* Where a key belongs, for index_add(). */
struct index_place {
    size_t place;
    uint32_t changes;
    struct candidate *first; /* the newest candidate of that key; NULL: none */
};
struct index_place index_find(const struct recogniser *r, uint64_t key);
bool index_add(struct recogniser *r, const struct index_place *place,
               struct candidate *candidate); /* false: no memory */
void index_remove(struct recogniser *r, struct candidate *candidate);
/* The newest candidate of a key, and the next older one; NULL: none. */
struct candidate *index_first(const struct recogniser *r, uint64_t key);
struct candidate *index_next(const struct recogniser *r, const struct candidate *candidate);

static inline uint32_t index_hash(uint64_t key)
{
    return (uint32_t)(key >> 32);
}

static inline size_t index_home(const struct recogniser *r, uint32_t hash)
{
    return hash >> (32 - r->index_bits);
}

/* The newest candidate that may have this key: only half of the key is compared, and only near its own place. NULL:
 * none. It does not touch the candidate. */
static inline const struct candidate *index_peek(const struct recogniser *r, uint64_t key)
{
    size_t mask = ((size_t)1 << r->index_bits) - 1, home = index_home(r, index_hash(key));
    for (size_t i = 0; i < PEEK_MOST; i++) {
        const struct index_entry *entry = &r->index[(home + i) & mask];
        if (!entry->id || entry->hash == index_hash(key))
            return entry->id ? candidate_at(r, entry->id) : NULL;
    }
    return NULL;
}

static inline void index_prefetch_hash(const struct recogniser *r, uint32_t hash)
{
    __builtin_prefetch(&r->index[index_home(r, hash)]);
}

static inline void index_prefetch(const struct recogniser *r, uint64_t key)
{
    index_prefetch_hash(r, index_hash(key));
}

#endif
