/* SPDX-License-Identifier: BSD-2-Clause */
/* answers: rules 3 to 7: who replies in the target's name. */
#include "verdict/facts/reasons.h"
#include "verdict/rules/rules.h"

static const char *answer_text(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_SYN_ACK:
        return "it replies with SYN/ACK";
    case REPLY_ECHO:
        return "it replies to the echo request";
    case REPLY_UDP:
        return "it replies with a datagram";
    case REPLY_TCP:
        return "it replies with a TCP segment";
    case REPLY_RST:
        return "it replies with RST";
    case REPLY_SCTP:
        return reply_closes(reply) ? "it replies with ABORT" : "it replies with INIT ACK";
    case REPLY_DCCP:
        return reply_closes(reply) ? "it replies with Reset" : "it replies with Response";
    default:
        break;
    }
    return "it replies";
}

/* --- 3, 4 --- */

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
        phrase_set_verdict(out,
                           " before the target: a reply in the target's name arrives with TTL %u, from nearer than its "
                           "other replies",
                           shown->reply->reply_ttl);
    else
        phrase_set_verdict(out, " at %s: a device there replies in the target's name", PLACE_TEXT(&out->at));
}

bool holds_open(const struct facts *facts)
{
    return facts->positive.reply && !facts->is_reset;
}

/* The place of the target's own reply. A target that lets probes expire stands where it does so. If the target answered
 * another spec at a nearer hop, on the same path, and this trace's probe there was lost, that hop is the target's; the
 * reply from there is shown, too. */
static void place_at_target(const struct facts *facts, const struct evidence *answer, struct verdict *out)
{
    const struct namesakes *namesakes = &facts->all->namesakes;
    uint8_t own = answer->probe->ttl, nearest = facts->others_target;
    out->at = (struct place){.known = true, .ttl = own, .address = facts->trace->flow.target};
    if (namesakes->who == NAMESAKE_TARGET && namesakes->first < own) {
        out->at.ttl = namesakes->first;
        return;
    }
    bool lost_there = nearest && nearest < own && facts->last_hop < nearest && trace_asked(facts->trace, nearest) &&
                      !trace_first_at(facts->trace, nearest)->reply_count &&
                      !traces_diverge(facts->trace, facts->target_witness, nearest);
    if (!lost_there)
        return;
    const struct probe *p = trace_first_at(facts->target_witness, nearest);
    while (p && !p->reply_count)
        p = trace_next_at(facts->target_witness, p);
    if (!p || p->replies[0].kind == REPLY_RST) /* which a device before the target may have sent */
        return;
    evidence_show(out, &(struct evidence){p, &p->replies[0]});
    out->at.ttl = nearest;
}

static const char *expiry_text(const struct facts *facts, const struct evidence *answer, const struct verdict *out)
{
    bool expires = facts->all->namesakes.who == NAMESAKE_TARGET && out->at.ttl < answer->probe->ttl;
    return expires ? ", which itself lets probes with no more TTL expire" : "";
}

/* A proxy replies to TCP or UDP in the target's name and looks like the target, unless a probe that it lets pass shows
 * where the target is. */
static bool may_be_proxy(const struct facts *facts)
{
    const enum reply_kind kind = facts->positive.reply->kind;
    if (kind != REPLY_SYN_ACK && kind != REPLY_TCP && kind != REPLY_UDP)
        return false;
    for (unsigned i = 0; i < facts->set->count; i++)
        if (facts->all->of[i].direct.reply &&
            facts->set->traces[i]->flow.spec.protocol != facts->trace->flow.spec.protocol)
            return false;
    return true;
}

void explain_open(const struct facts *facts, struct verdict *out)
{
    out->state = VERDICT_OPEN;
    bool doubtful = facts_target_is_farther(facts, facts->positive.probe->ttl, true);
    out->confidence = doubtful ? SURE_WEAK : evidence_sureness(facts->positive.reply);
    evidence_show(out, &facts->positive);
    place_at_target(facts, &facts->positive, out);
    phrase_set_verdict(out, " at the target (hop %u)%s: %s", out->at.ttl, expiry_text(facts, &facts->positive, out),
                       answer_text(facts->positive.reply));
    if (may_be_proxy(facts))
        phrase_add(out->text, "; no other protocol confirms that this is the target");
}

