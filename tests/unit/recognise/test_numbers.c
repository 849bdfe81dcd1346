/* SPDX-License-Identifier: BSD-2-Clause */
/* test_numbers: the numbers by which packets are grouped into traces and answers are matched. Each test names the harm
 * that another number would do. Traceroute sends each probe once: its counters step by one, its TTLs, too. */
#include "tap.h"
#include "unit/support/ladder.h"

#define SECOND 1000.0

/* Sends and is answered at hop 1, 2 ... `hops`, the target port rising by `step` each time. */
static void climb_by(uint16_t step, uint8_t hops)
{
    for (uint8_t ttl = 1; ttl <= hops; ttl++) {
        struct made m = udp((uint16_t)(ttl * step), ttl);
        hop(ttl * 10, &m);
    }
}

static void test_near(void)
{
    scene_begin(NULL);
    climb_by(60, 3);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3;", "ports that step by 60 are one trace: probes between them were lost");
    scene_begin(NULL);
    climb_by(70, 3);
    scene_is(
        "errors: r1 11/0 udp 40000>33504; r2 11/0 udp 40000>33574; r3 11/0 udp 40000>33644; other: 3 low TTL, not part of a trace;",
        "ports that step by 70 are none: unrelated packets would make a false trace");
}

/* The same flow starts again at hop 1 after a while. */
static void climb_again(double after)
{
    scene_begin(NULL);
    for (unsigned round = 0; round < 2; round++)
        for (uint8_t ttl = 1; ttl <= 3; ttl++) {
            struct made m = {.source = 4000, .target = 40000, .ttl = ttl, .id = (uint16_t)(100 * round + ttl)};
            hop(round * after + ttl, &m);
        }
}

static void test_restart(void)
{
    climb_again(9 * SECOND);
    scene_is("udp 2 rounds max-ttl: 1 r1 r1; 2 r2 r2; 3 r3 r3;",
             "TTLs that start again after 9 s are another round of one trace");
    climb_again(12 * SECOND);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; | udp max-ttl: 1 r1; 2 r2; 3 r3;",
             "after 12 s they are another trace: two runs would be merged");
}

/* SYNs whose sequence numbers rise by `step`; after three hops they start again `jump` further on. */
static void climb_by_seq(uint32_t step, uint32_t jump)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 6; n++) {
        struct made m = {.protocol = IP_TCP,
                         .source = 4000,
                         .target = 80,
                         .seq = 1000 + n * step + (n < 3 ? 0 : jump),
                         .id = (uint16_t)(n + 1),
                         .flags = TCP_SYN,
                         .ttl = (uint8_t)(1 + n % 3)};
        hop(n * 10, &m);
    }
}

static void test_seq_near(void)
{
    climb_by_seq(50000, 0);
    scene_is("tcp 2 rounds max-ttl: 1 r1 r1; 2 r2 r2; 3 r3 r3;", "sequence numbers that rise by 50,000 are one trace");
    climb_by_seq(50000, 2000000);
    scene_is("tcp max-ttl: 1 r1; 2 r2; 3 r3; | tcp max-ttl: 1 r1; 2 r2; 3 r3;",
             "where they jump by 2,000,000 another run begins: two would be merged");
}

/* A random source port for each SYN: the TTL alone is in order. */
static void climb_then(uint8_t last)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 5; n++) {
        struct made m = linux_syn(0, n, n < 4 ? (uint8_t)(n + 1) : last);
        hop(n * 10, &m);
    }
}

static void test_ttl_jump(void)
{
    climb_then(12);
    scene_is("tcp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; 12 r12;",
             "a TTL that is eight higher goes on with the trace: probes between them were lost");
    climb_then(13);
    scene_is(
        "tcp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; errors: r13 11/0 tcp 40120>80; other: 1 low TTL, not part of a trace;",
        "one that is nine higher is another's: the trace would get a hop that is none of its path");
}

static void test_probe_ttl(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 62; ttl <= 63; ttl++) {
        struct made m = {.source = 5000, .target = 5001, .ttl = ttl, .id = ttl};
        hop(ttl, &m);
    }
    scene_is("errors: r62 11/0 udp 5000>5001; r63 11/0 udp 5000>5001; other: 2 ordinary traffic;",
             "packets with TTLs of 62 and 63 that expire are in a loop, and no trace");
    scene_begin(NULL);
    for (uint8_t ttl = 29; ttl <= 30; ttl++) {
        struct made m = udp(ttl, ttl);
        hop(ttl, &m);
    }
    scene_is("udp max-ttl: 29 r29; 30 r30;", "with 29 and 30 they are one: a path may be so long");
}

/* Another router answers the same probe so long after the first answer. */
static void answer_again(double ms)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        hop(ttl * 10, &m);
        if (ttl == 2)
            error_of(ttl * 10 + ms, &m, .from = router(9));
    }
}

