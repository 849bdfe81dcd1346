/* SPDX-License-Identifier: BSD-2-Clause */
/* The name that a packet carries, as a device on the path reads it. */
#include <string.h>

#include "sim/sim_state.h"
#include "unit/support/quic_open.h"

#define UDP_HEADER 8
#define DNS_HEADER 12
#define QUIC_HEADER 27 /* of an Initial with ids of 8 bytes and a packet number of one byte */

static bool has(const uint8_t *bytes, size_t length, const uint8_t *part, size_t part_length)
{
    for (size_t i = 0; i + part_length <= length; i++)
        if (memcmp(bytes + i, part, part_length) == 0)
            return true;
    return false;
}

/* The name as a query has it: each dot, and the start, is the length of the label behind. */
static size_t encode(const char *name, uint8_t out[FILTER_NAME_BYTES + 2])
{
    size_t length = strlen(name);
    memcpy(out + 1, name, length + 1);
    for (size_t at = 0; at <= length;) {
        size_t label = strcspn(name + at, ".");
        out[at] = (uint8_t)label;
        at += label + 1;
    }
    return length + 2;
}

bool packet_names(const struct headers *h, const char *name)
{
    uint8_t wanted[FILTER_NAME_BYTES + 2], opened[PKT_MOST];
    if (h->ip.protocol == IP_TCP)
        return has(h->transport.bytes, h->transport.captured, (const uint8_t *)name, strlen(name));
    if (h->ip.protocol != IP_UDP || h->transport.captured < UDP_HEADER)
        return false;
    size_t length = h->transport.captured - UDP_HEADER;
    const uint8_t *bytes = h->transport.bytes + UDP_HEADER;
    if (h->transport.target_port == 53)
        return length > DNS_HEADER && has(bytes + DNS_HEADER, length - DNS_HEADER, wanted, encode(name, wanted));
    if (h->transport.target_port != 443 || length < 1200 || length > sizeof opened || bytes[5] != 8 || bytes[14] != 8)
        return false;
    memcpy(opened, bytes, length);
    return quic_open(opened, QUIC_HEADER, length) && has(opened, length, (const uint8_t *)name, strlen(name));
}
