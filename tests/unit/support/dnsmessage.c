/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/dnsmessage.h"

#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

static void add_bytes(struct dnsmessage *message, const void *bytes, size_t count)
{
    if (message->length + count > sizeof message->bytes)
        abort();
    memcpy(message->bytes + message->length, bytes, count);
    message->length += count;
}

static void add_u16(struct dnsmessage *message, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    add_bytes(message, bytes, sizeof bytes);
}

static void add_name(struct dnsmessage *message, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, ".");
        const uint8_t first = (uint8_t)length;
        add_bytes(message, &first, 1);
        add_bytes(message, name, length);
        name += length + (name[length] == '.');
    }
    add_bytes(message, "", 1);
}

void dnsmessage_start(struct dnsmessage *message, const char *name, uint16_t type, unsigned code)
{
    message->length = 0;
    add_u16(message, 1);
    add_u16(message, 0x8180 | code); /* an answer, recursion desired and available (RFC 1035 4.1.1) */
    add_u16(message, 1);             /* one question */
    add_bytes(message, "\0\0\0\0\0\0", 6);
    add_name(message, name);
    add_u16(message, type);
    add_u16(message, ns_c_in);
}

void dnsmessage_set_id(struct dnsmessage *message, uint16_t id)
{
    message->bytes[0] = (uint8_t)(id >> 8);
    message->bytes[1] = (uint8_t)id;
}

static void add_data(struct dnsmessage *message, uint16_t type, const void *data, size_t length)
{
    add_u16(message, type);
    add_u16(message, ns_c_in);
    add_bytes(message, "\0\0\0\x3c", 4); /* TTL */
    add_u16(message, (unsigned)length);
    add_bytes(message, data, length);
    message->bytes[7]++; /* of at most 255 answers */
}

void dnsmessage_add(struct dnsmessage *message, const char *owner, uint16_t type, const void *data, size_t length)
{
    add_name(message, owner);
    add_data(message, type, data, length);
}

void dnsmessage_add_name(struct dnsmessage *message, const char *owner, uint16_t type, const char *name)
{
    struct dnsmessage encoded = {.length = 0};
    add_name(&encoded, name);
    dnsmessage_add(message, owner, type, encoded.bytes, encoded.length);
}

void dnsmessage_add_address(struct dnsmessage *message, const char *owner, const char *address)
{
    struct addr parsed;
    if (!addr_parse(address, &parsed))
        abort();
    dnsmessage_add(message, owner, parsed.family == 4 ? ns_t_a : ns_t_aaaa, parsed.bytes, addr_length(&parsed));
}

void dnsmessage_add_pointed(struct dnsmessage *message, uint16_t type, const void *data, size_t length)
{
    add_u16(message, 0xc000 | DNSMESSAGE_HEADER);
    add_data(message, type, data, length);
}
