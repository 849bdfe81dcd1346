/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairing/flows.h"

#include <stdlib.h>

#include "base/array.h"

#define BUCKETS_FIRST 1024u
/* A SYN on an open flow that was silent so long begins another. Unit: time. Source: RFC 9293 3.4.2, 2 MSL. Effect: a
 * shorter one parts a connection from the retransmissions of its SYN. */
#define REUSED_AFTER (120 * NS_PER_S)

bool flows_init(struct flows *f, uint64_t secret)
{
    *f = (struct flows){.secret = secret, .mask = BUCKETS_FIRST - 1, .host_mask = BUCKETS_FIRST - 1};
    f->heads = malloc(BUCKETS_FIRST * sizeof *f->heads);
    f->host_heads = malloc(BUCKETS_FIRST * sizeof *f->host_heads);
    f->all = conversations_new();
    if (!f->heads || !f->host_heads || !f->all)
        return false;
    memset(f->heads, 0xff, BUCKETS_FIRST * sizeof *f->heads);
    memset(f->host_heads, 0xff, BUCKETS_FIRST * sizeof *f->host_heads);
    return true;
}

void flows_free(struct flows *f)
{
    conversations_free(f->all);
    free(f->hosts);
    free(f->host_chains);
    free(f->host_heads);
    free(f->heads);
}

/* --- hosts --- */

static uint64_t hash_address(const struct flows *f, const struct addr *address)
{
    uint64_t halves[2];
    memcpy(halves, address->bytes, sizeof halves);
    return passage_mix(passage_mix(f->secret, halves[0]), halves[1] ^ address->family);
}

static bool grow_hosts(struct flows *f)
{
    uint32_t buckets = (f->host_mask + 1) * 2;
    uint32_t *heads = malloc(buckets * sizeof *heads);
    if (!heads)
        return false;
    memset(heads, 0xff, buckets * sizeof *heads);
    free(f->host_heads);
    f->host_heads = heads;
    f->host_mask = buckets - 1;
    for (uint32_t i = 0; i < f->host_count; i++) {
        uint32_t *head = &heads[hash_address(f, &f->hosts[i]) & f->host_mask];
        f->host_chains[i] = *head;
        *head = i;
    }
    return true;
}

static uint32_t take_host(struct flows *f, const struct addr *address)
{
    uint64_t hash = hash_address(f, address);
    for (uint32_t i = f->host_heads[hash & f->host_mask]; i != NONE; i = f->host_chains[i])
        if (addr_equal(&f->hosts[i], address))
            return i;
    if (!array_reserve((void **)&f->hosts, &f->host_capacity, f->host_count + 1, sizeof *f->hosts) ||
        !array_reserve((void **)&f->host_chains, &f->chain_capacity, f->host_count + 1, sizeof *f->host_chains) ||
        (f->host_count > f->host_mask && !grow_hosts(f)))
        return NONE;
    uint32_t added = (uint32_t)f->host_count++;
    uint32_t *head = &f->host_heads[hash & f->host_mask];
    f->hosts[added] = *address;
    f->host_chains[added] = *head;
    *head = added;
    return added;
}

/* --- flows --- */

/* The same for both ways and both points. */
static uint64_t hash_flow(const struct flows *f, const uint32_t hosts[2], const uint16_t ports[2], uint8_t protocol,
                          bool is_error)
{
    uint64_t a = (uint64_t)hosts[0] << 16 | ports[0], b = (uint64_t)hosts[1] << 16 | ports[1];
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return passage_mix(passage_mix(f->secret ^ protocol ^ (uint64_t)is_error << 8, low), high);
}

static uint64_t hash_of(const struct flows *f, const struct flow *flow)
{
    return hash_flow(f, flow->hosts, flow->ports, flow->protocol, flow->is_error);
}

static bool grow(struct flows *f)
{
    uint32_t buckets = (f->mask + 1) * 2;
    uint32_t *heads = malloc(buckets * sizeof *heads);
    if (!heads)
        return false;
    memset(heads, 0xff, buckets * sizeof *heads);
    free(f->heads);
    f->heads = heads;
    f->mask = buckets - 1;
    for (uint32_t i = 0; i < f->all->flow_count; i++) { /* in order, so that the latest comes first */
        uint32_t *head = &heads[hash_of(f, conversations_name(f->all, i)) & f->mask];
        f->all->places[i].chain = *head;
        *head = i;
    }
    return true;
}

/* -1: another flow; else the way. */
static int way_of(const struct flow *flow, const uint32_t hosts[2], const uint16_t ports[2])
{
    if (flow->hosts[0] == hosts[0] && flow->hosts[1] == hosts[1] && flow->ports[0] == ports[0] &&
        flow->ports[1] == ports[1])
        return 0;
    if (flow->hosts[0] == hosts[1] && flow->hosts[1] == hosts[0] && flow->ports[0] == ports[1] &&
        flow->ports[1] == ports[0])
        return 1;
    return -1;
}

static bool begins_another(const struct flow *flow, const struct passage *p, unsigned way)
{
    if (p->kind != PASSAGE_TCP || (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return false;
    const struct flow_syn *syn = &flow->syn[way];
    bool known = syn->seen && syn->seq == p->seq;
    return !known && (flow->closed || p->time - flow->last > REUSED_AFTER);
}

static uint32_t add(struct flows *f, const struct passage *p, const uint32_t hosts[2], uint64_t hash)
{
    struct flow flow = {
        .hosts = {hosts[0], hosts[1]},
        .ports = {p->source_port, p->target_port},
        .protocol = p->protocol,
        .point = p->point,
        .version = p->version,
        .is_error = p->kind == PASSAGE_ERROR,
        .candidate = NONE,
        .pair = NONE,
        .first = p->time,
    };
    for (unsigned way = 0; way < 2; way++)
        flow.ways[way].head = flow.ways[way].tail = flow.ways[way].cursor = NONE;
    uint32_t added = f->all->flow_count <= f->mask || grow(f) ? conversations_add(f->all, &flow) : NONE;
    if (added == NONE)
        return NONE;
    uint32_t *head = &f->heads[hash & f->mask];
    f->all->places[added].chain = *head;
    *head = added;
    return added;
}

uint32_t flows_take(struct flows *f, const struct passage *p, unsigned *way)
{
    const uint32_t hosts[2] = {take_host(f, &p->source), take_host(f, &p->target)};
    const uint16_t ports[2] = {p->source_port, p->target_port};
    bool is_error = p->kind == PASSAGE_ERROR;
    if (hosts[0] == NONE || hosts[1] == NONE)
        return NONE;
    uint64_t hash = hash_flow(f, hosts, ports, p->protocol, is_error);
    uint32_t found = NONE;
    for (uint32_t i = f->heads[hash & f->mask]; i != NONE && found == NONE; i = f->all->places[i].chain) {
        const struct flow *flow = conversations_name(f->all, i);
        int at = flow->point == p->point && flow->protocol == p->protocol && flow->is_error == is_error
                     ? way_of(flow, hosts, ports)
                     : -1;
        if (at < 0)
            continue;
        if (begins_another(conversations_see_flow(f->all, i), p, (unsigned)at))
            break;
        found = i;
        *way = (unsigned)at;
    }
    if (found == NONE) {
        found = add(f, p, hosts, hash);
        *way = 0;
    }
    return found;
}