/* --- 5, 6, 7 --- */

bool holds_closed(const struct facts *facts)
{
    const struct reply *reply = facts->direct.reply;
    return reply && !facts_target_is_farther(facts, facts->direct.probe->ttl, false) &&
           (reply->kind != REPLY_RST || (!facts_expired_too(&facts->direct) && facts_reply_ttl_fits(facts, reply)));
}

/* Ports that traceroutes send UDP probes to: 33434 and one more for each probe (30 hops, 3 each, and some spare). */
#define TRACEROUTE_PORT 33434
#define TRACEROUTE_PORT_LAST 33534

static bool is_traceroute(const struct probe_spec *spec)
{
    return spec->protocol == IP_UDP && spec->port >= TRACEROUTE_PORT && spec->port <= TRACEROUTE_PORT_LAST;
}

/* Whether the host that accepted the connection writes another initial TTL than the sender of the reset. */
static bool is_unlike_handshake(const struct trace *trace, const struct reply *reset, uint8_t *ttl)
{
    uint8_t largest;
    return facts_handshake_ttls(trace, ttl, &largest) && initial_ttl(*ttl) != reply_initial_ttl(reset);
}

static void add_reset(const struct facts *facts, bool doubtful, struct verdict *out)
{
    const struct reply *reset = facts->direct.reply;
    uint8_t ttl;
    if (is_unlike_handshake(facts->trace, reset, &ttl)) {
        phrase_add(out->text, " with TTL %u; the SYN/ACK had TTL %u, so another device may have sent the RST",
                   reset->reply_ttl, ttl);
        return;
    }
    if (facts->trace->flow.spec.variant == VARIANT_ACK)
        phrase_add(out->text, ", as open and closed ports both do%s",
                   facts->others_target ? "" : "; no other probe confirms that it is the target's own");
    else if (facts_is_made_otherwise(facts, reset))
        phrase_add(out->text, ", probably its own: resets to other probes differ in id, DF or window");
    else if (doubtful)
        phrase_add(out->text, "; no other probe confirms that the reset is the target's own");
}

/* The state of the port, and who says so: any device on the path can forge a reset, but only one that translates the
 * target's address an ICMP error in its name. */
static void add_closed(const struct facts *facts, bool doubtful, struct verdict *out)
{
    const struct reply *reply = facts->direct.reply;
    bool is_icmp = reply->kind == REPLY_UNREACHABLE || reply->kind == REPLY_PARAMETER_PROBLEM;
    bool is_usual = is_icmp && is_traceroute(&facts->trace->flow.spec);
    phrase_set_verdict(out, " at the target (hop %u)%s: %s", out->at.ttl, expiry_text(facts, &facts->direct, out),
                       is_usual ? "path complete; " : "");
    if (is_icmp)
        phrase_add(out->text, "it replies %s%s", phrase_how(out->how, "with an ICMP error"),
                   is_usual ? ", as usual for a traceroute" : "");
    else
        phrase_add(out->text, "%s", answer_text(reply));
    if (reply->kind == REPLY_RST)
        add_reset(facts, doubtful, out);
}

void explain_closed(const struct facts *facts, struct verdict *out)
{
    const struct reply *reply = facts->direct.reply;
    out->state = VERDICT_CLOSED;
    out->how = how_of_reply(reply);
    uint8_t ttl;
    bool reset = reply->kind == REPLY_RST;
    bool doubtful = (reset && (!facts->others_target || is_unlike_handshake(facts->trace, reply, &ttl) ||
                               facts_is_made_otherwise(facts, reply))) ||
                    facts_target_is_farther(facts, facts->direct.probe->ttl, true);
    out->confidence = doubtful ? SURE_WEAK : evidence_sureness(reply);
    evidence_show(out, &facts->direct);
    place_at_target(facts, &facts->direct, out);
    add_closed(facts, doubtful, out);
}

