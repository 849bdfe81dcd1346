/* rules: the decision table. The first row that holds decides; its number is that of reference tables on the
 * inference of verdicts, its predicate asks facts only, its `explain` fills in place, confidence, sentence and frames.
 *
 *    1 no-send      our own host let nothing out
 *    2 intercepted  something nearer than the target accepts in its name
 *    3 open         the target accepts
 *    4 closed       the target refuses, at its own hop
 *    5 intercepted  a reset from where an interceptor answers another spec
 *    6 reset        a reset in the target's name from before it: by its hop, or by its reply TTL
 *    7 unreachable  a router has no way, for every spec that came there
 *    8 rejected     any other refusal, the target's own prohibition among them
 *    9 looping      the routers recur
 *   10 dropped      silence where others go on, by counts enough to claim it
 *   11 inconclusive the same, by too few; or nothing was waited for behind the last answer
 *   12 unanswered   as far as any spec saw a router, and silence there */
#include <stdio.h>
#include <string.h>

#include "verdict/facts.h"

#define SURE CONFIDENCE_MOST
#define SURE_WEAK 0.9 /* of a reply matched weakly, or a target that nothing confirms */

struct rule {
    const char *name;
    bool (*holds)(const struct facts *facts);
    void (*explain)(const struct facts *facts, struct verdict *out);
};

/* --- words --- */

static const char *spec_text(const struct facts *facts, char text[PROBE_SPEC_TEXT_BYTES])
{
    probe_spec_format(&facts->trace->flow.spec, text);
    return text;
}

static double sure(const struct reply *reply)
{
    return reply->match == MATCH_WEAK ? SURE_WEAK : SURE;
}

static void show(struct verdict *out, const struct evidence *evidence)
{
    frames_add(out->frames, &out->frame_count, evidence->probe->frame);
    frames_add(out->frames, &out->frame_count, evidence->reply->frame);
}

/* Who stands at this TTL or behind it, as another spec saw it, or failing that where the target answered another spec.
 */
static void show_beyond(const struct facts *facts, uint8_t ttl, struct verdict *out)
{
    for (unsigned next = ttl; next <= facts->last_router; next++)
        for (unsigned i = 0; i < facts->cohort->count; i++) {
            const struct trace *other = facts->cohort->traces[i];
            for (const struct probe *p = trace_first_at(other, (uint8_t)next); p; p = trace_next_at(other, p))
                if (other != facts->trace && p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED) {
                    show(out, &(struct evidence){p, &p->replies[0]});
                    return;
                }
        }
    const struct trace *witness = facts->target_witness;
    const struct probe *p = witness ? trace_first_at(witness, witness->reached_ttl) : NULL;
    for (; p; p = trace_next_at(witness, p))
        if (p->reply_count && reply_reaches(witness, &p->replies[0])) {
            show(out, &(struct evidence){p, &p->replies[0]});
            return;
        }
}

/* The last router that answered this spec. */
static void show_last(const struct facts *facts, struct verdict *out)
{
    const struct trace *trace = facts->trace;
    for (const struct probe *p = trace_first_at(trace, facts->last_hop); p; p = trace_next_at(trace, p))
        if (p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED) {
            show(out, &(struct evidence){p, &p->replies[0]});
            return;
        }
}

static const char *answer_text(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_SYN_ACK:
        return "it answers with SYN/ACK";
    case REPLY_ECHO:
        return "it answers the echo request";
    case REPLY_UDP:
        return "it answers with a datagram";
    case REPLY_RST:
        return "it answers with RST";
    case REPLY_SCTP:
        return reply_closes(reply) ? "it answers with ABORT" : "it answers with INIT ACK";
    case REPLY_DCCP:
        return reply_closes(reply) ? "it answers with Reset" : "it answers with Response";
    case REPLY_UNREACHABLE:
    case REPLY_PARAMETER_PROBLEM:
        return "it refuses";
    default:
        break;
    }
    return "it answers";
}

/* --- 1 --- */

static bool holds_no_send(const struct facts *facts)
{
    return facts->refused_sends && !facts->sent;
}

