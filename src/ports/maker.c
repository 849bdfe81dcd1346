/* SPDX-License-Identifier: BSD-2-Clause */
#include "ports/maker.h"

#include "base/array.h"
#include "base/minmax.h"
#include "silence/rate_limit.h"

void maker_add(struct maker *maker, struct ask ask)
{
    struct rounds *rounds = maker->rounds;
    void *array = rounds->asks;
    if (!array_reserve(&array, &rounds->capacity, rounds->count + 1, sizeof *rounds->asks)) {
        maker->failed = true;
        return;
    }
    rounds->asks = array;
    rounds->asks[rounds->count++] = ask;
}

struct ask maker_ask(const struct maker *maker, unsigned part, uint16_t port, unsigned ttl)
{
    return (struct ask){.trace = (uint8_t)(session_trace_count(maker->session) + part),
                        .ttl = (uint8_t)uint_min(ttl, session_config(maker->session)->max_ttl),
                        .port = port};
}

void maker_add_port(struct maker *maker, unsigned part, uint16_t port, unsigned ttl, bool controls)
{
    struct ask ask = maker_ask(maker, part, port, ttl);
    ask.controls = controls;
    maker_add(maker, ask);
}

void maker_add_entry(struct maker *maker, const struct port_entry *entry, unsigned ttl)
{
    maker_add_port(maker, entry->part, entry->port, ttl, false);
}

void maker_wait(struct maker *maker, nstime time)
{
    if (time > maker->rounds->not_before)
        maker->rounds->not_before = time;
}

/* A path that is longer than the target's known distance needs a larger TTL. */
unsigned maker_end_of(const struct portmap *map, const struct port_entry *entry)
{
    return uint_max(map->end_ttl, entry->passed_ttl + 1U);
}

bool maker_is_silent_since(const struct maker *maker, unsigned ttl, nstime time)
{
    nstime expiry = maker->map->last_expiry[ttl];
    return time && (expiry == NSTIME_NONE || expiry < time);
}

/* When the hop may be asked: a router that left out the last control gets time for a token. */
nstime maker_ready_at(const struct maker *maker, unsigned ttl)
{
    nstime controlled = maker->rounds->controlled[ttl];
    return maker_is_silent_since(maker, ttl, controlled) ? controlled + RATE_LIMIT_REFILL : 0;
}

bool maker_may_ask(struct maker *maker, unsigned ttl)
{
    bool is_free = maker->rounds->guessed[ttl] || portmap_hop_is_unlimited(maker->map, ttl);
    bool waits = maker->map->gateway.ttl || !is_free; /* behind a gateway the hops' own tokens decide */
    nstime ready = waits ? maker_ready_at(maker, ttl) : 0;
    if (ready > session_now(maker->session) && !maker->waits)
        return false;
    maker_wait(maker, ready);
    return true;
}

void maker_shuffle(struct ask *asks, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = rng_below(rng, (uint32_t)i);
        struct ask kept = asks[i - 1];
        asks[i - 1] = asks[other];
        asks[other] = kept;
    }
}

void maker_add_spec(struct maker *maker, unsigned ttl)
{
    const struct trace_set *path = maker->map->path;
    for (unsigned i = 0; i < path->count; i++) {
        struct addr router = trace_router_address(path->traces[i], (uint8_t)ttl);
        if (addr_is_none(&router))
            continue;
        maker_add(maker, (struct ask){.trace = (uint8_t)i, .ttl = (uint8_t)ttl, .controls = true});
        return;
    }
}

void maker_add_control(struct maker *maker, unsigned ttl)
{
    const struct portmap *map = maker->map;
    for (unsigned i = 0; i < map->list_count; i++)
        if (map->per_list[i].passer >= 0 && (map->per_list[i].seen[ttl >> 5] >> (ttl & 31) & 1)) {
            const struct port_entry *passer = &map->entries[map->per_list[i].passer];
            maker_add_port(maker, passer->part, passer->port, ttl, true);
            return;
        }
    maker_add_spec(maker, ttl);
}

unsigned maker_control_every(const struct maker *maker)
{
    nstime gap = session_config(maker->session)->send_gap;
    unsigned fit = gap > 0 ? (unsigned)(rate_limit_span(maker->map->path) / gap) : 10;
    return fit > 2 ? fit / 2 : 1;
}
