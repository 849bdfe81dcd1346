/* SPDX-License-Identifier: BSD-2-Clause */
/* path_dependence: the finding that flows of one spec end differently: one of several paths is broken. */
#include <math.h>

#include "probe/type.h"
#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* How one flow ends. */
struct flow_end {
    uint8_t last_router_ttl, refused; /* as of a trace; 0: none */
    bool reached, forged;             /* by the target's own answer; by one in its name */
    struct addr last;                 /* the router at `last_router_ttl` */
    const struct probe *shown;
    const struct reply *reply;
};

static struct flow_end end_of(const struct facts *facts, unsigned flow)
{
    const struct trace *trace = facts->trace;
    struct flow_end end = {0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        if (probe->flow != flow || !reply)
            continue;
        if (reply->kind == REPLY_TIME_EXCEEDED && probe->ttl > end.last_router_ttl) {
            end.last_router_ttl = probe->ttl;
            end.last = reply->from;
        }
        bool genuine = facts_is_genuine(facts, probe, reply);
        end.reached = end.reached || genuine;
        if (reply_reaches(trace, reply) && !genuine && !end.forged) {
            end.forged = true;
            end.shown = probe;
            end.reply = reply;
        }
        if (reply_rejects(trace, reply) && (!end.refused || probe->ttl < end.refused)) {
            end.refused = probe->ttl;
            end.shown = probe;
            end.reply = reply;
        }
    }
    return end;
}

/* Whether a reply to another probe shows that the silent one would have been answered, in spite of rate limits on ICMP
 * errors. For a router a reply to any probe just after it shows that; for the target only a reply to the same spec.
 * SYN/ACKs and echo replies are not rate-limited. */
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

/* Unanswered samples of a flow at a TTL. */
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

/* The last TTL to which any flow got: hops behind it are silent to all of them. */
static uint8_t farthest_of(const struct trace_set *set, const struct flow_end *ends, unsigned count)
{
    uint8_t farthest = 0;
    for (unsigned flow = 0; flow < count; flow++) {
        uint8_t end = ends[flow].reached ? loss_end_ttl(set) : ends[flow].last_router_ttl;
        farthest = end > farthest ? end : farthest;
    }
    return farthest;
}

/* Unanswered samples of the flow behind its last reply, as far as other flows of its spec got; 0 if loss explains them.
 */
static unsigned silences_of(const struct trace_set *set, const struct passage *passage, const struct trace *trace,
                            unsigned flow, const struct flow_end *end, uint8_t farthest)
{
    struct loss_count others = loss_count_between(set, passage, end->last_router_ttl, farthest);
    unsigned silent = 0;
    if (end->reached || end->refused || end->forged)
        return 0;
    for (unsigned ttl = end->last_router_ttl + 1U; ttl <= farthest; ttl++)
        silent += count_silences(set, trace, flow, (uint8_t)ttl);
    return loss_chance(others.sent, others.silent, silent) <= LOSS_CHANCE_DIVIDED ? silent : 0;
}

/* Whether loss can hardly explain so many silences of any so many flows of any spec. */
static bool are_stopped(const struct trace_set *set, const struct loss_count *others, const struct trace *trace,
                        unsigned flows, unsigned silences)
{
    double chance = loss_chance(others->sent, others->silent, silences);
    return chance * exp(loss_log_choose(trace->flow_count, flows)) * set->count <= LOSS_CHANCE_DIVIDED;
}

/* The flows that stopped, and those that got through. */
struct division {
    unsigned stopped, passed;
    unsigned elsewhere;    /* of those that stopped: not where the first did */
    struct flow_end first; /* of those that stopped; one whose place is known, if there is one */
    unsigned first_flow;
};

