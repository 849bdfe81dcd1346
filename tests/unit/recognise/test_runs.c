/* SPDX-License-Identifier: BSD-2-Clause */
/* test_runs: which probes are one run: ladders in turns, pings with an id each, single hops, and runs one after the
 * other. */
#include "tap.h"
#include "unit/support/ladder.h"

#define SECOND 1000.0
#define THREE_HOPS "1 r1; 2 r2; 3 "

/* Sends, and the target accepts the connection. */
static void open_port(double ms, const struct made *made)
{
    scene_see(ms, made);
    see(ms + RTT, .from = made->to ? made->to : T4, .to = made->from ? made->from : S4, .protocol = IP_TCP,
        .source = made->target, .target = made->source, .seq = 99, .ack = made->seq + 1, .flags = TCP_SYN | TCP_ACK,
        .ttl = 60);
}

/* --- in turns --- */

enum sources { FIXED, RANDOM, COUNTED };

static struct made syn_to(uint16_t port, uint8_t ttl, unsigned n, enum sources sources)
{
    static const uint16_t first[] = {20, 0, 41000};
    uint16_t source = sources == RANDOM ? some_port(n) : (uint16_t)(first[sources] + (sources == COUNTED ? n : 0));
    return (struct made){.protocol = IP_TCP,
                         .source = source,
                         .target = port,
                         .seq = n * 0x9e3779b9,
                         .flags = TCP_SYN,
                         .window = 8192,
                         .ttl = ttl,
                         .id = (uint16_t)(n * 40503 + 1)};
}

static void syns_in_turns(uint16_t a, uint16_t b, enum sources sources, bool is_v6)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 6; n++) {
        struct made m = syn_to(n % 2 ? b : a, (uint8_t)(1 + n / 2), n, sources);
        if (is_v6) {
            m.from = S6;
            m.to = T6;
        }
        (n < 4 ? hop : open_port)(n * 5, &m);
    }
}

static void test_ports_in_turns(void)
{
    static const struct {
        uint16_t a, b;
    } ports[] = {{22, 80}, {80, 81}, {443, 445}, {80, 443}, {81, 80}};
    static const char *const names[] = {"one source port", "random source ports", "rising source ports"};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        for (enum sources sources = FIXED; sources <= COUNTED; sources++)
            for (unsigned six = 0; six < 2; six++) {
                syns_in_turns(ports[i].a, ports[i].b, sources, six);
                const struct recognition *found = scene_result();
                is_text(scene_text(), "tcp reached: " THREE_HOPS "T=synack; | tcp reached: " THREE_HOPS "T=synack;",
                        "SYNs to %u and %u in turns, %s, IPv%u", ports[i].a, ports[i].b, names[sources], six ? 6 : 4);
                is_num(found->trace_count ? found->traces[0]->flow.target_port : 0, ports[i].a, "the first port");
                scene_end();
            }
}

/* More ports than a person names. */
static void test_many_ports_in_turns(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 120; n++) {
        struct made m = syn_to((uint16_t)(20 + n % 40 * 7), (uint8_t)(1 + n / 40), n, RANDOM);
        (n < 80 ? hop : open_port)(n * 5, &m);
    }
    const struct recognition *found = scene_result();
    is_num(found->trace_count, 40, "forty ports in turns");
    is_num(found->counters.probes, 120, "and each probe is in a trace");
    scene_end();
}

