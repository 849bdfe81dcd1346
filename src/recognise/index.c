/* SPDX-License-Identifier: BSD-2-Clause */
/* table: everything that is found by hash, and the pool of sightings. */
#include <stdlib.h>

#include "recognise/internal.h"

#define CACHE_LINE 64
_Static_assert(sizeof(struct sighting) % CACHE_LINE == 0, "sightings begin with a cache line");

#define CHUNK 1024 /* sightings allocated at once */
#define TABLE_BITS_FIRST 10
#define TARGET_BITS 12

/* --- sightings --- */

static bool pool_grow(struct recogniser *r)
{
    if (r->chunk_count == SIGHTINGS_MOST / CHUNK)
        return false;
    struct sighting *chunk = aligned_alloc(CACHE_LINE, CHUNK * sizeof *chunk);
    if (!chunk)
        return false;
    r->chunks[r->chunk_count++] = chunk;
    for (unsigned i = CHUNK; i-- > 0;) {
        chunk[i].id = (r->chunk_count - 1) * CHUNK + i + 1;
        chunk[i].after = r->free_sightings;
        r->free_sightings = &chunk[i];
    }
    return true;
}

struct sighting *sighting_take(struct recogniser *r)
{
    if (!r->free_sightings && !pool_grow(r))
        return NULL;
    struct sighting *s = r->free_sightings;
    r->free_sightings = s->after;
    return s;
}

void sighting_release(struct recogniser *r, struct sighting *s)
{
    s->after = r->free_sightings;
    r->free_sightings = s;
}

/* --- the index: open addressing, so that a look at what is not there touches no sighting --- */

static struct sighting *sighting_at(const struct recogniser *r, uint32_t id)
{
    return &r->chunks[(id - 1) / CHUNK][(id - 1) % CHUNK];
}

static uint32_t hash_of(uint64_t key)
{
    return (uint32_t)(key >> 32);
}

static size_t home_of(const struct recogniser *r, uint32_t hash)
{
    return hash >> (32 - r->index_bits);
}

/* The entry of this key, or the free place where it belongs. */
static struct index_entry *entry_of(const struct recogniser *r, uint64_t key)
{
    size_t mask = ((size_t)1 << r->index_bits) - 1;
    for (size_t i = home_of(r, hash_of(key));; i = (i + 1) & mask) {
        struct index_entry *entry = &r->index[i];
        if (!entry->id || (entry->hash == hash_of(key) && sighting_at(r, entry->id)->key == key))
            return entry;
    }
}

struct index_place index_find(const struct recogniser *r, uint64_t key)
{
    const struct index_entry *entry = entry_of(r, key);
    return (struct index_place){
        .place = (size_t)(entry - r->index),
        .changes = r->index_changes,
        .first = entry->id ? sighting_at(r, entry->id) : NULL,
    };
}

struct sighting *index_first(const struct recogniser *r, uint64_t key)
{
    const struct index_entry *entry = entry_of(r, key);
    return entry->id ? sighting_at(r, entry->id) : NULL;
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
        size_t place = home_of(r, before[i].hash);
        while (before[i].id && larger[place].id)
            place = (place + 1) & (((size_t)1 << bits) - 1);
        if (before[i].id)
            larger[place] = before[i];
    }
    free(before);
    return true;
}

/* Sightings of one key share an entry: packets that are all alike make no long row of entries. */
bool index_add(struct recogniser *r, const struct index_place *place, struct sighting *s)
{
    if (r->index_count >= (size_t)1 << (r->index_bits - 1) && !index_grow(r, r->index_bits + 1))
        return false;
    struct index_entry *entry = place->changes == r->index_changes ? &r->index[place->place] : entry_of(r, s->key);
    r->index_changes++;
    s->previous_same = 0;
    s->next_same = entry->id;
    if (entry->id)
        sighting_at(r, entry->id)->previous_same = s->id;
    else
        r->index_count++;
    *entry = (struct index_entry){.hash = hash_of(s->key), .id = s->id};
    s->indexed = true;
    return true;
}

