/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 (RFC 791) and IPv6 (RFC 8200) headers. A source route changes the target field at every station of it. So the
 * target of such a packet is the route's last address: the same at each hop, and the one that transport checksums
 * cover (RFC 8200 8.1). */
#include "packet/checksum.h"
#include "packet/decode.h"

#define IPV4_HEADER_LEAST 20
#define IPV6_HEADER 40
#define EXTENSION_HEADERS_MOST 16
#define QUOTED_TRANSPORT_LEAST 8 /* RFC 792: what every quote has behind the IP header */

enum next_header {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_AUTHENTICATION = 51,
    NEXT_NONE = 59,
    NEXT_DESTINATION_OPTIONS = 60,
};

static bool has_known_transport(const struct ip_header *ip)
{
    return ip_protocol_name(ip->protocol) != NULL && ip->fragment_offset == 0;
}

/* Offset and flags. No ICMP error is about a later fragment (RFC 1122 3.2.2). So a quote with only the DF bit, in
 * host byte order, comes from a router that swapped the word before quoting. */
static void decode_fragment_word(uint16_t word, enum extent extent, struct ip_header *ip)
{
    if (extent == EXTENT_QUOTED && word == 0x0040)
        word = 0x4000;
    ip->dont_fragment = word & 0x4000;
    ip->more_fragments = word & 0x2000;
    ip->fragment_offset = (uint16_t)((word & 0x1fff) * 8);
}

/* The bytes of the packet. A total length of 0 comes from a capture before segmentation
 * offload; in a quote the length may be in host byte order or lack the header, and then it says too little. */
static uint32_t believed_length(const struct ip_header *ip, size_t captured, enum extent extent, const char **malformed)
{
    if (ip->total_length == 0)
        return (uint32_t)captured;
    uint32_t least = ip->header_length;
    if (extent == EXTENT_QUOTED && ip->total_length < least + QUOTED_TRANSPORT_LEAST && has_known_transport(ip))
        least += QUOTED_TRANSPORT_LEAST;
    if (ip->total_length >= least)
        return ip->total_length;
    if (extent != EXTENT_QUOTED)
        malformed_because(malformed, "IPv4 total length below its header length");
    return (uint32_t)captured;
}

/* The last address of a loose or strict source route (RFC 791 3.1) that the packet has not reached yet. `c`: the data
 * of the option. */
static void decode_route_option(struct cursor c, struct ip_header *ip)
{
    size_t data = cursor_left(&c);
    if (data < 5) /* pointer and one address */
        return;
    uint8_t pointer = cursor_u8(&c);
    size_t addresses = (data - 1) / 4;
    if (pointer < 4 || pointer - 4U >= addresses * 4)
        return;
    cursor_skip(&c, (addresses - 1) * 4);
    addr_set(&ip->target, 4, cursor_bytes(&c, 4));
}

/* Looks for a source route. Ends at the first option that does not fit. */
static void decode_ipv4_options(struct cursor c, struct ip_header *ip)
{
    enum { END = 0, NO_OPERATION = 1, LOOSE_ROUTE = 131, STRICT_ROUTE = 137 };
    while (cursor_left(&c) > 0) {
        uint8_t kind = cursor_u8(&c);
        if (kind == NO_OPERATION)
            continue;
        uint8_t length = cursor_u8(&c);
        if (kind == END || c.failed || length < 2 || cursor_left(&c) < length - 2U)
            return;
        struct cursor data = cursor_sub(&c, length - 2U);
        if (kind == LOOSE_ROUTE || kind == STRICT_ROUTE)
            decode_route_option(data, ip);
    }
}

static bool decode_ipv4(struct cursor c, enum extent extent, struct headers *out, const char **malformed)
{
    struct ip_header *ip = &out->ip;
    size_t captured = cursor_left(&c);
    if (captured < IPV4_HEADER_LEAST) {
        malformed_because(malformed, "IPv4 header cut short");
        return false;
    }
    ip->header_length = (uint16_t)((cursor_u8(&c) & 0x0f) * 4);
    ip->tos = cursor_u8(&c);
    ip->total_length = cursor_u16(&c);
    ip->id = cursor_u16(&c);
    decode_fragment_word(cursor_u16(&c), extent, ip);
    ip->ttl = cursor_u8(&c);
    ip->protocol = cursor_u8(&c);
    ip->checksum = cursor_u16(&c);
    if (ip->header_length < IPV4_HEADER_LEAST) {
        malformed_because(malformed, "IPv4 header length below 20");
        return false;
    }
    ip->version = 4;
    addr_set(&ip->source, 4, cursor_bytes(&c, 4));
    addr_set(&ip->target, 4, cursor_bytes(&c, 4));
    ip->has_options = ip->header_length > IPV4_HEADER_LEAST;
    if (ip->has_options && captured >= ip->header_length)
        decode_ipv4_options(cursor_sub(&c, ip->header_length - IPV4_HEADER_LEAST), ip);
    uint32_t length = believed_length(ip, captured, extent, malformed);
    if (ip->total_length == 0)
        ip->total_length = length;
    out->captured = length < captured ? length : (uint32_t)captured;
    out->transport.size = length > ip->header_length ? length - ip->header_length : 0;
    return true;
}

