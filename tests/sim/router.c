/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/sim_state.h"

/* The order is that of a Linux router (ip_forward): prerouting, routing, TTL, MTU, forward, postrouting. */

enum { ICMP4_UNREACHABLE = 3, ICMP4_EXCEEDED = 11, ICMP6_UNREACHABLE = 1, ICMP6_TOO_BIG = 2, ICMP6_EXCEEDED = 3 };

static uint8_t version_of(const struct pkt *p)
{
    return p->bytes[0] >> 4;
}

static uint8_t ttl_of(const struct pkt *p)
{
    return version_of(p) == 6 ? p->bytes[7] : p->bytes[8];
}

static bool is_local(const struct sim *sim, unsigned node, const struct headers *h)
{
    return net_owner(sim->net, &h->ip.target) == (int)node;
}

static nstime distance_time(struct sim *sim, const struct link *link)
{
    nstime jitter = link->jitter / NS_PER_US;
    if (jitter == 0 || sim->ideal)
        return link->delay;
    return link->delay + (nstime)rng_below(&sim->rng, (uint32_t)jitter + 1) * NS_PER_US;
}

/* A link keeps order, but for what its own chance delays. */
static void put_on_link(struct sim *sim, unsigned index, unsigned from, const struct pkt *p)
{
    const struct link *link = &sim->net->links[index];
    unsigned end = link->ends[0] == from ? 1 : 0;
    nstime at = sim->now + distance_time(sim, link);
    if (sim_chance(sim, link->reorder))
        at += link->reorder_by;
    else if (at < sim->last_arrival[index][end])
        at = sim->last_arrival[index][end];
    else
        sim->last_arrival[index][end] = at;
    sim_schedule(sim, at, EVENT_ARRIVE, link->ends[end], index, p);
}

static void transmit(struct sim *sim, unsigned node, unsigned index, const struct pkt *p)
{
    const struct link *link = &sim->net->links[index];
    if (link->dead && link->ends[0] == node) {
        if (sim->resolve_until[index] <= sim->now)
            sim->resolve_until[index] = sim->now + SIM_UNRESOLVED_DELAY;
        sim_schedule(sim, sim->resolve_until[index], EVENT_UNRESOLVED, node, index, p);
        return;
    }
    unsigned hole = link->hole[link->ends[0] == node ? 0 : 1];
    if ((hole && p->length > hole) || sim_chance(sim, link->loss))
        return;
    put_on_link(sim, index, node, p);
    if (sim_chance(sim, link->duplicate))
        put_on_link(sim, index, node, p);
}

void router_originate(struct sim *sim, unsigned node, struct pkt *p)
{
    struct headers h;
    const char *malformed = NULL;
    unsigned link;
    bool found;
    nat_back(sim, node, p);
    if (!filter_pass(sim, node, NO_LINK, HOOK_OUTPUT, p) || !filter_pass(sim, node, NO_LINK, HOOK_POSTROUTING, p))
        return;
    headers_decode(p->bytes, p->length, false, &h, &malformed);
    if (is_local(sim, node, &h)) {
        sim_schedule(sim, sim->now, EVENT_ARRIVE, node, NO_LINK, p);
        return;
    }
    route_find(sim, node, p, rng_u32(&sim->rng), &link, &found);
    if (found)
        transmit(sim, node, link, p);
}

bool router_take_token(const struct sim *sim, struct bucket *bucket, const struct net_limit *limit, unsigned cost)
{
    if (limit->burst == 0 || sim->ideal)
        return true;
    if (!bucket->used)
        *bucket = (struct bucket){.used = true, .tokens = limit->spent ? 0 : limit->burst, .filled = sim->now};
    bucket->tokens += (double)(sim->now - bucket->filled) * limit->rate / (double)NS_PER_S;
    bucket->filled = sim->now;
    if (bucket->tokens > limit->burst)
        bucket->tokens = limit->burst;
    if (bucket->tokens < cost)
        return false;
    bucket->tokens -= cost;
    return true;
}

/* RFC 1122 3.2.2: no error about an error, a later fragment, or something to many. */
static bool deserves_error(const struct packet *packet)
{
    return packet->kind == PACKET_PLAIN && packet->outer.ip.fragment_offset == 0 &&
           !addr_is_multicast(&packet->outer.ip.target);
}

static const struct addr *link_address(const struct sim *sim, unsigned link, unsigned node, uint8_t family)
{
    if (link == NO_LINK)
        return NULL;
    const struct link *l = &sim->net->links[link];
    const struct addr *address = &l->addresses[l->ends[1] == node][family == 6];
    return addr_is_none(address) ? NULL : address;
}

