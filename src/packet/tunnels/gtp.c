/* SPDX-License-Identifier: BSD-2-Clause */
/* GTP-U: the user's packets of a mobile network, version 1 (3GPP TS 29.281 5.1, extension headers 5.2). */
#include "packet/tunnels/tunnel.h"

enum gtp_flag {
    GTP_FIXED = 0xf8,   /* version, protocol type, a reserved bit */
    GTP_VERSION = 0x30, /* their values: version 1, not GTP' */
    GTP_EXTENSION = 0x04,
    GTP_OPTIONAL = 0x07, /* any of these: all three optional fields are there */
};

/* Each is of some words, the first byte says how many, the last is the type of the next. */
static bool skip_extensions(struct cursor *c, uint8_t next)
{
    while (next && !c->failed) {
        size_t length = cursor_u8(c) * (size_t)4;
        if (length == 0)
            return false;
        cursor_skip(c, length - 2);
        next = cursor_u8(c);
    }
    return !c->failed;
}

enum link_result tunnel_gtp(struct link_state *s, struct tunnel *out)
{
    const uint8_t user_packet = 255;
    uint8_t flags = cursor_u8(&s->cursor), type = cursor_u8(&s->cursor);
    uint16_t length = cursor_u16(&s->cursor);
    out->encapsulation = ENCAPSULATION_GTP_U;
    tunnel_set_id(out, cursor_u32(&s->cursor));
    if (s->cursor.failed || (flags & GTP_FIXED) != GTP_VERSION || type != user_packet || !tunnel_limit(s, length))
        return LINK_OTHER;
    if (flags & GTP_OPTIONAL) {
        cursor_skip(&s->cursor, 3); /* sequence number, N-PDU number */
        uint8_t next = cursor_u8(&s->cursor);
        if (flags & GTP_EXTENSION && !skip_extensions(&s->cursor, next))
            return LINK_OTHER;
    }
    return link_ip(s);
}
