/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packets are our probes, quoted or seen leaving, and which answer them. */
#include <pcap.h>
#include <stdlib.h>

#include "tap.h"
#include "unit/support/probe_flows.h"

static const uint16_t serials[] = {1, 2, 777, 60000};

static bool is_spec(const struct flow *flow, const char *name)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&flow->spec, text);
    return strcmp(text, name) == 0;
}

/* Transport bytes that a quote needs to identify the probe. */
static size_t least_quote(const struct flow *flow)
{
    if (flow->target.family == 6 && is_spec(flow, "sctp"))
        return 20;
    if (flow->target.family == 6 && (is_spec(flow, "udp/443") || is_spec(flow, "udp/443:sni=blocked.example")))
        return 31;
    if (flow->target.family == 6 && flow_needs_connection(flow))
        return 32;
    return 8;
}

static bool match_is(struct flow_match got, enum match match, uint16_t serial)
{
    bool good = got.match == match && (match == MATCH_NONE || got.serial == serial);
    if (!good)
        printf("# got %s, serial %u, by %s; want %s, serial %u\n", match_name(got.match), got.serial, got.rule,
               match_name(match), serial);
    return good;
}

static void check_own(const char *spec, uint8_t family)
{
    struct flow flow = built_flow(spec, family);
    bool leaving = true, quoted = true, short_ones = true;
    size_t header = ip_header_size(&flow);
    for (unsigned s = 0; s < sizeof serials / sizeof *serials; s++) {
        uint8_t *bytes = stamped(&flow, serials[s], (uint8_t)(serials[s] % 30 + 1));
        leaving = leaving && match_is(recognise_leaving(&flow, bytes, flow.size), MATCH_EXACT, serials[s]);
        bytes[family == 6 ? 7 : 8] = 1;
        for (size_t cut = header; cut <= flow.size; cut++) {
            struct flow_match match = recognise_quote(&flow, bytes, cut);
            if (cut >= header + least_quote(&flow))
                quoted = quoted && match_is(match, MATCH_EXACT, serials[s]);
            else
                short_ones = short_ones && (match.match == MATCH_NONE || match.serial == serials[s]);
        }
        free(bytes);
    }
    ok(leaving, "%s IPv%u: seen leaving", spec, family);
    ok(quoted, "%s IPv%u: quoted at every length from the least", spec, family);
    ok(short_ones, "%s IPv%u: quoted shorter still: right or not at all", spec, family);
    flow_free(&flow);
}

#define MATCH_ANY ((enum match)(MATCH_EXACT + 1))

/* Packets of `other` are none of `flow`'s, or match no better than stated. */
static void check_not_ours(const struct flow *flow, const struct flow *other, enum match most, enum match most_short,
                           const char *what)
{
    uint8_t *bytes = stamped(other, 777, 5);
    char text[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&flow->spec, text);
    unsigned family = flow->target.family;
    size_t least = ip_header_size(flow) + 8;
    if (most <= MATCH_EXACT)
        ok(recognise_leaving(flow, bytes, other->size).match == MATCH_NONE, "%s IPv%u: leaving, %s", text, family,
           what);
    ok(recognise_quote(flow, bytes, other->size).match <= most, "%s IPv%u: quoted, %s", text, family, what);
    ok(recognise_quote(flow, bytes, least).match <= most_short, "%s IPv%u: short quote, %s", text, family, what);
    free(bytes);
}

static void check_others(const char *spec, uint8_t family)
{
    struct err err;
    struct flow flow = built_flow(spec, family), nonce = flow_of(spec, family), port = flow_of(spec, family),
                target = flow_of(spec, family);
    bool tcp = flow.spec.protocol == IP_TCP, marked_early = !flow.spec.type->has_port && flow.spec.protocol != IP_ICMP;
    nonce.nonce = 0xdecadf;
    port.source_port++;
    target.target.bytes[3] ^= 9;
    if (flow_build(&nonce, &err) != STATUS_OK || flow_build(&port, &err) != STATUS_OK ||
        flow_build(&target, &err) != STATUS_OK)
        abort();
    /* Of the same ports and addresses a short quote cannot say whose it is; a longer one can, but that a firewall may
     * have drawn TCP's number anew, and that a DNS query or no payload at all has no room for a mark. */
    bool markless = probe_spec_variant(&flow.spec)->port == 53 || (flow.spec.variant == VARIANT_EMPTY && family == 4);
    check_not_ours(&flow, &nonce,
                   markless             ? MATCH_ANY
                   : tcp && family == 4 ? MATCH_WEAK
                                        : MATCH_NONE,
                   marked_early ? MATCH_NONE : MATCH_EXACT, "of another run with our ports");
    check_not_ours(&flow, &port, MATCH_NONE, MATCH_NONE, "of another source port");
    check_not_ours(&flow, &target, MATCH_REWRITTEN, MATCH_REWRITTEN, "to another target");
    flow_free(&flow);
    flow_free(&nonce);
    flow_free(&port);
    flow_free(&target);
}

