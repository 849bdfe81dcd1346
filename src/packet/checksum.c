#include "packet/checksum.h"

static uint64_t fold(uint64_t sum, unsigned bits)
{
    while (sum >> bits)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t count)
{
    uint64_t wide = sum;
    size_t i = 0;
    for (; i + 1 < count; i += 2)
        wide += (uint64_t)bytes[i] << 8 | bytes[i + 1];
    if (i < count)
        wide += (uint64_t)bytes[i] << 8;
    return (uint32_t)fold(wide, 32);
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
