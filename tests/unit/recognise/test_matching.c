/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser: quotes that a translator left as it had made them, probes that are alike, short quotes, and answers
 * that belong to another segment of a connection. */
#include "packet/checksum.h"
#include "tap.h"
#include "unit/support/ladder.h"

#define INSIDE "192.168.7.7"  /* what a translator makes of the target */
#define OUTSIDE "203.0.113.5" /* what a translator makes of the source */
#define NAT_HOP 3
#define HOPS 5

/* A random source port and id each, and a counting target port, as traceroute's; no tool's signature. */
static struct made counted(unsigned run, uint8_t ttl)
{
    struct made made = linux_udp(run, ttl, ttl);
    made.payload = "a payload of its own";
    return made;
}

/* --- translated targets --- */

enum kind { RANDOM_PORTS, PARIS, ECHO, SYN, RAW };

static const struct {
    enum kind kind;
    const char *name, *last; /* what the target answers, in a scene's text */
    const char *protocol;
} kinds[] = {
    {RANDOM_PORTS, "random source ports", "T!3^", "udp"},
    {PARIS, "one flow, an id each", "T!3^", "udp"},
    {ECHO, "echo", "T=echo", "icmp"},
    {SYN, "SYN", "T=synack", "tcp"},
    {RAW, "a bare protocol", "T!2^", "ip"},
};

static struct made probe_of(enum kind kind, uint8_t ttl)
{
    switch (kind) {
    case RANDOM_PORTS:
        return counted(0, ttl);
    case PARIS:
        return (struct made){.source = 40000, .target = 33434, .ttl = ttl, .id = (uint16_t)(ttl * 7919)};
    case ECHO:
        return echo(77, ttl, ttl);
    case SYN:
        return linux_syn(0, ttl, ttl);
    case RAW:
        break;
    }
    return (struct made){.protocol = 50, .payload = "12345678", .ttl = ttl, .id = (uint16_t)(ttl * 7919)};
}

static void answer_of(enum kind kind, double ms, const struct made *sent, const struct made *translated)
{
    switch (kind) {
    case RANDOM_PORTS:
    case PARIS:
        error_of(ms, translated, .from = T4, .to = S4, .type = 3, .code = 3);
        break;
    case RAW:
        error_of(ms, translated, .from = T4, .to = S4, .type = 3, .code = 2);
        break;
    case ECHO:
        see(ms, .from = T4, .to = S4, .protocol = IP_ICMP, .source = sent->source, .target = sent->target,
            .is_reply = true, .ttl = 60);
        break;
    case SYN:
        see(ms, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = sent->source, .ack = sent->seq + 1,
            .flags = TCP_SYN | TCP_ACK, .ttl = 60);
        break;
    }
}

static void see_translated(enum kind kind, const char *source, const char *target, uint16_t port)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= HOPS; ttl++) {
        struct made sent = probe_of(kind, ttl), translated = sent;
        if (ttl >= NAT_HOP) {
            translated.from = source;
            translated.to = target;
            translated.target = port && kind != ECHO ? port : sent.target;
        }
        scene_see(ttl * 50, &sent);
        if (ttl < HOPS)
            error_of(ttl * 50 + RTT, &translated, .from = router(ttl), .to = S4, .ttl = (uint8_t)(65 - ttl));
        else
            answer_of(kind, ttl * 50 + RTT, &sent, &translated);
    }
}

static void test_translated_targets(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char want[160];
        snprintf(want, sizeof want, "%s reached: 1 r1; 2 r2; 3 r3^; 4 r4^; 5 %s;", kinds[i].protocol, kinds[i].last);
        see_translated(kinds[i].kind, NULL, INSIDE, 0);
        scene_is(want, kinds[i].name);
        see_translated(kinds[i].kind, NULL, INSIDE, 8080);
        scene_is(want, "the same with the target port");
        see_translated(kinds[i].kind, OUTSIDE, INSIDE, 0);
        scene_is(want, "the same with the source");
        see_translated(kinds[i].kind, OUTSIDE, INSIDE, 8080);
        scene_is(want, "the same with both addresses and a port");
    }
}

