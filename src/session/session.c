/* session: takes frames, claims and time in order, keeps traces and counters, says what is wished next. */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "session/internal.h"

/* Two captures of one frame on two interfaces (a bridge and its port, a bond and its slave) lie closer than this. */
#define SAME_FRAME_WITHIN (2 * NS_PER_MS)

/* Serials are given out in order, so a probe far ahead of the last one known is another run's whose ports are ours by
 * chance and whose kind bears no tag. As many frames in a row may be lost by the capture. */
#define SERIALS_AHEAD 1000

#define EPHEMERAL_FIRST 49152 /* RFC 6335 6: the dynamic ports */
#define EPHEMERAL_COUNT 16384

/* --- making and freeing --- */

static void draw_flow(const struct session_config *config, unsigned index, struct rng *rng, struct flow *flow)
{
    /* Ports of one run differ: one spec's connection state must not open the way for another. */
    uint16_t drawn =
        (uint16_t)(EPHEMERAL_FIRST + (rng_below(rng, EPHEMERAL_COUNT / 64) * 64 + index) % EPHEMERAL_COUNT);
    uint32_t label = 1 + rng_below(rng, 0xfffff);
    *flow = (struct flow){
        .spec = config->specs[index],
        .source = config->source,
        .target = config->target,
        .source_port = config->source_port ? config->source_port : drawn,
        .target_port = config->specs[index].port,
        .tos = config->tos,
        .dont_fragment = config->dont_fragment,
        .flow_label = config->flow_label >= 0 ? (uint32_t)config->flow_label : label,
        .size = config->size,
        .nonce = rng_u32(rng),
    };
    if (config->target.family != 6)
        flow->flow_label = 0;
}

static enum status build_traces(struct session *session, const struct flow *flows, struct err *err)
{
    struct rng rng = rng_init(session->config.seed);
    unsigned count = session->config.spec_count;
    size_t stamp_bytes = 1;
    session->traces = calloc(count, sizeof *session->traces);
    if (!session->traces)
        return err_set(err, STATUS_SYSTEM, "out of memory");
    for (unsigned i = 0; i < count; i++) {
        struct trace *trace = &session->traces[i];
        trace_init(trace);
        session->trace_count = i + 1;
        trace->gap = session->config.gap;
        trace->max_ttl = session->config.max_ttl;
        if (flows)
            trace->flow = flows[i];
        else
            draw_flow(&session->config, i, &rng, &trace->flow);
        trace->flow.template_bytes = NULL;
        enum status status = flow_build(&trace->flow, err);
        if (status != STATUS_OK)
            return status;
        stamp_bytes = trace->flow.size > stamp_bytes ? trace->flow.size : stamp_bytes;
    }
    session->stamp = malloc(stamp_bytes);
    return session->stamp ? STATUS_OK : err_set(err, STATUS_SYSTEM, "out of memory");
}

struct session *session_new_with_flows(const struct session_config *config, const struct flow *flows, bool seen_only,
                                       const struct session_events *events, struct err *err)
{
    if (!config->spec_count || config->spec_count > SPECS_MOST || !config->first_ttl ||
        config->first_ttl > config->max_ttl || !config->queries || !config->gap) {
        err_set(err, STATUS_USAGE, "a run needs a probe, a TTL of at least 1, a query and a gap");
        return NULL;
    }
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        err_set(err, STATUS_SYSTEM, "out of memory");
        return NULL;
    }
    session->config = *config;
    session->seen_only = seen_only;
    session->now = session->last_send = NSTIME_NONE;
    if (events)
        session->events = *events;
    if (build_traces(session, flows, err) != STATUS_OK) {
        session_free(session);
        return NULL;
    }
    plan_update(session);
    return session;
}

struct session *session_new(const struct session_config *config, bool seen_only, const struct session_events *events,
                            struct err *err)
{
    return session_new_with_flows(config, NULL, seen_only, events, err);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    for (unsigned i = 0; i < session->trace_count; i++)
        trace_free(&session->traces[i]);
    free(session->traces);
    free(session->pending);
    free(session->claims);
    free(session->stamp);
    free(session);
}

/* --- probes become known --- */

static struct probe *learn_probe(struct session *session, unsigned index, uint16_t serial, uint8_t ttl, nstime sent)
{
    struct probe *probe = trace_add_probe(&session->traces[index], serial, ttl, sent);
    if (serial > session->last_serial[index])
        session->last_serial[index] = serial;
    if (probe && sent > session->plan.last_sent[ttl])
        session->plan.last_sent[ttl] = sent;
    return probe;
}

