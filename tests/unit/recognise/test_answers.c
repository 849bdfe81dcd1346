/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser: which answer belongs to which probe, what the quotes say, and traces of which only answers are known.
 */
#include "probe/type.h"
#include "tap.h"
#include "unit/support/ladder.h"

/* --- quotes --- */

/* Three UDP probes with rising TTLs; `error` is the reply to the second. */
static const struct quote {
    const char *name;
    struct made_error error;
    const char *want;
} quotes[] = {
    {"8 bytes quoted", {.quote_bytes = 8}, "udp max-ttl: 1 r1; 2 r2; 3 r3;"},
    {"all quoted", {.quote_whole = true}, "udp max-ttl: 1 r1; 2 r2; 3 r3;"},
    {"ports alone quoted", {.quote_bytes = 4}, "udp max-ttl: 1 r1; 2 r2; 3 r3;"},
    {"an MPLS label", {.mpls = 24001}, "udp max-ttl: 1 r1; 2 r2#24001; 3 r3;"},
    {"an MPLS label behind all that was sent", {.mpls = 7, .quote_whole = true}, "udp max-ttl: 1 r1; 2 r2#7; 3 r3;"},
    {"the id set to zero", {.zero_id = true}, "udp max-ttl: 1 r1; 2 r2; 3 r3;"},
    {"the id in another byte order", {.swap_id = true}, "udp max-ttl: 1 r1; 2 r2; 3 r3;"},
    {"a quoted TTL of 0", {.quoted_ttl = 255}, "udp max-ttl: 1 r1; 2 r2; 3 r3;"},
    {"a source that was translated", {.quoted_source = "203.0.113.5"}, "udp max-ttl: 1 r1; 2 r2^; 3 r3;"},
    {"translated, and the id set to zero",
     {.quoted_source = "203.0.113.5", .zero_id = true},
     "udp max-ttl: 1 r1; 2 r2^; 3 r3;"},
};

static void test_quotes(void)
{
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        scene_begin(NULL);
        for (uint16_t n = 1; n <= 3; n++) {
            struct made m = udp(n, (uint8_t)n);
            struct made_error error = n == 2 ? quotes[i].error : (struct made_error){0};
            m.payload = "some payload that is longer than what is quoted";
            error.from = router(n);
            scene_see(n * 10, &m);
            scene_error(n * 10 + RTT, &error, &m);
        }
        scene_is(quotes[i].want, quotes[i].name);
    }
}

static void test_quotes6(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.from = S6, .to = T6, .source = 40000, .target = (uint16_t)(33434 + ttl), .ttl = ttl};
        scene_see(ttl * 10, &m);
        error_of(ttl * 10 + RTT, &m, .from = router6(ttl), .mpls = ttl == 2 ? 99 : 0,
                 .quoted_source = ttl == 3 ? "2001:db8:7::1" : NULL);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2#99; 3 r3^;", "over IPv6: a label, and a translated source");
}

/* Sources that were translated on the way, for each kind of probe. */
static void test_translated(void)
{
    const struct made kinds[] = {
        {.protocol = IP_ICMP, .source = 9, .target = 1},
        {.protocol = IP_TCP, .source = 4000, .target = 80, .seq = 77, .flags = TCP_SYN},
        {.protocol = IP_SCTP, .source = 4000, .target = 80, .seq = 77},
        {.source = 4000, .target = 53},
        {.protocol = 50, .payload = "12345678"},
    };
    static const char *const wants[] = {
        "icmp max-ttl: 1 r1; 2 r2^; 3 r3;", "tcp max-ttl: 1 r1; 2 r2^; 3 r3;", "sctp max-ttl: 1 r1; 2 r2^; 3 r3;",
        "udp max-ttl: 1 r1; 2 r2^; 3 r3;",  "ip max-ttl: 1 r1; 2 r2^; 3 r3;",
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scene_begin(NULL);
        for (uint8_t ttl = 1; ttl <= 3; ttl++) {
            struct made m = kinds[i];
            m.ttl = ttl;
            m.id = (uint16_t)(5000 + ttl);
            m.target = (uint16_t)(m.target + (m.protocol == IP_ICMP ? ttl : 0));
            scene_see(ttl * 10, &m);
            error_of(ttl * 10 + RTT, &m, .from = router(ttl), .quoted_source = ttl == 2 ? "203.0.113.5" : NULL);
        }
        scene_is(wants[i], ip_protocol_name(kinds[i].protocol) ? ip_protocol_name(kinds[i].protocol) : "ip");
    }
}

