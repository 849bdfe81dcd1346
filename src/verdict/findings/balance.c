/* SPDX-License-Identifier: BSD-2-Clause */
/* balance: findings on several routers at one hop: for several flows, for one flow in turns, or one after the other. */
#include <stdio.h>

#include "verdict/findings/balance.h"
#include "verdict/findings/findings.h"

#define ROUTERS_MOST 16 /* of one hop that are told apart */

/* Which probes a balancer that looks at flows has to send the same way. */
static bool same_flow(const struct trace *trace, const struct probe *a, const struct probe *b)
{
    bool source = !trace->origin.source_port_varies || a->source_port == b->source_port;
    bool target = !trace->origin.target_port_varies || a->target_port == b->target_port;
    return a->flow == b->flow && source && target;
}

/* The router that let the probe expire, if it did and the router spoke in its own name. */
static const struct reply *expiry(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    bool told = reply && reply->kind == REPLY_TIME_EXCEEDED && !addr_equal(&reply->from, &trace->flow.target);
    return told ? reply : NULL;
}

/* Some balancers look at more than addresses and ports, which may have differed between foreign probes: the checksum of
 * an echo request, which follows its sequence number (Augustin 2006), or the flow label (RFC 6438). */
static bool may_be_several_flows(const struct trace *trace)
{
    return trace->origin.foreign && (trace->flow.spec.protocol == IP_ICMP || trace->flow.target.family == 6);
}

/* --- one flow --- */

#define FLOWS_LOOKED_AT 256 /* at a hop: others' traces may have any number */

/* How often the router changed from probe to probe of the flow that `start` is of; the probes around the first change.
 */
static unsigned count_changes(const struct trace *trace, const struct probe *start, const struct probe **before,
                              const struct probe **behind)
{
    const struct probe *last = NULL;
    unsigned changes = 0;
    for (const struct probe *p = start; p; p = trace_next_at(trace, p)) {
        if (!same_flow(trace, start, p) || !expiry(trace, p))
            continue;
        if (last && !addr_equal(&expiry(trace, last)->from, &expiry(trace, p)->from) && !changes++) {
            *before = last;
            *behind = p;
        }
        last = p;
    }
    return changes;
}

static void tell_per_packet(const struct trace *trace, uint8_t ttl, unsigned changes, const struct probe *before,
                            const struct probe *behind, struct judgement *out)
{
    struct place at = {.known = true, .ttl = ttl, .address = expiry(trace, before)->from};
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES], other[ADDR_TEXT_BYTES];
    bool several = may_be_several_flows(trace);
    struct finding *finding = finding_at(out, several ? "load-balanced" : "per-packet-balanced", trace, &at);
    if (!finding)
        return;
    probe_spec_format(&trace->flow.spec, spec);
    addr_format(&expiry(trace, behind)->from, other);
    finding_number(finding, "changes", changes);
    for (const struct probe *p = before; p; p = trace_next_at(trace, p))
        if (same_flow(trace, before, p) && expiry(trace, p))
            finding_show(finding, p, expiry(trace, p));
    snprintf(finding->text, sizeof finding->text,
             "probes of one flow of %s go by %s and by %s in turns: they are balanced packet by packet%s", spec,
             place_format(&at, place), other, several ? ", or by what else differs between them" : "");
}

/* Changes of the first flow there that has two: one may be another route's. */
static unsigned count_turns(const struct trace *trace, uint8_t ttl, const struct probe **before,
                            const struct probe **behind)
{
    unsigned changes = 0, looked_at = trace->flow_count > 1 || trace_ports_vary(trace) ? FLOWS_LOOKED_AT : 1;
    const struct probe *p = trace_first_at(trace, ttl);
    for (; p && changes < 2 && looked_at; p = trace_next_at(trace, p), looked_at--)
        changes = count_changes(trace, p, before, behind);
    return changes < 2 ? 0 : changes;
}

bool balance_is_per_packet(const struct trace *trace, uint8_t ttl)
{
    const struct probe *before, *behind;
    return !may_be_several_flows(trace) && count_turns(trace, ttl, &before, &behind);
}

