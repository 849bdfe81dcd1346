/* SPDX-License-Identifier: BSD-2-Clause */
/* verdicts: whether the verdict that was told of a spec still holds. Probes that contradict it make a streak; once the
 * streak is no chance, the probes since its beginning are judged alone, by the rules of diagnose. */
#include <stdio.h>

#include "monitor/streak.h"
#include "silence/end.h"
#include "verdict/words/phrase.h"

/* Rounds before the first verdict, and those after which an inconclusive one is told.
 * Unit: rounds. Source: chosen. Effect: with fewer, the first verdict rests on few probes, and a later one that knows
 * more looks like a change. */
#define FIRST_VERDICT 3
#define FIRST_VERDICT_AT_LAST 10

/* A spec is told as unanswered once its silence lasts for so long.
 * Unit: intervals. Source: chosen: the third round after the first silence. Effect: with fewer, heavy loss that has
 * just begun is told as an outage, and so is a pause of a second; with more, an outage is told later. */
#define SILENCE_LASTS 2

/* The smallest TTL from which on probes show whether the verdict holds. */
static uint8_t end_of(const struct trace *trace, const struct verdict *verdict)
{
    switch (verdict->state) {
    case VERDICT_OPEN:
    case VERDICT_CLOSED:
        return trace->reached_ttl;
    case VERDICT_REJECTED:
    case VERDICT_UNREACHABLE:
    case VERDICT_INTERCEPTED:
        return trace->refused_ttl ? trace->refused_ttl : trace->reached_ttl;
    default:
        return (uint8_t)(trace->last_router_ttl + 1);
    }
}

/* The path may have become longer or shorter: the target's last answers say where it ends. It is longer only if a
 * router answers where the target did: else the reply to the probe of that hop was lost. */
static void follow_end(struct told_verdict *told, const struct session *session, const struct trace *trace)
{
    nstime since = session_now(session) - 2 * session_config(session)->interval;
    uint8_t end = 0;
    bool passes = false;
    for (size_t i = trace->probe_count; i-- > 0 && trace->probes[i].sent >= since;) {
        enum outcome_kind outcome = outcome_of(trace, &trace->probes[i]);
        if (outcome_reaches(outcome))
            end = !end || trace->probes[i].ttl < end ? trace->probes[i].ttl : end;
        passes = passes || (outcome == OUTCOME_PASSED && trace->probes[i].ttl >= told->end_ttl);
    }
    if (end && verdict_reaches(&told->verdict) && (passes || end < told->end_ttl))
        told->end_ttl = end;
}

/* `judged`: the trace's probes that the verdict is from. */
static void take(struct told_verdict *told, const struct trace *trace, const struct trace *judged,
                 const struct verdict *verdict, nstime since)
{
    told->is_told = true;
    told->verdict = *verdict;
    told->verdict.trace = trace;
    told->since = since;
    told->streak = 0;
    told->end_ttl = end_of(judged, verdict);
}

static bool is_same(const struct verdict *a, const struct verdict *b)
{
    return a->state == b->state && a->how == b->how && place_equal(&a->at, &b->at) && place_equal(&a->after, &b->after);
}

static void tell_change(struct monitor *monitor, const struct session *session, unsigned index,
                        const struct trace *judged, const struct verdict *verdict, nstime since)
{
    struct told_verdict *told = &monitor->verdicts[index];
    const struct trace *trace = session_trace(session, index);
    struct event event = {.kind = EVENT_VERDICT_CHANGE,
                          .time = since,
                          .trace = trace,
                          .at = verdict->at,
                          .after = verdict->after,
                          .before = verdict->before,
                          .confidence = verdict->confidence,
                          .frame_count = verdict->frame_count};
    snprintf(event.from, sizeof event.from, "%s", verdict_state_name(told->verdict.state));
    snprintf(event.to, sizeof event.to, "%s", verdict_state_name(verdict->state));
    for (unsigned i = 0; i < verdict->frame_count; i++)
        event.frames[i] = verdict->frames[i];
    phrase_set(event.text, "%s Before, it was %s.", verdict->text, event.from);
    take(told, trace, judged, verdict, since);
    monitor_renew(&monitor->loss_since[index], session_now(session));
    for (unsigned ttl = 0; ttl < 256; ttl++)
        monitor_renew(&monitor->times_since[index][ttl], since);
    monitor_tell(monitor, &event);
}

static bool has_outcome(const struct trace_set *set, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p))
            if (probe_is_resolved(p))
                return true;
    return false;
}

/* Whether the set, whose probes are the last ones alone, shows where the path ends now: all routers that the session
 * knows on the way to the target that answers, or what became of a probe at each of them. Routers that limit their
 * replies show themselves later. */
static bool is_complete(const struct session *session, const struct trace_set *set)
{
    const struct trace_set all = session_trace_set(session);
    uint8_t target_ttl = trace_set_target_ttl(set), end = target_ttl ? target_ttl : trace_set_target_ttl(&all);
    for (unsigned ttl = 1; ttl < end; ttl++)
        if (trace_set_shows_router(&all, (uint8_t)ttl) && !watch_seldom_probes(session, (uint8_t)ttl) &&
            !(target_ttl ? trace_set_shows_router : has_outcome)(set, (uint8_t)ttl))
            return false;
    return true;
}

