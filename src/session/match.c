/* SPDX-License-Identifier: BSD-2-Clause */
/* match: which probe a packet answers, or is. The strongest match of any flow wins. A weak match counts only if it
 * is the only one and its probe is still unanswered. */
#include "probe/type.h"
#include "session/state.h"

static bool is_outstanding(const struct session *session, unsigned trace, uint16_t serial)
{
    const struct probe *probe = trace_probe(&session->traces[trace], serial);
    return probe && probe->state == PROBE_OUTSTANDING;
}

/* The best match of all flows for one packet. It is dropped if it is weak and two flows have one. */
struct best {
    struct flow_match match;
    unsigned trace, which;
    uint16_t port; /* of a port list; else 0 */
    unsigned weak_claims;
};

/* A trace and its size trace share the identity; the serial tells them apart. */
static bool is_of_trace(const struct session *session, unsigned trace, uint16_t serial)
{
    bool is_sized = serial >= SIZED_SERIALS_FIRST;
    return session->all_count == session->sized_first || is_sized == session_is_sized(session, trace);
}

static void consider(const struct session *session, struct best *best, unsigned trace, unsigned which,
                     struct flow_match match)
{
    if (match.match == MATCH_NONE || !is_of_trace(session, trace, match.serial))
        return;
    if (match.match == MATCH_WEAK && match.serial && !is_outstanding(session, trace, match.serial))
        return;
    if (match.match == MATCH_WEAK)
        best->weak_claims++;
    if (match.match > best->match.match) {
        best->match = match;
        best->trace = trace;
        best->which = which;
        best->port = 0;
    }
}

/* The probe that the match names must have gone to this port. */
static void consider_port(const struct session *session, struct best *best, unsigned trace, uint16_t port,
                          struct flow_match match)
{
    const struct probe *probe = trace_probe(&session->traces[trace], match.serial);
    enum match before = best->match.match;
    if (probe && probe->target_port != port)
        return;
    consider(session, best, trace, 0, match);
    if (best->match.match > before)
        best->port = port;
}

static bool best_is_sound(const struct best *best)
{
    return best->match.match > MATCH_WEAK || (best->match.match == MATCH_WEAK && best->weak_claims == 1);
}

/* If only flow labels tell the flows of a trace apart, each flow matches its packets. The label tells which flow a
 * probe belongs to, and the probe tells it for a reply. */
static unsigned which_by_label(const struct session *session, enum frame_role role, const struct best *best,
                               const struct packet *packet)
{
    const struct trace *trace = &session->traces[best->trace];
    const struct probe *probe = trace_probe(trace, best->match.serial);
    if (role == FRAME_REPLY)
        return probe ? probe->flow : 0;
    unsigned index = flow_index_of_label(&trace->flow, packet->outer.ip.flow_label, session->sized_first);
    return index < trace->flow_count ? index : 0;
}

static struct packet_match found(const struct session *session, enum frame_role role, const struct best *best,
                                 const struct packet *packet)
{
    const struct trace *trace = &session->traces[best->trace];
    bool by_label = trace->flow_count > 1 && !session_is_sized(session, best->trace) && !flow_has_port(&trace->flow);
    unsigned which = by_label ? which_by_label(session, role, best, packet) : best->which;
    return (struct packet_match){
        .role = role, .trace = best->trace, .which = (uint16_t)which, .port = best->port, .flow = best->match};
}

static struct packet_match stray(const char *reason)
{
    return (struct packet_match){.role = FRAME_STRAY, .reason = reason, .forgery = FORGERIES};
}

/* Whether a spec or a list of the run sends packets of this protocol to this port. Its packets are told from a reply to
 * another program's by their identity alone. */
static bool is_probed(const struct session *session, const struct headers *seen, uint16_t port)
{
    for (unsigned i = 0; i < session->sized_first; i++) {
        const struct trace *trace = &session->traces[i];
        bool has_port = trace->flow.spec.type->has_port && (seen->transport.have & HAVE_PORTS);
        bool fits = !has_port || port == trace->flow.target_port || trace_has_port(trace, port);
        if (fits && seen->ip.protocol == flow_protocol(&trace->flow))
            return true;
    }
    return false;
}

/* An ICMP error that fits no probe, though it quotes a packet like one. */
static struct packet_match stray_error(const struct session *session, const struct headers *quote)
{
    struct packet_match match = stray("ICMP error about another packet");
    if (addr_equal(&quote->ip.source, &session->config.source) &&
        addr_equal(&quote->ip.target, &session->config.target) &&
        is_probed(session, quote, quote->transport.target_port))
        match.forgery = FORGERY_ERRORS;
    return match;
}

