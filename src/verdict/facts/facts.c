/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/facts/facts.h"

#include "address/special.h"
#include "silence/names.h"
#include "silence/sample.h"

static bool is_direct(const struct trace *trace, const struct reply *reply)
{
    return reply_reaches(trace, reply) && (reply_accepts(reply) || reply_closes(reply));
}

static void keep_nearest(struct evidence *kept, const struct probe *probe, const struct reply *reply)
{
    if (!kept->reply || probe->ttl < kept->probe->ttl)
        *kept = (struct evidence){probe, reply};
}

static bool is_blocked(const struct facts *facts, const struct probe *probe)
{
    return name_blocks_at(&facts->blocks, probe->sent);
}

static void gather_replies(struct facts *facts)
{
    const struct trace *trace = facts->trace;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        facts->refused_sends += probe->state == PROBE_REFUSED;
        facts->sent += probe->state != PROBE_REFUSED;
        facts->silent += sample_is_silent(facts->set, probe) && probe->ttl > trace->last_router_ttl;
        for (unsigned k = 0; k < probe->reply_count && !is_blocked(facts, probe); k++) {
            const struct reply *reply = &probe->replies[k];
            bool direct = is_direct(trace, reply);
            if (direct)
                keep_nearest(&facts->direct, probe, reply);
            if (direct && reply_accepts(reply))
                keep_nearest(&facts->positive, probe, reply);
            if (!direct && reply->kind == REPLY_TOO_BIG && !reply_rejects(trace, reply))
                keep_nearest(&facts->unexplained, probe, reply);
        }
    }
}

static bool is_among(const struct addr *address, const struct addr *all, unsigned count)
{
    while (count && !addr_equal(address, &all[count - 1]))
        count--;
    return count > 0;
}

/* The refusal at the least TTL, without those by some routers. */
static struct evidence nearest_refusal(const struct facts *facts, const struct addr *except, unsigned count)
{
    const struct trace *trace = facts->trace;
    struct evidence nearest = {0};
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++) {
            const struct reply *reply = &trace->probes[i].replies[k];
            bool refuses = reply_rejects(trace, reply) || reply_reaches(trace, reply);
            if (refuses && !is_direct(trace, reply) && !is_among(&reply->from, except, count) &&
                !is_blocked(facts, &trace->probes[i]))
                keep_nearest(&nearest, &trace->probes[i], reply);
        }
    return nearest;
}

/* Whether probes get further than that refusal. A foreign trace may show other flows, or another time; a smaller packet
 * passes where a larger one is too big. */
static bool is_outlived(const struct facts *facts, const struct evidence *refusal)
{
    return refusal->reply && (facts->set->is_apart || refusal->reply->kind == REPLY_TOO_BIG) &&
           facts->last_hop >= refusal->probe->ttl;
}

static void find_refusal(struct facts *facts)
{
    struct addr outlived[LOOKUPS_MOST];
    unsigned count = 0;
    facts->refusal = nearest_refusal(facts, NULL, 0);
    while (is_outlived(facts, &facts->refusal)) {
        facts->outlived = count ? facts->outlived : facts->refusal;
        outlived[count++] = facts->refusal.reply->from;
        facts->refusal = count < LOOKUPS_MOST ? nearest_refusal(facts, outlived, count) : (struct evidence){0};
    }
}

/* The hop of a router that refused this trace. Such a router may never have sent a time exceeded: it may have no route.
 */
static uint8_t last_refusing_router(const struct trace_set *set, const struct trace *trace)
{
    uint8_t last = 0;
    struct hop_lookup lookup = {0};
    if (!trace->refused_ttl)
        return 0;
    for (const struct probe *p = trace_first_at(trace, trace->refused_ttl); p; p = trace_next_at(trace, p))
        for (unsigned i = 0; i < p->reply_count; i++) {
            const struct reply *reply = &p->replies[i];
            if (!reply_rejects(trace, reply) || addr_equal(&reply->from, &trace->flow.source))
                continue;
            uint8_t hop = facts_look_up_hop(set, &reply->from, &lookup);
            hop = hop ? hop : trace_refused_from(trace, p, reply);
            last = hop > last ? hop : last;
        }
    return last;
}

