/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser: packets that were captured more than once, and replies that are stamped before their probes. */
#include <stdlib.h>

#include "probe/type.h"
#include "tap.h"
#include "unit/support/ladder.h"

#define COPY "copy of an earlier frame;"
#define SHOTS_MOST 128

/* --- frames that are put in the order of their stamps --- */

static struct shot {
    double ms;
    unsigned place; /* among equal stamps */
    struct bytes bytes;
} shots[SHOTS_MOST];
static unsigned shot_count;

static void shoot(double ms, struct bytes bytes)
{
    if (shot_count == SHOTS_MOST)
        return;
    shots[shot_count] = (struct shot){.ms = ms, .place = shot_count, .bytes = bytes};
    shot_count++;
}

static void shoot_error(double ms, const struct made *made, const char *from, bool is_target)
{
    bool is_6 = made->from != NULL;
    struct made_error error = {.from = from, .id = is_6 ? 0 : 1};
    if (is_target) {
        error.type = is_6 ? 1 : 3;
        error.code = is_6 ? 4 : 3;
    }
    shoot(ms, make_error(&error, made));
}

static int by_stamp(const void *a, const void *b)
{
    const struct shot *x = a, *y = b;
    return x->ms != y->ms ? (x->ms < y->ms ? -1 : 1) : (int)x->place - (int)y->place;
}

/* Plays all frames, each again `delay` later. Frees them. */
static void play(double delay)
{
    unsigned count = shot_count;
    for (unsigned i = 0; delay > 0 && i < count; i++)
        shoot(shots[i].ms + delay, shots[i].bytes);
    qsort(shots, shot_count, sizeof *shots, by_stamp);
    scene_begin(NULL);
    for (unsigned i = 0; i < shot_count; i++)
        scene_bytes(shots[i].ms, &shots[i].bytes);
    shot_count = 0;
}

/* --- recorded twice --- */

static struct made udp6(unsigned n, uint8_t ttl)
{
    return (struct made){.from = S6,
                         .to = T6,
                         .source = some_port(n),
                         .target = (uint16_t)(33434 + n),
                         .ttl = ttl,
                         .payload = LINUX_PAYLOAD};
}

static void shoot_udp(void)
{
    for (unsigned n = 0; n < 12; n++) {
        struct made m = linux_udp(0, n, (uint8_t)(1 + n / 3));
        shoot(n * 0.02, make_packet(&m));
        shoot_error(n * 0.02 + m.ttl, &m, m.ttl < 4 ? router(m.ttl) : T4, m.ttl == 4);
    }
}

static void shoot_udp6(void)
{
    for (unsigned n = 0; n < 12; n++) {
        struct made m = udp6(n, (uint8_t)(1 + n / 3));
        shoot(n * 0.7, make_packet(&m));
        shoot_error(n * 0.7 + RTT, &m, m.ttl < 4 ? router6(m.ttl) : T6, m.ttl == 4);
    }
}

static void shoot_echo(void)
{
    for (uint16_t n = 0; n < 8; n++) {
        struct made m = echo(77, n, (uint8_t)(1 + n % 4)), pong = echo(77, n, 60);
        pong.from = T4;
        pong.to = S4;
        pong.is_reply = true;
        shoot(n * 100, make_packet(&m));
        if (m.ttl < 4)
            shoot_error(n * 100 + RTT, &m, router(m.ttl), false);
        else
            shoot(n * 100 + RTT, make_packet(&pong));
    }
}

/* The SYNs differ in id and TTL alone. The target's kernel repeats an equal SYN/ACK. */
static void shoot_syn(void)
{
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = syn(n, (uint8_t)(1 + n / 2));
        struct made answer = {
            .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = 47001, .seq = 9, .ttl = 61};
        answer.ack = m.seq + 1;
        answer.flags = TCP_SYN | TCP_ACK;
        shoot(n, make_packet(&m));
        if (m.ttl < 3)
            shoot_error(n + RTT, &m, router(m.ttl), false);
        else
            shoot(n + RTT, make_packet(&answer));
    }
}

/* No ports and, over IPv6, no id: the probes of a hop are equal. */
static void shoot_raw6(void)
{
    for (unsigned n = 0; n < 9; n++) {
        struct made m = {.from = S6, .to = T6, .protocol = 50, .payload = "12345678", .ttl = (uint8_t)(1 + n / 3)};
        shoot(n * 0.5, make_packet(&m));
        shoot_error(n * 0.5 + RTT, &m, router6(m.ttl), false);
    }
}