static void test_rewrites(void)
{
    see_translated(RANDOM_PORTS, NULL, INSIDE, 0);
    const struct recognition *found = scene_result();
    const struct probe *third = found->trace_count ? trace_first_at(found->traces[0], NAT_HOP) : NULL;
    const struct rewrite *rewrite = third && third->reply_count ? third->replies[0].rewrites : NULL;
    is_num(rewrite ? (long)rewrite->field : -1L, REWRITE_IP_TARGET, "the change of the target is listed");
    scene_end();
}

/* The target signs with the address that the translator knows it by. */
static void test_own_address(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made sent = counted(0, ttl), translated = sent;
        translated.to = ttl > 1 ? INSIDE : NULL;
        scene_see(ttl * 50, &sent);
        error_of(ttl * 50 + RTT, &translated, .from = ttl < 3 ? router(ttl) : INSIDE, .type = ttl < 3 ? 11 : 3,
                 .code = ttl < 3 ? 0 : 3);
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp reached: 1 r1; 2 r2^; 3 192.168.7.7!3^;", "a refusal by the address that is quoted");
    is_num(found->trace_count ? found->traces[0]->reached_ttl : 0, 3, "is the target's own");
    is_num(found->trace_count ? found->traces[0]->refused_ttl : -1, 0, "and no router's");
    scene_end();
}

/* Routers behind the translator answer once more, when their probes wait no longer. */
static void test_late(void)
{
    scene_begin(NULL);
    for (unsigned again = 0; again < 2; again++)
        for (uint8_t ttl = 1; ttl <= 4; ttl++) {
            struct made sent = counted(0, ttl), translated = sent;
            translated.to = ttl > 1 ? INSIDE : NULL;
            if (!again)
                scene_see(ttl * 50, &sent);
            error_of(again * 2000 + ttl * 50 + RTT, &translated, .from = router(ttl), .id = ttl);
        }
    scene_is("udp max-ttl: 1 r1; 2 r2^; 3 r3^; 4 r4^; other: 4 answer to a probe that was answered long before;",
             "late answers are no trace of the new target");
}

/* IPv6 has no id. */
static void test_translated6(void)
{
    for (unsigned whole = 0; whole < 2; whole++) {
        scene_begin(NULL);
        for (uint8_t ttl = 1; ttl <= 4; ttl++) {
            struct made sent = counted(0, ttl), translated;
            sent.from = S6;
            sent.to = T6;
            translated = sent;
            if (ttl >= 3)
                translated.to = "fd00::7";
            scene_see(ttl * 50, &sent);
            error_of(ttl * 50 + RTT, &translated, .from = ttl < 4 ? router6(ttl) : T6, .to = S6,
                     .type = ttl < 4 ? 3 : 1, .code = ttl < 4 ? 0 : 4, .quote_whole = whole);
        }
        scene_is("udp reached: 1 r1; 2 r2; 3 r3^; 4 T!4^;",
                 whole ? "IPv6, the whole packet quoted" : "IPv6, eight bytes quoted");
    }
}

/* The translator changed address and port and the checksum with them; constant ports, so the checksum tells the probe.
 */
static void test_translated_sum(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made sent = {.from = S6, .to = T6, .source = 40000, .target = 33434, .ttl = ttl}, translated;
        sent.checksum = (uint16_t)(ttl * 4321);
        translated = sent;
        translated.to = "2001:db8:ff::109"; /* ::9 before */
        translated.target = 8080;
        translated.checksum = checksum_update(checksum_update(sent.checksum, 9, 0x109), 33434, 8080);
        scene_see(ttl * 0.01, &sent);
        error_of(10 + ttl, &translated, .from = router6(ttl), .to = S6);
    }
    scene_is("udp max-ttl: 1 r1^; 2 r2^; 3 r3^; 4 r4^;", "the checksum, changed by what was translated");
}

