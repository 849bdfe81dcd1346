/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/flow.h"

#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "probe/craft.h"
#include "probe/identity.h"

#define TEMPLATE_TTL 64
#define USUAL_SIZE_IPV4 60
#define USUAL_SIZE_IPV6 80
#define PRIVILEGED_END 1024
#define LABELS 0xfffffU /* flow labels but 0 */

static unsigned least_size(const struct probe_spec *spec, uint8_t family)
{
    const struct probe_variant_row *variant = probe_spec_variant(spec);
    unsigned least = family == 6 && variant->least_ipv6 ? variant->least_ipv6 : variant->least;
    least += variant->payload_length ? variant->payload_length(spec) : 0;
    return flow_ip_header_size(family) + least;
}

uint16_t flow_default_size(const struct probe_spec *spec, uint8_t family)
{
    unsigned usual = family == 6 ? USUAL_SIZE_IPV6 : USUAL_SIZE_IPV4;
    unsigned least = least_size(spec, family);
    return (uint16_t)(least > usual || probe_spec_variant(spec)->unpadded ? least : usual);
}

static enum status check_size(const struct flow *flow, struct err *err)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    unsigned least = least_size(&flow->spec, flow->target.family);
    if (flow->size >= least)
        return STATUS_OK;
    probe_spec_format(&flow->spec, text);
    return err_set(err, STATUS_USAGE, "%s: cannot build a packet of %u bytes: IPv%u needs at least %u", text,
                   flow->size, flow->target.family, least);
}

/* Refuses the number of an IPv6 extension header: its packets cannot be read back as that protocol. */
static enum status check_template(const struct flow *flow, struct err *err)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    struct headers seen;
    const char *malformed = NULL;
    headers_decode(flow->template_bytes, flow->size, false, &seen, &malformed);
    if (!malformed && seen.ip.protocol == flow_protocol(flow))
        return STATUS_OK;
    probe_spec_format(&flow->spec, text);
    return err_set(err, STATUS_USAGE, "%s: cannot probe over IPv%u: this number is an extension header there (use -4)",
                   text, flow->target.family);
}

static enum status build_template(struct flow *flow, uint8_t *scratch, struct err *err)
{
    size_t length = (size_t)flow->size - flow_ip_header_size(flow->target.family);
    struct craft *craft = craft_new(err);
    if (!craft)
        return STATUS_SYSTEM;
    enum status status = flow->spec.type->build(craft, flow, scratch, length, err);
    if (status == STATUS_OK)
        status = craft_finish(craft, flow, &flow->template_bytes, err);
    craft_free(craft);
    return status;
}

enum status flow_build(struct flow *flow, struct err *err)
{
    flow->template_bytes = NULL;
    flow->connection = flow_has_session(flow) ? malloc(sizeof *flow->connection) : NULL;
    if (flow->connection)
        connection_init(flow->connection);
    else if (flow_has_session(flow))
        return err_set(err, STATUS_SYSTEM, "cannot build a probe: out of memory");
    if (!flow->size)
        flow->size = flow_default_size(&flow->spec, flow->target.family);
    enum status status = check_size(flow, err);
    uint8_t *scratch = status == STATUS_OK ? calloc(1, flow->size) : NULL;
    if (status == STATUS_OK)
        status = scratch ? build_template(flow, scratch, err)
                         : err_set(err, STATUS_SYSTEM, "cannot build a probe: out of memory");
    free(scratch);
    if (status == STATUS_OK) {
        flow_stamp(flow, 0, TEMPLATE_TTL, flow->template_bytes);
        status = check_template(flow, err);
    }
    if (status != STATUS_OK)
        flow_free(flow);
    return status;
}

/* The source ports of alternates, and the place of the flow's own among them. */
struct port_ring {
    uint32_t first, count, place;
};

static struct port_ring port_ring(const struct flow *flow, unsigned stride)
{
    uint32_t first = flow->source_port >= EPHEMERAL_FIRST ? EPHEMERAL_FIRST : PRIVILEGED_END;
    return (struct port_ring){
        .first = first,
        .count = (65536 - first) / stride * stride, /* a multiple: alternates stay apart after wrapping */
        .place = flow->source_port > first ? flow->source_port - first : 0,
    };
}

bool flow_has_port(const struct flow *flow)
{
    return flow->spec.type->has_port || flow->spec.type->identity == IDENTITY_ECHO;
}

bool flow_alternate(const struct flow *flow, unsigned index, unsigned stride, struct flow *out)
{
    struct port_ring ring = port_ring(flow, stride);
    bool has_port = flow_has_port(flow);
    *out = *flow;
    out->template_bytes = NULL;
    out->connection = NULL;
    if (has_port)
        out->source_port = (uint16_t)(ring.first + (ring.place + index * stride) % ring.count);
    if (flow->target.family == 6)
        out->flow_label = 1 + (flow->flow_label + index * stride) % LABELS;
    return has_port || flow->target.family == 6;
}

