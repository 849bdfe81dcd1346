/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/frame_sorter.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct held_frame {
    struct frame frame; /* its bytes follow */
    uint8_t bytes[];
};

/* By value, since a comparison then needs no other memory. */
struct place {
    nstime time;
    uint64_t order;
    struct held_frame *held; /* owned */
};

/* Most frames come in order: they wait in a ring. Only late ones cost the time of a heap. */
struct frame_sorter {
    struct place *ring; /* owned; in the order of time */
    size_t ring_size;   /* a power of two */
    size_t first, end;  /* positions that always rise; % ring_size: an index */
    struct place *heap; /* owned; those that came after a later one. The earliest on top */
    size_t heap_count, heap_capacity;
    size_t bytes, bytes_most;
    nstime window, latest;
    uint64_t order;
    struct held_frame *taken; /* owned; the last one that was taken */
};

struct frame_sorter *frame_sorter_new(size_t bytes_most, nstime window)
{
    struct frame_sorter *s = calloc(1, sizeof *s);
    if (s) {
        s->bytes_most = bytes_most;
        s->window = window;
        s->latest = NSTIME_NONE;
    }
    return s;
}

static struct place *ring_at(const struct frame_sorter *s, size_t position)
{
    return &s->ring[position & (s->ring_size - 1)];
}

void frame_sorter_free(struct frame_sorter *s)
{
    if (!s)
        return;
    for (; s->first < s->end; s->first++)
        free(ring_at(s, s->first)->held);
    for (size_t i = 0; i < s->heap_count; i++)
        free(s->heap[i].held);
    free(s->ring);
    free(s->heap);
    free(s->taken);
    free(s);
}

static size_t size_of(const struct held_frame *held)
{
    return sizeof *held + held->frame.captured + sizeof(struct place);
}

static bool comes_first(const struct place *a, const struct place *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

/* --- the ring --- */

static bool ring_reserve(struct frame_sorter *s)
{
    size_t count = s->end - s->first, size = s->ring_size ? 2 * s->ring_size : 64;
    if (count < s->ring_size)
        return true;
    struct place *ring = malloc(size * sizeof *ring);
    if (!ring)
        return false;
    for (size_t i = 0; i < count; i++)
        ring[i] = *ring_at(s, s->first + i);
    free(s->ring);
    s->ring = ring;
    s->ring_size = size;
    s->first = 0;
    s->end = count;
    return true;
}

/* --- the heap --- */

static bool heap_reserve(struct frame_sorter *s)
{
    return array_reserve((void **)&s->heap, &s->heap_capacity, s->heap_count + 1, sizeof *s->heap);
}

static void heap_push(struct frame_sorter *s, struct place place)
{
    size_t at = s->heap_count++;
    for (size_t parent; at > 0 && comes_first(&place, &s->heap[parent = (at - 1) / 2]); at = parent)
        s->heap[at] = s->heap[parent];
    s->heap[at] = place;
}

static struct held_frame *heap_pop(struct frame_sorter *s)
{
    struct held_frame *top = s->heap[0].held;
    struct place place = s->heap[--s->heap_count];
    size_t at = 0;
    for (size_t next; (next = 2 * at + 1) < s->heap_count; at = next) {
        if (next + 1 < s->heap_count && comes_first(&s->heap[next + 1], &s->heap[next]))
            next++;
        if (!comes_first(&s->heap[next], &place))
            break;
        s->heap[at] = s->heap[next];
    }
    s->heap[at] = place;
    return top;
}

/* --- both --- */

/* The earliest of all. NULL: there is none. */
static const struct place *earliest(const struct frame_sorter *s)
{
    const struct place *in_order = s->first < s->end ? ring_at(s, s->first) : NULL;
    const struct place *late = s->heap_count ? &s->heap[0] : NULL;
    return late && (!in_order || comes_first(late, in_order)) ? late : in_order;
}

bool frame_sorter_put(struct frame_sorter *s, const struct frame *frame)
{
    bool is_late = s->first < s->end && frame->time < ring_at(s, s->end - 1)->time;
    if (!(is_late ? heap_reserve(s) : ring_reserve(s)))
        return false;
    struct held_frame *held = malloc(sizeof *held + frame->captured);
    if (!held)
        return false;
    held->frame = *frame;
    held->frame.bytes = held->bytes;
    if (frame->captured)
        memcpy(held->bytes, frame->bytes, frame->captured);
    s->bytes += size_of(held);
    s->latest = frame->time > s->latest ? frame->time : s->latest;
    struct place place = {.time = frame->time, .order = s->order++, .held = held};
    if (is_late)
        heap_push(s, place);
    else
        *ring_at(s, s->end++) = place;
    return true;
}

bool frame_sorter_is_full(const struct frame_sorter *s)
{
    const struct place *first = earliest(s);
    return first && (s->bytes > s->bytes_most || s->latest - first->time > s->window);
}

bool frame_sorter_take(struct frame_sorter *s, struct frame *frame)
{
    const struct place *first = earliest(s);
    free(s->taken);
    s->taken = NULL;
    if (!first)
        return false;
    s->taken = s->heap_count && first == &s->heap[0] ? heap_pop(s) : ring_at(s, s->first++)->held;
    s->bytes -= size_of(s->taken);
    *frame = s->taken->frame;
    return true;
}