/* A translator to IPv4 quotes the packet as it made it. */
static void test_translated_family(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made sent = counted(0, ttl), translated = sent;
        sent.from = S6;
        sent.to = T6;
        translated.from = OUTSIDE;
        translated.to = INSIDE;
        scene_see(ttl * 50, &sent);
        error_of(ttl * 50 + RTT, ttl < 3 ? &sent : &translated, .from = ttl < 4 ? router6(ttl) : T6, .to = S6,
                 .type = ttl < 4 ? 3 : 1, .code = ttl < 4 ? 0 : 4);
    }
    scene_is("udp reached: 1 r1; 2 r2; 3 r3^; 4 T!4^;", "an IPv4 packet quoted over IPv6");
}

static void test_not_translated(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made sent = probe_of(RANDOM_PORTS, ttl), other = sent;
        scene_see(ttl * 50, &sent);
        error_of(ttl * 50 + RTT, &sent, .from = router(ttl));
        other.from = OUTSIDE;
        other.to = INSIDE;
        error_of(ttl * 50 + 1, &other, .from = "198.51.100.1", .to = OUTSIDE, .type = 3, .code = 1);
        other = sent;
        other.to = INSIDE;
        other.id++;
        error_of(ttl * 50 + 2, &other, .from = "198.51.100.1", .type = 3, .code = 1);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; errors: 198.51.100.1 3/1 udp 48606>33435; 198.51.100.1 3/1 udp "
             "48606>33435; 198.51.100.1 3/1 udp 36444>33436; 198.51.100.1 3/1 udp 36444>33436; 198.51.100.1 3/1 udp "
             "52282>33437; 198.51.100.1 3/1 udp 52282>33437;",
             "an error that came to another host, and one about another id, are about other traffic");
}

/* The same host probes both the outer and the inner address. */
static void test_both_addresses(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made outer = counted(0, ttl), translated = outer, inner = counted(1, ttl);
        inner.to = INSIDE;
        translated.to = ttl > 2 ? INSIDE : NULL;
        scene_see(ttl * 50, &outer);
        scene_see(ttl * 50 + 0.1, &inner);
        error_of(ttl * 50 + RTT, &translated, .from = router(ttl));
        error_of(ttl * 50 + RTT, &inner, .from = router(20U + ttl));
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3^; 4 r4^; | udp max-ttl: 1 r21; 2 r22; 3 r23; 4 r24;",
             "the inner address is probed as well");
}

/* The translated probe is one of many that other runs sent meanwhile. */
static void test_among_many(void)
{
    char targets[40][16];
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made sent = {.source = 50000, .target = 33434, .ttl = ttl, .id = ttl}, translated = sent;
        scene_see(ttl * 100, &sent);
        for (unsigned n = 0; n < 40; n++) {
            snprintf(targets[n], sizeof targets[n], "192.0.2.%u", 100 + n);
            see(ttl * 100 + n * 0.1, .to = targets[n], .source = (uint16_t)(40000 + n), .target = 33434, .ttl = ttl,
                .id = ttl);
        }
        translated.to = INSIDE;
        error_of(ttl * 100 + 10, &translated, .from = router(ttl));
    }
    const struct recognition *found = scene_result();
    is_num(found->trace_count, 1, "one of 41 runs is answered");
    ok(strstr(scene_text(), "udp max-ttl: 1 r1^; 2 r2^; 3 r3^;") != NULL, "its quotes are found by what it sent");
    scene_end();
}

/* --- probes that are alike --- */

static struct made alike(uint8_t ttl)
{
    return (struct made){.source = 53, .target = 4444, .ttl = ttl, .id = 0x854a};
}

static bool hop_is_doubtful(const struct recognition *found, uint8_t ttl)
{
    const struct probe *probe = found->trace_count ? trace_first_at(found->traces[0], ttl) : NULL;
    return probe && probe->reply_count && probe->replies[0].hop_is_doubtful;
}

