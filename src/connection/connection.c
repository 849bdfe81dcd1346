/* SPDX-License-Identifier: BSD-2-Clause */
#include "connection/connection.h"

/* Numbers up to which a RST may lie from the expected one.
 * Unit: bytes. Source: the largest window without scaling (RFC 9293 3.1). Effect: a smaller one takes a genuine RST
 * behind data that was lost for a stray; a larger one lets more guesses of a forger pass. */
#define RESET_WINDOW 65536

void connection_init(struct connection *connection)
{
    *connection = (struct connection){.opened_at = NSTIME_NONE,
                                      .answered_at = NSTIME_NONE,
                                      .ended_at = NSTIME_NONE,
                                      .kernel_at = NSTIME_NONE,
                                      .fin_at = NSTIME_NONE,
                                      .last_at = NSTIME_NONE};
}

/* A packet of the established connection: how long it was left alone before. */
static void note_packet(struct connection *c, nstime time)
{
    if (c->is_used)
        return;
    if (c->last_at != NSTIME_NONE && time - c->last_at > c->idle)
        c->idle = time - c->last_at;
    c->last_at = time;
}

void connection_use(struct connection *c, nstime time)
{
    note_packet(c, time);
    c->is_used = true;
}

void connection_close(struct connection *c)
{
    if (c->state == CONNECTION_ESTABLISHED)
        c->state = CONNECTION_CLOSED;
}

void connection_query(struct connection *c, nstime time, uint64_t frame)
{
    if (c->state != CONNECTION_NONE && c->state != CONNECTION_SILENT)
        return;
    c->state = CONNECTION_OPENING;
    c->opened_at = time;
    c->syn_frame = frame;
}

void connection_answer(struct connection *c, nstime time, uint64_t frame)
{
    if (!connection_was_open(c) && c->state != CONNECTION_REFUSED) {
        c->state = CONNECTION_ESTABLISHED;
        c->answered_at = time;
        c->answer_frame = frame;
    }
    if (c->state == CONNECTION_ESTABLISHED)
        note_packet(c, time);
}

static bool has_stamps(const struct transport *t)
{
    return (t->have & HAVE_OPTIONS) && t->tcp_options.has_timestamps;
}

static enum segment take_syn(struct connection *c, const struct transport *t, nstime time, uint64_t frame)
{
    uint32_t next = (uint32_t)t->seq + 1;
    if (c->state != CONNECTION_NONE && c->state != CONNECTION_OPENING)
        return SEGMENT_HANDSHAKE; /* a copy */
    if (c->state == CONNECTION_OPENING && c->snd_nxt != next)
        return SEGMENT_NONE;
    if (c->state == CONNECTION_NONE) {
        c->opened_at = time;
        c->syn_frame = frame;
    }
    c->state = CONNECTION_OPENING;
    c->snd_nxt = next;
    c->window = t->window;
    c->has_timestamps = has_stamps(t);
    c->timestamp = c->has_timestamps ? t->tcp_options.timestamp : 0;
    return SEGMENT_HANDSHAKE;
}

static enum segment take_syn_ack(struct connection *c, const struct headers *packet, nstime time, uint64_t frame)
{
    const struct transport *t = &packet->transport;
    bool syn_was_seen = c->state != CONNECTION_NONE;
    if (syn_was_seen && c->snd_nxt != (uint32_t)t->ack)
        return SEGMENT_NONE;
    if (connection_was_open(c) || c->state == CONNECTION_ANSWERED)
        return SEGMENT_HANDSHAKE; /* a copy */
    if (c->state != CONNECTION_REFUSED) {
        c->state = CONNECTION_ANSWERED;
        c->answered_at = time;
        c->answer_frame = frame;
    }
    c->snd_nxt = (uint32_t)t->ack;
    c->rcv_nxt = (uint32_t)t->seq + 1;
    c->has_timestamps = has_stamps(t) && (c->has_timestamps || !syn_was_seen);
    c->echo = c->has_timestamps ? t->tcp_options.timestamp : 0;
    if (!syn_was_seen && c->has_timestamps)
        c->timestamp = t->tcp_options.timestamp_echo;
    c->syn_ack_ttl = packet->ip.ttl;
    c->syn_ack_window = t->window;
    return SEGMENT_HANDSHAKE;
}

/* A capture may swap a RST and a SYN/ACK of the same moment. Our kernel acknowledges the SYN/ACK only if it took that
 * one first. */
static bool shows_swap(const struct connection *c, const struct transport *t)
{
    return c->state == CONNECTION_REFUSED && c->syn_ack_ttl && (uint32_t)t->ack == c->rcv_nxt;
}

