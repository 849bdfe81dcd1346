/* SPDX-License-Identifier: BSD-2-Clause */
/* The link layer: a table row per link type, each with a function that leaves the cursor at the IP header. */
#include "packet/link.h"

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

/* IEEE 802.1Q and 802.1ad, and the numbers that were used before the latter. */
static bool is_vlan(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200 || type == 0x9300;
}

enum link_result link_ethertype(struct link_state *s, uint16_t type)
{
    for (unsigned tags = 0; is_vlan(type); tags++) {
        if (tags == VLAN_TAGS_MOST)
            return link_broken(s, "more than 8 VLAN tags");
        cursor_skip(&s->cursor, 2);
        type = cursor_u16(&s->cursor);
        if (s->cursor.failed)
            return link_broken(s, "VLAN tag cut short");
    }
    if (type < TYPE_LEAST)
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
        enum link_result result = row->decode(&s);
        out->kind = kinds[result];
        out->malformed = result == LINK_BROKEN ? s.broken : NULL;
    } else {
        out->kind = PACKET_NOT_IP;
        out->malformed = "unknown link type";
    }
    return span_left(&s.cursor);
}
