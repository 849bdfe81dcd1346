/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes as they are stamped: every type, both families. */
#include <stdlib.h>

#include "packet/checksum.h"
#include "tap.h"
#include "unit/support/probe_flows.h"

static const uint16_t serials[] = {1, 2, 777, 60000};
static const uint8_t ttls[] = {1, 2, 30, 255};

static bool ip_header_is_right(const struct flow *flow, const struct headers *h, uint16_t serial, uint8_t ttl)
{
    bool common = h->ip.version == flow->target.family && h->ip.ttl == ttl && h->ip.total_length == flow->size &&
                  h->ip.tos == flow->tos && addr_equal(&h->ip.source, &flow->source) &&
                  addr_equal(&h->ip.target, &flow->target);
    if (flow->target.family == 6)
        return common && h->ip.flow_label == flow->flow_label;
    return common && checksum_finish(checksum_add(0, h->bytes, h->ip.header_length)) == 0 &&
           h->ip.id == flow_ip_id(flow, serial) && h->ip.id != 0 && h->ip.dont_fragment == flow->dont_fragment;
}

/* What balancers hash: the first 4 transport bytes, of ICMP the checksum and id as well. */
static bool hashed_bytes_are_constant(const struct flow *flow, const uint8_t *bytes)
{
    size_t header = ip_header_size(flow);
    bool icmp = flow->spec.protocol == IP_ICMP;
    return memcmp(bytes + header, flow->template_bytes + header, icmp ? 6 : 4) == 0;
}

static void check_flow(const char *spec, uint8_t family)
{
    struct flow flow = built_flow(spec, family);
    bool header = true, sum = true, constant = true, others = true;
    for (unsigned s = 0; s < sizeof serials / sizeof *serials; s++)
        for (unsigned t = 0; t < sizeof ttls; t++) {
            uint8_t *bytes = stamped(&flow, serials[s], ttls[t]), *again = stamped(&flow, serials[s], ttls[t]);
            struct headers h = decoded(bytes, flow.size, false);
            header = header && ip_header_is_right(&flow, &h, serials[s], ttls[t]);
            sum = sum && transport_checksum(bytes, flow.size) == right_checksum(bytes, flow.size);
            constant = constant && hashed_bytes_are_constant(&flow, bytes);
            others = others && memcmp(bytes, again, flow.size) == 0;
            free(bytes);
            free(again);
        }
    ok(header, "%s IPv%u: IP header", spec, family);
    ok(sum, "%s IPv%u: transport checksum", spec, family);
    ok(constant, "%s IPv%u: what balancers hash is constant", spec, family);
    ok(others, "%s IPv%u: the same serial gives the same bytes", spec, family);
    flow_free(&flow);
}

static void check_sizes(void)
{
    static const struct {
        const char *spec;
        uint16_t four, six;
    } rows[] = {
        {"icmp", 60, 80},         {"udp", 60, 80},       {"udp/53", 60, 80},       {"udp/123", 76, 96},
        {"udp/443", 1228, 1248},  {"tcp/443", 60, 80},   {"tcp/80:ack", 60, 80},   {"tcp/80:fin", 60, 80},
        {"udplite", 60, 80},      {"dccp", 60, 80},      {"sctp", 60, 80},         {"ip/50", 60, 80},
        {"udp/53:empty", 28, 56}, {"udp:empty", 28, 56}, {"udp/53:plain", 60, 80},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow flow = flow_of(rows[i].spec, 4);
        is_num(flow_default_size(&flow.spec, 4), rows[i].four, "%s: default size over IPv4", rows[i].spec);
        is_num(flow_default_size(&flow.spec, 6), rows[i].six, "%s: default size over IPv6", rows[i].spec);
    }
}