/* Whether another flow, never refused, got as far as the hop at which this probe was refused. */
static bool another_goes_on(const struct trace *trace, const struct probe *refused)
{
    bool goes_on[FLOW_ALTERNATES_MOST + 1] = {false}, stops[FLOW_ALTERNATES_MOST + 1] = {false}, any = false;
    stops[refused->flow] = true;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        stops[probe->flow] = stops[probe->flow] || (reply && reply_rejects(trace, reply));
        goes_on[probe->flow] =
            goes_on[probe->flow] || (reply && reply->kind == REPLY_TIME_EXCEEDED && probe->ttl >= refused->ttl);
    }
    for (unsigned flow = 0; flow < trace->flow_count && !any; flow++)
        any = goes_on[flow] && !stops[flow];
    return any;
}

/* So many probes to nearer hops must be unanswered before the target counts as being no nearer than its first answer.
 * Unit: probes. Source: chosen. Effect: with fewer, one lost reply makes a target's own answers look forged. */
#define SILENCE_TO_CLAIM 3

/* Unanswered probes of the trace from this TTL up to the target's. */
static unsigned silent_before_target(const struct trace_set *set, const struct trace *trace, uint8_t ttl)
{
    unsigned silent = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        silent += sample_is_silent(set, probe) && probe->ttl >= ttl && probe->ttl < trace->reached_ttl;
    }
    return silent;
}

static bool target_is_farther(const struct facts *facts, uint8_t ttl, bool diverging)
{
    const struct trace *trace = facts->trace;
    bool spread = !diverging && responders_are_spread(&facts->all->responders, ttl);
    if (!spread && facts->target_witness && ttl < facts->others_target &&
        silent_before_target(facts->set, facts->target_witness, ttl) >= SILENCE_TO_CLAIM &&
        (diverging || !traces_diverge(trace, facts->target_witness, ttl)))
        return true;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        bool behind = other == trace ? diverging : !spread && (diverging || !traces_diverge(trace, other, ttl));
        if (namesakes_last_router(&facts->all->namesakes, other) >= ttl && behind)
            return true;
    }
    return false;
}

enum farther { FARTHER_KNOWN = 1, FARTHER = 2, FARTHER_IF_DIVERGING = 4 };

/* Finds it once for each TTL with a direct reply; rules and finders look it up for every such reply. */
static void note_farther(struct facts *facts)
{
    for (size_t i = 0; i < facts->trace->probe_count; i++) {
        const struct probe *probe = &facts->trace->probes[i];
        bool direct = false;
        if (facts->farther[probe->ttl])
            continue;
        for (unsigned k = 0; k < probe->reply_count; k++)
            direct = direct || is_direct(facts->trace, &probe->replies[k]);
        if (direct)
            facts->farther[probe->ttl] =
                (uint8_t)(FARTHER_KNOWN | (target_is_farther(facts, probe->ttl, false) ? FARTHER : 0) |
                          (target_is_farther(facts, probe->ttl, true) ? FARTHER_IF_DIVERGING : 0));
    }
}

bool facts_target_is_farther(const struct facts *facts, uint8_t ttl, bool diverging)
{
    if (facts->farther[ttl])
        return facts->farther[ttl] & (diverging ? FARTHER_IF_DIVERGING : FARTHER);
    return target_is_farther(facts, ttl, diverging);
}

/* Notes the reply TTLs of those who answer short of the target. */
static void note_nearer(struct facts *facts)
{
    for (size_t i = 0; i < facts->trace->probe_count; i++) {
        const struct probe *probe = &facts->trace->probes[i];
        for (unsigned k = 0; k < probe->reply_count; k++) {
            const struct reply *reply = &probe->replies[k];
            if (is_direct(facts->trace, reply) && facts->farther[probe->ttl] & FARTHER)
                facts->from_nearer[reply->reply_ttl] = true;
        }
    }
}

bool facts_expired_too(const struct evidence *evidence)
{
    for (unsigned i = 0; i < evidence->probe->reply_count; i++)
        if (evidence->probe->replies[i].kind == REPLY_TIME_EXCEEDED)
            return true;
    return false;
}

