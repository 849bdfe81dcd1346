/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser: which packets belong together, and which make a trace. */
#include "probe/type.h"
#include "tap.h"
#include "unit/support/ladder.h"

/* --- one run --- */

static void test_kinds(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 2; ttl++) {
        struct made m = udp(ttl, ttl);
        hop(ttl, &m);
    }
    struct made m = udp(3, 3);
    target_ttl(3, &m);
    scene_is("udp reached: 1 r1; 2 r2; 3 T!3;", "udp, one probe a hop");

    scene_begin(NULL);
    for (unsigned n = 0; n < 6; n++) {
        struct made probe = linux_udp(0, n, (uint8_t)(1 + n / 3));
        hop(n * 0.01, &probe);
    }
    for (unsigned n = 6; n < 9; n++) {
        struct made probe = linux_udp(0, n, 3);
        target_ttl(n * 0.01, &probe);
    }
    scene_is("udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3;", "udp, three at once, a source port for each");

    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 2; ttl++) {
        struct made probe = echo(77, ttl, ttl);
        hop(ttl, &probe);
    }
    struct made last = echo(77, 3, 3);
    pong(3, &last);
    scene_is("icmp reached: 1 r1; 2 r2; 3 T=echo;", "icmp echo");
}

static void test_kinds6(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.from = S6, .to = T6, .source = 40000, .target = (uint16_t)(33434 + ttl), .ttl = ttl};
        if (ttl < 3)
            hop(ttl, &m);
        else
            target_ttl(ttl, &m);
    }
    scene_is("udp reached: 1 r1; 2 r2; 3 T!4;", "udp over IPv6");

    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.from = S6, .to = T6, .protocol = IP_ICMP6, .source = 9, .target = ttl, .ttl = ttl};
        if (ttl < 3)
            hop(ttl, &m);
        else
            pong(ttl, &m);
    }
    scene_is("icmp reached: 1 r1; 2 r2; 3 T=echo;", "icmp echo over IPv6");
}

/* Every other protocol, with what its target says. */
static const struct kind {
    const char *name;
    struct made probe, answer;
    const char *want;
} kinds[] = {
    {"tcp SYN, closed",
     {.protocol = IP_TCP, .source = 4000, .target = 80, .seq = 5, .flags = TCP_SYN},
     {.protocol = IP_TCP, .ack = 6, .flags = TCP_RST | TCP_ACK},
     "tcp reached: 1 r1; 2 r2; 3 T=rst~;"},
    {"tcp SYN, open",
     {.protocol = IP_TCP, .source = 4000, .target = 80, .seq = 5, .flags = TCP_SYN},
     {.protocol = IP_TCP, .seq = 99, .ack = 6, .flags = TCP_SYN | TCP_ACK},
     "tcp reached: 1 r1; 2 r2; 3 T=synack~;"},
    {"tcp ACK",
     {.protocol = IP_TCP, .source = 4000, .target = 80, .seq = 5, .ack = 8, .flags = TCP_ACK},
     {.protocol = IP_TCP, .seq = 8, .flags = TCP_RST},
     "tcp reached: 1 r1; 2 r2; 3 T=rst;"},
    {"tcp FIN",
     {.protocol = IP_TCP, .source = 4000, .target = 80, .seq = 5, .flags = TCP_FIN},
     {.protocol = IP_TCP, .ack = 6, .flags = TCP_RST | TCP_ACK},
     "tcp reached: 1 r1; 2 r2; 3 T=rst~;"},
    {"tcp data",
     {.protocol = IP_TCP,
      .source = 4000,
      .target = 80,
      .seq = 5,
      .ack = 8,
      .flags = TCP_ACK | TCP_PSH,
      .payload = "GET"},
     {.protocol = IP_TCP, .seq = 8, .ack = 8, .flags = TCP_ACK},
     "tcp reached: 1 r1; 2 r2; 3 T=tcp;"},
    {"sctp INIT, closed",
     {.protocol = IP_SCTP, .source = 4000, .target = 80, .seq = 5},
     {.protocol = IP_SCTP, .ack = 5, .type = SCTP_ABORT},
     "sctp reached: 1 r1; 2 r2; 3 T=sctp;"},
    {"dccp",
     {.protocol = IP_DCCP, .source = 4000, .target = 80, .seq = 5},
     {.protocol = IP_DCCP, .ack = 5, .type = DCCP_RESET},
     "dccp reached: 1 r1; 2 r2; 3 T=dccp;"},
    {"udplite",
     {.protocol = IP_UDPLITE, .source = 4000, .target = 80},
     {.protocol = IP_UDPLITE},
     "udplite reached: 1 r1; 2 r2; 3 T=udp;"},
    {"udp with an answer",
     {.source = 4000, .target = 53, .payload = "who?"},
     {.payload = "me"},
     "udp reached: 1 r1; 2 r2; 3 T=udp;"},
    {"a bare protocol", {.protocol = 50, .payload = "12345678"}, {.protocol = 50}, "ip reached: 1 r1; 2 r2; 3 T=raw~;"},
};