static void test_alike(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 7; ttl++) {
        struct made m = alike(ttl);
        scene_see(ttl, &m);
    }
    for (uint8_t ttl = 1; ttl <= 7; ttl++) {
        struct made m = alike(ttl);
        if (ttl >= 6)
            error_of(20 + ttl, &m, .from = T4, .type = 3, .code = 3, .ttl = 59, .quoted_ttl = (uint8_t)(ttl - 5),
                     .id = ttl);
        else if (ttl != 2)
            error_of(20 + ttl, &m, .from = router(ttl), .ttl = (uint8_t)(65 - ttl));
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp reached: 1 r1~; 2 *; 3 r3~; 4 r4~; 5 r5~; 6 T!3~; 7 T!3~;",
            "the TTLs of the replies say which probes are the likeliest");
    ok(hop_is_doubtful(found, 3), "the hop is in doubt");
    scene_end();

    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = alike(ttl);
        scene_see(ttl, &m);
    }
    for (uint8_t ttl = 3; ttl >= 1; ttl--) {
        struct made m = alike(ttl);
        error_of(30 - ttl, &m, .from = router(ttl), .ttl = 60);
    }
    scene_is("udp max-ttl: 1 r3~; 2 r2~; 3 r1~;", "answers in another order, whose TTLs say nothing, are never exact");
}

static void test_alike_in_turn(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = alike(ttl);
        hop(ttl * 50, &m);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4;", "each is answered before the next is sent: no other fits");

    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = alike(ttl);
        if (ttl == 2)
            scene_see(ttl * 1000, &m);
        else
            hop(ttl * 1000, &m);
    }
    scene_is("udp max-ttl: 1 r1; 2 *; 3 r3~; 4 r4~;", "after a silent one that may still be answered");

    scene_begin(NULL);
    for (uint8_t n = 0; n < 6; n++) {
        struct made m = alike((uint8_t)(1 + n / 2));
        scene_see(n < 2 ? n * 4 : n * 400, &m);
        if (n % 2)
            for (unsigned k = 0; k < 2; k++)
                error_of((n < 2 ? n * 4 : n * 400) + 1.0 + k, &m, .from = router(1U + n / 2), .id = (uint16_t)(n + k));
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp max-ttl: 1 r1~ r1~; 2 r2~ r2~; 3 r3~ r3~;", "two of one hop are alike");
    ok(!hop_is_doubtful(found, 1), "the hop is not in doubt");
    scene_end();
}

/* Echo requests with one id and number: the payload says which one a reply repeats. */
static void test_alike_echo(void)
{
    for (unsigned marked = 0; marked < 2; marked++) {
        scene_begin(NULL);
        for (uint8_t ttl = 1; ttl <= 4; ttl++) {
            char payload[9] = "payload ";
            payload[7] = (char)(marked ? 'a' + ttl : ' ');
            struct made m = echo(7, 1, ttl), reply = m;
            m.payload = reply.payload = payload;
            scene_see(ttl, &m);
            if (ttl < 3)
                error_of(ttl + RTT, &m, .from = router(ttl), .quote_whole = true);
        }
        for (uint8_t ttl = 4; ttl >= 3; ttl--) {
            char payload[9] = "payload ";
            payload[7] = (char)(marked ? 'a' + ttl : ' ');
            see(30 - 5 * ttl, .from = T4, .to = S4, .protocol = IP_ICMP, .source = 7, .target = 1, .is_reply = true,
                .ttl = (uint8_t)(60 - ttl), .payload = payload);
        }
        const struct recognition *found = scene_result();
        is_text(scene_text(),
                marked ? "icmp reached: 1 r1; 2 r2; 3 T=echo; 4 T=echo;"
                       : "icmp reached: 1 r1; 2 r2; 3 T=echo~; 4 T=echo~;",
                marked ? "payloads differ" : "payloads are alike");
        const struct probe *third = found->trace_count ? trace_first_at(found->traces[0], 3) : NULL;
        is_num(marked && third && third->reply_count ? third->replies[0].reply_ttl : 57, 57, "and tell the reply");
        scene_end();
    }
}