static void check_asked_size(const char *spec, uint8_t family, uint16_t size, const char *want)
{
    struct err err = {.message = ""};
    struct flow flow = flow_of(spec, family);
    flow.size = size;
    enum status status = flow_build(&flow, &err);
    is_text(err.message, want, "%s IPv%u, %u bytes: message", spec, family, size);
    is_num(status, *want ? STATUS_USAGE : STATUS_OK, "%s IPv%u, %u bytes: status", spec, family, size);
    if (status == STATUS_OK) {
        uint8_t *bytes = stamped(&flow, 5, 9);
        struct headers h = decoded(bytes, size, false);
        ok(h.ip.total_length == size && transport_checksum(bytes, size) == right_checksum(bytes, size),
           "%s IPv%u, %u bytes: length and checksum", spec, family, size);
        free(bytes);
    }
    flow_free(&flow);
}

static void check_asked_sizes(void)
{
    static const char *const most[] = {"icmp",       "udp",     "udp/53", "udp/53:empty", "tcp/443",
                                       "tcp/80:ack", "udplite", "dccp",   "ip/50"};
    for (unsigned i = 0; i < sizeof most / sizeof *most; i++) {
        check_asked_size(most[i], 4, 1501, "");
        check_asked_size(most[i], 6, 9000, "");
        check_asked_size(most[i], 4, 65535, "");
    }
    check_asked_size("sctp", 4, 1500, "");
    check_asked_size("sctp", 6, 84, "");
    check_asked_size("udp/443", 4, 1500, "");
    check_asked_size("udp", 4, 36, "");
    for (uint16_t size = 28; size <= 37; size++)
        check_asked_size("udp/53:empty", 4, size, "");
    check_asked_size("udp/53:empty", 4, 27, "udp/53:empty: cannot build a packet of 27 bytes: IPv4 needs at least 28");
    check_asked_size("udp/53:empty", 6, 55, "udp/53:empty: cannot build a packet of 55 bytes: IPv6 needs at least 56");
    check_asked_size("udp", 4, 35, "udp: cannot build a packet of 35 bytes: IPv4 needs at least 36");
    check_asked_size("tcp/443", 6, 79, "tcp/443: cannot build a packet of 79 bytes: IPv6 needs at least 80");
    check_asked_size("sctp", 4, 1501,
                     "sctp/9899: cannot build a packet of 1501 bytes: SCTP needs a multiple of 4 (1500 or 1504)");
    check_asked_size("udp/123", 4, 100,
                     "udp/123: cannot build a packet of 100 bytes: an NTP request has 76 (leave the size out, or "
                     "probe udp/123:empty)");
    check_asked_size("udp/443", 4, 600, "udp/443: cannot build a packet of 600 bytes: IPv4 needs at least 1228");
    check_asked_size("udp/443", 4, 20000,
                     "udp/443: cannot build a packet of 20000 bytes: a QUIC Initial has at most 16000");
    check_asked_size("ip/43", 6, 0,
                     "ip/43: cannot probe over IPv6: this number is an extension header there (use "
                     "-4)");
    check_asked_size("ip/44", 6, 0,
                     "ip/44: cannot probe over IPv6: this number is an extension header there (use "
                     "-4)");
}

static void check_header_fields(void)
{
    struct err err;
    struct flow four = flow_of("udp", 4), six = flow_of("tcp/443", 6);
    four.tos = 0xb9;
    four.dont_fragment = false;
    six.tos = 0x2e;
    six.flow_label = 0xfedcb;
    flow_build(&four, &err);
    flow_build(&six, &err);
    uint8_t *a = stamped(&four, 3, 4), *b = stamped(&six, 3, 4);
    struct headers h = decoded(a, four.size, false), i = decoded(b, six.size, false);
    ok(ip_header_is_right(&four, &h, 3, 4), "IPv4 TOS and no DF");
    ok(ip_header_is_right(&six, &i, 3, 4), "IPv6 traffic class and all bits of the flow label");
    free(a);
    free(b);
    flow_free(&four);
    flow_free(&six);
}

