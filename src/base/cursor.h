/* cursor: the only way this program reads bytes that others wrote. Floor 0.
 *
 * A cursor walks a byte range it does not own, big-endian. Reading past its end gives
 * zeros and sets `failed`, which sticks: read a whole header, then ask once. A sub-cursor
 * covers part of its parent, so a layer cannot read outside of its own length. */
#ifndef HOPSONDE_BASE_CURSOR_H
#define HOPSONDE_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *bytes; /* borrowed */
    size_t length;
    size_t position;
    bool failed;
};

struct cursor cursor_init(const uint8_t *bytes, size_t length);
size_t cursor_left(const struct cursor *c);
const uint8_t *cursor_here(const struct cursor *c); /* the next unread byte; valid for cursor_left() bytes */
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u24(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
/* The next `count` bytes, or NULL (and failed) where fewer are left. */
const uint8_t *cursor_bytes(struct cursor *c, size_t count);
void cursor_skip(struct cursor *c, size_t count);
/* A cursor over the next `count` bytes (fewer where fewer are left; then the parent has not failed),
 * which the parent steps over. */
struct cursor cursor_sub(struct cursor *c, size_t count);

#endif
