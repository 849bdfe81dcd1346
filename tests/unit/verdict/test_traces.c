/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces of several tools, from one capture, judged together. */
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "unit/support/ladder.h"
#include "verdict/verdict.h"

#define SECOND 1000.0
#define LOOKS 3 /* probes a hop, as the tools send */

/* Classic UDP, hop by hop, half a second a probe; routers up to `last` answer, and the target where `reaches`. */
static double send_udp(double ms, unsigned run, unsigned last, unsigned end, bool reaches)
{
    unsigned n = 0;
    for (unsigned ttl = 1; ttl <= end; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += SECOND / 2) {
            struct made made = linux_udp(run, n, (uint8_t)ttl);
            if (ttl <= last)
                hop(ms, &made);
            else if (reaches && ttl > last)
                target_ttl(ms, &made);
            else
                scene_see(ms, &made);
        }
    return ms;
}

static void answer_syn(double ms, const struct made *made)
{
    scene_see(ms, made);
    see(ms + RTT, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = made->source, .seq = 77,
        .ack = made->seq + 1, .flags = TCP_SYN | TCP_ACK, .ttl = 60);
}

static double send_syns(double ms, unsigned last)
{
    unsigned n = 0;
    for (unsigned ttl = 1; ttl <= last + 1; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += SECOND / 2) {
            struct made made = linux_syn(0, n, (uint8_t)ttl);
            if (ttl <= last)
                hop(ms, &made);
            else
                answer_syn(ms, &made);
        }
    return ms;
}

static struct judgement *judge(size_t want_traces)
{
    const struct recognition *found = scene_result();
    struct judgement *judgement = malloc(sizeof *judgement);
    is_num(found->trace_count, want_traces, "%zu traces", want_traces);
    verdict_judge_traces(found->traces, found->trace_count, found->ends, judgement);
    return judgement;
}

static const struct verdict *verdict_on(const struct judgement *judgement, uint8_t protocol)
{
    static const struct verdict none;
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        if (judgement->verdicts[i].trace->flow.spec.protocol == protocol)
            return &judgement->verdicts[i];
    return &none;
}

static void is_state(const struct verdict *verdict, enum verdict_state state, const char *says, const char *name)
{
    is_text(verdict_state_name(verdict->state), verdict_state_name(state), "%s: %s", name, verdict->text);
    ok(strstr(verdict->text, says), "  says: %s", says);
}

static void check_drop(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 12, false);
    send_syns(ms + 3 * SECOND, 6);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    const struct verdict *udp = verdict_on(judgement, IP_UDP);
    is_state(udp, VERDICT_DROPPED, "; tcp/80 was probed 3.5 s later", "UDP that stops where SYNs go on is dropped");
    is_num(udp->after.ttl, 3, "  after");
    is_num(udp->before.ttl, 4, "  before");
    is_state(verdict_on(judgement, IP_TCP), VERDICT_OPEN, "tcp/80 open at the target (hop 7)", "and SYNs get through");
    is_num(judgement->finding_count, 0, "  and nothing else is found");
    free(judgement);
    scene_end();
}

static void check_alone(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 12, false);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(1);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_UNANSWERED,
             "no reply to 27 probes; no other protocol was probed, so this may be a filter or a silent host",
             "UDP alone that ends is unanswered");
    free(judgement);
    scene_end();
}

/* Replies in another file show how long to wait, too: hop 2 is silent, and the capture ends 200 ms later. */
static void check_other_file(void)
{
    unsigned n = 0;
    double ms = 0;
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 4; ttl++)
        for (unsigned i = 0; i < 5; i++, n++, ms += 40) {
            struct made made = linux_udp(0, n, ttl);
            scene_from(0, 0);
            scene_see(ms, &made);
            scene_from(1, 0);
            if (ttl == 4)
                error_of(ms + RTT, &made, .from = T4, .type = 3, .code = 3);
            else if (ttl != 2)
                error_of(ms + RTT, &made, .from = router(ttl));
        }
    pass(ms + 200);
    struct judgement *judgement = judge(1);
    is_num(judgement->finding_count, 1, "one finding where the replies are in another file");
    is_num(judgement->findings[0].kind, FINDING_SILENT_HOP, "  a hop without a reply is silent");
    free(judgement);
    scene_end();
}

static void check_short(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 3, false);
    send_syns(ms + 3 * SECOND, 6);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_INCONCLUSIVE, "it was not probed beyond hop 3",
             "UDP that was asked no further is not dropped");
    free(judgement);
    scene_end();
}

