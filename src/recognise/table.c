/* table: everything that is found by hash, and the pool of sightings. */
#include <stdlib.h>

#include "recognise/internal.h"

#define CHUNK 1024 /* sightings allocated at once */

bool table_init(struct recogniser *r)
{
    r->index = calloc((size_t)1 << INDEX_BITS, sizeof(struct sighting *));
    r->pairs = calloc((size_t)1 << PAIR_BITS, sizeof(struct pair *));
    r->targets = calloc((size_t)1 << PAIR_BITS, sizeof(struct pair *));
    r->chunks = calloc(SIGHTINGS_MOST / CHUNK, sizeof(struct sighting *));
    return r->index && r->pairs && r->targets && r->chunks;
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

/* --- sightings --- */

static bool pool_grow(struct recogniser *r)
{
    if (r->chunk_count == SIGHTINGS_MOST / CHUNK)
        return false;
    struct sighting *chunk = malloc(CHUNK * sizeof *chunk);
    if (!chunk)
        return false;
    r->chunks[r->chunk_count++] = chunk;
    for (unsigned i = CHUNK; i-- > 0;) {
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

static size_t index_slot(uint64_t key)
{
    return (size_t)(key >> (64 - INDEX_BITS));
}

struct sighting *index_first(const struct recogniser *r, uint64_t key)
{
    return r->index[index_slot(key)];
}

/* Packets that are all alike share a chain, whatever the secret: nothing walks all of it. */
void index_add(struct recogniser *r, struct sighting *s)
{
    struct sighting **head = &r->index[index_slot(s->key)];
    s->next_same = *head;
    s->same_at = head;
    if (*head)
        (*head)->same_at = &s->next_same;
    *head = s;
    s->indexed = true;
}

void index_remove(struct sighting *s)
{
    if (!s->indexed)
        return;
    *s->same_at = s->next_same;
    if (s->next_same)
        s->next_same->same_at = s->same_at;
    s->indexed = false;
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