/* A SYN as Linux sends it. */
static void check_syn(uint8_t family)
{
    struct flow flow = built_flow("tcp/443", family);
    uint8_t *bytes = stamped(&flow, 9, 9);
    struct transport t = decoded(bytes, flow.size, false).transport;
    is_num(t.flags, TCP_SYN, "SYN IPv%u: flags", family);
    is_num(t.window, 64240, "SYN IPv%u: window", family);
    is_num(t.header_length, 40, "SYN IPv%u: header length", family);
    ok(t.tcp_options.has_mss && t.tcp_options.has_sack_permitted && t.tcp_options.has_timestamps &&
           t.tcp_options.has_window_scale && !t.tcp_options.malformed,
       "SYN IPv%u: options", family);
    is_num(t.tcp_options.mss, family == 6 ? 1440 : 1460, "SYN IPv%u: MSS", family);
    is_num(t.tcp_options.window_scale, 7, "SYN IPv%u: window scale", family);
    is_num(t.tcp_options.timestamp_echo, 0, "SYN IPv%u: timestamp echo", family);
    is_num(t.ack, 0, "SYN IPv%u: ack", family);
    free(bytes);
    flow_free(&flow);
}

static void check_variants(void)
{
    struct flow ack = built_flow("tcp/80:ack", 4), fin = built_flow("tcp/80:fin", 4), lite = built_flow("udplite", 4);
    uint8_t *a = stamped(&ack, 9, 9), *f = stamped(&fin, 9, 9), *l = stamped(&lite, 9, 9);
    struct transport ta = decoded(a, ack.size, false).transport, tf = decoded(f, fin.size, false).transport;
    ok(ta.flags == TCP_ACK && ta.seq == ta.ack && ta.tcp_options.has_timestamps && !ta.tcp_options.malformed,
       "a lone ACK: seq and ack alike");
    ok(tf.flags == TCP_FIN && tf.ack == 0, "a lone FIN");
    is_num(word_at(l + 24), 16, "UDP-Lite covers its header and the mark");
    free(a);
    free(f);
    free(l);
    flow_free(&ack);
    flow_free(&fin);
    flow_free(&lite);
}

/* Every serial there is: distinct ids, and a checksum that is neither absent nor ambiguous. */
static void check_all_serials(const char *spec, uint8_t family)
{
    struct flow flow = built_flow(spec, family);
    static uint8_t bytes[256];
    uint8_t *taken = calloc(65536, 1), *sums = calloc(65536, 1);
    unsigned zero = 0, twice = 0, wrong = 0, equal = 0, lost = 0;
    for (unsigned serial = 1; serial <= FLOW_SERIALS_MOST; serial++) {
        flow_stamp(&flow, (uint16_t)serial, 7, bytes);
        uint16_t id = flow_ip_id(&flow, (uint16_t)serial);
        uint32_t sum = transport_checksum(bytes, flow.size);
        zero += sum == 0 || sum == 0xffff || id == 0 || id == 0xffff;
        equal += sum == id;
        twice += taken[id]++ + sums[sum]++;
        lost += flow_serial_of_id(&flow, id) != serial;
        wrong += serial % 16 == 0 && sum != right_checksum(bytes, flow.size);
    }
    is_num(zero, 0, "%s IPv%u: no checksum or id of 0 or 0xffff in 60000", spec, family);
    is_num(equal, 0, "%s IPv%u: the id does not tell the checksum", spec, family);
    is_num(twice, 0, "%s IPv%u: ids are distinct, and checksums", spec, family);
    is_num(lost, 0, "%s IPv%u: ids give their serials", spec, family);
    is_num(wrong, 0, "%s IPv%u: checksums are right", spec, family);
    free(taken);
    free(sums);
    flow_free(&flow);
}

