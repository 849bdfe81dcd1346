/* SPDX-License-Identifier: BSD-2-Clause */
/* MPLS: a stack of labels (RFC 3032), entropy labels (RFC 6790) among them, and a payload. A label does not name the
 * payload. Its first nibble shows most kinds (RFC 4928 3): an IP packet begins with its version, a pseudo-wire's
 * control word with 0 (RFC 4385). An Ethernet pseudo-wire without that word (RFC 4448 4.6) begins with a MAC address,
 * which may begin with any nibble. So where an IP header or a control word is not sound, a sound frame decides. */
#include "packet/links/link.h"

#define MPLS_SHIM_MOST 16
#define CONTROL_WORD_BYTES 4
#define MAC_ADDRESSES_BYTES 12

/* Whether the bytes would be a frame with IP in it: for those whose IP header is not sound, or not at hand. */
static bool has_frame_type(struct cursor c)
{
    cursor_skip(&c, MAC_ADDRESSES_BYTES);
    uint16_t type = cursor_u16(&c);
    return type == 0x0800 || type == 0x86dd || type == 0x8100 || type == 0x88a8;
}

static enum link_result behind_labels(struct link_state *s)
{
    uint8_t nibble = *cursor_here(&s->cursor) >> 4;
    bool version = nibble == 4 || nibble == 6;
    if (version && ip_is_sound(span_left(&s->cursor), s->missing))
        return LINK_IP;
    if (nibble == 0 && link_try(s, CONTROL_WORD_BYTES, link_ethernet))
        return LINK_IP;
    if (link_try(s, 0, link_ethernet))
        return LINK_IP;
    return version && !has_frame_type(s->cursor) ? LINK_IP : LINK_OTHER;
}

enum link_result link_mpls(struct link_state *s)
{
    bool bottom = false;
    for (unsigned i = 0; i < MPLS_SHIM_MOST && !bottom; i++)
        bottom = cursor_u32(&s->cursor) >> 8 & 1;
    if (s->cursor.failed || cursor_left(&s->cursor) == 0)
        return link_broken(s, "MPLS label stack cut short");
    if (!bottom)
        return link_broken(s, "more than 16 MPLS labels");
    return link_count_layer(s) ? behind_labels(s) : LINK_OTHER;
}
