/* SPDX-License-Identifier: BSD-2-Clause */
/* The link layer: a table row per link type, each with a function that leaves the cursor at the IP header. */
#include "packet/link.h"

#define VLAN_TAGS_MOST 8
#define MPLS_SHIM_MOST 16

enum link_result link_broken(struct link_state *s, const char *reason)
{
    malformed_because(&s->packet->malformed, reason);
    return LINK_BROKEN;
}

static enum link_result link_raw(struct link_state *s)
{
    return cursor_left(&s->cursor) > 0 ? LINK_IP : link_broken(s, "empty frame");
}

/* RFC 3032: a stack of labels; the first nibble of what follows is the IP version. */
static enum link_result link_mpls(struct link_state *s)
{
    bool bottom = false;
    for (unsigned i = 0; i < MPLS_SHIM_MOST && !bottom; i++)
        bottom = cursor_u32(&s->cursor) >> 8 & 1;
    if (s->cursor.failed || cursor_left(&s->cursor) == 0)
        return link_broken(s, "MPLS label stack cut short");
    if (!bottom)
        return link_broken(s, "more than 16 MPLS labels");
    uint8_t nibble = *cursor_here(&s->cursor) >> 4;
    return nibble == 4 || nibble == 6 ? LINK_IP : LINK_OTHER;
}

/* RFC 1661 2, RFC 1662 3.1: the protocol field is one byte where that byte is odd. */
static enum link_result link_ppp_protocol(struct link_state *s)
{
    uint16_t protocol = cursor_u8(&s->cursor);
    if (!(protocol & 1))
        protocol = (uint16_t)(protocol << 8 | cursor_u8(&s->cursor));
    if (s->cursor.failed)
        return link_broken(s, "PPP header cut short");
    if (protocol == 0x0281 || protocol == 0x0283)
        return link_mpls(s);
    return protocol == 0x0021 || protocol == 0x0057 ? LINK_IP : LINK_OTHER;
}

/* RFC 2516 4; only code 0 carries data. */
static enum link_result link_pppoe(struct link_state *s)
{
    cursor_skip(&s->cursor, 1);
    uint8_t code = cursor_u8(&s->cursor);
    cursor_skip(&s->cursor, 4);
    if (s->cursor.failed)
        return link_broken(s, "PPPoE header cut short");
    return code == 0 ? link_ppp_protocol(s) : LINK_OTHER;
}

static enum link_result link_ethertype(struct link_state *s, uint16_t type);

/* IP stands behind SAP 6, or behind a SNAP header with the OUI of plain EtherTypes. */
enum link_result link_llc(struct link_state *s)
{
    uint16_t saps = cursor_u16(&s->cursor);
    uint8_t control = cursor_u8(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "LLC header cut short");
    if (control != 0x03)
        return LINK_OTHER;
    if (saps == 0x0606)
        return LINK_IP;
    if (saps != 0xaaaa)
        return LINK_OTHER;
    uint32_t oui = cursor_u24(&s->cursor);
    uint16_t type = cursor_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "SNAP header cut short");
    return oui == 0 && type >= 0x0600 ? link_ethertype(s, type) : LINK_OTHER;
}