/* Below the room for a mark the checksum is steered all the same, if there are two bytes; without, it is constant. */
static void check_small_payloads(void)
{
    struct err err;
    for (uint16_t size = 28; size <= 36; size++) {
        struct flow flow = flow_of("udp/53:empty", 4);
        flow.size = size;
        flow_build(&flow, &err);
        uint8_t *bytes = stamped(&flow, 777, 9), *next = stamped(&flow, 778, 9);
        is_num(word_at(next + 26) - word_at(bytes + 26), size < 30 ? 0 : 1,
               "udp/53:empty of %u bytes: from one checksum to the next", size);
        free(bytes);
        free(next);
        flow_free(&flow);
    }
}

/* A sum of 0 is sent as 0xffff, since 0 would say that there is none (RFC 768). */
static void check_zero_checksum(void)
{
    struct flow flow = built_flow("udp/53:empty", 4);
    struct err err;
    uint32_t port = flow.source_port + (uint32_t)word_at(flow.template_bytes + 26);
    flow_free(&flow);
    flow.source_port = (uint16_t)((port & 0xffff) + (port >> 16));
    flow_build(&flow, &err);
    uint8_t *bytes = stamped(&flow, 777, 9);
    is_num(right_checksum(bytes, flow.size), 0, "a source port whose checksum is 0");
    is_num(word_at(bytes + 26), 0xffff, "... is sent with 0xffff");
    free(bytes);
    flow_free(&flow);
}

/* Whatever the target acknowledges of a probe with data, be it the data or not, is no other probe's: `taken` marks the
 * numbers of all, counted from that of serial 1. A number one above is that of our own kernel's RST. */
static void check_seq_gaps(const char *spec, uint16_t size)
{
    struct err err;
    struct flow flow = flow_of(spec, 4);
    static uint8_t bytes[65535], taken[1 << 20];
    flow.size = size;
    flow_build(&flow, &err);
    memset(taken, 0, sizeof taken);
    uint32_t first = 0, data = size - 40u - (flow.spec.variant == VARIANT_SYN ? 20u : 12u);
    unsigned twice = 0, taken_by_data = 0, far = 0;
    for (unsigned serial = 1; serial <= FLOW_SERIALS_MOST; serial++) {
        flow_stamp(&flow, (uint16_t)serial, 7, bytes);
        uint32_t seq = (uint32_t)word_at(bytes + 24) << 16 | word_at(bytes + 26);
        first = serial == 1 ? seq : first;
        if (seq - first < sizeof taken)
            twice += taken[seq - first]++;
        else
            far++;
    }
    for (uint32_t i = 0; data && i + data + 1 < sizeof taken; i++)
        taken_by_data += taken[i] && (taken[i + 1] || taken[i + data] || taken[i + data + 1]);
    is_num(twice + far, 0, "%s, %u bytes of data: distinct numbers, close together", spec, data);
    is_num(taken_by_data, 0, "%s, %u bytes of data: the acknowledged number is no other probe's", spec, data);
    flow_free(&flow);
}

/* The answers of a target to a SYN with data: of a listener, which takes no data, and of a closed port. */
static void check_sized_answers(const struct flow *flow, uint16_t serial, const struct headers *probe, const char *spec)
{
    uint32_t data = (uint32_t)(probe->transport.size - probe->transport.header_length);
    const uint32_t ends[] = {(uint32_t)probe->transport.seq + 1, (uint32_t)probe->transport.seq + 1 + data};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t tcp[20] = {0};
        size_t size;
        set_word(tcp, flow->target_port);
        set_word(tcp + 2, flow->source_port);
        set_word(tcp + 8, (uint16_t)(ends[i] >> 16));
        set_word(tcp + 10, (uint16_t)ends[i]);
        tcp[12] = 0x50;
        tcp[13] = i ? TCP_RST | TCP_ACK : TCP_SYN | TCP_ACK;
        uint8_t *answer = answer_packet(flow, IP_TCP, tcp, sizeof tcp, &size);
        is_num(answer_of(flow, answer, size).serial, serial, "%s IPv%u, %u bytes: answer %u to serial %u", spec,
               flow->target.family, flow->size, i, serial);
        free(answer);
    }
}

