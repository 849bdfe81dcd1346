/* SPDX-License-Identifier: BSD-2-Clause */
/* answers: rules 2 to 6: who answers in the target's name. */
#include <stdio.h>

#include "verdict/rules/rules.h"

static const char *answer_text(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_SYN_ACK:
        return "it answers with SYN/ACK";
    case REPLY_ECHO:
        return "it answers the echo request";
    case REPLY_UDP:
        return "it answers with a datagram";
    case REPLY_TCP:
        return "it answers with a TCP segment";
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

/* --- 2, 3 --- */

static bool is_short(const struct facts *facts, const struct evidence *evidence)
{
    return facts_target_is_farther(facts, evidence->probe->ttl, false);
}

bool holds_intercepted(const struct facts *facts)
{
    return facts->positive.reply &&
           (is_short(facts, &facts->positive) || facts_comes_from_nearer(facts, &facts->positive));
}

void explain_intercepted(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    const struct evidence *shown = facts->positive.reply ? &facts->positive : &facts->direct;
    uint8_t ttl = shown->probe->ttl;
    out->state = VERDICT_INTERCEPTED;
    out->at = (struct place){.known = true, .ttl = ttl};
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        if (other != facts->trace && addr_is_none(&out->at.address))
            out->at.address = trace_router_address(other, ttl);
    }
    bool by_ttl = facts->positive.reply && !is_short(facts, &facts->positive);
    out->confidence = by_ttl ? SURE_WEAK : evidence_sureness(shown->reply);
    evidence_show(out, shown);
    evidence_show_beyond(facts, ttl, out);
    if (by_ttl)
        snprintf(out->text, sizeof out->text,
                 "%s is intercepted before the target: the answer in its name arrives with TTL %u, from nearer than "
                 "its other answers",
                 rule_spec(facts, spec), shown->reply->reply_ttl);
    else
        snprintf(out->text, sizeof out->text, "%s is intercepted at %s: something there answers in the target's name",
                 rule_spec(facts, spec), place_format(&out->at, place));
}

bool holds_open(const struct facts *facts)
{
    return facts->positive.reply != NULL;
}

/* The target stands nearer than at the TTL of the probe that it answered where it answered another spec nearer, on the
 * same way, and this one's probe there was lost: shows that, too. */
static void place_at_target(const struct facts *facts, const struct evidence *answer, struct verdict *out)
{
    uint8_t own = answer->probe->ttl, nearest = facts->others_target;
    out->at = (struct place){.known = true, .ttl = own, .address = facts->trace->flow.target};
    bool lost_there = nearest && nearest < own && facts->last_hop < nearest && trace_asked(facts->trace, nearest) &&
                      !trace_first_at(facts->trace, nearest)->reply_count &&
                      !traces_diverge(facts->trace, facts->target_witness, nearest);
    if (!lost_there)
        return;
    const struct probe *p = trace_first_at(facts->target_witness, nearest);
    while (p && !p->reply_count)
        p = trace_next_at(facts->target_witness, p);
    if (!p || p->replies[0].kind == REPLY_RST) /* which may be another's */
        return;
    evidence_show(out, &(struct evidence){p, &p->replies[0]});
    out->at.ttl = nearest;
}

void explain_open(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    out->state = VERDICT_OPEN;
    bool doubtful = facts_target_is_farther(facts, facts->positive.probe->ttl, true);
    out->confidence = doubtful ? SURE_WEAK : evidence_sureness(facts->positive.reply);
    evidence_show(out, &facts->positive);
    place_at_target(facts, &facts->positive, out);
    snprintf(out->text, sizeof out->text, "%s reaches the target at hop %u: %s", rule_spec(facts, spec), out->at.ttl,
             answer_text(facts->positive.reply));
}

/* --- 4, 5, 6 --- */

bool holds_closed(const struct facts *facts)
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
        snprintf(text, CLOSED_BYTES, ", as open and closed ports do%s",
                 facts->others_target ? "" : "; no other probe shows that it is the target's own");
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

void explain_closed(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], closed[CLOSED_BYTES];
    const struct reply *reply = facts->direct.reply;
    out->state = VERDICT_CLOSED;
    out->how = reason_of_reply(reply);
    bool reset = reply->kind == REPLY_RST;
    bool doubtful = (reset && (!facts->others_target || facts_is_made_otherwise(facts, reply))) ||
                    facts_target_is_farther(facts, facts->direct.probe->ttl, true);
    out->confidence = doubtful ? SURE_WEAK : evidence_sureness(reply);
    evidence_show(out, &facts->direct);
    place_at_target(facts, &facts->direct, out);
    closed_text(facts, out->how, doubtful, closed);
    snprintf(out->text, sizeof out->text, "%s reaches the target at hop %u: %s%s", rule_spec(facts, spec), out->at.ttl,
             answer_text(reply), closed);
}

bool holds_intercepted_reset(const struct facts *facts)
{
    if (!facts->direct.reply)
        return false;
    for (unsigned i = 0; i < facts->set->count; i++) {
        struct facts other;
        if (facts->set->traces[i] == facts->trace)
            continue;
        facts_gather(facts->set, facts->set->traces[i], &other);
        if (holds_intercepted(&other) && other.positive.probe->ttl == facts->direct.probe->ttl)
            return true;
    }
    return false;
}

bool holds_reset(const struct facts *facts)
{
    return facts->direct.reply != NULL;
}

/* The device does not show itself: it stands behind the last router that answered this spec. */
void explain_reset(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_REJECTED;
    out->how = reason_of_reply(facts->direct.reply);
    out->after = facts_place(facts->set, facts->trace, facts->last_hop);
    /* Its probe had hops left up to there; the hops before may have let other probes of this spec expire in silence. */
    uint8_t nearest = (uint8_t)(facts->direct.probe->ttl - 1);
    out->before = facts_next_router(facts, nearest > facts->last_hop ? nearest : facts->last_hop);
    evidence_show(out, &facts->direct);
    bool by_hop = facts_target_is_farther(facts, facts->direct.probe->ttl, false) || facts_expired_too(&facts->direct);
    char how[96];
    if (by_hop)
        snprintf(how, sizeof how, "a refusal in the target's name (%s) comes from hop %u, short of the target",
                 out->how ? out->how : "ICMP", facts->direct.probe->ttl);
    else
        snprintf(how, sizeof how, "a reset in the target's name arrives with TTL %u, unlike the target's other answers",
                 facts->direct.reply->reply_ttl);
    evidence_show_beyond(facts, facts->direct.probe->ttl, out);
    out->confidence =
        by_hop ? evidence_sureness(facts->direct.reply) : SURE_WEAK; /* the way back may differ by protocol */
    snprintf(out->text, sizeof out->text, "%s is rejected %s%s: %s", rule_spec(facts, spec),
             out->after.known ? "after " : "on the way", out->after.known ? place_format(&out->after, place) : "", how);
}