/* The first run stopped, the second got through: both count. */
static void check_again(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 3, 12, false);
    ms = send_syns(ms + 30 * SECOND, 6);
    ms = send_udp(ms + 30 * SECOND, 1, 6, 7, true);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(3);
    is_num(judgement->verdict_count, 2, "a spec that was traced twice has one verdict");
    is_state(
        verdict_on(judgement, IP_UDP), VERDICT_CLOSED,
        "port-unreachable, as usual for a traceroute; until 2023-11-14T22:13:37.500Z, udp was unanswered after hop "
        "3 (10.9.3.1); from 2023-11-14T22:14:57.500Z on it reached the target",
        "that of the run which got further");
    free(judgement);
    scene_end();
}

/* Each router has just answered a SYN when UDP comes, and answers nothing after it: it may have had no token left. */
static void check_spent(void)
{
    scene_begin(NULL);
    double ms = 0;
    unsigned n = 0;
    for (unsigned ttl = 1; ttl <= 7; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += SECOND / 2) {
            struct made first = linux_syn(0, n, (uint8_t)ttl), second = linux_udp(0, n, (uint8_t)ttl);
            if (ttl <= 6)
                hop(ms, &first);
            else
                answer_syn(ms, &first);
            if (ttl <= 3)
                hop(ms + SECOND / 5, &second);
            else
                scene_see(ms + SECOND / 5, &second);
        }
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_INCONCLUSIVE, "too few probes were sent to judge",
             "what may have met a router without a token is not dropped");
    free(judgement);
    scene_end();
}

/* Traces at one time need no times in the sentence; a trace of one flow is said to be one. */
static void check_at_once(void)
{
    scene_begin(NULL);
    double ms = 0;
    for (unsigned ttl = 1, n = 0; ttl <= 7; ttl++)
        for (unsigned i = 0; i < LOOKS; i++, n++, ms += 2 * SECOND) {
            struct made first = udp((uint16_t)(ttl - 1), (uint8_t)ttl), second = linux_syn(0, n, (uint8_t)ttl);
            first.target = 33434; /* one flow */
            first.id = (uint16_t)(900 + n);
            ttl <= 3 ? hop(ms, &first) : scene_see(ms, &first);
            ttl <= 6 ? hop(ms + SECOND / 100, &second) : answer_syn(ms + SECOND / 100, &second);
        }
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    const struct verdict *verdict = verdict_on(judgement, IP_UDP);
    is_state(verdict, VERDICT_DROPPED, "this is one flow, and others may get through", "probed at one time");
    ok(!strstr(verdict->text, "later") && !strstr(verdict->text, "before;"), "  no times in the sentence");
    free(judgement);
    scene_end();
}

/* One file of the capture ends just after some of the probes, although another goes on for long. */
static void check_end_of_file(void)
{
    scene_begin(NULL);
    scene_from(0, 0);
    double ms = send_udp(0, 0, 3, 6, false);
    scene_from(1, 0);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(1);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_UNANSWERED,
             "no reply to 7 probes, nor to 2 more just before the capture ends",
             "what a file's end cuts off was not waited for");
    free(judgement);
    scene_end();
}

static void check_no_further(void)
{
    scene_begin(NULL);
    double ms = send_udp(0, 0, 5, 5, false);
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(1);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_INCONCLUSIVE, "udp inconclusive after hop 5",
             "a ladder that ends with an answer");
    free(judgement);
    scene_end();
}

/* An echo request's checksum follows its sequence number, and some load balancers hash it. So rounds that alternate do
 * not prove per-packet balancing, and a router that came once and stayed does not prove a route change. */
static void check_echoes(unsigned rounds, unsigned first, const char *kind, const char *name)
{
    scene_begin(NULL);
    double ms = 0;
    uint16_t n = 0;
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned ttl = 1; ttl <= 5; ttl++, n++, ms += SECOND / 4) {
            struct made made = echo(77, n, (uint8_t)ttl);
            bool other = first ? round >= first : round % 2;
            if (ttl == 5)
                pong(ms, &made);
            else if (ttl == 3 && other) {
                scene_see(ms, &made);
                error_of(ms + RTT, &made, .from = "10.9.99.1");
            } else
                hop(ms, &made);
        }
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(1);
    is_num(judgement->finding_count, kind ? 1 : 0, "%s: findings", name);
    if (kind && judgement->finding_count)
        is_text(finding_kind_name(judgement->findings[0].kind), kind, "  %s", judgement->findings[0].text);
    free(judgement);
    scene_end();
}

/* Runs of UDP half a minute apart; a letter each: r reaches the target, s falls silent, and b breaks off. */
static void check_runs(const char *runs, const char *says)
{
    scene_begin(NULL);
    double ms = 0;
    for (unsigned run = 0; runs[run]; run++) {
        unsigned end = runs[run] == 'r' ? 6 : runs[run] == 's' ? 8 : 4;
        ms = send_udp(ms, run, runs[run] == 'r' ? 5 : 4, end, runs[run] == 'r') + 30 * SECOND;
    }
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(strlen(runs));
    is_state(verdict_on(judgement, IP_UDP), VERDICT_CLOSED, says, runs);
    free(judgement);
    scene_end();
}