static void find_per_packet(const struct trace *trace, struct judgement *out)
{
    for (unsigned ttl = 1; ttl <= trace->last_router_ttl; ttl++) {
        const struct probe *before = NULL, *behind = NULL;
        unsigned changes = count_turns(trace, (uint8_t)ttl, &before, &behind);
        if (changes)
            tell_per_packet(trace, (uint8_t)ttl, changes, before, behind, out);
    }
}

/* --- several flows --- */

struct responder {
    struct addr address;
    const struct trace *trace;
    const struct probe *probe;
};

/* Different routers at a hop for what need not go the same way. */
struct fan {
    struct responder responders[ROUTERS_MOST];
    unsigned count;
    bool one_spec; /* flows of one spec part there */
};

/* A router that stands at another TTL for somebody is there on a way of another length, or behind a TTL that was
 * changed: that is not what this is about. */
static bool stands_elsewhere(const struct trace_set *set, const struct addr *address, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++)
        for (size_t n = 0; n < set->traces[i]->probe_count; n++) {
            const struct probe *probe = &set->traces[i]->probes[n];
            const struct reply *reply = expiry(set->traces[i], probe);
            if (reply && probe->ttl != ttl && addr_equal(&reply->from, address))
                return true;
        }
    return false;
}

static void fan_note(struct fan *fan, const struct trace *trace, const struct probe *probe)
{
    const struct addr *address = &expiry(trace, probe)->from;
    for (unsigned i = 0; i < fan->count; i++) {
        const struct responder *known = &fan->responders[i];
        if (addr_equal(&known->address, address))
            return;
        if (known->trace == trace && same_flow(trace, known->probe, probe))
            return; /* one flow, two ways: find_per_packet() */
    }
    if (fan->count == ROUTERS_MOST)
        return;
    fan->responders[fan->count++] = (struct responder){*address, trace, probe};
}

/* Whether flows of one spec part, which no policy by protocol does. */
static bool is_spread(const struct trace *trace, uint8_t ttl)
{
    const struct probe *first = NULL;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        if (!expiry(trace, p))
            continue;
        if (first && !same_flow(trace, first, p) && !addr_equal(&expiry(trace, first)->from, &expiry(trace, p)->from))
            return true;
        first = first ? first : p;
    }
    return false;
}

static void fan_gather(const struct trace_set *set, uint8_t ttl, struct fan *out)
{
    *out = (struct fan){0};
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
            if (expiry(trace, p))
                fan_note(out, trace, p);
        out->one_spec = out->one_spec || is_spread(trace, ttl);
    }
    unsigned kept = 0;
    for (unsigned i = 0; i < out->count; i++)
        if (!stands_elsewhere(set, &out->responders[i].address, ttl))
            out->responders[kept++] = out->responders[i];
    out->count = kept;
}

/* Whether one of the routers answered before all others did, or after: then another route explains it as well. */
static bool in_succession(const struct trace_set *set, const struct fan *fan, uint8_t ttl)
{
    nstime first[2] = {NSTIME_NEVER, NSTIME_NEVER}, last[2] = {NSTIME_NONE, NSTIME_NONE};
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p)) {
            const struct reply *reply = expiry(set->traces[i], p);
            if (!reply)
                continue;
            unsigned other = !addr_equal(&reply->from, &fan->responders[0].address);
            first[other] = p->sent < first[other] ? p->sent : first[other];
            last[other] = p->sent > last[other] ? p->sent : last[other];
        }
    return last[0] < first[1] || last[1] < first[0];
}

static struct finding *tell_fan(const struct trace_set *set, const struct fan *fan, uint8_t ttl, struct judgement *out)
{
    struct finding *finding = finding_add(out, "load-balanced", NULL);
    if (!finding)
        return NULL;
    finding->at = (struct place){.known = true, .ttl = ttl, .address = fan->responders[0].address};
    finding->after = place_of_hop(set, (uint8_t)(ttl - 1));
    finding_number(finding, "responders", fan->count);
    char first[ADDR_TEXT_BYTES], second[ADDR_TEXT_BYTES];
    addr_format(&fan->responders[0].address, first);
    addr_format(&fan->responders[1].address, second);
    snprintf(finding->text, sizeof finding->text, "hop %u is another router for other %s (%s, %s%s): %s%s", ttl,
             fan->one_spec ? "flows" : "probes", first, second, fan->count > 2 ? " ..." : "",
             fan->one_spec ? "a balancer before it spreads them" : "a balancer, or a route by protocol, parts them",
             set->is_apart || in_succession(set, fan, ttl) ? ", unless the route has changed in between" : "");
    return finding;
}

