/* SPDX-License-Identifier: BSD-2-Clause */
/* refusals: rules 8 to 12: routers that have no route, reject, or send packets in a loop. */
#include "verdict/facts/reasons.h"
#include "verdict/rules/rules.h"

/* --- 8, 9 --- */

/* The hop of the router that refused: where it sent a time exceeded, else the least TTL with its refusal; 0: this host.
 * One that waited for its neighbour's address had forwarded the probe, and so stands one hop before that TTL. */
static uint8_t hop_of_refusal(const struct facts *facts, const struct evidence *refusal)
{
    const struct addr *sender = &refusal->reply->from;
    bool is_named =
        !addr_equal(sender, &facts->trace->flow.target); /* a NAT gives all behind it the target's address */
    uint8_t hop = is_named ? facts_hop_of(facts->set, sender) : 0;
    bool own_host = addr_equal(sender, &facts->trace->flow.source);
    if (hop || own_host)
        return hop;
    uint8_t from = trace_refused_from(facts->trace, refusal->probe, refusal->reply);
    return from > 1 && reply_is_unresolved(refusal->probe, refusal->reply) ? (uint8_t)(from - 1) : from;
}

static bool is_drawn_by_all(const struct facts *facts)
{
    uint8_t hop = hop_of_refusal(facts, &facts->refusal);
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct facts *other = &facts->all->of[i];
        if (other->last_hop > hop || (other->direct.reply && other->direct.probe->ttl > hop))
            return false; /* this one passes that router */
        if (other->refusal.reply && (!reply_is_no_route(other->refusal.reply) ||
                                     !addr_equal(&other->refusal.reply->from, &facts->refusal.reply->from)))
            return false;
    }
    return true;
}

bool holds_unreachable(const struct facts *facts)
{
    return facts->refusal.reply && reply_is_no_route(facts->refusal.reply) && is_drawn_by_all(facts);
}

static void place_refusal(const struct facts *facts, const struct evidence *refusal, struct verdict *out)
{
    out->at = (struct place){.known = true, .ttl = hop_of_refusal(facts, refusal), .address = refusal->reply->from};
    out->how = how_of_reply(refusal->reply);
    out->confidence = evidence_sureness(refusal->reply);
    evidence_show(out, refusal);
}

static const char *refusing_text(const struct verdict *out, const struct facts *facts, char text[PLACE_TEXT_BYTES])
{
    bool own_host = addr_equal(&out->at.address, &facts->trace->flow.source);
    return own_host ? "this host" : phrase_place(&out->at, text);
}

void explain_unreachable(const struct facts *facts, struct verdict *out)
{
    char place[PLACE_TEXT_BYTES];
    out->state = VERDICT_UNREACHABLE;
    place_refusal(facts, &facts->refusal, out);
    if (out->how == HOW_HOST_UNREACHABLE) /* the last router says so of a host that does not answer ARP or ND */
        phrase_set_verdict(out, " at %s: no route from there to the target, or no reply from it (%s)",
                           refusing_text(out, facts, place), verdict_how_name(out->how));
    else
        phrase_set_verdict(out, " at %s: no route from there to the target (%s)", refusing_text(out, facts, place),
                           phrase_how(out->how, "unreachable"));
}

/* --- 11 --- */

/* The facts of the spec that was told so; NULL: no device did. Independent runs say nothing about each other. */
static const struct facts *find_dead_end(const struct facts *facts, struct evidence *refusal)
{
    refusal->reply = facts->set->is_apart ? NULL : trace_set_dead_end(facts->set, &refusal->probe);
    for (unsigned i = 0; refusal->reply && i < facts->set->count; i++) {
        const struct trace *trace = facts->set->traces[i];
        if (refusal->probe >= trace->probes && refusal->probe < trace->probes + trace->probe_count)
            return &facts->all->of[i];
    }
    return NULL;
}

bool holds_dead_end(const struct facts *facts)
{
    struct evidence refusal;
    return facts->silent && find_dead_end(facts, &refusal);
}

