/* SPDX-License-Identifier: BSD-2-Clause */
#include "mtu/sizes.h"

#include "silence/rate_limit.h"

/* After a reply to a later probe the earlier one is lost once so much more time has passed.
 * Unit: 1 / this of the later one's round trip, and ns at least. Source: chosen; routers hardly reorder. Effect: less
 * time takes a late reply for a loss until it comes; more makes every step longer. */
#define MTU_LATE_PART 4
#define MTU_LATE_LEAST (2 * NS_PER_MS)

void sizes_view(const struct session *session, nstime now, unsigned of, struct sizes *v)
{
    *v = (struct sizes){
        .of = session_trace(session, of),
        .sized = session_size_trace(session, of),
        .set = session_trace_set(session),
        .now = now,
        .first_ttl = session_config(session)->first_ttl,
    };
    v->span = rate_limit_span(&v->set);
    uint8_t target_ttl = v->of->started ? v->of->reached_ttl : session_target_ttl(session);
    v->end_is_target = target_ttl != 0;
    v->end_ttl = v->end_is_target ? target_ttl
                 : v->of->started ? v->of->last_router_ttl
                                  : session_last_router_ttl(session);
}

uint16_t sizes_of_probe(const struct sizes *v, const struct probe *probe)
{
    return trace_flow(v->sized, probe->flow)->size;
}

struct addr sizes_router_at(const struct sizes *v, unsigned ttl)
{
    struct addr own = trace_hop_address(v->of, (uint8_t)ttl);
    const struct trace *shown = trace_set_hop_trace(&v->set, (uint8_t)ttl);
    return addr_is_none(&own) && shown ? trace_hop_address(shown, (uint8_t)ttl) : own;
}

uint8_t sizes_hop_of(const struct sizes *v, const struct probe *probe, const struct reply *reply)
{
    for (unsigned ttl = 1; ttl <= probe->ttl; ttl++) {
        struct addr router = sizes_router_at(v, ttl);
        if (addr_equal(&router, &reply->from))
            return (uint8_t)ttl;
    }
    bool tells = reply->quoted_ttl >= 1 && reply->quoted_ttl <= probe->ttl;
    uint8_t ttl = (uint8_t)(tells ? probe->ttl - reply->quoted_ttl + 1 : 0);
    struct addr router = sizes_router_at(v, ttl);
    return ttl && addr_is_none(&router) ? ttl : 0;
}

bool sizes_is_lie(const struct sizes *v, const struct probe *probe, const struct reply *reply)
{
    return !sizes_hop_of(v, probe, reply) || !reply_mtu_is_possible(reply, sizes_of_probe(v, probe));
}

const struct reply *sizes_passing_reply(const struct sizes *v, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (probe->replies[i].kind == REPLY_TIME_EXCEEDED || reply_reaches(v->sized, &probe->replies[i]))
            return &probe->replies[i];
    return NULL;
}

static bool is_just_after(const struct sizes *v, const struct probe *later, const struct probe *before)
{
    return later->sent >= before->sent && later->sent - before->sent <= v->span;
}

bool sizes_shows_token(const struct sizes *v, const struct probe *answered, const struct probe *before)
{
    return sizes_passing_reply(v, answered) && is_just_after(v, answered, before);
}

/* Whether a reply says what became of the probe. */
static bool is_told(const struct sizes *v, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (probe->replies[i].kind != REPLY_TOO_BIG || !sizes_is_lie(v, probe, &probe->replies[i]))
            return true;
    return false;
}

static nstime late_after(nstime rtt)
{
    return rtt / MTU_LATE_PART > MTU_LATE_LEAST ? rtt / MTU_LATE_PART : MTU_LATE_LEAST;
}

