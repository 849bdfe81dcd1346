/* SPDX-License-Identifier: BSD-2-Clause */
/* Open addressing: a search for a key that is not there touches no candidate. */
#include "recognise/store/index.h"

#include <stdlib.h>

#include "recognise/store/candidate.h"

#define INDEX_BITS_FIRST 10

/* The entry of this key, or the free place where it belongs. */
static struct index_entry *entry_of(const struct recogniser *r, uint64_t key)
{
    size_t mask = ((size_t)1 << r->index_bits) - 1;
    for (size_t i = index_home(r, index_hash(key));; i = (i + 1) & mask) {
        struct index_entry *entry = &r->index[i];
        if (!entry->id || (entry->hash == index_hash(key) && candidate_at(r, entry->id)->key == key))
            return entry;
    }
}

struct index_place index_find(const struct recogniser *r, uint64_t key)
{
    const struct index_entry *entry = entry_of(r, key);
    return (struct index_place){
        .place = (size_t)(entry - r->index),
        .changes = r->index_changes,
        .first = entry->id ? candidate_at(r, entry->id) : NULL,
    };
}

struct candidate *index_first(const struct recogniser *r, uint64_t key)
{
    const struct index_entry *entry = entry_of(r, key);
    return entry->id ? candidate_at(r, entry->id) : NULL;
}

static bool index_grow(struct recogniser *r, unsigned bits)
{
    struct index_entry *before = r->index;
    size_t count = before ? (size_t)1 << r->index_bits : 0;
    struct index_entry *larger = calloc((size_t)1 << bits, sizeof *larger);
    if (!larger)
        return false;
    r->index_changes++;
    r->index = larger;
    r->index_bits = bits;
    for (size_t i = 0; i < count; i++) {
        size_t place = index_home(r, before[i].hash);
        while (before[i].id && larger[place].id)
            place = (place + 1) & (((size_t)1 << bits) - 1);
        if (before[i].id)
            larger[place] = before[i];
    }
    free(before);
    return true;
}

/* Candidates with one key share an entry: equal packets make no long row of entries. */
bool index_add(struct recogniser *r, const struct index_place *place, struct candidate *candidate)
{
    if (r->index_count >= (size_t)1 << (r->index_bits - 1) && !index_grow(r, r->index_bits + 1))
        return false;
    struct index_entry *entry =
        place->changes == r->index_changes ? &r->index[place->place] : entry_of(r, candidate->key);
    r->index_changes++;
    candidate->previous_same = 0;
    candidate->next_same = entry->id;
    if (entry->id)
        candidate_at(r, entry->id)->previous_same = candidate->id;
    else
        r->index_count++;
    *entry = (struct index_entry){.hash = index_hash(candidate->key), .id = candidate->id};
    candidate->indexed = true;
    return true;
}

/* Closes the gap (Knuth 6.4, algorithm R): entries that could not stand where they belong move up. */
static void entry_remove(struct recogniser *r, struct index_entry *entry)
{
    size_t mask = ((size_t)1 << r->index_bits) - 1;
    size_t gap = (size_t)(entry - r->index);
    for (size_t i = (gap + 1) & mask; r->index[i].id; i = (i + 1) & mask) {
        size_t home = index_home(r, r->index[i].hash);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        r->index[gap] = r->index[i];
        gap = i;
    }
    r->index[gap] = (struct index_entry){0};
    r->index_count--;
}

void index_remove(struct recogniser *r, struct candidate *candidate)
{
    if (!candidate->indexed)
        return;
    r->index_changes++;
    candidate->indexed = false;
    if (candidate->next_same)
        candidate_at(r, candidate->next_same)->previous_same = candidate->previous_same;
    if (candidate->previous_same) {
        candidate_at(r, candidate->previous_same)->next_same = candidate->next_same;
        return;
    }
    struct index_entry *entry = entry_of(r, candidate->key);
    if (candidate->next_same)
        entry->id = candidate->next_same;
    else
        entry_remove(r, entry);
}

struct candidate *index_next(const struct recogniser *r, const struct candidate *candidate)
{
    return candidate->next_same ? candidate_at(r, candidate->next_same) : NULL;
}

bool index_init(struct recogniser *r)
{
    return index_grow(r, INDEX_BITS_FIRST);
}

void index_free(struct recogniser *r)
{
    free(r->index);
}
