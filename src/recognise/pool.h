/* SPDX-License-Identifier: BSD-2-Clause */
/* pool: memory for many items of one size, each from a cache line on. Floor 4; internal to recognise/. An item that was
 * given back is the next one taken, since a cache may still have it. Memory stays until pool_free(). */
#ifndef HOPSONDE_RECOGNISE_POOL_H
#define HOPSONDE_RECOGNISE_POOL_H

#include <stddef.h>

#define CACHE_LINE 64 /* bytes */

struct pool_item;

struct pool {
    struct pool_item *free;   /* a list */
    struct pool_item *chunks; /* owned; likewise */
};

/* An item of so many bytes, which may hold anything; the same number for each item of a pool. NULL: no memory. */
void *pool_take(struct pool *pool, size_t bytes);
void pool_give(struct pool *pool, void *item);
void pool_free(struct pool *pool);

#endif