static void explain_no_send(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    out->state = VERDICT_DROPPED;
    out->how = "silent";
    out->confidence = SURE;
    snprintf(out->text, sizeof out->text, "%s is dropped before it leaves: this host refused all %u sends",
             spec_text(facts, spec), facts->refused_sends);
}

/* --- 2, 3 --- */

static bool is_short(const struct facts *facts, const struct evidence *evidence)
{
    return facts_target_is_farther(facts, evidence->probe->ttl, false);
}

static bool holds_intercepted(const struct facts *facts)
{
    return facts->positive.reply &&
           (is_short(facts, &facts->positive) || facts_comes_from_nearer(facts, &facts->positive));
}

static void explain_intercepted(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    const struct evidence *shown = facts->positive.reply ? &facts->positive : &facts->direct;
    uint8_t ttl = shown->probe->ttl;
    out->state = VERDICT_INTERCEPTED;
    out->at = (struct place){.known = true, .ttl = ttl};
    for (unsigned i = 0; i < facts->cohort->count; i++) {
        const struct trace *other = facts->cohort->traces[i];
        if (other != facts->trace && addr_is_none(&out->at.address))
            out->at.address = trace_router_address(other, ttl);
    }
    bool by_ttl = facts->positive.reply && !is_short(facts, &facts->positive);
    out->confidence = by_ttl ? SURE_WEAK : sure(shown->reply);
    show(out, shown);
    show_beyond(facts, ttl, out);
    if (by_ttl)
        snprintf(out->text, sizeof out->text,
                 "%s is intercepted before the target: the answer in its name arrives with TTL %u, from nearer than "
                 "its other answers",
                 spec_text(facts, spec), shown->reply->reply_ttl);
    else
        snprintf(out->text, sizeof out->text, "%s is intercepted at %s: something there answers in the target's name",
                 spec_text(facts, spec), place_format(&out->at, place));
}

static bool holds_open(const struct facts *facts)
{
    return facts->positive.reply != NULL;
}

static void explain_open(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    out->state = VERDICT_OPEN;
    out->at = (struct place){.known = true, .ttl = facts->positive.probe->ttl, .address = facts->trace->flow.target};
    bool doubtful = facts_target_is_farther(facts, facts->positive.probe->ttl, true);
    out->confidence = doubtful ? SURE_WEAK : sure(facts->positive.reply);
    show(out, &facts->positive);
    snprintf(out->text, sizeof out->text, "%s reaches the target at hop %u: %s", spec_text(facts, spec),
             facts->positive.probe->ttl, answer_text(facts->positive.reply));
}

/* --- 4, 5, 6 --- */

static bool holds_closed(const struct facts *facts)
{
    const struct reply *reply = facts->direct.reply;
    return reply && !facts_target_is_farther(facts, facts->direct.probe->ttl, false) &&
           (reply->kind != REPLY_RST || (!facts_expired_too(&facts->direct) && facts_reply_ttl_fits(facts, reply)));
}

#define CLOSED_BYTES 128

/* What the refusal tells of the port, and of who sent it: anybody on the way can forge a reset, an ICMP error in the
 * target's name only who translates its address. */
static void closed_text(const struct facts *facts, const char *how, bool doubtful, char text[CLOSED_BYTES])
{
    const struct reply *reply = facts->direct.reply;
    bool reset = reply->kind == REPLY_RST;
    if (reset && facts->trace->flow.spec.variant == VARIANT_ACK)
        snprintf(text, CLOSED_BYTES, ", as open and closed ports do");
    else if (reset && facts_is_made_otherwise(facts, reply))
        snprintf(text, CLOSED_BYTES,
                 " (closed, or so it seems: resets to other probes are made otherwise: id, DF, window)");
    else if (reset && doubtful)
        snprintf(text, CLOSED_BYTES, " (closed; no other probe shows that the reset is the target's own)");
    else if (reply->kind == REPLY_UNREACHABLE && how)
        snprintf(text, CLOSED_BYTES, " (closed, %s)", how);
    else
        snprintf(text, CLOSED_BYTES, " (closed)");
}

