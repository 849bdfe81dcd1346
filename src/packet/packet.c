#include "packet/packet.h"

#include "packet/decode.h"

void headers_decode(const uint8_t *bytes, size_t captured, bool quoted, struct headers *out, const char **malformed)
{
    const char *reason = NULL;
    ip_decode(bytes, captured, quoted ? EXTENT_QUOTED : EXTENT_WHOLE, out, &reason);
    if (malformed)
        *malformed = reason;
}

void packet_decode(const struct frame *frame, struct packet *out)
{
    bool cut = frame->captured < frame->length;
    *out = (struct packet){.direction = frame->direction, .interface = frame->interface};
    struct cursor c = link_decode(frame, out);
    if (out->kind == PACKET_PLAIN) {
        ip_decode(cursor_here(&c), cursor_left(&c), cut ? EXTENT_CUT : EXTENT_WHOLE, &out->outer, &out->malformed);
        if (out->outer.ip.version == 0)
            out->kind = PACKET_MALFORMED;
        else
            icmp_decode(out);
    }
    bool lacks_bytes = out->kind == PACKET_MALFORMED || out->outer.captured < out->outer.ip.total_length;
    out->truncated = cut && out->kind != PACKET_NOT_IP && lacks_bytes;
}
