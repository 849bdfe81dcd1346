/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/read_buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_STEP ((size_t)4 << 10)     /* bytes of the first read; a page for each of many open files */
#define LARGEST_STEP ((size_t)128 << 10) /* bytes of later reads; they fit into the CPU cache */

struct read_buffer read_buffer_init(struct input *input)
{
    return (struct read_buffer){.input = input, .step = FIRST_STEP};
}

void read_buffer_free(struct read_buffer *buffer)
{
    free(buffer->bytes);
    buffer->bytes = NULL;
}

static void fail(struct read_buffer *buffer, int error)
{
    buffer->over = true;
    buffer->error = error;
}

static bool reserve(struct read_buffer *buffer, size_t count)
{
    if (count <= buffer->capacity)
        return true;
    uint8_t *bytes = realloc(buffer->bytes, count);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = count;
    return true;
}

/* Makes room for `count` bytes from `start` on, and for one step beyond the unread bytes. */
static bool make_room(struct read_buffer *buffer, size_t count)
{
    size_t left = buffer->end - buffer->start, least = left + buffer->step;
    if (buffer->start > 0 && left > 0)
        memmove(buffer->bytes, buffer->bytes + buffer->start, left);
    buffer->start = 0;
    buffer->end = left;
    return reserve(buffer, count > least ? count : least);
}

/* Reads until `count` bytes are available. It does not wait for more of them, because a pipe may give them in
 * pieces. */
static void read_on(struct read_buffer *buffer, size_t count)
{
    while (buffer->end < count && !buffer->over) {
        size_t room = buffer->capacity - buffer->end;
        ssize_t got = input_read(buffer->input, buffer->bytes + buffer->end, room < buffer->step ? room : buffer->step);
        if (got < 0)
            fail(buffer, errno);
        else if (got == 0)
            buffer->over = true;
        else
            buffer->end += (size_t)got;
        if (buffer->step < LARGEST_STEP)
            buffer->step *= 2;
    }
}

const uint8_t *read_buffer_fill(struct read_buffer *buffer, size_t count)
{
    if (buffer->over)
        return NULL;
    if (make_room(buffer, count))
        read_on(buffer, count);
    else
        fail(buffer, ENOMEM);
    return buffer->end >= count ? buffer->bytes : NULL;
}
