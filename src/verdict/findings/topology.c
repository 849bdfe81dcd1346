/* SPDX-License-Identifier: BSD-2-Clause */
/* structure: findings on who stands where: routers seen twice or not at all, tunnels, and the way back. */
#include <stdio.h>
#include <stdlib.h>

#include "verdict/findings/findings.h"

/* Its routers stand nearer. */
static bool in_circle(const struct trace *trace, unsigned ttl)
{
    return trace->loop_first && ttl >= trace->loop_first;
}

/* --- one router at two TTLs --- */

static void tell_zero_ttl(const struct trace *trace, const struct evidence *first, const struct evidence *second,
                          struct judgement *out)
{
    char address[ADDR_TEXT_BYTES];
    struct place at = {.known = true, .ttl = first->probe->ttl}; /* who stands there has not shown itself */
    struct finding *finding = finding_at(out, "zero-ttl", trace, &at);
    if (!finding)
        return;
    addr_format(&first->reply->from, address);
    finding_number(finding, "quoted_ttl", 0);
    finding_show(finding, first->probe, first->reply);
    finding_show(finding, second->probe, second->reply);
    snprintf(finding->text, sizeof finding->text,
             "hop %u forwards packets with TTL 0: the next router (%s) answers there too, and quotes that TTL", at.ttl,
             address);
}

static void tell_twice(const struct trace *trace, const struct evidence *first, const struct evidence *second,
                       struct judgement *out)
{
    char address[ADDR_TEXT_BYTES];
    struct place at = {.known = true, .ttl = second->probe->ttl, .address = first->reply->from};
    struct finding *finding = finding_at(out, "hidden-hop", trace, &at);
    if (!finding)
        return;
    addr_format(&first->reply->from, address);
    finding->after = (struct place){.known = true, .ttl = first->probe->ttl, .address = first->reply->from};
    finding_number(finding, "first_ttl", first->probe->ttl);
    finding_number(finding, "last_ttl", second->probe->ttl);
    finding_show(finding, first->probe, first->reply);
    finding_show(finding, second->probe, second->reply);
    snprintf(finding->text, sizeof finding->text,
             "%s answers at hops %u and %u, with nothing left of the TTL at either: a hop there does not show itself "
             "(the end of a tunnel, or a TTL that was lowered)",
             address, first->probe->ttl, second->probe->ttl);
}

/* Two TTLs alike; more are find_ttl_rewrites()'s. */
static void find_repeated_at(const struct trace *trace, uint8_t ttl, struct judgement *out)
{
    struct evidence before, first, second, next;
    struct addr address = sole_router(trace, ttl, &first), later = sole_router(trace, (uint8_t)(ttl + 1), &second);
    struct addr earlier = sole_router(trace, (uint8_t)(ttl - 1), &before);
    struct addr behind = sole_router(trace, (uint8_t)(ttl + 2), &next);
    if (addr_is_none(&address) || !addr_equal(&address, &later) || addr_equal(&address, &earlier) ||
        addr_equal(&address, &behind) || in_circle(trace, ttl))
        return;
    if (first.reply->quoted_ttl == 0 && second.reply->quoted_ttl == 1)
        tell_zero_ttl(trace, &first, &second, out);
    else if (first.reply->quoted_ttl == 1 && second.reply->quoted_ttl == 1)
        tell_twice(trace, &first, &second, out);
}

void find_repeated_routers(const struct trace_set *set, struct judgement *out)
{
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned ttl = 1; ttl < set->traces[i]->last_router_ttl; ttl++)
            find_repeated_at(set->traces[i], (uint8_t)ttl, out);
}

/* --- a router that one spec does not see --- */

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
    struct evidence ignored;
    struct addr one = sole_router(a, (uint8_t)(ttl - 1), &ignored),
                other = sole_router(b, (uint8_t)(ttl - 1), &ignored);
    return ttl == 1 || (!addr_is_none(&one) && addr_equal(&one, &other));
}

/* `trace` has at this TTL the router that `other` has one later. */
static void find_skipped_at(const struct trace *trace, const struct trace *other, uint8_t ttl, struct judgement *out)
{
    struct evidence own, theirs, next;
    struct addr here = sole_router(trace, ttl, &own), skipped = sole_router(other, ttl, &theirs);
    struct addr behind = sole_router(other, (uint8_t)(ttl + 1), &next);
    if (addr_is_none(&here) || addr_is_none(&skipped) || !addr_equal(&here, &behind) || addr_equal(&here, &skipped) ||
        !come_together(trace, other, ttl) || sees(trace, &skipped))
        return;
    char spec[PROBE_SPEC_TEXT_BYTES], other_spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES],
        address[ADDR_TEXT_BYTES];
    struct place at = {.known = true, .ttl = ttl, .address = skipped};
    struct finding *finding = finding_at(out, "hidden-hop", trace, &at);
    if (!finding)
        return;
    probe_spec_format(&trace->flow.spec, spec);
    probe_spec_format(&other->flow.spec, other_spec);
    addr_format(&here, address);
    finding_number(finding, "first_ttl", ttl);
    finding_number(finding, "last_ttl", ttl + 1.0);
    finding_show(finding, own.probe, own.reply);
    finding_show(finding, theirs.probe, theirs.reply);
    finding_show(finding, next.probe, next.reply);
    snprintf(finding->text, sizeof finding->text,
             "%s does not see %s, and meets %s one hop earlier than %s: its TTL is raised or not lowered there, or its "
             "way is another",
             spec, place_format(&at, place), address, other_spec);
}