static void resolve(struct session *session, unsigned index, struct probe *probe, enum probe_state state)
{
    if (probe->state == PROBE_OUTSTANDING)
        session->plan.traces[index].needs[probe->ttl].resolved++;
    probe->state = state;
}

static struct pending_send *find_pending(struct session *session, unsigned index, uint16_t serial)
{
    for (size_t i = session->pending_first; i < session->pending_count; i++) {
        struct pending_send *pending = &session->pending[i];
        if (!pending->done && pending->claim.trace == index && pending->claim.serial == serial)
            return pending;
    }
    return NULL;
}

static void settle_pending(struct session *session, struct pending_send *pending)
{
    pending->done = true;
    while (session->pending_first < session->pending_count && session->pending[session->pending_first].done)
        session->pending_first++;
}

static void keep_claim(struct session *session, const struct session_claim *claim)
{
    if (session->seen_only)
        return;
    if (session->claim_count == session->claim_capacity) {
        size_t larger = session->claim_capacity ? session->claim_capacity * 2 : 16;
        struct session_claim *moved = realloc(session->claims, larger * sizeof *moved);
        if (!moved)
            return; /* the report stands; only the saved capture will know less */
        session->claims = moved;
        session->claim_capacity = larger;
    }
    session->claims[session->claim_count++] = *claim;
}

/* The probe has no frame: the send call speaks for it. */
static struct probe *claim_probe(struct session *session, struct pending_send *pending)
{
    const struct session_claim claim = pending->claim;
    struct probe *probe = learn_probe(session, claim.trace, claim.serial, claim.ttl, claim.at);
    settle_pending(session, pending);
    keep_claim(session, &claim);
    if (!probe)
        return NULL;
    if (claim.kind == CLAIM_REFUSED) {
        probe->send_errno = claim.send_errno;
        resolve(session, claim.trace, probe, PROBE_REFUSED);
    } else {
        session->unseen_probes++;
    }
    return probe;
}

static nstime pending_deadline(const struct pending_send *pending)
{
    return pending->claim.kind == CLAIM_REFUSED ? pending->claim.at : pending->claim.at + UNSEEN_AFTER;
}

static void push_pending(struct session *session, const struct session_claim *claim)
{
    if (session->pending_count == session->pending_capacity) {
        size_t larger = session->pending_capacity ? session->pending_capacity * 2 : 64;
        struct pending_send *moved = realloc(session->pending, larger * sizeof *moved);
        if (!moved)
            return; /* should its frame stay away too, the probe stays unknown */
        session->pending = moved;
        session->pending_capacity = larger;
    }
    session->pending[session->pending_count++] = (struct pending_send){.claim = *claim};
}

/* --- deadlines --- */

enum deadline_kind { DEADLINE_NONE, DEADLINE_PLAN, DEADLINE_PENDING, DEADLINE_EXPIRY, DEADLINE_LONGEST_WAIT };

struct deadline {
    enum deadline_kind kind;
    nstime at;
    unsigned trace;
    size_t index; /* of the probe, or the pending send */
};

static void sooner(struct deadline *earliest, enum deadline_kind kind, nstime at, unsigned trace, size_t index)
{
    if (at < earliest->at)
        *earliest = (struct deadline){.kind = kind, .at = at, .trace = trace, .index = index};
}

static struct deadline earliest_deadline(const struct session *session)
{
    struct deadline earliest = {.kind = DEADLINE_NONE, .at = NSTIME_NEVER};
    sooner(&earliest, DEADLINE_PLAN, plan_timer(session), 0, 0);
    for (size_t i = session->pending_first; i < session->pending_count; i++)
        if (!session->pending[i].done)
            sooner(&earliest, DEADLINE_PENDING, pending_deadline(&session->pending[i]), 0, i);
    for (unsigned t = 0; t < session->trace_count; t++) {
        const struct trace *trace = &session->traces[t];
        for (size_t i = session->settled_probes[t]; i < trace->probe_count; i++)
            if (trace->probes[i].state == PROBE_OUTSTANDING)
                sooner(&earliest, DEADLINE_EXPIRY, plan_deadline(session, &trace->probes[i]), t, i);
        if (session->settled_probes[t] < trace->probe_count) {
            size_t next = session->settled_probes[t];
            sooner(&earliest, DEADLINE_LONGEST_WAIT, trace->probes[next].sent + session->config.max_wait, t, next);
        }
    }
    return earliest;
}

nstime session_next_deadline(const struct session *session)
{
    return earliest_deadline(session).at;
}