/* The source port was translated, too, and the id is no help: the counted target port is all there is. */
static void test_translated_port(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = {.source = 40000, .target = (uint16_t)(44443 + ttl), .ttl = ttl, .payload_length = 100},
                    other = m;
        scene_see(ttl * 10, &m);
        other.source = 1030;
        error_of(ttl * 10 + RTT, &other, .from = router(ttl), .quoted_source = "203.0.113.5", .to = S4);
    }
    scene_is("udp max-ttl: 1 r1^; 2 r2^; 3 r3^; 4 r4^;",
             "a translated source port: the counting target port identifies the probe");
}

/* A DNAT router signs all errors with the target's address. */
static void test_dnat(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = udp(n, (uint8_t)n);
        scene_see(n * 10, &m);
        error_of(n * 10 + RTT, &m, .from = n == 1 ? router(1) : T4);
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp max-ttl: 1 r1; 2 T; 3 T; 4 T;", "time exceeded in the target's name is no arrival");
    is_num(found->trace_count ? found->traces[0]->reached_ttl : -1, 0, "nothing is reached");
    scene_end();
}

static void test_advice(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        scene_see(n * 10, &m);
        error_of(n * 10 + 0.1, &m, .from = "10.0.0.1", .type = 5, .code = 1);
        error_of(n * 10 + RTT, &m, .from = router(n));
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 3 redirect or source quench about a probe;",
             "a redirect is no answer");

    scene_begin(NULL);
    struct made m = {.source = 5, .target = 6, .ttl = 64}, nothing = {.ttl = 64};
    struct bytes b;
    error_of(1, &m, .from = "10.0.0.1", .type = 5, .code = 1);
    b = make_error(&(struct made_error){.from = "10.0.0.1", .type = 3, .code = 1}, &nothing);
    b.length = 30; /* hardly anything of the quote is left */
    scene_bytes(2, &b);
    scene_is("errors: 10.0.0.1 5/1 udp 5>6; 10.0.0.1 3/1;",
             "about others: errors, even where the quote cannot be read");
}

/* --- the same again --- */

static void test_duplicates(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n * 10, &m);
        if (n == 2)
            error_of(21, &m, .from = router(2), .id = 999);
        if (n == 2)
            error_of(22, &m, .from = router(7), .id = 7);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2+r2+r7; 3 r3;", "several answers to one probe");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n * 10, &m);
        for (uint16_t k = 0; n == 2 && k < 99; k++)
            error_of(21 + k * 0.01, &m, .from = router(2), .id = k);
    }
    const struct recognition *found = scene_result();
    const struct probe *second = found->trace_count ? trace_first_at(found->traces[0], 2) : NULL;
    is_num(second ? second->reply_count : 0, REPLIES_MOST, "a hundred are not all kept");
    is_num(found->counters.common.stray_kinds ? found->counters.common.strays[0].count : 0, 100 - REPLIES_MOST,
           "but counted");
    ok(strncmp(scene_text(), "UNSOUND", 7) != 0, "and all adds up");
    scene_end();

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        hop(n * 1000, &m);
        if (n == 2)
            error_of(2800, &m, .from = router(2), .id = 999);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 1 answer to a probe that was answered long before;",
             "an answer long after the first");
}

/* A probe that nothing was decided about yet has been given up: what comes then is too late for it. */
static void test_too_late(void)
{
    scene_begin(NULL);
    struct made one = udp(1, 1), two = udp(2, 2);
    scene_see(0, &one);
    pass(10500);
    error_of(11000, &one, .from = router(1));
    error_of(11001, &one, .from = router(1), .swap_id = true);
    error_of(11002, &one, .from = router(1), .quoted_source = "203.0.113.5");
    hop(12000, &two);
    scene_is("udp max-ttl: 1 *; 2 r2; errors: r1 11/0 udp 40000>33435; r1 11/0 udp 40000>33435; "
             "r1 11/0 udp 40000>33435; other: 1 ordinary traffic;",
             "answers to a probe that is held back");
}

