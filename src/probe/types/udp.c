/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP, Paris: constant ports and length. The checksum tells which probe it is wherever the payload has two bytes to
 * spare for steering it; without payload the IPv4 id alone does. */
#include "probe/craft.h"
#include "probe/types/types.h"
#include "probe/types/udp_payload.h"

static const struct udp_payload *payload_of(const struct probe_spec *spec)
{
    return probe_spec_variant(spec)->payload;
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
        identity_steer(transport, UDP_CHECKSUM, UDP_HEADER + payload->steer_offset,
                       identity_code(flow, TAG_CHECKSUM, serial));
    else if (get16(transport + UDP_CHECKSUM) == 0)
        put16(transport + UDP_CHECKSUM, 0xffff); /* RFC 768: 0 would say that there is none */
}

/* A payload that nothing steers, but that is drawn, as QUIC's, makes the checksum unknown as well. */
static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    const struct udp_payload *payload = payload_of(&flow->spec);
    bool is_drawn = is_steered(flow) || !payload->steered;
    struct mark mark = {0};
    if (payload->read)
        mark = payload->read(flow, transport_after(&quoted->transport, UDP_HEADER));
    return (is_drawn ? identity_checksum_bits(flow, sent, quoted) : 0) +
           (mark.serial && !mark.untagged ? MARK_BITS : 0);
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    const struct udp_payload *payload = payload_of(&flow->spec);
    struct mark mark = {0};
    if (payload->read)
        mark = payload->read(flow, transport_after(&seen->transport, UDP_HEADER));
    mark.by_sum = is_steered(flow) ? identity_by_sum(flow, seen) : 0;
    return identity_match(flow, seen, &mark);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!identity_answer_ports_fit(flow, t))
        return match_none();
    uint16_t serial = payload_of(&flow->spec)->answer(flow, transport_after(t, UDP_HEADER));
    return answer_make(flow, REPLY_UDP, serial, serial ? payload_of(&flow->spec)->answer_bits : 0,
                       serial ? "ports and echoed identity" : "ports");
}

uint16_t udp_template_word(const struct flow *flow, size_t payload_offset)
{
    return get16(flow->template_bytes + flow_ip_header_size(flow->target.family) + UDP_HEADER + payload_offset);
}

uint16_t udp_template_checksum(const struct flow *flow)
{
    return get16(flow->template_bytes + flow_ip_header_size(flow->target.family) + UDP_CHECKSUM);
}

/* --- packets of any program --- */

/* The payload whose service has this port; NULL: none has, or its answers bear no id. */
static const struct udp_payload *payload_of_port(uint16_t port)
{
    for (const struct probe_variant_row *const *row = udp_variants; *row; row++)
        if ((*row)->port && (*row)->port == port)
            return (*row)->payload->query_id ? (*row)->payload : NULL;
    return NULL;
}

/* FNV-1a; never 0 unless there are no bytes. */
static uint32_t hash(struct cursor bytes)
{
    uint32_t hash = UINT32_C(2166136261);
    if (bytes.failed || !cursor_left(&bytes))
        return 0;
    while (cursor_left(&bytes))
        hash = (hash ^ cursor_u8(&bytes)) * UINT32_C(16777619);
    return hash ? hash : 1;
}

static uint32_t query_id(const struct headers *query)
{
    const struct transport *t = &query->transport;
    const struct udp_payload *payload = payload_of_port(t->target_port);
    return payload ? hash(payload->query_id(transport_after(t, UDP_HEADER))) : 0;
}

static uint32_t answered_id(const struct headers *answer)
{
    const struct transport *t = &answer->transport;
    const struct udp_payload *payload = payload_of_port(t->source_port);
    return payload ? hash(payload->answered_id(transport_after(t, UDP_HEADER))) : 0;
}

const struct probe_type probe_udp = {
    .name = "udp",
    .help = "UDP, Paris (port 33434)",
    .protocol = IP_UDP,
    .has_port = true,
    .refused_by_icmp = true,
    .default_port = 33434,
    .variants = udp_variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter_with_ports,
    .shape = SHAPE_UDP,
    .reply_kind = REPLY_UDP,
    .query_id = query_id,
    .answered_id = answered_id,
};