static void test_services_in_turns(void)
{
    static const uint16_t pairs[][2] = {{53, 123}, {53, 67}, {33434, 443}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (unsigned random = 0; random < 2; random++) {
            scene_begin(NULL);
            for (unsigned n = 0; n < 6; n++) {
                struct made m = {.source = random ? some_port(n) : 5353,
                                 .target = pairs[i][n % 2],
                                 .ttl = (uint8_t)(1 + n / 2),
                                 .id = (uint16_t)(n * 40503 + 1),
                                 .payload = "query"};
                (n < 4 ? hop : target_ttl)(n * 5, &m);
            }
            scene_result();
            is_text(scene_text(), "udp reached: " THREE_HOPS "T!3; | udp reached: " THREE_HOPS "T!3;",
                    "UDP to %u and %u in turns, %s", pairs[i][0], pairs[i][1],
                    random ? "random source ports" : "one source port");
            scene_end();
        }
}

/* What counts both ports is one run: hping3 with ++, and the BSD traceroute with TCP. */
static void test_counted_tcp_ports(void)
{
    for (unsigned bsd = 0; bsd < 2; bsd++) {
        scene_begin(NULL);
        for (unsigned n = 0; n < 3; n++) {
            struct made m = syn_to((uint16_t)(80 + n), (uint8_t)(1 + n), n, bsd ? FIXED : COUNTED);
            m.window = bsd ? 0 : 512;
            m.seq = bsd ? (uint32_t)(80 + n) << 16 | m.source : m.seq;
            (n < 2 ? hop : open_port)(n * 5, &m);
        }
        scene_is("tcp reached: " THREE_HOPS "T=synack;",
                 bsd ? "TCP ports that count, and repeat in the sequence number" : "both TCP ports count");
    }
}

static void test_small_ports(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.source = 40000, .target = (uint16_t)(100 + 8 * ttl), .ttl = ttl, .id = ttl};
        (ttl < 3 ? hop : target_ttl)(ttl * 5, &m);
    }
    scene_is("udp reached: " THREE_HOPS "T!3;", "UDP ports below 1024 that step by 8 count");
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.source = 40000, .target = (uint16_t)(1024 + 9 * ttl), .ttl = ttl, .id = ttl};
        (ttl < 3 ? hop : target_ttl)(ttl * 5, &m);
    }
    scene_is("udp reached: " THREE_HOPS "T!3;", "from 1024 on they do with larger steps as well");
}

static void test_ids_in_turns(void)
{
    for (unsigned six = 0; six < 2; six++) {
        scene_begin(NULL);
        for (unsigned n = 0; n < 9; n++) {
            struct made m = echo((uint16_t)(100 + n % 3 * 50), (uint16_t)(1 + n / 3), (uint8_t)(1 + n / 3));
            if (six)
                m = (struct made){
                    .from = S6, .to = T6, .protocol = IP_ICMP6, .source = m.source, .target = m.target, .ttl = m.ttl};
            (n < 6 ? hop : pong)(n * 5, &m);
        }
        scene_is("icmp reached: " THREE_HOPS "T=echo; | icmp reached: " THREE_HOPS "T=echo; | icmp reached: " THREE_HOPS
                 "T=echo;",
                 "three echo ids in turns are three traces");
    }
}

/* --- an echo id each --- */

enum numbering { CONSTANT, COUNTING, BY_TTL, BOTH_BYTES };

static void ping_with_ids(enum numbering numbering, unsigned queries, unsigned swapped)
{
    scene_begin(NULL);
    for (unsigned i = 0; i < 3 * queries; i++) {
        unsigned n = i ^ (swapped && i + 1 - i % 2 < 3 * queries ? 1 : 0);
        uint8_t ttl = (uint8_t)(1 + n / queries);
        const uint16_t seqs[] = {1, (uint16_t)n, ttl, (uint16_t)(ttl * 0x101)};
        struct made m = echo(numbering == BOTH_BYTES ? (uint16_t)(ttl * 0x101) : some_port(n), seqs[numbering], ttl);
        m.id = (uint16_t)(n * 40503);
        (ttl < 3 ? hop : pong)(i * (swapped ? 0.5 : 50), &m);
    }
}

