/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated network against expectations worked out by hand. */
#include <errno.h>
#include <stdlib.h>

#include "packet/checksum.h"
#include "sim/pkt.h"
#include "sim/sim.h"
#include "tap.h"

#define CHAIN                                                                                                          \
    "client c 10.9.0.2 2001:db8:99::2\nchain r 4\n"                                                                    \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/80,udp/53,udp/7\nlinks 5ms c r1 r2 r3 r4 target\n"

/* What the probe is, and what comes back for it; `want` is empty where nothing does. */
struct row {
    const char *name;
    const char *network; /* lines after CHAIN */
    const char *probe;   /* "udp/53", "tcp/80 syn", "icmp", "ip/50"; family 4 */
    unsigned ttl;
    const char *want; /* as describe() writes it: FROM PROTOCOL(TYPE/CODE or FLAGS) ttl=ARRIVING rtt=MS */
};

static const struct row rows[] = {
    {"hop 1", "", "udp/9", 1, "10.0.1.1 icmp(11/0) ttl=64 rtt=10"},
    {"hop 3", "", "udp/9", 3, "10.0.3.1 icmp(11/0) ttl=62 rtt=30"},
    {"target, closed port", "", "udp/9", 5, "192.0.2.80 icmp(3/3) ttl=60 rtt=50"},
    {"target, beyond", "", "udp/9", 9, "192.0.2.80 icmp(3/3) ttl=60 rtt=50"},
    {"target, echo", "", "icmp", 5, "192.0.2.80 icmp(0/0) ttl=60 rtt=50"},
    {"target, SYN to an open port", "", "tcp/80 syn", 5, "192.0.2.80 tcp(12) ttl=60 rtt=50"},
    {"target, SYN to a closed port", "", "tcp/81 syn", 5, "192.0.2.80 tcp(14) ttl=60 rtt=50"},
    {"target, ACK to an open port", "", "tcp/80 ack", 5, "192.0.2.80 tcp(04) ttl=60 rtt=50"},
    {"target, FIN to an open port", "", "tcp/80 fin", 5, ""},
    {"target, FIN to a closed port", "", "tcp/81 fin", 5, "192.0.2.80 tcp(14) ttl=60 rtt=50"},
    {"target, UDP echo", "", "udp/7", 5, "192.0.2.80 udp ttl=60 rtt=50"},
    {"target, UDP service asked nothing it knows", "", "udp/53", 5, ""},
    {"target, unknown protocol", "", "ip/50", 5, "192.0.2.80 icmp(3/2) ttl=60 rtt=50"},
    {"target without echo", "set target no-echo", "icmp", 5, ""},
    {"mute port", "set target mute udp/9", "udp/9", 5, ""},
    {"initial TTL", "set r3 initial 255", "udp/9", 3, "10.0.3.1 icmp(11/0) ttl=253 rtt=30"},
    {"silent router", "set r3 silent", "udp/9", 3, ""},
    {"silent router forwards", "set r3 silent", "udp/9", 4, "10.0.4.1 icmp(11/0) ttl=61 rtt=40"},
    {"silent to another protocol", "set r3 silent tcp", "udp/9", 3, "10.0.3.1 icmp(11/0) ttl=62 rtt=30"},
    {"silent to this protocol", "set r3 silent udp", "udp/9", 3, ""},
    {"forward drop: TTL check comes first", "filter r2 forward udp drop", "udp/9", 2,
     "10.0.2.1 icmp(11/0) ttl=63 rtt=20"},
    {"forward drop: silence behind", "filter r2 forward udp drop", "udp/9", 3, ""},
    {"forward drop of another port", "filter r2 forward udp port 10-20 drop", "udp/9", 3,
     "10.0.3.1 icmp(11/0) ttl=62 rtt=30"},
    {"a pass before a drop", "filter r2 forward udp port 9 pass\nfilter r2 forward udp drop", "udp/9", 3,
     "10.0.3.1 icmp(11/0) ttl=62 rtt=30"},
    {"prerouting drop: silence at it", "filter r2 prerouting udp drop", "udp/9", 2, ""},
    {"reject in forward: expires at it", "filter r2 forward udp reject admin-prohibited", "udp/9", 2,
     "10.0.2.1 icmp(11/0) ttl=63 rtt=20"},
    {"reject in forward: behind it", "filter r2 forward udp reject admin-prohibited", "udp/9", 3,
     "10.0.2.1 icmp(3/13) ttl=63 rtt=20"},
    {"reject in prerouting", "filter r2 prerouting udp reject 3/9,1/1", "udp/9", 2, "10.0.2.1 icmp(3/9) ttl=63 rtt=20"},
    {"errors dropped on their way back", "filter r2 forward error drop", "udp/9", 3, ""},
    {"reset in forward: reply TTL 65 - k", "filter r2 forward tcp reset", "tcp/80 syn", 4,
     "192.0.2.80 tcp(14) ttl=63 rtt=20"},
    {"unreachable route refuses at TTL = k", "route r2 target unreachable", "udp/9", 2,
     "10.0.2.1 icmp(3/1) ttl=63 rtt=20"},
    {"prohibit route", "route r2 target prohibit", "udp/9", 7, "10.0.2.1 icmp(3/13) ttl=63 rtt=20"},
    {"blackhole route is silent at TTL = k", "route r2 target blackhole", "udp/9", 2, ""},
    {"loop, even", "route r3 target via r2", "udp/9", 4, "10.0.2.1 icmp(11/0) ttl=63 rtt=30"},
    {"loop, odd", "route r3 target via r2", "udp/9", 5, "10.0.3.1 icmp(11/0) ttl=62 rtt=40"},
    {"zero TTL: the next answers early", "set r2 zero-ttl", "udp/9", 2, "10.0.3.1 icmp(11/0) ttl=62 rtt=30"},
    {"zero TTL: and in time", "set r2 zero-ttl", "udp/9", 3, "10.0.3.1 icmp(11/0) ttl=62 rtt=30"},
    {"hidden router", "set r2 hidden", "udp/9", 2, "10.0.3.1 icmp(11/0) ttl=63 rtt=30"},
    {"raised TTL", "set r2 ttl-raise 2", "udp/9", 3, "192.0.2.80 icmp(3/3) ttl=62 rtt=50"},
    {"source NAT is invisible", "nat r2 source 203.0.113.9 shift 5", "udp/9", 4, "10.0.4.1 icmp(11/0) ttl=61 rtt=40"},
    {"source NAT, direct answer", "nat r2 source 203.0.113.9 shift 5", "tcp/80 syn", 5,
     "192.0.2.80 tcp(12) ttl=60 rtt=50"},
    {"source NAT, echo", "nat r2 source 203.0.113.9", "icmp", 5, "192.0.2.80 icmp(0/0) ttl=60 rtt=50"},
    {"target NAT: before it", "nat r2 target 198.51.100.1 to r4\ntarget 198.51.100.1", "udp/9", 1,
     "10.0.1.1 icmp(11/0) ttl=64 rtt=10"},
    {"target NAT: at it, in the target's name", "nat r2 target 198.51.100.1 to r4\ntarget 198.51.100.1", "udp/9", 2,
     "198.51.100.1 icmp(11/0) ttl=63 rtt=20"},
    {"target NAT: behind it", "nat r2 target 198.51.100.1 to r4\ntarget 198.51.100.1", "udp/9", 3,
     "198.51.100.1 icmp(11/0) ttl=62 rtt=30"},
    {"target NAT: the server", "nat r2 target 198.51.100.1 to r4\ntarget 198.51.100.1", "icmp", 9,
     "198.51.100.1 icmp(0/0) ttl=61 rtt=40"},
    {"dead neighbour", "router x 10.0.99.1\nlink r2 x dead\ntarget x", "udp/9", 3,
     "10.0.2.1 icmp(3/1) ttl=63 rtt=3070"},
    {"dead neighbour: expires before", "router x 10.0.99.1\nlink r2 x dead\ntarget x", "udp/9", 2,
     "10.0.2.1 icmp(11/0) ttl=63 rtt=20"},
    {"an address of no node", "target 198.51.100.77", "udp/9", 3, "errno 101"},
    {"no way at the client", "route c target unreachable", "udp/9", 3, "errno 113"},
    {"local firewall", "set c refuse udp", "udp/9", 3, "errno 1"},
};

