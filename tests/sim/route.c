/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/sim_state.h"

#define WAYS_MOST 16

static const struct route *exception_for(const struct net *net, unsigned node, unsigned to)
{
    for (unsigned i = 0; i < net->route_count; i++)
        if (net->routes[i].node == node && net->routes[i].to == to)
            return &net->routes[i];
    return NULL;
}

/* Links from `node` to neighbours that are one link nearer to `to`, in the order of the file. */
static unsigned shortest_ways(const struct net *net, unsigned node, unsigned to, unsigned ways[WAYS_MOST])
{
    unsigned count = 0;
    for (unsigned i = 0; i < net->link_count && count < WAYS_MOST; i++) {
        const unsigned *ends = net->links[i].ends;
        if (ends[0] != node && ends[1] != node)
            continue;
        unsigned other = ends[ends[0] == node];
        bool passes = other == to || net->nodes[other].kind == NODE_ROUTER;
        if (passes && net->distance[other][to] < net->distance[node][to])
            ways[count++] = i;
    }
    return count;
}

static bool link_between(const struct net *net, unsigned a, unsigned b, unsigned *link)
{
    for (unsigned i = 0; i < net->link_count; i++) {
        const unsigned *ends = net->links[i].ends;
        if ((ends[0] == a && ends[1] == b) || (ends[0] == b && ends[1] == a)) {
            *link = i;
            return true;
        }
    }
    return false;
}

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * 16777619U;
    return hash;
}

/* What balancers hash (Augustin 2006): addresses, protocol, flow label, and the first four transport bytes: ports,
 * or ICMP type, code and checksum. */
static uint32_t flow_hash(uint32_t salt, const struct headers *h)
{
    uint32_t hash = hash_bytes(2166136261U, &salt, sizeof salt);
    hash = hash_bytes(hash, h->ip.source.bytes, sizeof h->ip.source.bytes);
    hash = hash_bytes(hash, h->ip.target.bytes, sizeof h->ip.target.bytes);
    hash = hash_bytes(hash, &h->ip.protocol, 1);
    hash = hash_bytes(hash, &h->ip.flow_label, sizeof h->ip.flow_label);
    if (h->transport.captured >= 4)
        hash = hash_bytes(hash, h->transport.bytes, 4);
    return hash ^ hash >> 15;
}

static unsigned choose(const struct sim *sim, unsigned node, const struct headers *h, uint32_t draw, unsigned count)
{
    switch (sim->net->nodes[node].balance) {
    case BALANCE_PER_FLOW:
        return flow_hash((uint32_t)sim->seed * 31 + node, h) % count;
    case BALANCE_PER_PACKET:
        return draw % count;
    case BALANCE_NONE:
        break;
    }
    return 0;
}

enum route_kind route_find(const struct sim *sim, unsigned node, const struct pkt *p, uint32_t draw, unsigned *link,
                           bool *found)
{
    struct headers h;
    const char *malformed = NULL;
    unsigned ways[WAYS_MOST];
    headers_decode(p->bytes, p->length, false, &h, &malformed);
    int to = net_owner(sim->net, &h.ip.target);
    *found = false;
    if (to < 0)
        return ROUTE_VIA;
    const struct route *route = exception_for(sim->net, node, (unsigned)to);
    if (route) {
        if (route->kind == ROUTE_VIA)
            *found = link_between(sim->net, node, route->via, link);
        return route->kind;
    }
    unsigned count = shortest_ways(sim->net, node, (unsigned)to, ways);
    *found = count > 0;
    if (*found)
        *link = ways[choose(sim, node, &h, draw, count)];
    return ROUTE_VIA;
}
