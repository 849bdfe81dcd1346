/* SPDX-License-Identifier: BSD-2-Clause */
/* silences: rules 10 to 12: dropped, or nobody can tell. */
#include <stdio.h>
#include <string.h>

#include "silence/end.h"
#include "silence/sample.h"
#include "verdict/rules/rules.h"

static void bracket(const struct facts *facts, struct verdict *out)
{
    out->after = facts_place(facts->set, facts->trace, facts->last_hop);
    out->before = facts_next_router(facts, facts->last_hop);
}

/* --- 10 --- */

bool holds_dropped(const struct facts *facts)
{
    return facts->last_router > facts->last_hop && facts->comparison.hop_count &&
           facts->comparison.confidence >= facts->set->claim;
}

/* How many of the probes at the compared hops were answered, for this spec and for the one that went on. Shows them
 * until `room` frames are shown in all. */
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

/* From how many source ports it was asked at the compared hops. */
static unsigned flows_compared(const struct facts *facts)
{
    unsigned flows = 0;
    for (unsigned flow = 0; flow < facts->trace->flow_count; flow++) {
        bool asked = false;
        for (size_t i = 0; i < facts->trace->probe_count && !asked; i++)
            asked = facts->trace->probes[i].flow == flow && facts->trace->probes[i].ttl >= facts->comparison.hops[0];
        flows += asked;
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
    char spec[PROBE_SPEC_TEXT_BYTES], other_spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    unsigned sent = 0, answered = 0, other_sent = 0, other_answered = 0;
    const struct trace *other = silences_went_on(facts);
    out->state = VERDICT_DROPPED;
    out->how = "silent";
    out->confidence = facts->comparison.confidence;
    bracket(facts, out);
    evidence_show_last(facts, out);
    count_compared(facts, facts->trace, &sent, &answered, VERDICT_FRAMES_MOST / 2, out);
    count_compared(facts, other, &other_sent, &other_answered, VERDICT_FRAMES_MOST, out);
    probe_spec_format(&other->flow.spec, other_spec);
    /* It may have been asked from some hop on only, and a router may drop before it answers. */
    bool after = out->after.known;
    snprintf(out->text, sizeof out->text, "%s is dropped %s %s: %u of %u probes answered where %s had %u of %u",
             rule_spec(facts, spec), after ? "after" : "at or before",
             place_format(after ? &out->after : &out->before, place), answered, sent, other_spec, other_answered,
             other_sent);
    unsigned flows = flows_compared(facts);
    size_t used = strlen(out->text);
    if (flows > 1)
        snprintf(out->text + used, sizeof out->text - used, "; of %u source ports none got further", flows);
}

/* --- 11, 12 --- */

static double end_confidence(const struct facts *facts)
{
    struct end_comparison end;
    silence_compare_end(facts->set, facts->trace, &end);
    return end.confidence;
}

/* Why it cannot be said that the end is silent: too many are lost, or who is there may have refused no more. */
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

static const char *inconclusive_text(const struct facts *facts)
{
    if (!facts->silent)
        return facts->set->is_apart ? "the capture ends less than a second later" : "no probe behind it was waited for";
    if (facts->last_router <= facts->last_hop)
        return end_is_hidden(facts) == HIDDEN_BY_LIMIT
                   ? "whoever is there answers only a few at once, and may have refused it"
                   : "too many probes are lost on the way there";
    bool refused = false, parted = false;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        bool further = other->last_router_ttl > facts->last_hop;
        refused = refused || other->refused_ttl > facts->last_hop;
        if (further && !traces_diverge(facts->trace, other, facts->last_hop + 1U))
            return "it was asked too little where other probes were answered";
        parted = parted || further;
    }
    /* Linux: six at once, expired and refused together, then one a second. */
    if (refused && !parted)
        return "another probe was refused there, and routers refuse only a few at once";
    return "the probes that got further are known to go another way";
}

/* Nothing is known to have been sent behind the last answer. */
static bool ends_with_answer(const struct facts *facts)
{
    return facts->last_hop && (facts->trace->origin.inferred || facts->trace->most_ttl <= facts->last_hop);
}

static void explain_end(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    place_format(&out->after, place);
    if (facts->trace->origin.inferred)
        snprintf(out->text, sizeof out->text,
                 "%s is answered as far as %s; whether it was asked further is not in the capture",
                 rule_spec(facts, spec), place);
    else
        snprintf(out->text, sizeof out->text, "%s is answered as far as it was asked, up to %s", rule_spec(facts, spec),
                 place);
}

void explain_inconclusive(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_INCONCLUSIVE;
    out->confidence = facts->last_router > facts->last_hop ? facts->comparison.confidence : end_confidence(facts);
    bracket(facts, out);
    evidence_show_last(facts, out);
    show_silence(facts, out);
    if (ends_with_answer(facts)) {
        explain_end(facts, out);
        return;
    }
    snprintf(out->text, sizeof out->text, "%s drew no answer%s%s, for a reason that cannot be told: %s",
             rule_spec(facts, spec), out->after.known ? " after " : "",
             out->after.known ? place_format(&out->after, place) : "", inconclusive_text(facts));
}

void explain_unanswered(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    unsigned silent = facts->silent, unwaited = caveats_count_unwaited(facts);
    out->state = VERDICT_UNANSWERED;
    out->after = facts_place(facts->set, facts->trace, facts->last_router);
    out->confidence = end_confidence(facts);
    evidence_show_last(facts, out);
    show_silence(facts, out);
    if (out->after.known)
        snprintf(out->text, sizeof out->text,
                 "%s is unanswered after %s, the last router that any probe saw: silence to %u probe%s",
                 rule_spec(facts, spec), place_format(&out->after, place), silent, silent == 1 ? "" : "s");
    else if (facts->set->is_apart)
        snprintf(out->text, sizeof out->text, "%s is unanswered: the capture holds no answer to %u probe%s",
                 rule_spec(facts, spec), silent, silent == 1 ? "" : "s");
    else
        snprintf(out->text, sizeof out->text, "%s is unanswered: neither a router nor the target answered %u probe%s",
                 rule_spec(facts, spec), silent, silent == 1 ? "" : "s");
    size_t used = strlen(out->text);
    if (unwaited)
        snprintf(out->text + used, sizeof out->text - used, ", and to %u more right before the end of the capture",
                 unwaited);
}