/* Whole quotes of many other runs beside ours: identities that coincide, or that no serial of ours has. */
static void check_many_runs(const char *spec, uint8_t family)
{
    struct err err;
    struct flow flow = built_flow(spec, family);
    unsigned taken = 0;
    for (unsigned run = 1; run <= 200; run++) {
        struct flow other = flow_of(spec, family);
        other.nonce = flow.nonce + run * 7919;
        other.source_port = (uint16_t)(flow.source_port + run);
        if (flow_build(&other, &err) != STATUS_OK)
            abort();
        uint8_t *bytes = stamped(&other, (uint16_t)run, 5);
        taken += recognise_quote(&flow, bytes, other.size).match != MATCH_NONE;
        free(bytes);
        flow_free(&other);
    }
    is_num(taken, 0, "%s IPv%u: quotes of other runs", spec, family);
    flow_free(&flow);
}

/* Another spec of the same run, with the same ports where both have some. */
static void check_other_specs(uint8_t family)
{
    bool good = true;
    for (unsigned i = 0; every_spec[i]; i++)
        for (unsigned j = 0; every_spec[j]; j++) {
            struct flow a = built_flow(every_spec[i], family), b = built_flow(every_spec[j], family);
            uint8_t *bytes = stamped(&b, 777, 5);
            if (i != j && !(a.spec.protocol == b.spec.protocol && a.target_port == b.target_port) &&
                recognise_quote(&a, bytes, b.size).match != MATCH_NONE) {
                printf("# %s takes %s\n", every_spec[i], every_spec[j]);
                good = false;
            }
            free(bytes);
            flow_free(&a);
            flow_free(&b);
        }
    ok(good, "IPv%u: no spec takes another's probes", family);
}

enum where { SOURCE_ADDRESS, TARGET_ADDRESS, SOURCE_PORT, TARGET_PORT, IP_ID, IP_ID_SWAPPED, TRANSPORT_WORD };

static size_t offset_of(const struct flow *flow, enum where where, size_t word)
{
    bool six = flow->target.family == 6;
    size_t header = ip_header_size(flow);
    switch (where) {
    case SOURCE_ADDRESS:
        return six ? 8 + 14 : 12 + 2;
    case TARGET_ADDRESS:
        return six ? 24 + 14 : 16 + 2;
    case SOURCE_PORT:
        return header;
    case TARGET_PORT:
        return header + 2;
    case IP_ID:
    case IP_ID_SWAPPED:
        return 4;
    case TRANSPORT_WORD:
        break;
    }
    return header + word;
}

