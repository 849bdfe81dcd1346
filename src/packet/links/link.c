/* SPDX-License-Identifier: BSD-2-Clause */
/* The link layer: a table row per link type, each with a function that leaves the cursor at the IP header. */
#include "packet/links/link.h"

#define TYPE_LEAST 0x0600 /* IEEE 802.3 3.2.6: a smaller number is a length */

enum link_result link_broken(struct link_state *s, const char *reason)
{
    s->broken = reason;
    return LINK_BROKEN;
}

bool link_count_layer(struct link_state *s)
{
    return s->layers++ < LINK_LAYERS_MOST;
}

bool link_try(struct link_state *s, size_t skip, link_decoder *decode)
{
    struct link_state trial = *s;
    cursor_skip(&trial.cursor, skip);
    bool found = !trial.cursor.failed && s->layers < LINK_LAYERS_MOST && decode(&trial) == LINK_IP &&
                 ip_is_sound(span_left(&trial.cursor), trial.missing);
    s->layers = trial.layers;
    if (found)
        *s = trial;
    return found;
}

enum link_result link_ip(struct link_state *s)
{
    if (cursor_left(&s->cursor) == 0)
        return link_broken(s, "no IP header");
    uint8_t version = *cursor_here(&s->cursor) >> 4;
    return version == 4 || version == 6 ? LINK_IP : LINK_OTHER;
}

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
    return oui == 0 && type >= TYPE_LEAST ? link_ethertype(s, type) : LINK_OTHER;
}

enum link_result link_next_protocol(struct link_state *s, uint8_t protocol)
{
    switch (protocol) {
    case 1:
    case 2:
        return link_ip(s);
    case 3:
        return link_ethernet(s);
    case 4:
        return link_nsh(s);
    case 5:
        return link_mpls(s);
    default:
        return LINK_OTHER;
    }
}

enum link_result link_nsh(struct link_state *s)
{
    const uint16_t version_and_oam = 0xe000;
    uint16_t first = cursor_u16(&s->cursor);
    cursor_skip(&s->cursor, 1);
    uint8_t next = cursor_u8(&s->cursor);
    size_t length = (first & 0x3f) * (size_t)4;
    if (s->cursor.failed)
        return link_broken(s, "NSH header cut short");
    if (first & version_and_oam || length < 8 || !link_count_layer(s))
        return LINK_OTHER;
    cursor_skip(&s->cursor, length - 4);
    return s->cursor.failed ? link_broken(s, "NSH header cut short") : link_next_protocol(s, next);
}

/* Bytes of a tag, before the type of what follows it; 0: the type is that of no tag. */
static size_t tag_bytes(uint16_t type)
{
    switch (type) {
    case 0x8100: /* IEEE 802.1Q and 802.1ad, and the numbers that were used before the latter */
    case 0x88a8:
    case 0x9100:
    case 0x9200:
    case 0x9300:
        return 2;
    case 0x8926: /* Cisco's VN-Tag */
    case 0x892f: /* HSR (IEC 62439-3) */
    case 0xf1c1: /* IEEE 802.1CB */
        return 4;
    case 0x8909: /* Cisco's metadata: a security group */
        return 6;
    default:
        return 0;
    }
}

static bool is_ip(uint16_t type)
{
    return type == 0x0800 || type == 0x86dd;
}

enum link_result link_ethertype(struct link_state *s, uint16_t type)
{
    size_t bytes;
    if (is_ip(type)) /* most packets are */
        return LINK_IP;
    for (unsigned tags = 0; (bytes = tag_bytes(type)) > 0; tags++) {
        if (tags == VLAN_TAGS_MOST)
            return link_broken(s, "more than 8 VLAN tags");
        cursor_skip(&s->cursor, bytes);
        type = cursor_u16(&s->cursor);
        if (s->cursor.failed)
            return link_broken(s, "VLAN tag cut short");
    }
    if (is_ip(type))
        return LINK_IP;
    if (type < TYPE_LEAST)
        return link_llc(s);
    switch (type) {
    case 0x8847:
    case 0x8848:
        return link_mpls(s);
    case 0x8864:
        return link_pppoe(s);
    case 0x880b:
        return link_ppp(s);
    case 0x88e7: /* IEEE 802.1ah: the service tag, then the customer's frame */
        cursor_skip(&s->cursor, 4);
        return link_ethernet(s);
    case 0x6558: /* RFC 1701: a bridged frame */
        return link_ethernet(s);
    case 0x894f:
        return link_nsh(s);
    default:
        return LINK_OTHER;
    }
}