/* Bytes of the extension header at `c`, its first two read; 0 where `next` is none. */
static size_t extension_length(uint8_t next, uint8_t length)
{
    switch (next) {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION_OPTIONS:
        return ((size_t)length + 1) * 8;
    case NEXT_FRAGMENT:
        return 8;
    case NEXT_AUTHENTICATION:
        return ((size_t)length + 2) * 4;
    default:
        return 0;
    }
}

static void decode_fragment_header(struct cursor c, struct ip_header *ip)
{
    cursor_skip(&c, 2);
    uint16_t word = cursor_u16(&c);
    ip->fragment_offset = word & 0xfff8;
    ip->more_fragments = word & 1;
    ip->fragment_id = cursor_u32(&c);
}

/* Of a compressed route (RFC 6554 3), the last address: it shares its first bytes with the target field. */
static void decode_compressed_route(struct cursor c, struct ip_header *ip)
{
    uint8_t compression = cursor_u8(&c), padding = cursor_u8(&c) >> 4;
    size_t inner = 16U - (compression >> 4), last = 16U - (compression & 0x0f);
    cursor_skip(&c, 2);
    size_t bytes = cursor_left(&c);
    if (c.failed || bytes < padding + last || (bytes - padding - last) % inner)
        return;
    cursor_skip(&c, bytes - padding - last);
    const uint8_t *end = cursor_bytes(&c, last);
    struct addr target = ip->target;
    for (size_t i = 0; i < last; i++)
        target.bytes[16 - last + i] = end[i];
    ip->target = target;
}

/* The last address of a source route that the packet has not reached yet. `c`: the routing header. */
static void decode_routing_header(struct cursor c, struct ip_header *ip)
{
    enum { SOURCE_ROUTE = 0, MOBILE = 2, RPL = 3, SEGMENTS = 4 }; /* RFC 5095, 6275, 6554, 8754 */
    cursor_skip(&c, 2);
    uint8_t type = cursor_u8(&c), segments_left = cursor_u8(&c);
    if (segments_left == 0)
        return;
    if (type == RPL) {
        decode_compressed_route(c, ip);
        return;
    }
    cursor_skip(&c, 4);
    size_t addresses = cursor_left(&c) / 16;
    if (addresses == 0 || (type != SOURCE_ROUTE && type != MOBILE && type != SEGMENTS))
        return;
    if (type != SEGMENTS) /* these stand in reverse order: the last is the first */
        cursor_skip(&c, (addresses - 1) * 16);
    addr_set(&ip->target, 6, cursor_bytes(&c, 16));
}

/* Walks the extension headers of RFC 8200 4; `c` covers what is at hand of the packet behind the fixed header. */
static void decode_extension_headers(struct cursor c, uint8_t next, enum extent extent, struct ip_header *ip,
                                     const char **malformed)
{
    for (unsigned depth = 0; extension_length(next, 0) > 0; depth++) {
        if (depth == EXTENSION_HEADERS_MOST) {
            malformed_because(malformed, "more than 16 IPv6 extension headers");
            next = NEXT_NONE;
            break;
        }
        struct cursor header = c;
        uint8_t following = cursor_u8(&c), length_field = cursor_u8(&c);
        size_t length = extension_length(next, length_field);
        c = header;
        cursor_skip(&c, length);
        if (c.failed) {
            if (extent == EXTENT_WHOLE)
                malformed_because(malformed, "IPv6 extension header cut short");
            next = NEXT_NONE;
            break;
        }
        if (next == NEXT_FRAGMENT)
            decode_fragment_header(header, ip);
        else
            ip->has_options = true;
        if (next == NEXT_ROUTING)
            decode_routing_header(cursor_sub(&header, length), ip);
        ip->header_length = (uint16_t)(ip->header_length + length);
        next = following;
        if (ip->fragment_offset > 0)
            break;
    }
    ip->protocol = next;
}