static void settle_probe(struct session *session, unsigned index)
{
    struct trace *trace = &session->traces[index];
    struct probe *probe = &trace->probes[session->settled_probes[index]++];
    if (probe->state == PROBE_OUTSTANDING && !session->interrupted)
        resolve(session, index, probe, PROBE_EXPIRED);
    if (session->events.probe_settled)
        session->events.probe_settled(session->events.context, session, trace, probe);
}

static void run_deadline(struct session *session, const struct deadline *deadline)
{
    switch (deadline->kind) {
    case DEADLINE_PENDING:
        claim_probe(session, &session->pending[deadline->index]);
        break;
    case DEADLINE_EXPIRY:
        resolve(session, deadline->trace, &session->traces[deadline->trace].probes[deadline->index], PROBE_EXPIRED);
        break;
    case DEADLINE_LONGEST_WAIT:
        settle_probe(session, deadline->trace);
        break;
    case DEADLINE_PLAN:
    case DEADLINE_NONE:
        break;
    }
}

void session_tick(struct session *session, nstime now)
{
    for (;;) {
        struct deadline next = earliest_deadline(session);
        if (next.kind == DEADLINE_NONE || next.at > now)
            break;
        if (next.at > session->now)
            session->now = next.at;
        run_deadline(session, &next);
        plan_update(session);
    }
}

/* --- frames --- */

static struct frame_note count_stray(struct session *session, const char *reason)
{
    struct session_counters *counters = &session->counters;
    unsigned i = 0;
    while (i < counters->stray_kinds && strcmp(counters->strays[i].reason, reason) != 0)
        i++;
    if (i < STRAY_KINDS_MOST) {
        counters->strays[i].reason = reason;
        counters->strays[i].count++;
        if (i == counters->stray_kinds)
            counters->stray_kinds++;
    }
    return (struct frame_note){.role = FRAME_STRAY, .reason = reason};
}

static struct frame_note note_probe(unsigned index, const struct probe *probe, enum frame_role role, const char *reason)
{
    return (struct frame_note){.role = role,
                               .reason = reason,
                               .trace = index,
                               .serial = probe->serial,
                               .ttl = probe->ttl,
                               .attempt = probe->attempt};
}

static struct frame_note take_probe(struct session *session, const struct frame *frame, const struct packet *packet,
                                    const struct packet_match *match)
{
    struct probe *probe = trace_find(&session->traces[match->trace], match->flow.serial);
    if (probe && (probe->seen || probe->state == PROBE_REFUSED))
        return count_stray(session, "our own probe, seen again");
    if (match->flow.serial > session->last_serial[match->trace] + SERIALS_AHEAD)
        return count_stray(session, "a probe like ours, of another run");
    struct pending_send *pending = find_pending(session, match->trace, match->flow.serial);
    if (pending)
        settle_pending(session, pending);
    if (probe)
        session->unseen_probes--;
    else
        probe = learn_probe(session, match->trace, match->flow.serial, packet->outer.ip.ttl, frame->time);
    if (!probe)
        return count_stray(session, "probe beyond our memory");
    probe->sent = frame->time;
    probe->seen = true;
    probe->frame = frame->number;
    return note_probe(match->trace, probe, FRAME_PROBE, NULL);
}

/* An answer that fits the flow but tells no probe: that of the oldest unanswered probe beyond the last router. */
static struct probe *guess_probe(struct trace *trace)
{
    struct probe *oldest = NULL;
    for (size_t i = 0; i < trace->probe_count; i++) {
        struct probe *probe = &trace->probes[i];
        bool fits = probe->ttl > trace->top && (probe->state == PROBE_OUTSTANDING || probe->state == PROBE_EXPIRED);
        if (fits && (!oldest || probe->sent < oldest->sent))
            oldest = probe;
    }
    return oldest;
}

static struct probe *probe_of_reply(struct session *session, const struct packet_match *match)
{
    struct trace *trace = &session->traces[match->trace];
    if (!match->flow.serial)
        return guess_probe(trace);
    struct probe *probe = trace_find(trace, match->flow.serial);
    if (probe)
        return probe;
    struct pending_send *pending = find_pending(session, match->trace, match->flow.serial);
    return pending && pending->claim.kind == CLAIM_UNSEEN ? claim_probe(session, pending) : NULL;
}