static void widen_ttls(uint8_t ttl, uint8_t *least, uint8_t *largest)
{
    *least = !*least || ttl < *least ? ttl : *least;
    *largest = ttl > *largest ? ttl : *largest;
}

bool facts_handshake_ttls(const struct trace *trace, uint8_t *least, uint8_t *largest)
{
    *least = trace->handshakes.least_reply_ttl;
    *largest = trace->handshakes.most_reply_ttl;
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        const struct connection *connection = trace_flow(trace, flow)->connection;
        if (connection && connection_was_open(connection) && connection->syn_ack_ttl)
            widen_ttls(connection->syn_ack_ttl, least, largest);
    }
    return *least;
}

/* The same, if they had the initial TTL of this reply: then they arrive as the target's other packets do. */
static bool like_handshake(const struct trace *trace, const struct reply *reply, uint8_t *least, uint8_t *largest)
{
    return facts_handshake_ttls(trace, least, largest) && initial_ttl(*least) == reply_initial_ttl(reply) &&
           initial_ttl(*largest) == reply_initial_ttl(reply);
}

/* Least and largest reply TTL of direct replies to one trace, and of the SYN/ACKs of its connections, without resets
 * and other initial TTLs; least 0: none. */
static void reply_ttls(const struct trace *trace, const struct reply *rst, uint8_t *least, uint8_t *largest)
{
    if (!like_handshake(trace, rst, least, largest))
        *least = *largest = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++) {
            const struct reply *reply = &trace->probes[i].replies[k];
            if (!is_direct(trace, reply) || reply->kind == REPLY_RST ||
                reply_initial_ttl(reply) != reply_initial_ttl(rst))
                continue;
            widen_ttls(reply->reply_ttl, least, largest);
        }
}

bool facts_reply_ttl_fits(const struct facts *facts, const struct reply *rst)
{
    bool fits = true;
    for (unsigned i = 0; i < facts->set->count; i++) {
        uint8_t least, largest;
        reply_ttls(facts->set->traces[i], rst, &least, &largest);
        if (least != largest || (least && least == rst->reply_ttl))
            return true; /* the return path is balanced, or the TTL is just the same */
        fits = fits && !least;
    }
    return fits;
}

bool facts_is_genuine(const struct facts *facts, const struct probe *probe, const struct reply *reply)
{
    struct evidence evidence = {probe, reply};
    if (!is_direct(facts->trace, reply) || facts_target_is_farther(facts, probe->ttl, false) ||
        facts->from_nearer[reply->reply_ttl])
        return false;
    if (reply->kind != REPLY_RST)
        return true;
    return !facts_expired_too(&evidence) && facts_reply_ttl_fits(facts, reply);
}

/* Whether a RST ended the connection of the flow, whichever packet drew it. */
static bool was_reset(const struct trace *trace, unsigned flow)
{
    const struct connection *connection = trace_flow(trace, flow)->connection;
    return connection && connection->state == CONNECTION_RESET;
}

/* A device beside the path may be slower than the target, which then takes the data before its connection is reset. So
 * the trace's last frame shows no flow that gets through: a RST may have followed. A foreign trace does not tell its
 * flows apart. */
static void find_reset(struct facts *facts)
{
    const struct trace *trace = facts->trace;
    bool open[FLOWS_COMPARED_MOST] = {false}, reset[FLOWS_COMPARED_MOST] = {false};
    struct evidence forged = {0};
    uint8_t least, largest;
    if (!facts_handshake_ttls(trace, &least, &largest) || trace_is_search(trace))
        return;
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++) {
            const struct probe *probe = &trace->probes[i];
            const struct reply *reply = &probe->replies[k];
            bool genuine = facts_is_genuine(facts, probe, reply);
            bool is_last = reply->time == trace->last_seen;
            open[probe->flow] = open[probe->flow] || (genuine && reply_accepts(reply) && !is_last);
            if (reply->kind == REPLY_RST && !genuine && is_direct(trace, reply) && !is_blocked(facts, probe)) {
                reset[probe->flow] = true;
                keep_nearest(&forged, probe, reply);
            }
        }
    facts->is_reset = forged.reply != NULL;
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        facts->is_reset = facts->is_reset && (!open[flow] || reset[flow] || was_reset(trace, flow));
    if (facts->is_reset)
        facts->direct = forged;
}

