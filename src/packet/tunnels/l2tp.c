/* SPDX-License-Identifier: BSD-2-Clause */
/* L2TP data: version 2 (RFC 2661 3.1), version 3 over UDP or IP (RFC 3931 4.1). */
#include "packet/tunnels/tunnel.h"

enum l2tp_flag {
    L2TP_CONTROL = 0x8000,
    L2TP_LENGTH = 0x4000,
    L2TP_SEQUENCE = 0x0800,
    L2TP_OFFSET = 0x0200,
    L2TP_VERSION = 0x000f,
};

/* A length counts from the header's first byte; the flags have been read. */
static enum link_result l2tp_v2(struct link_state *s, uint16_t flags, struct tunnel *out)
{
    const uint16_t reserved = 0x34f0, before_rest = 4;
    if (flags & reserved)
        return LINK_OTHER;
    if (flags & L2TP_LENGTH) {
        uint16_t length = cursor_u16(&s->cursor);
        if (s->cursor.failed || length < before_rest || !tunnel_limit(s, (size_t)length - before_rest))
            return LINK_OTHER;
    }
    cursor_skip(&s->cursor, 2); /* tunnel */
    tunnel_set_id(out, cursor_u16(&s->cursor));
    if (flags & L2TP_SEQUENCE)
        cursor_skip(&s->cursor, 4);
    if (flags & L2TP_OFFSET)
        cursor_skip(&s->cursor, cursor_u16(&s->cursor));
    return s->cursor.failed ? LINK_OTHER : link_ppp(s);
}

/* The ends agree on the bytes behind the session, and no header field shows them: a cookie of 0, 4 or 8 bytes, a
 * sublayer of 0 or 4, then a frame or a packet (RFC 4719, RFC 4349). So the first place counts at which a sound packet
 * stands. */
static enum link_result l2tp_v3(struct link_state *s, struct tunnel *out)
{
    enum { STEP = 4, BEFORE_FRAME_MOST = 12 };
    static link_decoder *const payloads[] = {link_ethernet, link_hdlc, link_ip};
    uint32_t session = cursor_u32(&s->cursor);
    tunnel_set_id(out, session);
    if (s->cursor.failed || session == 0)
        return LINK_OTHER;
    for (size_t before = 0; before <= BEFORE_FRAME_MOST; before += STEP)
        for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
            if (link_try(s, before, payloads[i]))
                return LINK_IP;
    return LINK_OTHER;
}

enum link_result tunnel_l2tp_udp(struct link_state *s, struct tunnel *out)
{
    const uint16_t v3_reserved = 0x7ff0;
    uint16_t flags = cursor_u16(&s->cursor);
    out->encapsulation = ENCAPSULATION_L2TP;
    if (s->cursor.failed || flags & L2TP_CONTROL)
        return LINK_OTHER;
    if ((flags & L2TP_VERSION) == 2)
        return l2tp_v2(s, flags, out);
    bool is_v3 = (flags & L2TP_VERSION) == 3 && !(flags & v3_reserved) && cursor_u16(&s->cursor) == 0;
    return is_v3 ? l2tp_v3(s, out) : LINK_OTHER;
}

enum link_result tunnel_l2tp_ip(struct link_state *s, struct tunnel *out)
{
    out->encapsulation = ENCAPSULATION_L2TP;
    return l2tp_v3(s, out);
}
