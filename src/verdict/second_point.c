/* SPDX-License-Identifier: BSD-2-Clause */
/* A verdict is revised by the first rule that holds:
 *  1. forged      the replies in the target's name never left the far point: rejected, or intercepted if they accept
 *  2. unheard     silence, and replies left the far point; or a refusal, and one that accepts left it: dropped on the
 *                 way back
 *  3. silent      silence, and probes came to the far point, which no reply left: unanswered
 *  4. lost        silence, and no probe came to the far point: dropped on the way there
 * Others stay. Losses and forged replies are findings in each case. */
#include "verdict/second_point.h"

#include "verdict/findings/finding.h"
#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* Probes that must be lost before a verdict says that their way is closed. Unit: probes. Source: one may be lost by
 * chance. Effect: with more, runs with a probe a hop get no such verdict. */
#define LOST_LEAST 2

void second_count_add(struct second_count *count, struct frame_number frame)
{
    count->count++;
    if (frame.number && count->frame_count < SECOND_FRAMES_MOST)
        count->frames[count->frame_count++] = frame;
}

static bool is_silence(const struct verdict *verdict)
{
    return verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_UNANSWERED ||
           verdict->state == VERDICT_INCONCLUSIVE;
}

static void show(struct verdict *verdict, const struct second_count *count)
{
    for (unsigned i = 0; i < count->frame_count; i++)
        frames_add(verdict->frames, &verdict->frame_count, count->frames[i]);
}

/* --- 1 --- */

static bool holds_forged(const struct verdict *verdict, const struct second_view *view)
{
    bool is_answer =
        verdict_reaches(verdict) || verdict->state == VERDICT_REJECTED || verdict->state == VERDICT_INTERCEPTED;
    return view->forged.count && !view->answered.count && is_answer;
}

static struct place last_router(const struct trace *trace)
{
    return (struct place){.known = trace->last_router_ttl != 0,
                          .ttl = trace->last_router_ttl,
                          .address = trace_router_address(trace, trace->last_router_ttl)};
}

static const char *word_of(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_SYN_ACK:
        return "SYN/ACK";
    case REPLY_RST:
        return "reset";
    case REPLY_UNREACHABLE:
        return "ICMP error";
    default:
        return "reply";
    }
}

static void add_arrivals(struct verdict *verdict, const struct second_view *view)
{
    if (!view->arrived.count && view->lost.count)
        phrase_add(verdict->text, ", and none of %u probe%s came there", view->probes, phrase_plural(view->probes));
    else if (view->arrived.count)
        phrase_add(verdict->text, ", where %u of %u probe%s came", view->arrived.count, view->probes,
                   phrase_plural(view->probes));
}

static void explain_forged(struct verdict *verdict, const struct second_view *view)
{
    verdict->state = view->forged_accepts ? VERDICT_INTERCEPTED : VERDICT_REJECTED;
    verdict->how = view->forgery->kind == REPLY_RST && !view->forged_accepts ? HOW_TCP_RESET : verdict->how;
    /* A device that answers in the target's name is behind the last router that the probes passed. */
    verdict->at = verdict->before = (struct place){.known = false};
    verdict->after = last_router(verdict->trace);
    phrase_set_verdict(verdict, "%s%s in the target's name: the %s never left the far point",
                       verdict->after.known ? " after " : "", verdict->after.known ? PLACE_TEXT(&verdict->after) : "",
                       word_of(view->forgery));
    add_arrivals(verdict, view);
    show(verdict, &view->forged);
    show(verdict, &view->arrived);
    show(verdict, &view->lost);
}

/* --- 2 --- */

static bool holds_unheard(const struct verdict *verdict, const struct second_view *view)
{
    bool is_contradicted = verdict->state == VERDICT_CLOSED && view->unheard_accepts && !view->answered_accepts;
    return is_contradicted || (view->unheard.count && !view->answered.count && is_silence(verdict));
}

static void explain_unheard(struct verdict *verdict, const struct second_view *view)
{
    verdict->state = VERDICT_DROPPED;
    verdict->how = HOW_REPLY_LOST;
    verdict->at = verdict->after = verdict->before = (struct place){.known = false};
    phrase_set_verdict(verdict, " on the way back: %u repl%s left the far point and never came here",
                       view->unheard.count, view->unheard.count == 1 ? "y" : "ies");
    if (view->probes)
        phrase_add(verdict->text, "; %u of %u probe%s came there", view->arrived.count, view->probes,
                   phrase_plural(view->probes));
    show(verdict, &view->unheard);
    show(verdict, &view->arrived);
}