static void test_own_ids(void)
{
    static const char *const names[] = {"constant", "counting", "the TTL", "the TTL in both bytes, as the id"};
    for (enum numbering numbering = CONSTANT; numbering <= BOTH_BYTES; numbering++) {
        ping_with_ids(numbering, 1, 0);
        scene_result();
        is_text(scene_text(), "icmp reached: " THREE_HOPS "T=echo;", "an echo id for each probe; sequence numbers: %s",
                names[numbering]);
        scene_end();
        ping_with_ids(numbering, 1, 1);
        scene_result();
        is_text(scene_text(), "icmp reached: " THREE_HOPS "T=echo;", "the same, swapped; sequence numbers: %s",
                names[numbering]);
        scene_end();
        ping_with_ids(numbering, 3, 0);
        scene_result();
        is_text(scene_text(), "icmp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T=echo T=echo T=echo;",
                "three probes a hop; sequence numbers: %s", names[numbering]);
        scene_end();
    }
    scene_begin(NULL);
    for (uint8_t n = 0; n < 6; n++) {
        struct made m = echo(some_port(n), 1, 37);
        pong(n * 1000, &m);
    }
    scene_is("other: 6 low TTL, not part of a trace; 6 reply to a packet that is not part of a trace;",
             "pings with an id each and one TTL are none");
}

/* trace6 asks silent hops again: the id tells the hop. */
static void test_asked_again(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 7; n++) {
        uint8_t ttl = (uint8_t)(n < 5 ? 1 + n : n - 3); /* 1 to 5, and 2 and 3 again */
        struct made m = {.from = S6,
                         .to = T6,
                         .protocol = IP_ICMP6,
                         .source = (uint16_t)(ttl * 0x101),
                         .target = (uint16_t)(ttl * 0x101),
                         .ttl = ttl};
        double ms = n < 5 ? n : 1000 + n;
        if (ttl == 5)
            pong(ms, &m);
        else if (n != 1 && n != 2)
            hop(ms, &m);
        else
            scene_see(ms, &m);
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "icmp reached: 1 r1; 2 * r2~; 3 * r3~; 4 r4; 5 T=echo;",
            "ids that the TTL gives, asked again");
    is_text(found->trace_count ? found->traces[0]->origin.tool : NULL, "trace6 (thc-ipv6)", "its tool");
    scene_end();
}

/* --- one after the other --- */

/* The nth probe of a run: hops 1 to 3, several a hop. */
struct again {
    const char *name;
    struct made (*make)(unsigned run, unsigned n, uint8_t ttl);
    unsigned queries;
    unsigned sweeps;
};

static struct made again_linux_udp(unsigned run, unsigned n, uint8_t ttl)
{
    return linux_udp(run, n, ttl);
}

static struct made again_linux_syn(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = linux_syn(run, n, ttl);
    m.id = (uint16_t)(n * 40503 + run);
    return m;
}

static struct made again_service(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = linux_udp(run, n, ttl);
    m.target = 53;
    return m;
}

static struct made again_echo(unsigned run, unsigned n, uint8_t ttl)
{
    return echo((uint16_t)(300 + run), (uint16_t)(1 + n), ttl);
}

/* In a container, each run has the same process id. */
static struct made again_same_id(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = echo(7, (uint16_t)(1 + n), ttl);
    m.id = (uint16_t)(run * 9 + n + 1);
    return m;
}

static struct made again_tracert(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = echo(1, (uint16_t)(200 + run * 9 + n), ttl);
    m.payload_length = 64;
    return m;
}

static struct made again_bsd(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){
        .source = (uint16_t)(41000 + run), .target = (uint16_t)(33435 + n), .ttl = ttl, .id = (uint16_t)(run * 9 + n)};
}

static struct made again_counter(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.source = 41000, .target = (uint16_t)(33435 + n), .ttl = ttl, .id = (uint16_t)(run * 9 + n)};
}

static struct made again_mtr(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = echo((uint16_t)(4242 + run), (uint16_t)(33000 + n), ttl);
    m.payload_length = 36;
    return m;
}

static struct made again_mtr_source(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.source = (uint16_t)(33000 + n),
                         .target = 33434,
                         .ttl = ttl,
                         .id = (uint16_t)(run * 9 + n),
                         .payload_length = 36};
}

static struct made again_mtr_syn(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = again_linux_syn(run, n, ttl);
    m.source = (uint16_t)(33000 + n);
    m.window = 64240;
    return m;
}

static struct made again_tcptraceroute(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = syn((uint16_t)(run * 9 + n), ttl);
    m.source = (uint16_t)(47001 + run * 2);
    return m;
}

