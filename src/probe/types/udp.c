/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP, Paris: constant ports and length. The checksum is the IPv4 id wherever the payload has two bytes to spare for
 * steering it; without payload the id alone tells which probe it is. */
#include "probe/craft.h"
#include "probe/types/types.h"
#include "probe/types/udp_payload.h"

static enum status fill_padding(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    (void)err;
    identity_fill(flow, payload, length);
    return STATUS_OK;
}

static void stamp_mark(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length)
{
    (void)flow;
    if (length >= UDP_HEADER + MARK_BYTES)
        identity_patch16(datagram, UDP_CHECKSUM, UDP_HEADER + MARK_SERIAL, serial);
}

/* An echo service sends our mark back. */
static uint16_t read_echo(const struct flow *flow, struct cursor payload)
{
    return identity_read_echo(flow, payload, UDP_CHECKSUM, UDP_HEADER);
}

static const struct udp_payload padding = {
    .variant = VARIANT_PLAIN,
    .steered = true,
    .fill = fill_padding,
    .stamp = stamp_mark,
    .read = identity_read_mark,
    .answer = read_echo,
};

static const struct udp_payload *const questions[] = {&udp_payload_dns, &udp_payload_ntp, &udp_payload_quic};

static const struct udp_payload *payload_of(const struct probe_spec *spec)
{
    for (unsigned i = 0; i < sizeof questions / sizeof *questions; i++)
        if (questions[i]->variant == spec->variant)
            return questions[i];
    return &padding;
}

/* A payload of less than two bytes has no word for it. */
static bool is_steered(const struct flow *flow)
{
    const struct udp_payload *payload = payload_of(&flow->spec);
    size_t before = (size_t)flow_ip_header_size(flow->target.family) + UDP_HEADER + payload->steer_offset;
    return payload->steered && flow->size >= before + sizeof(uint16_t);
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
    if (is_steered(flow))
        identity_steer(transport, UDP_CHECKSUM, UDP_HEADER + payload->steer_offset, flow_ip_id(flow, serial));
    else if (get16(transport + UDP_CHECKSUM) == 0)
        put16(transport + UDP_CHECKSUM, 0xffff); /* RFC 768: 0 would say that there is none */
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    const struct udp_payload *payload = payload_of(&flow->spec);
    struct told told = {0};
    if (payload->read)
        told = payload->read(flow, transport_after(&seen->transport, UDP_HEADER));
    told.by_sum = is_steered(flow) ? identity_by_sum(flow, seen) : 0;
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

uint16_t udp_template_word(const struct flow *flow, size_t payload_offset)
{
    return get16(flow->template_bytes + flow_ip_header_size(flow->target.family) + UDP_HEADER + payload_offset);
}

uint16_t udp_template_checksum(const struct flow *flow)
{
    return get16(flow->template_bytes + flow_ip_header_size(flow->target.family) + UDP_CHECKSUM);
}

static const struct probe_variant_row variants[] = {
    {.variant = VARIANT_DNS, .name = "dns", .port = 53, .least = UDP_HEADER + DNS_LEAST},
    {.variant = VARIANT_QUIC, .name = "quic", .port = 443, .least = UDP_HEADER + QUIC_LEAST},
    {.variant = VARIANT_NTP, .name = "ntp", .port = 123, .least = UDP_HEADER + NTP_LEAST},
    {.variant = VARIANT_PLAIN, .name = "plain", .least = UDP_HEADER + MARK_BYTES},
    {.variant = VARIANT_EMPTY,
     .name = "empty",
     .least = UDP_HEADER,
     .least_ipv6 = UDP_HEADER + MARK_BYTES,
     .unpadded = true},
    {0},
};

const struct probe_type probe_udp = {
    .name = "udp",
    .help = "UDP, Paris (port 33434); udp/53 asks DNS, udp/443 QUIC, udp/123 NTP; udp/53:empty has no payload (IPv6: 8 "
            "bytes)",
    .protocol = IP_UDP,
    .has_port = true,
    .default_port = 33434,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .answer = answer,
    .filter = filter_with_ports,
};