/* --- 3 --- */

static bool holds_silent(const struct verdict *verdict, const struct second_view *view)
{
    return view->arrived.count && !view->answered.count && !view->unheard.count && !view->has_doubtful_replies &&
           is_silence(verdict);
}

static void explain_silent(struct verdict *verdict, const struct second_view *view)
{
    verdict->state = VERDICT_UNANSWERED;
    verdict->how = HOW_SILENT;
    verdict->at = verdict->before = (struct place){.known = false};
    verdict->after = last_router(verdict->trace);
    phrase_set_verdict(verdict, ": %u of %u probe%s came to the far point, and no reply left it", view->arrived.count,
                       view->probes, phrase_plural(view->probes));
    show(verdict, &view->arrived);
}

/* --- 4 --- */

static bool holds_lost(const struct verdict *verdict, const struct second_view *view)
{
    return !view->arrived.count && view->lost.count >= LOST_LEAST && is_silence(verdict);
}

static void explain_lost(struct verdict *verdict, const struct second_view *view)
{
    if (verdict->state != VERDICT_DROPPED)
        verdict->after = last_router(verdict->trace);
    verdict->state = VERDICT_DROPPED;
    verdict->how = HOW_SILENT;
    phrase_set_verdict(verdict, "%s%s on the way there: none of %u probes came to the far point",
                       verdict->after.known ? " after " : "", verdict->after.known ? PLACE_TEXT(&verdict->after) : "",
                       view->probes);
    show(verdict, &view->lost);
}

static const struct {
    bool (*holds)(const struct verdict *verdict, const struct second_view *view);
    void (*explain)(struct verdict *verdict, const struct second_view *view);
} rules[] = {
    {holds_forged, explain_forged},
    {holds_unheard, explain_unheard},
    {holds_silent, explain_silent},
    {holds_lost, explain_lost},
};

static void revise(struct verdict *verdict, const struct second_view *view)
{
    for (unsigned row = 0; row < sizeof rules / sizeof *rules; row++) {
        if (!rules[row].holds(verdict, view))
            continue;
        verdict->frame_count = 0;
        verdict->confidence = CONFIDENCE_MOST;
        rules[row].explain(verdict, view);
        phrase_end(verdict->text);
        return;
    }
}

/* --- findings --- */

static struct finding *add(struct judgement *out, enum finding_kind kind, const struct trace *trace,
                           const struct second_count *count, unsigned of)
{
    struct finding *finding = count->count ? finding_add(out, kind, trace) : NULL;
    if (!finding)
        return NULL;
    finding_number(finding, "packets", count->count);
    finding_number(finding, "of", of);
    for (unsigned i = 0; i < count->frame_count; i++)
        frames_add(finding->frames, &finding->frame_count, count->frames[i]);
    return finding;
}

static void add_findings(struct judgement *out, const struct trace *trace, const struct second_view *view)
{
    unsigned replies = view->answered.count + view->unheard.count, shown = view->answered.count + view->forged.count;
    struct finding *finding = add(out, FINDING_LOST_TOWARD_FAR, trace, &view->lost, view->probes);
    if (finding)
        phrase_set(finding->text, "%u of %u probe%s of %s never came to the far point.", view->lost.count, view->probes,
                   phrase_plural(view->probes), SPEC_TEXT(trace));
    finding = add(out, FINDING_LOST_TOWARD_NEAR, trace, &view->unheard, replies);
    if (finding)
        phrase_set(finding->text, "%u of %u repl%s to %s left the far point and never came here.", view->unheard.count,
                   replies, replies == 1 ? "y" : "ies", SPEC_TEXT(trace));
    finding = add(out, FINDING_FORGED, trace, &view->forged, shown);
    if (finding)
        phrase_set(finding->text, "%u of %u repl%s to %s in the target's name never left the far point: forged.",
                   view->forged.count, shown, shown == 1 ? "y" : "ies", SPEC_TEXT(trace));
}

void second_point_revise(second_look *look, void *context, struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        struct second_view view = {.probes = 0};
        look(context, judgement->verdicts[i].trace, &view);
        revise(&judgement->verdicts[i], &view);
        add_findings(judgement, judgement->verdicts[i].trace, &view);
    }
}
