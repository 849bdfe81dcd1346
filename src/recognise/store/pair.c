/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/pair.h"

#include <stdlib.h>

#define PAIR_BITS_FIRST 10
#define TARGET_BITS 12

/* The entry of this pair, or the free place where it belongs. Only pairs with the same hash are compared. */
static struct pair_entry *pair_entry_of(const struct recogniser *r, uint64_t hash, const struct addr *source,
                                        const struct addr *target, uint8_t protocol)
{
    size_t mask = ((size_t)1 << r->pair_bits) - 1;
    for (size_t i = pair_home(r, hash);; i = (i + 1) & mask) {
        struct pair_entry *entry = &r->pairs[i];
        const struct pair *pair = entry->pair;
        if (!pair || (entry->hash == hash && pair->protocol == protocol && addr_equal(&pair->source, source) &&
                      addr_equal(&pair->target, target)))
            return entry;
    }
}

static bool pairs_grow(struct recogniser *r, unsigned bits)
{
    struct pair_entry *before = r->pairs;
    size_t count = before ? (size_t)1 << r->pair_bits : 0, mask = ((size_t)1 << bits) - 1;
    struct pair_entry *larger = calloc((size_t)1 << bits, sizeof *larger);
    if (!larger)
        return false;
    r->pairs = larger;
    r->pair_bits = bits;
    for (size_t i = 0; i < count; i++) {
        size_t place = pair_home(r, before[i].hash);
        while (before[i].pair && larger[place].pair)
            place = (place + 1) & mask;
        if (before[i].pair)
            larger[place] = before[i];
    }
    free(before);
    return true;
}

static struct pair **target_slot(const struct recogniser *r, const struct addr *target, uint8_t protocol)
{
    return &r->targets[digest_pair_hash(&r->digester, target, target, protocol) >> (64 - TARGET_BITS)];
}

struct pair *pair_find_marked(const struct recogniser *r, uint64_t hash, const struct addr *source,
                              const struct addr *target, uint8_t protocol)
{
    return pair_entry_of(r, hash, source, target, protocol)->pair;
}

/* A mark that is full stays so: it only costs searches. */
static void pair_mark(struct recogniser *r, uint64_t hash, int change)
{
    uint8_t *mark = &r->pair_marks[hash >> (64 - PAIR_MARK_BITS)];
    if (*mark < UINT8_MAX)
        *mark = (uint8_t)(*mark + change);
}

struct pair *pair_get(struct recogniser *r, const struct digest *digest)
{
    struct pair_entry *entry = pair_entry_of(r, digest->pair_hash, &digest->source, &digest->target, digest->protocol);
    if (entry->pair)
        return entry->pair;
    if (r->pair_count >= (size_t)1 << (r->pair_bits - 1)) {
        if (!pairs_grow(r, r->pair_bits + 1))
            return NULL;
        entry = pair_entry_of(r, digest->pair_hash, &digest->source, &digest->target, digest->protocol);
    }
    struct pair *pair = pool_take(&r->pair_pool, sizeof *pair);
    if (!pair)
        return NULL;
    *pair = (struct pair){
        .source = digest->source, .target = digest->target, .protocol = digest->protocol, .hash = digest->pair_hash};
    struct pair **of_target = target_slot(r, &digest->target, digest->protocol);
    pair->next_of_target = *of_target;
    pair->of_target_at = of_target;
    if (*of_target)
        (*of_target)->of_target_at = &pair->next_of_target;
    *of_target = pair;
    *entry = (struct pair_entry){.hash = digest->pair_hash, .pair = pair};
    r->pair_count++;
    pair_mark(r, pair->hash, 1);
    return pair;
}

struct pair *pair_first_of_target(const struct recogniser *r, const struct addr *target, uint8_t protocol)
{
    return *target_slot(r, target, protocol);
}

/* As entry_remove() of index.c. */
static void pair_entry_remove(struct recogniser *r, struct pair_entry *entry)
{
    size_t mask = ((size_t)1 << r->pair_bits) - 1;
    size_t gap = (size_t)(entry - r->pairs);
    for (size_t i = (gap + 1) & mask; r->pairs[i].pair; i = (i + 1) & mask) {
        size_t home = pair_home(r, r->pairs[i].hash);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        r->pairs[gap] = r->pairs[i];
        gap = i;
    }
    r->pairs[gap] = (struct pair_entry){0};
    r->pair_count--;
}

void pair_release(struct recogniser *r, struct pair *pair)
{
    if (pair->runs || pair->unmatched)
        return;
    *pair->of_target_at = pair->next_of_target;
    if (pair->next_of_target)
        pair->next_of_target->of_target_at = pair->of_target_at;
    pair_mark(r, pair->hash, -1);
    pair_entry_remove(r, pair_entry_of(r, pair->hash, &pair->source, &pair->target, pair->protocol));
    pool_give(&r->pair_pool, pair);
}

bool pairs_init(struct recogniser *r)
{
    r->targets = calloc((size_t)1 << TARGET_BITS, sizeof(struct pair *));
    return pairs_grow(r, PAIR_BITS_FIRST) && r->targets;
}

void pairs_free(struct recogniser *r)
{
    pool_free(&r->pair_pool);
    free(r->targets);
    free(r->pairs);
}