static void test_duplicate(void)
{
    answer_again(200);
    scene_is("udp max-ttl: 1 r1; 2 r2+r9; 3 r3;", "a second answer 200 ms later is one to the same probe");
    answer_again(300);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 1 answer to a probe that was answered long before;",
             "one 300 ms later is not: each probe would be held in memory for as long");
}

/* No router answers; the target does. */
static void climb_silent(uint8_t first)
{
    scene_begin(NULL);
    for (uint8_t ttl = first; ttl < first + 3; ttl++) {
        struct made m = udp(ttl, ttl);
        see(ttl, .source = m.source, .target = m.target, .ttl = ttl);
        if (ttl == first + 2)
            error_of(ttl + 1, &m, .from = T4, .type = 3, .code = 3);
    }
}

static void test_strict_start(void)
{
    climb_silent(16);
    scene_is("udp reached: 16 *; 17 *; 18 T!3;",
             "three TTLs from 16 on that the target answers are a trace: it may start behind known hops");
    climb_silent(17);
    scene_is("errors: 192.0.2.9 3/3 udp 40000>33453; other: 3 low TTL, not part of a trace;",
             "from 17 on they are none: a balancer with ways of different lengths makes such TTLs");
}

static void answer_after(double seconds)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        if (ttl < 3) {
            hop(ttl * 10, &m);
            continue;
        }
        scene_see(ttl * 10, &m);
        error_of(ttl * 10 + seconds * SECOND, &m, .from = router(3));
    }
}

static void test_answer_within(void)
{
    answer_after(9);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3;", "an answer after 9 s is one: the tools wait up to 10 s");
    answer_after(11);
    scene_is("udp silent: 1 r1; 2 r2; 3 *; other: 1 answer to a probe that was answered long before;",
             "one after 11 s is none: each probe would be held in memory for as long");
}

/* Two hops, then nothing for a while, then two more. */
static void pause_for(double seconds)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = udp(ttl, ttl);
        hop(ttl * 10 + (ttl > 2 ? seconds * SECOND : 0), &m);
    }
}

static void test_run_idle(void)
{
    pause_for(110);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4;", "a trace may rest for 110 s: slow tools wait between rounds");
    pause_for(130);
    scene_is("udp max-ttl: 1 r1; 2 r2; | udp max-ttl: 3 r3; 4 r4;",
             "after 130 s it is over: each would be held in memory for as long");
}

/* Hop 3 is silent, hop 4 is probed `apart` later, and then `from` answers one of both: nothing but the time tells
 * which. */
static void answer_one_of_two(double apart, unsigned from)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        struct made m = {.source = 4000, .target = 40000, .ttl = ttl, .dont_fragment = true};
        double at = ttl < 4 ? ttl * 100 : 300 + apart;
        scene_see(at, &m);
        if (ttl < 3)
            error_of(at + RTT, &m, .from = router(ttl));
        if (ttl == 4)
            error_of(at + 1, &m, .from = router(from));
    }
}

static void test_timely(void)
{
    answer_one_of_two(15, 3);
    scene_is("udp silent: 1 r1; 2 r2; 3 r3~; 4 *;",
             "an answer 16 ms after the first of two like probes is that one's: routers take so long");
    answer_one_of_two(500, 4);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 *; 4 r4~;",
             "one 501 ms after it is the second's: a lost probe would get the next one's router");
}

/* The capture has no probes, only the errors that quote them. */
static void infer_from(uint16_t step)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.source = 40000, .target = (uint16_t)(50000 + ttl * step), .ttl = ttl, .id = ttl};
        error_of(ttl * 10, &m, .from = router(ttl), .ttl = (uint8_t)(50 + 2 * ttl));
    }
}

static void test_counter_step(void)
{
    infer_from(60);
    scene_is("udp inferred max-ttl: 13 r1; 14 r2; 15 r3;",
             "errors that quote ports that step by 60 are of one trace, whose probes the capture lacks");
    infer_from(70);
    scene_is("errors: r1 11/0 udp 40000>50070; r2 11/0 udp 40000>50140; r3 11/0 udp 40000>50210;",
             "by 70 they are of none: errors about other traffic would make a false trace");
}

/* A trace to one port, and 20 s later another from the same source port that counts its target port up to that one. */
static void test_late_cost(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.source = 4000, .target = 33440, .ttl = ttl, .id = (uint16_t)(ttl * 1000)};
        hop(ttl, &m);
    }
    for (uint8_t ttl = 1; ttl <= 8; ttl++) {
        struct made m = {.source = 4000, .target = (uint16_t)(33434 + ttl), .ttl = ttl, .id = (uint16_t)(ttl * 7000)};
        hop(20 * SECOND + ttl * 10, &m);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; | udp max-ttl: 1 r1; 2 r2; 3 r3; 4 r4; 5 r5; 6 r6; 7 r7; 8 r8;",
             "a probe that fits a trace of 20 s ago by its port belongs to the one that is under way");
}