/* Traffic that is no trace: with IP ids, a pair of equal errors, bytes that are no IP. */
static void shoot_ordinary(void)
{
    struct bytes junk = {.at = {0x35, 1, 2, 3}, .length = 30};
    for (uint16_t n = 0; n < 4; n++) {
        struct made m = {.source = 5353, .target = 53, .ttl = 64, .id = n, .payload = "question"};
        shoot(n * 5, make_packet(&m));
        shoot_error(n * 5 + RTT, &m, T4, true);
        junk.at[4] = (uint8_t)n;
        shoot(n * 5 + 1, junk);
    }
}

static const struct doubled {
    void (*shoot)(void);
    const char *want, *name;
    double delay_most_ms;
} doubled[] = {
    {shoot_udp, "udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3; 4 T!3 T!3 T!3;", "udp, all in flight", 1.9},
    {shoot_udp6, "udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3; 4 T!4 T!4 T!4;", "udp over IPv6", 1.9},
    {shoot_echo, "icmp 2 rounds reached: 1 r1 r1; 2 r2 r2; 3 r3 r3; 4 T=echo T=echo;", "icmp", 1.9},
    {shoot_syn, "tcp reached: 1 r1 r1; 2 r2 r2; 3 T=synack~ T=synack~;", "equal SYNs and SYN/ACKs", 0.1},
    {shoot_raw6, "ip max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3;", "equal probes without an id", 0.05},
    {shoot_ordinary,
     "errors: 192.0.2.9 3/3 udp 5353>53; 192.0.2.9 3/3 udp 5353>53; 192.0.2.9 3/3 udp 5353>53; "
     "192.0.2.9 3/3 udp 5353>53; other: 4 ordinary traffic;",
     "ordinary traffic", 1.9},
};

static uint64_t malformed(const struct recognition *found)
{
    return found->counters.common.malformed;
}

static void test_doubled(void)
{
    static const double delays[] = {0.005, 0.05, 0.1, 1, 1.9};
    for (size_t i = 0; i < sizeof doubled / sizeof *doubled; i++) {
        doubled[i].shoot();
        play(0);
        uint64_t broken = malformed(scene_result());
        is_text(scene_text(), doubled[i].want, "%s", doubled[i].name);
        scene_end();
        for (size_t k = 0; k < sizeof delays / sizeof *delays && delays[k] <= doubled[i].delay_most_ms; k++) {
            char want[512];
            doubled[i].shoot();
            snprintf(want, sizeof want, "%s%s%u " COPY, doubled[i].want,
                     strstr(doubled[i].want, "other:") ? " " : " other: ", shot_count);
            play(delays[k]);
            is_num(malformed(scene_result()), broken, "%s, malformed frames count once", doubled[i].name);
            is_text(scene_text(), want, "%s, each frame twice, %g ms apart", doubled[i].name, delays[k]);
            scene_end();
        }
    }
}

static struct made alike(uint8_t ttl)
{
    struct made m = udp(ttl, ttl);
    return m;
}

static void send_again(double ms)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = alike(ttl);
        scene_see(ttl * 10, &m);
        if (ttl == 2)
            scene_see(ttl * 10 + ms, &m);
        error_of(ttl * 10 + 5, &m, .from = router(ttl), .id = 5);
        if (ttl == 2)
            error_of(ttl * 10 + 5 + ms, &m, .from = router(ttl), .id = 5);
    }
}

static void test_again(void)
{
    send_again(1.9);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 2 " COPY, "the same bytes 1.9 ms later are a copy");
    send_again(2.1);
    scene_is("udp max-ttl: 1 r1; 2 r2~ r2~; 3 r3;", "2.1 ms later the probe was sent again");
}

/* Captured before a router, and behind it `ms` later. */
static void see_forwarded(double ms)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        scene_see(ttl * 1000, &m);
        error_of(ttl * 1000 + 1, &m, .from = router(ttl), .id = 1, .ttl = 60);
        error_of(ttl * 1000 + 1 + ms, &m, .from = router(ttl), .id = 1, .ttl = 59);
    }
}

static nstime rtt_of(const struct recognition *found, uint8_t ttl)
{
    const struct probe *probe = found->trace_count ? trace_first_at(found->traces[0], ttl) : NULL;
    return probe && probe->reply_count ? reply_rtt(probe, &probe->replies[0]) : -1;
}

