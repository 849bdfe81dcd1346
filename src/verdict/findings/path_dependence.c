/* SPDX-License-Identifier: BSD-2-Clause */
/* parting: the finding that flows of one spec fare differently. */
#include <math.h>
#include <stdio.h>

#include "probe/type.h"
#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "verdict/findings/findings.h"

/* How one flow fares. */
struct fate {
    uint8_t last_router_ttl, refused; /* as of a trace; 0: none */
    bool reached, forged;             /* by the target's own answer; by one in its name */
    struct addr last;                 /* who let its probe expire at `last_router_ttl` */
    const struct probe *shown;
    const struct reply *reply;
};

static struct fate fate_of(const struct facts *facts, unsigned flow)
{
    const struct trace *trace = facts->trace;
    struct fate fate = {0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        if (probe->flow != flow || !reply)
            continue;
        if (reply->kind == REPLY_TIME_EXCEEDED && probe->ttl > fate.last_router_ttl) {
            fate.last_router_ttl = probe->ttl;
            fate.last = reply->from;
        }
        bool genuine = facts_is_genuine(facts, probe, reply);
        fate.reached = fate.reached || genuine;
        if (reply_reaches(trace, reply) && !genuine && !fate.forged) {
            fate.forged = true;
            fate.shown = probe;
            fate.reply = reply;
        }
        if (reply_refuses(trace, reply) && (!fate.refused || probe->ttl < fate.refused)) {
            fate.refused = probe->ttl;
            fate.shown = probe;
            fate.reply = reply;
        }
    }
    return fate;
}

/* Whether another answer shows that the silent probe could have been answered: routers, and a target that refuses by
 * ICMP, answer a few at once only. A router's answer to any probe right behind it does; at the target's hop only one to
 * the same spec. Connections and echoes are not limited so. */
static bool could_be_answered(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    const nstime within = rate_limit_span(set);
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *other = set->traces[i];
        for (const struct probe *p = trace_first_at(other, silent->ttl); p; p = trace_next_at(other, p)) {
            const struct reply *reply = probe_answer(p);
            bool near = rate_limit_shows_token(set, p, silent, within);
            bool direct = reply && other == trace && reply_reaches(trace, reply);
            if ((direct && (near || !reply_is_limited(reply))) || (reply && near && reply->kind == REPLY_TIME_EXCEEDED))
                return true;
        }
    }
    return false;
}

/* Silences of a flow at a TTL that do not share their fate. */
static unsigned count_silences(const struct trace_set *set, const struct trace *trace, unsigned flow, uint8_t ttl)
{
    unsigned count = 0;
    nstime last = NSTIME_NONE;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        if (p->flow != flow || !sample_is_silent(set, p) || !could_be_answered(set, trace, p) ||
            sample_is_same(last, p->sent))
            continue;
        count++;
        last = p->sent;
    }
    return count;
}

/* The last TTL to which any of the flows got: what is silent behind it is so to all of them. */
static uint8_t farthest_of(const struct trace_set *set, const struct fate *fates, unsigned count)
{
    uint8_t farthest = 0;
    for (unsigned flow = 0; flow < count; flow++) {
        uint8_t end = fates[flow].reached ? loss_end_ttl(set) : fates[flow].last_router_ttl;
        farthest = end > farthest ? end : farthest;
    }
    return farthest;
}

/* Silences of the flow behind its last answer, as far as others of its spec got, if they are hardly by chance; else 0.
 */
static unsigned silences_of(const struct trace_set *set, const struct passage *passage, const struct trace *trace,
                            unsigned flow, const struct fate *fate, uint8_t farthest)
{
    struct loss_count others = loss_count_between(set, passage, fate->last_router_ttl, farthest);
    unsigned silent = 0;
    if (fate->reached || fate->refused || fate->forged)
        return 0;
    for (unsigned ttl = fate->last_router_ttl + 1U; ttl <= farthest; ttl++)
        silent += count_silences(set, trace, flow, (uint8_t)ttl);
    return loss_chance(others.asked, others.silent, silent) <= LOSS_CHANCE_DIVIDED ? silent : 0;
}

/* Whether so many silences of so many flows are none by chance, whichever flows and whichever spec they might have been
 * of. */
static bool are_stopped(const struct trace_set *set, const struct loss_count *others, const struct trace *trace,
                        unsigned flows, unsigned silences)
{
    double chance = loss_chance(others->asked, others->silent, silences);
    return chance * exp(loss_log_choose(trace->flow_count, flows)) * set->count <= LOSS_CHANCE_DIVIDED;
}

/* The flows that stopped, and those that got through. */
struct parting {
    unsigned stopped, passed;
    unsigned elsewhere; /* of those that stopped: not where the first did */
    struct fate first;  /* of those that stopped, and are placed if any is */
    unsigned first_flow;
};