static void explain_closed(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], closed[CLOSED_BYTES];
    const struct reply *reply = facts->direct.reply;
    out->state = VERDICT_CLOSED;
    out->how = how_of_reply(reply);
    out->at = (struct place){.known = true, .ttl = facts->direct.probe->ttl, .address = facts->trace->flow.target};
    bool reset = reply->kind == REPLY_RST;
    bool doubtful = (reset && (!facts->others_target || facts_is_made_otherwise(facts, reply))) ||
                    facts_target_is_farther(facts, facts->direct.probe->ttl, true);
    out->confidence = doubtful ? SURE_WEAK : sure(reply);
    show(out, &facts->direct);
    closed_text(facts, out->how, doubtful, closed);
    snprintf(out->text, sizeof out->text, "%s reaches the target at hop %u: %s%s", spec_text(facts, spec),
             facts->direct.probe->ttl, answer_text(reply), closed);
}

static bool holds_intercepted_reset(const struct facts *facts)
{
    if (!facts->direct.reply)
        return false;
    for (unsigned i = 0; i < facts->cohort->count; i++) {
        struct facts other;
        if (facts->cohort->traces[i] == facts->trace)
            continue;
        facts_gather(facts->cohort, facts->cohort->traces[i], &other);
        if (holds_intercepted(&other) && other.positive.probe->ttl == facts->direct.probe->ttl)
            return true;
    }
    return false;
}

static bool holds_reset(const struct facts *facts)
{
    return facts->direct.reply != NULL;
}

/* The device does not show itself: it stands behind the last router that answered this spec. */
static void explain_reset(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_REJECTED;
    out->how = how_of_reply(facts->direct.reply);
    out->after = facts_place(facts->cohort, facts->trace, facts->last_hop);
    out->before = facts_next_router(facts, facts->last_hop);
    show(out, &facts->direct);
    bool by_hop = facts_target_is_farther(facts, facts->direct.probe->ttl, false) || facts_expired_too(&facts->direct);
    char how[96];
    if (by_hop)
        snprintf(how, sizeof how, "a refusal in the target's name (%s) comes from hop %u, short of the target",
                 out->how ? out->how : "ICMP", facts->direct.probe->ttl);
    else
        snprintf(how, sizeof how, "a reset in the target's name arrives with TTL %u, unlike the target's other answers",
                 facts->direct.reply->reply_ttl);
    show_beyond(facts, facts->direct.probe->ttl, out);
    out->confidence = by_hop ? sure(facts->direct.reply) : SURE_WEAK; /* the way back may differ by protocol */
    snprintf(out->text, sizeof out->text, "%s is rejected %s%s: %s", spec_text(facts, spec),
             out->after.known ? "after " : "on the way", out->after.known ? place_format(&out->after, place) : "", how);
}

/* --- 7, 8 --- */

/* The hop of who refused: where it lets others expire, else the least TTL that drew the refusal; 0: our own host. */
static uint8_t refusal_hop(const struct facts *facts)
{
    const struct addr *sender = &facts->refusal.reply->from;
    bool is_named = !addr_equal(sender, &facts->trace->flow.target); /* in the target's name is anybody behind a NAT */
    uint8_t hop = is_named ? facts_hop_of(facts->cohort, sender) : 0;
    bool own_host = addr_equal(sender, &facts->trace->flow.source);
    return hop || own_host ? hop : facts->refusal.probe->ttl;
}

static bool is_drawn_by_all(const struct facts *facts)
{
    uint8_t hop = refusal_hop(facts);
    for (unsigned i = 0; i < facts->cohort->count; i++) {
        const struct trace *other = facts->cohort->traces[i];
        struct facts theirs;
        facts_gather(facts->cohort, other, &theirs);
        if (other->top > hop || (theirs.direct.reply && theirs.direct.probe->ttl > hop))
            return false; /* this one passes that router */
        if (theirs.refusal.reply && (!reply_is_no_route(theirs.refusal.reply) ||
                                     !addr_equal(&theirs.refusal.reply->from, &facts->refusal.reply->from)))
            return false;
    }
    return true;
}

static bool holds_unreachable(const struct facts *facts)
{
    return facts->refusal.reply && reply_is_no_route(facts->refusal.reply) && is_drawn_by_all(facts);
}