static void build_probe(const char *what, const struct addr *source, const struct addr *target, unsigned ttl,
                        struct pkt *out)
{
    uint8_t payload[40] = {0};
    unsigned number = 0;
    struct pkt_ip ip = {.source = *source, .target = *target, .ttl = (uint8_t)ttl, .id = 77};
    pkt_put16(payload, 40000);
    sscanf(what, "%*[a-z]/%u", &number);
    pkt_put16(payload + 2, (uint16_t)number);
    ip.protocol = IP_UDP;
    pkt_put16(payload + 4, sizeof payload);
    if (strncmp(what, "tcp", 3) == 0) {
        ip.protocol = IP_TCP;
        pkt_put32(payload + 4, 1000);
        pkt_put32(payload + 8, strstr(what, "ack") ? 2000 : 0);
        payload[12] = 6 << 4;
        payload[13] = strstr(what, "ack") ? TCP_ACK : strstr(what, "fin") ? TCP_FIN : TCP_SYN;
        memcpy(payload + 20, (uint8_t[]){2, 4, 0x05, 0xb4}, 4); /* MSS 1460 */
    } else if (strncmp(what, "icmp", 4) == 0) {
        ip.protocol = source->family == 6 ? IP_ICMP6 : IP_ICMP;
        memcpy(payload, (uint8_t[]){source->family == 6 ? 128 : 8, 0, 0, 0, 0x12, 0x34, 0, 1}, 8);
    } else if (strncmp(what, "ip", 2) == 0)
        ip.protocol = (uint8_t)number;
    pkt_build(out, &ip, payload, ip.protocol == IP_TCP ? 24 : sizeof payload);
    pkt_sum(out);
}