/* What a probe looks like after a translator or firewall, and what is made of it: in full and cut to 8 bytes. */
static const struct {
    const char *spec;
    uint8_t family;
    enum where where[4];
    unsigned changes;
    size_t word;
    bool broken_sum; /* the checksum was not kept */
    enum match full, cut;
} rewrites[] = {
    /* A source translated, and the quote not translated back. */
    {"udp", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"udp", 6, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_WEAK},
    {"udp:empty", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_WEAK, MATCH_WEAK},
    {"udp:empty", 6, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_WEAK},
    {"udp/53", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"udp/443", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_WEAK},
    {"udp/443", 6, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_NONE},
    {"udp/123", 6, {SOURCE_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_WEAK},
    {"tcp/443", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"tcp/443", 6, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"icmp", 4, {SOURCE_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"icmp", 6, {SOURCE_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"icmp", 4, {SOURCE_ADDRESS, TRANSPORT_WORD}, 2, 4, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"icmp", 4, {SOURCE_ADDRESS, TRANSPORT_WORD}, 2, 4, true, MATCH_REWRITTEN, MATCH_WEAK},
    {"udplite", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"dccp", 4, {SOURCE_ADDRESS, SOURCE_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"sctp", 4, {SOURCE_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_WEAK},
    {"ip/50", 4, {SOURCE_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    /* A target translated. */
    {"udp", 4, {TARGET_ADDRESS, TARGET_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"udp", 4, {TARGET_ADDRESS, TARGET_PORT}, 2, 0, true, MATCH_REWRITTEN, MATCH_WEAK},
    {"tcp/443", 4, {TARGET_ADDRESS, TARGET_PORT}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"icmp", 4, {TARGET_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"sctp", 4, {TARGET_ADDRESS}, 1, 0, false, MATCH_REWRITTEN, MATCH_WEAK},
    /* Both. */
    {"tcp/443", 4, {SOURCE_ADDRESS, TARGET_ADDRESS}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    {"tcp/443", 6, {SOURCE_ADDRESS, TARGET_ADDRESS}, 2, 0, false, MATCH_NONE, MATCH_NONE},
    {"udp", 4, {SOURCE_ADDRESS, TARGET_ADDRESS}, 2, 0, false, MATCH_REWRITTEN, MATCH_REWRITTEN},
    /* An id that was zeroed or swapped, alone; a checksum blanked or stale. */
    {"udp", 4, {IP_ID}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"udp", 4, {IP_ID_SWAPPED}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"udp/53", 4, {IP_ID}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"udp/53", 4, {IP_ID_SWAPPED}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"tcp/443", 4, {IP_ID}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"icmp", 4, {IP_ID}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"ip/50", 4, {IP_ID}, 1, 0, false, MATCH_EXACT, MATCH_EXACT},
    {"sctp", 4, {IP_ID}, 1, 0, false, MATCH_EXACT, MATCH_NONE},
    {"udp/53", 4, {TRANSPORT_WORD}, 1, 6, true, MATCH_EXACT, MATCH_EXACT},
    /* A sequence number that was drawn anew. */
    {"tcp/443", 4, {TRANSPORT_WORD}, 1, 4, false, MATCH_WEAK, MATCH_WEAK},
    {"tcp/443", 6, {TRANSPORT_WORD}, 1, 4, false, MATCH_NONE, MATCH_NONE},
};

static void check_rewrite(unsigned row)
{
    struct flow flow = built_flow(rewrites[row].spec, rewrites[row].family);
    uint8_t *bytes = stamped(&flow, 777, 5);
    uint8_t *untouched = stamped(&flow, 777, 5);
    size_t header = ip_header_size(&flow);
    for (unsigned i = 0; i < rewrites[row].changes; i++) {
        enum where where = rewrites[row].where[i];
        size_t offset = offset_of(&flow, where, rewrites[row].word);
        uint16_t value = where == IP_ID           ? 0
                         : where == IP_ID_SWAPPED ? __builtin_bswap16(word_at(bytes + 4))
                         : rewrites[row].broken_sum && where == TRANSPORT_WORD && rewrites[row].word == 6 ? 0
                                                                                                          : 0xc0a8;
        translate_word(bytes, flow.size, offset, value);
    }
    size_t sum = flow.spec.protocol == IP_ICMP ? 2 : 6;
    if (rewrites[row].broken_sum && rewrites[row].word != 6)
        set_word(bytes + header + sum, (uint16_t)(word_at(untouched + header + sum) ^ 0x5a5a));
    else if (rewrites[row].broken_sum)
        set_word(bytes + header + sum, 0);
    ok(match_is(recognise_quote(&flow, bytes, flow.size), rewrites[row].full, 777), "rewritten %s IPv%u, row %u",
       rewrites[row].spec, rewrites[row].family, row);
    ok(match_is(recognise_quote(&flow, bytes, header + 8), rewrites[row].cut, 777), "... and quoted short");
    free(bytes);
    free(untouched);
    flow_free(&flow);
}

static void check_stale_checksum(void)
{
    struct flow flow = built_flow("udp/53", 4);
    uint8_t *bytes = stamped(&flow, 777, 5);
    set_word(bytes + 26, (uint16_t)(word_at(bytes + 26) + 3));
    ok(match_is(recognise_quote(&flow, bytes, flow.size), MATCH_REWRITTEN, 777),
       "a checksum that a translator did not put back: the id identifies the probe, and the match is rewritten");
    free(bytes);
    flow_free(&flow);
}

/* A later fragment, and a quote that was blanked behind its 8 bytes. */
static void check_poor_quotes(void)
{
    struct flow flow = built_flow("udp", 4);
    uint8_t *bytes = stamped(&flow, 777, 5);
    memset(bytes + 28, 0, (size_t)flow.size - 28);
    ok(match_is(recognise_quote(&flow, bytes, flow.size), MATCH_EXACT, 777), "a blanked payload is no foreign mark");
    set_word(bytes + 6, 3);
    ok(match_is(recognise_quote(&flow, bytes, flow.size), MATCH_WEAK, 777), "a later fragment");
    free(bytes);
    flow_free(&flow);
}

/* Our kernel's RST to a SYN/ACK: our ports, seq one above a probe's, id 0. */
static void check_kernel_rst(uint8_t family)
{
    struct flow flow = built_flow("tcp/443", family);
    uint8_t *bytes = stamped(&flow, 777, 64);
    size_t header = ip_header_size(&flow);
    if (family == 4)
        translate_word(bytes, flow.size, 4, 0);
    translate_word(bytes, flow.size, header + 6, (uint16_t)(word_at(bytes + header + 6) + 1));
    ok(recognise_quote(&flow, bytes, header + 8).match == MATCH_NONE, "our kernel's RST IPv%u, quoted short", family);
    bytes[header + 13] = TCP_RST;
    ok(recognise_leaving(&flow, bytes, flow.size).match == MATCH_NONE, "our kernel's RST IPv%u, leaving", family);
    ok(recognise_quote(&flow, bytes, flow.size).match == MATCH_NONE, "our kernel's RST IPv%u, quoted", family);
    free(bytes);
    flow_free(&flow);
}

/* A packet with a probe's identity but other flags, or of another type. */
static void check_other_flags(const char *spec, size_t offset, uint8_t value)
{
    struct flow flow = built_flow(spec, 4);
    uint8_t *bytes = stamped(&flow, 777, 64);
    bytes[20 + offset] = value;
    ok(recognise_leaving(&flow, bytes, flow.size).match == MATCH_NONE, "%s with other flags, leaving", spec);
    ok(recognise_quote(&flow, bytes, flow.size).match == MATCH_NONE, "%s with other flags, quoted", spec);
    free(bytes);
    flow_free(&flow);
}

/* A packet seen leaving is exactly as built, or it is none. */
static void check_leaving(void)
{
    struct flow flow = built_flow("udp", 4);
    uint8_t *bytes = stamped(&flow, 777, 64);
    translate_word(bytes, flow.size, 12, 0x0a01);
    ok(match_is(recognise_leaving(&flow, bytes, flow.size), MATCH_REWRITTEN, 777), "masqueraded by this very host");
    free(bytes);
    bytes = stamped(&flow, 777, 64);
    translate_word(bytes, flow.size, 4, 0x1234);
    ok(recognise_leaving(&flow, bytes, flow.size).match == MATCH_NONE, "leaving with another id");
    free(bytes);
    bytes = stamped(&flow, 777, 64);
    translate_word(bytes, flow.size, 2, (uint16_t)(flow.size - 4));
    ok(recognise_leaving(&flow, bytes, flow.size).match == MATCH_NONE, "leaving with another length");
    free(bytes);
    bytes = stamped(&flow, 0, 64);
    ok(recognise_leaving(&flow, bytes, flow.size).match == MATCH_NONE, "the template is no probe");
    free(bytes);
    flow_free(&flow);
}

static bool answer_is(const struct flow *flow, const uint8_t *transport, size_t length, uint16_t serial,
                      enum reply_kind kind)
{
    size_t size;
    uint8_t protocol = flow->spec.protocol == IP_ICMP && flow->target.family == 6 ? IP_ICMP6 : flow->spec.protocol;
    uint8_t *bytes = answer_packet(flow, protocol, transport, length, &size);
    struct flow_match match = answer_of(flow, bytes, size);
    bool good = match_is(match, MATCH_EXACT, serial) && match.kind == kind;
    bytes[ip_header_size(flow) - 1] ^= 1;
    good = good && answer_of(flow, bytes, size).match == MATCH_NONE; /* to another host */
    bytes[ip_header_size(flow) - 1] ^= 1;
    for (size_t cut = 0; cut < size; cut++) { /* in memory of its own */
        uint8_t *some = malloc(cut ? cut : 1);
        memcpy(some, bytes, cut);
        struct flow_match less = answer_of(flow, some, cut);
        good = good && (less.match == MATCH_NONE || less.serial == serial || less.serial == 0);
        free(some);
    }
    free(bytes);
    return good;
}

static bool no_answer(const struct flow *flow, const uint8_t *transport, size_t length)
{
    size_t size;
    uint8_t *bytes = answer_packet(flow, flow->spec.protocol, transport, length, &size);
    bool good = answer_of(flow, bytes, size).match == MATCH_NONE;
    free(bytes);
    return good;
}

static void set_ports(const struct flow *flow, uint8_t *transport)
{
    set_word(transport, flow->target_port);
    set_word(transport + 2, flow->source_port);
}

static void set_long(uint8_t *at, uint32_t value)
{
    set_word(at, (uint16_t)(value >> 16));
    set_word(at + 2, (uint16_t)value);
}

static uint32_t long_at(const uint8_t *at)
{
    return (uint32_t)word_at(at) << 16 | word_at(at + 2);
}

static void make_tcp(const struct flow *flow, uint8_t out[20], uint8_t flags, uint32_t seq, uint32_t ack)
{
    memset(out, 0, 20);
    set_ports(flow, out);
    set_long(out + 4, seq);
    set_long(out + 8, ack);
    out[12] = 5 << 4;
    out[13] = flags;
}

static void check_tcp_answers(uint8_t family, uint16_t size)
{
    struct err err;
    struct flow syn = flow_of("tcp/443", family);
    syn.size = size;
    if (flow_build(&syn, &err) != STATUS_OK)
        abort();
    uint8_t *bytes = stamped(&syn, 777, 9), t[20];
    size_t header = ip_header_size(&syn);
    uint32_t seq = long_at(bytes + header + 4), data = (uint32_t)(syn.size - header - 40);
    make_tcp(&syn, t, TCP_SYN | TCP_ACK, 99, seq + 1);
    ok(answer_is(&syn, t, sizeof t, 777, REPLY_SYN_ACK), "SYN/ACK IPv%u, %u bytes of data", family, data);
    make_tcp(&syn, t, TCP_RST | TCP_ACK, 0, seq + 1 + data);
    ok(answer_is(&syn, t, sizeof t, 777, REPLY_RST), "RST/ACK IPv%u, %u bytes of data", family, data);
    make_tcp(&syn, t, TCP_SYN | TCP_ACK, 99, seq + 1 + data);
    ok(answer_is(&syn, t, sizeof t, 777, REPLY_SYN_ACK), "SYN/ACK IPv%u that takes %u bytes of data", family, data);
    make_tcp(&syn, t, TCP_RST | TCP_ACK, 0, seq + 1);
    ok(answer_is(&syn, t, sizeof t, 777, REPLY_RST), "RST/ACK IPv%u that leaves %u bytes of data", family, data);
    make_tcp(&syn, t, TCP_ACK, 99, seq + 1);
    ok(answer_is(&syn, t, sizeof t, 777, REPLY_TCP), "a bare ACK IPv%u", family);
    make_tcp(&syn, t, TCP_SYN | TCP_ACK, 99, seq + 0x40000001);
    ok(no_answer(&syn, t, sizeof t), "a SYN/ACK of another connection IPv%u", family);
    make_tcp(&syn, t, TCP_RST, seq, 0);
    ok(no_answer(&syn, t, sizeof t), "a RST without ACK to a SYN IPv%u", family);
    make_tcp(&syn, t, TCP_SYN | TCP_ACK, 99, seq + 1);
    set_word(t + 2, (uint16_t)(syn.source_port + 1));
    ok(no_answer(&syn, t, sizeof t), "a SYN/ACK to another port IPv%u", family);
    free(bytes);
    flow_free(&syn);
}

static void check_bare_tcp_answers(void)
{
    struct flow ack = built_flow("tcp/80:ack", 4), fin = built_flow("tcp/80:fin", 4);
    uint8_t *a = stamped(&ack, 777, 9), *f = stamped(&fin, 60000, 9), t[20];
    make_tcp(&ack, t, TCP_RST, long_at(a + 28), 0);
    ok(answer_is(&ack, t, sizeof t, 777, REPLY_RST), "a lone ACK draws a RST with its ack as seq");
    make_tcp(&ack, t, TCP_RST | TCP_ACK, 0, long_at(a + 24) + 8);
    ok(answer_is(&ack, t, sizeof t, 777, REPLY_RST), "... or a RST/ACK that counts its data");
    make_tcp(&fin, t, TCP_RST | TCP_ACK, 0, long_at(f + 24) + 1 + 8);
    ok(answer_is(&fin, t, sizeof t, 60000, REPLY_RST), "a FIN draws a RST/ACK");
    free(a);
    free(f);
    flow_free(&ack);
    flow_free(&fin);
}

static void check_echo_answers(uint8_t family)
{
    struct flow flow = built_flow("icmp", family);
    uint8_t *bytes = stamped(&flow, 777, 9), *echo = bytes + ip_header_size(&flow);
    size_t length = flow.size - ip_header_size(&flow);
    ok(no_answer(&flow, echo, length), "an echo request is no reply IPv%u", family);
    echo[0] = family == 6 ? 129 : 0;
    ok(answer_is(&flow, echo, length, 777, REPLY_ECHO), "echo reply IPv%u", family);
    echo[14] ^= 1;
    ok(no_answer(&flow, echo, length), "an echo reply with another run's mark IPv%u", family);
    free(bytes);
    flow_free(&flow);
}

/* The service's answer is our own datagram with ports swapped and `change`d; its serial. */
static void check_udp_answer(const char *spec, uint8_t family, void (*change)(uint8_t *payload), uint16_t serial)
{
    struct flow flow = built_flow(spec, family);
    uint8_t *bytes = stamped(&flow, 777, 9), *datagram = bytes + ip_header_size(&flow);
    set_ports(&flow, datagram);
    change(datagram + 8);
    ok(answer_is(&flow, datagram, flow.size - ip_header_size(&flow), serial, REPLY_UDP),
       "answer of %s IPv%u, serial %u", spec, family, serial);
    free(bytes);
    flow_free(&flow);
}

static void change_nothing(uint8_t *payload)
{
    (void)payload;
}

static void change_tag(uint8_t *payload)
{
    payload[5] ^= 0xff;
}

static void change_serial(uint8_t *payload)
{
    payload[3] ^= 0x10;
}

static void change_steering(uint8_t *payload)
{
    payload[1] ^= 1;
}

static void make_dns_response(uint8_t *payload)
{
    payload[2] |= 0x80;
}

static void make_ntp_response(uint8_t *payload)
{
    payload[0] = 0x24;
    memcpy(payload + 24, payload + 40, 8);
    memset(payload + 40, 0x77, 8);
}

static void make_damaged_ntp_response(uint8_t *payload)
{
    make_ntp_response(payload);
    payload[29] ^= 0x10;
}

/* Our source connection id becomes the destination, in a long header or a short one. */
static void make_quic_response(uint8_t *payload)
{
    memcpy(payload + 6, payload + 15, 8);
}

static void make_version_negotiation(uint8_t *payload)
{
    make_quic_response(payload);
    memset(payload + 1, 0, 4);
}

static void make_short_header(uint8_t *payload)
{
    memmove(payload + 1, payload + 15, 8);
    payload[0] = 0x40;
}

static void check_udp_answers(uint8_t family)
{
    check_udp_answer("udp", family, change_nothing, 777);
    check_udp_answer("udp", family, change_tag, 0);
    check_udp_answer("udp", family, change_serial, 0);
    check_udp_answer("udp", family, change_steering, 0);
    check_udp_answer("udp/53:empty", family, change_nothing, family == 6 ? 777 : 0);
    check_udp_answer("udp/53:plain", family, change_nothing, 777);
    check_udp_answer("udp/53", family, make_dns_response, 777);
    check_udp_answer("udp/53", family, change_nothing, 0);
    check_udp_answer("udp/5353:dns", family, make_dns_response, 777);
    check_udp_answer("udp/123", family, make_ntp_response, 777);
    check_udp_answer("udp/123", family, make_damaged_ntp_response, 0);
    check_udp_answer("udp/123", family, change_nothing, 0);
    check_udp_answer("udp/443", family, make_quic_response, 777);
    check_udp_answer("udp/443", family, make_version_negotiation, 777);
    check_udp_answer("udp/443", family, make_short_header, 777);
    check_udp_answer("udp/443", family, change_nothing, 0);
    check_udp_answer("udplite", family, change_nothing, 777);
    check_udp_answer("udplite", family, change_serial, 0);
}

static void check_dccp_answers(uint8_t family)
{
    struct flow flow = built_flow("dccp", family);
    uint8_t *bytes = stamped(&flow, 777, 9), t[28] = {0};
    set_ports(&flow, t);
    t[4] = sizeof t / 4;
    t[8] = 7 << 1 | 1; /* Reset */
    memcpy(t + 18, bytes + ip_header_size(&flow) + 10, 6);
    ok(answer_is(&flow, t, sizeof t, 777, REPLY_DCCP), "DCCP Reset IPv%u", family);
    t[19] ^= 1;
    ok(no_answer(&flow, t, sizeof t), "a DCCP Reset of another connection IPv%u", family);
    free(bytes);
    flow_free(&flow);
}

static void check_sctp_answers(uint8_t family)
{
    struct flow flow = built_flow("sctp", family);
    uint8_t *bytes = stamped(&flow, 777, 9), t[32] = {0};
    set_ports(&flow, t);
    memcpy(t + 4, bytes + ip_header_size(&flow) + 16, 4);
    t[12] = 2;
    t[15] = 20;
    ok(answer_is(&flow, t, sizeof t, 777, REPLY_SCTP), "INIT ACK IPv%u", family);
    t[12] = 6;
    t[15] = 4;
    ok(answer_is(&flow, t, 16, 777, REPLY_SCTP), "ABORT IPv%u", family);
    t[5] ^= 1;
    ok(no_answer(&flow, t, 16), "an ABORT of another association IPv%u", family);
    memset(t + 4, 0, 4);
    ok(answer_is(&flow, t, 16, 0, REPLY_SCTP), "an ABORT that reflects our tag of 0 IPv%u", family);
    free(bytes);
    flow_free(&flow);
}

static void check_bare_answers(uint8_t family)
{
    struct flow flow = built_flow("ip/50", family);
    uint8_t *bytes = stamped(&flow, 777, 9), other[16] = {1};
    size_t header = ip_header_size(&flow);
    ok(answer_is(&flow, bytes + header, flow.size - header, 777, REPLY_OTHER), "bare protocol echoed IPv%u", family);
    ok(answer_is(&flow, other, sizeof other, 0, REPLY_OTHER), "bare protocol from the target IPv%u", family);
    free(bytes);
    flow_free(&flow);
}

/* Over loopback a probe comes back as it left. */
static void check_loopback(const char *spec)
{
    struct err err;
    struct flow flow = flow_of(spec, 4);
    flow.target = flow.source;
    if (flow_build(&flow, &err) != STATUS_OK)
        abort();
    uint8_t *bytes = stamped(&flow, 777, 9);
    ok(match_is(recognise_leaving(&flow, bytes, flow.size), MATCH_EXACT, 777), "%s to ourselves leaves", spec);
    ok(answer_of(&flow, bytes, flow.size).match == MATCH_NONE, "%s to ourselves is no answer", spec);
    free(bytes);
    flow_free(&flow);
}

/* The sanitizers watch; and where a probe has more than one identity, no single wrong byte makes another serial of it.
 */
static void check_mutations(const char *spec, uint8_t family)
{
    static const uint8_t masks[] = {0xff, 0x01, 0x80, 0x5a};
    struct flow flow = built_flow(spec, family);
    uint8_t *bytes = stamped(&flow, 777, 9);
    bool one_identity = family == 6 ? flow.spec.protocol == IP_TCP || flow.spec.protocol == IP_SCTP ||
                                          probe_spec_variant(&flow.spec)->port == 53 || !flow.spec.type->protocol
                                    : flow.spec.variant == VARIANT_EMPTY;
    unsigned wrong = 0;
    for (size_t i = 0; i < flow.size && i < 160; i++)
        for (unsigned m = 0; m < sizeof masks; m++) {
            bytes[i] ^= masks[m];
            struct flow_match leaving = recognise_leaving(&flow, bytes, flow.size);
            wrong += !one_identity && leaving.match == MATCH_EXACT && leaving.serial != 777;
            recognise_quote(&flow, bytes, flow.size);
            recognise_quote(&flow, bytes, ip_header_size(&flow) + 8);
            answer_of(&flow, bytes, flow.size);
            bytes[i] ^= masks[m];
        }
    is_num(wrong, 0, "%s IPv%u: mutations", spec, family);
    free(bytes);
    flow_free(&flow);
}

static bool passes(const char *filter, const uint8_t *bytes, size_t size)
{
    struct bpf_program program;
    pcap_t *dead = pcap_open_dead(DLT_RAW, 65535);
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)size, .len = (bpf_u_int32)size};
    bool pass = false;
    if (dead && pcap_compile(dead, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        pass = pcap_offline_filter(&program, &header, bytes) != 0;
        pcap_freecode(&program);
    } else {
        printf("# %s: %s\n", filter, dead ? pcap_geterr(dead) : "no memory");
    }
    if (dead)
        pcap_close(dead);
    return pass;
}

static void check_filter(const char *spec, uint8_t family)
{
    struct flow flow = built_flow(spec, family), other = built_flow("ip/99", family);
    struct strbuf text;
    uint8_t *bytes = stamped(&flow, 777, 9), *foreign = stamped(&other, 777, 9), back[40] = {0};
    size_t size;
    bool icmp = flow.spec.protocol == IP_ICMP;
    strbuf_init(&text);
    flow_filter(&flow, &text);
    size_t length = flow.size - ip_header_size(&flow);
    memcpy(back, bytes + ip_header_size(&flow), length < sizeof back ? length : sizeof back);
    if (icmp)
        back[0] = family == 6 ? 129 : 0;
    else if (flow.spec.type->has_port)
        set_ports(&flow, back);
    uint8_t protocol = bytes[family == 6 ? 6 : 9];
    uint8_t *answer = answer_packet(&flow, protocol, back, sizeof back, &size);
    ok(passes(text.text, bytes, flow.size), "%s IPv%u: the filter passes probes", spec, family);
    ok(passes(text.text, answer, size), "%s IPv%u: the filter passes answers", spec, family);
    ok(!passes(text.text, foreign, other.size), "%s IPv%u: the filter stops others", spec, family);
    bytes[ip_header_size(&flow) - 1] ^= 1;
    ok(!passes(text.text, bytes, flow.size), "%s IPv%u: the filter stops other targets", spec, family);
    strbuf_free(&text);
    free(bytes);
    free(foreign);
    free(answer);
    flow_free(&flow);
    flow_free(&other);
}

static void check_filter_text(void)
{
    static const struct {
        const char *spec;
        uint8_t family;
        const char *text;
    } rows[] = {
        {"udp", 4,
         "(udp and ((src host 192.0.2.1 and dst host 198.51.100.7 and src port 41022 and dst port 33434) or (src host "
         "198.51.100.7 and dst host 192.0.2.1 and src port 33434 and dst port 41022)))"},
        {"icmp", 4,
         "(icmp and icmp[4:2] = 41022 and ((src host 192.0.2.1 and dst host 198.51.100.7 and icmp[0] = 8) or (src host "
         "198.51.100.7 and dst host 192.0.2.1 and icmp[0] = 0)))"},
        {"ip/50", 6,
         "(ip6 proto 50 and ((src host 2001:db8::1 and dst host 2001:db8:ffff::7) or (src host 2001:db8:ffff::7 and "
         "dst host 2001:db8::1)))"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow flow = flow_of(rows[i].spec, rows[i].family);
        struct strbuf text;
        strbuf_init(&text);
        flow_filter(&flow, &text);
        is_text(text.text, rows[i].text, "filter of %s IPv%u", rows[i].spec, rows[i].family);
        strbuf_free(&text);
    }
}

static void check_family(uint8_t family)
{
    for (unsigned i = 0; every_spec[i]; i++) {
        check_own(every_spec[i], family);
        check_others(every_spec[i], family);
        check_many_runs(every_spec[i], family);
        check_mutations(every_spec[i], family);
        check_filter(every_spec[i], family);
    }
    check_other_specs(family);
    check_kernel_rst(family);
    check_tcp_answers(family, family == 6 ? 80 : 60);
    check_tcp_answers(family, 1001);
    check_tcp_answers(family, 1500);
    check_tcp_answers(family, 65535);
    check_echo_answers(family);
    check_udp_answers(family);
    check_dccp_answers(family);
    check_sctp_answers(family);
    check_bare_answers(family);
}

int main(void)
{
    check_family(4);
    check_family(6);
    for (unsigned i = 0; i < sizeof rewrites / sizeof *rewrites; i++)
        check_rewrite(i);
    check_stale_checksum();
    check_poor_quotes();
    check_bare_tcp_answers();
    check_leaving();
    check_other_flags("tcp/443", 13, TCP_RST);
    check_other_flags("tcp/80:ack", 13, TCP_ACK | TCP_FIN);
    check_other_flags("icmp", 0, 13);
    check_other_flags("dccp", 8, 3);
    check_other_flags("sctp", 12, 2);
    check_loopback("ip/50");
    check_loopback("icmp");
    check_filter_text();
    return tap_done();
}