bool sizes_is_lost(const struct sizes *v, const struct probe *probe, nstime *until)
{
    *until = NSTIME_NEVER;
    if (probe->state == PROBE_REFUSED || is_told(v, probe))
        return false;
    for (const struct probe *p = trace_first_at(v->sized, probe->ttl); p; p = trace_next_at(v->sized, p)) {
        if (!sizes_shows_token(v, p, probe) || sizes_of_probe(v, p) >= sizes_of_probe(v, probe))
            continue;
        const struct reply *reply = sizes_passing_reply(v, p);
        nstime late = late_after(reply_rtt(p, reply));
        if (probe->state != PROBE_OUTSTANDING || v->now >= reply->time + late)
            return true;
        *until = reply->time + late < *until ? reply->time + late : *until;
    }
    return false;
}

bool sizes_is_proven(const struct sizes *v, const struct probe *probe)
{
    nstime unused;
    return sizes_is_lost(v, probe, &unused);
}

bool sizes_is_spare(const struct sizes *v, const struct probe *probe)
{
    bool is_with_larger = false;
    for (const struct probe *p = trace_first_at(v->sized, probe->ttl); p; p = trace_next_at(v->sized, p)) {
        if (sizes_of_probe(v, p) <= sizes_of_probe(v, probe) || !is_just_after(v, probe, p))
            continue;
        if (!is_told(v, p))
            return false;
        is_with_larger = true;
    }
    return is_with_larger;
}

bool sizes_is_alone(const struct sizes *v, const struct probe *probe)
{
    for (const struct probe *p = trace_first_at(v->sized, probe->ttl); p; p = trace_next_at(v->sized, p))
        if (sizes_of_probe(v, p) < sizes_of_probe(v, probe) && is_just_after(v, p, probe))
            return false;
    return true;
}

nstime sizes_alone_until(const struct sizes *v, const struct probe *probe)
{
    nstime slowest = 0;
    for (unsigned i = 0; i < v->set.count; i++)
        for (const struct probe *p = trace_first_at(v->set.traces[i], v->end_ttl); p;
             p = trace_next_at(v->set.traces[i], p))
            if (p->reply_count && reply_rtt(p, &p->replies[0]) > slowest)
                slowest = reply_rtt(p, &p->replies[0]);
    return probe->sent + slowest + late_after(slowest);
}

/* The last TTL to which the probe is known to have got; 0: none. */
static uint8_t got_to(const struct sizes *v, const struct probe *probe)
{
    uint8_t ttl = sizes_passing_reply(v, probe) ? probe->ttl : 0;
    for (unsigned i = 0; !ttl && i < probe->reply_count; i++)
        if (probe->replies[i].kind == REPLY_TOO_BIG && !sizes_is_lie(v, probe, &probe->replies[i]))
            ttl = sizes_hop_of(v, probe, &probe->replies[i]);
    return ttl;
}

uint16_t sizes_most_passed(const struct sizes *v, unsigned ttl)
{
    uint16_t most = 0;
    for (size_t i = 0; i < v->sized->probe_count; i++) {
        const struct probe *probe = &v->sized->probes[i];
        if (sizes_of_probe(v, probe) > most && got_to(v, probe) >= ttl)
            most = sizes_of_probe(v, probe);
    }
    return most;
}

unsigned sizes_count_asked(const struct sizes *v, uint16_t size, uint8_t ttl)
{
    unsigned count = 0;
    for (const struct probe *p = trace_first_at(v->sized, ttl); p; p = trace_next_at(v->sized, p))
        count += sizes_of_probe(v, p) == size;
    return count;
}

unsigned sizes_count_lost(const struct sizes *v, uint16_t least, uint16_t most, uint8_t ttl)
{
    unsigned count = 0;
    for (const struct probe *p = trace_first_at(v->sized, ttl); p; p = trace_next_at(v->sized, p))
        count += sizes_of_probe(v, p) >= least && sizes_of_probe(v, p) <= most && sizes_is_proven(v, p);
    return count;
}

unsigned sizes_count_vain(const struct sizes *v, uint8_t ttl)
{
    unsigned count = 0;
    for (const struct probe *p = trace_first_at(v->sized, ttl); p; p = trace_next_at(v->sized, p))
        count += p->state == PROBE_EXPIRED && !sizes_is_proven(v, p);
    return count;
}