/* A made-up address of the node. */
static struct addr signature(unsigned node, uint8_t family, unsigned number)
{
    char text[ADDR_TEXT_BYTES];
    struct addr address;
    if (family == 6)
        snprintf(text, sizeof text, "2001:db8:f0%02x::%x", node, number + 1);
    else
        snprintf(text, sizeof text, "100.%u.%u.%u", 64 + node, number >> 8 & 255, number & 255);
    addr_parse(text, &address);
    return address;
}

static unsigned flow_number(const struct headers *about)
{
    uint32_t ports = (uint32_t)about->transport.source_port << 16 | about->transport.target_port;
    return (ports * 2654435761U) >> 16;
}

static struct addr error_source(struct sim *sim, unsigned index, unsigned link, const struct packet *about)
{
    const struct node *node = &sim->net->nodes[index];
    uint8_t family = about->outer.ip.version;
    const struct addr *address = NULL;
    if (node->answers == ANSWER_IN_TURN)
        return signature(index, family, sim->signed_count[index]++ % node->signatures);
    if (node->answers == ANSWER_BY_FLOW)
        return signature(index, family, flow_number(&about->outer) % node->signatures);
    if (node->answers == ANSWER_FROM_IN)
        address = link_address(sim, link, index, family);
    if (node->answers == ANSWER_FROM_BACK) {
        struct pkt back;
        unsigned out;
        bool found;
        struct pkt_ip ip = {.source = *net_address(sim->net, index, family), .target = about->outer.ip.source};
        pkt_build(&back, &ip, (const uint8_t *)"", 0);
        route_find(sim, index, &back, 0, &out, &found);
        address = found ? link_address(sim, out, index, family) : NULL;
    }
    return address ? *address : *net_address(sim->net, index, family);
}

void router_error(struct sim *sim, unsigned index, unsigned link, const struct pkt *about, uint8_t type, uint8_t code,
                  uint32_t mtu, unsigned cost)
{
    const struct node *node = &sim->net->nodes[index];
    struct packet packet;
    struct pkt error;
    if (!pkt_decode(about, &packet) || !deserves_error(&packet) || node->silent ||
        node->silent_to[packet.outer.ip.protocol] || !router_take_token(sim, &sim->buckets[index], &node->limit, cost))
        return;
    struct addr source = error_source(sim, index, link, &packet);
    for (unsigned i = 0; i <= node->copies; i++) {
        reply_error(&error, node, &source, about, type, code, mtu);
        pkt_set_id(error.bytes, ++sim->ids[index]);
        router_originate(sim, index, &error);
    }
}

void router_unresolved(struct sim *sim, unsigned node, unsigned link, struct pkt *p)
{
    bool v6 = version_of(p) == 6;
    router_error(sim, node, link, p, v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE, v6 ? 3 : 1, 0, 1);
}

/* A refusal by the routing table; Linux takes it twice from the limit of IPv4. */
static void refuse_route(struct sim *sim, unsigned node, unsigned link, const struct pkt *p, enum route_kind kind)
{
    bool v6 = version_of(p) == 6;
    uint8_t code = kind == ROUTE_PROHIBIT ? (v6 ? 1 : 13) : kind == ROUTE_UNREACHABLE ? (v6 ? 0 : 1) : 0;
    if (kind != ROUTE_BLACKHOLE)
        router_error(sim, node, link, p, v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE, code, 0, v6 ? 1 : 2);
}

/* The MSS option's value in a TCP header; 0: none. */
static size_t find_mss(const struct headers *h)
{
    const uint8_t *options = h->transport.bytes + 20;
    size_t length = h->transport.header_length > 20 ? h->transport.header_length - 20U : 0;
    for (size_t i = 0; i + 4 <= length && options[i] != 0;
         i += options[i] == 1 || options[i + 1] < 2 ? 1 : options[i + 1])
        if (options[i] == 2 && options[i + 1] == 4)
            return 20 + i + 2;
    return 0;
}

static void set_mss(struct pkt *p, const struct headers *h, uint16_t most)
{
    size_t at = h->ip.protocol == IP_TCP && (h->transport.flags & TCP_SYN) ? find_mss(h) : 0;
    if (at && pkt_get16(h->transport.bytes + at) > most)
        pkt_set_word(p->bytes, p->length, at, most, true);
}

