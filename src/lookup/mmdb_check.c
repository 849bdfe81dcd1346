/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/mmdb_check.h"

#include <maxminddb.h>

#include "base/cursor.h"

/* The layout is that of "Data Field Format" in the MaxMind DB File Format Specification 2.0. */

#define LEVELS_MOST 16   /* levels of nesting; a record has about five */
#define VALUES_MOST 4096 /* values; a record has about two hundred, with its names in all languages */

struct walk {
    const uint8_t *section;
    size_t bytes;
    unsigned values; /* so far */
};

static bool walk_value(struct walk *w, struct cursor *at, unsigned level);

static bool walk_pointer(struct walk *w, struct cursor *at, uint8_t control, unsigned level)
{
    /* Smallest offset per pointer size: a shorter pointer reaches all offsets below. */
    static const uint32_t least[4] = {0, 2048, 526336, 0};
    unsigned extra = control >> 3 & 3;
    uint32_t offset = extra < 3 ? control & 7 : 0;
    for (unsigned i = 0; i <= extra; i++)
        offset = offset << 8 | cursor_u8(at);
    offset += least[extra];
    if (at->failed || offset >= w->bytes)
        return false;
    struct cursor target = cursor_init(w->section + offset, w->bytes - offset);
    return walk_value(w, &target, level + 1);
}

static uint32_t read_size(struct cursor *at, uint8_t control)
{
    uint32_t size = control & 31;
    switch (size) {
    case 29:
        return 29u + cursor_u8(at);
    case 30:
        return 285u + cursor_u16(at);
    case 31:
        return 65821u + cursor_u24(at);
    default:
        return size;
    }
}

static bool walk_members(struct walk *w, struct cursor *at, uint32_t count, unsigned level)
{
    for (uint32_t i = 0; i < count; i++)
        if (!walk_value(w, at, level + 1))
            return false;
    return !at->failed;
}

static bool walk_value(struct walk *w, struct cursor *at, unsigned level)
{
    if (level == LEVELS_MOST || w->values++ == VALUES_MOST)
        return false;
    uint8_t control = cursor_u8(at);
    unsigned type = control >> 5;
    if (type == MMDB_DATA_TYPE_POINTER)
        return walk_pointer(w, at, control, level);
    if (type == MMDB_DATA_TYPE_EXTENDED)
        type = 7u + cursor_u8(at);
    uint32_t size = read_size(at, control);
    if (type == MMDB_DATA_TYPE_MAP)
        return walk_members(w, at, 2 * size, level);
    if (type == MMDB_DATA_TYPE_ARRAY)
        return walk_members(w, at, size, level);
    if (type != MMDB_DATA_TYPE_BOOLEAN) /* a boolean's size is its value */
        cursor_skip(at, size);
    return !at->failed;
}

bool mmdb_value_is_sound(const uint8_t *section, size_t bytes, size_t offset)
{
    struct walk w = {.section = section, .bytes = bytes};
    if (offset >= bytes)
        return false;
    struct cursor at = cursor_init(section + offset, bytes - offset);
    return walk_value(&w, &at, 0);
}