/* Flows may meet different devices. Where other flows get through, the target's own reply to these counts. A RST in a
 * connection shows no such flow: a device may have reset the connection at both ends before. */
static void prefer_genuine(struct facts *facts)
{
    const struct trace *trace = facts->trace;
    struct evidence positive = {0}, direct = {0};
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++) {
            const struct probe *probe = &trace->probes[i];
            const struct reply *reply = &probe->replies[k];
            if (!facts_is_genuine(facts, probe, reply) || is_blocked(facts, probe))
                continue;
            if (reply->kind != REPLY_RST || !flow_needs_connection(&trace->flow))
                keep_nearest(&direct, probe, reply);
            if (reply_accepts(reply))
                keep_nearest(&positive, probe, reply);
        }
    bool short_of_it = facts->positive.reply && facts_target_is_farther(facts, facts->positive.probe->ttl, false);
    if (short_of_it && positive.reply && positive.probe->flow != facts->positive.probe->flow)
        facts->positive = positive;
    if (facts->direct.reply && direct.reply && direct.probe->flow != facts->direct.probe->flow)
        facts->direct = direct;
}

/* T: where the target answered another spec. */
static void find_target(struct facts *facts, uint8_t last_router)
{
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *other = facts->set->traces[i];
        bool genuine = other != facts->trace && other->reached_ttl > last_router;
        if (genuine && (!facts->others_target || other->reached_ttl < facts->others_target)) {
            facts->others_target = other->reached_ttl;
            facts->target_witness = other;
        }
    }
}

static uint8_t last_replying_router(const struct set_facts *all)
{
    return all->namesakes.who == NAMESAKE_TARGET ? all->namesakes.router : trace_set_last_router_ttl(all->set);
}

static void gather(const struct set_facts *all, const struct trace *trace, uint8_t last_router, struct facts *out)
{
    *out = (struct facts){.all = all, .set = all->set, .trace = trace, .last_router = last_router};
    out->last_hop = namesakes_last_router(&all->namesakes, trace);
    names_doubts(all->set, trace, &out->blocks);
    gather_replies(out);
    find_refusal(out);
    find_target(out, last_replying_router(all));
    note_farther(out);
    note_nearer(out);
    silence_compare(all->set, trace, &out->comparison);
    if (trace->flow_count > 1 && out->refusal.reply && another_goes_on(trace, out->refusal.probe))
        out->refusal = (struct evidence){0};
    find_reset(out);
    if (trace->flow_count > 1 && !out->is_reset)
        prefer_genuine(out);
}

/* While residual blocking lasts, no flow of the control's protocol passes: their silences are no router's. */
static void forget_blocked(const struct facts *control, struct set_facts *all)
{
    for (unsigned i = 0; control->blocks.count && i < all->set->count; i++) {
        const struct trace *trace = all->set->traces[i];
        bool is_same = trace->flow.spec.protocol == control->trace->flow.spec.protocol;
        for (size_t n = 0; is_same && n < trace->probe_count; n++)
            if (is_blocked(control, &trace->probes[n]) && trace->probes[n].flow <= UINT8_MAX)
                all->passage.farthest[i][trace->probes[n].flow] = 0;
    }
}

void set_facts_gather(const struct trace_set *set, struct set_facts *out)
{
    out->set = set;
    responders_gather(set, &out->responders);
    passage_gather(set, &out->passage);
    namesakes_gather(set, &out->namesakes);
    uint8_t last_router = last_replying_router(out);
    for (unsigned i = 0; i < set->count; i++) {
        uint8_t refusing = last_refusing_router(set, set->traces[i]);
        last_router = refusing > last_router ? refusing : last_router;
    }
    for (unsigned i = 0; i < set->count; i++) {
        gather(out, set->traces[i], last_router, &out->of[i]);
        forget_blocked(&out->of[i], out);
    }
}

const struct facts *set_facts_of(const struct set_facts *all, const struct trace *trace)
{
    unsigned i = 0;
    while (all->set->traces[i] != trace)
        i++;
    return &all->of[i];
}