/* Closes the gap (Knuth 6.4, algorithm R): whatever could not be where it belongs moves up. */
static void entry_remove(struct recogniser *r, struct index_entry *entry)
{
    size_t mask = ((size_t)1 << r->index_bits) - 1;
    size_t gap = (size_t)(entry - r->index);
    for (size_t i = (gap + 1) & mask; r->index[i].id; i = (i + 1) & mask) {
        size_t home = home_of(r, r->index[i].hash);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        r->index[gap] = r->index[i];
        gap = i;
    }
    r->index[gap] = (struct index_entry){0};
    r->index_count--;
}

void index_remove(struct recogniser *r, struct sighting *s)
{
    if (!s->indexed)
        return;
    r->index_changes++;
    s->indexed = false;
    if (s->next_same)
        sighting_at(r, s->next_same)->previous_same = s->previous_same;
    if (s->previous_same) {
        sighting_at(r, s->previous_same)->next_same = s->next_same;
        return;
    }
    struct index_entry *entry = entry_of(r, s->key);
    if (s->next_same)
        entry->id = s->next_same;
    else
        entry_remove(r, entry);
}

struct sighting *index_next(const struct recogniser *r, const struct sighting *s)
{
    return s->next_same ? sighting_at(r, s->next_same) : NULL;
}

/* --- queues --- */

#define QUEUE_FIRST 1024 /* entries */
#define PREFETCH_WITHIN 32

/* Makes room: closes the gaps where there are many, else takes an array of twice the size, in which the places stay. */
static bool queue_reserve(struct recogniser *r, struct queue *queue)
{
    uint32_t size = queue->entries ? queue->mask + 1 : 0;
    if (size && queue->count < size / 2) {
        uint32_t end = queue->first;
        for (uint32_t i = queue->first; i != queue->end; i++) {
            struct queue_entry entry = queue->entries[i & queue->mask];
            if (!entry.id)
                continue;
            sighting_at(r, entry.id)->place = end;
            queue->entries[end++ & queue->mask] = entry;
        }
        queue->end = end;
        return true;
    }
    uint32_t larger = size ? 2 * size : QUEUE_FIRST;
    struct queue_entry *entries = malloc(larger * sizeof *entries);
    if (!entries)
        return false;
    for (uint32_t i = queue->first; i != queue->end; i++)
        entries[i & (larger - 1)] = queue->entries[i & queue->mask];
    free(queue->entries);
    queue->entries = entries;
    queue->mask = larger - 1;
    return true;
}

bool queue_push(struct recogniser *r, struct queue *queue, struct sighting *s, nstime due)
{
    bool has_room = queue->end - queue->first <= queue->mask && queue->entries;
    if (!has_room && !queue_reserve(r, queue))
        return false;
    s->place = queue->end++;
    queue->entries[s->place & queue->mask] = (struct queue_entry){.due = due, .id = s->id};
    queue->count++;
    return true;
}

void queue_remove(struct queue *queue, const struct sighting *s)
{
    queue->entries[s->place & queue->mask].id = 0;
    queue->count--;
}

/* The next sighting behind a place of the queue, which is set to its own. NULL: none is near. */
static const struct sighting *queue_ahead(const struct recogniser *r, const struct queue *queue, uint32_t *place)
{
    uint32_t most = *place + PREFETCH_WITHIN;
    while (++*place != queue->end && *place != most)
        if (queue->entries[*place & queue->mask].id)
            return sighting_at(r, queue->entries[*place & queue->mask].id);
    return NULL;
}

/* Those that come next have waited so long that no cache has them: the one after the next is brought nearer, and the
 * run of the next, which has been before. */
static void queue_prefetch(const struct recogniser *r, const struct queue *queue)
{
    uint32_t place = queue->first;
    const struct sighting *next = queue_ahead(r, queue, &place);
    if (!next)
        return;
    __builtin_prefetch(&r->index[home_of(r, hash_of(next->key))]);
    __builtin_prefetch(&next->run->state);
    __builtin_prefetch(&next->run->trace.number);
    const struct sighting *after = place != queue->end ? queue_ahead(r, queue, &place) : NULL;
    for (size_t i = 0; after && i < sizeof *after; i += CACHE_LINE)
        __builtin_prefetch((const char *)after + i);
}