/* The same port for every run; the sequence number is new. */
static struct made again_sequence(unsigned run, unsigned n, uint8_t ttl)
{
    struct made m = syn((uint16_t)(run * 9 + n), ttl);
    m.seq += run * 77;
    return m;
}

static struct made again_lft(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.protocol = IP_TCP,
                         .source = 53,
                         .target = 80,
                         .seq = 963762779 + run * 5000000 + n,
                         .flags = TCP_SYN,
                         .window = 32768,
                         .ttl = ttl};
}

static struct made again_payload(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.source = 40000,
                         .target = 40000,
                         .ttl = ttl,
                         .id = (uint16_t)((run * 9 + n) * 40503),
                         .payload = run ? "another run" : "the first one"};
}

static struct made again_protocol(unsigned run, unsigned n, uint8_t ttl)
{
    return (struct made){.protocol = 50, .ttl = ttl, .id = (uint16_t)(run * 9 + n + 1), .payload = "@ABCDEFGHI"};
}

static struct made again_id(unsigned run, unsigned n, uint8_t ttl)
{
    (void)n;
    return (struct made){.source = 40000, .target = 40000, .ttl = ttl, .id = (uint16_t)(5000 + run)};
}

static const struct again agains[] = {
    {"traceroute", again_linux_udp, 3, 1},
    {"traceroute -T", again_linux_syn, 3, 1},
    {"traceroute -U", again_service, 3, 1},
    {"traceroute -I", again_echo, 3, 1},
    {"traceroute -I, the same id", again_same_id, 3, 1},
    {"tracert", again_tracert, 3, 1},
    {"BSD", again_bsd, 3, 1},
    {"a counter from one source port", again_counter, 3, 1},
    {"the same, one probe a hop", again_counter, 1, 1},
    {"mtr", again_mtr, 1, 3},
    {"mtr -u -P", again_mtr_source, 1, 3},
    {"mtr -T", again_mtr_syn, 1, 3},
    {"tcptraceroute", again_tcptraceroute, 3, 1},
    {"a new sequence number", again_sequence, 1, 1},
    {"lft", again_lft, 1, 1},
    {"a new payload", again_payload, 1, 1},
    {"a bare protocol", again_protocol, 3, 1},
    {"a new IPv4 id", again_id, 1, 1},
};

static void send_run(const struct again *again, unsigned run, double ms, bool is_v6, uint8_t hops)
{
    unsigned n = 0;
    for (unsigned sweep = 0; sweep < again->sweeps; sweep++)
        for (uint8_t ttl = 1; ttl <= 3; ttl++)
            for (unsigned query = 0; query < again->queries; query++, n++) {
                struct made m = again->make(run, n, ttl);
                if (is_v6) {
                    m.from = S6;
                    m.to = T6;
                    m.protocol = m.protocol == IP_ICMP ? IP_ICMP6 : m.protocol;
                }
                if (ttl <= hops)
                    hop(ms + n * 5, &m);
                else
                    scene_see(ms + n * 5, &m);
            }
}

static void test_runs_in_a_row(void)
{
    static const double gaps[] = {2, SECOND, 3 * SECOND, 7 * SECOND};
    for (size_t i = 0; i < sizeof agains / sizeof *agains; i++) {
        const struct again *again = &agains[i];
        bool is_v4 = again->make == again_id || again->make == again_protocol; /* the id tells */
        for (unsigned six = 0; six < (is_v4 ? 1U : 2U); six++)
            for (size_t k = 0; k < sizeof gaps / sizeof *gaps; k++) {
                double took = again->queries * again->sweeps * 3 * 5;
                scene_begin(NULL);
                send_run(again, 0, 0, six, 3);
                send_run(again, 1, took + gaps[k], six, 1);
                const struct recognition *found = scene_result();
                unsigned each = again->queries * again->sweeps * 3;
                ok(found->trace_count == 2 && found->traces[0]->probe_count == each &&
                       found->traces[1]->probe_count == each,
                   "%s, IPv%u: another run %g ms later is another trace: %s", again->name, six ? 6 : 4, gaps[k],
                   scene_text());
                is_num(found->trace_count == 2 ? found->traces[1]->last_router_ttl : 0, 1, "it got to hop 1");
                is_num(found->trace_count ? found->traces[0]->origin.rounds : 0, again->sweeps, "rounds of the first");
                scene_end();
            }
    }
}

