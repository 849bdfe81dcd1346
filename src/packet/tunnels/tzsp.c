/* SPDX-License-Identifier: BSD-2-Clause */
/* TZSP: frames that a remote sensor mirrors. No standard; Wireshark's packet-tzsp.c describes version 1. */
#include "packet/tunnels/tunnel.h"

/* Steps over the tags. A tag is a type, a length and as many bytes; padding and the end are a type alone. */
static bool skip_tags(struct cursor *c)
{
    enum { TAG_PADDING = 0, TAG_END = 1 };
    while (!c->failed) {
        uint8_t tag = cursor_u8(c);
        if (tag == TAG_END)
            return !c->failed;
        if (tag != TAG_PADDING)
            cursor_skip(c, cursor_u8(c));
    }
    return false;
}

enum link_result tunnel_tzsp(struct link_state *s, struct tunnel *out)
{
    enum { VERSION = 1, FOR_TRANSMISSION = 1, FRAME_ETHERNET = 1, FRAME_802_11 = 18 };
    uint8_t version = cursor_u8(&s->cursor), type = cursor_u8(&s->cursor);
    uint16_t frame = cursor_u16(&s->cursor);
    out->encapsulation = ENCAPSULATION_TZSP;
    if (version != VERSION || type > FOR_TRANSMISSION || !skip_tags(&s->cursor))
        return LINK_OTHER;
    if (frame == FRAME_802_11)
        return link_wlan(s);
    return frame == FRAME_ETHERNET ? link_ethernet(s) : LINK_OTHER;
}
