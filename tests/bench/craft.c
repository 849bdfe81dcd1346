/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/craft.h"

#include <string.h>

#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define UDP_BYTES 8
#define ICMP_BYTES 8
#define EXTENDED_QUOTE_BYTES 128

static void put_u16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, value >> 16);
    put_u16(at + 2, value);
}

/* ---- checksums ---- */

static uint64_t add_up(uint64_t sum, const uint8_t *bytes, size_t count)
{
    for (; count >= 2; bytes += 2, count -= 2)
        sum += (uint32_t)bytes[0] << 8 | bytes[1];
    return count ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static size_t checksum_offset(uint8_t protocol)
{
    return protocol == CRAFT_UDP ? 6 : protocol == CRAFT_TCP ? 16 : 2;
}

static void fill_transport_checksum(uint8_t *at, size_t length, const struct craft_ip *ip)
{
    size_t address = ip->source.v6 ? 16 : 4;
    uint64_t sum = 0;
    put_u16(at + checksum_offset(ip->protocol), 0);
    if (ip->protocol != CRAFT_ICMP) {
        sum = add_up(sum, ip->source.bytes, address);
        sum = add_up(sum, ip->target.bytes, address) + ip->protocol + length;
    }
    uint16_t checksum = fold(add_up(sum, at, length));
    put_u16(at + checksum_offset(ip->protocol), checksum || ip->protocol != CRAFT_UDP ? checksum : 0xffff);
}

static void fill_ip_checksum(uint8_t *packet)
{
    put_u16(packet + 10, 0);
    put_u16(packet + 10, fold(add_up(0, packet, IPV4_BYTES)));
}

uint16_t craft_checksum(const uint8_t *packet, uint8_t protocol)
{
    const uint8_t *at = packet + (packet[0] >> 4 == 6 ? IPV6_BYTES : IPV4_BYTES) + checksum_offset(protocol);
    return (uint16_t)(at[0] << 8 | at[1]);
}

void craft_set_id(uint8_t *packet, uint16_t id)
{
    put_u16(packet + 4, id);
    fill_ip_checksum(packet);
}

/* ---- transport headers ---- */

size_t craft_udp(uint8_t *out, uint16_t source, uint16_t target, size_t payload_length)
{
    put_u16(out, source);
    put_u16(out + 2, target);
    put_u16(out + 4, (uint32_t)(UDP_BYTES + payload_length));
    return UDP_BYTES;
}

size_t craft_tcp(uint8_t *out, uint16_t source, uint16_t target, uint32_t sequence, uint32_t acknowledged,
                 uint8_t flags, bool options)
{
    /* MSS 1460, SACK, time stamps, window scale 7 */
    static const uint8_t usual[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 1, 2, 3, 0, 0, 0, 0, 1, 3, 3, 7};
    size_t length = 20 + (options ? sizeof usual : 0);
    put_u16(out, source);
    put_u16(out + 2, target);
    put_u32(out + 4, sequence);
    put_u32(out + 8, acknowledged);
    out[12] = (uint8_t)(length / 4 << 4);
    out[13] = flags;
    put_u16(out + 14, 64240);
    put_u32(out + 16, 0);
    memcpy(out + 20, usual, length - 20);
    return length;
}

size_t craft_echo(uint8_t *out, uint8_t type, uint16_t id, uint16_t sequence)
{
    put_u32(out, (uint32_t)type << 24);
    put_u16(out + 4, id);
    put_u16(out + 6, sequence);
    return ICMP_BYTES;
}

/* An extension structure with one MPLS label: version 2, its checksum, the object. */
static size_t put_mpls(uint8_t *out)
{
    put_u32(out, 2u << 28);
    put_u32(out + 4, 8u << 16 | 1u << 8 | 1);
    put_u32(out + 8, 24001u << 12 | 1u << 8 | 1);
    put_u16(out + 2, fold(add_up(0, out, 12)));
    return 12;
}

size_t craft_error(uint8_t *out, uint8_t type, uint8_t code, const uint8_t *packet, size_t length,
                   enum craft_quote quote)
{
    bool v6 = packet[0] >> 4 == 6;
    size_t header = v6 ? IPV6_BYTES : IPV4_BYTES, most = (v6 ? 1280u : 576u) - header - ICMP_BYTES;
    uint8_t *quoted = out + ICMP_BYTES;
    if (quote == CRAFT_QUOTE_SHORT)
        most = header + 8;
    else if (quote == CRAFT_QUOTE_EXTENDED)
        most = EXTENDED_QUOTE_BYTES;
    size_t kept = length < most ? length : most, end = kept;
    put_u32(out, (uint32_t)type << 24 | (uint32_t)code << 16);
    put_u32(out + 4, 0);
    memcpy(quoted, packet, kept);
    quoted[v6 ? 7 : 8] = 1;
    if (!v6)
        fill_ip_checksum(quoted);
    if (quote == CRAFT_QUOTE_EXTENDED) {
        memset(quoted + kept, 0, EXTENDED_QUOTE_BYTES - kept);
        out[v6 ? 4 : 5] = v6 ? EXTENDED_QUOTE_BYTES / 8 : EXTENDED_QUOTE_BYTES / 4;
        end = EXTENDED_QUOTE_BYTES + put_mpls(quoted + EXTENDED_QUOTE_BYTES);
    }
    return ICMP_BYTES + end;
}

/* ---- IP ---- */

size_t craft_ip_bytes(const struct craft_ip *ip)
{
    return ip->source.v6 ? IPV6_BYTES : IPV4_BYTES;
}

static void put_v4(uint8_t *out, const struct craft_ip *ip, size_t length)
{
    put_u32(out, 0x45000000u | (uint32_t)(IPV4_BYTES + length));
    put_u32(out + 4, (uint32_t)ip->id << 16 | (ip->df ? 0x4000u : 0));
    put_u32(out + 8, (uint32_t)ip->ttl << 24 | (uint32_t)ip->protocol << 16);
    memcpy(out + 12, ip->source.bytes, 4);
    memcpy(out + 16, ip->target.bytes, 4);
    fill_ip_checksum(out);
}

static void put_v6(uint8_t *out, const struct craft_ip *ip, size_t length)
{
    put_u32(out, 6u << 28 | (ip->flow & 0xfffff));
    put_u32(out + 4, (uint32_t)length << 16 | (uint32_t)ip->protocol << 8 | ip->ttl);
    memcpy(out + 8, ip->source.bytes, 16);
    memcpy(out + 24, ip->target.bytes, 16);
}

size_t craft_ip(uint8_t *out, const struct craft_ip *ip, size_t length)
{
    size_t header = craft_ip_bytes(ip);
    if (ip->source.v6)
        put_v6(out, ip, length);
    else
        put_v4(out, ip, length);
    fill_transport_checksum(out + header, length, ip);
    return header + length;
}