/* --- short quotes --- */

static void see_short(unsigned bytes, bool has_id)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = counted(0, ttl);
        m.id = has_id ? m.id : 0;
        scene_see(ttl * 50, &m);
        struct made_error error = {.from = router(ttl), .ttl = (uint8_t)(65 - ttl)};
        struct bytes b = make_error(&error, &m);
        if (ttl == 3) {
            b.length = 28U + bytes;
            b.at[2] = 0;
            b.at[3] = (uint8_t)b.length;
        }
        scene_bytes(ttl * 50 + RTT, &b);
    }
}

static void test_short(void)
{
    see_short(20, true);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3~; 4 r4;", "nothing but the IP header is quoted");
    see_short(20, false);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3~; 4 r4;", "and it has no id");
    see_short(12, true);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3~; 4 r4;", "less than the IP header is quoted");
    see_short(0, true);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3~; 4 r4;", "nothing is quoted");

    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = counted(0, ttl), nothing = {.ttl = 1};
        hop(ttl * 50, &m);
        struct bytes b = make_error(&(struct made_error){.from = "198.51.100.1", .to = OUTSIDE}, &nothing);
        b.length = 28;
        b.at[2] = 0;
        b.at[3] = 28;
        scene_bytes(ttl * 50 + 0.1, &b);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; errors: 198.51.100.1 11/0; 198.51.100.1 11/0; 198.51.100.1 11/0;",
             "an error without a quote to another host is about other traffic");
}

/* --- in a connection --- */

/* A packet of the connection of hop `ttl`, from the prober or, with `back`, from the target. */
static struct made segment(uint8_t ttl, bool back, uint8_t flags, uint32_t seq, uint32_t ack)
{
    uint16_t port = (uint16_t)(50000 + ttl);
    return (struct made){.from = back ? T4 : S4,
                         .to = back ? S4 : T4,
                         .protocol = IP_TCP,
                         .source = back ? 80 : port,
                         .target = back ? port : 80,
                         .seq = seq,
                         .ack = ack,
                         .flags = flags,
                         .ttl = back ? 48 : 64,
                         .id = (uint16_t)(seq + flags)};
}

/* A request in a connection of its own for each TTL, as CenTrace sends it: the handshake with the host's TTL, the data
 * with a small one, a FIN three seconds later. Hops 1 and 2 answer; `answer` comes `after` ms behind the data of hop 3,
 * and the segment `later` before it. */
static void see_sweep(const struct made *answer, double after, const struct made *later)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        double at = ttl * 10000;
        uint32_t mine = ttl * 100000U, theirs = ttl * 700000U;
        struct made syn = segment(ttl, false, TCP_SYN, mine - 1, 0),
                    syn_ack = segment(ttl, true, TCP_SYN | TCP_ACK, theirs - 1, mine),
                    ack = segment(ttl, false, TCP_ACK, mine, theirs), data = ack;
        data.flags |= TCP_PSH;
        data.ttl = ttl;
        data.payload = "GET / HTTP/1.1\r\n\r\n";
        scene_see(at, &syn);
        scene_see(at + 100, &syn_ack);
        scene_see(at + 101, &ack);
        scene_see(at + 300, &data);
        if (ttl < 3)
            error_of(at + 300 + 10 * ttl, &data, .from = router(ttl));
        if (ttl == 3 && later)
            scene_see(at + 3000, later);
        if (ttl == 3)
            scene_see(at + 300 + after, answer);
    }
}

#define MINE 300000U
#define THEIRS 2100000U
#define BYTES 18 /* of the request */

