/* SPDX-License-Identifier: BSD-2-Clause */
/* balance: findings on several routers at one hop: load balancing per flow or per packet, and route changes. */
#include "verdict/findings/balance.h"
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* Routers of one hop that are told apart.
 * Unit: routers. Source: chosen; more do not change the finding. Effect: bounds the time. */
#define ROUTERS_MOST 16

/* Whether a per-flow load balancer has to send both probes the same way. */
static bool same_flow(const struct trace *trace, const struct probe *a, const struct probe *b)
{
    bool source = !trace->origin.source_port_varies || a->source_port == b->source_port;
    bool target = !trace->origin.target_port_varies || a->target_port == b->target_port;
    return a->flow == b->flow && source && target;
}

/* The time exceeded for the probe, if it came in the router's own name. */
static const struct reply *expiry(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    bool told = reply && reply->kind == REPLY_TIME_EXCEEDED && !addr_equal(&reply->from, &trace->flow.target);
    return told ? reply : NULL;
}

/* Some load balancers hash more than addresses and ports: the checksum of an echo request, which follows its sequence
 * number (Augustin 2006), or the flow label (RFC 6438). These may have differed between foreign probes. */
static bool may_be_several_flows(const struct trace *trace)
{
    return trace->origin.foreign && (trace->flow.spec.protocol == IP_ICMP || trace->flow.target.family == 6);
}

/* --- one flow --- */

/* Flows of one hop that are checked.
 * Unit: flows. Source: chosen. Effect: bounds the time for foreign captures. */
#define FLOWS_LOOKED_AT 256

/* How often the router changed between the probes of the flow of `start`; the probes around the first change. */
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
    bool several = may_be_several_flows(trace);
    struct finding *finding =
        finding_at(out, several ? FINDING_LOAD_BALANCED : FINDING_PER_PACKET_BALANCED, trace, &at);
    if (!finding)
        return;
    finding_number(finding, "changes", changes);
    for (const struct probe *p = before; p; p = trace_next_at(trace, p))
        if (same_flow(trace, before, p) && expiry(trace, p))
            finding_show(finding, p, expiry(trace, p));
    phrase_set(finding->text, "probes of one flow of %s alternate between %s and %s: load balancing per packet%s",
               SPEC_TEXT(trace), PLACE_TEXT(&at), ADDRESS_TEXT(&expiry(trace, behind)->from),
               several ? ", or by another field that differs between them" : "");
}

/* Changes of the first flow there that has two or more. A single one may be a route change. */
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

/* Different routers at a hop, for probes that need not take the same path. */
struct fan {
    struct responder responders[ROUTERS_MOST];
    unsigned count;
    bool one_spec; /* flows of one spec take different paths there */
};

/* Whether another trace shows the router at another TTL. Then it is there by a path of another length, or behind a
 * changed TTL, and not by load balancing. */
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
            return; /* one flow, two paths: find_per_packet() */
    }
    if (fan->count == ROUTERS_MOST)
        return;
    fan->responders[fan->count++] = (struct responder){*address, trace, probe};
}

/* Whether flows of one spec take different paths, which is no routing by protocol. */
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

/* Whether the first router replied before all others did, or after: then a route change explains it as well. */
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
    struct finding *finding = finding_add(out, FINDING_LOAD_BALANCED, NULL);
    if (!finding)
        return NULL;
    finding->at = (struct place){.known = true, .ttl = ttl, .address = fan->responders[0].address};
    finding->after = place_of_hop(set, (uint8_t)(ttl - 1));
    finding_number(finding, "responders", fan->count);
    phrase_set(finding->text, "load balancing%s before hop %u: %s reach %s or %s%s%s",
               fan->one_spec ? "" : " or routing by protocol", ttl, fan->one_spec ? "flows" : "probes",
               ADDRESS_TEXT(&fan->responders[0].address), ADDRESS_TEXT(&fan->responders[1].address),
               fan->count > 2 ? " or others" : "",
               set->is_apart || in_succession(set, fan, ttl) ? ", unless the route changed in between" : "");
    return finding;
}

/* Neighbouring hops make one finding, at the first of them. */
void find_balancers(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
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

/* --- route changes --- */

/* The interval in which each flow moved to another path, if all moved at one time. */
struct change {
    nstime from, to;
    unsigned hops;
    bool by_flows; /* the paths may be those of different flows of one trace */
    const struct trace *trace;
    const struct probe *before, *behind; /* at the nearest hop */
};

/* The flow's replies at its hop before the change, and from the change on. */
static void count_sides(const struct trace *trace, const struct probe *start, const struct probe *behind,
                        unsigned *early, unsigned *late)
{
    *early = *late = 0;
    for (const struct probe *p = start; p; p = trace_next_at(trace, p))
        if (same_flow(trace, start, p) && expiry(trace, p))
            p->sent < behind->sent ? ++*early : ++*late;
}

/* Narrows the interval by a change at this hop. False if this hop changed at another time, or more than once. */
static bool note_change(const struct trace *trace, uint8_t ttl, struct change *change, bool *sure)
{
    const struct probe *before = NULL, *behind = NULL;
    const struct probe *first = trace_first_at(trace, ttl);
    unsigned early, late, changes = first ? count_changes(trace, first, &before, &behind) : 0;
    if (changes != 1)
        return changes == 0;
    change->by_flows = change->by_flows || may_be_several_flows(trace);
    count_sides(trace, first, behind, &early, &late);
    unsigned enough = may_be_several_flows(trace) ? 5 : 2; /* with several flows the order may be chance */
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

/* A change at one hop, shown by one probe, may be load balancing as well. */
void find_changes(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    struct change change = {.from = NSTIME_NONE, .to = NSTIME_NEVER};
    bool sure = false;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned ttl = 1; ttl <= set->traces[i]->last_router_ttl; ttl++)
            if (!note_change(set->traces[i], (uint8_t)ttl, &change, &sure))
                return;
    struct finding *finding =
        sure || (change.hops > 1 && !change.by_flows) ? finding_add(out, FINDING_ROUTE_CHANGE, NULL) : NULL;
    if (!finding)
        return;
    const struct reply *old = expiry(change.trace, change.before), *new = expiry(change.trace, change.behind);
    finding->at = (struct place){.known = true, .ttl = change.before->ttl, .address = new->from};
    finding->after = place_of_hop(set, (uint8_t)(change.before->ttl - 1));
    finding_number(finding, "hops", change.hops);
    finding_show(finding, change.before, old);
    finding_show(finding, change.behind, new);
    phrase_set(finding->text, "the route changed during the probing: hop %u was %s, then %s, for the same flow",
               change.before->ttl, ADDRESS_TEXT(&old->from), ADDRESS_TEXT(&new->from));
}
