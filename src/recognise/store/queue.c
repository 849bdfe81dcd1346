/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/queue.h"

#include <stdlib.h>

#include "recognise/store/candidate.h"
#include "recognise/store/index.h"

#define QUEUE_FIRST 1024   /* entries */
#define PREFETCH_WITHIN 32 /* entries: gaps farther than this are not searched */

/* Makes room: closes the gaps if there are many, else doubles the array; the places stay. */
static bool queue_reserve(struct recogniser *r, struct queue *queue)
{
    uint32_t size = queue->entries ? queue->mask + 1 : 0;
    if (size && queue->count < size / 2) {
        uint32_t end = queue->first;
        for (uint32_t i = queue->first; i != queue->end; i++) {
            struct queue_entry entry = queue->entries[i & queue->mask];
            if (!entry.id)
                continue;
            candidate_at(r, entry.id)->place = end;
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

bool queue_push(struct recogniser *r, struct queue *queue, struct candidate *candidate, nstime due)
{
    bool has_room = queue->end - queue->first <= queue->mask && queue->entries;
    if (!has_room && !queue_reserve(r, queue))
        return false;
    candidate->place = queue->end++;
    queue->entries[candidate->place & queue->mask] =
        (struct queue_entry){.due = due, .id = candidate->id, .hash = index_hash(candidate->key)};
    queue->count++;
    return true;
}

void queue_remove(struct queue *queue, const struct candidate *candidate)
{
    queue->entries[candidate->place & queue->mask].id = 0;
    queue->count--;
}

/* The next entry after `*place`, which becomes its place. NULL: none is near. */
static const struct queue_entry *queue_ahead(const struct queue *queue, uint32_t *place)
{
    uint32_t most = *place + PREFETCH_WITHIN;
    while (*place != queue->end && ++*place != queue->end && *place != most)
        if (queue->entries[*place & queue->mask].id)
            return &queue->entries[*place & queue->mask];
    return NULL;
}

/* The next candidates have waited so long that no cache has them. Prefetches the third one after this, the place of the
 * second in the index, and the run of the first, which is itself prefetched already. */
static void queue_prefetch(const struct recogniser *r, const struct queue *queue)
{
    uint32_t place = queue->first;
    const struct queue_entry *first = queue_ahead(queue, &place);
    const struct queue_entry *second = first ? queue_ahead(queue, &place) : NULL;
    const struct queue_entry *third = second ? queue_ahead(queue, &place) : NULL;
    if (first) {
        const struct run *run = candidate_at(r, first->id)->run;
        __builtin_prefetch(&run->state);
        __builtin_prefetch(&run->trace.number);
    }
    if (second)
        index_prefetch_hash(r, second->hash);
    const struct candidate *after = third ? candidate_at(r, third->id) : NULL;
    for (size_t i = 0; after && i < sizeof *after; i += CACHE_LINE)
        __builtin_prefetch((const char *)after + i);
}

nstime queue_next(const struct queue *queue)
{
    return queue->first != queue->end ? queue->entries[queue->first & queue->mask].due : NSTIME_NEVER;
}

struct candidate *queue_due(struct recogniser *r, struct queue *queue, nstime now)
{
    while (queue->first != queue->end) {
        const struct queue_entry *entry = &queue->entries[queue->first & queue->mask];
        if (entry->due > now)
            return NULL;
        if (entry->id) {
            queue_prefetch(r, queue);
            return candidate_at(r, entry->id);
        }
        queue->first++;
    }
    return NULL;
}

void queue_free(struct queue *queue)
{
    free(queue->entries);
}