/* SYNs from one port, five a hop: the sequence number stays for `steady` probes, rises, and jumps from the 36th on. */
static const char *grouping_of(unsigned steady)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 40; n++) {
        struct made m = {.protocol = IP_TCP,
                         .source = 4000,
                         .target = 80,
                         .seq = (n < steady ? steady : n) + (n < 35 ? 0 : n * 0x9e3779b9),
                         .id = (uint16_t)(n + 1),
                         .flags = TCP_SYN,
                         .ttl = (uint8_t)(1 + n / 5)};
        hop(n * 10, &m);
    }
    const struct recognition *found = scene_result();
    return found->trace_count ? found->traces[0]->origin.grouped_by : NULL;
}

static void test_known_after(void)
{
    is_text(grouping_of(0), "the same ports, rising sequence numbers",
            "a jump after 32 probes does not hide how the sequence numbers of a trace go");
    scene_end();
    is_text(grouping_of(10), "the same ports, rising sequence numbers",
            "four probes do not tell how they go: a tool may number hops");
    scene_end();
}

/* The first error has no quote but an IP header without an id: only its time says which probe it is about. */
static void answer_first(double after)
{
    scene_begin(NULL);
    struct made first = {.source = 4000, .target = 40000, .ttl = 1},
                second = {.source = 4000, .target = 40001, .ttl = 2};
    struct bytes b = make_error(&(struct made_error){.from = "10.9.1.1"}, &first);
    b.length = 48;
    b.at[3] = 48;
    scene_see(0, &first);
    scene_see(0.1, &second);
    scene_bytes(after, &b);
    error_of(after + 50, &second, .from = router(2));
}

static void test_timely_first(void)
{
    answer_first(400);
    ok(strstr((scene_result(), scene_text()), "1 r1~") != NULL, "without another time to compare, 400 ms are in time");
    scene_end();
    answer_first(700);
    ok(strstr((scene_result(), scene_text()), "1 r1~") == NULL,
       "700 ms are not: the error may be about other traffic: %s", scene_text());
    scene_end();
}

/* Answers alone, `queries` of each of four routers. */
static void test_misfits(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 28; n++) {
        struct made m = {.source = 40000, .target = (uint16_t)(33434 + n), .ttl = 1, .id = (uint16_t)n};
        error_of(n, &m, .from = router(1 + n / 7), .ttl = (uint8_t)(64 - n / 7));
    }
    scene_is("udp inferred max-ttl: 1 r1 r1 r1 r1 r1 r1 r1; 2 r2 r2 r2 r2 r2 r2 r2; 3 r3 r3 r3 r3 r3 r3 r3; "
             "4 r4 r4 r4 r4 r4 r4 r4;",
             "where no usual count fits, each router is a hop: another count would make more of them");
    scene_begin(NULL);
    for (unsigned n = 0; n < 18; n++) {
        struct made m = linux_udp(0, n, 1);
        error_of(n, &m, .from = router(n == 7 ? 33 : 1 + n / 3), .ttl = (uint8_t)(64 - n / 3));
    }
    scene_is("udp inferred max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r33 r3; 4 r4 r4 r4; 5 r5 r5 r5; 6 r6 r6 r6;",
             "one answer by another router does not spoil the count: a balancer would shift all later hops");
}

static void test_disagreement(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 5; n++) {
        struct made m = {.source = 40000, .target = (uint16_t)(33435 + n), .ttl = 1, .id = (uint16_t)n};
        if (n < 2)
            error_of(n, &m, .from = router(1 + n), .ttl = (uint8_t)(64 - n));
        else
            error_of(n, &m, .from = T4, .type = 3, .code = 3, .ttl = (uint8_t)(n - 1));
    }
    scene_is("udp inferred reached: 1 r1; 2 r2; 3 T!3; 4 T!3; 5 T!3;",
             "replies that bear what is left of the probe's TTL do not outweigh those of routers");
}

/* --- runs one after the other --- */