static void test_forwarded(void)
{
    see_forwarded(3);
    is_num(rtt_of(scene_result(), 2), 4 * MS, "the copy with the lower TTL was captured nearer to the prober");
    is_text(scene_text(), "udp max-ttl: 1 r1; 2 r2; 3 r3; other: 3 " COPY, "a reply before and behind a router");
    scene_end();
    see_forwarded(400);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 3 " COPY, "400 ms later as well: queues are that long");
    see_forwarded(600);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; errors: r1 11/0 udp 40000>33435; other: 2 answer to a probe that was "
             "answered long before;",
             "600 ms later it is another: each packet would be remembered for as long");
}

/* A SYN through a router that clamps its MSS and sets its DSCP; an offloading card fills in the checksum behind it. */
static void test_rewritten_on_the_way(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 2; ttl <= 4; ttl++) {
        struct made m = linux_syn(0, ttl, ttl);
        struct bytes first = make_packet(&m), behind;
        scene_bytes(ttl * 10, &first);
        m.ttl--;
        m.tos = 0x20;
        m.checksum = 0x1a02;
        behind = make_packet(&m);
        behind.at[20 + 20 + 3] = 0x50;
        scene_bytes(ttl * 10 + 0.1, &behind);
        m.ttl++;
        error_of(ttl * 10 + RTT, &m, .from = router(ttl), .id = ttl);
    }
    scene_is("tcp max-ttl: 2 r2; 3 r3; 4 r4; other: 3 " COPY, "routers may rewrite MSS and DSCP");
}

/* More packets than the first table of sightings has room for. */
static void test_forwarded_many(void)
{
    scene_begin(NULL);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint16_t n = 0; n < 300; n++) {
            struct made m = {.source = 5353, .target = 53, .ttl = (uint8_t)(64 - pass), .id = (uint16_t)(n + 1)};
            scene_see(pass * 400 + n, &m);
        }
    scene_is("other: 300 ordinary traffic; 300 " COPY, "300 packets, forwarded 400 ms later: all are copies");
}

/* --- translated by a NAT --- */

struct nat {
    double ms;                            /* from interface to interface */
    uint16_t source;                      /* its port for the probe; 0: it stays */
    enum frame_direction inside, outside; /* as captured */
    unsigned interface;                   /* outside; inside: 0 */
    unsigned ttl_loss;
};

/* A container of a docker host traces; the capture shows its side of the host and the host's uplink. */
static void see_container(const struct nat *nat)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = udp(ttl, ttl), sent = m;
        m.from = "172.17.0.2";
        sent.from = S4;
        sent.ttl = (uint8_t)(ttl - nat->ttl_loss);
        sent.source = nat->source ? nat->source : m.source;
        scene_from(0, 0);
        scene_heads(nat->inside);
        scene_see(ttl * 100, &m);
        if (ttl > 1) {
            scene_from(0, nat->interface);
            scene_heads(nat->outside);
            scene_see(ttl * 100 + nat->ms, &sent);
            scene_heads(nat->outside == FRAME_OUT ? FRAME_IN : nat->outside);
            error_of(ttl * 100 + nat->ms + 1, &sent, .from = router(ttl), .id = ttl, .ttl = 60);
        }
        scene_from(0, 0);
        scene_heads(nat->outside == FRAME_OUT ? FRAME_OUT : nat->inside);
        error_of(ttl * 100 + nat->ms + 1.1, &m, .from = router(ttl), .id = ttl, .ttl = 59);
    }
}

static const char one_trace[] = "udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; other: 6 " COPY;

static const struct nat_case {
    struct nat nat;
    const char *name;
} nats[] = {
    {{.ms = 1, .inside = FRAME_IN, .outside = FRAME_OUT, .ttl_loss = 1}, "any, cooked: directions alone"},
    {{.ms = 1, .inside = FRAME_IN, .outside = FRAME_OUT, .interface = 3, .source = 61000, .ttl_loss = 1},
     "any: another port"},
    {{.ms = 1, .interface = 1, .source = 61000, .ttl_loss = 1}, "two interfaces of a pcapng"},
    {{.ms = 1, .ttl_loss = 1}, "a SPAN port of both sides"},
    {{.ms = 19, .interface = 1, .ttl_loss = 1}, "19 ms later: its queue is long"},
};

