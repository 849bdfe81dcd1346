/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/types/segment.h"

#include <string.h>

#include "packet/checksum.h"
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/payloads/data_payload.h"

#define HEADER 20
#define SEQ 4
#define ACK 8
#define OFFSET_FLAGS 12
#define WINDOW 14
#define CHECKSUM 16
#define URGENT 18
#define OPTIONS 20
#define TIMESTAMP 24
#define ECHO 28
#define HEADERS 32 /* with the options: NOP, NOP, timestamps; or twelve NOPs */
#define RESET_TTL 64
#define NO_OPERATION 0x0101
#define STAMPS_BEGIN 0x080a /* kind and length */
#define WINDOW_USUAL 502    /* before the connection is known */
#define NUMBERS_BITS 32     /* the sequence number of the connection, or its timestamps, as a kernel draws them */
#define RESET_BITS 15       /* of a RST whose number is only near the expected one: connection_take() */

static uint32_t data_length(const struct flow *flow)
{
    return flow->size - flow_ip_header_size(flow->target.family) - (uint32_t)HEADERS;
}

enum status segment_build(struct craft *craft, const struct flow *flow, uint8_t *scratch, struct err *err)
{
    const uint8_t options[HEADERS - HEADER] = {1, 1, 8, 10};
    struct craft_tcp tcp = {
        .flags = TCP_PSH | TCP_ACK, .window = WINDOW_USUAL, .options = options, .options_length = sizeof options};
    enum status status = data_payload_fill(flow, scratch, data_length(flow), err);
    return status == STATUS_OK ? craft_add_tcp(craft, flow, &tcp, scratch, data_length(flow), err) : status;
}

static uint32_t stamp_of(const struct connection *c, uint16_t serial)
{
    return c->timestamp + SEGMENT_STAMP_AHEAD + serial;
}

static uint16_t serial_of_stamp(const struct connection *c, uint32_t stamp)
{
    uint32_t serial = stamp - c->timestamp - SEGMENT_STAMP_AHEAD;
    return serial_is_valid(serial) ? (uint16_t)serial : 0;
}

void segment_stamp(const struct flow *flow, uint16_t serial, uint8_t *transport)
{
    const struct connection *c = flow->connection;
    bool known = connection_was_open(c);
    bool stamps = c->has_timestamps || !known;
    identity_patch32(transport, CHECKSUM, SEQ, c->snd_nxt);
    identity_patch32(transport, CHECKSUM, ACK, c->rcv_nxt);
    if (known)
        identity_patch16(transport, CHECKSUM, WINDOW, c->window);
    identity_patch16(transport, CHECKSUM, URGENT, stamps ? 0 : serial);
    identity_patch16(transport, CHECKSUM, OPTIONS + 2, stamps ? STAMPS_BEGIN : NO_OPERATION);
    identity_patch32(transport, CHECKSUM, TIMESTAMP,
                     stamps ? stamp_of(c, serial) : (uint32_t)NO_OPERATION << 16 | NO_OPERATION);
    identity_patch32(transport, CHECKSUM, ECHO, stamps ? c->echo : (uint32_t)NO_OPERATION << 16 | NO_OPERATION);
}

/* The serial that the transport header shows; 0: none. */
static uint16_t serial_of_header(const struct connection *c, const struct transport *t)
{
    if (c->has_timestamps)
        return (t->have & HAVE_OPTIONS) && t->tcp_options.has_timestamps ? serial_of_stamp(c, t->tcp_options.timestamp)
                                                                         : 0;
    return t->captured >= HEADER && serial_is_valid(t->urgent) ? t->urgent : 0;
}

