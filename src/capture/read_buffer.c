/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/read_buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_STEP ((size_t)4 << 10)
#define LARGEST_STEP ((size_t)128 << 10)

struct read_buffer read_buffer_init(struct input *input)
{
    return (struct read_buffer){.input = input, .step = FIRST_STEP};
}

void read_buffer_free(struct read_buffer *feed)
{
    free(feed->bytes);
    feed->bytes = NULL;
}

static void fail(struct read_buffer *feed, int error)
{
    feed->over = true;
    feed->error = error;
}

static bool reserve(struct read_buffer *feed, size_t count)
{
    if (count <= feed->capacity)
        return true;
    uint8_t *bytes = realloc(feed->bytes, count);
    if (!bytes)
        return false;
    feed->bytes = bytes;
    feed->capacity = count;
    return true;
}

/* Room for `count` bytes from `start` on, and for a step beyond what is there. */
static bool make_room(struct read_buffer *feed, size_t count)
{
    size_t left = feed->end - feed->start, least = left + feed->step;
    if (feed->start > 0 && left > 0)
        memmove(feed->bytes, feed->bytes + feed->start, left);
    feed->start = 0;
    feed->end = left;
    return reserve(feed, count > least ? count : least);
}

/* Reads until `count` bytes are there. A pipe may give them in pieces, and is not waited for longer than need be. */
static void read_on(struct read_buffer *feed, size_t count)
{
    while (feed->end < count && !feed->over) {
        size_t room = feed->capacity - feed->end;
        ssize_t got = input_read(feed->input, feed->bytes + feed->end, room < feed->step ? room : feed->step);
        if (got < 0)
            fail(feed, errno);
        else if (got == 0)
            feed->over = true;
        else
            feed->end += (size_t)got;
        if (feed->step < LARGEST_STEP)
            feed->step *= 2;
    }
}

const uint8_t *read_buffer_fill(struct read_buffer *feed, size_t count)
{
    if (feed->over)
        return NULL;
    if (make_room(feed, count))
        read_on(feed, count);
    else
        fail(feed, ENOMEM);
    return feed->end >= count ? feed->bytes : NULL;
}
