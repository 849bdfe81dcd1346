/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor/streak.h"

#include "silence/sample.h"

/* A streak that is less likely, by the outcomes before it, is a change. Silence may be loss; a reply is proof, and the
 * limit only tells it from a balancer. But a reset may answer what an earlier SYN left half open, as its SYN/ACK was
 * lost. Unit: probability. Source: chosen; four silences behind 64 replies have 10^-6. Effect: larger ones tell false
 * changes; smaller ones tell true ones later. */
#define CHANCE_OF_SILENCES 1e-5
#define CHANCE_OF_REPLIES 1e-3

/* Loss that began so many rounds ago or later is told from an outage as well.
 * Unit: rounds. Source: chosen; at 50 % loss, 8 rounds without any have a chance of 0.4 %. Effect: without short spans,
 * the rounds before the loss make a few silences unlikely, and heavy loss is told as an outage. */
static const unsigned spans[] = {8, 16, 32};

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

/* A reset behind a silence may answer what an earlier SYN left half open, as its SYN/ACK was lost: an open port stays
 * open, and of one that was silent it says nothing. A reset behind a reset is the port's own. */
static enum outcome_kind understood(const struct told_verdict *told, const struct trace *trace,
                                    enum outcome_kind outcome, enum outcome_kind before)
{
    enum verdict_state state = told->verdict.state;
    bool is_half_open =
        trace->flow.spec.variant == VARIANT_SYN && outcome == OUTCOME_CLOSED && before != OUTCOME_CLOSED;
    if (is_half_open && state == VERDICT_OPEN)
        return OUTCOME_OPEN;
    bool was_silent = state == VERDICT_DROPPED || state == VERDICT_UNANSWERED || state == VERDICT_INCONCLUSIVE;
    return is_half_open && was_silent ? OUTCOME_NONE : outcome;
}

/* Whether it is a reply of the port that is asked. */
static bool is_proof(const struct trace *trace, enum outcome_kind outcome)
{
    return outcome != OUTCOME_SILENT && (outcome != OUTCOME_CLOSED || trace->flow.spec.variant != VARIANT_SYN);
}

void streak_find(const struct told_verdict *told, const struct session *session, unsigned trace_index,
                 enum streak_kind kind, nstime from, struct streak *out)
{
    const struct trace *trace = session_trace(session, trace_index);
    uint8_t target_ttl = session_target_ttl(session);
    enum outcome_kind before = OUTCOME_NONE;
    *out = (struct streak){.last = NSTIME_NONE};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        enum outcome_kind seen = outcome_of(trace, probe);
        if (probe->sent < from || !is_sample(told, probe, seen, target_ttl))
            continue;
        enum outcome_kind outcome = understood(told, trace, seen, before);
        before = seen;
        if (outcome == OUTCOME_SILENT && kind == STREAK_OF_REPLIES) {
            out->before += !out->length && !verdict_reaches(&told->verdict);
            continue;
        }
        if (outcome == OUTCOME_NONE || (outcome == OUTCOME_SILENT && sample_is_same(out->last, probe->sent)))
            continue;
        if (!contradicts(&told->verdict, probe, outcome)) {
            *out = (struct streak){
                .before = out->before + out->length + 1, .odd = out->odd + out->length, .last = NSTIME_NONE};
            continue;
        }
        out->last = probe->sent;
        if (!out->length++)
            out->since = probe->sent;
        out->has_reply = out->has_reply || is_proof(trace, outcome);
    }
}

bool streak_is_change(const struct streak *streak)
{
    double limit = streak->has_reply ? CHANCE_OF_REPLIES : CHANCE_OF_SILENCES;
    if (streak->has_reply && !streak->before) /* nothing was measured where it replies now */
        return streak->length >= STREAK_OF_CHANGE;
    return streak->length && loss_chance(streak->before, streak->odd, streak->length) <= limit;
}

bool streak_is_change_lately(const struct told_verdict *told, const struct session *session, unsigned trace,
                             const struct streak *streak)
{
    for (unsigned i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct streak recent;
        nstime from = streak->since - spans[i] * session_config(session)->interval;
        streak_find(told, session, trace, STREAK_OF_ALL, from, &recent);
        if (recent.odd && !streak_is_change(&recent))
            return false;
    }
    return true;
}