/* Silent probes need no refusal of their own: the device that waits for its neighbour forwards none to it. */
void explain_dead_end(const struct facts *facts, struct verdict *out)
{
    char place[PLACE_TEXT_BYTES];
    struct evidence refusal;
    const struct facts *told = find_dead_end(facts, &refusal);
    out->state = VERDICT_UNREACHABLE;
    place_refusal(told, &refusal, out);
    out->confidence = SURE_WEAK;
    evidence_show_last(facts, out);
    phrase_set_verdict(out, " at %s: it replies %s to %s", refusing_text(out, told, place),
                       phrase_how(out->how, "unreachable"), SPEC_TEXT(told->trace));
}

bool holds_rejected(const struct facts *facts)
{
    return facts->refusal.reply != NULL;
}

/* Whether the refusal is as a target's, and nothing shows that another device sent it: a target with several addresses
 * may reply from another one. A router that rejects such probes lets those expire that have a TTL less. */
static bool may_be_target(const struct facts *facts, const struct verdict *out)
{
    bool is_port = out->how == HOW_PORT_UNREACHABLE || out->how == HOW_PROTOCOL_UNREACHABLE;
    return is_port && !addr_equal(&out->at.address, &facts->trace->flow.source) &&
           !facts_hop_of(facts->set, &out->at.address) && out->at.ttl >= facts->last_router &&
           out->at.ttl >= facts->others_target;
}

void explain_rejected(const struct facts *facts, struct verdict *out)
{
    char place[PLACE_TEXT_BYTES];
    out->state = VERDICT_REJECTED;
    place_refusal(facts, &facts->refusal, out);
    if (facts->refusal.reply->kind == REPLY_TOO_BIG)
        phrase_set_verdict(out, " at %s: packets of %u bytes are too big for the next link, whose MTU is %u",
                           refusing_text(out, facts, place), facts->trace->flow.size, facts->refusal.reply->mtu);
    else
        phrase_set_verdict(out, " at %s: %s%s", refusing_text(out, facts, place), phrase_how(out->how, "an ICMP error"),
                           may_be_target(facts, out) ? "; this may be the target itself, with another of its addresses"
                                                     : "");
}

/* --- 10 --- */

bool holds_unexplained(const struct facts *facts)
{
    return facts->unexplained.reply && facts->unexplained.probe->ttl > facts->last_hop;
}

/* The router did not forward those packets, but their size cannot be the reason. */
void explain_unexplained(const struct facts *facts, struct verdict *out)
{
    char place[PLACE_TEXT_BYTES];
    const struct reply *reply = facts->unexplained.reply;
    out->state = VERDICT_INCONCLUSIVE;
    place_refusal(facts, &facts->unexplained, out);
    out->after = facts_place(facts->set, facts->trace, facts->last_hop);
    phrase_set_verdict(out, " at %s: it sends %s with MTU %u about packets of %u bytes, which explains nothing",
                       refusing_text(out, facts, place),
                       reply->version == 6 ? "packet-too-big" : "fragmentation-needed", reply->mtu,
                       facts->trace->flow.size);
}

/* --- 12 --- */

/* The trace whose loop this one is in: its own, or another trace's that it follows; NULL: none. */
static const struct trace *looping(const struct facts *facts)
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
    return looping(facts) != NULL;
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
    const struct trace *loop = looping(facts);
    bool follows = loop != facts->trace;
    out->state = VERDICT_LOOPING;
    out->at = facts_place(facts->set, loop, loop->loop_first);
    out->confidence = follows ? SURE_WEAK : SURE;
    if (follows)
        evidence_show_last(facts, out);
    show_routers(loop, loop->loop_first, trace_loop_end(loop), out);
    phrase_set_verdict(out, " from %s on: %u routers recur", PLACE_TEXT(&out->at), loop->loop_length);
    if (follows)
        phrase_add(out->text, ", as for %s", SPEC_TEXT(loop));
}
