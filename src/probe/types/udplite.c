/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP-Lite (RFC 3828). The checksum covers the header and our mark; otherwise it is as for UDP, and never 0. */
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/types/types.h"

#define COVERAGE 4
#define CHECKSUM 6
#define PAYLOAD 8
#define COVERED (PAYLOAD + MARK_BYTES)

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    put16(scratch, flow->source_port);
    put16(scratch + 2, flow->target_port);
    put16(scratch + COVERAGE, COVERED);
    identity_fill(flow, scratch + PAYLOAD, length - PAYLOAD);
    put16(scratch + CHECKSUM, identity_checksum(flow, scratch, length, COVERED));
    return craft_add_bytes(craft, scratch, length, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    (void)length;
    identity_patch16(transport, CHECKSUM, PAYLOAD + MARK_SERIAL, serial);
    identity_steer(transport, CHECKSUM, PAYLOAD, identity_code(flow, TAG_CHECKSUM, serial));
}

static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    bool has_mark = identity_read_mark(flow, transport_after(&quoted->transport, PAYLOAD)).serial;
    return identity_checksum_bits(flow, sent, quoted) + (has_mark ? MARK_BITS : 0);
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    struct mark mark = identity_read_mark(flow, transport_after(&seen->transport, PAYLOAD));
    mark.by_sum = identity_by_sum(flow, seen);
    return identity_match(flow, seen, &mark);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!identity_answer_ports_fit(flow, t))
        return match_none();
    uint16_t serial = identity_read_echo(flow, transport_after(t, PAYLOAD), CHECKSUM, PAYLOAD);
    return answer_make(flow, REPLY_UDP, serial, serial ? MARK_BITS + NUMBER_BITS : 0,
                       serial ? "ports and echoed mark" : "ports");
}

static const struct probe_variant_row plain = {.variant = VARIANT_PLAIN, .name = "plain", .least = COVERED};
static const struct probe_variant_row *const variants[] = {&plain, NULL};

const struct probe_type probe_udplite = {
    .name = "udplite",
    .help = "UDP-Lite (port 33434)",
    .protocol = IP_UDPLITE,
    .has_port = true,
    .refused_by_icmp = true,
    .default_port = 33434,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter_bare,
    .shape = SHAPE_UDPLITE,
    .reply_kind = REPLY_UDP,
};