static void describe(const struct sim_answer *a, char *out, size_t size)
{
    char from[ADDR_TEXT_BYTES], what[32];
    addr_format(&a->from, from);
    if (a->protocol == IP_ICMP || a->protocol == IP_ICMP6)
        snprintf(what, sizeof what, "icmp(%u/%u)", a->icmp_type, a->icmp_code);
    else if (a->protocol == IP_TCP)
        snprintf(what, sizeof what, "tcp(%02x)", a->tcp_flags);
    else
        snprintf(what, sizeof what, "%s", ip_protocol_name(a->protocol));
    snprintf(out, size, "%s %s ttl=%u rtt=%g", from, what, a->ttl, nstime_ms(a->rtt));
}

static struct net *make_net(const char *base, const char *more)
{
    char text[4096];
    struct net *net = NULL;
    struct err err;
    snprintf(text, sizeof text, "%s%s\n", base, more);
    if (net_parse("test", text, &net, &err)) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return net;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct net *net = make_net(CHAIN, row->network);
        struct sim *sim = sim_new(net, 1);
        struct pkt probe;
        char got[160] = "";
        build_probe(row->probe, net_address(net, net->client, 4), &net->target[0], row->ttl, &probe);
        int refused = sim_wire(sim)->ops->send(sim_wire(sim), &net->target[0], probe.bytes, probe.length);
        struct sim_answer answer = sim_ask(sim, probe.bytes, probe.length);
        if (refused)
            snprintf(got, sizeof got, "errno %d", refused);
        else if (answer.answered)
            describe(&answer, got, sizeof got);
        is_text(got, row->want, "%s", row->name);
        sim_free(sim);
        free(net);
    }
}

/* --- frames, one by one --- */

struct talk {
    struct net *net;
    struct sim *sim;
    uint8_t family;
};

static struct talk talk_begin(const char *base, const char *network, uint64_t seed, uint8_t family)
{
    struct talk t = {.net = make_net(base, network), .family = family};
    t.sim = sim_new(t.net, seed);
    return t;
}

static void talk_end(struct talk *t)
{
    sim_free(t->sim);
    free(t->net);
}

static void talk_send(struct talk *t, const char *what, unsigned ttl)
{
    struct pkt probe;
    const struct addr *target = &t->net->target[t->family == 6];
    build_probe(what, net_address(t->net, t->net->client, t->family), target, ttl, &probe);
    sim_wire(t->sim)->ops->send(sim_wire(t->sim), target, probe.bytes, probe.length);
}

/* The next frame within `span`; false: none came. */
static bool talk_hear(struct talk *t, nstime span, struct frame *frame, struct packet *packet)
{
    struct session_claim claim;
    struct wire *wire = sim_wire(t->sim);
    if (wire->ops->receive(wire, sim_now(t->sim) + span, frame, &claim, NULL) != WIRE_FRAME)
        return false;
    packet_decode(frame, packet);
    return true;
}

