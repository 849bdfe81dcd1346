/* UDP-Lite (RFC 3828). The checksum covers the header and our mark; otherwise it is as for UDP, and never 0. */
#include "packet/checksum.h"
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/types.h"

#define COVERAGE 4
#define CHECKSUM 6
#define PAYLOAD 8
#define COVERED (PAYLOAD + MARK_BYTES)

static uint16_t least_size(const struct probe_spec *spec)
{
    (void)spec;
    return COVERED;
}

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    put16(scratch, flow->source_port);
    put16(scratch + 2, flow->target_port);
    put16(scratch + COVERAGE, COVERED);
    identity_fill(flow, scratch + PAYLOAD, length - PAYLOAD);
    uint32_t sum = checksum_pseudo(&flow->source, &flow->target, flow_protocol(flow), (uint32_t)length);
    put16(scratch + CHECKSUM, checksum_finish(checksum_add(sum, scratch, COVERED)));
    return craft_add_bytes(craft, scratch, length, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    (void)length;
    identity_patch16(transport, CHECKSUM, PAYLOAD + MARK_SERIAL, serial);
    identity_steer(transport, CHECKSUM, PAYLOAD, flow_ip_id(flow, serial));
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen, bool quoted)
{
    (void)quoted;
    struct told told = identity_read_mark(flow, transport_after(&seen->transport, PAYLOAD));
    told.by_sum = identity_by_sum(flow, seen);
    return identity_match(flow, seen, &told);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!identity_answer_ports_fit(flow, t))
        return match_none();
    uint16_t serial = identity_read_mark(flow, transport_after(t, PAYLOAD)).serial;
    return answer_make(REPLY_UDP, serial, serial ? "ports and echoed mark" : "ports");
}

static const struct probe_variant_name variants[] = {{VARIANT_PLAIN, "plain", 0}, {0}};

const struct probe_type probe_udplite = {
    .name = "udplite",
    .help = "UDP-Lite (port 33434)",
    .protocol = IP_UDPLITE,
    .has_port = true,
    .default_port = 33434,
    .variants = variants,
    .least_size = least_size,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .answer = answer,
    .filter = filter_bare,
};
