/* SPDX-License-Identifier: BSD-2-Clause */
/* Point-to-point links: PPP (RFC 1661, RFC 1662), PPPoE (RFC 2516), Cisco HDLC (RFC 1547 4.3.1), frame relay (RFC
 * 2427).
 */
#include "packet/links/link.h"

/* RFC 1661 2, RFC 1662 3.1: the protocol field is one byte where that byte is odd. */
static enum link_result ppp_protocol(struct link_state *s)
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
enum link_result link_pppoe(struct link_state *s)
{
    cursor_skip(&s->cursor, 1);
    uint8_t code = cursor_u8(&s->cursor);
    cursor_skip(&s->cursor, 4);
    if (s->cursor.failed)
        return link_broken(s, "PPPoE header cut short");
    return code == 0 ? ppp_protocol(s) : LINK_OTHER;
}

/* Behind the address and control bytes. */
static enum link_result cisco_hdlc(struct link_state *s)
{
    uint16_t type = cursor_u16(&s->cursor);
    return s->cursor.failed ? link_broken(s, "Cisco HDLC header cut short") : link_ethertype(s, type);
}

/* PPP, alone or in HDLC framing, or Cisco HDLC, which captures of either link type hold. */
enum link_result link_ppp(struct link_state *s)
{
    struct cursor ahead = s->cursor;
    uint16_t start = cursor_u16(&ahead);
    bool is_cisco = start == 0x0f00 || start == 0x8f00;
    if (start == 0xff03 || is_cisco)
        s->cursor = ahead;
    return is_cisco ? cisco_hdlc(s) : ppp_protocol(s);
}

/* Cisco's address byte says unicast or broadcast; some senders use others. */
enum link_result link_hdlc(struct link_state *s)
{
    const uint16_t ppp = 0xff03;
    uint16_t start = cursor_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "HDLC header cut short");
    return start == ppp ? ppp_protocol(s) : cisco_hdlc(s);
}

/* The pseudo-header of link types with a direction: 0 received, else sent. */
static bool take_direction(struct link_state *s)
{
    uint8_t sent = cursor_u8(&s->cursor);
    if (!s->cursor.failed)
        s->packet->direction = sent ? FRAME_OUT : FRAME_IN;
    return !s->cursor.failed;
}

enum link_result link_ppp_with_direction(struct link_state *s)
{
    return take_direction(s) ? link_ppp(s) : link_broken(s, "PPP header cut short");
}

/* The direction stands in the place of the address byte, if there is one. */
enum link_result link_ppp_pppd(struct link_state *s)
{
    const uint8_t control = 0x03;
    if (!take_direction(s))
        return link_broken(s, "PPP header cut short");
    if (cursor_left(&s->cursor) > 0 && *cursor_here(&s->cursor) == control)
        cursor_skip(&s->cursor, 1);
    return ppp_protocol(s);
}

enum link_result link_hdlc_with_direction(struct link_state *s)
{
    return take_direction(s) ? link_hdlc(s) : link_broken(s, "HDLC header cut short");
}

/* RFC 2427 4.2: a SNAP header, of EtherTypes or of bridged frames with or without their checksum. */
static enum link_result frame_relay_snap(struct link_state *s)
{
    const uint32_t oui_bridged = 0x0080c2;
    uint32_t oui = cursor_u24(&s->cursor);
    uint16_t type = cursor_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "frame relay header cut short");
    if (oui == oui_bridged)
        return type == 1 || type == 7 ? link_ethernet(s) : LINK_OTHER;
    return oui == 0 ? link_ethertype(s, type) : LINK_OTHER;
}

/* RFC 2427 3: the network layer protocol id behind the control byte; RFC 1973 for PPP. A zero before it pads. */
static enum link_result frame_relay_nlpid(struct link_state *s)
{
    uint8_t nlpid = cursor_u8(&s->cursor);
    if (nlpid == 0)
        nlpid = cursor_u8(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "frame relay header cut short");
    switch (nlpid) {
    case 0xcc:
    case 0x8e:
        return LINK_IP;
    case 0x80:
        return frame_relay_snap(s);
    case 0xcf:
        return ppp_protocol(s);
    default:
        return LINK_OTHER;
    }
}

/* The address has two to four bytes, and only the last is odd (Q.922 2.3.3). Then comes a control byte, or, in
 * Cisco's encapsulation, an EtherType. */
enum link_result link_frame_relay(struct link_state *s)
{
    const uint8_t unnumbered = 0x03;
    uint8_t last = cursor_u8(&s->cursor);
    if (last & 1)
        return LINK_OTHER;
    for (unsigned i = 0; i < 3 && !(last & 1); i++)
        last = cursor_u8(&s->cursor);
    if (s->cursor.failed || cursor_left(&s->cursor) == 0)
        return link_broken(s, "frame relay header cut short");
    if (!(last & 1))
        return LINK_OTHER;
    if (*cursor_here(&s->cursor) == unnumbered) {
        cursor_skip(&s->cursor, 1);
        return frame_relay_nlpid(s);
    }
    uint16_t type = cursor_u16(&s->cursor);
    return s->cursor.failed ? link_broken(s, "frame relay header cut short") : link_ethertype(s, type);
}

enum link_result link_frame_relay_with_direction(struct link_state *s)
{
    return take_direction(s) ? link_frame_relay(s) : link_broken(s, "frame relay header cut short");
}