static void test_protocols(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scene_begin(NULL);
        struct made probe = kinds[i].probe, answer = kinds[i].answer;
        for (uint8_t ttl = 1; ttl <= 3; ttl++) {
            probe.ttl = ttl;
            probe.id = (uint16_t)(100 + ttl);
            if (ttl < 3)
                hop(ttl * 10, &probe);
        }
        scene_see(30, &probe);
        answer.from = T4;
        answer.to = S4;
        answer.source = probe.target;
        answer.target = probe.source;
        answer.ttl = 60;
        scene_see(30.5, &answer);
        scene_is(kinds[i].want, kinds[i].name);
    }
}

/* --- two at once --- */

static void test_two_at_once(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 9; n++)
        for (unsigned run = 0; run < 2; run++) {
            struct made m = linux_udp(run, n, (uint8_t)(1 + n / 3));
            (n < 6 ? hop : target_ttl)(n * 0.1 + run * 0.03, &m);
        }
    scene_is(
        "udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3; | udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3;",
        "two traceroutes with rising ports are two");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++)
        for (uint16_t id = 20; id < 22; id++) {
            struct made m = echo(id, n, (uint8_t)n);
            (n < 3 ? hop : pong)(n * 10 + id, &m);
        }
    scene_is("icmp reached: 1 r1; 2 r2; 3 T=echo; | icmp reached: 1 r1; 2 r2; 3 T=echo;",
             "two traceroutes with different echo ids are two");

    scene_begin(NULL);
    for (unsigned burst = 0; burst < 2; burst++) /* so many in flight */
        for (unsigned run = 0; run < 2; run++)
            for (unsigned n = burst * 15; n < burst * 15 + 15; n++) {
                struct made m = linux_syn(run, n, (uint8_t)(1 + n / 5));
                hop(burst * 10 + run * 4 + n * 0.1, &m);
            }
    scene_is("tcp max-ttl: 1 r1 r1 r1 r1 r1; 2 r2 r2 r2 r2 r2; 3 r3 r3 r3 r3 r3; 4 r4 r4 r4 r4 r4; "
             "5 r5 r5 r5 r5 r5; 6 r6 r6 r6 r6 r6; | "
             "tcp max-ttl: 1 r1 r1 r1 r1 r1; 2 r2 r2 r2 r2 r2; 3 r3 r3 r3 r3 r3; 4 r4 r4 r4 r4 r4; "
             "5 r5 r5 r5 r5 r5; 6 r6 r6 r6 r6 r6;",
             "two traceroutes to one TCP port, in lockstep, are two");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n), other = udp(n, (uint8_t)n);
        other.to = "192.0.2.10";
        (n < 3 ? hop : target_ttl)(n * 10, &m);
        scene_see(n * 10 + 5, &other);
        error_of(n * 10 + 6, &other, .from = n < 3 ? router(n) : other.to, .type = n < 3 ? 11 : 3,
                 .code = n < 3 ? 0 : 3);
    }
    scene_is("udp reached: 1 r1; 2 r2; 3 T!3; | udp reached: 1 r1; 2 r2; 3 T!3;", "two targets are two traces");
}

/* --- again --- */

