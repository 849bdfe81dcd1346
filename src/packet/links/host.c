/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers that an operating system puts before its packets: BSD loopback, Linux cooked captures, and the packet
 * filters' logs. Their layouts: www.tcpdump.org/linktypes, net/if_pflog.h, linux/netfilter/nfnetlink_log.h,
 * net/if_enc.h. */
#include "packet/links/link.h"

enum link_result link_raw(struct link_state *s)
{
    return cursor_left(&s->cursor) > 0 ? LINK_IP : link_broken(s, "empty frame");
}

/* An address family, by the numbers of the capturing system. */
static bool is_ip_family(uint32_t family)
{
    switch (family) {
    case 2:  /* AF_INET everywhere */
    case 10: /* AF_INET6: Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return true;
    default:
        return false;
    }
}

/* A number in the byte order of the capturing system, which is below 65536. */
static uint32_t either_order(uint32_t number)
{
    return number > 0xffff ? number >> 24 | (number >> 8 & 0xff00) : number;
}

enum link_result link_null(struct link_state *s)
{
    uint32_t family = either_order(cursor_u32(&s->cursor));
    if (s->cursor.failed)
        return link_broken(s, "loopback header cut short");
    return is_ip_family(family) ? LINK_IP : LINK_OTHER;
}

static void set_direction(struct link_state *s, unsigned packet_type)
{
    const unsigned outgoing = 4, last_incoming = 3;
    if (packet_type == outgoing)
        s->packet->direction = FRAME_OUT;
    else if (packet_type <= last_incoming)
        s->packet->direction = FRAME_IN;
}

/* Linux marks LLC with 4 and other non-EtherTypes with other small numbers. */
static enum link_result cooked_protocol(struct link_state *s, uint16_t protocol)
{
    return protocol < 0x0600 && protocol != 4 ? LINK_OTHER : link_ethertype(s, protocol);
}

enum link_result link_sll(struct link_state *s)
{
    uint16_t packet_type = cursor_u16(&s->cursor);
    cursor_skip(&s->cursor, 12);
    uint16_t protocol = cursor_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "SLL header cut short");
    set_direction(s, packet_type);
    return cooked_protocol(s, protocol);
}

enum link_result link_sll2(struct link_state *s)
{
    uint16_t protocol = cursor_u16(&s->cursor);
    cursor_skip(&s->cursor, 2);
    uint32_t interface = cursor_u32(&s->cursor);
    cursor_skip(&s->cursor, 2);
    uint8_t packet_type = cursor_u8(&s->cursor);
    cursor_skip(&s->cursor, 9);
    if (s->cursor.failed)
        return link_broken(s, "SLL2 header cut short");
    set_direction(s, packet_type);
    s->packet->interface = interface;
    return cooked_protocol(s, protocol);
}

/* pf(4): struct pfloghdr. Its first byte is its length, which a multiple of 4 follows; older systems have no direction
 * in it. */
enum link_result link_pflog(struct link_state *s)
{
    enum { FAMILY_AT = 1, DIRECTION_AT = 60, LENGTH_LEAST = 48 };
    struct cursor ahead = s->cursor;
    size_t length = cursor_u8(&ahead);
    size_t padded = (length + 3) & ~(size_t)3;
    const uint8_t *header = cursor_bytes(&s->cursor, padded);
    if (ahead.failed || (!header && length >= LENGTH_LEAST))
        return link_broken(s, "pflog header cut short");
    if (length < LENGTH_LEAST || !is_ip_family(header[FAMILY_AT]))
        return LINK_OTHER;
    if (length > DIRECTION_AT && header[DIRECTION_AT])
        s->packet->direction = header[DIRECTION_AT] == 1 ? FRAME_IN : FRAME_OUT;
    return LINK_IP;
}

/* Lengths and types are in the byte order of the capturing system. No type exceeds 255, so the other byte is 0. */
static uint16_t nflog_u16(struct cursor *c, bool is_little)
{
    uint16_t number = cursor_u16(c);
    return is_little ? __builtin_bswap16(number) : number;
}

static bool nflog_is_little(struct cursor c)
{
    cursor_skip(&c, 2);
    return cursor_u8(&c) != 0;
}

/* Linux's log of packets: attributes, and one of them is the packet. The logging rule may have cut the packet, but no
 * field shows that. */
enum link_result link_nflog(struct link_state *s)
{
    enum { ATTRIBUTE_PAYLOAD = 9, ATTRIBUTE_TYPES = 0x3fff };
    uint8_t family = cursor_u8(&s->cursor);
    uint8_t version = cursor_u8(&s->cursor);
    cursor_skip(&s->cursor, 2);
    if (s->cursor.failed)
        return link_broken(s, "nflog header cut short");
    if (version != 0 || !is_ip_family(family))
        return LINK_OTHER;
    bool is_little = nflog_is_little(s->cursor);
    while (cursor_left(&s->cursor) > 0) {
        uint16_t length = nflog_u16(&s->cursor, is_little), type = nflog_u16(&s->cursor, is_little);
        if (s->cursor.failed || length < 4)
            return link_broken(s, "nflog attribute cut short");
        if ((type & ATTRIBUTE_TYPES) == ATTRIBUTE_PAYLOAD) {
            s->cursor = cursor_sub(&s->cursor, length - 4U);
            s->packet->truncated = true;
            return link_raw(s);
        }
        cursor_skip(&s->cursor, ((length + 3U) & ~3U) - 4U);
    }
    return s->missing || s->cursor.failed ? link_broken(s, "nflog attribute cut short") : LINK_OTHER;
}

/* OpenBSD's enc(4): family, security parameter index and flags of a packet that IPsec has opened or will close. */
enum link_result link_enc(struct link_state *s)
{
    uint32_t family = either_order(cursor_u32(&s->cursor));
    cursor_skip(&s->cursor, 8);
    if (s->cursor.failed)
        return link_broken(s, "enc header cut short");
    return is_ip_family(family) ? LINK_IP : LINK_OTHER;
}
