/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "sim/sim_state.h"

/* What the host knows of a port; with `*known` false it does not know the protocol itself. */
static enum port_state port_state(const struct node *node, const struct headers *h, bool *known)
{
    uint8_t protocol = h->ip.protocol;
    *known = protocol == IP_TCP || protocol == IP_UDP || protocol == IP_UDPLITE;
    for (unsigned i = 0; i < node->port_count; i++) {
        const struct net_port *port = &node->ports[i];
        if (port->protocol != protocol)
            continue;
        *known = true;
        if (port->port == 0 || port->port == h->transport.target_port)
            return port->state;
    }
    return PORT_CLOSED;
}

/* The half-open entry of the packet's connection; NULL: none. */
static struct half_open *find_half_open(struct sim *sim, const struct tuple *tuple)
{
    for (size_t i = 0; i < sim->half_open_count; i++)
        if (tuple_equal(&sim->half_open[i].tuple, tuple))
            return &sim->half_open[i];
    return NULL;
}

static void forget_half_open(struct sim *sim, struct half_open *entry)
{
    *entry = sim->half_open[--sim->half_open_count];
}

static void add_half_open(struct sim *sim, const struct tuple *tuple, uint32_t seq)
{
    sim->half_open = realloc(sim->half_open, (sim->half_open_count + 1) * sizeof(struct half_open));
    if (!sim->half_open)
        abort();
    sim->half_open[sim->half_open_count++] = (struct half_open){.tuple = *tuple, .seq = seq};
}

/* Linux: a SYN with another seq into a half-open connection is answered by a reset, which ends it. */
static bool answer_syn(struct sim *sim, const struct node *node, const struct headers *h, const struct pkt *p,
                       struct pkt *out)
{
    struct tuple tuple;
    uint32_t seq = (uint32_t)h->transport.seq;
    tuple_of(h, &tuple);
    struct half_open *entry = find_half_open(sim, &tuple);
    if (entry && entry->seq != seq) {
        forget_half_open(sim, entry);
        return reply_reset(out, p, node->initial_ttl);
    }
    if (!entry)
        add_half_open(sim, &tuple, seq);
    return reply_syn_ack(out, p, node->initial_ttl);
}

static bool answer_tcp(struct sim *sim, const struct node *node, const struct headers *h, const struct pkt *p,
                       bool open, struct pkt *out)
{
    uint8_t flags = h->transport.flags;
    struct tuple tuple;
    if (tcp_host_receive(sim, (unsigned)(node - sim->net->nodes), h, open))
        return false;
    tuple_of(h, &tuple);
    struct half_open *entry = find_half_open(sim, &tuple);
    if (flags & TCP_RST) {
        if (entry)
            forget_half_open(sim, entry);
        return false;
    }
    if (open && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
        return answer_syn(sim, node, h, p, out);
    if (open && !(flags & TCP_ACK))
        return false; /* RFC 9293 3.10.7.2: FIN, PSH or nothing at a listener */
    if (!open && !router_take_token(sim, &sim->reset_buckets[node - sim->net->nodes], &node->resets, 1))
        return false;
    return reply_reset(out, p, node->initial_ttl);
}

/* The client's kernel knows nothing of the probes: it resets what a SYN/ACK or an ACK offers. Everything else it keeps
 * quiet about, as a UDP socket of ours holds the port. */
static void client_receive(struct sim *sim, unsigned node, const struct headers *h, const struct pkt *p)
{
    struct pkt reset;
    if (h->ip.protocol == IP_TCP && tcp_client_receive(sim, node, h))
        return;
    if (h->ip.protocol == IP_TCP && (h->transport.flags & TCP_ACK) && reply_reset(&reset, p, 64))
        sim_schedule(sim, sim->now + 2 * SIM_STAMP_DELAY, EVENT_LEAVE, node, NO_LINK, &reset);
}

/* The answer of a port, or of ICMP. False: silence, or `*refused` by an ICMP error. */
static bool answer(struct sim *sim, unsigned index, const struct headers *h, const struct pkt *p, struct pkt *out,
                   bool *refused)
{
    const struct node *node = &sim->net->nodes[index];
    bool known, v6 = h->ip.version == 6;
    uint16_t id = (uint16_t)(sim->ids[index] + 1);
    if (h->ip.protocol == (v6 ? IP_ICMP6 : IP_ICMP))
        return node->echo && h->transport.type == (v6 ? 128 : 8) && reply_echo(out, p, node->initial_ttl, id);
    enum port_state state = port_state(node, h, &known);
    bool open = state == PORT_OPEN;
    if (state == PORT_SILENT)
        return false;
    if (known && h->ip.protocol == IP_TCP)
        return answer_tcp(sim, node, h, p, open, out);
    if (known && h->ip.protocol == IP_SCTP)
        return reply_sctp(out, p, node->initial_ttl, id, open);
    if (known && h->ip.protocol == IP_DCCP)
        return reply_dccp(out, p, node->initial_ttl, id, open);
    *refused = !open;
    if (h->ip.protocol == IP_UDP || h->ip.protocol == IP_UDPLITE)
        return open && reply_datagram(out, p, node->initial_ttl, id);
    return open && reply_protocol(out, p, node->initial_ttl, id);
}

static void refuse(struct sim *sim, unsigned node, unsigned link, const struct headers *h, const struct pkt *p)
{
    bool v6 = h->ip.version == 6, port = h->ip.protocol == IP_UDP || h->ip.protocol == IP_UDPLITE;
    uint8_t type = v6 ? (port ? 1 : 4) : 3, code = v6 ? (port ? 4 : 1) : (port ? 3 : 2);
    router_error(sim, node, link, p, type, code, 0, 1);
}

void host_receive(struct sim *sim, unsigned node, unsigned link, struct pkt *p)
{
    struct packet packet;
    struct pkt out;
    bool refused = false;
    if (!pkt_decode(p, &packet) || packet.kind == PACKET_ICMP_ERROR || sim->net->nodes[node].silent)
        return;
    if (node == sim->net->client) {
        client_receive(sim, node, &packet.outer, p);
        return;
    }
    if (answer(sim, node, &packet.outer, p, &out, &refused)) {
        sim->ids[node]++;
        router_originate(sim, node, &out);
    } else if (refused)
        refuse(sim, node, link, &packet.outer, p);
}
