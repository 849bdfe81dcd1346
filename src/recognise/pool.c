/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/pool.h"

#include <stdlib.h>

#define CHUNK_ITEMS 64 /* allocated at once */

struct pool_item {
    struct pool_item *next;
};

static size_t whole_lines(size_t bytes)
{
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* The first line of a chunk links it with the chunks before. */
static void pool_grow(struct pool *pool, size_t bytes)
{
    char *chunk = aligned_alloc(CACHE_LINE, CACHE_LINE + CHUNK_ITEMS * bytes);
    if (!chunk)
        return;
    ((struct pool_item *)(void *)chunk)->next = pool->chunks;
    pool->chunks = (struct pool_item *)(void *)chunk;
    for (size_t i = CHUNK_ITEMS; i-- > 0;)
        pool_give(pool, chunk + CACHE_LINE + i * bytes);
}

void *pool_take(struct pool *pool, size_t bytes)
{
    if (!pool->free)
        pool_grow(pool, whole_lines(bytes));
    struct pool_item *item = pool->free;
    if (item)
        pool->free = item->next;
    return item;
}

void pool_give(struct pool *pool, void *item)
{
    struct pool_item *given = item;
    given->next = pool->free;
    pool->free = given;
}

void pool_free(struct pool *pool)
{
    for (struct pool_item *chunk = pool->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *pool = (struct pool){0};
}
