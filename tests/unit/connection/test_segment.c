/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments that are crafted into a connection: stamped, recognised, answered. */
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/decode.h"
#include "probe/types/segment.h"
#include "tap.h"

#define SEQ 4000000000U
#define ACK 77U
#define STAMP 0xfffffff0U /* our kernel's: it wraps soon */
#define BYTES 1500

static void make_flow(struct flow *flow, uint8_t family, bool stamps)
{
    struct err err = {0};
    *flow = (struct flow){.source_port = 50000, .target_port = 25, .nonce = 7, .coding = CODING_EACH_FIELD, .tos = 8};
    addr_parse(family == 6 ? "2001:db8::1" : "192.0.2.1", &flow->source);
    addr_parse(family == 6 ? "2001:db8::2" : "192.0.2.2", &flow->target);
    if (probe_spec_parse("tcp/25:data", &flow->spec, &err) != STATUS_OK || flow_build(flow, &err) != STATUS_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    *flow->connection = (struct connection){.state = CONNECTION_ESTABLISHED,
                                            .has_timestamps = stamps,
                                            .snd_nxt = SEQ,
                                            .rcv_nxt = ACK,
                                            .timestamp = STAMP,
                                            .echo = 99,
                                            .window = 321,
                                            .flow_label = 0x54321};
}

static struct headers decode(const uint8_t *bytes, size_t length)
{
    struct headers h;
    const char *malformed = NULL;
    headers_decode(bytes, length, false, &h, &malformed);
    return h;
}

static bool sum_is_right(const struct headers *h)
{
    uint32_t sum = checksum_pseudo(&h->ip.source, &h->ip.target, IP_TCP, h->transport.size);
    return checksum_finish(checksum_add(sum, h->transport.bytes, h->transport.size)) == 0;
}

static void test_stamp(uint8_t family, bool stamps)
{
    const char *with = stamps ? "with" : "without";
    struct flow flow;
    uint8_t bytes[BYTES];
    make_flow(&flow, family, stamps);
    for (uint16_t serial = 1; serial < 60000; serial = (uint16_t)(serial * 7 + 1)) {
        flow_stamp(&flow, serial, 9, bytes);
        struct headers h = decode(bytes, flow.size);
        const struct transport *t = &h.transport;
        struct flow_match match = flow_recognise(&flow, &h, false);
        bool numbers = (uint32_t)t->seq == SEQ && (uint32_t)t->ack == ACK && t->window == 321 && h.ip.ttl == 9;
        bool options = t->tcp_options.has_timestamps == stamps && !t->tcp_options.malformed;
        ok(numbers && options && sum_is_right(&h), "IPv%u, %s timestamps: serial %u is stamped", family, with, serial);
        ok(match.match == MATCH_EXACT && match.serial == serial, "and recognised");
        if (family == 6)
            is_num(h.ip.flow_label, 0x54321, "its flow label is our kernel's");
        if (serial > 8000)
            break;
    }
    flow_free(&flow);
}

/* What a router quotes: 8 bytes are enough over IPv4, as the id tells the serial. */
static void test_quotes(void)
{
    struct flow flow;
    uint8_t bytes[BYTES];
    make_flow(&flow, 4, true);
    flow_stamp(&flow, 5, 9, bytes);
    struct headers sent = decode(bytes, flow.size), quote;
    const char *malformed = NULL;
    headers_decode(bytes, 28, true, &quote, &malformed);
    struct flow_match match = flow_recognise(&flow, &quote, true);
    ok(match.match == MATCH_EXACT && match.serial == 5, "a quote of 8 bytes");
    is_num(flow_guess_bits(&flow, &sent, &quote), 14 + 16 + 32, "shows 62 bits: port, id and sequence number");
    is_num(flow_guess_bits(&flow, &sent, &sent), 14 + 16 + 32 + 32, "a long one the timestamp as well");
    quote = sent;
    quote.transport.seq = SEQ - 1;
    quote.transport.tcp_options.timestamp = STAMP + 3; /* a packet of our kernel's */
    quote.ip.id = 1;
    quote.ip.total_length = 52;
    is_num(flow_recognise(&flow, &quote, true).match, MATCH_NONE, "a quote of our kernel's packet is none of a probe");
    quote = sent;
    quote.transport.source_port = 1234;
    quote.transport.seq = 1;
    match = flow_recognise(&flow, &quote, true);
    ok(match.match == MATCH_REWRITTEN && match.serial == 5, "behind a NAT that changes port and sequence number");
    flow.connection->state = CONNECTION_OPENING;
    is_num(flow_recognise(&flow, &sent, false).match, MATCH_NONE, "no connection, no probe");
    flow_free(&flow);
}

/* An answer of the target with these numbers. */
static struct flow_match answer(const struct flow *flow, uint8_t flags, uint32_t ack, bool stamps, uint32_t echo)
{
    struct packet packet = {.kind = PACKET_PLAIN};
    packet.outer.ip =
        (struct ip_header){.version = 4, .ttl = 60, .protocol = IP_TCP, .source = flow->target, .target = flow->source};
    packet.outer.transport = (struct transport){.have = HAVE_PORTS | HAVE_SEQ | HAVE_ACK | HAVE_FLAGS | HAVE_OPTIONS,
                                                .source_port = flow->target_port,
                                                .target_port = flow->source_port,
                                                .seq = ACK,
                                                .ack = ack,
                                                .flags = flags,
                                                .header_length = 32,
                                                .size = 32};
    packet.outer.transport.tcp_options = (struct tcp_options){.has_timestamps = stamps, .timestamp_echo = echo};
    return flow_answer(flow, &packet);
}

static void test_answers(void)
{
    struct flow flow;
    make_flow(&flow, 4, true);
    uint32_t data = flow.size - 52U, own = STAMP + SEGMENT_STAMP_AHEAD;
    struct flow_match match = answer(&flow, TCP_ACK, SEQ + data, true, own + 12);
    ok(match.match == MATCH_EXACT && match.serial == 12 && match.kind == REPLY_TCP,
       "an acknowledgement names the copy whose timestamp it echoes");
    is_num(match.bits, 14 + 32, "a forger has to guess 46 bits of it");
    match = answer(&flow, TCP_RST | TCP_ACK, SEQ, true, own + 60000);
    ok(match.serial == 60000 && match.kind == REPLY_RST, "so does a RST with timestamps");
    is_num(answer(&flow, TCP_ACK, SEQ + data, true, own + 60001).match, MATCH_NONE, "no serial is so large");
    is_num(answer(&flow, TCP_ACK, SEQ + data, true, STAMP + 50).match, MATCH_NONE,
           "what echoes our kernel's timestamp answers our kernel");
    match = answer(&flow, TCP_RST, 0, false, 0);
    ok(match.match != MATCH_NONE && match.serial == 0 && match.kind == REPLY_RST, "a bare RST names no copy");
    ok(!match.acknowledges, "nor does it acknowledge data");
    is_num(match.bits, 14 + 32, "its number is the one that we expect");
    ok(answer(&flow, TCP_RST | TCP_ACK, SEQ + data, false, 0).acknowledges, "one that acknowledges the data does");
    ok(!answer(&flow, TCP_RST | TCP_ACK, SEQ, false, 0).acknowledges, "one that acknowledges the handshake does not");
    flow.connection->rcv_nxt++;
    is_num(answer(&flow, TCP_RST, 0, false, 0).bits, 14 + 15, "one that is only near it is worth less");
    flow.connection->rcv_nxt--;
    match = answer(&flow, TCP_FIN | TCP_ACK, SEQ + data, false, 0);
    ok(match.match != MATCH_NONE && match.serial == 0, "nor does a segment without timestamps that takes the data");
    is_num(answer(&flow, TCP_FIN | TCP_ACK, SEQ, false, 0).match, MATCH_NONE,
           "one that does not take them is no answer");
    is_num(answer(&flow, TCP_SYN | TCP_ACK, SEQ, true, own + 1).match, MATCH_NONE, "nor is a SYN/ACK");
    flow.connection->has_timestamps = false;
    match = answer(&flow, TCP_ACK, SEQ + data, false, 0);
    ok(match.match != MATCH_NONE && match.serial == 0, "without timestamps an acknowledgement names no copy");
    flow_free(&flow);
}

static void test_reset(uint8_t family)
{
    struct flow flow;
    uint8_t bytes[BYTES];
    make_flow(&flow, family, true);
    for (unsigned behind = 0; behind < 2; behind++) {
        size_t length = flow_stamp_reset(&flow, behind, bytes);
        struct headers h = decode(bytes, length);
        const struct transport *t = &h.transport;
        uint32_t data = flow.size - (family == 6 ? 72U : 52U);
        is_num(t->seq, (uint32_t)(SEQ + (behind ? data : 0)), "IPv%u: a RST %s the data", family,
               behind ? "behind" : "before");
        ok(t->flags == (TCP_RST | TCP_ACK) && t->size == 20 && h.ip.total_length == length && sum_is_right(&h),
           "is whole, and its checksum is right");
        ok(family == 6 || checksum_finish(checksum_add(0, bytes, 20)) == 0, "that of its IP header, too");
        ok(h.ip.ttl >= 64, "and it gets to the target");
    }
    flow_free(&flow);
}

int main(void)
{
    for (unsigned i = 0; i < 4; i++)
        test_stamp(i & 1 ? 6 : 4, i & 2);
    test_quotes();
    test_answers();
    test_reset(4);
    test_reset(6);
    return tap_done();
}