static void test_nat(void)
{
    for (size_t i = 0; i < sizeof nats / sizeof *nats; i++) {
        see_container(&nats[i].nat);
        is_num(rtt_of(scene_result(), 3), (nstime)(nats[i].nat.ms * MS) + 11 * MS / 10, "%s: the prober's time",
               nats[i].name);
        is_text(scene_text(), one_trace, "%s: the translated probes are copies", nats[i].name);
        scene_end();
    }
    see_container(&(struct nat){.ms = 21, .interface = 1, .ttl_loss = 1});
    scene_result();
    ok(strchr(scene_text(), '|') != NULL, "21 ms later they are probes of another host");
    scene_end();
}

/* A docker host publishes a port. The capture on `any` shows the probes that come in, and those that go on to the
 * container. */
static void see_published(enum frame_direction in, double ms, unsigned ttl_loss, uint16_t other_id)
{
    scene_begin(NULL);
    for (uint8_t ttl = 2; ttl <= 4; ttl++) {
        struct made m = udp(ttl, ttl), sent_on = m;
        m.id = (uint16_t)(7000 + ttl);
        sent_on.id = (uint16_t)(m.id + other_id);
        sent_on.to = "172.17.0.2";
        sent_on.target = 8080;
        sent_on.ttl = (uint8_t)(ttl - ttl_loss);
        scene_heads(in);
        scene_see(ttl * 100, &m);
        scene_heads(FRAME_OUT);
        scene_see(ttl * 100 + ms, &sent_on);
        error_of(ttl * 100 + ms + 1, &m, .from = router(ttl), .id = ttl);
    }
}

static void test_published(void)
{
    static const char *const one = "udp max-ttl: 2 r2; 3 r3; 4 r4; other: 3 " COPY;
    static const struct {
        enum frame_direction in;
        double ms;
        unsigned ttl_loss;
        uint16_t other_id;
        const char *name;
    } others[] = {
        {FRAME_OUT, 1, 1, 0, "both go out: probes to two targets"},
        {FRAME_DIRECTION_UNKNOWN, 1, 1, 0, "the capture knows no directions"},
        {FRAME_IN, 1, 0, 0, "equal TTLs: no router stands between them"},
        {FRAME_IN, 21, 1, 0, "21 ms later"},
        {FRAME_IN, 1, 1, 1, "another IP id"},
    };
    see_published(FRAME_IN, 1, 1, 0);
    scene_is(one, "the target is translated: the probes that go on are copies");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        see_published(others[i].in, others[i].ms, others[i].ttl_loss, others[i].other_id);
        scene_result();
        ok(!strstr(scene_text(), COPY), "no copies: %s", others[i].name);
        scene_end();
    }
}

/* As see_published(): more probes than the first table of senders has room for. They are sent on once all have come. */
static void test_published_many(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n < 300; n++) {
        struct made m = udp(n, (uint8_t)(2 + n / 100));
        scene_heads(FRAME_IN);
        scene_see(n * 0.01, &m);
    }
    for (uint16_t n = 0; n < 300; n++) {
        struct made m = udp(n, (uint8_t)(2 + n / 100)), sent_on = m;
        sent_on.to = "172.17.0.2";
        sent_on.target = 8080;
        sent_on.ttl--;
        scene_heads(FRAME_OUT);
        scene_see(10 + n * 0.01, &sent_on);
        error_of(20 + n * 0.01, &m, .from = router(m.ttl), .id = (uint16_t)(n + 1));
    }
    const struct recognition *found = scene_result();
    is_num(found->counters.probes, 300, "300 probes");
    is_num(found->counters.common.stray_kinds ? (long)found->counters.common.strays[0].count : 0L, 300,
           "are sent on: all are copies");
    scene_end();
}

/* Two sources send equal probes at once. Neither forwards those of the other. */
static void see_two_sources(enum frame_direction direction, unsigned interface, unsigned behind)
{
    scene_begin(NULL);
    for (uint8_t ttl = 2; ttl <= 4; ttl++)
        for (unsigned source = 0; source < 2; source++) {
            struct made m = udp(ttl, (uint8_t)(ttl - source * behind));
            m.from = source ? "10.0.0.3" : S4;
            m.source = (uint16_t)(40000 + source);
            scene_from(0, source * interface);
            scene_heads(direction);
            scene_see(ttl * 100 + source, &m);
            error_of(ttl * 100 + source + 0.5, &m, .from = router(m.ttl), .id = (uint16_t)(ttl * 2 + source));
        }
}

