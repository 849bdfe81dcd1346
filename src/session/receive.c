/* SPDX-License-Identifier: BSD-2-Clause */
/* receive: turns a frame into a probe, a reply, or a stray that is counted. */
#include <stdlib.h>
#include <string.h>

#include "base/captured.h"
#include "session/state.h"

/* Serials rise in order. A probe far ahead of the last known one belongs to another run, whose ports equal ours by
 * chance. The capture may lose as many frames in a row. */
#define SERIALS_AHEAD 1000

/* Replies whose probe is guessed: each guess looks at all probes of the trace. Further ones are strays.
 * Unit: replies. Source: chosen: as many as a port list has ports in one trace. Effect: a smaller number leaves ports
 * of a long list without their replies; a larger one gives more time to a flood of such replies. */
#define GUESSES_MOST 16384

static struct frame_note count_stray(struct session *session, const char *reason)
{
    struct frame_counters *counters = &session->counters;
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

static enum forgery forgery_of(const struct packet *packet)
{
    return packet->kind == PACKET_ICMP_ERROR ? FORGERY_ERRORS : FORGERY_ANSWERS;
}

static void count_forgery(struct session *session, enum forgery forgery, const struct frame *frame)
{
    struct forgery_count *count = &session->counters.forgeries[forgery];
    if (!count->count || frame->time - count->since >= NS_PER_S) {
        count->since = frame->time;
        count->now = 0;
    }
    if (count->count < FORGERY_FRAMES_MOST)
        count->frames[count->count] = frame->number;
    count->count++;
    count->now++;
    count->most = count->now > count->most ? count->now : count->most;
}

/* A stray that looks like a reply to a probe. */
static struct frame_note count_lookalike(struct session *session, const struct frame *frame,
                                         const struct packet *packet, const char *reason)
{
    count_forgery(session, forgery_of(packet), frame);
    return count_stray(session, reason);
}

static struct frame_note note_probe(const struct session *session, unsigned index, const struct probe *probe,
                                    enum frame_role role, const char *reason)
{
    return (struct frame_note){.role = role,
                               .reason = reason,
                               .trace = session_shown_trace(session, index),
                               .serial = probe->serial,
                               .ttl = probe->ttl,
                               .attempt = probe->attempt};
}

/* A capture of an endless run may start with any serial: older files are gone. */
static bool is_far_ahead(const struct session *session, unsigned index, uint16_t serial)
{
    if (!session->traces[index].started && session->config.strategy->is_endless)
        return false;
    return session_serial_ahead(session, session->last_serial[index], serial) > SERIALS_AHEAD;
}

static struct frame_note take_probe(struct session *session, const struct frame *frame, const struct packet *packet,
                                    const struct packet_match *match)
{
    struct probe *probe = trace_find(&session->traces[match->trace], match->flow.serial);
    if (probe && (probe->seen || probe->state == PROBE_REFUSED))
        return count_stray(session, "our own probe, seen again");
    if (is_far_ahead(session, match->trace, match->flow.serial))
        return count_stray(session, "a probe like ours, of another run");
    struct pending_send *pending = pending_find(session, match->trace, match->flow.serial);
    if (pending)
        pending_settle(session, pending);
    if (probe)
        session->unseen_probes--;
    else
        probe = session_learn_probe(session, &(struct session_claim){.trace = match->trace,
                                                                     .flow = match->which,
                                                                     .port = match->port,
                                                                     .serial = match->flow.serial,
                                                                     .ttl = packet->outer.ip.ttl,
                                                                     .at = frame->time});
    if (!probe)
        return count_stray(session, "probe beyond the memory limit");
    if (probe->sent != frame->time) {
        probe->sent = frame->time;
        session_resent_probe(session, match->trace, probe);
    }
    probe->seen = true;
    probe->frame = frame->number;
    return note_probe(session, match->trace, probe, FRAME_PROBE, NULL);
}

/* The reply fits the flow but shows no probe number: it belongs to the flow's oldest unanswered probe beyond the
 * last router. */
static struct probe *guess_probe(struct trace *trace, unsigned flow, uint16_t port)
{
    struct probe *oldest = NULL;
    for (size_t i = 0; i < trace->probe_count; i++) {
        struct probe *probe = &trace->probes[i];
        bool fits = probe->flow == flow && (!port || probe->target_port == port) && !probe->unproven_count &&
                    probe->ttl > trace->last_router_ttl &&
                    (probe->state == PROBE_OUTSTANDING || probe->state == PROBE_EXPIRED);
        if (fits && (!oldest || probe->sent < oldest->sent))
            oldest = probe;
    }
    return oldest;
}

static struct probe *probe_of_reply(struct session *session, const struct packet_match *match)
{
    struct trace *trace = &session->traces[match->trace];
    if (!match->flow.serial)
        return session->guesses++ < GUESSES_MOST ? guess_probe(trace, match->which, match->port) : NULL;
    struct probe *probe = trace_find(trace, match->flow.serial);
    if (probe)
        return probe->flow == match->which && (!match->port || probe->target_port == match->port) ? probe : NULL;
    struct pending_send *pending = pending_find(session, match->trace, match->flow.serial);
    bool is_ours = pending && pending->claim.kind == CLAIM_UNSEEN && pending->claim.flow == match->which &&
                   pending->claim.port == match->port;
    return is_ours ? pending_claim(session, pending) : NULL;
}

/* Adds what the quote shows, and returns what a forger has to guess of it. */
static unsigned add_quote(struct session *session, const struct trace *trace, const struct probe *probe,
                          const struct packet *packet, struct reply *reply)
{
    struct headers sent;
    const char *malformed = NULL;
    reply->quoted_ttl = packet->quote.ip.ttl;
    const struct flow *flow = trace->ports
                                  ? session_port_flow(session, (unsigned)(trace - session->traces), probe->target_port)
                                  : trace_flow(trace, probe->flow);
    if (!flow)
        return 0;
    flow_stamp(flow, probe->serial, probe->ttl, session->stamp);
    headers_decode(session->stamp, flow->size, false, &sent, &malformed);
    if (flow_needs_connection(flow)) /* what our kernel had acknowledged and offered by then */
        sent.transport.have &= ~(uint32_t)(HAVE_ACK | HAVE_WINDOW | HAVE_CHECKSUM);
    reply_compare_quote(reply, &sent, &packet->quote);
    if (packet->extension.present) {
        reply->extension = malloc(sizeof *reply->extension);
        if (reply->extension)
            icmp_extension_copy(reply->extension, &packet->extension);
    }
    return flow_guess_bits(flow, &sent, &packet->quote);
}

static struct reply make_reply(const struct frame *frame, const struct packet *packet, const struct packet_match *match)
{
    struct reply reply;
    reply_of_packet(frame, packet, &reply);
    reply.kind = (uint8_t)match->flow.kind;
    reply.match = (uint8_t)(match->flow.serial ? match->flow.match : MATCH_WEAK);
    reply.rule = match->flow.rule;
    return reply;
}

static bool is_same_frame(const struct probe *probe, const struct reply *reply)
{
    for (unsigned i = 0; i < probe_listed(probe); i++) {
        const struct reply *other = &probe->replies[i];
        if (other->interface != reply->interface && addr_equal(&other->from, &reply->from) &&
            other->kind == reply->kind && other->ip_id == reply->ip_id &&
            reply->time - other->time <= SAME_FRAME_WITHIN)
            return true;
    }
    return false;
}

bool session_note_rtt(struct session *session, const struct probe *probe, const struct reply *reply)
{
    nstime rtt = reply_rtt(probe, reply);
    /* A refusal may come three seconds late (a neighbour that does not resolve), and the target's own timer may
     * repeat a SYN/ACK. Neither shows the round-trip time of the path. */
    if (reply->kind == REPLY_UNREACHABLE || rtt == NSTIME_NONE)
        return false;
    rtt = rtt > 0 ? rtt : 1; /* 0 stands for no reply yet */
    if (rtt <= session->worst_rtt)
        return false;
    session->worst_rtt = rtt;
    return true;
}

static void release(struct reply *reply)
{
    free(reply->extension);
    free(reply->rewrites);
}

/* Keeps a reply that a forger might guess. Among forged ones an ICMP error with so little of the probe is worth
 * nothing: a router that obeys RFC 792 quotes more. A target may answer so. */
static struct frame_note take_unproven(struct session *session, unsigned index, const struct frame *frame,
                                       const struct packet *packet, struct probe *probe, struct reply *reply,
                                       unsigned bits)
{
    bool is_error = packet->kind == PACKET_ICMP_ERROR, is_certain = session_sees_forgery(session, forgery_of(packet));
    if (is_certain && is_error && bits < GUESS_BITS_FAIR) {
        release(reply);
        return count_lookalike(session, frame, packet, "a reply with little of a probe's identity, among forged ones");
    }
    if (!unproven_add(session, index, probe, reply)) {
        release(reply);
        return count_lookalike(session, frame, packet, "a reply with little of a probe's identity, after another");
    }
    return note_probe(session, index, probe, FRAME_REPLY, reply->rule);
}

/* Whether a reply with so many unknown bits counts by itself. */
static bool is_proven(const struct session *session, const struct packet *packet, unsigned bits)
{
    return bits >= (session_sees_forgery(session, forgery_of(packet)) ? GUESS_BITS_SURE : GUESS_BITS_FAIR);
}

/* Whether an endless run has sent a probe with this serial, and keeps it no more. */
static bool is_forgotten(const struct session *session, const struct packet_match *match)
{
    const struct trace *trace = &session->traces[match->trace];
    return trace->forgotten && match->flow.serial && !trace_probe(trace, match->flow.serial) &&
           session_serial_ahead(session, session->last_serial[match->trace], match->flow.serial) <= 0;
}

static struct frame_note take_reply(struct session *session, const struct frame *frame, const struct packet *packet,
                                    const struct packet_match *match)
{
    struct trace *trace = &session->traces[match->trace];
    struct probe *probe = probe_of_reply(session, match);
    if (!probe && is_forgotten(session, match))
        return count_stray(session, "answer after the longest wait");
    if (!probe)
        return count_lookalike(session, frame, packet, "answer to a probe that was not sent");
    struct reply reply = make_reply(frame, packet, match);
    if (is_same_frame(probe, &reply))
        return count_stray(session, "the same answer on another interface");
    if ((size_t)(probe - trace->probes) < session->settled_probes[match->trace])
        return count_stray(session, "answer after the longest wait");
    if (probe->reply_count == REPLIES_MOST) {
        struct frame_note note = count_stray(session, "reply to a probe that has 64 already");
        note.is_excess = true;
        return note;
    }
    unsigned bits =
        packet->kind == PACKET_ICMP_ERROR ? add_quote(session, trace, probe, packet, &reply) : match->flow.bits;
    if (bits < GUESS_BITS_FAIR)
        reply.match = MATCH_WEAK;
    if (!is_proven(session, packet, bits))
        return take_unproven(session, match->trace, frame, packet, probe, &reply, bits);
    if (!probe->reply_count && session_note_rtt(session, probe, &reply))
        session_reopen_probes(session, reply.time);
    bool first = probe->state == PROBE_OUTSTANDING;
    if (!trace_add_reply(trace, probe, &reply)) {
        release(&reply);
        return count_stray(session, "answer beyond the memory limit");
    }
    if (first)
        session_count_resolved(session, match->trace, probe);
    unproven_compare(session, match->trace, probe, &probe->replies[probe->reply_count - 1]);
    if (probe->reply_count == 1 && session->events.probe_answered && !session_is_sized(session, match->trace))
        session->events.probe_answered(session->events.context, session, trace, probe);
    return note_probe(session, match->trace, probe, FRAME_REPLY, match->flow.rule);
}

static const char *segment_reason(enum segment segment)
{
    static const char *const reasons[] = {
        [SEGMENT_NONE] = "an answer whose numbers do not fit the connection",
        [SEGMENT_HANDSHAKE] = "handshake",
        [SEGMENT_REFUSAL] = "it answers the SYN",
        [SEGMENT_KERNEL] = "our kernel's packet",
        [SEGMENT_DATA] = "data like a probe's",
        [SEGMENT_PEER] = "the target's other packet",
        [SEGMENT_RESET] = "reset, by one of several probes",
    };
    return reasons[segment];
}

/* A packet of a connection that is neither probe nor reply. */
static struct frame_note note_segment(struct session *session, const struct packet_match *match, enum segment segment)
{
    session->counters.connection++;
    return (struct frame_note){
        .role = FRAME_CONNECTION, .reason = segment_reason(segment), .trace = match ? match->trace : 0};
}

/* A direct answer in a connection. If it does not name its probe, what else was in flight decides. */
static struct frame_note take_answer(struct session *session, const struct frame *frame, const struct packet *packet,
                                     struct packet_match *match, enum segment segment)
{
    if (segment != SEGMENT_PEER && segment != SEGMENT_RESET)
        return count_lookalike(session, frame, packet, segment_reason(SEGMENT_NONE));
    if (!match->flow.serial)
        match->flow.serial = connections_serial_of(session, match, frame->time);
    if (!match->flow.serial || connections_is_repeated(session, match->trace, match))
        return note_segment(session, match, segment);
    return take_reply(session, frame, packet, match);
}

static struct frame_note take_packet(struct session *session, const struct frame *frame, const struct packet *packet)
{
    enum segment segment = connections_take(session, frame, packet);
    if (segment == SEGMENT_HANDSHAKE || segment == SEGMENT_REFUSAL || segment == SEGMENT_KERNEL)
        return note_segment(session, NULL, segment);
    struct packet_match match = match_packet(session, packet);
    if ((match.role == FRAME_PROBE || match.role == FRAME_REPLY) &&
        connections_take_opener(session, frame, packet, &match))
        return note_segment(session, &match, SEGMENT_HANDSHAKE);
    if (match.size) {
        unsigned which;
        if (!sized_flow(session, match.trace, match.size, &match.trace, &which))
            return count_stray(session, "a probe like ours, of another run");
        match.which = (uint16_t)which;
    }
    switch (match.role) {
    case FRAME_PROBE:
        return take_probe(session, frame, packet, &match);
    case FRAME_REPLY:
        if (packet->kind == PACKET_PLAIN &&
            flow_needs_connection(trace_flow(&session->traces[match.trace], match.which)))
            return take_answer(session, frame, packet, &match, segment);
        return take_reply(session, frame, packet, &match);
    case FRAME_STRAY:
    case FRAME_CONNECTION:
    case FRAME_MALFORMED:
        break;
    }
    if (segment != SEGMENT_NONE)
        return note_segment(session, NULL, segment);
    if (match.forgery != FORGERIES)
        return count_lookalike(session, frame, packet, match.reason);
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
    if (note.role == FRAME_PROBE || note.role == FRAME_REPLY || note.role == FRAME_CONNECTION)
        session_update(session);
    return note;
}