static void place_refusal(const struct facts *facts, struct verdict *out)
{
    const struct reply *reply = facts->refusal.reply;
    out->at = (struct place){.known = true, .ttl = refusal_hop(facts), .address = reply->from};
    out->how = how_of_reply(reply);
    out->confidence = sure(reply);
    show(out, &facts->refusal);
}

static const char *way_text(const struct verdict *out, const struct facts *facts, char text[PLACE_TEXT_BYTES])
{
    if (addr_equal(&out->at.address, &facts->trace->flow.source))
        return "this host itself";
    return place_format(&out->at, text);
}

static void explain_unreachable(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_UNREACHABLE;
    place_refusal(facts, out);
    snprintf(out->text, sizeof out->text, "%s finds no way to the target: %s says %s", spec_text(facts, spec),
             way_text(out, facts, place), out->how ? out->how : "unreachable");
}

static bool holds_rejected(const struct facts *facts)
{
    return facts->refusal.reply != NULL;
}

static void explain_rejected(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_REJECTED;
    place_refusal(facts, out);
    if (facts->refusal.reply->kind == REPLY_TOO_BIG)
        snprintf(out->text, sizeof out->text,
                 "%s packets of %u bytes are too big for the link behind %s, which takes %u", spec_text(facts, spec),
                 facts->trace->flow.size, way_text(out, facts, place), facts->refusal.reply->mtu);
    else
        snprintf(out->text, sizeof out->text, "%s is rejected by %s: %s", spec_text(facts, spec),
                 way_text(out, facts, place), out->how ? out->how : "an ICMP error");
}

/* --- 9 --- */

static bool holds_looping(const struct facts *facts)
{
    return facts->trace->loop_first != 0;
}

static void explain_looping(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    const struct trace *trace = facts->trace;
    out->state = VERDICT_LOOPING;
    out->at = facts_place(facts->cohort, trace, trace->loop_first);
    out->confidence = SURE;
    for (unsigned ttl = trace->loop_first; ttl <= trace_loop_end(trace); ttl++) {
        const struct probe *probe = trace_first_at(trace, (uint8_t)ttl);
        while (probe && !probe->reply_count)
            probe = trace_next_at(trace, probe);
        if (probe)
            show(out, &(struct evidence){probe, probe_answer(probe)});
    }
    snprintf(out->text, sizeof out->text, "%s goes round in a circle of %u routers from %s on", spec_text(facts, spec),
             trace->loop_length, place_format(&out->at, place));
}

/* --- 10, 11, 12 --- */

static bool holds_dropped(const struct facts *facts)
{
    return facts->last_router > facts->last_hop && facts->comparison.hop_count &&
           facts->comparison.confidence >= facts->cohort->claim;
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
            frames_add(out->frames, &out->frame_count, p->frame);
            if (p->reply_count)
                frames_add(out->frames, &out->frame_count, p->replies[0].frame);
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

/* Of traces that others made, what they did not ask. */
static void say_what_was_not_asked(const struct facts *facts, struct verdict *out)
{
    size_t used = strlen(out->text);
    if (!facts->cohort->is_apart)
        return;
    if (facts->cohort->count < 2)
        snprintf(out->text + used, sizeof out->text - used, "; no other probe was asked, to compare it with");
    else if (facts->trace->most_ttl < facts->last_router)
        snprintf(out->text + used, sizeof out->text - used, "; it was not asked beyond hop %u", facts->trace->most_ttl);
    else if (out->state == VERDICT_DROPPED || out->state == VERDICT_INCONCLUSIVE)
        snprintf(out->text + used, sizeof out->text - used, "; the two were not asked at the same time");
}

static const struct trace *trace_that_went_on(const struct facts *facts)
{
    for (unsigned i = 0; i < facts->cohort->count; i++) {
        const struct trace *other = facts->cohort->traces[i];
        if (other != facts->trace && other->top >= facts->comparison.hops[0] &&
            !compare_parted(facts->trace, other, facts->last_hop + 1U))
            return other;
    }
    return facts->trace;
}

static void bracket(const struct facts *facts, struct verdict *out)
{
    out->after = facts_place(facts->cohort, facts->trace, facts->last_hop);
    out->before = facts_next_router(facts, facts->last_hop);
}

static void explain_dropped(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], other_spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    unsigned sent = 0, answered = 0, other_sent = 0, other_answered = 0;
    const struct trace *other = trace_that_went_on(facts);
    out->state = VERDICT_DROPPED;
    out->how = "silent";
    out->confidence = facts->comparison.confidence;
    bracket(facts, out);
    show_last(facts, out);
    count_compared(facts, facts->trace, &sent, &answered, VERDICT_FRAMES_MOST / 2, out);
    count_compared(facts, other, &other_sent, &other_answered, VERDICT_FRAMES_MOST, out);
    probe_spec_format(&other->flow.spec, other_spec);
    /* It may have been asked from some hop on only, and a router may drop before it answers. */
    bool after = out->after.known;
    snprintf(out->text, sizeof out->text, "%s is dropped %s %s: %u of %u probes answered where %s had %u of %u",
             spec_text(facts, spec), after ? "after" : "at or before",
             place_format(after ? &out->after : &out->before, place), answered, sent, other_spec, other_answered,
             other_sent);
    unsigned flows = flows_compared(facts);
    size_t used = strlen(out->text);
    if (flows > 1)
        snprintf(out->text + used, sizeof out->text - used, ", from %u source ports alike", flows);
}