static void test_two_interfaces(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, (uint8_t)n);
        for (unsigned interface = 0; interface < 2; interface++) {
            scene_from(0, interface);
            scene_see(n * 10 + interface * 0.01, &m);
        }
        for (unsigned interface = 0; interface < 2; interface++) {
            scene_from(0, 1 - interface);
            error_of(n * 10 + RTT + interface * 0.01, &m, .from = router(n), .id = n);
        }
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 6 copy of an earlier frame;", "the same frames on two interfaces");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = udp(n, (uint8_t)n), later = udp(n, (uint8_t)(n - 1));
        scene_from(0, 0);
        scene_see(n * 10, &m);
        scene_from(0, 1);
        if (n > 1)
            scene_see(n * 10 + 0.05, &later);
        if (n > 1)
            error_of(n * 10 + 0.3, &m, .from = router(n), .id = n, .ttl = 60);
        scene_from(0, 0);
        error_of(n * 10 + 0.35, &m, .from = router(n), .id = n, .ttl = 59);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; other: 6 copy of an earlier frame;",
             "captured on a router, before and after it forwarded");
}

static void test_two_files(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = udp(n, (uint8_t)n), later = udp(n, (uint8_t)(n - 1));
        scene_from(0, 0);
        scene_see(n * 10, &m);
        scene_from(1, 0);
        if (n > 1) {
            scene_see(n * 10 + 0.5, &later);
            error_of(n * 10 + 1, &m, .from = router(n), .id = n, .ttl = 60);
        }
        scene_from(0, 0);
        error_of(n * 10 + 1.5, &m, .from = router(n), .id = n, .ttl = 59);
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; other: 6 copy of an earlier frame;",
            "two captures of one trace, at its source and behind the first hop");
    const struct probe *second = found->trace_count ? trace_first_at(found->traces[0], 2) : NULL;
    is_num(second ? second->file : -1, 0, "the probe stands in the first");
    is_num(second ? second->frame : 0, 3, "with its number there");
    is_num(second && second->reply_count ? second->replies[0].file : -1, 0, "so does its answer");
    is_num(second && second->reply_count ? reply_rtt(second, &second->replies[0]) : -1, 3 * MS / 2,
           "the time between them is that of the first file");
    scene_end();

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) { /* probes in the one, answers in the other */
        struct made m = udp(n, (uint8_t)n);
        scene_from(0, 0);
        scene_see(n * 10, &m);
        scene_from(1, 0);
        error_of(n * 10 + 1, &m, .from = router(n));
    }
    scene_is("udp max-ttl: 1 r1?; 2 r2?; 3 r3?; 4 r4?;", "probes in one file, answers in another: no time is known");
}

/* --- TCP --- */