/* Rounds of echo requests, a second apart, to a target behind four routers; a letter each: r reached, s silent at the
 * target, x rejected by the third router, d all silent. NULL: the verdict does not speak of a time. */
static void check_rounds_end(const char *rounds, enum verdict_state state, const char *says)
{
    scene_begin(NULL);
    uint16_t n = 0;
    for (unsigned round = 0; rounds[round]; round++)
        for (unsigned ttl = 1; ttl <= 5; ttl++, n++) {
            struct made made = echo(77, n, (uint8_t)ttl);
            double ms = round * SECOND + ttl * SECOND / 10;
            if (rounds[round] == 'x' && ttl > 3) {
                scene_see(ms, &made);
                error_of(ms + RTT, &made, .from = router(3), .type = 3, .code = 13);
            } else if (rounds[round] == 'd' || (ttl == 5 && rounds[round] == 's'))
                scene_see(ms, &made);
            else if (ttl == 5)
                pong(ms, &made);
            else
                hop(ms, &made);
        }
    pass(60 * SECOND);
    struct judgement *judgement = judge(1);
    const struct verdict *verdict = verdict_on(judgement, IP_ICMP);
    is_state(verdict, state, says ? says : "it replies to the echo request.", rounds);
    ok(says || !strstr(verdict->text, "2023"), "  %s", says ? "with its time" : "and no time");
    free(judgement);
    scene_end();
}

static void check_rounds(const char *rounds, const char *says)
{
    check_rounds_end(rounds, VERDICT_OPEN, says);
}

/* Two runs of UDP, 10 ms a probe and so many between them. The target limits the rate of port unreachables. */
static void check_limit(double pause, const char *says)
{
    scene_begin(NULL);
    double ms = 0;
    for (unsigned run = 0; run < 2; run++, ms += pause)
        for (unsigned n = 0; n < (run ? 24U : 18U); n++, ms += 10) {
            struct made made = linux_udp(run, n, (uint8_t)(n / LOOKS + 1));
            if (made.ttl <= 5)
                hop(ms, &made);
            else if (run)
                scene_see(ms, &made);
            else
                target_ttl(ms, &made);
        }
    pass(ms + 60 * SECOND);
    struct judgement *judgement = judge(2);
    is_state(verdict_on(judgement, IP_UDP), VERDICT_CLOSED, says, "a target that limits its replies");
    free(judgement);
    scene_end();
}

static void check_times(void)
{
    check_limit(SECOND / 2, "; 1 of its 2 runs got less far.");
    check_limit(SECOND,
                "; udp reached the target until 2023-11-14T22:13:20.170Z; from 2023-11-14T22:13:21.330Z on it is "
                "unanswered after hop 5 (10.9.5.1).");
    check_rounds_end("xxxx", VERDICT_REJECTED, "icmp rejected at hop 3 (10.9.3.1): admin-prohibited");
    /* most of its probes get further */
    check_rounds_end("sssxxsss", VERDICT_UNANSWERED,
                     "icmp unanswered after hop 4 (10.9.4.1), the last router that any probe found: no reply to 6 "
                     "probes; hop 3 (10.9.3.1) rejects 4 of its probes: admin-prohibited");
    check_runs("rs", "; udp reached the target until 2023-11-14T22:13:28.500Z; from 2023-11-14T22:14:06.500Z on it is "
                     "unanswered after hop 4 (10.9.4.1).");
    check_runs("sr", "; until 2023-11-14T22:13:31.500Z, udp was unanswered after hop 4 (10.9.4.1); from "
                     "2023-11-14T22:14:09.500Z on it reached the target.");
    check_runs("rsr", "; from 2023-11-14T22:14:06.500Z to 2023-11-14T22:14:10.500Z, udp was unanswered after hop 4 "
                      "(10.9.4.1), and reached the target before and later.");
    check_runs("srs", "; 2 of its 3 runs got less far.");
    check_runs("rb", "; 1 of its 2 runs got less far."); /* it was not probed so far */
    check_rounds("rrrrrsssss",
                 "; icmp reached the target until 2023-11-14T22:13:24.500Z; from 2023-11-14T22:13:25.500Z "
                 "on it is unanswered after hop 4 (10.9.4.1).");
    check_rounds("sssssrrrrr", "; until 2023-11-14T22:13:24.500Z, icmp was unanswered after hop 4 (10.9.4.1); from "
                               "2023-11-14T22:13:25.500Z on it reached the target.");
    check_rounds("rrrrrrrrrrsssssrrrrrrrrrr", "; from 2023-11-14T22:13:30.500Z to 2023-11-14T22:13:34.500Z, icmp was "
                                              "unanswered after hop 4 (10.9.4.1), and reached the target before");
    check_rounds("rrrxxx", "; icmp reached the target until 2023-11-14T22:13:22.500Z; from 2023-11-14T22:13:23.500Z on "
                           "it is rejected at hop 3 (10.9.3.1).");
    check_rounds("rrrrrs", NULL);                 /* one loss */
    check_rounds("rrss", NULL);                   /* too few rounds */
    check_rounds("rsrsrsrsrsss", NULL);           /* loss all the time */
    check_rounds("rrrrrrrrrrssrrrrrrrrrr", NULL); /* any two in a row may be loss */
    check_rounds("rrrrrddddd", NULL);             /* or no network at all */
}

