/* SPDX-License-Identifier: BSD-2-Clause */
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

static void answer(struct sim *sim, unsigned node, unsigned link, const struct filter *f, const struct pkt *p)
{
    struct pkt reset;
    const uint8_t *refusal = f->refusal[p->bytes[0] >> 4 == 6];
    if (f->verb == VERB_REJECT)
        router_error(sim, node, link, p, refusal[0], refusal[1], 0, 1);
    else if ((f->verb == VERB_RESET || f->verb == VERB_INJECT) &&
             reply_reset(&reset, p, sim->net->nodes[node].initial_ttl))
        router_originate(sim, node, &reset);
    if (f->verb == VERB_INJECT && reply_forward_reset(&reset, p, sim->net->nodes[node].initial_ttl))
        router_originate(sim, node, &reset);
}

bool filter_pass(struct sim *sim, unsigned node, unsigned link, enum hook hook, const struct pkt *p)
{
    struct packet packet;
    if (!pkt_decode(p, &packet))
        return false;
    for (unsigned i = 0; i < sim->net->filter_count; i++) {
        const struct filter *f = &sim->net->filters[i];
        if (f->node != node || f->hook != hook || !matches(sim->net, f, &packet))
            continue;
        if (f->chance < 1 && !sim_chance(sim, f->chance))
            continue;
        answer(sim, node, link, f, p);
        return f->verb == VERB_PASS || f->verb == VERB_INJECT;
    }
    return true;
}
