/* SPDX-License-Identifier: BSD-2-Clause */
/* findings: what is worth telling beside the verdicts: the table of finders, and those that a trace tells by itself. */
#include "verdict/findings/findings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct finding *finding_add(struct judgement *out, const char *kind, const struct trace *trace)
{
    if (out->finding_count == FINDINGS_MOST)
        return NULL;
    struct finding *finding = &out->findings[out->finding_count++];
    *finding = (struct finding){.kind = kind, .trace = trace};
    return finding;
}

struct finding *finding_at(struct judgement *out, const char *kind, const struct trace *trace, const struct place *at)
{
    for (unsigned i = 0; i < out->finding_count; i++) {
        struct finding *finding = &out->findings[i];
        if (strcmp(finding->kind, kind) == 0 && finding->at.ttl == at->ttl &&
            addr_equal(&finding->at.address, &at->address)) {
            finding->trace = finding->trace == trace ? trace : NULL;
            return finding;
        }
    }
    struct finding *finding = finding_add(out, kind, trace);
    if (finding)
        finding->at = *at;
    return finding;
}

/* The row of this name, or the first that is free; the last where all are taken. */
static unsigned detail_row(const struct finding *finding, const char *name)
{
    unsigned last = sizeof finding->detail / sizeof *finding->detail - 1;
    unsigned row = 0;
    while (row < last && finding->detail[row].name && strcmp(finding->detail[row].name, name) != 0)
        row++;
    return row;
}

void finding_number(struct finding *finding, const char *name, double number)
{
    unsigned row = detail_row(finding, name);
    finding->detail[row].name = name;
    finding->detail[row].number = number;
}

void finding_text(struct finding *finding, const char *name, const char *text)
{
    unsigned row = detail_row(finding, name);
    finding->detail[row].name = name;
    finding->detail[row].text = text;
}

void finding_show(struct finding *finding, const struct probe *probe, const struct reply *reply)
{
    frames_add(finding->frames, &finding->frame_count, frame_of_probe(probe));
    if (reply)
        frames_add(finding->frames, &finding->frame_count, frame_of_reply(reply));
}

struct addr sole_router(const struct trace *trace, uint8_t ttl, struct evidence *first)
{
    *first = (struct evidence){0};
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        for (unsigned k = 0; k < p->reply_count; k++) {
            const struct reply *reply = &p->replies[k];
            if (reply->kind != REPLY_TIME_EXCEEDED)
                continue;
            if (addr_equal(&reply->from, &trace->flow.target) ||
                (first->reply && !addr_equal(&reply->from, &first->reply->from)))
                return (struct addr){0};
            if (!first->reply)
                *first = (struct evidence){p, reply};
        }
    return first->reply ? first->reply->from : (struct addr){0};
}

struct place place_of_hop(const struct trace_set *set, uint8_t ttl)
{
    if (!set->count || !ttl)
        return (struct place){0};
    return facts_place(set, set->traces[0], ttl);
}

static void find_local_drop(const struct trace *trace, const char *spec, struct judgement *out)
{
    unsigned refused = 0;
    int cause = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].state == PROBE_REFUSED) {
            refused++;
            cause = trace->probes[i].send_errno;
        }
    struct finding *finding = refused ? finding_add(out, "local-drop", trace) : NULL;
    if (!finding)
        return;
    finding_number(finding, "refused", refused);
    finding_number(finding, "sent", (double)trace->probe_count - refused);
    finding_number(finding, "errno", cause);
    snprintf(finding->text, sizeof finding->text, "this host kept back %u of %zu %s probes: %s%s", refused,
             trace->probe_count, spec, strerror(cause), cause == EPERM ? " (a local firewall rule)" : "");
}

static void find_loop(const struct trace *trace, const char *spec, struct judgement *out)
{
    struct place at = {.known = true, .ttl = trace->loop_first};
    at.address = trace_hop_address(trace, trace->loop_first);
    struct finding *finding = trace->loop_first ? finding_at(out, "loop", trace, &at) : NULL;
    if (!finding)
        return;
    char address[ADDR_TEXT_BYTES];
    finding_number(finding, "length", trace->loop_length);
    for (unsigned ttl = trace->loop_first; ttl <= trace_loop_end(trace); ttl++) {
        const struct probe *probe = trace_first_at(trace, (uint8_t)ttl);
        while (probe && !probe->reply_count)
            probe = trace_next_at(trace, probe);
        if (probe)
            finding_show(finding, probe, probe_answer(probe));
    }
    addr_format(&finding->at.address, address);
    snprintf(finding->text, sizeof finding->text, "%u routers send %s round in a circle from hop %u (%s) on",
             trace->loop_length, finding->trace ? spec : "several probes", trace->loop_first, address);
}