/* The second run goes beyond the hop that the first one reached, and the probes there belong to it. */
static void test_longer_run(void)
{
    for (unsigned which = 0; which < 3; which++) {
        struct made (*const makes[])(unsigned, unsigned, uint8_t) = {again_linux_udp, again_linux_syn, again_service};
        scene_begin(NULL);
        for (unsigned run = 0; run < 2; run++)
            for (unsigned n = 0; n < (run ? 15U : 9U); n++) {
                struct made m = makes[which](run, n, (uint8_t)(1 + n / 3));
                double ms = run * 60 + n * 0.02;
                if (m.ttl < 3)
                    hop(ms, &m);
                else if (run)
                    scene_see(ms, &m);
                else if (m.protocol == IP_TCP)
                    open_port(ms, &m);
                else
                    target_ttl(ms, &m);
            }
        const struct recognition *found = scene_result();
        ok(found->trace_count == 2 && found->traces[0]->probe_count == 9 && found->traces[1]->probe_count == 15,
           "a longer run after one that reached its target, tool %u: %s", which, scene_text());
        scene_end();
    }
}

/* What looks like another run, and is none. */
static void test_same_run(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 9; n++) { /* PingPlotter: the payload says the round */
        struct made m = echo(768, (uint16_t)(20483 + n * 256), (uint8_t)(1 + n % 3));
        m.payload = n < 3 ? "72 round" : n < 6 ? "73 round" : "74 round";
        hop(n / 3 * 5 * SECOND + n * 20, &m);
    }
    scene_is("icmp 3 rounds max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3;",
             "a payload that changes with each round, while sequence numbers go on");

    scene_begin(NULL);
    for (unsigned n = 0; n < 12; n++) { /* each flow sends to all hops */
        struct made m = {.source = (uint16_t)(50000 + n / 3 % 2), .target = 33434, .ttl = (uint8_t)(1 + n % 3)};
        m.id = (uint16_t)(n * 40503 + 1);
        hop(n * 20, &m);
    }
    scene_is("udp 4 rounds max-ttl: 1 r1 r1 r1 r1; 2 r2 r2 r2 r2; 3 r3 r3 r3 r3;",
             "flows of one run, one after another");
}

/* --- single hops --- */

static struct made single_of(unsigned kind, unsigned n)
{
    struct made m = {0};
    switch (kind) {
    case 0:
        return linux_udp(0, n, 1);
    case 1:
        m = echo(77, (uint16_t)(1 + n), 1);
        m.payload = "HIJKLMNOPQRSTUVW";
        return m;
    case 2:
        return again_mtr(0, n, 1);
    case 3:
        return again_tracert(0, n, 1);
    case 4:
        return (struct made){.source = 41000, .target = 33434, .ttl = 1, .dont_fragment = true, .payload = "SUPERMAN"};
    default:
        m = echo(1, (uint16_t)(90 + n), 1);
        m.payload = "                                ";
        return m;
    }
}

static void test_single_hop(void)
{
    static const char *const tools[] = {"traceroute (Linux)", "traceroute (Linux)",   "mtr",
                                        "tracert (Windows)",  "inetutils-traceroute", "WinMTR"};
    for (unsigned kind = 0; kind < 6; kind++) {
        scene_begin(NULL);
        for (unsigned n = 0; n < 3; n++) {
            struct made m = single_of(kind, n);
            m.id = (uint16_t)(n * 40503 + 9);
            (m.protocol == IP_ICMP ? pong : target_ttl)(n * 100, &m);
        }
        const struct recognition *found = scene_result();
        is_num(found->trace_count ? found->traces[0]->probe_count : 0, 3, "a gateway probed with %s is a trace: %s",
               tools[kind], scene_text());
        is_text(found->trace_count ? found->traces[0]->origin.tool : NULL, tools[kind], "its tool");
        scene_end();
    }
}