static bool is_vlan(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static enum link_result link_ethertype(struct link_state *s, uint16_t type)
{
    for (unsigned tags = 0; is_vlan(type); tags++) {
        if (tags == VLAN_TAGS_MOST)
            return link_broken(s, "more than 8 VLAN tags");
        cursor_skip(&s->cursor, 2);
        type = cursor_u16(&s->cursor);
        if (s->cursor.failed)
            return link_broken(s, "VLAN tag cut short");
    }
    if (type < 0x0600)
        return link_llc(s);
    switch (type) {
    case 0x0800:
    case 0x86dd:
        return LINK_IP;
    case 0x8847:
    case 0x8848:
        return link_mpls(s);
    case 0x8864:
        return link_pppoe(s);
    default:
        return LINK_OTHER;
    }
}

static enum link_result link_ethernet(struct link_state *s)
{
    cursor_skip(&s->cursor, 12);
    uint16_t type = cursor_u16(&s->cursor);
    return s->cursor.failed ? link_broken(s, "Ethernet header cut short") : link_ethertype(s, type);
}

/* The address family in the byte order, and by the numbers, of the capturing system. */
static enum link_result link_null(struct link_state *s)
{
    uint32_t family = cursor_u32(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "loopback header cut short");
    if (family > 0xffff)
        family = family >> 24 | (family >> 8 & 0xff00);
    switch (family) {
    case 2:  /* AF_INET everywhere */
    case 10: /* AF_INET6: Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return LINK_IP;
    default:
        return LINK_OTHER;
    }
}

/* PPP, alone or in HDLC framing, or Cisco HDLC, which captures of either link type hold. */
static enum link_result link_ppp(struct link_state *s)
{
    struct cursor ahead = s->cursor;
    uint16_t start = cursor_u16(&ahead);
    if (start == 0xff03) {
        s->cursor = ahead;
    } else if (start == 0x0f00 || start == 0x8f00) {
        uint16_t type = cursor_u16(&ahead);
        s->cursor = ahead;
        return ahead.failed ? link_broken(s, "Cisco HDLC header cut short") : link_ethertype(s, type);
    }
    return link_ppp_protocol(s);
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
static enum link_result link_cooked_protocol(struct link_state *s, uint16_t protocol)
{
    return protocol < 0x0600 && protocol != 4 ? LINK_OTHER : link_ethertype(s, protocol);
}

static enum link_result link_sll(struct link_state *s)
{
    uint16_t packet_type = cursor_u16(&s->cursor);
    cursor_skip(&s->cursor, 12);
    uint16_t protocol = cursor_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "SLL header cut short");
    set_direction(s, packet_type);
    return link_cooked_protocol(s, protocol);
}

static enum link_result link_sll2(struct link_state *s)
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
    return link_cooked_protocol(s, protocol);
}

/* The most common ones first. */
static const struct link_row {
    uint16_t linktype;
    enum link_result (*decode)(struct link_state *s);
} link_rows[] = {
    {LINKTYPE_ETHERNET, link_ethernet},
    {LINKTYPE_LINUX_SLL2, link_sll2},
    {LINKTYPE_NULL, link_null},
    {LINKTYPE_PPP, link_ppp},
    {LINKTYPE_PPP_HDLC, link_ppp},
    {LINKTYPE_PPP_ETHER, link_pppoe},
    {LINKTYPE_RAW, link_raw},
    {LINKTYPE_LOOP, link_null},
    {LINKTYPE_LINUX_SLL, link_sll},
    {LINKTYPE_IPV4, link_raw},
    {LINKTYPE_IPV6, link_raw},
    {LINKTYPE_IEEE802_11, link_wlan},
    {LINKTYPE_IEEE802_11_RADIOTAP, link_radiotap},
};

static const struct link_row *find_row(uint16_t linktype)
{
    for (size_t i = 0; i < sizeof link_rows / sizeof *link_rows; i++)
        if (link_rows[i].linktype == linktype)
            return &link_rows[i];
    return NULL;
}

bool linktype_is_known(uint16_t linktype)
{
    return find_row(linktype) != NULL;
}

struct span link_decode(const struct frame *frame, struct packet *out)
{
    static const enum packet_kind kinds[] = {
        [LINK_IP] = PACKET_PLAIN,
        [LINK_OTHER] = PACKET_NOT_IP,
        [LINK_BROKEN] = PACKET_MALFORMED,
    };
    struct link_state s = {
        .cursor = cursor_init(frame->bytes, frame->captured),
        .packet = out,
        .missing = frame->length > frame->captured ? frame->length - frame->captured : 0,
    };
    const struct link_row *row = find_row(frame->linktype);
    if (row) {
        out->kind = kinds[row->decode(&s)];
    } else {
        out->kind = PACKET_NOT_IP;
        out->malformed = "unknown link type";
    }
    return span_left(&s.cursor);
}