unsigned flow_index_of_port(const struct flow *flow, uint16_t source_port, unsigned stride)
{
    struct port_ring ring = port_ring(flow, stride);
    if (source_port == flow->source_port)
        return 0;
    if (source_port < ring.first || source_port >= ring.first + ring.count)
        return FLOW_ALTERNATES_MOST + 1;
    uint32_t ahead = (source_port - ring.first + ring.count - ring.place % ring.count) % ring.count;
    return ahead % stride ? FLOW_ALTERNATES_MOST + 1 : ahead / stride;
}

unsigned flow_index_of_label(const struct flow *flow, uint32_t flow_label, unsigned stride)
{
    if (flow_label == flow->flow_label)
        return 0;
    uint32_t ahead = (flow_label + 2 * LABELS - 1 - flow->flow_label) % LABELS;
    return ahead % stride || ahead / stride > FLOW_ALTERNATES_MOST ? FLOW_ALTERNATES_MOST + 1 : ahead / stride;
}

void flow_sized(const struct flow *flow, uint16_t size, uint16_t size_most, struct flow *out)
{
    *out = *flow;
    out->template_bytes = NULL;
    out->connection = NULL;
    out->size = size;
    out->size_most = size_most;
}

uint16_t flow_least_size(const struct flow *flow)
{
    return (uint16_t)least_size(&flow->spec, flow->target.family);
}

bool flow_needs_connection(const struct flow *flow)
{
    return probe_spec_variant(&flow->spec)->needs_connection;
}

bool flow_has_session(const struct flow *flow)
{
    return flow_needs_connection(flow) || flow->spec.idle_s;
}

void flow_without_connection(const struct flow *flow, struct flow *out)
{
    *out = *flow;
    out->template_bytes = NULL;
    out->connection = NULL;
    out->size = 0;
    out->spec.variant = probe_type_default_variant(flow->spec.type, flow->spec.port);
    out->spec.name = NULL;
}

void flow_free(struct flow *flow)
{
    free(flow->template_bytes);
    free(flow->connection);
    flow->template_bytes = NULL;
    flow->connection = NULL;
}

void flow_stamp(const struct flow *flow, uint16_t serial, uint8_t ttl, uint8_t *bytes)
{
    size_t header = flow_ip_header_size(flow->target.family);
    if (bytes != flow->template_bytes)
        memcpy(bytes, flow->template_bytes, flow->size);
    if (flow->target.family == 6) {
        bytes[7] = ttl;
        if (flow_needs_connection(flow) && connection_was_open(flow->connection))
            put32(bytes, UINT32_C(6) << 28 | (uint32_t)flow->tos << 20 | flow->connection->flow_label);
    } else {
        identity_patch16(bytes, 10, 4, flow_ip_id(flow, serial));
        identity_patch16(bytes, 10, 8, (uint16_t)(ttl << 8 | bytes[9]));
    }
    flow->spec.type->stamp(flow, serial, bytes + header, flow->size - header);
}

/* A packet that leaves is whole and as we built it: only an address may have been translated, on this host. */
static bool left_as_built(const struct flow *flow, const struct headers *seen, const struct flow_match *match)
{
    bool four = seen->ip.version == 4;
    return match->match >= MATCH_REWRITTEN && addr_equal(&seen->ip.target, &flow->target) &&
           seen->ip.total_length == flow->size && !seen->ip.more_fragments && !seen->ip.fragment_offset &&
           (!four || seen->ip.id == flow_ip_id(flow, match->serial));
}

struct flow_match flow_recognise(const struct flow *flow, const struct headers *seen, bool quoted)
{
    if (seen->ip.version != flow->target.family || seen->ip.protocol != flow_protocol(flow))
        return match_none();
    struct flow_match match = flow->spec.type->recognise(flow, seen);
    if (!quoted && !left_as_built(flow, seen, &match))
        return match_none();
    return match;
}

struct flow_match flow_answer(const struct flow *flow, const struct packet *packet)
{
    const struct ip_header *ip = &packet->outer.ip;
    if (packet->kind != PACKET_PLAIN || ip->version != flow->target.family || ip->protocol != flow_protocol(flow) ||
        !addr_equal(&ip->source, &flow->target) || !addr_equal(&ip->target, &flow->source))
        return match_none();
    /* A probe to ourselves fits its own answer's addresses. */
    if (addr_equal(&flow->source, &flow->target) && flow_recognise(flow, &packet->outer, false).match != MATCH_NONE)
        return match_none();
    return flow->spec.type->answer(flow, packet);
}

void flow_filter(const struct flow *flow, struct strbuf *out)
{
    flow->spec.type->filter(flow, out);
}