/* The capture was taken at the target, so only the last hop's probes arrive. */
static void test_single_at_target(void)
{
    scene_begin(NULL);
    for (unsigned n = 15; n < 18; n++) {
        struct made m = linux_udp(0, n, 1);
        target_ttl(n, &m);
    }
    scene_is("udp behind 5 reached: 6 T!3 T!3 T!3;", "the ports of a traceroute tell the hop");
    scene_begin(NULL);
    for (unsigned n = 0; n < 4; n++) {
        struct made m = again_mtr(0, 5 + n * 6, 1);
        pong(n * SECOND, &m);
    }
    scene_is("other: 4 low TTL, not part of a trace; 4 reply to a packet that is not part of a trace;",
             "an mtr whose first hops the capture lacks is no trace of one hop");
}

static void test_no_single_hop(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = echo(999, n, 1);
        m.payload = "0123456789abcdef";
        pong(n * 1000, &m);
    }
    scene_is("other: 4 low TTL, not part of a trace; 4 reply to a packet that is not part of a trace;",
             "a ping with TTL 1 is no trace");
    scene_begin(NULL);
    for (unsigned n = 0; n < 4; n++) {
        struct made m = linux_syn(0, n, 1);
        m.target = 179;
        open_port(n * 60 * SECOND, &m);
    }
    scene_is("other: 4 low TTL, not part of a trace; 4 reply to a packet that is not part of a trace;",
             "nor are the connections of a router daemon");
    scene_begin(NULL);
    for (unsigned n = 0; n < 4; n++) {
        struct made m = {.source = 520, .target = 520, .ttl = 1, .id = (uint16_t)n, .payload = "routes"};
        target_ttl(n * 30 * SECOND, &m);
    }
    scene_is("errors: 192.0.2.9 3/3 udp 520>520; 192.0.2.9 3/3 udp 520>520; 192.0.2.9 3/3 udp 520>520; "
             "192.0.2.9 3/3 udp 520>520; other: 4 low TTL, not part of a trace;",
             "nor are routing updates");
}

/* --- in a connection --- */

static void test_in_connection(void)
{
    struct made m = {.protocol = IP_TCP, .source = 40000, .target = 80, .window = 502, .ttl = 64};
    scene_begin(NULL);
    m.seq = 1000;
    m.flags = TCP_SYN;
    open_port(0, &m);
    m.seq = 1001;
    m.ack = 100;
    m.flags = TCP_ACK;
    scene_see(1, &m);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made data = m;
        data.flags = TCP_ACK | TCP_PSH;
        data.payload = "GET / HTTP/1.1";
        data.ttl = ttl;
        data.id = (uint16_t)(ttl * 40503);
        hop(ttl * 50, &data);
        data.ttl = 64; /* the kernel sends it again */
        data.id++;
        scene_see(ttl * 50 + 20, &data);
    }
    m.flags = TCP_FIN | TCP_ACK;
    scene_see(300, &m);
    scene_is("tcp max-ttl: 1 r1; 2 r2; 3 r3; other: 7 ordinary traffic;",
             "data of a connection with rising TTLs; the connection's other packets are none of it");
}

/* More runs than there is room for at first. */
static void test_many_at_once(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++)
        for (unsigned n = 0; n < 100; n++) {
            char target[32];
            struct made m = linux_udp(0, ttl - 1U, ttl);
            snprintf(target, sizeof target, "198.51.100.%u", n + 1);
            m.to = target;
            hop(ttl * 1000 + n, &m);
        }
    const struct recognition *found = scene_result();
    is_num(found->trace_count, 100, "100 traces at once");
    is_num(found->counters.replies, 300, "with all their replies");
    scene_end();
}

int main(void)
{
    test_ports_in_turns();
    test_many_ports_in_turns();
    test_services_in_turns();
    test_counted_tcp_ports();
    test_small_ports();
    test_ids_in_turns();
    test_own_ids();
    test_asked_again();
    test_runs_in_a_row();
    test_longer_run();
    test_same_run();
    test_single_hop();
    test_single_at_target();
    test_no_single_hop();
    test_in_connection();
    test_many_at_once();
    return tap_done();
}
