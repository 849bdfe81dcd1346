/* SPDX-License-Identifier: BSD-2-Clause */
/* Teredo: IPv6 over UDP through NATs (RFC 4380 5.1.1), behind an authentication header, an origin indication, or both.
 */
#include "packet/tunnels/tunnel.h"

static bool has_teredo_prefix(struct cursor address)
{
    return cursor_u32(&address) == 0x20010000; /* RFC 4380 2.6 */
}

enum link_result tunnel_teredo(struct link_state *s, struct tunnel *out)
{
    enum { ORIGIN = 0x0000, AUTHENTICATION = 0x0001, SOURCE_AT = 8, TARGET_AT = 24 };
    struct cursor *c = &s->cursor, ahead = *c;
    out->encapsulation = ENCAPSULATION_TEREDO;
    if (cursor_u16(&ahead) == AUTHENTICATION) {
        size_t id_length = cursor_u8(&ahead), value_length = cursor_u8(&ahead);
        cursor_skip(&ahead, id_length + value_length + 8 + 1); /* nonce, confirmation */
        *c = ahead;
    }
    ahead = *c;
    if (cursor_u16(&ahead) == ORIGIN && !ahead.failed)
        cursor_skip(c, 2 + 2 + 4); /* the indicator, port and address */
    struct cursor source = *c, target = *c;
    cursor_skip(&source, SOURCE_AT);
    cursor_skip(&target, TARGET_AT);
    bool is_ipv6 = cursor_left(c) > 0 && *cursor_here(c) >> 4 == 6;
    return is_ipv6 && (has_teredo_prefix(source) || has_teredo_prefix(target)) ? LINK_IP : LINK_OTHER;
}