void find_skipped_hops(const struct trace_set *set, struct judgement *out)
{
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
    char place[PLACE_TEXT_BYTES];
    uint8_t last = first->probe->ttl;
    struct finding *finding = finding_add(out, "mpls-tunnel", NULL);
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
    snprintf(finding->text, sizeof finding->text, "packets are in an MPLS tunnel at %s%s: label %u",
             place_format(&finding->at, place), last > first->probe->ttl ? " and behind" : "", label);
    return last;
}

void find_labels(const struct trace_set *set, struct judgement *out)
{
    struct evidence first;
    for (unsigned ttl = 1; ttl <= trace_set_last_router_ttl(set); ttl++)
        if (find_labelled(set, (uint8_t)ttl, &first))
            ttl = tell_labels(set, &first, out);
}

/* Routers in a tunnel do not lower the TTL that they quote: it rises by one from hop to hop (Donnet 2012). */
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
        struct finding *finding = hops > 1 ? finding_at(out, "mpls-tunnel", trace, &at) : NULL;
        if (!finding)
            continue;
        char place[PLACE_TEXT_BYTES];
        finding_number(finding, "hops", hops);
        for (unsigned i = 0; i < hops; i++) {
            quotes_ttl(trace, (uint8_t)(first + i), (int)i + 1, &each);
            finding_show(finding, each.probe, each.reply);
        }
        snprintf(finding->text, sizeof finding->text,
                 "the TTL that %u routers from %s on quote rises from 1 to %u: an MPLS tunnel that shows no labels, or "
                 "a TTL that is raised there",
                 hops, place_format(&at, place), hops);
    }
}

void find_implicit_tunnels(const struct trace_set *set, struct judgement *out)
{
    for (unsigned i = 0; i < set->count; i++)
        find_implicit_in(set->traces[i], out);
}

/* --- the way back --- */

/* By how many hops the way back from a hop is longer than the way there. */
struct excess {
    bool known, varies;
    int hops;
    struct evidence shown;
};

/* A TTL up to 32 may be left of 32 or of 64: it tells nothing. */
static bool return_hops(const struct reply *reply, int *hops)
{
    *hops = (int)initial_ttl(reply->reply_ttl) - reply->reply_ttl + 1;
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

/* Answers in the target's name may be forged, and what stands at its hop may be short of it: the target's count behind
 * every router only. */
static void gather_excess(const struct trace_set *set, struct excess excess[256])
{
    uint8_t last = trace_set_last_router_ttl(set);
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count && !trace->origin.captured_at_ttl; n++)
            for (unsigned k = 0; k < trace->probes[n].reply_count; k++) {
                const struct probe *probe = &trace->probes[n];
                const struct reply *reply = &probe->replies[k];
                bool router = reply->kind == REPLY_TIME_EXCEEDED && !in_circle(trace, probe->ttl) &&
                              !addr_equal(&reply->from, &trace->flow.target);
                bool target = reply_reaches(trace, reply) && reply->kind != REPLY_RST && probe->ttl > last &&
                              probe->ttl == trace->reached_ttl;
                if (router || target)
                    note_excess(&excess[probe->ttl], probe, reply);
            }
    }
}

/* Behind the last change of it, at how many hops the excess is the same to the end; `first`: the nearest of them. */
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
    char place[PLACE_TEXT_BYTES];
    int hops = excess[first].hops;
    struct finding *finding = finding_add(out, "asymmetric-return", NULL);
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
    snprintf(finding->text, sizeof finding->text,
             "from %s on the way back is %d hop%s %s than the way there (its answer arrives with TTL %u): another way, "
             "or hops that do not show themselves",
             place_format(&finding->at, place), abs(hops), abs(hops) == 1 ? "" : "s", hops > 0 ? "longer" : "shorter",
             excess[first].shown.reply->reply_ttl);
}

void find_asymmetry(const struct trace_set *set, struct judgement *out)
{
    struct excess excess[256] = {0};
    uint8_t first;
    gather_excess(set, excess);
    if (steady_tail(excess, &first) >= 2 && excess[first].hops)
        tell_asymmetry(set, excess, first, out);
}