static void test_no_nat(void)
{
    static const char two[] = "udp max-ttl: 2 r2; 3 r3; 4 r4; | udp max-ttl: 1 r1; 2 r2; 3 r3;";
    see_two_sources(FRAME_OUT, 1, 1);
    scene_is(two, "two sources of a host, both sending: two traces");
    see_two_sources(FRAME_IN, 1, 1);
    scene_is(two, "two probers, captured at their target: two traces");
    see_two_sources(FRAME_DIRECTION_UNKNOWN, 0, 1);
    scene_is(two, "two probers with their own ports on one wire: two traces");
    see_two_sources(FRAME_DIRECTION_UNKNOWN, 1, 0);
    scene_is("udp max-ttl: 2 r2; 3 r3; 4 r4; | udp max-ttl: 2 r2; 3 r3; 4 r4;",
             "equal TTLs: no router stands between them");
}

/* --- two files --- */

#define FAR_LATER 6.0 /* ms from the prober to the target's file */

/* The prober's file is 0, the target's is 1: hops 1 and 2 answer, the target stands at 3. `lost`: a probe that the
 * prober's file lacks. */
static void see_both_ends(bool near_replies, bool far_probes, unsigned lost)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 9; n++) {
        struct made m = linux_udp(0, n, (uint8_t)(1 + n / 3)), there = m;
        double ms = n * 50;
        scene_from(0, 0);
        if (n != lost)
            scene_see(ms, &m);
        if (m.ttl < 3) {
            error_of(ms + m.ttl, &m, .from = router(m.ttl), .id = 1);
            continue;
        }
        there.ttl = 1;
        scene_from(1, 0);
        if (far_probes)
            scene_see(ms + FAR_LATER, &there);
        error_of(ms + FAR_LATER + 0.1, &there, .from = T4, .type = 3, .code = 3, .id = 1, .ttl = 64);
        scene_from(0, 0);
        if (near_replies)
            error_of(ms + 2 * FAR_LATER, &m, .from = T4, .type = 3, .code = 3, .id = 1, .ttl = 61);
    }
}

static void test_both_ends(void)
{
    see_both_ends(true, true, 99);
    is_num(rtt_of(scene_result(), 3), 12 * MS, "the time is the prober's");
    is_text(scene_text(), "udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3; other: 6 " COPY,
            "one run, captured at both ends");
    scene_end();
    see_both_ends(false, true, 99);
    scene_is("udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3? T!3? T!3?; other: 3 " COPY,
             "replies that only the far end shows have no times");
    see_both_ends(true, false, 99);
    scene_is("udp reached: 1 r1 r1 r1; 2 r2 r2 r2; 3 T!3 T!3 T!3; other: 3 " COPY,
             "the far end shows the replies alone");
    see_both_ends(true, true, 8);
    scene_result();
    ok(strstr(scene_text(), "3 T!3 T!3;") && !strstr(scene_text(), "1 r1 r1 r1 "),
       "a probe that only the far end shows is no probe of hop 1");
    scene_end();
}

/* The far end's clock is right, and its reply comes long before the prober's. */
static void test_slow_way(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        scene_from(0, 0);
        scene_see(ttl * 1000, &m);
        scene_from(1, 0);
        error_of(ttl * 1000 + 300, &m, .from = router(ttl), .id = ttl, .ttl = 64);
        scene_from(0, 0);
        error_of(ttl * 1000 + 700, &m, .from = router(ttl), .id = ttl, .ttl = 50);
    }
    is_num(rtt_of(scene_result(), 2), 700 * MS, "over a satellite the prober's reply comes 400 ms later");
    is_text(scene_text(), "udp max-ttl: 1 r1; 2 r2; 3 r3; other: 3 " COPY, "and is the same reply");
    scene_end();
}

/* The network doubles the reply of hop 2, and the far end shows both. */
static void test_far_doubled(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        scene_from(0, 0);
        scene_see(ttl * 100, &m);
        for (unsigned i = 0; i < (ttl == 2 ? 2U : 1U); i++) {
            scene_from(1, 0);
            error_of(ttl * 100 + 5 + 13.0 * i, &m, .from = router(ttl), .id = ttl, .ttl = 64);
            scene_from(0, 0);
            error_of(ttl * 100 + 10 + 13.0 * i, &m, .from = router(ttl), .id = ttl, .ttl = 60);
            error_of(ttl * 100 + 10.01 + 13.0 * i, &m, .from = router(ttl), .id = ttl, .ttl = 60);
        }
    }
    scene_is("udp max-ttl: 1 r1; 2 r2+r2; 3 r3; other: 8 " COPY, "a reply that the network doubled stays doubled");
}