static void add_quote(struct session *session, const struct trace *trace, const struct probe *probe,
                      const struct packet *packet, struct reply *reply)
{
    struct headers sent;
    const char *malformed = NULL;
    struct rewrite rewrites[REWRITES_MOST];
    reply->quoted_ttl = packet->quote.ip.ttl;
    flow_stamp(&trace->flow, probe->serial, probe->ttl, session->stamp);
    headers_decode(session->stamp, trace->flow.size, false, &sent, &malformed);
    unsigned count = rewrite_compare(&sent, &packet->quote, rewrites);
    if (count) {
        reply->rewrites = malloc(count * sizeof *rewrites);
        if (reply->rewrites) {
            memcpy(reply->rewrites, rewrites, count * sizeof *rewrites);
            reply->rewrite_count = (uint8_t)count;
        }
    }
    if (packet->extension.present) {
        reply->extension = malloc(sizeof *reply->extension);
        if (reply->extension)
            *reply->extension = packet->extension;
    }
}

static struct reply make_reply(const struct frame *frame, const struct packet *packet, const struct packet_match *match)
{
    const struct ip_header *ip = &packet->outer.ip;
    const struct transport *transport = &packet->outer.transport;
    return (struct reply){
        .from = ip->source,
        .time = frame->time,
        .frame = frame->number,
        .kind = match->flow.kind,
        .match = match->flow.serial ? match->flow.match : MATCH_WEAK,
        .rule = match->flow.rule,
        .version = ip->version,
        .is_icmp = packet->kind == PACKET_ICMP_ERROR || ip->protocol == IP_ICMP || ip->protocol == IP_ICMP6,
        .icmp_type = transport->type,
        .icmp_code = transport->code,
        .reply_ttl = ip->ttl,
        .quoted_ttl = -1,
        .mtu = packet->mtu,
        .interface = packet->interface,
        .tcp_window = transport->window,
        .answer_type = transport->type,
        .tcp_flags = transport->flags,
        .ip_id = ip->id,
        .dont_fragment = ip->dont_fragment,
    };
}

static bool is_same_frame(const struct probe *probe, const struct reply *reply)
{
    for (unsigned i = 0; i < probe->reply_count; i++) {
        const struct reply *other = &probe->replies[i];
        if (other->interface != reply->interface && addr_equal(&other->from, &reply->from) &&
            other->kind == reply->kind && other->ip_id == reply->ip_id &&
            reply->time - other->time <= SAME_FRAME_WITHIN)
            return true;
    }
    return false;
}

static void note_rtt(struct session *session, const struct probe *probe, const struct reply *reply)
{
    nstime rtt = reply_rtt(probe, reply);
    /* A refusal may be three seconds late (a neighbour that does not resolve), a second answer may be sent again by the
     * target's own timer (SYN/ACK): neither says anything of the path. */
    if (reply->kind == REPLY_UNREACHABLE || probe->reply_count > 1)
        return;
    if (rtt > session->worst_rtt)
        session->worst_rtt = rtt;
    if (!session->worst_rtt)
        session->worst_rtt = 1;
}

static struct frame_note take_reply(struct session *session, const struct frame *frame, const struct packet *packet,
                                    const struct packet_match *match)
{
    struct trace *trace = &session->traces[match->trace];
    struct probe *probe = probe_of_reply(session, match);
    if (!probe)
        return count_stray(session, "answer to a probe that was not sent");
    struct reply reply = make_reply(frame, packet, match);
    if (is_same_frame(probe, &reply))
        return count_stray(session, "the same answer on another interface");
    if (probe->sent + session->config.max_wait <= frame->time)
        return count_stray(session, "answer after the longest wait");
    if (packet->kind == PACKET_ICMP_ERROR)
        add_quote(session, trace, probe, packet, &reply);
    bool first = probe->state == PROBE_OUTSTANDING;
    if (!trace_add_reply(trace, probe, &reply)) {
        free(reply.extension);
        free(reply.rewrites);
        return count_stray(session, "answer beyond our memory");
    }
    if (first)
        session->plan.traces[match->trace].needs[probe->ttl].resolved++;
    note_rtt(session, probe, &reply);
    return note_probe(match->trace, probe, FRAME_REPLY, match->flow.rule);
}

static struct frame_note take_packet(struct session *session, const struct frame *frame, const struct packet *packet)
{
    struct packet_match match = match_packet(session, packet);
    switch (match.role) {
    case FRAME_PROBE:
        return take_probe(session, frame, packet, &match);
    case FRAME_REPLY:
        return take_reply(session, frame, packet, &match);
    case FRAME_STRAY:
    case FRAME_MALFORMED:
        break;
    }
    return count_stray(session, match.reason);
}

