/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/trace_set.h"

uint8_t trace_set_last_router_ttl(const struct trace_set *set)
{
    uint8_t last = 0;
    for (unsigned i = 0; i < set->count; i++)
        last = set->traces[i]->last_router_ttl > last ? set->traces[i]->last_router_ttl : last;
    return last;
}

bool trace_set_shows_router(const struct trace_set *set, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++) {
        struct addr router = trace_router_address(set->traces[i], ttl);
        if (!addr_is_none(&router))
            return true;
    }
    return false;
}

uint8_t trace_set_target_ttl(const struct trace_set *set)
{
    uint8_t last = trace_set_last_router_ttl(set), target_ttl = 0;
    for (unsigned i = 0; i < set->count; i++) {
        uint8_t reached = set->traces[i]->reached_ttl;
        if (reached > last && (!target_ttl || reached < target_ttl))
            target_ttl = reached;
    }
    return target_ttl;
}

bool reply_is_unresolved(const struct probe *probe, const struct reply *refusal)
{
    uint8_t address_unreachable = refusal->version == 6 ? 3 : 1;
    return reply_is_no_route(refusal) && refusal->icmp_code == address_unreachable &&
           reply_rtt(probe, refusal) >= UNRESOLVED_AFTER;
}

static bool is_dead_end(const struct trace *trace, const struct probe *probe, const struct reply *refusal, uint8_t last)
{
    if (reply_is_no_route(refusal) && addr_equal(&refusal->from, &trace->flow.source))
        return true;
    return reply_is_unresolved(probe, refusal) && trace_refused_from(trace, probe, refusal) > last;
}

const struct reply *trace_set_dead_end(const struct trace_set *set, const struct probe **probe)
{
    uint8_t last = trace_set_last_router_ttl(set);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->reached_ttl)
            return NULL;
    for (unsigned i = 0; i < set->count; i++) {
        const struct reply *refusal = trace_refusal(set->traces[i], probe);
        if (refusal && is_dead_end(set->traces[i], *probe, refusal, last))
            return refusal;
    }
    return NULL;
}

uint8_t trace_set_last_ttl(const struct trace_set *set)
{
    uint8_t target_ttl = trace_set_target_ttl(set), last = 0;
    const struct probe *refused;
    if (trace_set_dead_end(set, &refused))
        return refused->ttl;
    for (unsigned i = 0; i < set->count; i++) {
        uint8_t end = trace_last_ttl(set->traces[i]);
        last = end > last ? end : last;
    }
    return target_ttl ? target_ttl : last;
}

/* The router that any trace shows at this TTL. */
static struct addr router_at(const struct trace_set *set, unsigned ttl)
{
    struct addr router = {.family = 0};
    for (unsigned i = 0; i < set->count && addr_is_none(&router); i++)
        router = trace_router_address(set->traces[i], (uint8_t)ttl);
    return router;
}

static bool has_router(const struct trace_set *set, unsigned ttl, const struct addr *address)
{
    bool found = false;
    for (unsigned i = 0; i < set->count && !found; i++) {
        struct addr router = trace_router_address(set->traces[i], (uint8_t)ttl);
        found = addr_equal(&router, address);
    }
    return found;
}

struct gateway trace_set_gateway(const struct trace_set *set, const struct addr *address, uint8_t ttl)
{
    struct gateway gateway = {.ttl = ttl};
    for (unsigned t = 1; t < 256 && !addr_is_none(address) && !gateway.ttl; t++)
        gateway.ttl = has_router(set, t, address) ? (uint8_t)t : 0;
    if (!gateway.ttl)
        return gateway;
    gateway.address = addr_is_none(address) ? router_at(set, gateway.ttl) : *address;
    for (unsigned t = gateway.ttl + 1U; t < 256 && !gateway.behind_ttl; t++) {
        struct addr router = router_at(set, t);
        if (addr_is_none(&router) || addr_equal(&router, &gateway.address))
            continue;
        gateway.behind_ttl = (uint8_t)t;
        gateway.behind = router;
    }
    return gateway;
}

bool trace_set_tests_gateway(const struct trace_set *set)
{
    return set->gateway.behind_ttl || (set->gateway.ttl && !trace_set_target_ttl(set));
}

/* 0: not probed; 1: probed, or beyond the trace's end; 2: a device before it refused; 3: a node there answered. */
static unsigned trace_rank_at(const struct trace *trace, uint8_t ttl)
{
    unsigned rank = trace_asked(trace, ttl) ? 1 : 0;
    if (ttl > trace_last_ttl(trace))
        return rank;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++) {
            if (!reply_refuses(trace, &probe->replies[i]))
                return 3;
            rank = 2;
        }
    return rank;
}

const struct trace *trace_set_hop_trace(const struct trace_set *set, uint8_t ttl)
{
    const struct trace *best = NULL;
    unsigned best_rank = 0;
    for (unsigned i = 0; i < set->count; i++) {
        unsigned rank = trace_rank_at(set->traces[i], ttl);
        if (rank > best_rank) {
            best = set->traces[i];
            best_rank = rank;
        }
    }
    return best;
}