/* Whether a segment comes from nearer than the host that accepted the connection. */
static bool is_nearer_than_handshake(const struct trace *trace, const struct reply *segment)
{
    uint8_t least, largest;
    return like_handshake(trace, segment, &least, &largest) && least == largest && segment->reply_ttl > largest;
}

bool facts_comes_from_nearer(const struct facts *facts, const struct evidence *evidence)
{
    const struct reply *reply = evidence->reply;
    unsigned witnesses = 0;
    uint8_t own_least, own_largest;
    if (reply->kind == REPLY_TCP)
        return is_nearer_than_handshake(facts->trace, reply);
    reply_ttls(facts->trace, reply, &own_least, &own_largest);
    if (reply->kind != REPLY_SYN_ACK || own_least != own_largest ||
        responders_are_spread(&facts->all->responders, evidence->probe->ttl))
        return false;
    for (unsigned i = 0; i < facts->set->count; i++) {
        uint8_t least, largest;
        reply_ttls(facts->set->traces[i], reply, &least, &largest);
        if (least != largest)
            return false; /* the return path is balanced */
        witnesses += facts->set->traces[i] != facts->trace && least && least < reply->reply_ttl;
    }
    return witnesses >= 2;
}

static bool same_make(const struct reply *a, const struct reply *b)
{
    return a->dont_fragment == b->dont_fragment && !a->ip_id == !b->ip_id && !a->tcp_window == !b->tcp_window;
}

bool facts_is_made_otherwise(const struct facts *facts, const struct reply *rst)
{
    unsigned others = 0;
    for (unsigned i = 0; i < facts->set->count; i++) {
        const struct trace *trace = facts->set->traces[i];
        bool alike = trace != facts->trace && trace->flow.spec.variant == VARIANT_SYN;
        for (size_t n = 0; alike && n < trace->probe_count; n++)
            for (unsigned k = 0; k < trace->probes[n].reply_count; k++) {
                const struct reply *reply = &trace->probes[n].replies[k];
                if (reply->kind != REPLY_RST || trace->probes[n].ttl <= facts->last_router)
                    continue;
                if (same_make(rst, reply))
                    return false;
                others++;
            }
    }
    return others && facts->trace->flow.spec.variant == VARIANT_SYN;
}

uint8_t facts_hop_of(const struct trace_set *set, const struct addr *address)
{
    for (unsigned ttl = 1; ttl <= set->max_ttl && !special_is_shared(address); ttl++)
        for (unsigned i = 0; i < set->count; i++) {
            const struct trace *trace = set->traces[i];
            for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p))
                for (unsigned k = 0; k < p->reply_count; k++)
                    if (p->replies[k].kind == REPLY_TIME_EXCEEDED && addr_equal(&p->replies[k].from, address))
                        return (uint8_t)ttl;
        }
    return 0;
}

uint8_t facts_look_up_hop(const struct trace_set *set, const struct addr *address, struct hop_lookup *lookup)
{
    if (addr_equal(&lookup->address, address))
        return lookup->hop;
    lookup->address = *address;
    lookup->hop = lookup->count < LOOKUPS_MOST ? facts_hop_of(set, address) : 0;
    lookup->count++;
    return lookup->hop;
}

struct place facts_place(const struct trace_set *set, const struct trace *trace, uint8_t ttl)
{
    struct place place = {.known = ttl != 0, .ttl = ttl};
    if (!ttl)
        return place;
    place.address = trace_router_address(trace, ttl);
    for (unsigned i = 0; addr_is_none(&place.address) && i < set->count; i++)
        place.address = trace_router_address(set->traces[i], ttl);
    return place;
}

struct place facts_next_router(const struct facts *facts, uint8_t ttl)
{
    for (unsigned next = ttl + 1U; next <= facts->last_router; next++)
        for (unsigned i = 0; i < facts->set->count && trace_asked(facts->trace, next); i++) {
            const struct trace *other = facts->set->traces[i];
            struct addr router = trace_router_address(other, (uint8_t)next);
            if (other != facts->trace && !addr_is_none(&router))
                return (struct place){.known = true, .ttl = (uint8_t)next, .address = router};
        }
    return (struct place){0};
}
