/* SPDX-License-Identifier: BSD-2-Clause */
/* verdicts: whether the verdict that was told of a spec still holds. Probes that contradict it make a streak; once the
 * streak is no chance, the probes since its beginning are judged alone, by the rules of diagnose. */
#include <stdio.h>

#include "monitor/state.h"
#include "verdict/words/phrase.h"

/* Rounds before the first verdict, and those after which an inconclusive one is told.
 * Unit: rounds. Source: chosen. Effect: with fewer, the first verdict rests on few probes, and a later one that knows
 * more looks like a change. */
#define FIRST_VERDICT 3
#define FIRST_VERDICT_AT_LAST 10

/* A streak that is less likely, by the outcomes before it, is a change. Silence may be loss; a reply is proof, and the
 * limit only tells it from a balancer. But a reset may answer what an earlier SYN left half open, as its SYN/ACK was
 * lost. Unit: probability. Source: chosen; four silences behind 64 replies have 10^-6. Effect: larger ones tell false
 * changes; smaller ones tell true ones later. */
#define CHANCE_OF_SILENCES 1e-5
#define CHANCE_OF_REPLIES 1e-3

/* The probes behind the told verdict, in order of sending. */
struct streak {
    unsigned before, odd; /* outcomes before the streak, and those among them that contradict the verdict */
    unsigned length;      /* of the streak: all of its outcomes contradict it */
    bool has_reply;       /* one that is proof */
    nstime since;         /* the first probe of the streak */
};

static bool contradicts(const struct verdict *verdict, const struct probe *probe, enum outcome_kind outcome)
{
    switch (verdict->state) {
    case VERDICT_OPEN:
    case VERDICT_INTERCEPTED:
        return outcome == OUTCOME_SILENT || outcome == OUTCOME_REFUSED || outcome == OUTCOME_CLOSED;
    case VERDICT_CLOSED:
        return outcome == OUTCOME_SILENT || outcome == OUTCOME_REFUSED || outcome == OUTCOME_OPEN;
    case VERDICT_REJECTED:
    case VERDICT_UNREACHABLE:
        if (outcome == OUTCOME_REFUSED && verdict->at.known)
            return !addr_equal(&probe_answer(probe)->from, &verdict->at.address);
        return outcome != OUTCOME_REFUSED && (outcome != OUTCOME_CLOSED || verdict->at.known);
    case VERDICT_DROPPED:
    case VERDICT_UNANSWERED:
    case VERDICT_INCONCLUSIVE:
        return outcome != OUTCOME_SILENT;
    case VERDICT_LOOPING:
    case VERDICT_FORWARDED:
        break;
    }
    return outcome != OUTCOME_PASSED && outcome != OUTCOME_SILENT;
}

/* A router at the hop of the target's answers makes the path longer, and says nothing of the verdict. Before the
 * target's hop, if that is known, a silence behind a filter may be a router that limits its replies. */
static bool is_sample(const struct told_verdict *told, const struct probe *probe, enum outcome_kind outcome,
                      uint8_t target_ttl)
{
    if (outcome == OUTCOME_NONE || probe->sent < told->since)
        return false;
    if (outcome_reaches(outcome) || outcome == OUTCOME_REFUSED)
        return true;
    bool passes = outcome == OUTCOME_PASSED && verdict_reaches(&told->verdict);
    if (outcome == OUTCOME_SILENT && !verdict_reaches(&told->verdict) && target_ttl)
        return probe->ttl >= target_ttl;
    return probe->ttl >= told->end_ttl && !passes;
}

/* A reset behind a silence may answer what an earlier SYN left half open, as its SYN/ACK was lost: the port is open. A
 * reset behind a reset is the port's own. */
static enum outcome_kind understood(const struct told_verdict *told, const struct trace *trace,
                                    enum outcome_kind outcome, enum outcome_kind before)
{
    bool is_half_open = told->verdict.state == VERDICT_OPEN && trace->flow.spec.variant == VARIANT_SYN &&
                        outcome == OUTCOME_CLOSED && before != OUTCOME_CLOSED;
    return is_half_open ? OUTCOME_OPEN : outcome;
}