static void show_silence(const struct facts *facts, struct verdict *out)
{
    const struct trace *trace = facts->trace;
    for (size_t i = 0; i < trace->probe_count; i++)
        if (cohort_is_silent(facts->cohort, &trace->probes[i]) && trace->probes[i].ttl > trace->top)
            frames_add(out->frames, &out->frame_count, trace->probes[i].frame);
}

struct losses {
    unsigned sent, lost;
};

/* Linux answers six expired packets at once and then one a second. */
#define BURST 6
#define BURST_REFILLS (BURST * NS_PER_S)

/* Whether the router had answered so many by then that it may have had no token left; an answer to another spec right
 * behind shows that it had. */
static bool may_be_limited(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    unsigned answered = 0;
    for (unsigned i = 0; i < cohort->count; i++)
        for (const struct probe *p = trace_first_at(cohort->traces[i], silent->ttl); p;
             p = trace_next_at(cohort->traces[i], p))
            answered += p->reply_count && p->sent <= silent->sent && silent->sent - p->sent < BURST_REFILLS;
    return answered >= BURST && !cohort_is_backed(cohort, trace, silent);
}

static void count_losses(const struct facts *facts, const struct trace *trace, struct losses *way, struct losses *end)
{
    const struct probe *first = trace->reached_ttl ? trace_first_at(trace, trace->reached_ttl) : NULL;
    const struct reply *answer = first ? probe_answer(first) : NULL;
    bool is_limited = answer && answer->is_icmp && answer->kind != REPLY_ECHO; /* a few at once are answered */
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        bool at_end = trace->reached_ttl && probe->ttl >= trace->reached_ttl && !is_limited;
        struct losses *losses = probe->ttl < trace->top ? way : at_end ? end : NULL;
        if (!losses)
            continue;
        bool silent = cohort_is_silent(facts->cohort, probe);
        if (silent && losses == way && may_be_limited(facts->cohort, trace, probe))
            continue;
        losses->sent++;
        losses->lost += silent;
    }
}

static void count_all_losses(const struct facts *facts, struct losses *way, struct losses *end)
{
    *way = *end = (struct losses){0};
    for (unsigned i = 0; i < facts->cohort->count; i++)
        count_losses(facts, facts->cohort->traces[i], way, end);
}

/* How surely the silence at the end is none by chance: as many losses as on the way, where an answer from further on
 * shows that a probe got past, or as many as others had at the target. Others' traces, and ours that only look for the
 * path, ask too little to say. */
