/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/checksum.h"

#include "base/cursor.h"

/* Carries around until the sum fits. */
static uint64_t fold(uint64_t sum, unsigned bits)
{
    while (sum >> bits)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t count)
{
    struct cursor c = cursor_init(bytes, count);
    uint64_t wide = sum;
    while (cursor_left(&c) >= 4)
        wide += cursor_u32(&c);
    if (cursor_left(&c) >= 2)
        wide += cursor_u16(&c);
    if (cursor_left(&c) > 0)
        wide += (uint64_t)cursor_u8(&c) << 8;
    return (uint32_t)fold(wide, 24); /* with room for what a caller may add */
}

uint16_t checksum_finish(uint32_t sum)
{
    return (uint16_t)~fold(sum, 16);
}

uint32_t checksum_pseudo(const struct addr *source, const struct addr *target, uint8_t protocol, uint32_t length)
{
    uint32_t sum = checksum_add(0, source->bytes, addr_length(source));
    sum = checksum_add(sum, target->bytes, addr_length(target));
    return sum + (length >> 16) + (length & 0xffff) + protocol;
}

uint16_t checksum_update(uint16_t checksum, uint16_t from, uint16_t to)
{
    uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~from + to;
    return checksum_finish(sum);
}