/* How many hops answer the trace by time exceeded in the target's own name, and the first of them. */
static unsigned hops_in_targets_name(const struct trace *trace, uint8_t *first)
{
    unsigned hops = 0;
    for (unsigned ttl = 1; ttl <= trace->last_router_ttl; ttl++) {
        struct addr router = trace_router_address(trace, (uint8_t)ttl);
        if (!addr_equal(&router, &trace->flow.target))
            continue;
        *first = hops++ ? *first : (uint8_t)ttl;
    }
    return hops;
}

/* A DNAT before the target signs for all behind it. */
static void find_nat(const struct trace *trace, const char *spec, struct judgement *out)
{
    uint8_t first = 0;
    unsigned hops = hops_in_targets_name(trace, &first);
    struct place at = {.known = true, .ttl = first, .address = trace->flow.target};
    struct finding *finding = hops ? finding_at(out, "nat", trace, &at) : NULL;
    if (!finding)
        return;
    for (unsigned ttl = first; ttl <= trace->last_router_ttl; ttl++)
        for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p)) {
            const struct reply *reply = probe_answer(p);
            if (reply && reply->kind == REPLY_TIME_EXCEEDED && addr_equal(&reply->from, &trace->flow.target))
                finding_show(finding, p, reply);
        }
    finding_number(finding, "hops", hops);
    snprintf(finding->text, sizeof finding->text,
             "%s: %u hop%s from hop %u on answer%s in the target's own address: the target is behind a NAT there",
             finding->trace ? spec : "several probes", hops, hops == 1 ? "" : "s", finding->at.ttl,
             hops == 1 ? "s" : "");
}

static void find_mtu(const struct trace_set *set, const struct trace *trace, const char *spec, struct judgement *out)
{
    struct facts facts;
    facts_gather(set, trace, &facts);
    const struct reply *reply = facts.refusal.reply;
    struct finding *finding = reply && reply->kind == REPLY_TOO_BIG ? finding_add(out, "mtu", trace) : NULL;
    if (!finding)
        return;
    char address[ADDR_TEXT_BYTES];
    uint8_t hop = facts_hop_of(set, &reply->from);
    addr_format(&reply->from, address);
    finding->at = (struct place){.known = true, .ttl = hop ? hop : facts.refusal.probe->ttl, .address = reply->from};
    finding_number(finding, "mtu", reply->mtu);
    finding_number(finding, "size", trace->flow.size);
    finding_show(finding, facts.refusal.probe, reply);
    snprintf(finding->text, sizeof finding->text, "%s: the link behind hop %u (%s) takes packets of %u bytes, not %u",
             spec, finding->at.ttl, address, reply->mtu, trace->flow.size);
}

static void find_of_trace(const struct trace_set *set, struct judgement *out)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        char spec[PROBE_SPEC_TEXT_BYTES];
        if (!trace->started)
            continue;
        probe_spec_format(&trace->flow.spec, spec);
        find_local_drop(trace, spec, out);
        find_loop(trace, spec, out);
        find_nat(trace, spec, out);
        find_mtu(set, trace, spec, out);
    }
}

/* The most important first: what is beyond FINDINGS_MOST is left out. */
static const struct {
    finder *find;
    bool in_trace; /* also where the path is all that was asked for */
} finders[] = {
    {find_of_trace, true},          {find_proxies, false},          {find_statefulness, false},
    {find_path_dependence, false},  {find_rewrites, false},         {find_ttl_rewrites, false},
    {find_changes, false},          {find_balancers, false},        {find_labels, false},
    {find_implicit_tunnels, false}, {find_repeated_routers, false}, {find_skipped_hops, false},
    {find_asymmetry, false},        {find_limits, false},           {find_silent_hops, false},
};

void findings_gather(const struct trace_set *set, struct judgement *out)
{
    bool is_trace = !set->is_diagnose && !set->is_apart;
    for (unsigned i = 0; i < sizeof finders / sizeof *finders; i++)
        if (finders[i].in_trace || !is_trace)
            finders[i].find(set, out);
}