static void check_nothing(void)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    verdict_judge_traces(NULL, 0, NULL, judgement);
    is_num(judgement->verdict_count + judgement->finding_count, 0, "no traces, no verdicts");
    free(judgement);
}

/* --- data in connections --- */

/* A connection a TTL; routers at hops 1 and 2, and a reply at hop 3 with this reply TTL, where the SYN/ACKs have 61. */
static void send_data(uint8_t flags, uint8_t reply_ttl)
{
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        double ms = ttl * 10 * SECOND;
        struct made data = {.protocol = IP_TCP,
                            .source = (uint16_t)(40000 + ttl),
                            .target = 80,
                            .seq = 500,
                            .ack = 900,
                            .flags = TCP_ACK | TCP_PSH,
                            .payload = "GET / HTTP/1.1\r\n\r\n",
                            .ttl = ttl,
                            .id = ttl};
        see(ms, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = data.source, .seq = 899, .ack = 500,
            .flags = TCP_SYN | TCP_ACK, .ttl = 61);
        if (ttl < 3) {
            hop(ms + 100, &data);
            continue;
        }
        scene_see(ms + 100, &data);
        see(ms + 100 + RTT, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = data.source, .seq = 900,
            .ack = 518, .flags = flags, .ttl = reply_ttl);
    }
}

/* The reply TTL of the SYN/ACK tells whether the host that accepted the connection sent the reply to the data. */
static void check_data(void)
{
    static const struct {
        uint8_t flags, reply_ttl;
        enum verdict_state state;
        const char *says, *name;
    } rows[] = {
        {TCP_ACK, 61, VERDICT_OPEN, "replies with a TCP segment", "an acknowledgement from as far as the SYN/ACK"},
        {TCP_ACK, 62, VERDICT_INTERCEPTED, "arrives with TTL 62", "an acknowledgement from nearer"},
        {TCP_ACK, 60, VERDICT_OPEN, "replies with a TCP segment", "an acknowledgement from farther: a proxy accepted"},
        {TCP_ACK, 253, VERDICT_OPEN, "replies with a TCP segment", "an acknowledgement with another initial TTL"},
        {TCP_RST | TCP_ACK, 61, VERDICT_CLOSED, "replies with RST", "a RST from as far as the SYN/ACK"},
        {TCP_RST | TCP_ACK, 62, VERDICT_REJECTED, "unlike the target's other replies", "a RST from nearer"},
        {TCP_RST | TCP_ACK, 253, VERDICT_CLOSED, "the SYN/ACK had TTL 61", "a RST with another initial TTL"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_begin(NULL);
        send_data(rows[i].flags, rows[i].reply_ttl);
        struct judgement *judgement = judge(1);
        is_state(verdict_on(judgement, IP_TCP), rows[i].state, rows[i].says, rows[i].name);
        free(judgement);
        scene_end();
    }
}

/* The target takes the data, and then the RST of a device comes, which lets the data go on. */
static void check_slow_device(void)
{
    scene_begin(NULL);
    send_data(TCP_ACK, 61);
    see(3 * 10 * SECOND + 102, .from = T4, .to = S4, .protocol = IP_TCP, .source = 80, .target = 40003, .seq = 900,
        .ack = 518, .flags = TCP_RST | TCP_ACK, .ttl = 63, .id = 9);
    struct judgement *judgement = judge(1);
    const struct verdict *verdict = verdict_on(judgement, IP_TCP);
    is_state(verdict, VERDICT_REJECTED, "arrives with TTL 63", "an acknowledgement, and a RST from nearer");
    free(judgement);
    scene_end();
}

int main(void)
{
    check_drop();
    check_alone();
    check_other_file();
    check_short();
    check_again();
    check_spent();
    check_at_once();
    check_end_of_file();
    check_no_further();
    check_echoes(6, 0, "load-balanced", "echoes by two routers that alternate");
    check_echoes(4, 2, NULL, "twice by one, then twice by another");
    check_echoes(12, 6, "route-change", "six times by one, then six times by another");
    check_times();
    check_nothing();
    check_data();
    check_slow_device();
    return tap_done();
}