static void test_tcp(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) { /* mtr -T: the kernel connects, and says SYN twice where it is silent */
        struct made m = {.protocol = IP_TCP,
                         .source = (uint16_t)(33000 + ttl),
                         .target = 80,
                         .seq = ttl * 1000000U,
                         .flags = TCP_SYN,
                         .window = 64240,
                         .has_options = true,
                         .dont_fragment = true,
                         .ttl = ttl,
                         .id = (uint16_t)(ttl * 999)};
        scene_see(ttl * 100, &m);
        if (ttl == 1)
            error_of(ttl * 100 + RTT, &m, .from = router(1));
        if (ttl == 2) {
            struct made again = m;
            again.id++;
            scene_see(1200, &again);
        }
        if (ttl < 3)
            continue;
        see(300.4, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = 33003, .seq = 5, .ack = m.seq + 1,
            .flags = TCP_SYN | TCP_ACK, .ttl = 61);
        see(300.5, .protocol = IP_TCP, .source = 33003, .target = 80, .seq = m.seq + 1, .ack = 6, .flags = TCP_ACK,
            .ttl = 3, .id = 2998);
        see(300.6, .protocol = IP_TCP, .source = 33003, .target = 80, .seq = m.seq + 1, .ack = 6,
            .flags = TCP_ACK | TCP_FIN, .ttl = 3, .id = 2999);
        see(300.9, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = 33003, .seq = 6, .ack = m.seq + 2,
            .flags = TCP_ACK, .ttl = 61);
        see(301, .protocol = IP_TCP, .source = 33003, .target = 80, .seq = m.seq + 2, .flags = TCP_RST, .ttl = 64);
    }
    scene_is("tcp reached: 1 r1; 2 *; 3 T=synack; other: 2 ordinary traffic; "
             "1 a probe retransmitted by its host's TCP; 2 the rest of a connection that a probe opened;",
             "what a kernel says beyond the probe");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = syn(n, (uint8_t)n);
        double ms = n * 1000;
        if (n < 3)
            hop(ms, &m);
        else
            scene_see(ms, &m);
        if (n == 4)
            see(ms + RTT, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = 47001, .ack = m.seq + 1,
                .flags = TCP_RST | TCP_ACK, .ttl = 60);
    }
    scene_is("tcp reached: 1 r1; 2 r2; 3 *; 4 T=rst~;",
             "a constant 5-tuple, a silent hop: the answer is that of the probe just before");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 6; n++) {
        struct made m = syn(n, (uint8_t)n);
        double ms = n;
        if (n < 3)
            hop(ms, &m);
        else
            scene_see(ms, &m);
        if (n >= 4)
            see(ms + RTT, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = 47001, .ack = m.seq + 1,
                .flags = TCP_RST | TCP_ACK, .ttl = 60);
    }
    scene_is("tcp reached: 1 r1; 2 r2; 3 T=rst~; 4 T=rst~; 5 T=rst~; 6 *;",
             "if they follow each other quickly, their order is unknown and each match is weak");
}

/* Answers to UDP probes with one 5-tuple do not show the TTL either. */
static void test_udp_answers(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = {.source = 5000, .target = 53, .ttl = ttl, .id = ttl, .payload = "question"};
        if (ttl < 3)
            hop(ttl * 1000, &m);
        else
            scene_see(ttl * 1000, &m);
        if (ttl == 4)
            see(4000 + RTT, .from = T4, .to = S4, .source = 53, .target = 5000, .ttl = 60, .payload = "answer");
    }
    scene_is("udp reached: 1 r1; 2 r2; 3 *; 4 T=udp~;", "a constant 5-tuple over UDP");
}

/* Three queries of one 5-tuple in flight, answered in the reverse order: each belongs to the query whose id it repeats.
 */
static const struct service {
    const char *name;
    uint16_t port;
    unsigned length;                /* of the payloads */
    unsigned query_id, answered_id; /* where the id of query `n` stands */
    uint8_t query[24], answer[24];  /* how they begin, the id left out */
    const char *spelling;
} services[] = {
    {"DNS", 53, 32, 1, 1, {0, 0, 1, 0, 0, 1}, {0, 0, 0x81, 0x80, 0, 1}, "udp/53"},
    {"NTP", 123, 48, 47, 31, {0x23}, {0x24}, "udp/123"},
    {"QUIC", 443, 1200, 22, 13, {0xc3, 0, 0, 0, 1, 8, [14] = 8}, {0xc0, 0, 0, 0, 1, 8, [14] = 3}, "udp/443"},
};

static void see_service(double ms, const struct service *service, bool is_answer, uint8_t id, uint8_t ttl)
{
    char payload[1200] = {0};
    memcpy(payload, is_answer ? service->answer : service->query, sizeof service->query);
    payload[is_answer ? service->answered_id : service->query_id] = (char)id;
    struct made m = {.source = 5000,
                     .target = service->port,
                     .ttl = ttl,
                     .id = ttl,
                     .payload = payload,
                     .payload_length = (uint16_t)service->length};
    if (is_answer)
        m = (struct made){.from = T4,
                          .to = S4,
                          .source = service->port,
                          .target = 5000,
                          .ttl = ttl,
                          .id = ttl,
                          .payload = payload,
                          .payload_length = (uint16_t)service->length};
    scene_see(ms, &m);
}