/* A NAT before the prober translates the quote of the reply, too; the far end shows it untranslated. */
static void test_far_translated(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        scene_from(0, 0);
        scene_see(ttl * 100, &m);
        for (unsigned near = 0; near < 2; near++) {
            scene_from(1U - near, 0);
            error_of(near ? ttl * 100 + 10 : ttl * 100 + 5, &m, .from = router(ttl), .id = ttl,
                     .ttl = (uint8_t)(64U - near * 5U), .quoted_source = "203.0.113.5");
        }
    }
    is_num(rtt_of(scene_result(), 2), 10 * MS, "a reply with a translated quote has the prober's time");
    is_text(scene_text(), "udp max-ttl: 1 r1^; 2 r2^; 3 r3^; other: 3 " COPY, "and is one");
    scene_end();
}

/* Answers that show neither TTL nor probe: the second sighting must not go to another probe. */
static void test_far_answers(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 5; ttl++) {
        struct made m = {.source = 5000, .target = 53, .ttl = ttl, .id = ttl, .payload = "question"};
        struct made answer = {.from = T4, .to = S4, .source = 53, .target = 5000, .payload = "answer", .ttl = 64};
        answer.id = ttl;
        scene_from(0, 0);
        scene_see(ttl * 20, &m);
        if (ttl < 3) {
            error_of(ttl * 20 + RTT, &m, .from = router(ttl));
            continue;
        }
        scene_from(1, 0);
        scene_see(ttl * 20 + 5, &answer);
        answer.ttl = 62;
        scene_from(0, 0);
        scene_see(ttl * 20 + 10, &answer);
    }
    is_num(rtt_of(scene_result(), 4), 10 * MS, "the time of a direct answer is the prober's as well");
    is_text(scene_text(), "udp reached: 1 r1; 2 r2; 3 T=udp; 4 T=udp; 5 T=udp; other: 3 " COPY,
            "direct answers, captured at both ends");
    scene_end();
}

/* tcpdump -C: the first file ends between a probe and its reply. */
static void test_next_file(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = udp(ttl, ttl);
        scene_from(ttl > 2, 0);
        scene_see(ttl * 10, &m);
        scene_from(ttl >= 2, 0);
        error_of(ttl * 10 + 1, &m, .from = router(ttl), .id = ttl);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4;", "a file that goes on where another ended has its clock");
}

/* A file without replies, and one with the replies and what follows `gap` later in a third. */
static nstime end_of_probes(double gap)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl), other = {.source = 1, .target = 2, .ttl = 64};
        scene_from(0, 0);
        scene_see(ttl * 10, &m);
        scene_from(1, 0);
        error_of(ttl * 10 + 1, &m, .from = router(ttl), .id = ttl);
        if (ttl < 3)
            continue;
        scene_see(1000, &other);
        scene_from(2, 0);
        scene_see(1000 + gap, &other);
        scene_see(9000, &other);
    }
    nstime end = scene_result()->ends[0] - START;
    scene_end();
    return end;
}

/* Probes that were dealt to two files, without replies. */
static void test_dealt_end(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 6; ttl++) {
        struct made m = udp(ttl, ttl);
        scene_from(ttl % 2, 0);
        scene_see(ttl * 10, &m);
    }
    is_num(scene_result()->ends[1] - START, 60 * MS, "files with probes of one run end together");
    scene_end();
}

static void test_ends(void)
{
    is_num(end_of_probes(900), 9000 * MS, "a file of probes ends with that of the replies, and its next piece");
    is_num(end_of_probes(1100), 1000 * MS, "a file that begins 1.1 s later is another capture");
}

/* --- replies before their probes --- */

static void answer_early(double ms)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = linux_udp(0, ttl - 1U, ttl);
        if (ttl == 1)
            error_of(ttl * 100 - ms, &m, .from = router(ttl), .id = 1);
        scene_see(ttl * 100, &m);
        if (ttl > 1)
            error_of(ttl * 100 + RTT, &m, .from = router(ttl), .id = 1);
    }
}

