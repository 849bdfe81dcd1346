/* table: everything that is found by hash, and the pool of sightings. */
#include <stdlib.h>

#include "recognise/internal.h"

#define CACHE_LINE 64
_Static_assert(sizeof(struct sighting) % CACHE_LINE == 0, "sightings begin with a cache line");

#define CHUNK 1024 /* sightings allocated at once */
#define INDEX_BITS_FIRST 10

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
        chunk[i].younger = r->free_sightings;
        r->free_sightings = &chunk[i];
    }
    return true;
}

struct sighting *sighting_take(struct recogniser *r)
{
    if (!r->free_sightings && !pool_grow(r))
        return NULL;
    struct sighting *s = r->free_sightings;
    r->free_sightings = s->younger;
    return s;
}

void sighting_release(struct recogniser *r, struct sighting *s)
{
    s->younger = r->free_sightings;
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

struct sighting *index_first(const struct recogniser *r, uint64_t key)
{
    const struct index_entry *entry = entry_of(r, key);
    return entry->id ? sighting_at(r, entry->id) : NULL;
}

static bool index_init(struct recogniser *r, unsigned bits)
{
    struct index_entry *before = r->index;
    size_t count = before ? (size_t)1 << r->index_bits : 0;
    struct index_entry *larger = calloc((size_t)1 << bits, sizeof *larger);
    if (!larger)
        return false;
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
bool index_add(struct recogniser *r, struct sighting *s)
{
    if (r->index_count >= (size_t)1 << (r->index_bits - 1) && !index_init(r, r->index_bits + 1))
        return false;
    struct index_entry *entry = entry_of(r, s->key);
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

void queue_push(struct queue *queue, struct sighting *s)
{
    s->older = queue->last;
    s->younger = NULL;
    *(queue->last ? &queue->last->younger : &queue->first) = s;
    queue->last = s;
}

void queue_remove(struct queue *queue, struct sighting *s)
{
    *(s->older ? &s->older->younger : &queue->first) = s->younger;
    *(s->younger ? &s->younger->older : &queue->last) = s->older;
}

/* --- pairs --- */

static size_t pair_slot(uint64_t hash)
{
    return (size_t)(hash >> (64 - PAIR_BITS));
}

static uint64_t target_hash(const struct recogniser *r, const struct addr *target, uint8_t protocol)
{
    return look_pair_hash(r, target, target, protocol);
}

struct pair *pair_find(const struct recogniser *r, uint64_t hash, const struct addr *source, const struct addr *target,
                       uint8_t protocol)
{
    for (struct pair *pair = r->pairs[pair_slot(hash)]; pair; pair = pair->next_same)
        if (pair->hash == hash && pair->protocol == protocol && addr_equal(&pair->source, source) &&
            addr_equal(&pair->target, target))
            return pair;
    return NULL;
}

struct pair *pair_get(struct recogniser *r, const struct look *look)
{
    const struct ip_header *ip = &look->headers->ip;
    struct pair *pair = pair_find(r, look->pair_hash, &ip->source, &ip->target, ip->protocol);
    if (pair)
        return pair;
    pair = calloc(1, sizeof *pair);
    if (!pair)
        return NULL;
    pair->source = ip->source;
    pair->target = ip->target;
    pair->protocol = ip->protocol;
    pair->hash = look->pair_hash;
    struct pair **head = &r->pairs[pair_slot(pair->hash)];
    struct pair **of_target = &r->targets[pair_slot(target_hash(r, &ip->target, ip->protocol))];
    pair->next_same = *head;
    pair->next_of_target = *of_target;
    pair->of_target_at = of_target;
    if (*of_target)
        (*of_target)->of_target_at = &pair->next_of_target;
    *head = *of_target = pair;
    return pair;
}

struct pair *pair_first_of_target(const struct recogniser *r, const struct addr *target, uint8_t protocol)
{
    return r->targets[pair_slot(target_hash(r, target, protocol))];
}

void pair_release(struct recogniser *r, struct pair *pair)
{
    if (pair->runs || pair->orphans)
        return;
    struct pair **at = &r->pairs[pair_slot(pair->hash)];
    while (*at != pair)
        at = &(*at)->next_same;
    *at = pair->next_same;
    *pair->of_target_at = pair->next_of_target;
    if (pair->next_of_target)
        pair->next_of_target->of_target_at = pair->of_target_at;
    free(pair);
}

/* --- all --- */

bool table_init(struct recogniser *r)
{
    r->pairs = calloc((size_t)1 << PAIR_BITS, sizeof(struct pair *));
    r->targets = calloc((size_t)1 << PAIR_BITS, sizeof(struct pair *));
    r->chunks = calloc(SIGHTINGS_MOST / CHUNK, sizeof(struct sighting *));
    return index_init(r, INDEX_BITS_FIRST) && r->pairs && r->targets && r->chunks;
}

void table_free(struct recogniser *r)
{
    for (unsigned i = 0; i < r->chunk_count; i++)
        free(r->chunks[i]);
    free(r->chunks);
    free(r->targets);
    free(r->pairs);
    free(r->index);
}