static void see_queries(const struct service *service)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        see_service(ttl, service, false, (uint8_t)(100 + ttl), ttl);
        struct made m = {.source = 5000, .target = service->port, .ttl = ttl};
        if (ttl == 1)
            error_of(ttl + RTT, &m, .from = router(1));
    }
    see_service(4, service, false, 104, 4);
}

static void test_query_ids(void)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        const struct service *service = &services[i];
        char text[PROBE_SPEC_TEXT_BYTES] = "";
        see_queries(service);
        for (uint8_t n = 4; n >= 2; n--)
            see_service(20 - n, service, true, (uint8_t)(100 + n), (uint8_t)(50 + n));
        see_service(19, service, true, 103, 90);
        const struct recognition *found = scene_result();
        is_text(scene_text(), "udp reached: 1 r1; 2 T=udp; 3 T=udp+T=udp; 4 T=udp;", "%s: found", service->name);
        for (uint8_t ttl = 2; ttl <= 4 && found->trace_count; ttl++) {
            const struct probe *probe = trace_first_at(found->traces[0], ttl);
            is_num(probe && probe->reply_count ? probe->replies[0].reply_ttl : 0, 50 + ttl,
                   "%s: the answer to query %u is its own", service->name, ttl);
        }
        if (found->trace_count)
            probe_spec_format(&found->traces[0]->flow.spec, text);
        is_text(text, service->spelling, "%s: the probe's name", service->name);
        scene_end();

        see_queries(service);
        see_service(10, service, true, 77, 60);
        scene_is("udp silent: 1 r1; 2 *; 3 *; 4 *; other: 1 ordinary traffic;",
                 "an answer to another query belongs to no probe");
    }
}

/* --- behind a hop --- */

static void test_behind(void)
{
    scene_begin(NULL);
    for (unsigned n = 6; n < 15; n++) {
        struct made m = linux_udp(0, n, (uint8_t)(1 + n / 3 - 2));
        scene_see(n, &m);
        error_of(n + RTT, &m, .from = router(1 + n / 3));
    }
    scene_is("udp behind 2 max-ttl: 3 r3 r3 r3; 4 r4 r4 r4; 5 r5 r5 r5;", "Linux traceroute, captured behind hop 2");

    scene_begin(NULL);
    for (uint16_t n = 3; n < 9; n++) {
        struct made m = echo(7, (uint16_t)(n + 1), (uint8_t)(n / 3));
        m.payload = "HIJKLMNOPQRSTUVWXYZ";
        scene_see(n, &m);
        error_of(n + RTT, &m, .from = router(n / 3 + 1));
    }
    scene_is("icmp behind 1 max-ttl: 2 r2 r2 r2; 3 r3 r3 r3;", "traceroute -I");

    scene_begin(NULL);
    for (uint16_t n = 3; n < 9; n++) {
        struct made m = {.source = 40000,
                         .target = (uint16_t)(33434 + n / 3),
                         .ttl = (uint8_t)(n / 3),
                         .id = n,
                         .payload = "SUPERMAN",
                         .payload_length = 9,
                         .dont_fragment = true};
        scene_see(n, &m);
        error_of(n + RTT, &m, .from = router(n / 3 + 1));
    }
    scene_is("udp behind 1 max-ttl: 2 r2 r2 r2; 3 r3 r3 r3;", "inetutils-traceroute");

    scene_begin(NULL);
    uint16_t seq = 33000;
    for (unsigned round = 0; round < 3; round++)
        for (uint8_t ttl = 1; ttl <= 5; ttl++, seq++) {
            struct made m = echo(99, seq, (uint8_t)(ttl - 2));
            m.payload_length = 36;
            double ms = round * 1000 + ttl * 100;
            if (ttl < 3)
                continue;
            scene_see(ms, &m);
            if (ttl < 5)
                error_of(ms + RTT, &m, .from = router(ttl));
            else
                see(ms + RTT, .from = T4, .to = S4, .protocol = IP_ICMP, .source = 99, .target = seq, .is_reply = true,
                    .ttl = 60);
        }
    scene_is("icmp 3 rounds behind 2 reached: 3 r3 r3 r3; 4 r4 r4 r4; 5 T=echo T=echo T=echo;", "mtr");

    scene_begin(NULL);
    for (uint8_t ttl = 4; ttl <= 6; ttl++) {
        char payload[100] = {0};
        payload[0] = (char)ttl;
        struct made m = {.source = 40000,
                         .target = (uint16_t)(44443 + ttl),
                         .ttl = (uint8_t)(ttl - 3),
                         .payload = payload,
                         .payload_length = 100,
                         .dont_fragment = true};
        scene_see(ttl, &m);
        error_of(ttl + RTT, &m, .from = router(ttl));
    }
    scene_is("udp behind 3 max-ttl: 4 r4; 5 r5; 6 r6;", "tracepath");
}

