/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP: a SYN with the options that a client sends, or a lone ACK or FIN; segment.h has those with a connection.
 *
 * The sequence number is a tag of 31 bits plus twice the serial. Its lowest bit is always 0: our own kernel answers a
 * SYN/ACK with a RST whose sequence number is one above a probe's, and so no probe's. Serials lie close together, so
 * that a SYN falls into the window of a half-open connection that an earlier one left at the target and is answered
 * under its own number. A size above the least is made up with data, which the target may acknowledge or not: serials
 * then come in runs as long as half of the data, with a gap as long behind each, so that no probe's number is another's
 * plus the data. Flows that differ in size alone share one step, which is longer than the data of any. */
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/payloads/data_payload.h"
#include "probe/payloads/read_name.h"
#include "probe/types/segment.h"
#include "probe/types/types.h"

#define CHECKSUM 16
#define SEQ 4
#define ACK 8
#define HEADER 20
#define OPTIONS_SYN 20
#define OPTIONS_BARE 12

#define SEQ_TAG UINT32_C(0xfffffffe)
#define SEQ_TAG_0_1_0 UINT32_C(0xfffe0000) /* CODING_ONE_NUMBER */
#define SEQ_BITS 31
#define SEQ_BITS_0_1_0 15
#define TIMESTAMP_BITS 31

#define WINDOW_SYN 64240
#define WINDOW_BARE 502
#define MSS_IPV4 1460
#define MSS_IPV6 1440

static uint8_t flags_of(const struct flow *flow)
{
    static const uint8_t flags[] = {
        [VARIANT_SYN] = TCP_SYN, [VARIANT_ACK] = TCP_ACK, [VARIANT_FIN] = TCP_FIN, [VARIANT_DATA] = TCP_ACK};
    return flags[flow->spec.variant];
}

static uint8_t options_length(const struct probe_spec *spec)
{
    return spec->variant == VARIANT_SYN ? OPTIONS_SYN : OPTIONS_BARE;
}

#define SIZED_FIRST 0x40000 /* beyond the numbers of a flow that has one size */

static uint32_t headers_length(const struct flow *flow)
{
    return flow_ip_header_size(flow->target.family) + HEADER + (uint32_t)options_length(&flow->spec);
}

static uint32_t data_length(const struct flow *flow)
{
    return flow->size - headers_length(flow);
}

/* Sequence numbers from one probe to the next, of flows that differ in size; even. */
static uint32_t sized_step(const struct flow *flow)
{
    return (flow->size_most - headers_length(flow) + 3) / 2 * 2;
}

/* Serials in a run, and in the gap behind it; 0: there is no data, and they are one run. Rounded up, since of odd data
 * it is the number after the data that is even. */
static uint32_t run_length(const struct flow *flow)
{
    return (data_length(flow) + 1) / 2;
}

static uint32_t first_seq(const struct flow *flow)
{
    return flow_tag(flow, TAG_SEQ) & (flow->coding == CODING_ONE_NUMBER ? SEQ_TAG_0_1_0 : SEQ_TAG);
}

static uint32_t seq_of(const struct flow *flow, uint16_t serial)
{
    if (flow->size_most)
        return first_seq(flow) + SIZED_FIRST + (uint32_t)(serial - SIZED_SERIALS_FIRST) * sized_step(flow);
    uint32_t run = run_length(flow), gaps = run ? serial / run * run : 0;
    return first_seq(flow) + 2 * (serial + gaps);
}

static uint16_t serial_of_seq(const struct flow *flow, uint32_t seq)
{
    uint32_t run = run_length(flow), place = (seq - first_seq(flow)) / 2;
    uint32_t serial = flow->size_most ? (seq - first_seq(flow) - SIZED_FIRST) / sized_step(flow) + SIZED_SERIALS_FIRST
                      : run           ? place - place / (2 * run) * run
                                      : place;
    return serial_is_valid(serial) && seq_of(flow, (uint16_t)serial) == seq ? (uint16_t)serial : 0;
}

/* RFC 9293 3.2, RFC 7323; in the order in which Linux writes them. The first 12 bytes of a bare segment's are NOP,
 * NOP, timestamps. */