/* Neighbouring hops are one thing: its first hop is told. */
void find_balancers(const struct trace_set *set, struct judgement *out)
{
    struct finding *open = NULL;
    for (unsigned i = 0; i < set->count; i++)
        find_per_packet(set->traces[i], out);
    for (unsigned ttl = 1, hops = 0; ttl <= trace_set_last_router_ttl(set); ttl++) {
        struct fan fan;
        fan_gather(set, (uint8_t)ttl, &fan);
        if (fan.count < 2) {
            open = NULL;
            continue;
        }
        hops = open ? hops + 1 : 1;
        open = open ? open : tell_fan(set, &fan, (uint8_t)ttl, out);
        if (!open)
            return;
        finding_number(open, "hops", hops);
        for (unsigned i = 0; i < fan.count; i++)
            finding_show(open, fan.responders[i].probe, expiry(fan.responders[i].trace, fan.responders[i].probe));
    }
}

/* --- one after the other --- */

/* The only time at which all that is known of one flow can have gone over to another way. */
struct change {
    nstime from, to;
    unsigned hops;
    bool by_flows; /* what differs may be flows of one trace */
    const struct trace *trace;
    const struct probe *before, *behind; /* at the nearest hop */
};

/* Answers of the flow at its hop before a change and from it on. */
static void count_sides(const struct trace *trace, const struct probe *start, const struct probe *behind,
                        unsigned *early, unsigned *late)
{
    *early = *late = 0;
    for (const struct probe *p = start; p; p = trace_next_at(trace, p))
        if (same_flow(trace, start, p) && expiry(trace, p))
            p->sent < behind->sent ? ++*early : ++*late;
}

/* Notes where one flow of the trace changes its router once at this hop. False where it does so at another time. */
static bool note_change(const struct trace *trace, uint8_t ttl, struct change *change, bool *sure)
{
    const struct probe *before = NULL, *behind = NULL;
    const struct probe *first = trace_first_at(trace, ttl);
    unsigned early, late, changes = first ? count_changes(trace, first, &before, &behind) : 0;
    if (changes != 1)
        return changes == 0;
    change->by_flows = change->by_flows || may_be_several_flows(trace);
    count_sides(trace, first, behind, &early, &late);
    unsigned enough = may_be_several_flows(trace) ? 5 : 2; /* of several flows the order would be chance */
    *sure = *sure || (early >= enough && late >= enough);
    change->from = before->sent > change->from ? before->sent : change->from;
    change->to = behind->sent < change->to ? behind->sent : change->to;
    if (!change->hops++) {
        change->trace = trace;
        change->before = before;
        change->behind = behind;
    }
    return change->from < change->to;
}

/* One change at one hop, by one probe, may as well be a balancer. */
void find_changes(const struct trace_set *set, struct judgement *out)
{
    struct change change = {.from = NSTIME_NONE, .to = NSTIME_NEVER};
    bool sure = false;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned ttl = 1; ttl <= set->traces[i]->last_router_ttl; ttl++)
            if (!note_change(set->traces[i], (uint8_t)ttl, &change, &sure))
                return;
    struct finding *finding =
        sure || (change.hops > 1 && !change.by_flows) ? finding_add(out, "route-change", NULL) : NULL;
    if (!finding)
        return;
    char first[ADDR_TEXT_BYTES], second[ADDR_TEXT_BYTES];
    const struct reply *old = expiry(change.trace, change.before), *new = expiry(change.trace, change.behind);
    addr_format(&old->from, first);
    addr_format(&new->from, second);
    finding->at = (struct place){.known = true, .ttl = change.before->ttl, .address = new->from};
    finding->after = place_of_hop(set, (uint8_t)(change.before->ttl - 1));
    finding_number(finding, "hops", change.hops);
    finding_show(finding, change.before, old);
    finding_show(finding, change.behind, new);
    snprintf(finding->text, sizeof finding->text,
             "the route changed while it was asked: hop %u was %s and then %s, for the same flow", change.before->ttl,
             first, second);
}