/* Our kernel's segments without SYN. */
static enum segment take_own(struct connection *c, const struct headers *packet, nstime time, uint64_t frame)
{
    const struct transport *t = &packet->transport;
    bool is_data = t->size > t->header_length, is_next = (uint32_t)t->seq == c->snd_nxt;
    if (t->flags & TCP_RST) {
        connection_close(c);
        return SEGMENT_KERNEL;
    }
    if (c->state == CONNECTION_NONE || c->state == CONNECTION_OPENING)
        return SEGMENT_NONE;
    if (is_data)
        return is_next ? SEGMENT_DATA : SEGMENT_NONE;
    c->kernel_at = time;
    if (!is_next)
        return SEGMENT_KERNEL;
    if (shows_swap(c, t)) {
        c->state = CONNECTION_ANSWERED;
        c->answered_at = time;
        c->answer_frame = frame;
    }
    if ((int32_t)((uint32_t)t->ack - c->rcv_nxt) > 0)
        c->rcv_nxt = (uint32_t)t->ack;
    c->window = t->window;
    c->flow_label = packet->ip.flow_label;
    if (c->state != CONNECTION_ANSWERED)
        return SEGMENT_KERNEL;
    c->state = CONNECTION_ESTABLISHED;
    if (c->has_timestamps && has_stamps(t))
        c->timestamp = t->tcp_options.timestamp;
    return SEGMENT_HANDSHAKE;
}

/* RFC 5961 3.2: the number of a RST must lie in the window. A closed port's RST acknowledges the SYN. */
static enum segment take_reset(struct connection *c, const struct headers *packet, nstime time, uint64_t frame)
{
    const struct transport *t = &packet->transport;
    int32_t ahead = (int32_t)((uint32_t)t->seq - c->rcv_nxt);
    if (c->state == CONNECTION_OPENING || c->state == CONNECTION_SILENT) {
        if (!(t->flags & TCP_ACK) || (uint32_t)t->ack != c->snd_nxt)
            return SEGMENT_NONE;
        c->state = CONNECTION_REFUSED;
        c->answered_at = time;
        c->answer_frame = frame;
        return SEGMENT_REFUSAL;
    }
    if (c->state == CONNECTION_NONE || connection_failed(c) || ahead <= -RESET_WINDOW || ahead >= RESET_WINDOW)
        return SEGMENT_NONE;
    if (c->state != CONNECTION_RESET && c->state != CONNECTION_CLOSED) {
        c->state = CONNECTION_RESET;
        c->ended_at = time;
        c->end_frame = frame;
        c->end_ttl = packet->ip.ttl;
    }
    return SEGMENT_RESET;
}

static void take_fin(struct connection *c, const struct headers *packet, nstime time, uint64_t frame)
{
    if (c->fin_at != NSTIME_NONE)
        return;
    c->fin_at = time;
    if (c->state == CONNECTION_RESET)
        return;
    c->end_frame = frame;
    c->end_ttl = packet->ip.ttl;
}

static enum segment take_peers(struct connection *c, const struct headers *packet, nstime time, uint64_t frame)
{
    const struct transport *t = &packet->transport;
    if (t->flags & TCP_RST)
        return take_reset(c, packet, time, frame);
    if (t->flags & TCP_SYN)
        return t->flags & TCP_ACK ? take_syn_ack(c, packet, time, frame) : SEGMENT_NONE;
    if (c->state == CONNECTION_NONE || c->state == CONNECTION_OPENING || connection_failed(c))
        return SEGMENT_NONE;
    if (t->flags & TCP_FIN)
        take_fin(c, packet, time, frame);
    return SEGMENT_PEER;
}

enum segment connection_take(struct connection *c, const struct headers *packet, bool leaves, nstime time,
                             uint64_t frame)
{
    const struct transport *t = &packet->transport;
    const uint32_t need = HAVE_SEQ | HAVE_ACK | HAVE_FLAGS;
    if ((t->have & need) != need)
        return SEGMENT_NONE;
    bool is_syn = (t->flags & TCP_SYN) && !(t->flags & TCP_ACK), is_reset = t->flags & TCP_RST;
    enum segment segment = !leaves  ? take_peers(c, packet, time, frame)
                           : is_syn ? take_syn(c, t, time, frame)
                                    : take_own(c, packet, time, frame);
    bool is_end = !leaves && (segment == SEGMENT_RESET || (segment == SEGMENT_PEER && (t->flags & TCP_FIN)));
    if (is_end)
        connection_use(c, time);
    else if (segment != SEGMENT_NONE && segment != SEGMENT_DATA && connection_was_open(c) && !(leaves && is_reset))
        note_packet(c, time);
    return segment;
}

void connection_refuse(struct connection *c, nstime time, uint64_t frame)
{
    if (c->state != CONNECTION_OPENING && c->state != CONNECTION_SILENT)
        return;
    c->state = CONNECTION_REFUSED;
    c->answered_at = time;
    c->answer_frame = frame;
}

void connection_give_up(struct connection *c)
{
    if (c->state == CONNECTION_NONE || c->state == CONNECTION_OPENING)
        c->state = CONNECTION_SILENT;
}

void connection_assume_established(struct connection *c)
{
    if (c->state == CONNECTION_ANSWERED)
        c->state = CONNECTION_ESTABLISHED;
}