static void write_options(const struct flow *flow, uint8_t *options)
{
    uint8_t *at = options;
    if (flow->spec.variant == VARIANT_SYN) {
        put32(at, UINT32_C(2) << 24 | UINT32_C(4) << 16 | (flow->target.family == 6 ? MSS_IPV6 : MSS_IPV4));
        put16(at + 4, 4 << 8 | 2);                                                    /* SACK permitted */
        put32(at + 16, UINT32_C(1) << 24 | UINT32_C(3) << 16 | UINT32_C(3) << 8 | 7); /* NOP, window scale 7 */
        at += 6;
    } else {
        put16(at, 1 << 8 | 1);
        put32(at + 8, flow_tag_of(flow, TAG_TIMESTAMP, 1));
        at += 2;
    }
    put16(at, 8 << 8 | 10); /* timestamps */
    put32(at + 2, flow_tag(flow, TAG_TIMESTAMP) | 1);
}

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    (void)length;
    if (flow_needs_connection(flow))
        return segment_build(craft, flow, scratch, err);
    uint8_t options[OPTIONS_SYN] = {0};
    size_t data = data_length(flow);
    write_options(flow, options);
    identity_fill(flow, scratch, data);
    uint8_t flags = flags_of(flow);
    struct craft_tcp tcp = {
        .seq = seq_of(flow, 0),
        .ack = flags & TCP_ACK ? seq_of(flow, 0) : 0,
        .flags = flags,
        .window = flags & TCP_SYN ? WINDOW_SYN : WINDOW_BARE,
        .options = options,
        .options_length = options_length(&flow->spec),
    };
    return craft_add_tcp(craft, flow, &tcp, scratch, data, err);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    (void)length;
    if (flow_needs_connection(flow)) {
        segment_stamp(flow, serial, transport);
        return;
    }
    uint32_t seq = seq_of(flow, serial);
    identity_patch32(transport, CHECKSUM, SEQ, seq);
    if (flags_of(flow) & TCP_ACK)
        identity_patch32(transport, CHECKSUM, ACK, seq);
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    if (flow_needs_connection(flow))
        return segment_recognise(flow, seen);
    const uint8_t telling = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST;
    /* 1. Other flags are no probe of ours but, say, our kernel's RST. */
    if ((t->have & HAVE_FLAGS) && (t->flags & telling) != flags_of(flow))
        return match_none();
    unsigned fit = identity_fit(flow, seen);
    uint16_t by_seq = t->have & HAVE_SEQ ? serial_of_seq(flow, (uint32_t)t->seq) : 0;
    /* 2. Nothing was translated. */
    if (by_seq && fit == FIT_ALL)
        return match_make(MATCH_EXACT, by_seq, "addresses, ports and seq");
    /* 3. Translated: the IPv4 id agrees, or (IPv6 has none) one side fits and the other's address does not. */
    bool one_side = (fit & FIT_SENDER) == FIT_SENDER ? !(fit & FIT_TARGET)
                                                     : (fit & FIT_RECEIVER) == FIT_RECEIVER && !(fit & FIT_SOURCE);
    if (by_seq && (seen->ip.version == 4 ? by_seq == identity_by_ip_id(flow, seen) : one_side))
        return match_make(MATCH_REWRITTEN, by_seq, "seq");
    /* 4. A firewall drew another sequence number. */
    return identity_match_by_ip_id(flow, seen);
}

static unsigned seq_bits(const struct flow *flow)
{
    return flow->coding == CODING_ONE_NUMBER ? SEQ_BITS_0_1_0 : SEQ_BITS;
}

static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    const struct transport *was = &sent->transport, *is = &quoted->transport;
    if (flow_needs_connection(flow))
        return segment_quoted_bits(sent, quoted);
    bool has_stamp = (is->have & HAVE_OPTIONS) && is->tcp_options.has_timestamps;
    unsigned bits = (is->have & HAVE_SEQ) && is->seq == was->seq ? seq_bits(flow) : 0;
    return bits + (has_stamp && is->tcp_options.timestamp == was->tcp_options.timestamp ? TIMESTAMP_BITS : 0);
}

/* The probe up to whose end, or to the start of whose data, `end` acknowledges: a listener takes no data from a SYN, a
 * closed port counts it (RFC 9293 3.10.7.1). */
static uint16_t serial_of_end(const struct flow *flow, uint32_t end)
{
    uint16_t serial = serial_of_seq(flow, end);
    return serial ? serial : serial_of_seq(flow, end - data_length(flow));
}

/* A lone ACK draws a RST with our acknowledgement number; some firewalls acknowledge it instead. */
static uint16_t serial_of_rst(const struct flow *flow, const struct transport *t)
{
    uint16_t serial = serial_of_seq(flow, (uint32_t)t->seq);
    return serial || !(t->flags & TCP_ACK) ? serial : serial_of_end(flow, (uint32_t)t->ack);
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    const uint32_t need = HAVE_SEQ | HAVE_ACK | HAVE_FLAGS;
    if (flow_needs_connection(flow))
        return segment_answer(flow, packet);
    if ((t->have & need) != need || !identity_answer_ports_fit(flow, t))
        return match_none();
    bool rst = t->flags & TCP_RST, syn_ack = !rst && (t->flags & TCP_SYN) && (t->flags & TCP_ACK);
    uint16_t serial = 0;
    if (flags_of(flow) & TCP_ACK)
        serial = serial_of_rst(flow, t);
    else if (t->flags & TCP_ACK)
        serial = serial_of_end(flow, (uint32_t)t->ack - 1);
    if (!serial)
        return match_none();
    return answer_make(flow,
                       rst       ? REPLY_RST
                       : syn_ack ? REPLY_SYN_ACK
                                 : REPLY_TCP,
                       serial, seq_bits(flow), "ports and ack");
}

