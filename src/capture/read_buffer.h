/* SPDX-License-Identifier: BSD-2-Clause */
/* read_buffer: reads an input in large pieces and returns bytes without copying. Floor 5; internal to capture/.
 *
 * It serves readers for which a call and a copy per record would cost more than the record itself. It reads into a
 * buffer that stays in the CPU cache, which is faster than mapping the file. If the file is cut meanwhile, reading
 * just ends; a mapping would raise SIGBUS. The first reads are small and later ones grow, so that many files that
 * wait for their turn need little memory. */
#ifndef HOPSONDE_CAPTURE_READ_BUFFER_H
#define HOPSONDE_CAPTURE_READ_BUFFER_H

#include <stdint.h>

#include "capture/input.h"

struct read_buffer {
    struct input *input; /* borrowed */
    uint8_t *bytes;      /* owned */
    size_t capacity, start, end;
    size_t step; /* bytes per read */
    bool over;   /* the input has ended or failed */
    int error;   /* errno of a failed read; 0: none */
};

/* Reads and allocates nothing yet. read_buffer_free() is required all the same. */
struct read_buffer read_buffer_init(struct input *input);
void read_buffer_free(struct read_buffer *buffer);

/* Slow path of read_buffer_peek(). */
const uint8_t *read_buffer_fill(struct read_buffer *buffer, size_t count);

/* Returns the next `count` bytes in one piece and does not step over them. Invalidates the bytes returned before.
 * NULL if fewer are left (see read_buffer_left()) or reading failed (see `error`). */
static inline const uint8_t *read_buffer_peek(struct read_buffer *buffer, size_t count)
{
    return buffer->end - buffer->start >= count ? buffer->bytes + buffer->start : read_buffer_fill(buffer, count);
}

/* Steps over `count` bytes returned by read_buffer_peek(). They stay valid until the next read_buffer_peek(). */
static inline void read_buffer_skip(struct read_buffer *buffer, size_t count)
{
    buffer->start += count;
}

/* After read_buffer_peek() has returned NULL: the number of bytes left. */
static inline size_t read_buffer_left(const struct read_buffer *buffer)
{
    return buffer->end - buffer->start;
}

#endif