static void tell_division(const struct trace_set *set, const struct trace *trace, const struct division *division,
                          struct judgement *out)
{
    const struct flow_end *end = &division->first;
    struct finding *finding = finding_add(out, FINDING_PATH_DEPENDENT, trace);
    if (!finding)
        return;
    if (end->refused) {
        uint8_t hop = facts_hop_of(set, &end->reply->from);
        finding->at = (struct place){.known = true, .ttl = hop ? hop : end->refused, .address = end->reply->from};
        finding_show(finding, end->shown, end->reply);
    } else if (end->last_router_ttl) {
        if (end->forged)
            finding_show(finding, end->shown, end->reply);
        finding->after = (struct place){.known = true, .ttl = end->last_router_ttl, .address = end->last};
    }
    finding_number(finding, "stopped", division->stopped);
    finding_number(finding, "passed", division->passed);
    finding_number(finding, "flows", trace->flow_count);
    if (division->elsewhere)
        finding_number(finding, "elsewhere", division->elsewhere);
    if (trace->flow.spec.type->has_port)
        finding_number(finding, "source_port", trace_flow(trace, division->first_flow)->source_port);
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (p->flow == division->first_flow && p->ttl >= end->last_router_ttl)
            finding_show(finding, p, probe_answer(p));
        else if (probe_answer(p) && reply_reaches(trace, probe_answer(p)))
            finding_show(finding, p, probe_answer(p));
    }
    const struct place *shown = end->refused ? &finding->at : &finding->after;
    const char *where = !shown->known ? "on the path" : end->refused ? "at " : "after ";
    phrase_set(finding->text,
               "%s depends on the %s: %u of %u %s %s %s%s%s and %u get%s through, so one balanced path looks broken",
               SPEC_TEXT(trace), trace->flow.spec.type->has_port ? "source port" : "flow", division->stopped,
               trace->flow_count, division->stopped == 1 ? "is" : "are",
               end->refused || end->forged ? "rejected" : "lost", where, shown->known ? PLACE_TEXT(shown) : "",
               division->elsewhere ? " or elsewhere" : "", division->passed, phrase_singular_verb(division->passed));
}

/* Whether both stop at one place, as far as that is known. */
static bool same_end(const struct flow_end *a, const struct flow_end *b)
{
    return !a->last_router_ttl || !b->last_router_ttl ||
           (a->last_router_ttl == b->last_router_ttl && a->refused == b->refused && addr_equal(&a->last, &b->last));
}

static void note_stop(struct division *division, unsigned flow, const struct flow_end *end)
{
    bool placed = division->first.last_router_ttl || division->first.refused;
    if (!division->stopped++ || !placed) {
        division->first = *end;
        division->first_flow = flow;
    } else if (!same_end(end, &division->first)) {
        division->elsewhere++;
    }
}

/* The least TTL that the flow did not get to, although it sent probes there. */
static unsigned stops_at(const struct trace_set *set, const struct trace *trace, unsigned flow,
                         const struct flow_end *end)
{
    unsigned least = UINT8_MAX + 1;
    if (end->refused || end->forged)
        return end->shown->ttl;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (p->flow == flow && p->ttl > end->last_router_ttl && p->ttl < least && sample_is_silent(set, p))
            least = p->ttl;
    }
    return least;
}

static void find_division(const struct facts *facts, struct judgement *out)
{
    const struct trace_set *set = facts->set;
    const struct passage *passage = &facts->all->passage;
    const struct trace *trace = facts->trace;
    struct division division = {0};
    struct flow_end ends[UINT8_MAX + 1];
    unsigned silences[UINT8_MAX + 1], total = 0, flows = 0;
    uint8_t nearest = UINT8_MAX;
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        ends[flow] = end_of(facts, flow);
    uint8_t farthest = farthest_of(set, ends, trace->flow_count);
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        silences[flow] = silences_of(set, passage, trace, flow, &ends[flow], farthest);
        flows += silences[flow] > 0;
        total += silences[flow];
        nearest = silences[flow] && ends[flow].last_router_ttl < nearest ? ends[flow].last_router_ttl : nearest;
    }
    struct loss_count others = loss_count_between(set, passage, nearest, farthest);
    bool by_silence = flows && are_stopped(set, &others, trace, flows, total);
    unsigned stop = UINT8_MAX + 1;
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        const struct flow_end *end = &ends[flow];
        bool stopped = (!end->reached && (end->refused || end->forged)) || (by_silence && silences[flow]);
        unsigned at = stopped ? stops_at(set, trace, flow, end) : stop;
        stop = at < stop ? at : stop;
        if (stopped)
            note_stop(&division, flow, end);
    }
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        division.passed += ends[flow].reached || ends[flow].last_router_ttl >= stop;
    if (division.stopped && division.passed)
        tell_division(set, trace, &division, out);
}

void find_path_dependence(const struct set_facts *all, struct judgement *out)
{
    for (unsigned i = 0; i < all->set->count; i++)
        if (all->set->traces[i]->flow_count > 1 && !all->of[i].is_reset && !all->of[i].blocks.count &&
            !finding_is_of_name(all, out, all->set->traces[i]))
            find_division(&all->of[i], out);
}