/* Answers that come within `span`; own frames left out. */
static unsigned talk_count(struct talk *t, nstime span)
{
    struct frame frame;
    struct packet packet;
    nstime until = sim_now(t->sim) + span;
    unsigned count = 0;
    while (talk_hear(t, until - sim_now(t->sim), &frame, &packet))
        count += frame.direction == FRAME_IN;
    return count;
}

static bool talk_answer(struct talk *t, struct packet *packet)
{
    struct frame frame;
    while (talk_hear(t, 5 * NS_PER_S, &frame, packet))
        if (frame.direction == FRAME_IN)
            return true;
    return false;
}

static void test_time(void)
{
    struct talk t = talk_begin(CHAIN, "", 1, 4);
    struct frame frame;
    struct packet packet;
    talk_send(&t, "udp/9", 2);
    ok(talk_hear(&t, NS_PER_S, &frame, &packet) && frame.direction == FRAME_OUT, "own frame first");
    is_num(frame.time - SIM_START, SIM_STAMP_DELAY, "stamped just after the send");
    is_num(frame.linktype, LINKTYPE_RAW, "link type");
    ok(!talk_hear(&t, 19 * NS_PER_MS, &frame, &packet), "nothing before the answer's time");
    is_num(sim_now(t.sim) - SIM_START, SIM_STAMP_DELAY + 19 * NS_PER_MS, "time jumped to where we wait until");
    ok(talk_hear(&t, NS_PER_S, &frame, &packet) && frame.direction == FRAME_IN, "the answer");
    is_num(frame.time - SIM_START, SIM_STAMP_DELAY + 20 * NS_PER_MS, "at its time");
    is_num(packet.quote.ip.ttl, 1, "the quote's TTL");
    is_num(packet.outer.ip.tos, 0xc0, "internetwork control");
    talk_end(&t);
}

