/* SPDX-License-Identifier: BSD-2-Clause */
/* topology: findings on repeated and hidden routers, tunnels, and asymmetric return paths. */
#include <stdlib.h>

#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* Whether the hop is in a loop: then its router stands nearer. */
static bool in_loop(const struct trace *trace, unsigned ttl)
{
    return trace->loop_first && ttl >= trace->loop_first;
}

/* --- one router at two TTLs --- */

static void tell_zero_ttl(const struct trace *trace, const struct evidence *first, const struct evidence *second,
                          struct judgement *out)
{
    struct place at = {.known = true, .ttl = first->probe->ttl}; /* the router at that hop is hidden */
    struct finding *finding = finding_at(out, FINDING_ZERO_TTL, trace, &at);
    if (!finding)
        return;
    finding_number(finding, "quoted_ttl", 0);
    finding_show(finding, first->probe, first->reply);
    finding_show(finding, second->probe, second->reply);
    phrase_set(finding->text,
               "hop %u forwards packets with TTL 0: the next router (%s) replies for that hop too, and quotes that TTL",
               at.ttl, ADDRESS_TEXT(&first->reply->from));
}

static void tell_twice(const struct trace *trace, const struct evidence *first, const struct evidence *second,
                       struct judgement *out)
{
    struct place at = {.known = true, .ttl = second->probe->ttl, .address = first->reply->from};
    struct finding *finding = finding_at(out, FINDING_HIDDEN_HOP, trace, &at);
    if (!finding)
        return;
    finding->after = (struct place){.known = true, .ttl = first->probe->ttl, .address = first->reply->from};
    finding_number(finding, "first_ttl", first->probe->ttl);
    finding_number(finding, "last_ttl", second->probe->ttl);
    finding_show(finding, first->probe, first->reply);
    finding_show(finding, second->probe, second->reply);
    phrase_set(
        finding->text,
        "%s replies at hops %u and %u, with no TTL left at either: a hop there is hidden (the end of a tunnel, or a "
        "lowered TTL)",
        ADDRESS_TEXT(&first->reply->from), first->probe->ttl, second->probe->ttl);
}

/* A router at two TTLs. More are find_ttl_rewrites()'s. */
static void find_repeated_at(const struct trace *trace, uint8_t ttl, struct judgement *out)
{
    struct evidence before, first, second, next;
    struct addr address = sole_router(trace, ttl, &first), later = sole_router(trace, (uint8_t)(ttl + 1), &second);
    struct addr earlier = sole_router(trace, (uint8_t)(ttl - 1), &before);
    struct addr behind = sole_router(trace, (uint8_t)(ttl + 2), &next);
    if (addr_is_none(&address) || addr_is_none(&later) || !is_one_router(&first, &second) ||
        addr_equal(&address, &earlier) || addr_equal(&address, &behind) || in_loop(trace, ttl))
        return;
    if (first.reply->quoted_ttl == 0 && second.reply->quoted_ttl == 1)
        tell_zero_ttl(trace, &first, &second, out);
    else if (first.reply->quoted_ttl == 1 && second.reply->quoted_ttl == 1)
        tell_twice(trace, &first, &second, out);
}

void find_repeated_routers(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned ttl = 1; ttl < set->traces[i]->last_router_ttl; ttl++)
            find_repeated_at(set->traces[i], (uint8_t)ttl, out);
}

/* --- a router that is hidden from one spec --- */

static bool sees(const struct trace *trace, const struct addr *address)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            if (addr_equal(&trace->probes[i].replies[k].from, address))
                return true;
    return false;
}

/* Whether both come from the same router just before the TTL. */
static bool come_together(const struct trace *a, const struct trace *b, uint8_t ttl)
{
    struct evidence ours, theirs;
    struct addr one = sole_router(a, (uint8_t)(ttl - 1), &ours), other = sole_router(b, (uint8_t)(ttl - 1), &theirs);
    return ttl == 1 || (!addr_is_none(&one) && !addr_is_none(&other) && is_one_router(&ours, &theirs));
}

