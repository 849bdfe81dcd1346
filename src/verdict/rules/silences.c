/* SPDX-License-Identifier: BSD-2-Clause */
/* silences: rules 16 to 18: dropped, or unanswered for a reason that the probes do not show. */
#include "silence/end.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "verdict/rules/rules.h"

static void bracket(const struct facts *facts, struct verdict *out)
{
    out->after = facts_place(facts->set, facts->trace, facts->last_hop);
    out->before = facts_next_router(facts, facts->last_hop);
}

/* --- 16 --- */

bool holds_dropped(const struct facts *facts)
{
    return facts->last_router > facts->last_hop && facts->comparison.hop_count &&
           facts->comparison.confidence >= facts->set->claim;
}

/* Counts the probes of a trace at the compared hops, and those that were answered. Shows them until the verdict has
 * `room` frames. */
static void count_compared(const struct facts *facts, const struct trace *trace, unsigned *sent, unsigned *answered,
                           unsigned room, struct verdict *out)
{
    for (unsigned i = 0; i < facts->comparison.hop_count; i++)
        for (const struct probe *p = trace_first_at(trace, facts->comparison.hops[i]); p; p = trace_next_at(trace, p)) {
            *sent += p->state != PROBE_REFUSED;
            *answered += p->reply_count > 0;
            if (out->frame_count + 2 > room)
                continue;
            frames_add(out->frames, &out->frame_count, frame_of_probe(p));
            if (p->reply_count)
                frames_add(out->frames, &out->frame_count, frame_of_reply(&p->replies[0]));
        }
}

/* The number of flows that sent probes to the compared hops. */
static unsigned flows_compared(const struct facts *facts)
{
    unsigned flows = 0;
    for (unsigned flow = 0; flow < facts->trace->flow_count; flow++) {
        bool probed = false;
        for (size_t i = 0; i < facts->trace->probe_count && !probed; i++)
            probed = facts->trace->probes[i].flow == flow && facts->trace->probes[i].ttl >= facts->comparison.hops[0];
        flows += probed;
    }
    return flows;
}

const struct trace *silences_went_on(const struct facts *facts)
{
    if (!facts->comparison.hop_count)
        return facts->trace;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        if (other != facts->trace && other->last_router_ttl >= facts->comparison.hops[0] &&
            !traces_diverge(facts->trace, other, facts->last_hop + 1U))
            return other;
    }
    return facts->trace;
}

void explain_dropped(const struct facts *facts, struct verdict *out)
{
    unsigned sent = 0, answered = 0, other_sent = 0, other_answered = 0;
    const struct trace *other = silences_went_on(facts);
    out->state = VERDICT_DROPPED;
    out->how = HOW_SILENT;
    out->confidence = facts->comparison.confidence;
    bracket(facts, out);
    evidence_show_last(facts, out);
    count_compared(facts, facts->trace, &sent, &answered, VERDICT_FRAMES_MOST / 2, out);
    count_compared(facts, other, &other_sent, &other_answered, VERDICT_FRAMES_MOST, out);
    /* The trace may have begun at a later hop, and a router may drop before it replies. */
    bool after = out->after.known;
    phrase_set_verdict(out, " %s %s: %u of %u probes answered, %s %u of %u", after ? "after" : "at or before",
                       PLACE_TEXT(after ? &out->after : &out->before), answered, sent, SPEC_TEXT(other), other_answered,
                       other_sent);
    unsigned flows = flows_compared(facts);
    if (flows > 1)
        phrase_add(out->text, "; none of %u source ports got further", flows);
}

/* --- 16, 17 --- */

static double end_confidence(const struct facts *facts)
{
    struct end_comparison end;
    silence_compare_end(facts->set, facts->trace, &end);
    return end.confidence;
}

/* Why the silence at the end proves nothing: too many probes are lost, or a rate limit may have suppressed a refusal.
 */
enum hidden { HIDDEN_NOT, HIDDEN_BY_LOSS, HIDDEN_BY_LIMIT };

static enum hidden end_is_hidden(const struct facts *facts)
{
    struct end_comparison end;
    if (!facts->set->is_diagnose)
        return HIDDEN_NOT;
    silence_compare_end(facts->set, facts->trace, &end);
    if (!end.silent)
        return HIDDEN_BY_LIMIT;
    bool loses = end.way.silent || end.target.silent;
    return loses && end.confidence < CONFIDENCE_TO_CLAIM ? HIDDEN_BY_LOSS : HIDDEN_NOT;
}

static void show_silence(const struct facts *facts, struct verdict *out)
{
    const struct trace *trace = facts->trace;
    for (size_t i = 0; i < trace->probe_count; i++)
        if (sample_is_silent(facts->set, &trace->probes[i]) && trace->probes[i].ttl > trace->last_router_ttl)
            frames_add(out->frames, &out->frame_count, frame_of_probe(&trace->probes[i]));
}

bool holds_inconclusive(const struct facts *facts)
{
    return facts->last_router > facts->last_hop || !facts->silent || end_is_hidden(facts);
}