nstime queue_next(const struct queue *queue)
{
    return queue->first != queue->end ? queue->entries[queue->first & queue->mask].due : NSTIME_NEVER;
}

struct sighting *queue_due(struct recogniser *r, struct queue *queue, nstime now)
{
    while (queue->first != queue->end) {
        const struct queue_entry *entry = &queue->entries[queue->first & queue->mask];
        if (entry->due > now)
            return NULL;
        if (entry->id) {
            queue_prefetch(r, queue);
            return sighting_at(r, entry->id);
        }
        queue->first++;
    }
    return NULL;
}

/* --- pairs --- */

static size_t pair_home(const struct recogniser *r, uint64_t hash)
{
    return (size_t)(hash >> (64 - r->pair_bits));
}

/* The entry of this pair, or the free place where it belongs. Only one with the same hash is looked at. */
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
    return &r->targets[digest_pair_hash(r, target, target, protocol) >> (64 - TARGET_BITS)];
}

struct pair *pair_find(const struct recogniser *r, uint64_t hash, const struct addr *source, const struct addr *target,
                       uint8_t protocol)
{
    return pair_entry_of(r, hash, source, target, protocol)->pair;
}

struct pair *pair_get(struct recogniser *r, const struct digest *look)
{
    struct pair_entry *entry = pair_entry_of(r, look->pair_hash, &look->source, &look->target, look->protocol);
    if (entry->pair)
        return entry->pair;
    if (r->pair_count >= (size_t)1 << (r->pair_bits - 1)) {
        if (!pairs_grow(r, r->pair_bits + 1))
            return NULL;
        entry = pair_entry_of(r, look->pair_hash, &look->source, &look->target, look->protocol);
    }
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair)
        return NULL;
    pair->source = look->source;
    pair->target = look->target;
    pair->protocol = look->protocol;
    pair->hash = look->pair_hash;
    struct pair **of_target = target_slot(r, &look->target, look->protocol);
    pair->next_of_target = *of_target;
    pair->of_target_at = of_target;
    if (*of_target)
        (*of_target)->of_target_at = &pair->next_of_target;
    *of_target = pair;
    *entry = (struct pair_entry){.hash = look->pair_hash, .pair = pair};
    r->pair_count++;
    return pair;
}

struct pair *pair_first_of_target(const struct recogniser *r, const struct addr *target, uint8_t protocol)
{
    return *target_slot(r, target, protocol);
}

/* As entry_remove(). */
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
    if (pair->runs || pair->orphans)
        return;
    *pair->of_target_at = pair->next_of_target;
    if (pair->next_of_target)
        pair->next_of_target->of_target_at = pair->of_target_at;
    pair_entry_remove(r, pair_entry_of(r, pair->hash, &pair->source, &pair->target, pair->protocol));
    free(pair);
}

void recogniser_prefetch(const struct recogniser *r, const struct digest *look)
{
    uint64_t key = look->may_answer_key ? look->answer_key : look->key;
    __builtin_prefetch(&r->index[home_of(r, hash_of(key))]);
    __builtin_prefetch(&r->pairs[pair_home(r, look->pair_hash)]);
}

/* --- all --- */

bool index_init(struct recogniser *r)
{
    r->targets = calloc((size_t)1 << TARGET_BITS, sizeof(struct pair *));
    r->chunks = calloc(SIGHTINGS_MOST / CHUNK, sizeof(struct sighting *));
    return index_grow(r, TABLE_BITS_FIRST) && pairs_grow(r, TABLE_BITS_FIRST) && r->targets && r->chunks;
}

void index_free(struct recogniser *r)
{
    for (unsigned i = 0; i < r->chunk_count; i++)
        free(r->chunks[i]);
    free(r->chunks);
    free(r->waiting.entries);
    free(r->answered.entries);
    free(r->targets);
    free(r->pairs);
    free(r->index);
}
