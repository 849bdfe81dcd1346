/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "sim/sim_state.h"

static bool in_range(uint16_t port, const uint16_t range[2])
{
    return port >= range[0] && port <= range[1];
}

static bool is_echo_request(const struct headers *h)
{
    return (h->transport.have & HAVE_TYPE) && h->transport.type == (h->ip.version == 6 ? 128 : 8);
}

static bool matches(const struct net *net, const struct filter *f, const struct packet *packet)
{
    const struct headers *h = &packet->outer;
    if (!f->protocols[h->ip.protocol] || (f->errors_only && packet->kind != PACKET_ICMP_ERROR) ||
        (f->echo_only && !is_echo_request(h)))
        return false;
    if (f->syn_only && (h->transport.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return false;
    if (f->data_only && !((h->transport.have & HAVE_FLAGS) && h->transport.size > h->transport.header_length))
        return false;
    if ((f->from >= 0 && net_owner(net, &h->ip.source) != f->from) ||
        (f->to >= 0 && net_owner(net, &h->ip.target) != f->to))
        return false;
    bool narrow =
        f->target_ports[0] > 0 || f->target_ports[1] < 65535 || f->source_ports[0] > 0 || f->source_ports[1] < 65535;
    if (!narrow)
        return true;
    return (h->transport.have & HAVE_PORTS) && in_range(h->transport.target_port, f->target_ports) &&
           in_range(h->transport.source_port, f->source_ports);
}

/* What a device beside the path adds: resets to both ends, or an answer. */
static void inject(struct sim *sim, unsigned node, const struct pkt *p)
{
    struct pkt reply;
    uint8_t ttl = sim->net->nodes[node].initial_ttl;
    bool is_tcp = p->bytes[p->bytes[0] >> 4 == 6 ? 6 : 9] == IP_TCP;
    if (is_tcp ? reply_reset(&reply, p, ttl) : reply_datagram(&reply, p, ttl, 1))
        router_originate(sim, node, &reply);
    if (is_tcp && reply_forward_reset(&reply, p, ttl))
        router_originate(sim, node, &reply);
}

static void answer(struct sim *sim, unsigned node, unsigned link, const struct filter *f, const struct pkt *p)
{
    struct pkt reply;
    const uint8_t *refusal = f->refusal[p->bytes[0] >> 4 == 6];
    if (f->verb == VERB_REJECT)
        router_error(sim, node, link, p, refusal[0], refusal[1], 0, 1);
    else if (f->verb == VERB_ANSWER && reply_datagram(&reply, p, sim->net->nodes[node].initial_ttl, 1))
        router_originate(sim, node, &reply);
    else if (f->verb == VERB_RESET && reply_reset(&reply, p, sim->net->nodes[node].initial_ttl))
        router_originate(sim, node, &reply);
    else if (f->verb == VERB_INJECT)
        inject(sim, node, p);
}

static struct passed_flow *passed_flow(struct sim *sim, unsigned filter, const struct tuple *tuple)
{
    struct tuple back = tuple_reversed(tuple);
    for (size_t i = 0; i < sim->passed_count; i++) {
        struct passed_flow *flow = &sim->passed[i];
        if (flow->filter == filter && (tuple_equal(&flow->tuple, tuple) || tuple_equal(&flow->tuple, &back)))
            return flow;
    }
    sim->passed = realloc(sim->passed, (sim->passed_count + 1) * sizeof *sim->passed);
    if (!sim->passed)
        abort();
    sim->passed[sim->passed_count] = (struct passed_flow){.filter = filter, .tuple = *tuple, .last = sim->now};
    return &sim->passed[sim->passed_count++];
}

/* Whether the filter has forgotten the packet's flow, which was idle for too long. */
static bool is_forgotten(struct sim *sim, unsigned filter, const struct headers *h)
{
    struct tuple tuple;
    if (!tuple_of(h, &tuple))
        return false;
    struct passed_flow *flow = passed_flow(sim, filter, &tuple);
    bool is_syn = h->ip.protocol == IP_TCP && (h->transport.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    flow->is_forgotten = !is_syn && (flow->is_forgotten || sim->now - flow->last >= sim->net->filters[filter].idle);
    if (!flow->is_forgotten)
        flow->last = sim->now;
    return flow->is_forgotten;
}

/* Whether a packet between these hosts was stopped a short time ago. */
static bool is_blocked(const struct sim *sim, unsigned filter, const struct headers *h)
{
    const struct blocked *blocked = &sim->blocked[filter];
    bool forth = addr_equal(&h->ip.source, &blocked->ends[0]) && addr_equal(&h->ip.target, &blocked->ends[1]);
    bool back = addr_equal(&h->ip.source, &blocked->ends[1]) && addr_equal(&h->ip.target, &blocked->ends[0]);
    return sim->now < blocked->until && sim->net->filters[filter].protocols[h->ip.protocol] && (forth || back);
}

/* Does to the packet what the filter does. Returns whether it goes on. */
static bool act(struct sim *sim, unsigned node, unsigned link, const struct filter *f, const struct pkt *p)
{
    answer(sim, node, link, f, p);
    return f->verb == VERB_PASS || f->verb == VERB_INJECT;
}

bool filter_pass(struct sim *sim, unsigned node, unsigned link, enum hook hook, const struct pkt *p)
{
    struct packet packet;
    if (!pkt_decode(p, &packet))
        return false;
    for (unsigned i = 0; i < sim->net->filter_count; i++) {
        const struct filter *f = &sim->net->filters[i];
        if (f->node != node || f->hook != hook)
            continue;
        if (f->block && is_blocked(sim, i, &packet.outer))
            return act(sim, node, link, f, p);
        if (!matches(sim->net, f, &packet))
            continue;
        bool held = f->hold && sim->now < sim->held_until[i];
        if (*f->name && !held && !packet_names(&packet.outer, f->name))
            continue;
        if (f->idle && !is_forgotten(sim, i, &packet.outer))
            continue;
        if (f->chance < 1 && !sim_chance(sim, f->chance))
            continue;
        if (held)
            return false;
        sim->held_until[i] = sim->now + f->hold;
        sim->blocked[i] = (struct blocked){sim->now + f->block, {packet.outer.ip.source, packet.outer.ip.target}};
        return act(sim, node, link, f, p);
    }
    return true;
}