static void test_early(void)
{
    static const char all[] = "udp max-ttl: 1 r1?; 2 r2; 3 r3;";
    answer_early(0.02);
    scene_is(all, "a reply stamped 20 us before its probe");
    answer_early(4.9);
    scene_is(all, "a reply stamped 4.9 ms before its probe");
    answer_early(5.1);
    scene_is("udp max-ttl: 1 *; 2 r2; 3 r3; errors: r1 11/0 udp 32768>33434;",
             "one stamped 5.1 ms before is about another packet: stamps are hardly so wrong");
}

/* Equal probes but for the id: an early reply must not go to an earlier probe. */
static void test_early_alike(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n < 9; n++) {
        struct made m = syn(n, (uint8_t)(1 + n / 3));
        double reply = n < 3 ? n - 0.02 : n + RTT;
        if (n < 3)
            error_of(reply, &m, .from = router(m.ttl), .id = (uint16_t)(n + 1));
        scene_see(n, &m);
        if (n >= 3)
            error_of(reply, &m, .from = router(m.ttl), .id = (uint16_t)(n + 1));
    }
    scene_is("tcp max-ttl: 1 r1? r1? r1?; 2 r2 r2 r2; 3 r3 r3 r3;", "equal SYNs: each gets its own early reply");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 9; n++) {
        struct made m = {.source = 40000, .target = 33434, .ttl = (uint8_t)(1 + n / 3), .id = (uint16_t)(n + 1)};
        error_of(n - 0.02, &m, .from = router(m.ttl), .id = (uint16_t)(n + 1));
        scene_see(n, &m);
    }
    scene_is("udp max-ttl: 1 r1? r1? r1?; 2 r2? r2? r2?; 3 r3? r3? r3?;", "Paris: all replies are early");
}

/* What tells these probes apart is not in the key: a weaker rule must not give the reply to an earlier probe. */
static void test_early_weak(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) { /* Paris over IPv6 */
        char payload[] = "a-------------";
        struct made m = {.from = S6, .to = T6, .source = 40000, .target = 33434, .ttl = (uint8_t)(1 + n / 2)};
        payload[0] = (char)('a' + n);
        m.payload = payload;
        m.checksum = (uint16_t)(100 + n);
        error_of(n - 0.02, &m, .from = router6(m.ttl), .quote_whole = true);
        scene_see(n, &m);
    }
    scene_is("udp max-ttl: 1 r1? r1?; 2 r2? r2?; 3 r3? r3?;", "Paris over IPv6: payload and checksum tell");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = syn(n, (uint8_t)(1 + n / 2));
        m.seq += n;
        m.id = 0;
        error_of(n - 0.02, &m, .from = router(m.ttl), .id = (uint16_t)(n + 1));
        scene_see(n, &m);
    }
    scene_is("tcp max-ttl: 1 r1? r1?; 2 r2? r2?; 3 r3? r3?;", "SYNs of one port: the sequence number tells");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = {.from = S6, .to = T6, .protocol = IP_TCP, .source = 40000, .target = 80, .flags = TCP_SYN};
        m.ttl = (uint8_t)(1 + n / 2);
        m.flow_label = n + 1U;
        error_of(n * 3 - 0.02, &m, .from = router6(m.ttl), .quote_whole = true);
        scene_see(n * 3, &m);
    }
    scene_is("tcp max-ttl: 1 r1? r1?; 2 r2? r2?; 3 r3? r3?;", "SYNs over IPv6: the flow label tells");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        struct made m = {.from = S6, .to = T6, .protocol = IP_SCTP, .source = 40000, .target = 80, .seq = n + 1U};
        m.ttl = (uint8_t)(1 + n / 2);
        error_of(n * 3 - 0.02, &m, .from = router6(m.ttl), .quote_whole = true);
        scene_see(n * 3, &m);
    }
    scene_is("sctp max-ttl: 1 r1? r1?; 2 r2? r2?; 3 r3? r3?;", "INITs over IPv6: the initiate tag tells");

    scene_begin(NULL);
    for (uint16_t n = 0; n < 6; n++) {
        char payload[] = "a-----------";
        struct made m = {.from = S6, .to = T6, .protocol = 50, .payload = payload, .ttl = (uint8_t)(1 + n / 2)};
        payload[0] = (char)('a' + n);
        error_of(n * 3 - 0.02, &m, .from = router6(m.ttl), .quote_whole = true);
        scene_see(n * 3, &m);
    }
    scene_is("ip max-ttl: 1 r1? r1?; 2 r2? r2?; 3 r3? r3?;", "packets without ports: the payload tells");
}

