/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/packet.h"

#include "packet/decode.h"

/* All but the headers. */
static void packet_clear(const struct frame *frame, struct packet *out)
{
    struct icmp_extension *extension = &out->extension;
    out->kind = PACKET_NOT_IP;
    out->malformed = NULL;
    out->truncated = frame->captured < frame->length;
    out->mtu = 0;
    out->direction = frame->direction;
    out->interface = frame->interface;
    extension->present = extension->non_compliant = false;
    extension->mpls_count = extension->interface_count = 0;
    out->tunnels.count = 0;
}

void headers_decode(const uint8_t *bytes, size_t captured, bool quoted, struct headers *out, const char **malformed)
{
    const char *reason = NULL;
    ip_decode((struct span){bytes, captured}, quoted ? EXTENT_QUOTED : EXTENT_WHOLE, out, &reason);
    if (malformed)
        *malformed = reason;
}

void packet_decode(const struct frame *frame, struct packet *out)
{
    packet_clear(frame, out);
    headers_clear(&out->quote);
    struct span packet = link_decode(frame, out);
    bool cut = out->truncated;
    if (out->kind == PACKET_PLAIN) {
        ip_decode(packet, cut ? EXTENT_CUT : EXTENT_WHOLE, &out->outer, &out->malformed);
        if (out->outer.ip.version == 0)
            out->kind = PACKET_MALFORMED;
        else
            icmp_decode(out);
    } else {
        headers_clear(&out->outer);
    }
    bool lacks_bytes = out->kind == PACKET_MALFORMED || out->outer.captured < out->outer.ip.total_length;
    out->truncated = cut && out->kind != PACKET_NOT_IP && lacks_bytes;
}
