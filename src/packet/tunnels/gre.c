/* SPDX-License-Identifier: BSD-2-Clause */
/* GRE: RFC 2784, key and sequence number of RFC 2890; version 1 is the PPP of RFC 2637 4.1. Inside: any EtherType,
 * bridged frames (RFC 1701), WCCP (draft-mclaggan-wccp-v2rev1 4.12), and mirrored frames: ERSPAN I to III
 * (draft-foschiano-erspan-03 4). */
#include "packet/tunnels/tunnel.h"

#define CUT_MOST UINT16_MAX /* bytes that a mirror cuts off a frame at most */

enum gre_flag {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000, /* RFC 1701; obsolete */
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGEMENT = 0x0080, /* version 1 */
    GRE_VERSION = 0x0007,
};

enum gre_type {
    GRE_WCCP = 0x883e,
    GRE_PPP = 0x880b,
    GRE_ERSPAN = 0x88be,
    GRE_ERSPAN_III = 0x22eb,
};

/* The session in the low bits of the header's first word; true if the mirror has cut the frame. */
static bool read_session(uint32_t word, struct tunnel *out)
{
    const uint32_t truncated = 0x0400, session = 0x03ff;
    tunnel_set_id(out, word & session);
    return word & truncated;
}

static enum link_result erspan_ii(struct link_state *s, struct tunnel *out)
{
    const uint32_t version = 1;
    uint32_t word = cursor_u32(&s->cursor), index = cursor_u32(&s->cursor);
    if (s->cursor.failed || word >> 28 != version || index >> 20)
        return LINK_OTHER;
    if (read_session(word, out))
        s->missing = CUT_MOST;
    return link_ethernet(s);
}

static enum link_result erspan_iii(struct link_state *s, struct tunnel *out)
{
    enum { VERSION = 2, FRAME_ETHERNET = 0, FRAME_IP = 2, PLATFORM_BYTES = 8 };
    uint32_t word = cursor_u32(&s->cursor);
    cursor_skip(&s->cursor, 4 + 2); /* time, security group */
    uint16_t flags = cursor_u16(&s->cursor);
    unsigned frame_type = flags >> 10 & 0x1f;
    if (flags & 1)
        cursor_skip(&s->cursor, PLATFORM_BYTES);
    if (s->cursor.failed || word >> 28 != VERSION)
        return LINK_OTHER;
    if (read_session(word, out))
        s->missing = CUT_MOST;
    if (frame_type == FRAME_IP)
        return link_ip(s);
    return frame_type == FRAME_ETHERNET ? link_ethernet(s) : LINK_OTHER;
}

/* Type I has no header, and no sequence number in GRE's. */
static enum link_result erspan(struct link_state *s, uint16_t type, bool has_sequence, struct tunnel *out)
{
    out->encapsulation = ENCAPSULATION_ERSPAN;
    out->has_id = false;
    if (type == GRE_ERSPAN_III)
        return erspan_iii(s, out);
    return has_sequence ? erspan_ii(s, out) : link_ethernet(s);
}

/* Version 2 has a redirect header, whose first four bits are never an IP version. */
static enum link_result wccp(struct link_state *s)
{
    if (link_ip(s) != LINK_IP)
        cursor_skip(&s->cursor, 4);
    return link_ip(s);
}

static enum link_result gre_v0(struct link_state *s, uint16_t flags, uint16_t type, struct tunnel *out)
{
    const uint16_t reserved = 0x0ff8;
    if (flags & (GRE_ROUTING | reserved))
        return LINK_OTHER;
    if (flags & GRE_CHECKSUM)
        cursor_skip(&s->cursor, 4);
    if (flags & GRE_KEY)
        tunnel_set_id(out, cursor_u32(&s->cursor));
    if (flags & GRE_SEQUENCE)
        cursor_skip(&s->cursor, 4);
    if (s->cursor.failed)
        return LINK_OTHER;
    switch (type) {
    case GRE_ERSPAN:
    case GRE_ERSPAN_III:
        return erspan(s, type, flags & GRE_SEQUENCE, out);
    case GRE_WCCP:
        return wccp(s);
    default:
        return link_ethertype(s, type);
    }
}

/* The key is the length of the payload and the number of the call. */
static enum link_result gre_v1(struct link_state *s, uint16_t flags, uint16_t type, struct tunnel *out)
{
    const uint16_t unused = 0x8f78 | GRE_ROUTING, needed = GRE_KEY | GRE_SEQUENCE;
    uint16_t length = cursor_u16(&s->cursor);
    tunnel_set_id(out, cursor_u16(&s->cursor));
    if (type != GRE_PPP || flags & unused || (flags & needed) != needed)
        return LINK_OTHER;
    cursor_skip(&s->cursor, flags & GRE_ACKNOWLEDGEMENT ? 8 : 4);
    return !s->cursor.failed && tunnel_limit(s, length) ? link_ppp(s) : LINK_OTHER;
}

enum link_result tunnel_gre(struct link_state *s, struct tunnel *out)
{
    uint16_t flags = cursor_u16(&s->cursor), type = cursor_u16(&s->cursor);
    out->encapsulation = ENCAPSULATION_GRE;
    switch (flags & GRE_VERSION) {
    case 0:
        return gre_v0(s, flags, type, out);
    case 1:
        return gre_v1(s, flags, type, out);
    default:
        return LINK_OTHER;
    }
}