static void test_early_answers(void)
{
    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = echo(77, n, (uint8_t)n);
        if (n < 4)
            hop(n * 10, &m);
        else
            see(n * 10 - 1, .from = T4, .to = S4, .protocol = IP_ICMP, .source = 77, .target = n, .is_reply = true,
                .ttl = 60);
        if (n == 4)
            scene_see(n * 10, &m);
    }
    scene_is("icmp reached: 1 r1; 2 r2; 3 r3; 4 T=echo?;", "an early echo reply");

    scene_begin(NULL);
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = linux_syn(0, n, (uint8_t)n);
        if (n < 4)
            hop(n * 10, &m);
        else
            see(n * 10 - 1, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = m.source, .seq = 1,
                .ack = m.seq + 1, .flags = TCP_SYN | TCP_ACK, .ttl = 60);
        if (n == 4)
            scene_see(n * 10, &m);
    }
    scene_is("tcp reached: 1 r1; 2 r2; 3 r3; 4 T=synack?;", "an early SYN/ACK");

    scene_begin(NULL); /* of one port; hop 2 is silent */
    for (uint16_t n = 1; n <= 4; n++) {
        struct made m = syn(1, (uint8_t)n);
        m.seq += n;
        if (n == 4)
            see(n * 10 - 0.02, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = m.source, .seq = 1,
                .ack = m.seq + 1, .flags = TCP_SYN | TCP_ACK, .ttl = 60);
        if (n == 1 || n == 3)
            hop(n * 10, &m);
        else
            scene_see(n * 10, &m);
    }
    scene_is("tcp reached: 1 r1; 2 *; 3 r3; 4 T=synack?;", "an early SYN/ACK goes to no earlier probe that is silent");
}

/* Replies wait, so later ones must not overtake those that they depend on. */
static void test_early_order(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = linux_syn(0, ttl, ttl);
        error_of(ttl, &m, .from = router(ttl), .ttl = (uint8_t)(65 - ttl));
        error_of(ttl + 0.1, &m, .from = router(ttl), .id = 9, .ttl = (uint8_t)(65 - ttl));
    }
    struct made last = linux_syn(0, 4, 4);
    see(3.5, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = last.source, .seq = 1,
        .ack = last.seq + 1, .flags = TCP_SYN | TCP_ACK, .ttl = 61);
    scene_result();
    ok(strstr(scene_text(), "tcp inferred reached:") != NULL, "replies alone: the target's answer is one of them");
    scene_end();
}

/* More replies than the ring has room for at first. */
static void test_early_grown(void)
{
    scene_begin(NULL);
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned n = 0; n < 90; n++) {
            struct made m = linux_udp(0, n, (uint8_t)(1 + n / 3));
            if (pass)
                scene_see(3 + n * 0.01, &m);
            else
                error_of(n * 0.01, &m, .from = router(m.ttl), .id = (uint16_t)(n + 1));
        }
    const struct recognition *found = scene_result();
    is_num(found->counters.replies, 90, "90 early replies are matched");
    is_num(found->trace_count, 1, "to the probes of one trace");
    scene_end();
}

/* More replies than wait. */
static void test_early_many(void)
{
    scene_begin(NULL);
    for (uint16_t n = 0; n < 1000; n++) {
        struct made m = {.source = n, .target = 53, .ttl = 64, .id = n};
        error_of(n * 0.001, &m, .from = router(1), .id = n, .type = 3, .code = 3, .mpls = n);
    }
    const struct recognition *found = scene_result();
    is_num(found->counters.errors, 1000, "a burst of errors about other traffic: all are told");
    ok(strncmp(scene_text(), "UNSOUND", 7) != 0, "and alike");
    scene_end();
}

int main(void)
{
    test_doubled();
    test_again();
    test_forwarded();
    test_forwarded_many();
    test_rewritten_on_the_way();
    test_nat();
    test_published();
    test_published_many();
    test_no_nat();
    test_both_ends();
    test_slow_way();
    test_far_doubled();
    test_far_translated();
    test_far_answers();
    test_next_file();
    test_ends();
    test_dealt_end();
    test_early();
    test_early_alike();
    test_early_weak();
    test_early_answers();
    test_early_order();
    test_early_grown();
    test_early_many();
    return tap_done();
}