static bool is_ours(const struct session *session, const struct headers *seen)
{
    return addr_equal(&seen->ip.target, &session->config.target) ||
           addr_equal(&seen->ip.source, &session->config.source);
}

/* The flows of a trace that a packet with this source port (ICMP: echo id) may belong to: first to first + count -
 * 1. If there are many flows, the port selects one. Any other port was translated, or the packet is not ours. */
struct candidates {
    unsigned first, count;
};

static struct candidates candidates_of(const struct session *session, unsigned index, uint16_t port)
{
    const struct trace *trace = &session->traces[index];
    if (!flow_has_port(&trace->flow))
        return (struct candidates){0, 1};
    if (trace->flow_count <= FLOWS_COMPARED_MOST)
        return (struct candidates){0, trace->flow_count};
    unsigned flow = flow_index_of_port(&trace->flow, port, session->sized_first);
    return flow < trace->flow_count ? (struct candidates){flow, 1} : (struct candidates){0, 0};
}

static uint16_t port_of(const struct transport *transport)
{
    return transport->have & HAVE_ECHO ? transport->echo_id : transport->source_port;
}

/* Flows that translated packets are compared with, in all; then such packets count as strays.
 * Unit: flows. Source: a NAT before a search with 10000 probes, over 2000 flows in the mean. Effect: a smaller number
 * loses replies of wide searches behind a NAT; a larger one gives more time to a capture of made-up errors: this one
 * takes some seconds. */
#define FLOWS_TRIED_MOST 20000000

/* If there are very many flows, a translated packet belongs only to the flow of the probe whose number it shows. */
static void consider_translated(struct session *session, struct best *best, unsigned index, const struct headers *quote)
{
    const struct trace *trace = &session->traces[index];
    if (session->flows_tried >= FLOWS_TRIED_MOST)
        return;
    session->flows_tried += session->flows_asked[index];
    for (unsigned k = 0; k < session->flows_asked[index]; k++) {
        struct flow_match match = flow_recognise(trace_flow(trace, k), quote, true);
        const struct probe *probe = match.match >= MATCH_REWRITTEN ? trace_probe(trace, match.serial) : NULL;
        if (probe && probe->flow == k)
            consider(session, best, index, k, match);
    }
}

/* Whether the probe was sent with the size of this flow. A send that the capture has not shown yet counts. */
static bool has_size(const struct session *session, unsigned index, uint16_t serial, unsigned which)
{
    const struct probe *probe = trace_probe(&session->traces[index], serial);
    if (probe)
        return probe->flow == which;
    const struct pending_send *pending = pending_find(session, index, serial);
    return pending && pending->claim.flow == which;
}

/* An answer to a probe of a size trace: each of its flows may fit, but only one of them sent that probe. */
static void consider_sized(const struct session *session, struct best *best, const struct packet *packet)
{
    for (unsigned i = session->sized_first; i < session->all_count; i++)
        for (unsigned k = 0; k < session->traces[i].flow_count; k++) {
            const struct flow *flow = trace_flow(&session->traces[i], k);
            struct flow_match match = packet->kind == PACKET_ICMP_ERROR ? flow_recognise(flow, &packet->quote, true)
                                                                        : flow_answer(flow, packet);
            if (match.match != MATCH_NONE && match.serial && has_size(session, i, match.serial, k))
                consider(session, best, i, k, match);
        }
}

/* A packet that leaves: a probe of a trace with another size. */
static bool find_sized_probe(const struct session *session, const struct packet *packet, struct packet_match *out)
{
    for (unsigned i = 0; session->all_count > session->sized_first && i < session->trace_count; i++) {
        const struct flow *own = &session->traces[i].flow;
        uint32_t size = packet->outer.ip.total_length;
        if (size < flow_least_size(own) || size > session->config.interface_mtu)
            continue;
        struct flow sized;
        flow_sized(own, (uint16_t)size, session->config.interface_mtu, &sized);
        sized.template_bytes = own->template_bytes;
        struct flow_match match = flow_recognise(&sized, &packet->outer, false);
        if (match.match != MATCH_EXACT || match.serial < SIZED_SERIALS_FIRST)
            continue;
        *out = (struct packet_match){.role = FRAME_PROBE, .trace = i, .size = sized.size, .flow = match};
        return true;
    }
    return false;
}

/* The flow of this port, if the trace's list has it and the packet is of its protocol. */
static const struct flow *flow_of_port(const struct session *session, unsigned index, const struct headers *seen,
                                       uint16_t port)
{
    const struct trace *trace = &session->traces[index];
    bool fits = trace_has_port(trace, port) && seen->ip.protocol == flow_protocol(&trace->flow);
    return fits ? session_port_flow(session, index, port) : NULL;
}