/* `silences`: whether they contradict a reply, or replies alone do, as refusals may be limited. */
static void find_streak(const struct told_verdict *told, const struct trace *trace, bool silences, uint8_t target_ttl,
                        struct streak *out)
{
    enum outcome_kind before = OUTCOME_NONE;
    *out = (struct streak){0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        enum outcome_kind seen = outcome_of(trace, probe);
        if (!is_sample(told, probe, seen, target_ttl))
            continue;
        enum outcome_kind outcome = understood(told, trace, seen, before);
        before = seen;
        if (outcome == OUTCOME_SILENT && !silences) {
            out->before += !out->length && !verdict_reaches(&told->verdict);
            continue;
        }
        if (!contradicts(&told->verdict, probe, outcome)) {
            *out = (struct streak){.before = out->before + out->length + 1, .odd = out->odd + out->length};
            continue;
        }
        if (!out->length++)
            out->since = probe->sent;
        out->has_reply = out->has_reply || (outcome != OUTCOME_SILENT && outcome != OUTCOME_CLOSED);
    }
}

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

/* The path may have become longer or shorter: the target's last answers say where it ends. */
static void follow_end(struct told_verdict *told, const struct session *session, const struct trace *trace)
{
    nstime since = session_now(session) - 2 * session_config(session)->interval;
    uint8_t end = 0;
    for (size_t i = trace->probe_count; i-- > 0 && trace->probes[i].sent >= since;)
        if (outcome_reaches(outcome_of(trace, &trace->probes[i])))
            end = !end || trace->probes[i].ttl < end ? trace->probes[i].ttl : end;
    if (end && verdict_reaches(&told->verdict))
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

/* Whether the set, whose probes are the last ones alone, shows all routers that the session knows on the way to its
 * target. Routers that limit their replies show themselves later. */
static bool is_complete(const struct session *session, const struct trace_set *set)
{
    const struct trace_set all = session_trace_set(session);
    uint8_t target_ttl = trace_set_target_ttl(set);
    for (unsigned ttl = 1; ttl < target_ttl; ttl++)
        if (trace_set_shows_router(&all, (uint8_t)ttl) && !trace_set_shows_router(set, (uint8_t)ttl) &&
            !watch_seldom_probes(session, (uint8_t)ttl))
            return false;
    return true;
}

/* Judges the probes that were sent at `since` or later, of all specs that the run follows. The verdict on `index` goes
 * to `out`; its trace to `*tail`, which the caller frees with trace_free_tail(). False: there is none. */
static bool judge_since(const struct session *session, unsigned index, nstime since, struct trace *tail,
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
        good = trace_tail(session_trace(session, i), since, &tails[count]);
        own = i == index ? count : own;
        list[count] = &tails[count];
        count += good;
    }
    set.traces = list;
    set.count = count;
    if (good)
        found = verdict_judge_one(&set, own, out) && (verdict_reaches(out) || is_complete(session, &set));
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
    if (monitor->round < FIRST_VERDICT || !judge_since(session, index, 0, &tail, &verdict))
        return;
    if (verdict.state != VERDICT_INCONCLUSIVE || monitor->round >= FIRST_VERDICT_AT_LAST)
        take(&monitor->verdicts[index], session_trace(session, index), &tail, &verdict, 0);
    trace_free_tail(&tail);
}

static bool is_change(const struct streak *streak)
{
    double limit = streak->has_reply ? CHANCE_OF_REPLIES : CHANCE_OF_SILENCES;
    if (streak->has_reply && !streak->before) /* nothing was measured where it replies now */
        return streak->length >= STREAK_OF_CHANGE;
    return streak->length && loss_chance(streak->before, streak->odd, streak->length) <= limit;
}

static void look_at(struct monitor *monitor, const struct session *session, unsigned index)
{
    struct told_verdict *told = &monitor->verdicts[index];
    const struct trace *trace = session_trace(session, index);
    struct streak streak, all;
    struct trace tail;
    struct verdict verdict;
    uint8_t target_ttl = session_target_ttl(session);
    follow_end(told, session, trace);
    find_streak(told, trace, true, target_ttl, &all);
    find_streak(told, trace, false, target_ttl, &streak);
    told->streak = all.length;
    streak = is_change(&streak) ? streak : all;
    if (!is_change(&streak) || !judge_since(session, index, streak.since, &tail, &verdict))
        return;
    if (verdict.state != VERDICT_INCONCLUSIVE && !is_same(&verdict, &told->verdict))
        tell_change(monitor, session, index, &tail, &verdict, streak.since);
    trace_free_tail(&tail);
}

void verdicts_look(struct monitor *monitor, const struct session *session)
{
    for (unsigned i = 0; i < session_trace_count(session); i++)
        if (watch_follows(session, i) && session_trace(session, i)->started)
            (monitor->verdicts[i].is_told ? look_at : look_first)(monitor, session, i);
}