/* --- answers alone --- */

static void only_error(double ms, const struct made *made, const char *from, uint8_t reply_ttl)
{
    error_of(ms, made, .from = from, .ttl = reply_ttl);
}

static void test_inferred(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 15; n++) {
        struct made m = linux_udp(0, n, (uint8_t)(1 + n / 3));
        if (n / 3 != 2)
            only_error(n, &m, router(1 + n / 3), (uint8_t)(64 - n / 3));
    }
    for (unsigned n = 15; n < 18; n++) {
        struct made m = linux_udp(0, n, 6);
        error_of(n, &m, .from = T4, .type = 3, .code = 3, .ttl = 59);
    }
    scene_is("udp inferred reached: 1 r1 r1 r1; 2 r2 r2 r2; 4 r4 r4 r4; 5 r5 r5 r5; 6 T!3 T!3 T!3;",
             "ports give TTLs, a silent hop among them");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = {.source = 40000, .target = (uint16_t)(50000 + n), .id = n};
        only_error(n, &m, router(n + 2), (uint8_t)(255 - n - 1));
    }
    scene_is("udp inferred max-ttl: 3 r3; 4 r4; 5 r5; 6 r6;", "if they do not, the replies' own TTLs do");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 3; n++) {
        struct made m = echo(77, (uint16_t)(n + 1), 1);
        only_error(n, &m, router(n + 1U), (uint8_t)(64 - n));
    }
    see(9, .from = T4, .to = S4, .protocol = IP_ICMP, .source = 77, .target = 4, .is_reply = true, .ttl = 61);
    scene_is("icmp inferred reached: 1 r1; 2 r2; 3 r3; 4 T=echo~;", "echo, with the target's own answer");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 3; n++) {
        struct made m = udp(n, 1);
        only_error(n, &m, router(n), (uint8_t)(65 - n));
    }
    struct made last = udp(4, 1);
    error_of(4, &last, .from = router(4), .type = 3, .code = 1, .ttl = 61);
    scene_is("udp inferred unreachable: 1 r1; 2 r2; 3 r3; 4 r4!1;", "an end that is no arrival");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 8; n++) {
        struct made m = {.source = (uint16_t)(50000 + n * 997),
                         .target = 443,
                         .protocol = IP_TCP,
                         .flags = TCP_ACK,
                         .seq = n * 7777777U};
        only_error(n, &m, router(n % 2 + 1U), 60);
    }
    scene_is("errors: r1 11/0 tcp 50000>443; r2 11/0 tcp 50997>443; r1 11/0 tcp 51994>443; r2 11/0 tcp 52991>443; "
             "r1 11/0 tcp 53988>443; r2 11/0 tcp 54985>443; r1 11/0 tcp 55982>443; r2 11/0 tcp 56979>443;",
             "ordinary traffic in a loop makes no trace");

    scene_begin(NULL);
    struct made one = udp(1, 1);
    only_error(1, &one, router(1), 60);
    only_error(5, &one, router(1), 60);
    scene_is("errors: r1 11/0 udp 40000>33435; r1 11/0 udp 40000>33435;", "nor does one router alone");
}

int main(void)
{
    test_quotes();
    test_quotes6();
    test_translated();
    test_translated_port();
    test_dnat();
    test_advice();
    test_duplicates();
    test_too_late();
    test_two_interfaces();
    test_two_files();
    test_tcp();
    test_udp_answers();
    test_query_ids();
    test_behind();
    test_inferred();
    return tap_done();
}