static bool decode_ipv6(struct cursor c, enum extent extent, struct headers *out, const char **malformed)
{
    struct ip_header *ip = &out->ip;
    size_t captured = cursor_left(&c);
    if (captured < IPV6_HEADER) {
        malformed_because(malformed, "IPv6 header cut short");
        return false;
    }
    uint32_t word = cursor_u32(&c);
    uint16_t payload_length = cursor_u16(&c);
    uint8_t next = cursor_u8(&c);
    ip->ttl = cursor_u8(&c);
    ip->version = 6;
    ip->tos = word >> 20 & 0xff;
    ip->flow_label = word & 0xfffff;
    addr_set(&ip->source, 6, cursor_bytes(&c, 16));
    addr_set(&ip->target, 6, cursor_bytes(&c, 16));
    ip->header_length = IPV6_HEADER;
    /* 0 before a hop-by-hop header: a jumbogram (RFC 2675), or one still to be segmented. */
    bool jumbo = payload_length == 0 && next == NEXT_HOP_BY_HOP;
    ip->total_length = jumbo ? (uint32_t)captured : IPV6_HEADER + (uint32_t)payload_length;
    out->captured = ip->total_length < captured ? ip->total_length : (uint32_t)captured;
    decode_extension_headers(cursor_sub(&c, out->captured - IPV6_HEADER), next, extent, ip, malformed);
    out->transport.size = ip->total_length - ip->header_length;
    return true;
}

static void decode_transport_of(struct headers *h, uint8_t version, enum extent extent, const char **malformed)
{
    bool nothing_follows = version == 6 && h->ip.protocol == NEXT_NONE;
    if (h->captured < h->ip.header_length && extent == EXTENT_WHOLE)
        malformed_because(malformed, "IPv4 options cut short");
    if (h->ip.fragment_offset > 0 || nothing_follows || h->captured <= h->ip.header_length)
        return;
    struct cursor c = cursor_init(h->bytes, h->captured);
    cursor_skip(&c, h->ip.header_length);
    transport_decode(span_left(&c), h->transport.size, &h->ip, extent, &h->transport, malformed);
}

void ip_decode(struct span packet, enum extent extent, struct headers *out, const char **malformed)
{
    struct cursor c = cursor_init(packet.bytes, packet.count);
    headers_clear(out);
    out->bytes = packet.bytes;
    uint8_t version = packet.count > 0 ? *cursor_here(&c) >> 4 : 0;
    bool readable = false;
    if (packet.count == 0)
        malformed_because(malformed, "no IP header");
    else if (version == 4)
        readable = decode_ipv4(c, extent, out, malformed);
    else if (version == 6)
        readable = decode_ipv6(c, extent, out, malformed);
    else
        malformed_because(malformed, "IP version neither 4 nor 6");
    if (!readable) {
        headers_clear(out);
        return;
    }
    if (extent == EXTENT_WHOLE && out->ip.total_length > packet.count)
        malformed_because(malformed, "IP length beyond the packet's bytes");
    decode_transport_of(out, version, extent, malformed);
}

/* --- soundness --- */

static bool ipv4_is_sound(struct cursor c, size_t most)
{
    size_t header_length = (*cursor_here(&c) & 0x0f) * (size_t)4;
    struct cursor header = cursor_sub(&c, header_length);
    if (header_length < IPV4_HEADER_LEAST || cursor_left(&header) < header_length)
        return false;
    if (checksum_finish(checksum_add(0, cursor_here(&header), header_length)) != 0)
        return false;
    cursor_skip(&header, 2);
    uint16_t total_length = cursor_u16(&header);
    return total_length >= header_length && total_length <= most;
}

static bool is_common_next_header(uint8_t next)
{
    enum { IPV4 = 4, IPV6 = 41, GRE = 47, ESP = 50, OSPF = 89, PIM = 103, VRRP = 112, L2TP = 115 };
    switch (next) {
    case IPV4:
    case IPV6:
    case GRE:
    case ESP:
    case OSPF:
    case PIM:
    case VRRP:
    case L2TP:
    case NEXT_NONE:
        return true;
    default:
        return ip_protocol_name(next) != NULL || extension_length(next, 0) > 0;
    }
}

/* The unspecified address sends (RFC 4861 4.3) but gets nothing; a multicast address sends nothing (RFC 4291 2.7). */
static bool ipv6_is_sound(struct cursor c, size_t most)
{
    const uint8_t multicast = 0xff;
    if (cursor_left(&c) < IPV6_HEADER)
        return false;
    cursor_skip(&c, 4);
    uint16_t payload_length = cursor_u16(&c);
    uint8_t next = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t source = *cursor_here(&c);
    cursor_skip(&c, 16);
    bool has_target = cursor_u64(&c) | cursor_u64(&c);
    bool may_be_empty = next == NEXT_NONE || next == NEXT_HOP_BY_HOP;
    return source != multicast && has_target && is_common_next_header(next) && (payload_length || may_be_empty) &&
           (size_t)IPV6_HEADER + payload_length <= most;
}

bool ip_is_sound(struct span packet, size_t missing)
{
    struct cursor c = cursor_init(packet.bytes, packet.count);
    uint8_t version = packet.count > 0 ? *cursor_here(&c) >> 4 : 0;
    return (version == 4 && ipv4_is_sound(c, packet.count + missing)) ||
           (version == 6 && ipv6_is_sound(c, packet.count + missing));
}