/* Flows from one source port to `flows` target ports, hops 1 and 2 each; then to one of them again. */
static void test_restart_near(void)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 26; n++) {
        unsigned flow = n < 24 ? n / 2 : 10;
        struct made m = {
            .source = 40000, .target = (uint16_t)(50000 + flow), .ttl = (uint8_t)(1 + n % 2), .id = (uint16_t)(n + 1)};
        hop(n * 30, &m);
    }
    const struct recognition *found = scene_result();
    is_num(found->trace_count, 1, "a flow that is probed again, ten above the first, belongs to the run: %s",
           scene_text());
    scene_end();
    scene_begin(NULL);
    for (unsigned n = 0; n < 15; n++) {
        unsigned k = n < 9 ? n : n - 6; /* the second run lacks its first hop */
        struct made m = {
            .source = 40000, .target = (uint16_t)(50000 + k), .ttl = (uint8_t)(1 + k / 3), .id = (uint16_t)(n + 1)};
        hop(n * 30, &m);
    }
    scene_is("udp max-ttl: 1 r1 r1 r1; 2 r2 r2 r2; 3 r3 r3 r3; | udp max-ttl: 2 r2 r2 r2; 3 r3 r3 r3;",
             "a run whose first three probes the capture lacks is another one still");
}

/* The payload stays for `steady` probes, then changes with each. */
static void change_payload_after(unsigned steady)
{
    static const char *const payloads[] = {"the same", "another", "a third", "a fourth"};
    scene_begin(NULL);
    for (unsigned n = 0; n < steady + 2; n++) {
        struct made m = {.source = 40000,
                         .target = 50000,
                         .ttl = (uint8_t)(1 + n % steady),
                         .id = (uint16_t)(n * 40503 + 1),
                         .payload = payloads[n < steady ? 0 : n - steady + 1]};
        hop(n * 30, &m);
    }
}

static void test_steady_after(void)
{
    change_payload_after(3);
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; | udp max-ttl: 1 r1; 2 r2;",
             "a payload that stayed for three probes and changes as the TTLs start again is another run's");
    change_payload_after(2);
    scene_is("udp 2 rounds max-ttl: 1 r1 r1; 2 r2 r2;", "two probes do not show that a payload stays");
}

/* Two traceroutes, silent from hop 2 on: the second sends its first nine probes `apart` after the first one's nine.
 * Then the `next` run sends one more, which fits both. */
static void send_one_more(double apart, double after, unsigned next)
{
    scene_begin(NULL);
    for (unsigned run = 0; run < 2; run++)
        for (unsigned n = 0; n < 9; n++) {
            struct made m = linux_udp(run, n, (uint8_t)(1 + n / 3));
            double ms = run * apart + n;
            if (m.ttl == 1)
                hop(ms, &m);
            else
                scene_see(ms, &m);
        }
    struct made m = linux_udp(next, 9, 4);
    scene_see(after, &m);
    scene_result();
}

static void test_idle_after(void)
{
    send_one_more(2 * SECOND, 2 * SECOND + 20, 1);
    is_text(scene_text(), "udp silent: 1 r1 r1 r1; 2 * * *; 3 * * *; | udp silent: 1 r1 r1 r1; 2 * * *; 3 * * *; 4 *;",
            "a probe 2 s after one run and 11 ms after another is the other's");
    scene_end();
    send_one_more(480, 492, 0);
    is_text(scene_text(), "udp silent: 1 r1 r1 r1; 2 * * *; 3 * * *; 4 *; | udp silent: 1 r1 r1 r1; 2 * * *; 3 * * *;",
            "484 ms and 4 ms after them it is that of the older run: silent hops delay a run");
    scene_end();
}

/* Probes over IPv6 that only the TTL tells apart: the same packet again, `apart` later with a lower TTL. */
static void send_alike(double apart)
{
    scene_begin(NULL);
    for (unsigned n = 0; n < 6; n++) {
        struct made m = {.from = S6, .to = T6, .source = 4000, .target = 40000, .ttl = (uint8_t)(1 + n % 3)};
        hop(n * 5 + (n < 3 ? 0 : apart), &m);
    }
}

static void test_forwarded(void)
{
    send_alike(100);
    const struct recognition *found = scene_result();
    is_num(found->trace_count ? found->traces[0]->probe_count : 0, 6,
           "a lower TTL 100 ms later is another round: a router forwards sooner");
    scene_end();
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = {.from = S6, .to = T6, .source = 4000, .target = (uint16_t)(40000 + ttl), .ttl = ttl};
        hop(ttl * 30, &m);
        m.ttl--;
        if (m.ttl)
            scene_see(ttl * 30 + 5, &m);
    }
    scene_is("udp max-ttl: 1 r1; 2 r2; 3 r3; other: 2 copy of an earlier frame;",
             "5 ms later it is the same packet, forwarded");
}

int main(void)
{
    test_near();
    test_restart();
    test_seq_near();
    test_ttl_jump();
    test_probe_ttl();
    test_duplicate();
    test_strict_start();
    test_answer_within();
    test_run_idle();
    test_timely();
    test_counter_step();
    test_late_cost();
    test_known_after();
    test_timely_first();
    test_misfits();
    test_disagreement();
    test_restart_near();
    test_steady_after();
    test_idle_after();
    test_forwarded();
    return tap_done();
}