struct flow_match segment_recognise(const struct flow *flow, const struct headers *seen)
{
    const struct connection *c = flow->connection;
    const struct transport *t = &seen->transport;
    const uint8_t telling = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST;
    if (!connection_was_open(c) || ((t->have & HAVE_FLAGS) && (t->flags & telling) != TCP_ACK))
        return match_none();
    unsigned fit = identity_fit(flow, seen);
    bool seq_fits = (t->have & HAVE_SEQ) && (uint32_t)t->seq == c->snd_nxt;
    uint16_t by_id = identity_by_ip_id(flow, seen), by_header = serial_of_header(c, t);
    /* 1. A packet of this connection. */
    if (fit == FIT_ALL && seq_fits && by_header)
        return match_make(MATCH_EXACT, by_header, "addresses, ports, seq and timestamp");
    if (fit == FIT_ALL && seq_fits && by_id && !((t->have & HAVE_OPTIONS) && c->has_timestamps))
        return match_make(MATCH_EXACT, by_id, "addresses, ports, seq and ip id");
    /* 2. A translator or firewall changed addresses, ports or the sequence number: two of the three numbers agree. */
    if (by_header && by_header == by_id)
        return match_make(MATCH_REWRITTEN, by_header, "timestamp and ip id");
    if (seq_fits && (by_header || by_id))
        return match_make(MATCH_REWRITTEN, by_header ? by_header : by_id, "seq");
    /* 3. The IPv4 id is left, but a packet of another size is our kernel's. */
    if (fit == FIT_ALL && seen->ip.total_length != flow->size)
        return match_none();
    return identity_match_by_ip_id(flow, seen);
}

unsigned segment_quoted_bits(const struct headers *sent, const struct headers *quoted)
{
    const struct transport *was = &sent->transport, *is = &quoted->transport;
    bool has_stamps = (is->have & HAVE_OPTIONS) && (was->have & HAVE_OPTIONS) && is->tcp_options.has_timestamps &&
                      was->tcp_options.has_timestamps;
    unsigned bits = (is->have & HAVE_SEQ) && is->seq == was->seq ? NUMBERS_BITS : 0;
    return bits + (has_stamps && is->tcp_options.timestamp == was->tcp_options.timestamp ? NUMBERS_BITS : 0);
}

/* Whether the packet acknowledges a probe's data. */
static bool acknowledges_data(const struct flow *flow, const struct transport *t)
{
    return (t->flags & TCP_ACK) && (uint32_t)t->ack == flow->connection->snd_nxt + data_length(flow);
}

/* An answer without the timestamp of a probe says only that some probe of the connection drew it. */
struct flow_match segment_answer(const struct flow *flow, const struct packet *packet)
{
    const struct connection *c = flow->connection;
    const struct transport *t = &packet->outer.transport;
    const uint32_t need = HAVE_SEQ | HAVE_ACK | HAVE_FLAGS;
    bool rst = t->flags & TCP_RST;
    enum reply_kind kind = rst ? REPLY_RST : REPLY_TCP;
    if (!connection_was_open(c) || (t->have & need) != need || (t->flags & TCP_SYN) ||
        !identity_answer_ports_fit(flow, t))
        return match_none();
    bool has_stamps = c->has_timestamps && (t->have & HAVE_OPTIONS) && t->tcp_options.has_timestamps;
    uint16_t serial = has_stamps ? serial_of_stamp(c, t->tcp_options.timestamp_echo) : 0;
    if (serial)
        return answer_make(flow, kind, serial, NUMBERS_BITS, "ports and echoed timestamp");
    if (rst) {
        bool is_next = (uint32_t)t->seq == c->rcv_nxt;
        struct flow_match match = answer_make(flow, kind, 0, is_next ? NUMBERS_BITS : RESET_BITS, "ports and seq");
        match.acknowledges = acknowledges_data(flow, t);
        return match;
    }
    /* With the echo of another packet's timestamp it answers that one. */
    if (has_stamps || !acknowledges_data(flow, t))
        return match_none();
    return answer_make(flow, kind, 0, NUMBERS_BITS, "ports and ack");
}

size_t flow_stamp_reset(const struct flow *flow, bool behind_data, uint8_t *bytes)
{
    size_t header = flow_ip_header_size(flow->target.family), length = header + HEADER;
    uint8_t *transport = bytes + header;
    flow_stamp(flow, 0, RESET_TTL, bytes);
    if (flow->target.family == 6)
        put16(bytes + 4, HEADER);
    else
        identity_patch16(bytes, 10, 2, (uint16_t)length);
    put32(transport + SEQ, flow->connection->snd_nxt + (behind_data ? data_length(flow) : 0));
    put16(transport + OFFSET_FLAGS, HEADER / 4 << 12 | TCP_RST | TCP_ACK);
    put16(transport + CHECKSUM, 0);
    put16(transport + URGENT, 0);
    put16(transport + CHECKSUM, identity_checksum(flow, transport, HEADER, HEADER));
    return length;
}
