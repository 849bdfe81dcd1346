/* SPDX-License-Identifier: BSD-2-Clause */
/* read_buffer: reads an input in large pieces and hands out bytes without copying. Floor 5; internal to capture/.
 *
 * For readers to which a call and a copy for each record would cost more than the record. It reads into a buffer that
 * stays in the processor's cache, which is faster than mapping the file, and a file that is cut meanwhile just ends (a
 * mapping would be a SIGBUS). It reads little at first and then more and more, so that many open files that wait for
 * their turn hold little memory. */
#ifndef HOPSONDE_CAPTURE_READ_BUFFER_H
#define HOPSONDE_CAPTURE_READ_BUFFER_H

#include <stdint.h>

#include "capture/input.h"

struct read_buffer {
    struct input *input; /* borrowed */
    uint8_t *bytes;      /* owned */
    size_t capacity, start, end;
    size_t step; /* how much is read at once */
    bool over;   /* the input has ended, or failed */
    int error;   /* errno of what failed; 0: nothing */
};

/* Nothing is read or allocated yet; read_buffer_free() is due all the same. */
struct read_buffer read_buffer_init(struct input *input);
void read_buffer_free(struct read_buffer *buffer);

/* Slow way of read_buffer_peek(). */
const uint8_t *read_buffer_fill(struct read_buffer *buffer, size_t count);

/* The next `count` bytes, in one piece; they are not stepped over. NULL: fewer are left, read_buffer_left() of them, or
 * `error` says why they cannot be had. Everything that was handed out before is then no longer valid. */
static inline const uint8_t *read_buffer_peek(struct read_buffer *buffer, size_t count)
{
    return buffer->end - buffer->start >= count ? buffer->bytes + buffer->start : read_buffer_fill(buffer, count);
}

/* Steps over `count` bytes, which have been peeked at and stay valid until the next read_buffer_peek(). */
static inline void read_buffer_skip(struct read_buffer *buffer, size_t count)
{
    buffer->start += count;
}

/* After a NULL of read_buffer_peek(): the bytes that there still are. */
static inline size_t read_buffer_left(const struct read_buffer *buffer)
{
    return buffer->end - buffer->start;
}

#endif