static void test_again(void)
{
    scene_begin(NULL);
    for (unsigned run = 0; run < 2; run++)
        for (unsigned n = 0; n < 9; n++) {
            struct made m = linux_udp(run, n, (uint8_t)(1 + n / 3));
            (n < 6 ? hop : target_ttl)(run * 20 + n, &m);
        }
    scene_is(
        "udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3; | udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3;",
        "a traceroute that is run again at once is another");

    scene_begin(NULL);
    for (unsigned run = 0; run < 2; run++)
        for (uint16_t n = 1; n <= 3; n++) {
            struct made m = udp(n, (uint8_t)n);
            (n < 3 ? hop : target_ttl)(run * 14000 + n, &m);
        }
    scene_is("udp reached: 1 r1; 2 r2; 3 T!3; | udp reached: 1 r1; 2 r2; 3 T!3;",
             "the same ports after more than ten seconds of silence are another run");

    scene_begin(NULL);
    for (unsigned run = 0; run < 2; run++)
        for (uint16_t n = 1; n <= 3; n++) {
            struct made m = udp(n, (uint8_t)n);
            (n < 3 ? hop : target_ttl)(run * 5000 + n, &m);
        }
    scene_is("udp reached: 1 r1; 2 r2; 3 T!3; | udp reached: 1 r1; 2 r2; 3 T!3;",
             "after less, too, as the count starts again");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 6; n++) {
        struct made m = udp(n, (uint8_t)n);
        (n < 6 ? hop : target_ttl)(n * 15000, &m);
    }
    scene_is("udp reached: 1 r1; 2 r2; 3 r3; 4 r4; 5 r5; 6 T!3;",
             "a pattern that goes on after silence is the same run");
}

/* --- many rounds --- */

static void test_mtr(void)
{
    /* Round-trip times of hop 2, by round; 0: lost. */
    static const double rtts[] = {10, 14, 0, 12, 20};
    scene_begin(NULL);
    uint16_t seq = 33000;
    for (unsigned round = 0; round < 5; round++)
        for (uint8_t ttl = 1; ttl <= 3; ttl++) {
            struct made m = echo(4242, seq++, ttl);
            m.payload_length = 36;
            double ms = round * 1000 + ttl * 100;
            if (ttl == 1)
                hop(ms, &m);
            if (ttl == 3)
                pong(ms, &m);
            if (ttl != 2)
                continue;
            scene_see(ms, &m);
            if (rtts[round] > 0)
                error_of(ms + rtts[round], &m, .from = router(2));
        }
    const struct recognition *found = scene_result();
    is_text(scene_text(),
            "icmp 5 rounds reached: 1 r1 r1 r1 r1 r1; 2 r2 r2 * r2 r2; 3 T=echo T=echo T=echo T=echo T=echo;",
            "an mtr of five rounds is one trace");
    struct hop_stats stats = {0};
    if (found->trace_count)
        trace_hop_stats(found->traces[0], 2, &stats);
    is_num(stats.sent, 5, "sent");
    is_num(stats.received, 4, "received");
    is_num(stats.loss * 1000 + 0.5, 200, "loss, in thousandths");
    is_num(stats.best_ms * 1000 + 0.5, 10000, "best, in us");
    is_num(stats.avg_ms * 1000 + 0.5, 14000, "average");
    is_num(stats.worst_ms * 1000 + 0.5, 20000, "worst");
    is_num(stats.stdev_ms * 1000 + 0.5, 4320, "standard deviation");
    is_num(stats.jitter_ms * 1000 + 0.5, 4667, "jitter: the mean of 4, 2 and 8, the lost one left out");
    is_text(found->trace_count ? found->traces[0]->origin.tool : NULL, "mtr", "its tool is named");
    scene_end();
}

/* --- other orders --- */