static void test_in_connection(void)
{
    struct made fin = segment(3, false, TCP_FIN | TCP_ACK, MINE, THEIRS), again = fin;
    again.flags = TCP_ACK | TCP_PSH;
    again.payload = "GET / HTTP/1.1\r\n\r\n";
    const struct {
        const char *name;
        struct made answer;
        double after;
        const struct made *later;
        bool is_probes;
    } rows[] = {
        {"a RST that acknowledges the data", segment(3, true, TCP_RST | TCP_ACK, THEIRS, MINE + BYTES), 110, NULL,
         true},
        {"a RST with the number that the data acknowledges", segment(3, true, TCP_RST, THEIRS, 0), 110, NULL, true},
        {"data that acknowledge the data", segment(3, true, TCP_ACK | TCP_PSH, THEIRS, MINE + BYTES), 110, NULL, true},
        {"the same long after, behind a FIN", segment(3, true, TCP_ACK | TCP_PSH, THEIRS, MINE + BYTES), 2900, &fin,
         true},
        {"a RST that acknowledges a FIN", segment(3, true, TCP_RST | TCP_ACK, THEIRS, MINE + 1), 2900, &fin, false},
        {"a RST with the number that a FIN acknowledges", segment(3, true, TCP_RST, THEIRS, 0), 2900, &fin, false},
        {"an ACK of a FIN", segment(3, true, TCP_ACK, THEIRS, MINE + 1), 2900, &fin, false},
        {"an ACK of the data that the host sent again", segment(3, true, TCP_ACK, THEIRS, MINE + BYTES), 2900, &again,
         false},
        {"a RST after the data were sent again", segment(3, true, TCP_RST | TCP_ACK, THEIRS, MINE + BYTES), 2900,
         &again, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        see_sweep(&rows[i].answer, rows[i].after, rows[i].later);
        const struct recognition *found = scene_result();
        const struct probe *third = found->trace_count ? trace_first_at(found->traces[0], 3) : NULL;
        is_num(found->trace_count, 1, "%s: one trace", rows[i].name);
        is_num(third ? third->reply_count : 99, rows[i].is_probes ? 1 : 0, "%s: %s", rows[i].name,
               rows[i].is_probes ? "the probe's" : "not the probe's");
        scene_end();
    }
}

/* --- answers alone --- */

/* What comes back for probe `n`, of TTL `ttl`. */
static void only_answer(double ms, const struct made *made, unsigned hop, unsigned target_hop, uint8_t reply_ttl)
{
    if (hop >= target_hop)
        error_of(ms, made, .from = T4, .type = 3, .code = 3, .ttl = reply_ttl);
    else
        error_of(ms, made, .from = router(hop), .ttl = reply_ttl);
}

static void test_alike_alone(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = alike(ttl);
        only_answer(ttl, &m, ttl, 99, (uint8_t)(65 - ttl));
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp inferred max-ttl: 1 r1~; 2 r2~; 3 r3~; 4 r4~;",
            "answers alone, to probes that are alike");
    ok(hop_is_doubtful(found, 2), "their hops are in doubt");
    scene_end();
}

