/* SPDX-License-Identifier: BSD-2-Clause */
/* VXLAN (RFC 7348 5), with the group policy of draft-smith-vxlan-group-policy-05 2.1 or the next protocol of
 * draft-ietf-nvo3-vxlan-gpe-13 3; GENEVE (RFC 8926 3). */
#include "packet/tunnels/tunnel.h"

enum vxlan_flag {
    VXLAN_GROUP_POLICY = 0x80,
    VXLAN_NETWORK = 0x08,       /* there is a network number */
    VXLAN_NEXT_PROTOCOL = 0x04, /* VXLAN-GPE */
    VXLAN_BROADCAST = 0x02,     /* VXLAN-GPE: copied to all ends; so is the frame inside */
};

/* `reserved`: the 24 bits behind the flags. */
static enum link_result plain_vxlan(struct link_state *s, uint8_t flags, uint32_t reserved)
{
    const uint32_t policy = 0x48ffff; /* two more flags, the group */
    uint32_t used = flags & VXLAN_GROUP_POLICY ? policy : 0;
    return flags & ~(VXLAN_NETWORK | VXLAN_GROUP_POLICY) || reserved & ~used ? LINK_OTHER : link_ethernet(s);
}

static enum link_result vxlan_gpe(struct link_state *s, uint8_t flags, uint32_t reserved, struct tunnel *out)
{
    const uint32_t protocol = 0xff;
    out->encapsulation = ENCAPSULATION_VXLAN_GPE;
    if (flags & ~(VXLAN_NETWORK | VXLAN_NEXT_PROTOCOL | VXLAN_BROADCAST) || reserved & ~protocol)
        return LINK_OTHER;
    return link_next_protocol(s, (uint8_t)reserved);
}

enum link_result tunnel_vxlan(struct link_state *s, struct tunnel *out)
{
    uint8_t flags = cursor_u8(&s->cursor);
    uint32_t reserved = cursor_u24(&s->cursor), network = cursor_u32(&s->cursor);
    out->encapsulation = ENCAPSULATION_VXLAN;
    tunnel_set_id(out, network >> 8);
    if (s->cursor.failed || !(flags & VXLAN_NETWORK) || network & 0xff)
        return LINK_OTHER;
    return flags & VXLAN_NEXT_PROTOCOL ? vxlan_gpe(s, flags, reserved, out) : plain_vxlan(s, flags, reserved);
}

/* RFC 8926 3.5: options are of a class, a type and a length in words, and fill their area. */
static bool are_geneve_options(struct cursor options)
{
    const uint8_t reserved = 0xe0;
    while (cursor_left(&options) > 0) {
        cursor_skip(&options, 3);
        uint8_t length = cursor_u8(&options);
        if (length & reserved)
            return false;
        cursor_skip(&options, length * (size_t)4);
    }
    return !options.failed;
}

enum link_result tunnel_geneve(struct link_state *s, struct tunnel *out)
{
    const uint16_t version_and_control = 0xc080, reserved = 0x003f, options = 0x3f00;
    uint16_t flags = cursor_u16(&s->cursor), type = cursor_u16(&s->cursor);
    uint32_t network = cursor_u32(&s->cursor);
    size_t length = (size_t)((flags & options) >> 8) * 4;
    out->encapsulation = ENCAPSULATION_GENEVE;
    tunnel_set_id(out, network >> 8);
    if (s->cursor.failed || flags & (version_and_control | reserved) || network & 0xff ||
        length > cursor_left(&s->cursor) || !are_geneve_options(cursor_sub(&s->cursor, length)))
        return LINK_OTHER;
    return link_ethertype(s, type);
}
