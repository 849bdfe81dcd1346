/* SPDX-License-Identifier: BSD-2-Clause */
/* refusals: rules 7 to 9: routers that have no way, or give no leave, or send in a circle. */
#include <stdio.h>

#include "verdict/rules/rules.h"

/* --- 7, 8 --- */

/* The hop of who refused: where it lets others expire, else the least TTL that draws the refusal; 0: our own host. */
static uint8_t refusal_hop(const struct facts *facts)
{
    const struct addr *sender = &facts->refusal.reply->from;
    bool is_named = !addr_equal(sender, &facts->trace->flow.target); /* in the target's name is anybody behind a NAT */
    uint8_t hop = is_named ? facts_hop_of(facts->set, sender) : 0;
    bool own_host = addr_equal(sender, &facts->trace->flow.source);
    return hop || own_host ? hop : trace_refused_from(facts->trace, facts->refusal.probe, facts->refusal.reply);
}

static bool is_drawn_by_all(const struct facts *facts)
{
    uint8_t hop = refusal_hop(facts);
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        struct facts theirs;
        facts_gather(facts->set, other, &theirs);
        if (other->last_router_ttl > hop || (theirs.direct.reply && theirs.direct.probe->ttl > hop))
            return false; /* this one passes that router */
        if (theirs.refusal.reply && (!reply_is_no_route(theirs.refusal.reply) ||
                                     !addr_equal(&theirs.refusal.reply->from, &facts->refusal.reply->from)))
            return false;
    }
    return true;
}

bool holds_unreachable(const struct facts *facts)
{
    return facts->refusal.reply && reply_is_no_route(facts->refusal.reply) && is_drawn_by_all(facts);
}

static void place_refusal(const struct facts *facts, struct verdict *out)
{
    const struct reply *reply = facts->refusal.reply;
    out->at = (struct place){.known = true, .ttl = refusal_hop(facts), .address = reply->from};
    out->how = reason_of_reply(reply);
    out->confidence = evidence_sureness(reply);
    evidence_show(out, &facts->refusal);
}

static const char *way_text(const struct verdict *out, const struct facts *facts, char text[PLACE_TEXT_BYTES])
{
    if (addr_equal(&out->at.address, &facts->trace->flow.source))
        return "this host itself";
    return place_format(&out->at, text);
}

void explain_unreachable(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_UNREACHABLE;
    place_refusal(facts, out);
    snprintf(out->text, sizeof out->text, "%s finds no way to the target: %s says %s", rule_spec(facts, spec),
             way_text(out, facts, place), out->how ? out->how : "unreachable");
}

bool holds_rejected(const struct facts *facts)
{
    return facts->refusal.reply != NULL;
}

void explain_rejected(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    out->state = VERDICT_REJECTED;
    place_refusal(facts, out);
    if (facts->refusal.reply->kind == REPLY_TOO_BIG)
        snprintf(out->text, sizeof out->text,
                 "%s packets of %u bytes are too big for the link behind %s, which takes %u", rule_spec(facts, spec),
                 facts->trace->flow.size, way_text(out, facts, place), facts->refusal.reply->mtu);
    else
        snprintf(out->text, sizeof out->text, "%s is rejected by %s: %s", rule_spec(facts, spec),
                 way_text(out, facts, place), out->how ? out->how : "an ICMP error");
}

/* --- 9 --- */

/* Whose circle this spec goes round in: its own, or another's that it is seen to follow; NULL: none. */
static const struct trace *circling(const struct facts *facts)
{
    if (facts->trace->loop_first)
        return facts->trace;
    for (unsigned i = 0; i < facts->set->count; i++)
        if (trace_follows_loop(facts->trace, facts->set->traces[i]))
            return facts->set->traces[i];
    return NULL;
}

bool holds_looping(const struct facts *facts)
{
    return circling(facts) != NULL;
}

static void show_routers(const struct trace *trace, unsigned first, unsigned last, struct verdict *out)
{
    for (unsigned ttl = first; ttl <= last; ttl++) {
        const struct probe *probe = trace_first_at(trace, (uint8_t)ttl);
        while (probe && !probe->reply_count)
            probe = trace_next_at(trace, probe);
        if (probe)
            evidence_show(out, &(struct evidence){probe, probe_answer(probe)});
    }
}

void explain_looping(const struct facts *facts, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], other[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    const struct trace *circle = circling(facts);
    bool follows = circle != facts->trace;
    out->state = VERDICT_LOOPING;
    out->at = facts_place(facts->set, circle, circle->loop_first);
    out->confidence = follows ? SURE_WEAK : SURE;
    if (follows)
        evidence_show_last(facts, out);
    show_routers(circle, circle->loop_first, trace_loop_end(circle), out);
    probe_spec_format(&circle->flow.spec, other);
    snprintf(out->text, sizeof out->text, "%s goes round in a circle of %u routers from %s on%s%s",
             rule_spec(facts, spec), circle->loop_length, place_format(&out->at, place),
             follows ? ", the same as " : "", follows ? other : "");
}