static void test_answers_alone(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 15; n++) {
        struct made m = linux_udp(0, n, 1);
        unsigned ttl = 1 + n / 3;
        only_answer(n, &m, ttl == 2 ? 1 : ttl, 5, (uint8_t)(65 - ttl));
    }
    scene_is("udp inferred reached: 1 r1 r1 r1; 2 r1 r1 r1; 3 r3 r3 r3; 4 r4 r4 r4; 5 T!3 T!3 T!3;",
             "one router at two hops");

    scene_begin(NULL);
    for (unsigned n = 0; n < 18; n++) {
        struct made m = linux_udp(0, n, 1);
        unsigned ttl = 1 + n / 3;
        if (ttl != 2)
            only_answer(n, &m, ttl, 4, (uint8_t)(65 - (ttl < 4 ? ttl : 4)));
    }
    scene_is("udp inferred reached: 1 r1 r1 r1; 3 r3 r3 r3; 4 T!3 T!3 T!3; 5 T!3 T!3 T!3; 6 T!3 T!3 T!3;",
             "a silent hop, and a target that answers probes beyond");

    scene_begin(NULL);
    for (unsigned n = 0; n < 27; n++) {
        struct made m = linux_udp(0, n, 1);
        unsigned ttl = 1 + n / 3;
        if (ttl < 4 || ttl > 7)
            only_answer(n, &m, ttl, 4, (uint8_t)(ttl < 4 ? 65 - ttl : ttl - 7));
    }
    scene_is("udp inferred reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3; 8 T!3 T!3 T!3; 9 T!3 T!3 T!3;",
             "a target that answers with what is left of the TTL");

    scene_begin(NULL);
    for (unsigned n = 0; n < 18; n++) {
        struct made m = linux_udp(0, n, 1);
        unsigned ttl = 1 + n / 3;
        only_answer(n, &m, n == 7 ? 33 : ttl, ttl == 6 ? 6 : 99, (uint8_t)(65 - ttl));
    }
    scene_is("udp inferred reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r33 r3; 4 r4 r4 r4; 5 r5 r5 r5; 6 T!3 T!3 T!3;",
             "two routers at one hop");

    static const struct {
        const char *name;
        unsigned third; /* the router at hop 3; 0: none */
        uint8_t third_ttl;
        const char *want;
    } sweeps[] = {
        {"mtr: a silent hop", 0, 0, "icmp inferred max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 4 r4 r4 r4; 5 r5 r5 r5;"},
        {"mtr: one router at two hops", 2, 62,
         "icmp inferred max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r2 r2 r2; 4 r4 r4 r4; 5 r5 r5 r5;"},
        {"mtr: the same with one reply TTL", 2, 63,
         "icmp inferred max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r2 r2 r2; 4 r4 r4 r4; 5 r5 r5 r5;"},
    };
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++) {
        scene_begin(NULL);
        for (unsigned n = 0; n < 15; n++) {
            struct made m = echo(9, (uint16_t)(33000 + n), 1);
            unsigned ttl = 1 + n % 5;
            if (ttl != 3)
                only_answer(n, &m, ttl, 99, (uint8_t)(65 - ttl));
            else if (sweeps[i].third)
                only_answer(n, &m, sweeps[i].third, 99, sweeps[i].third_ttl);
        }
        scene_is(sweeps[i].want, sweeps[i].name);
    }

    scene_begin(NULL);
    for (unsigned n = 0; n < 8; n++) {
        struct made m = echo(9, (uint16_t)(33000 + n), 1);
        only_answer(n, &m, 1 + n / 2, 99, (uint8_t)(64 - n / 2));
    }
    scene_is("icmp inferred max-ttl: 1 r1 r1; 2 r2 r2; 3 r3 r3; 4 r4 r4;", "two probes a hop are no second hop");

    scene_begin(NULL);
    for (unsigned n = 0; n < 12; n++) {
        struct made m = linux_udp(0, n, 1);
        m.target = (uint16_t)(50000 + n);
        unsigned ttl = 1 + n / 3;
        only_answer(n, &m, ttl == 2 ? 1 : ttl, 99, (uint8_t)(65 - ttl));
    }
    scene_is("udp inferred max-ttl: 1 r1 r1 r1; 2 r1 r1 r1; 3 r3 r3 r3; 4 r4 r4 r4;",
             "one router at two hops, where the ports do not say which");

    scene_begin(NULL);
    for (unsigned n = 0; n < 12; n++) {
        struct made m = linux_udp(0, n, 1);
        m.target = (uint16_t)(50000 + n);
        unsigned ttl = 1 + n / 3;
        only_answer(n, &m, ttl, 99, (uint8_t)(65 - ttl - (n == 5)));
    }
    scene_is("udp inferred max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3; 4 r4 r4 r4;",
             "one reply that took another way back is no other hop");
}

int main(void)
{
    test_translated_targets();
    test_rewrites();
    test_own_address();
    test_late();
    test_translated6();
    test_translated_sum();
    test_translated_family();
    test_not_translated();
    test_both_addresses();
    test_among_many();
    test_alike();
    test_alike_in_turn();
    test_alike_echo();
    test_short();
    test_in_connection();
    test_answers_alone();
    test_alike_alone();
    return tap_done();
}