struct frame_note session_frame(struct session *session, const struct frame *frame, const struct packet *packet)
{
    session_tick(session, frame->time);
    if (frame->time > session->now)
        session->now = frame->time;
    session->counters.frames++;
    if (packet->malformed || frame->clamped)
        session->counters.malformed++;
    if (packet->kind == PACKET_MALFORMED)
        return (struct frame_note){.role = FRAME_MALFORMED, .reason = packet->malformed};
    struct frame_note note = take_packet(session, frame, packet);
    if (note.role == FRAME_PROBE || note.role == FRAME_REPLY)
        plan_update(session);
    return note;
}

/* --- wishes and claims --- */

struct wish session_wish(struct session *session, nstime now)
{
    struct wish wish = {.kind = WISH_WAIT, .until = NSTIME_NEVER};
    if (session->seen_only)
        return wish;
    if (session->plan.complete) {
        wish.kind = WISH_DONE;
        return wish;
    }
    nstime again;
    bool due = ladder_next(session, now, &wish.trace, &wish.ttl, &again);
    nstime slot = session->last_send == NSTIME_NONE ? now : session->last_send + session->config.send_gap;
    if (due && slot <= now && session->next_serial[wish.trace] < FLOW_SERIALS_MOST) {
        wish.kind = WISH_SEND;
        wish.serial = (uint16_t)(session->next_serial[wish.trace] + 1);
        return wish;
    }
    wish.until = session_next_deadline(session);
    if (due && slot < wish.until)
        wish.until = slot;
    if (again < wish.until)
        wish.until = again;
    if (wish.until == NSTIME_NEVER) /* nothing can go out and nothing is waited for: no serials are left, for one */
        wish.kind = WISH_DONE;
    return wish;
}

void session_sent(struct session *session, const struct wish *wish, int send_errno, nstime at)
{
    struct session_claim claim = {.kind = send_errno ? CLAIM_REFUSED : CLAIM_UNSEEN,
                                  .trace = wish->trace,
                                  .serial = wish->serial,
                                  .ttl = wish->ttl,
                                  .at = at,
                                  .send_errno = send_errno};
    session->next_serial[wish->trace] = wish->serial;
    session->commanded[wish->trace][wish->ttl]++;
    session->last_send = at;
    push_pending(session, &claim);
}

bool session_take_claim(struct session *session, struct session_claim *out)
{
    if (session->claims_taken == session->claim_count) {
        session->claims_taken = session->claim_count = 0;
        return false;
    }
    *out = session->claims[session->claims_taken++];
    return true;
}

void session_claim(struct session *session, const struct session_claim *claim)
{
    if (claim->trace < session->trace_count && claim->serial && claim->ttl &&
        !trace_find(&session->traces[claim->trace], claim->serial) &&
        !find_pending(session, claim->trace, claim->serial))
        push_pending(session, claim);
}

/* --- the end --- */

/* What the refusal that ended the trace says of the way: no way, or not for this. */
static bool refusal_is_unreachable(const struct trace *trace)
{
    for (const struct probe *probe = trace_first_at(trace, trace->refused_ttl); probe;
         probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++) {
            const struct reply *reply = &probe->replies[i];
            if (reply_refuses(trace, reply))
                return reply_is_no_route(reply);
        }
    return false;
}

static enum trace_end decide_end(const struct session *session, const struct trace *trace)
{
    if (trace->reached_ttl)
        return END_REACHED;
    if (trace->loop_first)
        return END_LOOPING;
    if (trace->refused_ttl)
        return refusal_is_unreachable(trace) ? END_UNREACHABLE : END_REJECTED;
    if (session->interrupted)
        return END_INTERRUPTED;
    uint8_t last = trace_last_ttl(trace), before = (uint8_t)(session->config.first_ttl - 1);
    uint8_t heard = trace->top > before ? trace->top : before;
    return last == trace->max_ttl && last - heard < trace->gap ? END_MAX_TTL : END_SILENT;
}

void session_finish(struct session *session, enum session_end end, uint64_t dropped_by_kernel)
{
    session->interrupted = end == SESSION_INTERRUPTED;
    session->counters.dropped_by_kernel = dropped_by_kernel;
    /* Live sends of the last moments, whose frames were not waited for, are no longer of interest. */
    if (!session->seen_only)
        session->pending_first = session->pending_count;
    if (!session->interrupted)
        session_tick(session, NSTIME_NEVER - 1);
    for (unsigned i = 0; i < session->trace_count; i++)
        session->traces[i].end = decide_end(session, &session->traces[i]);
    plan_finish(session);
    for (unsigned i = 0; i < session->trace_count; i++)
        while (session->settled_probes[i] < session->traces[i].probe_count)
            settle_probe(session, i);
}

nstime session_now(const struct session *session)
{
    return session->now;
}