/* Whether `trace` has at this TTL the router that `other` has one later. */
static void find_skipped_at(const struct trace *trace, const struct trace *other, uint8_t ttl, struct judgement *out)
{
    struct evidence own, theirs, next;
    struct addr here = sole_router(trace, ttl, &own), skipped = sole_router(other, ttl, &theirs);
    struct addr behind = sole_router(other, (uint8_t)(ttl + 1), &next);
    if (addr_is_none(&here) || addr_is_none(&skipped) || addr_is_none(&behind) || !is_one_router(&own, &next) ||
        addr_equal(&here, &skipped) || !come_together(trace, other, ttl) || sees(trace, &skipped))
        return;
    struct place at = {.known = true, .ttl = ttl, .address = skipped};
    struct finding *finding = finding_at(out, FINDING_HIDDEN_HOP, trace, &at);
    if (!finding)
        return;
    finding_number(finding, "first_ttl", ttl);
    finding_number(finding, "last_ttl", ttl + 1.0);
    finding_show(finding, own.probe, own.reply);
    finding_show(finding, theirs.probe, theirs.reply);
    finding_show(finding, next.probe, next.reply);
    phrase_set(
        finding->text,
        "%s does not see %s and reaches %s one hop earlier than %s: its TTL is raised or not decremented there, or it "
        "takes another path",
        SPEC_TEXT(trace), PLACE_TEXT(&at), ADDRESS_TEXT(&here), SPEC_TEXT(other));
}

void find_skipped_hops(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned k = 0; k < set->count; k++)
            for (unsigned ttl = 1; k != i && ttl <= set->traces[i]->last_router_ttl; ttl++)
                find_skipped_at(set->traces[i], set->traces[k], (uint8_t)ttl, out);
}

/* --- tunnels --- */

static const struct icmp_extension *labels_of(const struct reply *reply)
{
    bool shown = reply->kind == REPLY_TIME_EXCEEDED && reply->extension && reply->extension->mpls_count;
    return shown ? reply->extension : NULL;
}

static bool find_labelled(const struct trace_set *set, uint8_t ttl, struct evidence *out)
{
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p))
            for (unsigned k = 0; k < p->reply_count; k++)
                if (labels_of(&p->replies[k])) {
                    *out = (struct evidence){p, &p->replies[k]};
                    return true;
                }
    return false;
}

/* One tunnel: labelled hops in a row. Returns the last of them. */
static uint8_t tell_labels(const struct trace_set *set, const struct evidence *first, struct judgement *out)
{
    uint8_t last = first->probe->ttl;
    struct finding *finding = finding_add(out, FINDING_MPLS_TUNNEL, NULL);
    for (struct evidence each = *first; find_labelled(set, last, &each); last++)
        if (finding)
            finding_show(finding, each.probe, each.reply);
    last--;
    if (!finding)
        return last;
    uint32_t label = labels_of(first->reply)->mpls[0].label;
    finding->at = (struct place){.known = true, .ttl = first->probe->ttl, .address = first->reply->from};
    finding->after = place_of_hop(set, (uint8_t)(first->probe->ttl - 1));
    finding_number(finding, "label", label);
    finding_number(finding, "hops", last - first->probe->ttl + 1.0);
    phrase_set(finding->text, "packets cross an MPLS tunnel at %s%s: label %u", PLACE_TEXT(&finding->at),
               last > first->probe->ttl ? " and the hops after it" : "", label);
    return last;
}

void find_labels(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    struct evidence first;
    for (unsigned ttl = 1; ttl <= trace_set_last_router_ttl(set); ttl++)
        if (find_labelled(set, (uint8_t)ttl, &first))
            ttl = tell_labels(set, &first, out);
}

/* Routers in a tunnel do not decrement the TTL that they quote: it rises by one from hop to hop (Donnet 2012). */
static bool quotes_ttl(const struct trace *trace, uint8_t ttl, int quoted, struct evidence *out)
{
    struct addr router = sole_router(trace, ttl, out);
    return !addr_is_none(&router) && out->reply->quoted_ttl == quoted && !labels_of(out->reply);
}

static void find_implicit_in(const struct trace *trace, struct judgement *out)
{
    for (unsigned first = 1; first < trace->last_router_ttl; first++) {
        struct evidence start, each;
        unsigned hops = 1;
        if (!quotes_ttl(trace, (uint8_t)first, 1, &start))
            continue;
        while (quotes_ttl(trace, (uint8_t)(first + hops), (int)hops + 1, &each))
            hops++;
        struct place at = {.known = true, .ttl = (uint8_t)first, .address = start.reply->from};
        struct finding *finding = hops > 1 ? finding_at(out, FINDING_MPLS_TUNNEL, trace, &at) : NULL;
        if (!finding)
            continue;
        finding_number(finding, "hops", hops);
        for (unsigned i = 0; i < hops; i++) {
            quotes_ttl(trace, (uint8_t)(first + i), (int)i + 1, &each);
            finding_show(finding, each.probe, each.reply);
        }
        phrase_set(
            finding->text,
            "%u routers from %s on quote TTLs that rise from 1 to %u: an MPLS tunnel that shows no labels, or a TTL "
            "raised there",
            hops, PLACE_TEXT(&finding->at), hops);
    }
}