enum link_result link_ethernet(struct link_state *s)
{
    cursor_skip(&s->cursor, 12);
    uint16_t type = cursor_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "Ethernet header cut short");
    return link_count_layer(s) ? link_ethertype(s, type) : LINK_OTHER;
}

static enum link_result link_decode_as(struct link_state *s, uint16_t linktype);

/* The link types of frames in a frame: PKTAP of macOS, whose layout is that of its net/pktap.h, and PPI (Per-Packet
 * Information, CACE). Both are little-endian. Neither holds itself. */
static enum link_result linked(struct link_state *s, uint32_t length, uint32_t linktype)
{
    bool is_known = linktype <= UINT16_MAX && linktype_is_known((uint16_t)linktype);
    cursor_skip(&s->cursor, length);
    if (s->cursor.failed)
        return link_broken(s, "PKTAP or PPI header cut short");
    if (!is_known || linktype == LINKTYPE_PKTAP || linktype == LINKTYPE_PPI)
        return LINK_OTHER;
    return link_decode_as(s, (uint16_t)linktype);
}

static enum link_result link_pktap(struct link_state *s)
{
    struct cursor ahead = s->cursor;
    uint32_t length = __builtin_bswap32(cursor_u32(&ahead)), kind = __builtin_bswap32(cursor_u32(&ahead));
    uint32_t linktype = __builtin_bswap32(cursor_u32(&ahead));
    if (ahead.failed)
        return link_broken(s, "PKTAP or PPI header cut short");
    return kind == 1 && length >= 12 ? linked(s, length, linktype) : LINK_OTHER;
}

static enum link_result link_ppi(struct link_state *s)
{
    struct cursor ahead = s->cursor;
    uint8_t version = cursor_u8(&ahead);
    cursor_skip(&ahead, 1);
    uint16_t length = __builtin_bswap16(cursor_u16(&ahead));
    uint32_t linktype = __builtin_bswap32(cursor_u32(&ahead));
    if (ahead.failed)
        return link_broken(s, "PKTAP or PPI header cut short");
    return version == 0 && length >= 8 ? linked(s, length, linktype) : LINK_OTHER;
}

/* The most common ones first. */
static const struct link_row {
    uint16_t linktype;
    link_decoder *decode;
} link_rows[] = {
    {LINKTYPE_ETHERNET, link_ethernet},
    {LINKTYPE_LINUX_SLL2, link_sll2},
    {LINKTYPE_NULL, link_null},
    {LINKTYPE_PPP, link_ppp},
    {LINKTYPE_PPP_HDLC, link_ppp},
    {LINKTYPE_PPP_ETHER, link_pppoe},
    {LINKTYPE_RAW, link_raw},
    {LINKTYPE_RAW_12, link_raw},
    {LINKTYPE_RAW_14, link_raw},
    {LINKTYPE_LOOP, link_null},
    {LINKTYPE_LINUX_SLL, link_sll},
    {LINKTYPE_IPV4, link_raw},
    {LINKTYPE_IPV6, link_raw},
    {LINKTYPE_IEEE802_11, link_wlan},
    {LINKTYPE_IEEE802_11_RADIOTAP, link_radiotap},
    {LINKTYPE_C_HDLC, link_hdlc},
    {LINKTYPE_C_HDLC_WITH_DIR, link_hdlc_with_direction},
    {LINKTYPE_FRELAY, link_frame_relay},
    {LINKTYPE_FRELAY_WITH_DIR, link_frame_relay_with_direction},
    {LINKTYPE_PPP_WITH_DIR, link_ppp_with_direction},
    {LINKTYPE_PPP_PPPD, link_ppp_pppd},
    {LINKTYPE_PFLOG, link_pflog},
    {LINKTYPE_NFLOG, link_nflog},
    {LINKTYPE_ENC, link_enc},
    {LINKTYPE_MPLS, link_mpls},
    {LINKTYPE_PKTAP, link_pktap},
    {LINKTYPE_PPI, link_ppi},
};

static const struct link_row *find_row(uint16_t linktype)
{
    for (size_t i = 0; i < sizeof link_rows / sizeof *link_rows; i++)
        if (link_rows[i].linktype == linktype)
            return &link_rows[i];
    return NULL;
}

static enum link_result link_decode_as(struct link_state *s, uint16_t linktype)
{
    return find_row(linktype)->decode(s);
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
        enum link_result result = row->decode(&s);
        out->kind = kinds[result];
        out->malformed = result == LINK_BROKEN ? s.broken : NULL;
    } else {
        out->kind = PACKET_NOT_IP;
        out->malformed = "unknown link type";
    }
    return span_left(&s.cursor);
}
