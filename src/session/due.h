/* SPDX-License-Identifier: BSD-2-Clause */
/* due: queues of times, each with the thing that is due then. Floor 4; internal to session/; pure.
 *
 * An entry whose thing was done meanwhile stays in the queue. When it is the first, the caller drops it. So each entry
 * costs the logarithm of their number, in whatever order they come. */
#ifndef HOPSONDE_SESSION_DUE_H
#define HOPSONDE_SESSION_DUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nstime.h"

struct due {
    nstime at;
    size_t what; /* of two with the same time, the smaller one comes first */
};

struct due_queue {
    struct due *heap; /* owned */
    size_t count, capacity;
};

/* False: memory is short. */
bool due_add(struct due_queue *queue, nstime at, size_t what);
/* The earliest entry; NULL: there is none. */
const struct due *due_first(const struct due_queue *queue);
void due_drop_first(struct due_queue *queue);
/* Drops the entries of the first `count` things; the numbers of all others shrink by `count`. */
void due_forget(struct due_queue *queue, size_t count);
void due_free(struct due_queue *queue);

#endif
