/* SPDX-License-Identifier: BSD-2-Clause */
/* of_trace: findings that a single trace shows: local drops, loops, a NAT before the target, a small MTU. */
#include <errno.h>
#include <string.h>

#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

static void find_local_drop(const struct trace *trace, struct judgement *out)
{
    unsigned refused = 0;
    int cause = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].state == PROBE_REFUSED) {
            refused++;
            cause = trace->probes[i].send_errno;
        }
    struct finding *finding = refused ? finding_add(out, FINDING_LOCAL_DROP, trace) : NULL;
    if (!finding)
        return;
    finding_number(finding, "refused", refused);
    finding_number(finding, "sent", (double)trace->probe_count - refused);
    finding_number(finding, "errno", cause);
    phrase_set(finding->text, "this host refused to send %u of %zu %s probes: %s%s", refused, trace->probe_count,
               SPEC_TEXT(trace), strerror(cause), cause == EPERM ? " (a local firewall rule)" : "");
}

static void find_loop(const struct trace *trace, struct judgement *out)
{
    struct place at = {.known = true, .ttl = trace->loop_first};
    at.address = trace_hop_address(trace, trace->loop_first);
    struct finding *finding = trace->loop_first ? finding_at(out, FINDING_LOOP, trace, &at) : NULL;
    if (!finding)
        return;
    finding_number(finding, "length", trace->loop_length);
    for (unsigned ttl = trace->loop_first; ttl <= trace_loop_end(trace); ttl++) {
        const struct probe *probe = trace_first_at(trace, (uint8_t)ttl);
        while (probe && !probe->reply_count)
            probe = trace_next_at(trace, probe);
        if (probe)
            finding_show(finding, probe, probe_answer(probe));
    }
    phrase_set(finding->text, "%u routers from %s on send %s in a loop", trace->loop_length, PLACE_TEXT(&finding->at),
               finding->trace ? SPEC_TEXT(trace) : "several probes");
}

/* The number of hops from this one on that send time exceeded in the target's own name. */
static unsigned hops_in_targets_name(const struct trace *trace, uint8_t first)
{
    unsigned hops = 0;
    for (unsigned ttl = first; ttl <= trace->last_router_ttl; ttl++) {
        struct addr router = trace_router_address(trace, (uint8_t)ttl);
        hops += addr_equal(&router, &trace->flow.target);
    }
    return hops;
}

/* A destination NAT gives all routers behind it the target's address. */
static void find_nat(const struct namesakes *namesakes, const struct trace *trace, struct judgement *out)
{
    bool is_nat = namesakes->who == NAMESAKE_NAT;
    unsigned hops = is_nat ? hops_in_targets_name(trace, namesakes->first) : 0;
    struct place at = {.known = true, .ttl = namesakes->first, .address = trace->flow.target};
    struct finding *finding = hops ? finding_at(out, FINDING_NAT, trace, &at) : NULL;
    if (!finding)
        return;
    for (unsigned ttl = at.ttl; ttl <= trace->last_router_ttl; ttl++)
        for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p)) {
            const struct reply *reply = probe_answer(p);
            if (reply && reply_is_namesake(trace, reply))
                finding_show(finding, p, reply);
        }
    finding_number(finding, "hops", hops);
    phrase_set(finding->text,
               "%s: %u hop%s from hop %u on %s with the target's own address: the target is behind a NAT there",
               finding->trace ? SPEC_TEXT(trace) : "several probes", hops, phrase_plural(hops), finding->at.ttl,
               hops == 1 ? "replies" : "reply");
}

/* The finding of this router's MTU that this trace has made; NULL: none. */
static const struct finding *known_mtu(const struct judgement *judgement, const struct trace *trace,
                                       const struct reply *reply)
{
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        if (finding->kind == FINDING_MTU && finding->trace == trace && addr_equal(&finding->at.address, &reply->from) &&
            finding_detail(finding, "mtu")->number == reply->mtu)
            return finding;
    }
    return NULL;
}

static void tell_mtu(const struct facts *facts, const struct probe *probe, const struct reply *reply,
                     struct judgement *out)
{
    const struct trace *trace = facts->trace;
    struct finding *finding = known_mtu(out, trace, reply) ? NULL : finding_add(out, FINDING_MTU, trace);
    if (!finding)
        return;
    uint8_t hop = facts_hop_of(facts->set, &reply->from);
    finding->at = (struct place){.known = true, .ttl = hop ? hop : probe->ttl, .address = reply->from};
    finding_number(finding, "mtu", reply->mtu);
    finding_number(finding, "size", trace->flow.size);
    finding_show(finding, probe, reply);
    phrase_set(finding->text, "%s: the link after %s has an MTU of %u bytes, too small for packets of %u",
               SPEC_TEXT(trace), PLACE_TEXT(&finding->at), reply->mtu, trace->flow.size);
}

/* One for each router and MTU: the probes of tracepath and `traceroute --mtu` shrink. */
static void find_mtu(const struct facts *facts, struct judgement *out)
{
    for (unsigned ttl = 1; ttl < 256; ttl++)
        for (const struct probe *p = trace_first_at(facts->trace, (uint8_t)ttl); p; p = trace_next_at(facts->trace, p))
            for (unsigned i = 0; i < p->reply_count; i++)
                if (p->replies[i].kind == REPLY_TOO_BIG && reply_rejects(facts->trace, &p->replies[i]))
                    tell_mtu(facts, p, &p->replies[i], out);
}

void find_of_trace(const struct set_facts *all, struct judgement *out)
{
    for (unsigned i = 0; i < all->set->count; i++) {
        const struct trace *trace = all->set->traces[i];
        if (!trace->started)
            continue;
        find_local_drop(trace, out);
        find_loop(trace, out);
        find_nat(&all->namesakes, trace, out);
        find_mtu(&all->of[i], out);
    }
}
