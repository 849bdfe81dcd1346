/* UDP, Paris: constant ports and length. The checksum is the IPv4 id wherever the payload has two bytes to spare for
 * steering it. */
#include "probe/craft.h"
#include "probe/types.h"
#include "probe/udp_payload.h"

static const struct udp_payload *const payloads[] = {
    &udp_payload_plain,
    &udp_payload_dns,
    &udp_payload_ntp,
    &udp_payload_quic,
};

static const struct udp_payload *payload_of(const struct probe_spec *spec)
{
    for (unsigned i = 0; i < sizeof payloads / sizeof *payloads; i++)
        if (payloads[i]->variant == spec->variant)
            return payloads[i];
    return &udp_payload_plain;
}

static uint16_t least_size(const struct probe_spec *spec)
{
    return (uint16_t)(UDP_HEADER + payload_of(spec)->least);
}

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    enum status status = payload_of(&flow->spec)->fill(flow, scratch, length - UDP_HEADER, err);
    if (status != STATUS_OK)
        return status;
    return craft_add_udp(craft, flow, scratch, length - UDP_HEADER, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    const struct udp_payload *payload = payload_of(&flow->spec);
    if (payload->stamp)
        payload->stamp(flow, serial, transport, length);
    if (payload->steered)
        identity_steer(transport, UDP_CHECKSUM, UDP_HEADER + payload->steer_offset, flow_ip_id(flow, serial));
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen, bool quoted)
{
    (void)quoted;
    const struct udp_payload *payload = payload_of(&flow->spec);
    struct told told = {0};
    if (payload->read)
        told = payload->read(flow, transport_after(&seen->transport, UDP_HEADER));
    told.by_sum = payload->steered ? identity_by_sum(flow, seen) : 0;
    return identity_match(flow, seen, &told);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!identity_answer_ports_fit(flow, t))
        return match_none();
    uint16_t serial = payload_of(&flow->spec)->answer(flow, transport_after(t, UDP_HEADER));
    return answer_make(REPLY_UDP, serial, serial ? "ports and echoed identity" : "ports");
}

static void filter(const struct flow *flow, struct strbuf *out)
{
    filter_with_ports(flow, "udp", out);
}

uint16_t udp_template_word(const struct flow *flow, size_t payload_offset)
{
    return get16(flow->template_bytes + flow_ip_header_size(flow->target.family) + UDP_HEADER + payload_offset);
}

uint16_t udp_template_checksum(const struct flow *flow)
{
    return get16(flow->template_bytes + flow_ip_header_size(flow->target.family) + UDP_CHECKSUM);
}

static enum status fill_plain(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    (void)err;
    identity_fill(flow, payload, length);
    return STATUS_OK;
}

static void stamp_plain(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length)
{
    (void)flow, (void)length;
    identity_patch16(datagram, UDP_CHECKSUM, UDP_HEADER + MARK_SERIAL, serial);
}

/* An echo service sends our mark back. */
static uint16_t answer_plain(const struct flow *flow, struct cursor payload)
{
    return identity_read_mark(flow, payload).serial;
}

const struct udp_payload udp_payload_plain = {
    .variant = VARIANT_PLAIN,
    .least = MARK_BYTES,
    .steered = true,
    .fill = fill_plain,
    .stamp = stamp_plain,
    .read = identity_read_mark,
    .answer = answer_plain,
};

static const struct probe_variant_name variants[] = {
    {VARIANT_DNS, "dns", 53}, {VARIANT_QUIC, "quic", 443}, {VARIANT_NTP, "ntp", 123}, {VARIANT_PLAIN, "empty", 0}, {0},
};

const struct probe_type probe_udp = {
    .name = "udp",
    .help = "UDP, Paris (port 33434); udp/53 asks DNS, udp/443 QUIC, udp/123 NTP; udp/53:empty asks nothing",
    .protocol = IP_UDP,
    .has_port = true,
    .default_port = 33434,
    .variants = variants,
    .least_size = least_size,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .answer = answer,
    .filter = filter,
};