static void test_quotes(void)
{
    static const struct {
        const char *options;
        uint8_t family;
        unsigned captured;
        unsigned quoted_ttl;
    } table[] = {
        {"", 4, 60, 1},
        {"quote 8", 4, 28, 1},
        {"quote 28", 4, 48, 1},
        {"quote 8 quote-ttl 0", 4, 28, 0},
        {"quote-ttl 9", 4, 60, 9},
        {"", 6, 80, 1},
        {"quote 8", 6, 48, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char network[80];
        struct packet packet;
        snprintf(network, sizeof network, "set r2 %s", table[i].options);
        struct talk t = talk_begin(CHAIN, network, 1, table[i].family);
        talk_send(&t, "udp/9", 2);
        ok(talk_answer(&t, &packet), "answered: %s, IPv%u", table[i].options, table[i].family);
        is_num(packet.quote.captured, table[i].captured, "bytes quoted");
        is_num(packet.quote.ip.ttl, table[i].quoted_ttl, "TTL quoted");
        talk_end(&t);
    }
}

static void test_mpls(void)
{
    static const struct {
        const char *style;
        bool non_compliant;
    } table[] = {{"compliant", false}, {"no-length", true}, {"wrong-length", true}};
    for (size_t i = 0; i < 6; i++) {
        char network[80];
        struct packet packet;
        snprintf(network, sizeof network, "set r2 mpls 24001/5/7,99/0/1 mpls-style %s", table[i % 3].style);
        struct talk t = talk_begin(CHAIN, network, 1, i < 3 ? 4 : 6);
        talk_send(&t, "udp/9", 2);
        ok(talk_answer(&t, &packet) && packet.extension.present, "%s: extension", table[i % 3].style);
        is_num(packet.extension.non_compliant, table[i % 3].non_compliant, "as the style says");
        is_num(packet.extension.mpls_count, 2, "two labels");
        const struct mpls_label *m = packet.extension.mpls;
        ok(m[0].label == 24001 && m[0].tc == 5 && !m[0].bottom && m[0].ttl == 7 && m[1].label == 99 && m[1].bottom,
           "their fields");
        is_num(packet.quote.captured, t.family == 6 ? 80 : 60, "the quote without its padding");
        talk_end(&t);
    }
}

static void test_nat_quotes(void)
{
    static const struct {
        const char *inner;
        bool source, checksum;
    } table[] = {{"full", true, true}, {"no-checksum", true, false}, {"none", false, false}};
    for (size_t i = 0; i < 6; i++) {
        char network[120];
        struct packet packet;
        struct pkt sent;
        uint8_t family = i < 3 ? 4 : 6;
        snprintf(network, sizeof network, "nat r2 source 203.0.113.9 2001:db8:113::9 shift 5 inner %s",
                 table[i % 3].inner);
        struct talk t = talk_begin(CHAIN, network, 1, family);
        const struct addr *source = net_address(t.net, t.net->client, family);
        build_probe("udp/9", source, &t.net->target[family == 6], 3, &sent);
        talk_send(&t, "udp/9", 3);
        ok(talk_answer(&t, &packet), "inner %s: answered", table[i % 3].inner);
        is_num(addr_equal(&packet.quote.ip.source, source), table[i % 3].source, "source put back");
        is_num(packet.quote.transport.source_port == 40000, table[i % 3].source, "port put back");
        uint16_t checksum = pkt_get16(sent.bytes + (family == 6 ? 46 : 26));
        is_num(packet.quote.transport.checksum == checksum, table[i % 3].checksum, "checksum put back");
        talk_end(&t);
    }
}

static void test_rewriting(void)
{
    struct packet packet;
    struct talk t =
        talk_begin(CHAIN, "rewrite r2 dscp 8\nrewrite r2 mss 1380\nrewrite r2 seq 5\nrewrite r2 id 4", 1, 4);
    talk_send(&t, "tcp/80 syn", 2);
    ok(talk_answer(&t, &packet), "before the middlebox");
    is_num(packet.quote.ip.tos, 0, "DSCP as sent");
    is_num(packet.quote.transport.tcp_options.mss, 1460, "MSS as sent");
    talk_send(&t, "tcp/80 syn", 3);
    ok(talk_answer(&t, &packet), "behind it");
    is_num(packet.quote.ip.tos, 8 << 2, "DSCP");
    is_num(packet.quote.ip.id, 4, "id");
    is_num(packet.quote.transport.seq, 1005, "seq");
    is_num(packet.quote.transport.tcp_options.mss, 1380, "MSS");
    struct pkt copy = {.length = (uint16_t)packet.quote.captured};
    memcpy(copy.bytes, packet.quote.bytes, copy.length);
    pkt_sum(&copy);
    ok(memcmp(copy.bytes, packet.quote.bytes, copy.length) == 0, "transport checksum kept right");
    is_num(checksum_finish(checksum_add(0, packet.quote.bytes, packet.quote.ip.header_length)), 0,
           "IP checksum kept right");
    talk_end(&t);
}

static void test_limit(void)
{
    struct talk t = talk_begin(CHAIN, "set r2 limit 6 1", 1, 4);
    for (unsigned i = 0; i < 10; i++)
        talk_send(&t, "udp/9", 2);
    is_num(talk_count(&t, NS_PER_S), 6, "a burst of six");
    talk_send(&t, "udp/9", 2);
    is_num(talk_count(&t, NS_PER_S), 1, "one more a second later");
    talk_send(&t, "udp/9", 3);
    is_num(talk_count(&t, NS_PER_S), 1, "another router has its own bucket");
    talk_end(&t);
    t = talk_begin(CHAIN, "set r2 limit 6 1\nroute r2 target unreachable", 1, 4);
    for (unsigned i = 0; i < 10; i++)
        talk_send(&t, "udp/9", 4);
    is_num(talk_count(&t, NS_PER_S), 3, "route errors cost twice");
    talk_end(&t);
}

static void test_chance(void)
{
    struct talk t = talk_begin("client c 10.9.0.2\nchain r 1\nhost target 192.0.2.80\nlink c r1\n",
                               "link r1 target delay 1ms loss 50%", 1, 4);
    for (unsigned i = 0; i < 400; i++)
        talk_send(&t, "udp/9", 9);
    unsigned count = talk_count(&t, NS_PER_S);
    ok(count > 60 && count < 140, "a quarter of 400 survives 50%% loss twice: %u", count);
    talk_end(&t);
    t = talk_begin("client c 10.9.0.2\nchain r 1\nhost target 192.0.2.80\nlink c r1\n", "link r1 target dup 100%", 1,
                   4);
    talk_send(&t, "icmp", 9);
    is_num(talk_count(&t, NS_PER_S), 4, "doubled on both ways");
    talk_end(&t);
}

static void test_reordering(void)
{
    struct talk t = talk_begin("client c 10.9.0.2\nchain r 1\nhost target 192.0.2.80\nlink c r1\n",
                               "link r1 target reorder 50% 5ms", 3, 4);
    struct frame frame;
    struct packet packet;
    unsigned wrong = 0, count = 0;
    uint16_t last = 0;
    for (unsigned i = 0; i < 40; i++) {
        struct pkt probe;
        build_probe("udp/9", net_address(t.net, t.net->client, 4), &t.net->target[0], 9, &probe);
        pkt_set_id(probe.bytes, (uint16_t)(i + 1));
        sim_wire(t.sim)->ops->send(sim_wire(t.sim), &t.net->target[0], probe.bytes, probe.length);
    }
    while (talk_hear(&t, NS_PER_S, &frame, &packet))
        if (frame.direction == FRAME_IN) {
            wrong += packet.quote.ip.id < last;
            last = packet.quote.ip.id;
            count++;
        }
    is_num(count, 40, "reordering loses nothing");
    ok(wrong > 0, "%u out of order", wrong);
    talk_end(&t);
}

#define DIAMOND                                                                                                        \
    "client c 10.9.0.2 2001:db8:99::2\nrouter r1 10.0.1.1 2001:db8:1::1\nrouter a 10.0.2.1 2001:db8:2:a::1\n"          \
    "router b 10.0.2.2 2001:db8:2:b::1\nhost target 192.0.2.80 2001:db8:80::80\nlinks 1ms c r1 a target\n"             \
    "links 1ms r1 b target\n"

static unsigned addresses_seen(const char *network, uint64_t seed)
{
    struct talk t = talk_begin(DIAMOND, network, seed, 4);
    struct packet packet;
    unsigned seen = 0;
    for (unsigned i = 0; i < 32; i++) {
        talk_send(&t, "udp/9", 2);
        if (talk_answer(&t, &packet))
            seen |= 1U << packet.outer.ip.source.bytes[3];
    }
    talk_end(&t);
    return seen;
}

static void test_balancers(void)
{
    unsigned all = 0;
    is_num(addresses_seen("", 1), 1 << 1, "no balancer: the first link of the file");
    is_num(addresses_seen("set r1 balance per-packet", 1), 1 << 1 | 1 << 2, "per packet: both");
    for (uint64_t seed = 1; seed <= 16; seed++) {
        unsigned seen = addresses_seen("set r1 balance per-flow", seed);
        ok(seen == 1 << 1 || seen == 1 << 2, "per flow, seed %u: one", (unsigned)seed);
        all |= seen;
    }
    is_num(all, 1 << 1 | 1 << 2, "over the seeds: both");
}

/* The second SYN with another seq into a half-open connection draws a reset, the third a SYN/ACK. */
static void test_half_open(void)
{
    static const unsigned want[] = {TCP_SYN | TCP_ACK, TCP_RST | TCP_ACK, TCP_SYN | TCP_ACK};
    struct talk t = talk_begin(CHAIN, "", 1, 4);
    struct frame frame;
    struct packet packet;
    unsigned heard = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct pkt probe;
        build_probe("tcp/80 syn", net_address(t.net, t.net->client, 4), &t.net->target[0], 64, &probe);
        pkt_put32(probe.bytes + 24, 1000 * i);
        pkt_sum(&probe);
        sim_wire(t.sim)->ops->send(sim_wire(t.sim), &t.net->target[0], probe.bytes, probe.length);
    }
    while (talk_hear(&t, NS_PER_S, &frame, &packet))
        if (frame.direction == FRAME_IN && heard < 3) {
            is_num(packet.outer.transport.flags, want[heard], "SYN %u", heard + 1);
            is_num(packet.outer.transport.ack, 1000 * heard + 1, "its ack");
            heard++;
        }
    is_num(heard, 3, "three answers");
    talk_send(&t, "tcp/80 syn", 64);
    ok(talk_hear(&t, NS_PER_S, &frame, &packet) && frame.direction == FRAME_OUT, "the probe leaves");
    ok(talk_hear(&t, NS_PER_S, &frame, &packet) && packet.outer.transport.flags == (TCP_SYN | TCP_ACK), "SYN/ACK");
    ok(talk_hear(&t, NS_PER_S, &frame, &packet) && packet.outer.transport.flags == TCP_RST &&
           frame.direction == FRAME_OUT,
       "our kernel resets it");
    talk_end(&t);
}