/* Whether the probes of a streak show at which hop the target is: the one before it did not reach it. The first answer
 * may be to a probe that could go farther. */
static bool shows_end(const struct session *session, const struct trace *tail)
{
    const struct trace_set all = session_trace_set(session);
    uint8_t before = (uint8_t)(tail->reached_ttl - 1);
    bool found = !before || (trace_set_shows_router(&all, before) && watch_seldom_probes(session, before));
    for (const struct probe *p = trace_first_at(tail, before); p && !found; p = trace_next_at(tail, p))
        found = probe_is_resolved(p);
    return found;
}

/* Whether the only reset may end what a filter left half open: it stopped our kernel's reset of an earlier SYN/ACK. The
 * next SYN shows whether the port is closed. */
static bool may_be_half_open(const struct verdict *verdict)
{
    const struct trace *trace = verdict->trace;
    unsigned closed = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        closed += outcome_of(trace, &trace->probes[i]) == OUTCOME_CLOSED;
    return verdict->state == VERDICT_CLOSED && trace->flow.spec.protocol == IP_TCP && closed == 1;
}

/* Whether the verdict on the probes of a streak may be told. Silence at the end of the path may be loss: the outcomes
 * of other probes show how likely that is. Such a verdict then has this confidence. */
static bool is_sure(const struct session *session, const struct trace_set *set, const struct streak *streak,
                    struct verdict *verdict)
{
    struct end_comparison end;
    if (verdict->state != VERDICT_UNANSWERED)
        return verdict->state != VERDICT_INCONCLUSIVE && !may_be_half_open(verdict);
    silence_compare_end(set, verdict->trace, &end);
    verdict->confidence = silence_end_confidence(&end, streak->length);
    return verdict->confidence >= set->claim &&
           session_now(session) - streak->since >= SILENCE_LASTS * session_config(session)->interval;
}

/* Judges the probes of all specs that the run follows, since the streak began; NULL: all that the session knows. The
 * verdict on `index` goes to `out`; its trace to `*tail`, which the caller frees with trace_free_tail(). False: there
 * is none that may be told. */
static bool judge(const struct session *session, unsigned index, const struct streak *streak, struct trace *tail,
                  struct verdict *out)
{
    struct trace tails[SPECS_MOST];
    const struct trace *list[SPECS_MOST];
    struct trace_set set = session_trace_set(session);
    unsigned count = 0, own = 0;
    bool good = true, found = false;
    for (unsigned i = 0; i < session_trace_count(session) && good; i++) {
        if (!watch_follows(session, i))
            continue;
        good = trace_tail(session_trace(session, i), streak ? streak->since : 0, &tails[count]);
        own = i == index ? count : own;
        list[count] = &tails[count];
        count += good;
    }
    set.traces = list;
    set.count = count;
    if (good)
        found = verdict_judge_one(&set, own, out) && (verdict_reaches(out) || is_complete(session, &set)) &&
                (!streak || is_sure(session, &set, streak, out)) &&
                (!streak || !verdict_reaches(out) || shows_end(session, &tails[own]));
    for (unsigned i = 0; i < count; i++)
        if (found && i == own)
            *tail = tails[i];
        else
            trace_free_tail(&tails[i]);
    return found;
}

static void look_first(struct monitor *monitor, const struct session *session, unsigned index)
{
    struct trace tail;
    struct verdict verdict;
    if (monitor->round < FIRST_VERDICT || !judge(session, index, NULL, &tail, &verdict))
        return;
    if (verdict.state != VERDICT_INCONCLUSIVE || monitor->round >= FIRST_VERDICT_AT_LAST)
        take(&monitor->verdicts[index], session_trace(session, index), &tail, &verdict, 0);
    trace_free_tail(&tail);
}

static void look_at(struct monitor *monitor, const struct session *session, unsigned index)
{
    struct told_verdict *told = &monitor->verdicts[index];
    struct streak streak, all;
    struct trace tail;
    struct verdict verdict;
    follow_end(told, session, session_trace(session, index));
    streak_find(told, session, index, STREAK_OF_ALL, 0, &all);
    streak_find(told, session, index, STREAK_OF_REPLIES, 0, &streak);
    told->streak = all.length;
    streak = streak_is_change(&streak) ? streak : all;
    if (!streak_is_change(&streak) || !judge(session, index, &streak, &tail, &verdict))
        return;
    bool may_be_loss = verdict.state == VERDICT_UNANSWERED && !streak_is_change_lately(told, session, index, &streak);
    if (!may_be_loss && !is_same(&verdict, &told->verdict))
        tell_change(monitor, session, index, &tail, &verdict, streak.since);
    trace_free_tail(&tail);
}

void verdicts_look(struct monitor *monitor, const struct session *session)
{
    for (unsigned i = 0; i < session_trace_count(session); i++)
        if (watch_follows(session, i) && session_trace(session, i)->started)
            (monitor->verdicts[i].is_told ? look_at : look_first)(monitor, session, i);
}