static enum probe_shape shape_of(const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    if (!(t->have & HAVE_FLAGS) || (t->flags & TCP_RST))
        return SHAPE_NONE;
    if (t->flags & TCP_SYN)
        return t->flags & TCP_ACK ? SHAPE_NONE : SHAPE_SYN;
    if (t->flags & TCP_FIN)
        return SHAPE_FIN;
    if (t->size > t->header_length)
        return SHAPE_DATA;
    return t->flags & TCP_ACK ? SHAPE_ACK : SHAPE_NONE;
}

static bool reply_kind_of(const struct headers *seen, enum reply_kind *kind)
{
    const struct transport *t = &seen->transport;
    *kind = t->flags & TCP_RST ? REPLY_RST : t->flags & TCP_SYN ? REPLY_SYN_ACK : REPLY_TCP;
    return (t->have & HAVE_FLAGS) && (t->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
}

/* Timestamps: a receiver echoes the newest one of the segments that it has acknowledged (RFC 7323 4.3). */
static uint32_t query_id(const struct headers *query)
{
    const struct tcp_options *options = &query->transport.tcp_options;
    return query->transport.have & HAVE_OPTIONS && options->has_timestamps ? options->timestamp : 0;
}

static uint32_t answered_id(const struct headers *answer)
{
    const struct tcp_options *options = &answer->transport.tcp_options;
    return answer->transport.have & HAVE_OPTIONS && options->has_timestamps ? options->timestamp_echo : 0;
}

static const struct probe_variant_row syn = {
    .variant = VARIANT_SYN,
    .name = "syn",
    .least = HEADER + OPTIONS_SYN,
    .shapes = 1U << SHAPE_SYN,
};
static const struct probe_variant_row ack = {
    .variant = VARIANT_ACK,
    .name = "ack",
    .help = "tcp/80:ack sends a lone ACK",
    .least = HEADER + OPTIONS_BARE,
    .shapes = 1U << SHAPE_ACK | 1U << SHAPE_DATA,
};
static const struct probe_variant_row fin = {
    .variant = VARIANT_FIN,
    .name = "fin",
    .help = "tcp/80:fin a lone FIN",
    .least = HEADER + OPTIONS_BARE,
    .shapes = 1U << SHAPE_FIN,
};
static const struct probe_variant_row data = {
    .variant = VARIANT_DATA,
    .name = "data",
    .help = "tcp/443:data data in an established connection",
    .least = HEADER + OPTIONS_BARE,
    .unpadded = true,
    .needs_connection = true,
    .payload_length = data_payload_length,
    .shapes = 1U << SHAPE_SESSION,
};
static const struct probe_variant_row tls_name = {
    .variant = VARIANT_TLS_NAME,
    .name = "sni",
    .help = "tcp/443:sni=NAME as data a TLS hello for NAME",
    .port = 443,
    .least = HEADER + OPTIONS_BARE,
    .unpadded = true,
    .needs_connection = true,
    .has_name = true,
    .payload_length = data_payload_length,
    .shapes = 1U << SHAPE_NONE, /* probe_name_seen() finds it */
    .read_name = read_name_of_record,
};
static const struct probe_variant_row http_name = {
    .variant = VARIANT_HTTP_NAME,
    .name = "host",
    .help = "tcp/80:host=NAME as data an HTTP request to NAME",
    .port = 80,
    .least = HEADER + OPTIONS_BARE,
    .unpadded = true,
    .needs_connection = true,
    .has_name = true,
    .payload_length = data_payload_length,
    .shapes = 1U << SHAPE_NONE,
    .read_name = read_name_of_request,
};
static const struct probe_variant_row *const variants[] = {&syn, &ack, &data, &tls_name, &http_name, &fin, NULL};

const struct probe_type probe_tcp = {
    .name = "tcp",
    .help = "TCP SYN as a client sends it (port 80)",
    .protocol = IP_TCP,
    .has_port = true,
    .default_port = 80,
    .print_default_port = true,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter_with_ports,
    .identity = IDENTITY_SEQ,
    .shape_of = shape_of,
    .reply_kind_of = reply_kind_of,
    .query_id = query_id,
    .answered_id = answered_id,
};