static double end_confidence(const struct facts *facts)
{
    struct losses way, end;
    if (!facts->cohort->is_diagnose)
        return 1 - 1.0 / (facts->silent + 2);
    count_all_losses(facts, &way, &end);
    double chance = compare_chance(way.sent, way.lost, facts->silent);
    double at_end = end.lost ? compare_chance(end.sent, end.lost, facts->silent) : 0;
    return 1 / (1 + (at_end > chance ? at_end : chance));
}

/* Too many are lost to say that the end is silent. */
static bool is_lossy(const struct facts *facts)
{
    struct losses way, end;
    count_all_losses(facts, &way, &end);
    return facts->cohort->is_diagnose && (way.lost || end.lost) && end_confidence(facts) < CONFIDENCE_TO_CLAIM;
}

static bool holds_inconclusive(const struct facts *facts)
{
    return facts->last_router > facts->last_hop || !facts->silent || is_lossy(facts);
}

static const char *inconclusive_text(const struct facts *facts)
{
    if (!facts->silent)
        return "no probe behind it was waited for";
    if (facts->last_router <= facts->last_hop)
        return "too many probes are lost on the way there";
    bool refused = false, parted = false;
    for (unsigned i = 0; i < facts->cohort->count; i++) {
        const struct trace *other = facts->cohort->traces[i];
        bool further = other->top > facts->last_hop;
        refused = refused || other->refused_ttl > facts->last_hop;
        if (further && !compare_parted(facts->trace, other, facts->last_hop + 1U))
            return "it was asked too little where other probes were answered";
        parted = parted || further;
    }
    /* Linux: six at once, expired and refused together, then one a second. */
    if (refused && !parted)
        return "another probe was refused there, and routers refuse only a few at once";
    return "the probes that got further are known to go another way";
}

static void explain_inconclusive(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_INCONCLUSIVE;
    out->confidence = facts->last_router > facts->last_hop ? facts->comparison.confidence : end_confidence(facts);
    bracket(facts, out);
    show_last(facts, out);
    show_silence(facts, out);
    snprintf(out->text, sizeof out->text, "%s drew no answer%s%s, for a reason that cannot be told: %s",
             spec_text(facts, spec), out->after.known ? " after " : "",
             out->after.known ? place_format(&out->after, place) : "", inconclusive_text(facts));
}

static bool holds_always(const struct facts *facts)
{
    (void)facts;
    return true;
}

static void explain_unanswered(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    unsigned silent = facts->silent;
    out->state = VERDICT_UNANSWERED;
    out->after = facts_place(facts->cohort, facts->trace, facts->last_router);
    out->confidence = end_confidence(facts);
    show_last(facts, out);
    show_silence(facts, out);
    if (out->after.known)
        snprintf(out->text, sizeof out->text,
                 "%s is unanswered after %s, the last router that any probe saw: silence to %u probe%s",
                 spec_text(facts, spec), place_format(&out->after, place), silent, silent == 1 ? "" : "s");
    else
        snprintf(out->text, sizeof out->text, "%s is unanswered: neither a router nor the target answered %u probe%s",
                 spec_text(facts, spec), silent, silent == 1 ? "" : "s");
}

static const struct rule rules[] = {
    {"no-send", holds_no_send, explain_no_send},
    {"intercepted", holds_intercepted, explain_intercepted},
    {"open", holds_open, explain_open},
    {"closed", holds_closed, explain_closed},
    {"intercepted-reset", holds_intercepted_reset, explain_intercepted},
    {"reset", holds_reset, explain_reset},
    {"unreachable", holds_unreachable, explain_unreachable},
    {"rejected", holds_rejected, explain_rejected},
    {"looping", holds_looping, explain_looping},
    {"dropped", holds_dropped, explain_dropped},
    {"inconclusive", holds_inconclusive, explain_inconclusive},
    {"unanswered", holds_always, explain_unanswered},
};

void rules_judge(const struct facts *facts, struct verdict *out)
{
    unsigned row = 0;
    *out = (struct verdict){.trace = facts->trace};
    while (!rules[row].holds(facts))
        row++;
    rules[row].explain(facts, out);
    if (!verdict_reaches(out))
        say_what_was_not_asked(facts, out);
    if (out->confidence > CONFIDENCE_MOST)
        out->confidence = CONFIDENCE_MOST;
}