static void test_orders(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 6; ttl >= 1; ttl--) {
        struct made m = {.protocol = IP_TCP,
                         .source = (uint16_t)(50000 + ttl),
                         .target = 443,
                         .seq = 1000,
                         .flags = TCP_SYN,
                         .window = 1024,
                         .ttl = ttl,
                         .id = (uint16_t)(ttl * 7919)};
        if (ttl < 4) {
            hop(10 - ttl, &m);
            continue;
        }
        scene_see(10 - ttl, &m);
        see(10 - ttl + RTT, .from = T4, .to = S4, .protocol = IP_TCP, .source = 443, .target = m.source, .ack = 1001,
            .flags = TCP_RST | TCP_ACK, .ttl = 61);
    }
    scene_is("tcp reached: 1 r1; 2 r2; 3 r3; 4 T=rst; 5 T=rst; 6 T=rst;", "falling TTLs");

    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = echo((uint16_t)(500 + ttl * 7), 1, ttl);
        (ttl < 4 ? hop : pong)(ttl * 2000, &m);
    }
    scene_is("icmp reached: 1 r1; 2 r2; 3 r3; 4 T=echo;", "pings by hand, one TTL after another");
}

/* --- what is no trace --- */

static void test_ordinary(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n < 4; n++) {
        struct made m = {.source = 5353, .target = 53, .ttl = 64, .id = n, .payload = "question"};
        scene_see(n, &m);
        see(n + RTT, .from = T4, .to = S4, .source = 53, .target = 5353, .ttl = 60, .id = n, .payload = "answer");
        error_of(n + 0.5, &m, .from = T4, .type = 3, .code = 3);
    }
    scene_is("errors: 192.0.2.9 3/3 udp 5353>53; 192.0.2.9 3/3 udp 5353>53; 192.0.2.9 3/3 udp 5353>53; "
             "192.0.2.9 3/3 udp 5353>53; other: 8 ordinary traffic;",
             "traffic with TTL 64 makes no trace; errors about it say what they quote");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 4; n++) {
        struct made m = {.source = 179,
                         .target = 179,
                         .protocol = IP_TCP,
                         .flags = TCP_ACK,
                         .ttl = 1,
                         .seq = n * 20,
                         .id = n,
                         .payload = "keepalive"};
        scene_see(n, &m);
    }
    struct made multi = {.source = 520, .target = 520, .ttl = 2, .to = "224.0.0.9"};
    scene_see(9, &multi);
    scene_is("other: 1 ordinary traffic; 4 low TTL, not part of a trace;", "nor does a small TTL that stays");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = {.source = 40000, .target = 443, .ttl = (uint8_t)(37 + n % 2), .id = (uint16_t)(n + 1)};
        scene_see(n * 10, &m);
        see(n * 10 + 5, .from = T4, .to = S4, .source = 443, .target = 40000, .ttl = 50, .payload = "x");
    }
    scene_is("other: 6 low TTL, not part of a trace; 6 reply to a packet that is not part of a trace;",
             "nor do TTLs 37 and 38 to one server");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = {.source = 40000, .target = 443, .ttl = (uint8_t)(36 + n % 4), .id = (uint16_t)(n + 1)};
        scene_see(n * 10, &m);
        see(n * 10 + 5, .from = T4, .to = S4, .source = 443, .target = 40000, .ttl = 50, .payload = "x");
    }
    scene_is("other: 6 low TTL, not part of a trace; 6 reply to a packet that is not part of a trace;",
             "nor TTLs from 36 to 39");

    scene_begin(NULL);
    struct made one = udp(1, 5);
    hop(1, &one);
    scene_is("errors: r5 11/0 udp 40000>33435; other: 1 low TTL, not part of a trace;", "nor does a single probe");
}

static void test_probes_only(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = udp(n, (uint8_t)(1 + n));
        scene_see(n * 5, &m);
    }
    pass(20000);
    scene_is("udp silent: 1 *; 2 *; 3 *; 4 *; 5 *; 6 *; other: 1 ordinary traffic;", "probes alone: a silent trace");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 3; n++) {
        struct made m = udp(n, (uint8_t)(1 + n));
        scene_see(n * 5, &m);
    }
    scene_is("other: 3 low TTL, not part of a trace;", "but not of three TTLs");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = udp(n, (uint8_t)(1 + n));
        m.to = "10.1.255.255";
        scene_see(n * 5, &m);
        m.to = "255.255.255.255";
        scene_see(n * 5 + 1, &m);
    }
    scene_is("other: 6 ordinary traffic; 6 low TTL, not part of a trace;", "and not of a flood by broadcast");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = udp(n, (uint8_t)(20 + n));
        scene_see(n * 5, &m);
    }
    scene_is("other: 6 low TTL, not part of a trace;", "nor where it begins far out");
}

