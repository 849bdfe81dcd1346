/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/pkt.h"

#include <string.h>

#include "packet/checksum.h"

void pkt_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void pkt_put32(uint8_t *at, uint32_t value)
{
    pkt_put16(at, (uint16_t)(value >> 16));
    pkt_put16(at + 2, (uint16_t)value);
}

uint16_t pkt_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void build_v4(uint8_t *header, const struct pkt_ip *ip, size_t total)
{
    memset(header, 0, 20);
    header[0] = 0x45;
    header[1] = ip->tos;
    pkt_put16(header + 2, (uint16_t)total);
    pkt_put16(header + 4, ip->id);
    header[6] = ip->dont_fragment ? 0x40 : 0;
    header[8] = ip->ttl;
    header[9] = ip->protocol;
    memcpy(header + 12, ip->source.bytes, 4);
    memcpy(header + 16, ip->target.bytes, 4);
    pkt_put16(header + 10, checksum_finish(checksum_add(0, header, 20)));
}

static void build_v6(uint8_t *header, const struct pkt_ip *ip, size_t payload)
{
    memset(header, 0, 40);
    header[0] = (uint8_t)(0x60 | ip->tos >> 4);
    header[1] = (uint8_t)(ip->tos << 4);
    pkt_put16(header + 4, (uint16_t)payload);
    header[6] = ip->protocol;
    header[7] = ip->ttl;
    memcpy(header + 8, ip->source.bytes, 16);
    memcpy(header + 24, ip->target.bytes, 16);
}

void pkt_build(struct pkt *out, const struct pkt_ip *ip, const uint8_t *payload, size_t length)
{
    size_t header = ip->source.family == 6 ? 40 : 20;
    if (length > PKT_MOST - header)
        length = PKT_MOST - header;
    if (ip->source.family == 6)
        build_v6(out->bytes, ip, length);
    else
        build_v4(out->bytes, ip, header + length);
    memcpy(out->bytes + header, payload, length);
    out->length = (uint16_t)(header + length);
}

bool pkt_decode(const struct pkt *p, struct packet *out)
{
    struct frame frame = {.bytes = p->bytes, .captured = p->length, .length = p->length, .linktype = LINKTYPE_RAW};
    packet_decode(&frame, out);
    return out->kind == PACKET_PLAIN || out->kind == PACKET_ICMP_ERROR;
}

/* Where a protocol keeps its Internet checksum; -1: it has none. */
static int checksum_offset(uint8_t protocol)
{
    switch (protocol) {
    case IP_ICMP:
    case IP_ICMP6:
        return 2;
    case IP_TCP:
        return 16;
    case IP_UDP:
    case IP_UDPLITE:
    case IP_DCCP:
        return 6;
    default:
        return -1;
    }
}

void pkt_sum(struct pkt *p)
{
    struct headers h;
    const char *malformed = NULL;
    headers_decode(p->bytes, p->length, false, &h, &malformed);
    int at = checksum_offset(h.ip.protocol);
    if (malformed || at < 0 || h.transport.captured < (size_t)at + 2)
        return;
    uint8_t *transport = p->bytes + h.ip.header_length;
    pkt_put16(transport + at, 0);
    uint32_t sum = 0;
    if (h.ip.protocol != IP_ICMP)
        sum = checksum_pseudo(&h.ip.source, &h.ip.target, h.ip.protocol, h.transport.captured);
    uint16_t value = checksum_finish(checksum_add(sum, transport, h.transport.captured));
    pkt_put16(transport + at, h.ip.protocol == IP_UDP && value == 0 ? 0xffff : value);
}

static bool is_v6(const uint8_t *bytes)
{
    return bytes[0] >> 4 == 6;
}

/* Sets a word of the IPv4 header and mends that header's checksum. */
static void set_header_word(uint8_t *bytes, size_t at, uint16_t value)
{
    pkt_put16(bytes + 10, checksum_update(pkt_get16(bytes + 10), pkt_get16(bytes + at), value));
    pkt_put16(bytes + at, value);
}

void pkt_set_ttl(uint8_t *bytes, uint8_t ttl)
{
    if (is_v6(bytes))
        bytes[7] = ttl;
    else
        set_header_word(bytes, 8, (uint16_t)(ttl << 8 | bytes[9]));
}

void pkt_set_tos(uint8_t *bytes, uint8_t tos)
{
    if (is_v6(bytes)) {
        bytes[0] = (uint8_t)(0x60 | tos >> 4);
        bytes[1] = (uint8_t)((bytes[1] & 0x0f) | tos << 4);
    } else
        set_header_word(bytes, 0, (uint16_t)(bytes[0] << 8 | tos));
}

void pkt_set_id(uint8_t *bytes, uint16_t id)
{
    if (!is_v6(bytes))
        set_header_word(bytes, 4, id);
}

/* Offset of the transport checksum in the packet; 0: none, not there, or not used. */
static size_t sum_offset(const uint8_t *bytes, size_t captured, bool pseudo)
{
    struct headers h;
    const char *malformed = NULL;
    headers_decode(bytes, captured, true, &h, &malformed);
    int at = checksum_offset(h.ip.protocol);
    if (at < 0 || h.ip.fragment_offset > 0 || (pseudo && h.ip.protocol == IP_ICMP))
        return 0;
    size_t offset = (size_t)h.ip.header_length + (size_t)at;
    if (offset + 2 > captured || (h.ip.protocol == IP_UDP && pkt_get16(bytes + offset) == 0))
        return 0;
    return offset;
}

/* A word that the transport checksum covers changes. */
static void mend(uint8_t *bytes, size_t offset, uint16_t from, uint16_t to)
{
    if (offset)
        pkt_put16(bytes + offset, checksum_update(pkt_get16(bytes + offset), from, to));
}

void pkt_set_address(uint8_t *bytes, size_t captured, bool target, const struct addr *address, bool transport_sums)
{
    size_t length = addr_length(address), at = length == 16 ? (target ? 24 : 8) : (target ? 16 : 12);
    size_t offset = transport_sums ? sum_offset(bytes, captured, true) : 0;
    for (size_t i = 0; i < length; i += 2) {
        uint16_t value = pkt_get16(address->bytes + i);
        mend(bytes, offset, pkt_get16(bytes + at + i), value);
        if (length == 4)
            set_header_word(bytes, at + i, value);
        else
            pkt_put16(bytes + at + i, value);
    }
}

void pkt_set_word(uint8_t *bytes, size_t captured, size_t at, uint16_t value, bool transport_sums)
{
    struct headers h;
    const char *malformed = NULL;
    headers_decode(bytes, captured, true, &h, &malformed);
    if (h.ip.fragment_offset > 0 || h.transport.captured < at + 2)
        return;
    at += h.ip.header_length;
    mend(bytes, transport_sums ? sum_offset(bytes, captured, false) : 0, pkt_get16(bytes + at), value);
    pkt_put16(bytes + at, value);
}

void pkt_set_port(uint8_t *bytes, size_t captured, bool target, uint16_t port, bool transport_sums)
{
    struct headers h;
    const char *malformed = NULL;
    headers_decode(bytes, captured, true, &h, &malformed);
    if ((h.transport.have & HAVE_PORTS))
        pkt_set_word(bytes, captured, target ? 2 : 0, port, transport_sums);
}