static void tell_parting(const struct trace_set *set, const struct trace *trace, const struct parting *parting,
                         struct judgement *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    const struct fate *fate = &parting->first;
    struct finding *finding = finding_add(out, "path-dependent", trace);
    if (!finding)
        return;
    if (fate->refused) {
        uint8_t hop = facts_hop_of(set, &fate->reply->from);
        finding->at = (struct place){.known = true, .ttl = hop ? hop : fate->refused, .address = fate->reply->from};
        finding_show(finding, fate->shown, fate->reply);
    } else if (fate->last_router_ttl) {
        if (fate->forged)
            finding_show(finding, fate->shown, fate->reply);
        finding->after = (struct place){.known = true, .ttl = fate->last_router_ttl, .address = fate->last};
    }
    finding_number(finding, "stopped", parting->stopped);
    finding_number(finding, "passed", parting->passed);
    finding_number(finding, "flows", trace->flow_count);
    if (parting->elsewhere)
        finding_number(finding, "elsewhere", parting->elsewhere);
    if (trace->flow.spec.type->has_port)
        finding_number(finding, "source_port", trace_flow(trace, parting->first_flow)->source_port);
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (p->flow == parting->first_flow && p->ttl >= fate->last_router_ttl)
            finding_show(finding, p, probe_answer(p));
        else if (probe_answer(p) && reply_reaches(trace, probe_answer(p)))
            finding_show(finding, p, probe_answer(p));
    }
    const struct place *shown = fate->refused ? &finding->at : &finding->after;
    const char *where = !shown->known ? "on the way" : fate->refused ? "at " : "after ";
    probe_spec_format(&trace->flow.spec, spec);
    snprintf(finding->text, sizeof finding->text,
             "%s fares by its way: of %u flows (source ports) %u stop%s %s%s%s, %u get through", spec,
             trace->flow_count, parting->stopped, parting->stopped == 1 ? "s" : "", where,
             shown->known ? place_format(shown, place) : "", parting->elsewhere ? " or elsewhere" : "",
             parting->passed);
}

/* As far as it was asked where it came to. */
static bool same_end(const struct fate *a, const struct fate *b)
{
    return !a->last_router_ttl || !b->last_router_ttl ||
           (a->last_router_ttl == b->last_router_ttl && a->refused == b->refused && addr_equal(&a->last, &b->last));
}

static void note_stop(struct parting *parting, unsigned flow, const struct fate *fate)
{
    bool placed = parting->first.last_router_ttl || parting->first.refused;
    if (!parting->stopped++ || !placed) {
        parting->first = *fate;
        parting->first_flow = flow;
    } else if (!same_end(fate, &parting->first)) {
        parting->elsewhere++;
    }
}

/* The least TTL that the flow did not get to, though it was asked there. */
static unsigned stops_at(const struct trace_set *set, const struct trace *trace, unsigned flow, const struct fate *fate)
{
    unsigned least = UINT8_MAX + 1;
    if (fate->refused || fate->forged)
        return fate->shown->ttl;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (p->flow == flow && p->ttl > fate->last_router_ttl && p->ttl < least && sample_is_silent(set, p))
            least = p->ttl;
    }
    return least;
}

static void find_parting(const struct trace_set *set, const struct passage *passage, const struct trace *trace,
                         struct judgement *out)
{
    struct parting parting = {0};
    struct facts facts;
    struct fate fates[UINT8_MAX + 1];
    unsigned silences[UINT8_MAX + 1], total = 0, flows = 0;
    uint8_t nearest = UINT8_MAX;
    facts_gather(set, trace, &facts);
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        fates[flow] = fate_of(&facts, flow);
    uint8_t farthest = farthest_of(set, fates, trace->flow_count);
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        silences[flow] = silences_of(set, passage, trace, flow, &fates[flow], farthest);
        flows += silences[flow] > 0;
        total += silences[flow];
        nearest = silences[flow] && fates[flow].last_router_ttl < nearest ? fates[flow].last_router_ttl : nearest;
    }
    struct loss_count others = loss_count_between(set, passage, nearest, farthest);
    bool by_silence = flows && are_stopped(set, &others, trace, flows, total);
    unsigned stop = UINT8_MAX + 1;
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        const struct fate *fate = &fates[flow];
        bool stopped = (!fate->reached && (fate->refused || fate->forged)) || (by_silence && silences[flow]);
        unsigned at = stopped ? stops_at(set, trace, flow, fate) : stop;
        stop = at < stop ? at : stop;
        if (stopped)
            note_stop(&parting, flow, fate);
    }
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        parting.passed += fates[flow].reached || fates[flow].last_router_ttl >= stop;
    if (parting.stopped && parting.passed)
        tell_parting(set, trace, &parting, out);
}

void find_path_dependence(const struct trace_set *set, struct judgement *out)
{
    struct passage passage;
    passage_gather(set, &passage);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->flow_count > 1)
            find_parting(set, &passage, set->traces[i], out);
}