/* --- what the end says --- */

static const struct ending {
    const char *name;
    uint8_t type, code;
    const char *want;
} endings[] = {
    {"net unreachable", 3, 0, "udp unreachable: 1 r1; 2 r2; 3 r3!0; 4 *; 5 *;"},
    {"host unreachable", 3, 1, "udp unreachable: 1 r1; 2 r2; 3 r3!1; 4 *; 5 *;"},
    {"a router's port unreachable", 3, 3, "udp rejected: 1 r1; 2 r2; 3 r3!3; 4 *; 5 *;"},
    {"administratively prohibited", 3, 13, "udp rejected: 1 r1; 2 r2; 3 r3!13; 4 *; 5 *;"},
    {"too big", 3, 4, "udp rejected: 1 r1; 2 r2; 3 r3!F1400; 4 *; 5 *;"},
    {"parameter problem", 12, 0, "udp rejected: 1 r1; 2 r2; 3 r3!p0; 4 *; 5 *;"},
};

static void test_ends(void)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        scene_begin(NULL);
        for (uint16_t n = 1; n <= 5; n++) {
            struct made m = udp(n, (uint8_t)n);
            m.payload_length = 1400;
            if (n < 3)
                hop(n, &m);
            else
                scene_see(n, &m);
            if (n == 3)
                error_of(n + RTT, &m, .from = router(3), .type = endings[i].type, .code = endings[i].code, .mtu = 1400);
        }
        scene_is(endings[i].want, endings[i].name);
    }

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 5; n++) {
        struct made m = udp(n, (uint8_t)n);
        n < 3 ? hop(n, &m) : scene_see(n, &m);
        if (n == 3)
            error_of(n + RTT, &m, .from = router(3), .type = 3, .code = 4, .mtu = 1400);
    }
    scene_is("udp silent: 1 r1; 2 r2; 3 r3!F1400; 4 *; 5 *;", "a packet that fits the MTU is not rejected as too big");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 8; n++) {
        struct made m = udp(n, (uint8_t)n);
        scene_see(n, &m);
        error_of(n + RTT, &m, .from = router(n < 3 ? n : 3 + n % 2));
    }
    pass(5000);
    scene_is("udp looping: 1 r1; 2 r2; 3 r4; 4 r3; 5 r4; 6 r3; 7 r4; 8 r3; other: 1 ordinary traffic;", "a loop");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n, &m);
    }
    pass(5000);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; other: 1 ordinary traffic;", "asked no further");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = udp(n, (uint8_t)n);
        if (n < 3)
            hop(n, &m);
        else
            scene_see(n, &m);
    }
    pass(5000);
    scene_is("udp silent: 1 r1; 2 r2; 3 *; 4 *; other: 1 ordinary traffic;", "silent from a hop on");
}

/* --- TTLs --- */

static void test_ttls(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n, &m);
    }
    scene_is("udp max-ttl: 0 r0; 1 r1; 2 r2; 3 r3;", "TTL 0 is one, too");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 45; n++) {
        struct made m = udp(n, (uint8_t)n);
        if (n <= 2 || n >= 44)
            hop(n, &m);
        else
            scene_see(n, &m);
    }
    const struct recognition *found = scene_result();
    is_num(found->trace_count ? found->traces[0]->probe_count : 0, 45,
           "TTLs above 40 that continue a trace belong to it");
    is_num(found->trace_count ? found->traces[0]->last_router_ttl : 0, 45, "and their answers");
    scene_end();

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n, &m);
    }
    struct made far = udp(4, 45);
    far.source = 41000;
    hop(10, &far);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; errors: r45 11/0 udp 41000>33438; other: 1 ordinary traffic;",
             "others are ordinary traffic");
}

/* --- stamps --- */