void find_implicit_tunnels(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    for (unsigned i = 0; i < set->count; i++)
        find_implicit_in(set->traces[i], out);
}

/* --- the return path --- */

/* By how many hops the return path from a hop is longer than the forward path. */
struct excess {
    bool known, varies;
    int hops;
    struct evidence shown;
};

/* A reply TTL up to 32 may come from 32 or from 64: it shows nothing. */
static bool return_hops(const struct reply *reply, int *hops)
{
    *hops = (int)reply_return_hops(reply);
    return reply->reply_ttl > 32;
}

static void note_excess(struct excess *excess, const struct probe *probe, const struct reply *reply)
{
    int back;
    if (!return_hops(reply, &back))
        return;
    int hops = back - probe->ttl;
    excess->varies = excess->varies || (excess->known && excess->hops != hops);
    if (!excess->known)
        *excess = (struct excess){.known = true, .varies = excess->varies, .hops = hops, .shown = {probe, reply}};
}

/* Replies in the target's name may be forged, and come from a nearer hop. They count only behind every router. */
static void gather_excess(const struct trace_set *set, struct excess excess[256])
{
    uint8_t last = trace_set_last_router_ttl(set);
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count && !trace->origin.captured_at_ttl; n++)
            for (unsigned k = 0; k < trace->probes[n].reply_count; k++) {
                const struct probe *probe = &trace->probes[n];
                const struct reply *reply = &probe->replies[k];
                bool router = reply->kind == REPLY_TIME_EXCEEDED && !in_loop(trace, probe->ttl) &&
                              !addr_equal(&reply->from, &trace->flow.target);
                bool target = reply_reaches(trace, reply) && reply->kind != REPLY_RST && probe->ttl > last &&
                              probe->ttl == trace->reached_ttl;
                if (router || target)
                    note_excess(&excess[probe->ttl], probe, reply);
            }
    }
}

/* The number of hops, up to the last one, over which the excess stays the same; `first`: the nearest of them. */
static unsigned steady_tail(const struct excess excess[256], uint8_t *first)
{
    unsigned steady = 0;
    *first = 0;
    for (unsigned ttl = 255; ttl >= 1; ttl--) {
        if (!excess[ttl].known)
            continue;
        if (excess[ttl].varies || (*first && excess[ttl].hops != excess[*first].hops))
            break;
        *first = (uint8_t)ttl;
        steady++;
    }
    return steady;
}

static void tell_asymmetry(const struct trace_set *set, const struct excess excess[256], uint8_t first,
                           struct judgement *out)
{
    int hops = excess[first].hops;
    struct finding *finding = finding_add(out, FINDING_ASYMMETRIC_RETURN, NULL);
    if (!finding)
        return;
    for (unsigned ttl = 1; ttl < 256; ttl++)
        if (excess[ttl].known && ttl < first)
            finding->after = place_of_hop(set, (uint8_t)ttl);
        else if (excess[ttl].known)
            finding_show(finding, excess[ttl].shown.probe, excess[ttl].shown.reply);
    finding->at = (struct place){.known = true, .ttl = first, .address = excess[first].shown.reply->from};
    finding_number(finding, "forward_hops", first);
    finding_number(finding, "return_hops", first + hops);
    finding_number(finding, "reply_ttl", excess[first].shown.reply->reply_ttl);
    phrase_set(
        finding->text,
        "from %s on, the return path is %d hop%s %s than the forward path (its reply arrives with TTL %u): another "
        "path, or hidden hops",
        PLACE_TEXT(&finding->at), abs(hops), phrase_plural((size_t)abs(hops)), hops > 0 ? "longer" : "shorter",
        excess[first].shown.reply->reply_ttl);
}

void find_asymmetry(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    struct excess excess[256] = {0};
    uint8_t first;
    gather_excess(set, excess);
    if (steady_tail(excess, &first) >= 2 && excess[first].hops)
        tell_asymmetry(set, excess, first, out);
}
