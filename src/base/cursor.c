#include "base/cursor.h"

struct cursor cursor_init(const uint8_t *bytes, size_t length)
{
    return (struct cursor){.bytes = bytes, .length = length};
}

size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : c->length - c->position;
}

const uint8_t *cursor_here(const struct cursor *c)
{
    return c->length == 0 ? c->bytes : c->bytes + c->position;
}

const uint8_t *cursor_bytes(struct cursor *c, size_t count)
{
    if (count > cursor_left(c) || c->failed) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *here = cursor_here(c);
    c->position += count;
    return here;
}

void cursor_skip(struct cursor *c, size_t count)
{
    if (count > cursor_left(c))
        c->failed = true;
    else
        c->position += count;
}

static uint64_t read_bytes(struct cursor *c, size_t count)
{
    const uint8_t *bytes = cursor_bytes(c, count);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)read_bytes(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)read_bytes(c, 2);
}

uint32_t cursor_u24(struct cursor *c)
{
    return (uint32_t)read_bytes(c, 3);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)read_bytes(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return read_bytes(c, 8);
}

struct cursor cursor_sub(struct cursor *c, size_t count)
{
    size_t left = cursor_left(c);
    size_t covered = count < left ? count : left;
    struct cursor sub = cursor_init(cursor_here(c), covered);
    sub.failed = c->failed;
    cursor_skip(c, covered);
    return sub;
}