/* Flows of several sizes beside one of the usual size, with the same ports: each knows its own probes, whole and in
 * quotes, and never takes the usual one's. */
static void check_sized(const char *spec, uint8_t family)
{
    static const uint16_t sizes[] = {576, 1281, 1500};
    struct flow usual = built_flow(spec, family);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct flow sized;
        struct err err;
        flow_sized(&usual, sizes[i], 1500, &sized);
        if (!ok(flow_build(&sized, &err) == STATUS_OK, "%s IPv%u: %u bytes", spec, family, sizes[i]))
            continue;
        for (unsigned k = 0; k < 3; k++) {
            uint16_t serial = (uint16_t)(SIZED_SERIALS_FIRST + k * 14999);
            uint8_t *bytes = stamped(&sized, serial, 7);
            struct headers h = decoded(bytes, sized.size, false);
            struct flow_match leaving = recognise_leaving(&sized, bytes, sized.size);
            is_num(leaving.match, MATCH_EXACT, "%s IPv%u, %u bytes: known", spec, family, sizes[i]);
            is_num(leaving.serial, serial, "%s IPv%u, %u bytes: serial %u", spec, family, sizes[i], serial);
            is_num(recognise_quote(&sized, bytes, family == 6 ? 120 : 28).serial, serial,
                   "%s IPv%u, %u bytes: serial %u, quoted", spec, family, sizes[i], serial);
            ok(transport_checksum(bytes, sized.size) == right_checksum(bytes, sized.size),
               "%s IPv%u, %u bytes: checksum", spec, family, sizes[i]);
            is_num(recognise_leaving(&usual, bytes, sized.size).match, MATCH_NONE,
                   "%s IPv%u, %u bytes: not a probe of the usual size", spec, family, sizes[i]);
            if (sized.spec.protocol == IP_TCP && sized.spec.variant == VARIANT_SYN)
                check_sized_answers(&sized, serial, &h, spec);
            free(bytes);
        }
        flow_free(&sized);
    }
    flow_free(&usual);
}

static void check_foreign_ids(void)
{
    struct flow flow = built_flow("udp", 4);
    unsigned known = 0, wrong = 0;
    for (unsigned id = 0; id < 65536; id++) {
        uint16_t serial = flow_serial_of_id(&flow, (uint16_t)id);
        known += serial != 0;
        wrong += serial && flow_ip_id(&flow, serial) != id;
    }
    is_num(known, FLOW_SERIALS_MOST, "as many ids have a serial as there are serials");
    is_num(wrong, 0, "each its own");
    flow_free(&flow);
}

int main(void)
{
    for (uint8_t family = 4; family <= 6; family += 2) {
        check_sized("udp", family);
        check_sized("udp/53", family);
        check_sized("icmp", family);
        check_sized("tcp/80", family);
        check_sized("tcp/80:ack", family);
    }
    for (unsigned i = 0; every_spec[i]; i++) {
        check_flow(every_spec[i], 4);
        check_flow(every_spec[i], 6);
    }
    check_sizes();
    check_asked_sizes();
    check_header_fields();
    check_syn(4);
    check_syn(6);
    check_variants();
    check_all_serials("udp", 4);
    check_all_serials("udp/53", 6);
    check_all_serials("udp/123", 4);
    check_all_serials("udp/53:empty", 6);
    check_all_serials("udplite", 4);
    check_all_serials("dccp", 6);
    check_small_payloads();
    check_zero_checksum();
    static const uint16_t sizes[] = {60, 61, 62, 63, 100, 501, 1500, 9001};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_seq_gaps("tcp/443", sizes[i]);
        check_seq_gaps("tcp/80:fin", sizes[i]);
    }
    check_seq_gaps("tcp/443", 65535);
    check_foreign_ids();
    return tap_done();
}
