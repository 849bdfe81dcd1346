/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/events.h"

#include <stdint.h>
#include <stdlib.h>

void events_push(struct events *events, struct event event)
{
    if (events->count == events->capacity) {
        events->capacity = events->capacity ? 2 * events->capacity : 1024;
        events->heap = realloc(events->heap, events->capacity * sizeof *events->heap);
        if (!events->heap)
            abort();
    }
    size_t at = events->count++;
    for (; at > 0 && events->heap[(at - 1) / 2].time > event.time; at = (at - 1) / 2)
        events->heap[at] = events->heap[(at - 1) / 2];
    events->heap[at] = event;
}

struct event events_pop(struct events *events)
{
    struct event top = events->heap[0], last = events->heap[--events->count];
    size_t at = 0;
    for (size_t next; (next = 2 * at + 1) < events->count; at = next) {
        if (next + 1 < events->count && events->heap[next + 1].time < events->heap[next].time)
            next++;
        if (events->heap[next].time >= last.time)
            break;
        events->heap[at] = events->heap[next];
    }
    events->heap[at] = last;
    return top;
}