/* Whether a SYN shows what the device before the target is that resets an ACK: it resets SYNs as well, or lets one to
 * the same port pass. Then it is a filter. */
static bool is_shown_by_syn(const struct facts *facts)
{
    uint8_t ttl = facts->direct.probe->ttl;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct facts *other = &facts->all->of[i];
        const struct probe_spec *syn = &other->trace->flow.spec;
        const struct evidence *reset = &other->direct;
        bool resets = reset->reply && reset->reply->kind == REPLY_RST && reset->probe->ttl == ttl;
        if (syn->variant == VARIANT_SYN && (resets || syn->port == facts->trace->flow.spec.port))
            return true;
    }
    return false;
}

/* A reset is the answer of every host to an ACK without a connection, and no refusal. */
static bool is_answer_to_ack(const struct facts *facts)
{
    const struct evidence *direct = &facts->direct;
    bool short_of_it = facts_target_is_farther(facts, direct->probe->ttl, false) || facts_expired_too(direct);
    return facts->trace->flow.spec.variant == VARIANT_ACK && direct->reply->kind == REPLY_RST && short_of_it &&
           !is_shown_by_syn(facts);
}

bool holds_intercepted_reset(const struct facts *facts)
{
    if (!facts->direct.reply)
        return false;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct facts *other = &facts->all->of[i];
        if (other != facts && holds_intercepted(other) && other->positive.probe->ttl == facts->direct.probe->ttl)
            return true;
    }
    return is_answer_to_ack(facts);
}

bool holds_reset(const struct facts *facts)
{
    return facts->direct.reply != NULL;
}

/* Whether the device stands beside the path: it lets what it resets go on. The router at its own hop does not show
 * that, since the same router may drop the probes with larger TTLs. */
static bool is_beside(const struct facts *facts)
{
    return facts->last_hop > facts->direct.probe->ttl;
}

/* The last hop of the spec before the one that drew the reset: a device beside the path lets the probes go on. */
static uint8_t hop_before(const struct facts *facts, uint8_t ttl)
{
    uint8_t hop = facts->last_hop < ttl ? facts->last_hop : (uint8_t)(ttl - 1);
    while (hop && !trace_shows_hop(facts->trace, hop))
        hop--;
    return hop;
}

/* The device is hidden: it stands behind the last router before it that answered this spec. */
void explain_reset(const struct facts *facts, struct verdict *out)
{
    const struct evidence *direct = &facts->direct;
    out->state = VERDICT_REJECTED;
    out->how = how_of_reply(direct->reply);
    uint8_t before = hop_before(facts, direct->probe->ttl);
    out->after = facts_place(facts->set, facts->trace, before);
    /* Its probe had TTL left at the hops before, which may have been silent to other probes of this spec. */
    uint8_t nearest = (uint8_t)(direct->probe->ttl - 1);
    out->before = facts_next_router(facts, nearest > before ? nearest : before);
    if (is_beside(facts) && !out->before.known)
        out->before = facts_place(facts->set, facts->trace, direct->probe->ttl);
    evidence_show(out, direct);
    bool by_hop = facts_target_is_farther(facts, direct->probe->ttl, false) || facts_expired_too(direct);
    evidence_show_beyond(facts, direct->probe->ttl, out);
    out->confidence = by_hop ? evidence_sureness(direct->reply) : SURE_WEAK; /* return paths may differ by protocol */
    phrase_set_verdict(out, "%s%s: ", out->after.known ? " after " : " on the path",
                       out->after.known ? PLACE_TEXT(&out->after) : "");
    if (by_hop)
        phrase_add(out->text, "a refusal in the target's name (%s) comes from hop %u, before the target",
                   phrase_how(out->how, "ICMP"), direct->probe->ttl);
    else
        phrase_add(out->text, "a reset in the target's name arrives with TTL %u, unlike the target's other replies",
                   direct->reply->reply_ttl);
    if (is_beside(facts))
        phrase_add(out->text, "; the probes go on to hop %u", facts->last_hop);
}