static struct packet_match match_error(struct session *session, const struct packet *packet)
{
    if (!packet->quote.ip.version)
        return stray("ICMP error without a readable quote");
    struct best best = {0};
    for (unsigned i = 0; i < session->trace_count; i++) {
        struct candidates all = candidates_of(session, i, port_of(&packet->quote.transport));
        for (unsigned k = all.first; k < all.first + all.count; k++)
            consider(session, &best, i, k, flow_recognise(trace_flow(&session->traces[i], k), &packet->quote, true));
        if (!all.count && is_ours(session, &packet->quote))
            consider_translated(session, &best, i, &packet->quote);
    }
    consider_sized(session, &best, packet);
    for (unsigned i = session->trace_count; i < session->sized_first; i++) {
        uint16_t port = packet->quote.transport.target_port;
        const struct flow *flow = flow_of_port(session, i, &packet->quote, port);
        if (flow)
            consider_port(session, &best, i, port, flow_recognise(flow, &packet->quote, true));
    }
    if (!best_is_sound(&best))
        return stray_error(session, &packet->quote);
    const struct transport *icmp = &packet->outer.transport;
    best.match.kind = reply_kind_of_icmp(packet->outer.ip.version, icmp->type, icmp->code);
    /* The packet went on: its reply is still to come, and this is none. */
    if (best.match.kind == REPLY_OTHER)
        return stray("redirect or source quench about a probe");
    return found(session, FRAME_REPLY, &best, packet);
}

static bool same_pair(const struct ip_header *ip, const struct addr *source, const struct addr *target)
{
    return addr_equal(&ip->source, source) && addr_equal(&ip->target, target);
}

/* Why the filter may have passed a packet that is neither probe nor reply. */
static struct packet_match match_nothing(const struct session *session, const struct packet *packet)
{
    const struct session_config *config = &session->config;
    const struct ip_header *ip = &packet->outer.ip;
    if (ip->fragment_offset)
        return stray("later fragment");
    if (same_pair(ip, &config->source, &config->target))
        return stray("our own host's other packet to the target");
    if (same_pair(ip, &config->target, &config->source)) {
        struct packet_match match = stray("the target's other packet to us");
        if (is_probed(session, &packet->outer, packet->outer.transport.source_port))
            match.forgery = FORGERY_ANSWERS;
        return match;
    }
    return stray("packet between others");
}

static struct packet_match match_plain(const struct session *session, const struct packet *packet)
{
    struct best probe = {0}, answer = {0};
    const struct transport *transport = &packet->outer.transport;
    uint16_t answered = transport->have & HAVE_ECHO ? transport->echo_id : transport->target_port;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        struct candidates asking = candidates_of(session, i, port_of(transport));
        struct candidates answering = candidates_of(session, i, answered);
        for (unsigned k = asking.first; k < asking.first + asking.count; k++)
            consider(session, &probe, i, k, flow_recognise(trace_flow(trace, k), &packet->outer, false));
        for (unsigned k = answering.first; k < answering.first + answering.count; k++)
            consider(session, &answer, i, k, flow_answer(trace_flow(trace, k), packet));
    }
    struct packet_match sized;
    consider_sized(session, &answer, packet);
    if (find_sized_probe(session, packet, &sized))
        return sized;
    for (unsigned i = session->trace_count; i < session->sized_first; i++) {
        uint16_t asked = transport->target_port, answers = transport->source_port;
        const struct flow *flow = flow_of_port(session, i, &packet->outer, asked);
        if (flow)
            consider_port(session, &probe, i, asked, flow_recognise(flow, &packet->outer, false));
        flow = flow_of_port(session, i, &packet->outer, answers);
        if (flow)
            consider_port(session, &answer, i, answers, flow_answer(flow, packet));
    }
    if (probe.match.match == MATCH_EXACT && probe.match.serial)
        return found(session, FRAME_PROBE, &probe, packet);
    if (best_is_sound(&answer))
        return found(session, FRAME_REPLY, &answer, packet);
    return match_nothing(session, packet);
}

struct packet_match match_packet(struct session *session, const struct packet *packet)
{
    switch (packet->kind) {
    case PACKET_NOT_IP:
        return stray("not IP");
    case PACKET_ICMP_ERROR:
        return match_error(session, packet);
    case PACKET_PLAIN:
    case PACKET_MALFORMED:
        break;
    }
    return match_plain(session, packet);
}