static void test_stamps(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = udp(n, (uint8_t)n);
        scene_see(1000 - n * 10, &m);
        error_of(1000 - n * 10 + (n == 2 ? -1.0 : RTT), &m, .from = router(n));
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp max-ttl: 1 r1; 2 r2?; 3 r3; 4 r4;", "stamps that run backwards do no harm");
    const struct probe *second = found->trace_count ? trace_first_at(found->traces[0], 2) : NULL;
    is_num(second && second->reply_count ? reply_rtt(second, &second->replies[0]) : -1, NSTIME_NONE,
           "and no time is negative");
    scene_end();

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 2; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n, &m);
    }
    struct made late = udp(3, 3);
    scene_see(3, &late);
    error_of(9000, &late, .from = router(3));
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3;", "an answer after nine seconds");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 2; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n, &m);
    }
    scene_see(3, &late);
    pass(10500);
    error_of(11000, &late, .from = router(3));
    scene_is(
        "udp silent: 1 r1; 2 r2; 3 *; other: 1 ordinary traffic; 1 answer to a probe that was answered long before;",
        "after eleven it comes too late");
}

/* A capture that was cut proves no silence. */
static void test_cut(void)
{
    for (unsigned late = 0; late < 2; late++) {
        scene_begin(NULL);
        for (uint16_t n = 1; n <= 4; n++) {
            struct made m = udp(n, (uint8_t)n);
            if (n < 3)
                hop(n * 1000, &m);
            else
                scene_see(n * 1000, &m);
        }
        if (late)
            pass(14100);
        scene_break_off();
        if (late)
            scene_is("udp silent: 1 r1; 2 r2; 3 *; 4 *; other: 1 ordinary traffic;", "silence long before the cut");
        else
            scene_is("udp interrupted: 1 r1; 2 r2; 3 *; 4 *;", "silence at the end of a cut capture");
    }
}

/* --- what is wanted --- */

static bool wants_icmp(void *context, const struct trace *trace)
{
    (void)context;
    return trace->flow.spec.type->protocol == IP_ICMP;
}

static bool wants_none(void *context, const struct other_error *error)
{
    (void)context;
    (void)error;
    return false;
}

static void test_wanted(void)
{
    scene_begin(&(struct scene_config){.wants_trace = wants_icmp, .wants_error = wants_none});
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n), e = echo(7, n, (uint8_t)n), f = echo(8, n, (uint8_t)n);
        (n < 3 ? hop : target_ttl)(n * 10, &m);
        (n < 3 ? hop : pong)(n * 10 + 2, &e);
        (n < 3 ? hop : pong)(n * 10 + 4, &f);
    }
    struct made dns = {.source = 1, .target = 53, .ttl = 64};
    error_of(50, &dns, .from = T4, .type = 3, .code = 3);
    const struct recognition *found = scene_result();
    is_text(scene_text(), "icmp reached: 1 r1; 2 r2; 3 T=echo; | icmp reached: 1 r1; 2 r2; 3 T=echo;",
            "unwanted traces and errors are left out");
    is_num(found->traces_found, 2, "they have no number");
    is_num(found->counters.probes, 9, "but are counted as what they are");
    is_num(found->counters.errors, 1, "errors, too");
    scene_end();
}

static void test_nothing(void)
{
    scene_begin(NULL);
    scene_is("", "no frames, nothing found");
    scene_begin(NULL);
    struct bytes junk = {.at = {0x45, 0, 0}, .length = 3}, arp = {.at = {0x10}, .length = 20};
    scene_bytes(1, &junk);
    scene_bytes(2, &arp);
    scene_is("", "malformed frames are counted apart");
    recogniser_free(NULL);
    struct err err;
    struct recogniser *r = recogniser_new(&(struct recogniser_config){.keep = true}, NULL, &err);
    struct made m = udp(1, 1);
    struct bytes b = make_packet(&m);
    struct packet packet;
    struct frame frame = {
        .bytes = b.at, .captured = (uint32_t)b.length, .length = (uint32_t)b.length, .linktype = LINKTYPE_RAW};
    packet_decode(&frame, &packet);
    recogniser_frame(r, 0, &frame, &packet);
    recogniser_free(r);
    ok(true, "one that is not brought to its end is freed all the same");
}

int main(void)
{
    test_kinds();
    test_kinds6();
    test_protocols();
    test_two_at_once();
    test_again();
    test_mtr();
    test_orders();
    test_ordinary();
    test_probes_only();
    test_ends();
    test_ttls();
    test_stamps();
    test_cut();
    test_wanted();
    test_nothing();
    return tap_done();
}