static void test_mtu(void)
{
    static const uint8_t big[1400];
    struct talk t = talk_begin("client c 10.9.0.2\nchain r 2\nhost target 192.0.2.80\n"
                               "links 1ms c r1\nlink r1 r2 mtu 1400\nlinks 1ms r2 target\n",
                               "", 1, 4);
    struct pkt_ip ip = {
        .source = *net_address(t.net, t.net->client, 4), .target = t.net->target[0], .ttl = 9, .protocol = 50};
    struct packet packet;
    struct pkt probe;
    pkt_build(&probe, &ip, big, sizeof big);
    sim_wire(t.sim)->ops->send(sim_wire(t.sim), &ip.target, probe.bytes, probe.length);
    ok(talk_answer(&t, &packet), "too big: answered");
    is_num(packet.outer.transport.code, 4, "fragmentation needed");
    is_num(packet.mtu, 1400, "next-hop MTU");
    is_num(packet.outer.ip.total_length, 576, "an error is cut to 576 bytes");
    static const uint8_t huge[1490];
    pkt_build(&probe, &ip, huge, sizeof huge);
    is_num(sim_wire(t.sim)->ops->send(sim_wire(t.sim), &ip.target, probe.bytes, probe.length), EMSGSIZE, "our own MTU");
    talk_end(&t);
}

