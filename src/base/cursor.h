/* SPDX-License-Identifier: BSD-2-Clause */
/* cursor: the only way in which this program reads bytes from outside. Floor 0.
 *
 * A cursor walks a byte range that it does not own, in big-endian order. A read past the end returns zeros and sets
 * `failed`, which sticks. So read a whole header, then check once. A sub-cursor covers part of its parent, so a
 * layer cannot read beyond its own length.
 *
 * All functions are inline because every packet of a capture passes through here. The compiler then keeps a local
 * cursor in registers. After one comparison with cursor_left() it also drops the checks of reads that must succeed. */
#ifndef HOPSONDE_BASE_CURSOR_H
#define HOPSONDE_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *here; /* next unread byte; borrowed */
    size_t left;         /* bytes from there to the end; 0 once failed */
    bool failed;
};

static inline struct cursor cursor_init(const uint8_t *bytes, size_t length)
{
    return (struct cursor){.here = bytes, .left = length};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->left;
}

/* Returns the next unread byte; cursor_left() bytes from there are valid. */
static inline const uint8_t *cursor_here(const struct cursor *c)
{
    return c->here;
}

/* Marks the data as malformed: nothing that follows makes sense, so the cursor ends here. Only this function sets
 * `failed`. */
static inline void cursor_fail(struct cursor *c)
{
    c->failed = true;
    c->left = 0;
}

/* Steps over `count` bytes and returns true, or fails. A step of 0 bytes leaves even a NULL range alone. */
static inline bool cursor_step(struct cursor *c, size_t count)
{
    if (count > c->left) {
        cursor_fail(c);
        return false;
    }
    if (count > 0) {
        c->here += count;
        c->left -= count;
    }
    return true;
}

static inline void cursor_skip(struct cursor *c, size_t count)
{
    (void)cursor_step(c, count);
}

/* Returns the next `count` bytes. If fewer are left, fails and returns NULL. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t count)
{
    const uint8_t *here = c->here;
    return cursor_step(c, count) && !c->failed ? here : NULL;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *b = c->here;
    if (!cursor_step(c, 1))
        return 0;
    return b[0];
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *b = c->here;
    if (!cursor_step(c, 2))
        return 0;
    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    const uint8_t *b = c->here;
    if (!cursor_step(c, 3))
        return 0;
    return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *b = c->here;
    if (!cursor_step(c, 4))
        return 0;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    const uint8_t *b = c->here;
    if (!cursor_step(c, 8))
        return 0;
    return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 | (uint64_t)b[3] << 32 |
           (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 | (uint64_t)b[6] << 8 | b[7];
}

/* Returns a cursor over the next `count` bytes, which the parent steps over. If fewer are left, it covers these; the
 * parent does not fail. */
static inline struct cursor cursor_sub(struct cursor *c, size_t count)
{
    struct cursor sub = *c;
    if (count < sub.left)
        sub.left = count;
    cursor_skip(c, sub.left);
    return sub;
}

#endif
