/* SPDX-License-Identifier: BSD-2-Clause */
/* due: a binary heap. */
#include "session/due.h"

#include <stdlib.h>

#include "base/array.h"

static bool is_before(const struct due *a, const struct due *b)
{
    return a->at != b->at ? a->at < b->at : a->what < b->what;
}

static void swap(struct due *a, struct due *b)
{
    struct due kept = *a;
    *a = *b;
    *b = kept;
}

bool due_add(struct due_queue *queue, nstime at, size_t what)
{
    void *array = queue->heap;
    if (!array_reserve(&array, &queue->capacity, queue->count + 1, sizeof *queue->heap))
        return false;
    struct due *heap = queue->heap = array;
    size_t i = queue->count++;
    heap[i] = (struct due){.at = at, .what = what};
    for (; i && is_before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
    return true;
}

const struct due *due_first(const struct due_queue *queue)
{
    return queue->count ? &queue->heap[0] : NULL;
}

static void sink(struct due_queue *queue, size_t from)
{
    struct due *heap = queue->heap;
    for (size_t i = from;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < queue->count; child++)
            if (is_before(&heap[child], &heap[least]))
                least = child;
        if (least == i)
            return;
        swap(&heap[i], &heap[least]);
        i = least;
    }
}

void due_drop_first(struct due_queue *queue)
{
    queue->heap[0] = queue->heap[--queue->count];
    sink(queue, 0);
}

void due_forget(struct due_queue *queue, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->heap[i].what >= count)
            queue->heap[kept++] = (struct due){.at = queue->heap[i].at, .what = queue->heap[i].what - count};
    queue->count = kept;
    for (size_t i = kept / 2; i-- > 0;)
        sink(queue, i);
}

void due_free(struct due_queue *queue)
{
    free(queue->heap);
    *queue = (struct due_queue){0};
}
