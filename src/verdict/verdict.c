/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/verdict.h"

#include <string.h>

#include "portmap/portmap.h"
#include "session/strategy.h"
#include "verdict/facts/facts.h"
#include "verdict/findings/findings.h"
#include "verdict/gateway_sentence.h"
#include "verdict/list_witness.h"
#include "verdict/outage.h"
#include "verdict/rules/rules.h"
#include "verdict/words/phrase.h"

static void end_sentences(struct judgement *out)
{
    for (unsigned i = 0; i < out->verdict_count; i++)
        phrase_end(out->verdicts[i].text);
    for (unsigned i = 0; i < out->finding_count; i++)
        phrase_end(out->findings[i].text);
}

static void judge(const struct trace_set *set, struct judgement *out)
{
    struct set_facts all;
    out->of = set->count ? set->traces[0] : NULL;
    out->ports = NULL;
    out->verdict_count = out->finding_count = 0; /* each is filled whole; clearing the room for all would cost time */
    set_facts_gather(set, &all);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->started)
            rules_judge(&all.of[i], &out->verdicts[out->verdict_count++]);
    findings_gather(&all, out);
}

bool verdict_judge_one(const struct trace_set *set, unsigned index, struct verdict *out)
{
    struct set_facts all;
    if (!set->traces[index]->started)
        return false;
    set_facts_gather(set, &all);
    rules_judge(&all.of[index], out);
    phrase_end(out->text);
    return true;
}

void verdict_judge(const struct session *session, struct judgement *out)
{
    struct trace_set set = session_trace_set(session);
    memset(out, 0, sizeof *out);
    judge(&set, out);
    struct path_mtu mtu;
    if (path_mtu_find(session, session_now(session), &mtu))
        find_mtu_steps(&mtu, out);
    const struct trace_set lists = session_list_set(session);
    bool is_tested = !session_config_is_through(session_config(session)) || trace_set_tests_gateway(&set);
    if (!is_tested)
        out->verdict_count = 0; /* they would be about another path */
    if (lists.count && is_tested)
        out->ports = portmap_new(&set, &lists);
    for (unsigned i = 0; out->ports && i < out->verdict_count; i++)
        list_witness_judge(out->ports, &out->verdicts[i]);
    gateway_describe(session, out->ports, out->gateway);
    end_sentences(out);
}

void verdict_release(struct judgement *judgement)
{
    portmap_free(judgement->ports);
    judgement->ports = NULL;
}

/* How far the trace got; nothing is farther than the target. */
static unsigned distance(const struct trace *trace)
{
    if (trace->reached_ttl)
        return UINT8_MAX + 1;
    return trace->refused_ttl > trace->last_router_ttl ? trace->refused_ttl : trace->last_router_ttl;
}

/* Keeps one trace of each spec. */
static void add_furthest(const struct trace **kept, unsigned *count, const struct trace *trace)
{
    unsigned at = 0;
    while (at < *count && !probe_spec_equal(&kept[at]->flow.spec, &trace->flow.spec))
        at++;
    if (at == *count && *count < SPECS_MOST)
        kept[(*count)++] = trace;
    else if (at < *count && distance(trace) > distance(kept[at]))
        kept[at] = trace;
}

static void say_of_other_runs(const struct trace *const *traces, size_t count, struct verdict *out)
{
    size_t runs = 0, shorter = 0;
    for (size_t i = 0; i < count; i++) {
        if (!traces[i]->started || !probe_spec_equal(&traces[i]->flow.spec, &out->trace->flow.spec))
            continue;
        runs++;
        shorter += distance(traces[i]) < distance(out->trace);
    }
    if (shorter)
        phrase_add(out->text, "; %zu of its %zu runs got less far", shorter, runs);
}

/* How long after its probe the reply was captured. Of another capture's clock only the order is sure, yet that capture
 * ends by the same clock. NSTIME_NONE: unknown. */
static nstime wait_for(const struct probe *probe, const struct reply *reply)
{
    bool is_later = reply->other_clock && probe->sent != NSTIME_NONE && reply->time > probe->sent;
    return is_later ? reply->time - probe->sent : reply_rtt(probe, reply);
}

/* Notes the farthest TTL with a reply, and the longest round trip. */
static void time_answers(struct trace_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->traces[i]->probe_count; k++) {
            const struct probe *probe = &set->traces[i]->probes[k];
            const struct reply *reply = probe_answer(probe);
            nstime rtt = reply ? wait_for(probe, reply) : NSTIME_NONE;
            if (rtt == NSTIME_NONE)
                continue;
            set->slowest = rtt > set->slowest ? rtt : set->slowest;
            set->timed_ttl = probe->ttl > set->timed_ttl ? probe->ttl : set->timed_ttl;
        }
}

void verdict_judge_traces(const struct trace *const *traces, size_t count, const nstime *ends, struct judgement *out)
{
    const struct trace *kept[SPECS_MOST];
    struct trace_set set = {.traces = kept, .claim = CONFIDENCE_TO_CLAIM, .is_apart = true, .ends = ends};
    for (size_t i = 0; i < count; i++) {
        set.max_ttl = traces[i]->most_ttl > set.max_ttl ? traces[i]->most_ttl : set.max_ttl;
        if (traces[i]->started)
            add_furthest(kept, &set.count, traces[i]);
    }
    time_answers(&set);
    judge(&set, out);
    for (unsigned i = 0; i < out->verdict_count; i++) {
        outage_add_rounds(&set, &out->verdicts[i]);
        if (!outage_add_runs(&set, traces, count, &out->verdicts[i]))
            say_of_other_runs(traces, count, &out->verdicts[i]);
    }
    end_sentences(out);
}