static void shift_seq(struct pkt *p, const struct headers *h, uint32_t by)
{
    if (h->ip.protocol != IP_TCP)
        return;
    uint32_t seq = (uint32_t)h->transport.seq + by;
    pkt_set_word(p->bytes, p->length, 4, (uint16_t)(seq >> 16), true);
    pkt_set_word(p->bytes, p->length, 6, (uint16_t)seq, true);
}

/* Only packets away from the client are rewritten. */
static void rewrite(struct sim *sim, unsigned node, struct pkt *p)
{
    for (unsigned i = 0; i < sim->net->rewrite_count; i++) {
        const struct net_rewrite *r = &sim->net->rewrites[i];
        struct headers h;
        const char *malformed = NULL;
        headers_decode(p->bytes, p->length, false, &h, &malformed);
        if (r->node != node || net_owner(sim->net, &h.ip.target) == (int)sim->net->client)
            continue;
        if (r->what == REWRITE_WHAT_DSCP)
            pkt_set_tos(p->bytes, (uint8_t)((h.ip.tos & 3) | r->value << 2));
        else if (r->what == REWRITE_WHAT_ECN)
            pkt_set_tos(p->bytes, (uint8_t)((h.ip.tos & 0xfc) | (r->value & 3)));
        else if (r->what == REWRITE_WHAT_ID)
            pkt_set_id(p->bytes, (uint16_t)r->value);
        else if (r->what == REWRITE_WHAT_MSS)
            set_mss(p, &h, (uint16_t)r->value);
        else
            shift_seq(p, &h, r->value);
    }
}

static void decrement(const struct node *node, struct pkt *p)
{
    if (!node->hidden)
        pkt_set_ttl(p->bytes, (uint8_t)(ttl_of(p) - 1 + node->ttl_raise));
}

static void forward(struct sim *sim, unsigned index, unsigned in, unsigned out, struct pkt *p)
{
    const struct node *node = &sim->net->nodes[index];
    bool v6 = version_of(p) == 6;
    uint8_t ttl = ttl_of(p);
    bool expired = ttl == 0 || (ttl == 1 && !node->zero_ttl);
    if (expired && !node->hidden) {
        router_error(sim, index, in, p, v6 ? ICMP6_EXCEEDED : ICMP4_EXCEEDED, 0, 0, 1);
        return;
    }
    unsigned mtu = sim->net->links[out].mtu;
    if (p->length > mtu) {
        mtu = node->told_mtu >= 0 ? (unsigned)node->told_mtu : mtu;
        router_error(sim, index, in, p, v6 ? ICMP6_TOO_BIG : ICMP4_UNREACHABLE, v6 ? 0 : 4, mtu, 1);
        return;
    }
    decrement(node, p);
    if (!filter_pass(sim, index, in, HOOK_FORWARD, p))
        return;
    rewrite(sim, index, p);
    if (!filter_pass(sim, index, in, HOOK_POSTROUTING, p))
        return;
    nat_source(sim, index, p);
    transmit(sim, index, out, p);
}

void router_receive(struct sim *sim, unsigned node, unsigned link, struct pkt *p)
{
    struct headers h;
    const char *malformed = NULL;
    unsigned out;
    bool found;
    nat_back(sim, node, p);
    if (!filter_pass(sim, node, link, HOOK_PREROUTING, p))
        return;
    nat_target(sim, node, p);
    headers_decode(p->bytes, p->length, false, &h, &malformed);
    if (is_local(sim, node, &h)) {
        if (filter_pass(sim, node, link, HOOK_INPUT, p))
            host_receive(sim, node, link, p);
        return;
    }
    if (sim->net->nodes[node].kind != NODE_ROUTER)
        return;
    enum route_kind kind = route_find(sim, node, p, rng_u32(&sim->rng), &out, &found);
    if (found)
        forward(sim, node, link, out, p);
    else
        refuse_route(sim, node, link, p, kind);
}

int router_client_errno(const struct sim *sim, const struct pkt *p)
{
    unsigned link;
    bool found;
    enum route_kind kind = route_find(sim, sim->net->client, p, 0, &link, &found);
    if (found)
        return p->length > sim->net->links[link].mtu ? EMSGSIZE : 0;
    return kind == ROUTE_UNREACHABLE ? EHOSTUNREACH
           : kind == ROUTE_PROHIBIT  ? EACCES
           : kind == ROUTE_BLACKHOLE ? EINVAL
                                     : ENETUNREACH;
}