static void test_sources(void)
{
    static const struct {
        const char *answers;
        uint8_t family;
        const char *from;
    } table[] = {{"node", 4, "10.0.2.1"},
                 {"in", 4, "10.1.2.2"},
                 {"back", 4, "10.1.2.2"},
                 {"in", 6, "2001:db8:12::2"},
                 {"node", 6, "2001:db8:2::1"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char network[120], from[ADDR_TEXT_BYTES] = "";
        struct packet packet;
        snprintf(network, sizeof network, "set r2 answers %s", table[i].answers);
        struct talk t =
            talk_begin("client c 10.9.0.2 2001:db8:99::2\nchain r 2\nhost target 192.0.2.80 2001:db8:80::80\n"
                       "links 1ms c r1\nlink r1 r2 far 10.1.2.2 2001:db8:12::2\nlinks 1ms r2 target\n",
                       network, 1, table[i].family);
        talk_send(&t, "udp/9", 2);
        if (talk_answer(&t, &packet))
            addr_format(&packet.outer.ip.source, from);
        is_text(from, table[i].from, "answers %s, IPv%u", table[i].answers, table[i].family);
        talk_end(&t);
    }
}

static bool sums_right(const struct frame *frame)
{
    struct pkt copy = {.length = (uint16_t)frame->captured};
    memcpy(copy.bytes, frame->bytes, frame->captured);
    pkt_sum(&copy);
    bool v4 = frame->bytes[0] >> 4 == 4;
    return memcmp(copy.bytes, frame->bytes, frame->captured) == 0 &&
           (!v4 || checksum_finish(checksum_add(0, frame->bytes, 20)) == 0);
}

/* A burst of everything; `digest` tells two runs apart. */
static unsigned wrong_sums(const char *network, uint64_t seed, uint8_t family, uint64_t *digest)
{
    static const char *const probes[] = {"udp/9", "udp/7", "tcp/80 syn", "tcp/81 ack", "icmp", "ip/50"};
    struct talk t = talk_begin(CHAIN, network, seed, family);
    struct frame frame;
    struct packet packet;
    unsigned wrong = 0;
    for (unsigned i = 0; i < 60; i++)
        talk_send(&t, probes[i % 6], 1 + i / 6);
    *digest = 1469598103934665603U;
    while (talk_hear(&t, 10 * NS_PER_S, &frame, &packet)) {
        wrong += !sums_right(&frame) || packet.malformed;
        *digest = (*digest ^ (uint64_t)frame.time) * 1099511628211U;
        for (uint32_t i = 0; i < frame.captured; i++)
            *digest = (*digest ^ frame.bytes[i]) * 1099511628211U;
    }
    talk_end(&t);
    return wrong;
}

static void test_sums_and_seeds(void)
{
    static const char *const networks[] = {
        "",
        "nat r2 source 203.0.113.9 2001:db8:113::9 shift 5",
        "nat r2 target 198.51.100.1 2001:db8:51::1 to target\ntarget 198.51.100.1 2001:db8:51::1",
        "rewrite r2 dscp 8\nrewrite r2 mss 1380\nrewrite r3 seq 99",
        "set r2 mpls 5/0/1 quote 8\nset r3 quote 28 mpls 6/0/1 mpls-style wrong-length",
        "filter r3 forward tcp reset\nfilter r2 forward udp reject policy",
    };
    for (size_t i = 0; i < 2 * sizeof networks / sizeof networks[0]; i++) {
        uint64_t first, second;
        uint8_t family = i % 2 ? 6 : 4;
        is_num(wrong_sums(networks[i / 2], 7, family, &first), 0, "network %zu, IPv%u: every checksum right", i / 2,
               family);
        wrong_sums(networks[i / 2], 7, family, &second);
        ok(first == second, "the same seed, the same bytes at the same times");
    }
    uint64_t first, second;
    wrong_sums("link r1 r3 delay 1ms loss 30% jitter 3ms", 7, 4, &first);
    wrong_sums("link r1 r3 delay 1ms loss 30% jitter 3ms", 7, 4, &second);
    ok(first == second, "with chance too");
    wrong_sums("link r1 r3 delay 1ms loss 30% jitter 3ms", 8, 4, &second);
    ok(first != second, "another seed, another run");
}

static void test_parse_errors(void)
{
    static const struct {
        const char *text, *message;
    } table[] = {
        {"client c 10.0.0.1\nrouted x", "test:2: unknown statement (at \"routed\")"},
        {"client c 10.0.0.1\nhost target 10.0.0.300", "test:2: an address is missing (at \"10.0.0.300\")"},
        {"client c 10.0.0.1\nhost c 10.0.0.2", "test:2: no name, a name twice, or too many nodes (at \"10.0.0.2\")"},
        {"client c 10.0.0.1\n\n# x\nlink c d", "test:4: no such node (at \"d\")"},
        {"client c 10.0.0.1\nrouter r 10.0.0.2\nlink c r delay 5", "test:3: not a time as 5ms (at \"5\")"},
        {"client c 10.0.0.1\nrouter r 10.0.0.2\nlink c r loss 5", "test:3: not a number as wanted here (at \"5\")"},
        {"client c 10.0.0.1 colour red", "test:1: unknown word (at \"colour\")"},
        {"client c 10.0.0.1\nfilter c forward udp burn", "test:2: unknown word here (at \"burn\")"},
        {"client c 10.0.0.1\nfilter c forward reject nicely",
         "test:2: not a refusal as admin-prohibited or 3/13,1/1 (at \"end of line\")"},
        {"client c 10.0.0.1\nfilter c forward port 70000 drop", "test:2: not a port or a range of ports (at \"drop\")"},
        {"client c 10.0.0.1\nexpect * z", "test:2: no such node (at \"z\")"},
        {"client c 10.0.0.1 limit 5", "test:1: a number is missing (at \"end of line\")"},
        {"host target 10.0.0.1", "test:1: there is no client (at \"end of line\")"},
        {"client c 10.0.0.1", "test:1: there is no target (at \"end of line\")"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct net *net = NULL;
        struct err err = {0};
        is_num(net_parse("test", table[i].text, &net, &err), STATUS_USAGE, "refused");
        is_text(err.message, table[i].message, "told where and why");
    }
    struct net *net = NULL;
    struct err err;
    is_num(net_read("no/such/file.net", &net, &err), STATUS_SYSTEM, "no such file");
}

int main(void)
{
    test_rows();
    test_time();
    test_quotes();
    test_mpls();
    test_nat_quotes();
    test_rewriting();
    test_limit();
    test_chance();
    test_reordering();
    test_balancers();
    test_half_open();
    test_mtu();
    test_sources();
    test_sums_and_seeds();
    test_parse_errors();
    return tap_done();
}