static const char limited_there[] = "replies there are rate-limited; retry in 10 s";

/* Whether no silence counts at the hops compared, as their routers limit their replies. */
static bool is_hidden_by_limits(const struct facts *facts)
{
    bool limits = false;
    for (unsigned i = 0; i < facts->comparison.hop_count; i++)
        limits = limits || rate_limit_is_seen(facts->set, facts->comparison.hops[i]);
    return limits && facts->comparison.chance >= 1;
}

static const char *inconclusive_text(const struct facts *facts)
{
    if (!facts->silent)
        return facts->set->is_apart ? "the capture ends less than a second later" : "no later probe has timed out";
    if (facts->last_router <= facts->last_hop)
        return end_is_hidden(facts) == HIDDEN_BY_LIMIT ? limited_there : "too many probes are lost on the path";
    if (is_hidden_by_limits(facts))
        return facts->last_hop ? limited_there : "routers on the path limit their replies; retry in 10 s";
    bool refused = false, diverging = false;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        bool further = other->last_router_ttl > facts->last_hop;
        refused = refused || other->refused_ttl > facts->last_hop;
        if (further && !traces_diverge(facts->trace, other, facts->last_hop + 1U))
            return "too few probes were sent to judge";
        diverging = diverging || further;
    }
    if (refused && !diverging)
        return "another probe was rejected there, and routers rate-limit rejections";
    return "the probes that got further took another path";
}

/* Whether no probe is known to have been sent behind the last reply. */
static bool ends_with_answer(const struct facts *facts)
{
    uint8_t last = facts->trace->last_router_ttl;
    return last && (facts->trace->origin.inferred || facts->trace->most_ttl <= last);
}

static void explain_end(const struct facts *facts, struct verdict *out)
{
    bool inferred = facts->trace->origin.inferred;
    struct place last = facts_place(facts->set, facts->trace, facts->trace->last_router_ttl);
    phrase_set_verdict(out, " after %s: it replied, and %s", PLACE_TEXT(&last),
                       inferred ? "the capture does not show whether later hops were probed"
                                : "no later hop was probed");
}

void explain_inconclusive(const struct facts *facts, struct verdict *out)
{
    out->state = VERDICT_INCONCLUSIVE;
    out->confidence = facts->last_router > facts->last_hop ? facts->comparison.confidence : end_confidence(facts);
    bracket(facts, out);
    evidence_show_last(facts, out);
    show_silence(facts, out);
    if (ends_with_answer(facts)) {
        explain_end(facts, out);
        return;
    }
    phrase_set_verdict(out, "%s%s: %s", out->after.known ? " after " : "",
                       out->after.known ? PLACE_TEXT(&out->after) : "", inconclusive_text(facts));
}

/* The target's own time exceeded for this spec; reply NULL: none. */
static struct evidence expiry_at_target(const struct facts *facts)
{
    const struct namesakes *namesakes = &facts->all->namesakes;
    if (namesakes->who != NAMESAKE_TARGET)
        return (struct evidence){0};
    for (const struct probe *p = trace_first_at(facts->trace, namesakes->first); p; p = trace_next_at(facts->trace, p))
        if (p->reply_count && reply_is_namesake(facts->trace, &p->replies[0]))
            return (struct evidence){p, &p->replies[0]};
    return (struct evidence){0};
}

static void explain_expiry(const struct facts *facts, const struct evidence *expiry, struct verdict *out)
{
    unsigned silent = facts->silent;
    evidence_show(out, expiry);
    out->at = (struct place){.known = true, .ttl = expiry->probe->ttl, .address = expiry->reply->from};
    phrase_set_verdict(
        out, " at %s: the target by its address replies that the TTL expired, but not to %u probe%s with a larger TTL",
        PLACE_TEXT(&out->at), silent, phrase_plural(silent));
}

void explain_unanswered(const struct facts *facts, struct verdict *out)
{
    unsigned silent = facts->silent, unwaited = caveats_count_unwaited(facts);
    out->state = VERDICT_UNANSWERED;
    struct evidence expiry = expiry_at_target(facts);
    out->after = facts_place(facts->set, facts->trace, facts->last_router);
    out->confidence = end_confidence(facts);
    evidence_show_last(facts, out);
    show_silence(facts, out);
    if (expiry.reply)
        explain_expiry(facts, &expiry, out);
    else if (out->after.known)
        phrase_set_verdict(out, " after %s, the last router that any probe found: no reply to %u probe%s",
                           PLACE_TEXT(&out->after), silent, phrase_plural(silent));
    else if (facts->set->is_apart)
        phrase_set_verdict(out, ": the capture holds no reply to %u probe%s", silent, phrase_plural(silent));
    else
        phrase_set_verdict(out, ": neither a router nor the target replied to %u probe%s", silent,
                           phrase_plural(silent));
    if (unwaited)
        phrase_add(out->text, ", nor to %u more just before the capture ends", unwaited);
}
