/* SPDX-License-Identifier: BSD-2-Clause */
/* The session against frames made by hand: what no network, real or simulated, shows on demand. */
#include <math.h>
#include <stdlib.h>

#include "multipath/graph.h"
#include "silence/loss.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/handmade.h"

/* What was settled, in order, as text: "1 2 3". */
struct log {
    char hops[256];
    unsigned probes;
};

static void log_hop(void *context, const struct session *session, uint8_t ttl)
{
    struct log *log = context;
    (void)session;
    snprintf(log->hops + strlen(log->hops), sizeof log->hops - strlen(log->hops), "%s%u", *log->hops ? " " : "", ttl);
}

static void log_probe(void *context, const struct session *session, const struct trace *trace,
                      const struct probe *probe)
{
    struct log *log = context;
    (void)session;
    (void)trace;
    (void)probe;
    log->probes++;
}

static struct session *start(const char *const *specs, struct log *log, unsigned queries)
{
    struct err err = {0};
    struct session_config config = handmade_config(specs);
    struct session_events events = {.context = log, .probe_settled = log_probe, .hop_settled = log_hop};
    config.queries = (uint8_t)queries;
    *log = (struct log){0};
    struct session *session = session_new(&config, true, &events, &err);
    if (!session)
        printf("Bail out! %s\n", err.message);
    return session;
}

static const char *const udp_only[] = {"udp", NULL};

/* A probe keeps 64 replies; the others are counted, and no capture keeps them. */
static void test_replies_in_excess(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    unsigned replies = 0, excess = 0;
    see_probe(session, 0, 1, 1, 0);
    for (unsigned i = 0; i < 300; i++) {
        struct frame_note note = see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, MS + i * NS_PER_US);
        replies += note.role == FRAME_REPLY;
        excess += note.role == FRAME_STRAY && note.is_excess;
    }
    is_num(replies, REPLIES_MOST, "so many replies of a probe are kept");
    is_num(excess, 300 - REPLIES_MOST, "the others are in excess");
    is_num(session_trace(session, 0)->probes[0].reply_count, REPLIES_MOST, "and not in the trace");
    session_free(session);
}

/* A capture of ours that claims more probes of a hop than any run sends: the others are left out. */
static void test_claims_in_excess(void)
{
    const struct session_config config = handmade_config(udp_only);
    struct err err = {0};
    struct session *session = session_new(&config, true, NULL, &err);
    for (unsigned i = 1; session && i <= 2000; i++)
        session_claim(session, &(struct session_claim){
                                   .kind = CLAIM_UNSEEN, .serial = (uint16_t)i, .ttl = 3, .at = START + i * NS_PER_US});
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    is_num(trace_asked(session_trace(session, 0), 3), 600, "no run sends more probes of a spec to a hop");
    session_free(session);
}

/* A saved search with the largest probes: its templates do not take 268 MB. */
static void test_large_flows(void)
{
    struct session_config config = handmade_config(udp_only);
    struct err err = {0};
    config.strategy = &strategy_paths;
    config.flows = 4096;
    config.confidence = 950000;
    config.size = 65535;
    struct session *session = session_new(&config, true, NULL, &err);
    ok(session && session_trace(session, 0)->flow_count <= 256, "a search with large probes has fewer flows");
    session_free(session);
}

static void test_answer_and_duplicates(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    const struct trace *trace = session_trace(session, 0);
    is_num(see_probe(session, 0, 1, 1, 0).role, FRAME_PROBE, "our own frame is a probe");
    is_num(see_probe(session, 0, 1, 1, MS / 10).role, FRAME_STRAY, "seen again, it is a stray");
    struct frame_note note = see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 2 * MS);
    is_num(note.role, FRAME_REPLY, "its time exceeded is a reply");
    is_num(note.ttl, 1, "at its hop");
    const struct probe *probe = trace_probe(trace, 1);
    is_num(reply_rtt(probe, probe_answer(probe)), 2 * MS, "the RTT is stamp minus stamp");
    is_num(probe_answer(probe)->match, MATCH_EXACT, "matched exactly");
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 3 * MS);
    is_num(probe->reply_count, 2, "a second answer is kept");
    ok(probe->replies[1].duplicate && !probe->replies[0].duplicate, "and marked a duplicate");
    is_num(see_error(session, "10.0.0.1", 11, 0, 0, 9, NULL, 4 * MS).role, FRAME_STRAY,
           "an answer to a probe that was not sent is a stray");
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    is_num(log.probes, 1, "each probe is settled once");
    is_num(session_counters(session)->frames, 5, "every frame is counted");
    session_free(session);
}

/* A bridge and its port both show a reply. */
static void test_other_interface(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    see_probe(session, 0, 1, 1, 0);
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, MS);
    see_on_interface(1);
    is_num(see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 3 * MS).role, FRAME_STRAY,
           "within 2 ms on another interface it is the same reply");
    is_num(see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 3 * MS + 1).role, FRAME_REPLY,
           "later it is a second reply");
    see_on_interface(0);
    session_free(session);
}

static void test_nat_in_quote(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    see_probe(session, 0, 1, 1, 0);
    is_num(see_error(session, "10.0.0.1", 11, 0, 0, 1, "203.0.113.5", MS).role, FRAME_REPLY,
           "a quote with a translated source is matched");
    const struct reply *reply = probe_answer(trace_probe(session_trace(session, 0), 1));
    ok(reply && reply->match != MATCH_EXACT && reply->match != MATCH_NONE, "but not as an exact match");
    ok(reply && reply->rewrite_count && reply->rewrites[0].field == REWRITE_IP_SOURCE, "and the rewrite is kept");
    session_free(session);
}

static void test_expiry_is_by_stamps(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    const struct trace *trace = session_trace(session, 0);
    see_probe(session, 0, 1, 1, 0);
    see_probe(session, 0, 2, 2, MS);
    see_probe(session, 0, 3, 3, 2 * MS);
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 10 * MS);
    see_error(session, "10.0.2.1", 11, 0, 0, 3, NULL, 32 * MS);
    is_num(trace_probe(trace, 2)->state, PROBE_OUTSTANDING, "hop 2 is waited for");
    /* Inside the path the wait is 100 ms at least, so probe 2 expires at 101 ms. */
    session_tick(session, START + 101 * MS - 1);
    is_num(trace_probe(trace, 2)->state, PROBE_OUTSTANDING, "until a nanosecond before its deadline");
    see_error(session, "10.0.1.1", 11, 0, 0, 2, NULL, 101 * MS + 1);
    is_num(trace_probe(trace, 2)->state, PROBE_ANSWERED, "its answer counts");
    ok(!probe_answer(trace_probe(trace, 2))->late, "and is not late: it shows that replies may take so long");
    session_free(session);
}

static void test_settling_in_order(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    for (uint8_t ttl = 1; ttl <= 16; ttl++)
        see_probe(session, 0, ttl, ttl, ttl * MS / 2);
    see_error(session, "10.0.1.1", 11, 0, 0, 2, NULL, 20 * MS);
    is_text(log.hops, "", "hop 2 waits for hop 1");
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 21 * MS);
    is_text(log.hops, "1 2", "and follows it");
    see_error(session, "10.0.9.9", 3, 3, 0, 4, NULL, 40 * MS);
    see_error(session, "10.0.9.9", 3, 3, 0, 3, NULL, 41 * MS);
    is_text(log.hops, "1 2 3", "the target's hop is the least that it answers");
    is_num(session_trace(session, 0)->reached_ttl, 3, "reached at 3");
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    is_text(log.hops, "1 2 3", "nothing beyond the target is settled");
    is_num(session_trace(session, 0)->end, END_REACHED, "the trace has reached its target");
    is_num(log.probes, 16, "every probe is settled in the end");
    session_free(session);
}

/* A run ends when its last question is answered. A reply that is still under way then is no silence. */
static void test_in_flight_at_the_end(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    const struct trace *trace = session_trace(session, 0);
    for (uint8_t ttl = 1; ttl <= 3; ttl++)
        see_probe(session, 0, ttl, ttl, ttl * MS);
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 20 * MS);
    see_error(session, "10.0.9.9", 3, 3, 0, 2, NULL, 200 * MS);
    session_finish(session, SESSION_COMPLETE, session_now(session), 0);
    is_num(trace_probe(trace, 3)->state, PROBE_EXPIRED, "a probe whose deadline passed before the end is silent");
    is_num(log.probes, 3, "every probe is settled");
    session_free(session);

    session = start(udp_only, &log, 1);
    trace = session_trace(session, 0);
    for (uint8_t ttl = 1; ttl <= 3; ttl++)
        see_probe(session, 0, ttl, ttl, ttl * MS);
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 20 * MS);
    see_error(session, "10.0.9.9", 3, 3, 0, 2, NULL, 30 * MS);
    session_finish(session, SESSION_COMPLETE, session_now(session), 0);
    is_num(trace_probe(trace, 3)->state, PROBE_OUTSTANDING, "a probe in flight at the end is not silent");
    is_num(log.probes, 3, "every probe is settled, that one as well");
    session_free(session);
}

static void test_loop(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    static const char *const routers[] = {"10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.1.1", "10.0.2.1"};
    for (uint8_t ttl = 1; ttl <= 5; ttl++)
        see_probe(session, 0, ttl, ttl, ttl);
    for (uint8_t ttl = 1; ttl <= 5; ttl++)
        see_error(session, routers[ttl - 1], 11, 0, 0, ttl, NULL, ttl * MS);
    is_num(session_trace(session, 0)->loop_first, 2, "the circle starts at hop 2");
    is_num(session_trace(session, 0)->loop_length, 2, "two routers long");
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    is_num(session_trace(session, 0)->end, END_LOOPING, "and ends the trace");
    session_free(session);

    session = start(udp_only, &log, 1);
    for (uint8_t ttl = 1; ttl <= 4; ttl++) {
        see_probe(session, 0, ttl, ttl, ttl);
        see_error(session, "10.0.0.1", 11, 0, 0, ttl, NULL, ttl * MS);
    }
    is_num(session_trace(session, 0)->loop_first, 0, "one address at every hop is no circle");
    session_free(session);
}

static void test_refused_and_unseen(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    const struct trace *trace = session_trace(session, 0);
    struct session_claim refused = {.kind = CLAIM_REFUSED, .serial = 1, .ttl = 1, .at = START, .send_errno = 1};
    struct session_claim unseen = {.kind = CLAIM_UNSEEN, .serial = 2, .ttl = 2, .at = START + MS};
    session_claim(session, &refused);
    session_claim(session, &unseen);
    session_tick(session, START + 5 * MS);
    is_num(trace_probe(trace, 1)->state, PROBE_REFUSED, "a refused send is a probe that did not leave");
    ok(!trace_probe(trace, 2), "a send that may still be seen is not yet a probe");
    see_error(session, "10.0.1.1", 11, 0, 0, 2, NULL, 8 * MS);
    const struct probe *probe = trace_probe(trace, 2);
    ok(probe && !probe->seen && probe->state == PROBE_ANSWERED, "its answer makes it one, by the send time");
    is_num(session_unseen_probes(session), 1, "which the report will say");
    session_free(session);
}

static void test_strong_over_weak(void)
{
    static const char *const two[] = {"udp", "udp/53", NULL};
    struct log log;
    struct session *session = start(two, &log, 1);
    see_probe(session, 0, 1, 1, 0);
    see_probe(session, 1, 1, 1, MS);
    struct frame_note note = see_error(session, "10.0.0.1", 11, 0, 1, 1, NULL, 2 * MS);
    ok(note.role == FRAME_REPLY && note.trace == 1, "a reply goes to its own flow");
    is_num(trace_probe(session_trace(session, 0), 1)->reply_count, 0, "and to no other");
    session_free(session);
}

/* udp/53 has no tag of its run, so another run with the same ports sends probes like ours. */
static void test_other_run(void)
{
    static const char *const dns[] = {"udp/53", NULL};
    struct log log;
    struct session *session = start(dns, &log, 1);
    is_num(see_probe(session, 0, 1, 1, 0).role, FRAME_PROBE, "serial 1 is ours");
    is_num(see_probe(session, 0, 2, 2, 1).role, FRAME_PROBE, "serial 2 is the next");
    is_num(see_probe(session, 0, 5742, 1, 2).role, FRAME_STRAY, "serial 5742 was never given out");
    is_num(session_trace(session, 0)->probe_count, 2, "and is no probe of the trace");
    session_free(session);
}

static void test_interrupt(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    see_probe(session, 0, 1, 1, 0);
    see_probe(session, 0, 2, 2, 1);
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, MS);
    session_finish(session, SESSION_INTERRUPTED, NSTIME_NONE, 3);
    is_num(session_trace(session, 0)->end, END_INTERRUPTED, "an interrupted trace says so");
    is_num(trace_probe(session_trace(session, 0), 2)->state, PROBE_OUTSTANDING,
           "a probe whose wait is not over is not judged");
    is_num(session_counters(session)->dropped_by_kernel, 3, "kernel drops are kept");
    is_text(log.hops, "1 2", "known hops are settled");
    session_free(session);
}

static void test_stats(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 3);
    static const nstime rtts[] = {2 * MS, 4 * MS, 9 * MS};
    for (uint16_t i = 0; i < 3; i++)
        see_probe(session, 0, (uint16_t)(i + 1), 1, i);
    for (uint16_t i = 0; i < 3; i++)
        see_error(session, "10.0.0.1", 11, 0, 0, (uint16_t)(i + 1), NULL, i + rtts[i]);
    see_probe(session, 0, 4, 1, 10 * MS);
    struct hop_stats stats;
    trace_hop_stats(session_trace(session, 0), 1, &stats);
    is_num(stats.sent, 4, "four sent");
    is_num(stats.received, 3, "three received");
    ok(fabs(stats.loss - 0.25) < 1e-9, "a quarter lost");
    ok(fabs(stats.avg_ms - 5) < 1e-9, "average 5 ms");
    ok(fabs(stats.best_ms - 2) < 1e-9 && fabs(stats.worst_ms - 9) < 1e-9, "best 2, worst 9 ms");
    ok(fabs(stats.stdev_ms - sqrt(13)) < 1e-9, "standard deviation of the sample");
    ok(fabs(stats.jitter_ms - 3.5) < 1e-9, "jitter is the mean step");
    session_free(session);
}

static void test_compare_chance(void)
{
    static const struct {
        unsigned sent, lost, silent;
        double chance;
    } rows[] = {{3, 0, 3, 1.0 / 35 * 1.75}, {0, 0, 4, 1.0 / 5}, {9, 0, 9, 0}, {3, 1, 1, 2.0 / 5}, {1, 0, 1, 1.0 / 3}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        double want = rows[i].chance;
        double got = loss_chance(rows[i].sent, rows[i].lost, rows[i].silent);
        if (!rows[i].lost && rows[i].sent == rows[i].silent) {
            want = 1; /* 1 / C(m+n+1, n) */
            for (unsigned k = 1; k <= rows[i].silent; k++)
                want *= (double)k / (rows[i].sent + 1 + k);
        }
        ok(fabs(got - want) < 1e-9, "chance of %u silent beside %u sent, %u lost: %g", rows[i].silent, rows[i].sent,
           rows[i].lost, got);
    }
}

/* udp is silent behind hop 1, icmp and tcp go on to hop 4; icmp gets no reply in the first `rounds_lost` rounds. */
static struct comparison compare_rounds(const struct strategy *strategy, unsigned rounds_lost)
{
    static const char *const three[] = {"udp", "icmp", "tcp/443", NULL};
    static const char *const routers[] = {"", "10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1"};
    struct err err = {0};
    struct session_config config = handmade_config(three);
    config.strategy = strategy;
    struct session *session = session_new(&config, true, NULL, &err);
    uint16_t serials[3] = {0};
    nstime at = 0;
    see_probe(session, 0, ++serials[0], 1, at += MS);
    see_error(session, routers[1], 11, 0, 0, serials[0], NULL, at += MS / 10);
    for (unsigned round = 0; round < 4; round++, at += 100 * MS)
        for (unsigned i = 0; i < 4; i++) { /* hops 2, 3, 4 and 1: the last router of udp is asked behind the others */
            uint8_t ttl = (uint8_t)(i < 3 ? i + 2 : 1);
            for (unsigned spec = ttl == 1; spec < 3; spec++) {
                see_probe(session, spec, ++serials[spec], ttl, at += MS / 10);
                if (spec && !(spec == 1 && ttl > 1 && round < rounds_lost))
                    see_error(session, routers[ttl], 11, 0, spec, serials[spec], NULL, at += MS / 10);
            }
        }
    session_tick(session, START + at + 10 * NS_PER_S);
    struct comparison out;
    session_compare_silence(session, session_trace(session, 0), &out);
    session_free(session);
    return out;
}

static void test_place_by_loss(void)
{
    static const struct {
        const struct strategy *strategy;
        unsigned rounds_lost;
        double chance;
        const char *name;
    } rows[] = {
        /* at each hop 4 silences beside 8 probes, l of them lost: prod (l+1+i)/(10+i) */
        {&strategy_diagnose, 0, 1.0 / 715 / 715 / 715, "without loss three hops are one place"},
        {&strategy_trace, 2, 360.0 / 17160 * 360 / 17160 * 360 / 17160, "a trace takes them as one"},
        /* at the first hop 4 beside all 16 at hops that are passed and their 4: 5*6*7*8 / (18*19*20*21) */
        {&strategy_diagnose, 2, 1680.0 / 143640, "where packets are lost the first hop speaks for itself"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct comparison got = compare_rounds(rows[i].strategy, rows[i].rounds_lost);
        is_num(got.hop_count, 3, "%s: hops", rows[i].name);
        ok(fabs(got.chance / rows[i].chance - 1) < 1e-6, "%s: %g, want %g", rows[i].name, got.chance, rows[i].chance);
    }
}

/* E[p^n] where p has the density of Beta(l+1, m-l+1), by Simpson's rule. */
static double integrate_chance(unsigned sent, unsigned lost, unsigned silent)
{
    enum { STEPS = 20000 };
    double with = 0, without = 0;
    for (unsigned i = 0; i <= STEPS; i++) {
        double p = (double)i / STEPS, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        double density = weight * pow(p, lost) * pow(1 - p, sent - lost);
        without += density;
        with += density * pow(p, silent);
    }
    return with / without;
}

static void test_chance_is_the_integral(void)
{
    double worst = 0;
    for (unsigned sent = 0; sent <= 9; sent++)
        for (unsigned lost = 0; lost <= sent; lost++)
            for (unsigned silent = 0; silent <= 9; silent++) {
                double off = fabs(loss_chance(sent, lost, silent) - integrate_chance(sent, lost, silent));
                worst = off > worst ? off : worst;
            }
    ok(worst < 1e-6, "the chance is the integral that it stands for, to %g", worst);
}

static void test_longest_wait(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    see_probe(session, 0, 1, 1, 0);
    see_probe(session, 0, 2, 2, MS);
    is_num(see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 3200 * MS).role, FRAME_STRAY,
           "at the longest wait a probe is settled, and an answer of that moment is none");
    is_num(log.probes, 1, "it is settled by then");
    is_num(see_error(session, "10.0.1.1", 11, 0, 0, 2, NULL, 3201 * MS - 1).role, FRAME_REPLY,
           "a nanosecond before, it is one");
    session_free(session);
}

static void test_flood_of_doubles(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    see_probe(session, 0, 1, 1, 0);
    for (unsigned i = 0; i < 2 * REPLIES_MOST; i++)
        see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, MS + i);
    is_num(trace_probe(session_trace(session, 0), 1)->reply_count, REPLIES_MOST, "doubles without end are not kept");
    session_free(session);
}

/* A target sends its SYN/ACK again after a second, where the RST that it waits for is lost. */
static void test_second_answers_stretch_no_wait(void)
{
    static const char *const tcp[] = {"tcp/443", NULL};
    struct log log;
    struct session *session = start(tcp, &log, 1);
    see_probe(session, 0, 1, 2, 0);
    see_tcp(session, TCP_SYN | TCP_ACK, 60, 0, 1, 10 * MS);
    see_tcp(session, TCP_SYN | TCP_ACK, 60, 0, 1, 1000 * MS);
    see_probe(session, 0, 2, 1, 1001 * MS);
    session_tick(session, START + 1101 * MS);
    is_num(trace_probe(session_trace(session, 0), 2)->state, PROBE_EXPIRED, "an answer sent twice stretches no wait");
    session_free(session);
}

static void test_comment_is_no_answer(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    see_probe(session, 0, 1, 2, 0);
    is_num(see_error(session, "10.0.0.1", 5, 1, 0, 1, NULL, MS).role, FRAME_STRAY, "a redirect is a stray");
    see_error(session, "10.0.1.1", 11, 0, 0, 1, NULL, 2 * MS);
    is_num(session_trace(session, 0)->last_router_ttl, 2, "and the answer behind it the first");
    session_free(session);
}

/* The four hops that are asked are all silent, fewer than the gap. */
static void test_end_of_late_start(void)
{
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.first_ttl = 5;
    config.max_ttl = 8;
    struct session *session = session_new(&config, true, NULL, &err);
    for (uint8_t ttl = 5; ttl <= 8; ttl++)
        see_probe(session, 0, ttl, ttl, ttl);
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    is_num(session_trace(session, 0)->end, END_MAX_TTL, "a silence shorter than the gap ends at the largest TTL");
    session_free(session);
}

/* Refusals are no routers: two devices that refuse in turn are no circle. */
static void test_refusals_are_no_circle(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    static const char *const from[] = {"10.0.0.1", "10.0.1.1", "10.0.0.1", "10.0.1.1"};
    for (uint8_t ttl = 1; ttl <= 4; ttl++)
        see_probe(session, 0, ttl, ttl, ttl);
    for (uint8_t ttl = 1; ttl <= 4; ttl++)
        see_error(session, from[ttl - 1], ttl == 3 ? 3 : 11, ttl == 3 ? 13 : 0, 0, ttl, NULL, ttl * MS);
    is_num(session_trace(session, 0)->loop_first, 0, "a refusal does not close a circle");
    session_free(session);
}

/* The live session paces itself: never more than three of a spec at a hop, and the diagonal order. */
static void test_pacing(void)
{
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.queries = 10;
    struct session *session = session_new(&config, false, NULL, &err);
    unsigned at_hop[256] = {0}, sends = 0, most = 0;
    nstime now = START;
    bool spaced = true;
    nstime last = 0;
    for (unsigned turn = 0; turn < 1000; turn++) {
        struct wish wish = session_wish(session, now);
        if (wish.kind != WISH_SEND) {
            if (wish.kind == WISH_DONE || wish.until > START + 50 * MS)
                break;
            now = wish.until;
            continue;
        }
        spaced = spaced && (!sends || now - last >= config.send_gap);
        last = now;
        session_sent(session, &wish, 0, now);
        at_hop[wish.ttl]++;
        most = at_hop[wish.ttl] > most ? at_hop[wish.ttl] : most;
        if (sends++ < 3)
            is_num(wish.ttl, sends < 3 ? 1 : 2, "send %u goes to the right hop", sends);
        now += 1000;
    }
    is_num(most, 3, "three unanswered at a hop at most");
    is_num(sends, 48, "sixteen hops ahead");
    ok(spaced, "never closer than the gap");
    session_free(session);
}

/* Sends as soon as the session wishes, but `late` after the time for which it waits. Returns the time of the last. */
static nstime send_late(struct session *session, nstime now, unsigned sends, nstime late)
{
    nstime last = now;
    while (sends > 0) {
        struct wish wish = session_wish(session, now);
        if (wish.kind == WISH_SEND) {
            session_sent(session, &wish, 0, now);
            last = now;
            sends--;
        } else {
            now = wish.until + late;
        }
    }
    return last;
}

/* A port list is sent at its rate, although our process is late for each send. */
static void test_mean_gap(void)
{
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.queries = 10;
    config.send_gap = MS;
    struct session *session = session_new(&config, false, NULL, &err);
    is_num(send_late(session, START, 11, MS / 2) - START, 15 * MS, "a least gap: each late send delays the next");
    session_free(session);
    config.gap_is_mean = true;
    session = session_new(&config, false, NULL, &err);
    nstime last = send_late(session, START, 11, MS / 2);
    is_num(last - START, 10 * MS + MS / 2, "a mean gap: it does not");
    unsigned burst = 0;
    struct wish wish = session_wish(session, last + 35 * MS);
    for (; wish.kind == WISH_SEND; wish = session_wish(session, last + 35 * MS), burst++)
        session_sent(session, &wish, 0, last + 35 * MS);
    is_num(burst, 11, "after a long pause ten sends are made up for");
    session_free(session);
}

static struct frame_note see_flow(struct session *session, unsigned trace, unsigned flow, uint16_t serial, uint8_t ttl,
                                  nstime at)
{
    uint8_t bytes[1500];
    const struct flow *of = trace_flow(session_trace(session, trace), flow);
    flow_stamp(of, serial, ttl, bytes);
    return see_bytes(session, bytes, of->size, at);
}

/* The same probe from other source ports. */
static void test_alternates(void)
{
    static const char *const specs[] = {"icmp", "udp", "tcp/443", "ip/50", NULL};
    struct err err = {0};
    struct session_config config = handmade_config(specs);
    config.flows = 12;
    struct session *session = session_new(&config, true, NULL, &err);
    static bool used[65536];
    unsigned twice = 0, equal = 0;
    for (unsigned i = 0; i < 3; i++) {
        const struct trace *trace = session_trace(session, i);
        is_num(trace->flow_count, 12, "%s: twelve flows", specs[i]);
        for (unsigned k = 0; k < trace->flow_count; k++) {
            const struct flow *flow = trace_flow(trace, k);
            twice += used[flow->source_port];
            used[flow->source_port] = true;
            equal += flow->target_port == trace->flow.target_port && flow->size == trace->flow.size;
        }
    }
    is_num(twice, 0, "no source port comes twice");
    is_num(equal, 36, "and nothing else differs");
    is_num(session_trace(session, 3)->flow_count, 1, "a bare protocol has nothing that could vary");

    const struct trace *udp = session_trace(session, 1);
    is_num(see_flow(session, 1, 0, 1, 3, 0).role, FRAME_PROBE, "a probe of the trace's own flow");
    ok(!udp->origin.source_port_varies, "whose source port does not vary");
    is_num(see_flow(session, 1, 5, 2, 3, MS).role, FRAME_PROBE, "a probe of an alternate");
    const struct probe *probe = trace_probe(udp, 2);
    is_num(probe->flow, 5, "known as that");
    is_num(probe->source_port, trace_flow(udp, 5)->source_port, "with its own source port");
    ok(udp->origin.source_port_varies, "so that the trace's varies");
    is_num(trace_asked(udp, 3), 2, "both at one hop of one trace");
    is_num(see_flow(session, 1, 0, 2, 3, 2 * MS).role, FRAME_STRAY, "a serial is one probe's, in any flow");
    session_free(session);

    config.source_port = 65535;
    config.flows = FLOWS_COMPARED_MOST;
    session = session_new(&config, true, NULL, &err);
    unsigned low = 0;
    for (unsigned k = 0; k < config.flows; k++)
        low += trace_flow(session_trace(session, 1), k)->source_port < 49152;
    is_num(low, 0, "from the last port on they go round among the dynamic ones");
    session_free(session);
    config.flows++;
    ok(!session_new(&config, true, NULL, &err), "more than there can be is refused");
    is_num(err.status, STATUS_USAGE, "as a usage error");
}

/* The search for all paths has thousands of flows: each is told by its port, or label. */
static void test_many_flows(void)
{
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.strategy = &strategy_paths;
    config.flows = FLOW_ALTERNATES_MOST + 1;
    config.confidence = 950000;
    config.budget = 10000;
    struct session *session = session_new(&config, true, NULL, &err);
    if (!ok(session, "as many flows as there can be"))
        return;
    const struct trace *trace = session_trace(session, 0);
    is_num(trace->flow_count, FLOW_ALTERNATES_MOST + 1, "all of them are there");
    unsigned wrong = 0;
    for (unsigned k = 0; k < trace->flow_count; k++)
        wrong += flow_index_of_port(&trace->flow, trace_flow(trace, k)->source_port, 1) != k;
    is_num(wrong, 0, "each is told by its port");
    ok(flow_index_of_port(&trace->flow, 53, 1) > FLOW_ALTERNATES_MOST, "a port that none has tells none");
    is_num(see_flow(session, 0, 3000, 1, 4, 0).role, FRAME_PROBE, "a probe of one of them");
    is_num(trace_probe(trace, 1)->flow, 3000, "known as that");
    is_num(see_error_of_flow(session, "10.0.4.1", 0, 3000, 1, 0, MS).role, FRAME_REPLY, "its answer");
    is_num(see_flow(session, 0, 17, 2, 5, 2 * MS).role, FRAME_PROBE, "a probe of another");
    is_num(see_error_of_flow(session, "10.0.5.1", 0, 17, 2, 9, 3 * MS).role, FRAME_REPLY,
           "its answer, where a NAT changed the port");
    const struct reply *reply = probe_answer(trace_probe(trace, 2));
    ok(reply && reply->match == MATCH_REWRITTEN, "by the number that it tells");
    is_num(see_error_of_flow(session, "10.0.5.1", 0, 18, 2, 9, 4 * MS).role, FRAME_STRAY,
           "the number of one flow's probe on another's packet is no answer");
    session_free(session);

    config.confidence = 1000000;
    ok(!session_new(&config, true, NULL, &err), "nothing is sure");
    config.confidence = 950000;
    config.flows++;
    ok(!session_new(&config, true, NULL, &err), "more flows than there are ports set aside");
    struct flow six = {.spec = config.specs[0], .source_port = 50000, .flow_label = 0xffff0};
    six.target.family = 6;
    wrong = 0;
    for (unsigned k = 1; k <= FLOW_ALTERNATES_MOST; k++) {
        struct flow other;
        flow_alternate(&six, k, 3, &other);
        wrong += flow_index_of_label(&six, other.flow_label, 3) != k;
        wrong += flow_index_of_port(&six, other.source_port, 3) != k;
    }
    is_num(wrong, 0, "labels and ports go round, and tell the flow all the same");
}

/* In a search for all paths, ways of different lengths are no circle, and the report goes on to the longest's end. */
static void test_ways_of_different_lengths(void)
{
    static const char *const routers[] = {"", "10.0.1.1", "10.0.2.1", "10.0.1.1", "10.0.2.1"};
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.strategy = &strategy_paths;
    config.flows = FLOWS_COMPARED_MOST + 1;
    config.confidence = 950000;
    config.budget = 10000;
    for (unsigned other = 0; other < 2; other++) { /* flow behind hop 2 */
        struct session *session = session_new(&config, true, NULL, &err);
        const struct trace *trace = session_trace(session, 0);
        for (uint8_t ttl = 1; ttl <= 4; ttl++) {
            unsigned flow = ttl > 2 ? other : 0;
            see_flow(session, 0, flow, ttl, ttl, ttl * MS);
            see_error_of_flow(session, routers[ttl], 0, flow, ttl, 0, ttl * MS + MS / 2);
        }
        is_num(trace->loop_first, other ? 0 : 1,
               other ? "routers met again by another flow are no circle" : "those met again by the same flow are");
        for (uint8_t ttl = 3; other && ttl <= 7; ttl++)
            see_flow(session, 0, ttl > 4 ? other : 0, (uint16_t)(2 + ttl), ttl, 10 * MS + ttl * MS);
        if (other) {
            see_error(session, "10.0.9.9", 3, 3, 0, 5, NULL, 20 * MS);
            is_num(trace->reached_ttl, 3, "the target at the end of one way");
            is_num(trace_last_ttl(trace), 5, "and behind the last router of the other");
        }
        session_free(session);
    }
}

/* Behind hop 1 no router answers; some flows come out of that silence at the target a hop earlier than others. */
static void test_silences_of_different_lengths(void)
{
    enum { FLOWS = 16, EARLY = 8, TRIES = 4 };
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.strategy = &strategy_paths;
    config.flows = FLOWS_COMPARED_MOST + 8;
    config.confidence = 950000;
    config.budget = 10000;
    struct session *session = session_new(&config, true, NULL, &err);
    uint16_t serial = 0;
    nstime at = 0;
    for (uint8_t ttl = 1; ttl <= 4; ttl++)
        for (unsigned flow = 0; flow < FLOWS; flow++) {
            bool at_target = ttl == (flow < EARLY ? 3 : 4);
            for (unsigned try = 0; try < (ttl == 1 || at_target ? 1 : TRIES); try++, at += 1200 * MS) {
                see_flow(session, 0, flow, ++serial, ttl, at);
                if (ttl == 1)
                    see_error_of_flow(session, "10.0.1.1", 0, flow, serial, 0, at + MS);
                if (at_target)
                    see_goal_of_flow(session, 0, flow, serial, at + MS);
            }
        }
    session_tick(session, START + at + 10 * NS_PER_S);
    const struct trace *trace = session_trace(session, 0);
    struct graph graph;
    unsigned leading[8] = {0}, led_to[8] = {0};
    if (ok(graph_build(&trace, 1, 0.95, false, &graph), "a graph") &&
        is_num(graph.node_count, 5, "a router, the target, and three silent nodes"))
        for (unsigned i = 0; i < graph.edge_count; i++) {
            leading[graph.edges[i].from]++;
            led_to[graph.edges[i].to]++;
        }
    is_num(graph.edge_count, 5, "one way of three edges, one of two");
    for (unsigned i = 1; i < graph.node_count; i++)
        ok(led_to[i] && (leading[i] == 1 || graph.nodes[i].is_target), "node %u is on one of them", i);
    graph_free(&graph);
    session_free(session);
}

/* Twelve flows probed hop 1, and 40 hop 2: all 40 are known to have come through the only router of hop 1. */
static void test_known_flows(void)
{
    enum { FLOWS = 40, BOTH = 12 };
    static const char *const routers[] = {"10.0.2.1", "10.0.2.2"};
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.strategy = &strategy_paths;
    config.flows = FLOWS_COMPARED_MOST + 32;
    config.confidence = 950000;
    config.budget = 10000;
    struct session *session = session_new(&config, true, NULL, &err);
    uint16_t serial = 0;
    nstime at = 0;
    for (uint8_t ttl = 1; ttl <= 2; ttl++)
        for (unsigned flow = 0; flow < (ttl == 1 ? BOTH : FLOWS); flow++, at += 10 * MS) {
            see_flow(session, 0, flow, ++serial, ttl, at);
            see_error_of_flow(session, ttl == 1 ? "10.0.1.1" : routers[flow < 4 || flow % 2], 0, flow, serial, 0,
                              at + MS);
        }
    session_tick(session, START + at + 10 * NS_PER_S);
    const struct trace *trace = session_trace(session, 0);
    struct graph graph;
    if (ok(graph_build(&trace, 1, 0.95, false, &graph), "a graph") && is_num(graph.edge_count, 2, "two links")) {
        is_num(graph.edges[0].flows + graph.edges[1].flows, BOTH, "flows that were seen at both ends");
        is_num(graph.edges[0].flows, 4, "of these, few took the first link");
        is_num(graph.edges[0].known, 18, "flows that are known to have crossed the first link");
        is_num(graph.edges[1].known, 22, "and the second");
    }
    graph_free(&graph);
    session_free(session);
}

/* The session leaves out claims of a capture beyond the packet: the rest counts as it is, and once as malformed. */
static void test_clamped(void)
{
    struct log log;
    struct session *session = start(udp_only, &log, 1);
    const struct flow *flow = &session_trace(session, 0)->flow;
    uint8_t bytes[1500];
    flow_stamp(flow, 1, 1, bytes);
    struct frame frame = {.bytes = bytes,
                          .captured = flow->size,
                          .length = flow->size,
                          .linktype = LINKTYPE_RAW,
                          .clamped = true,
                          .time = START};
    struct packet packet;
    packet_decode(&frame, &packet);
    is_num(session_frame(session, &frame, &packet).role, FRAME_PROBE, "a clamped frame is still our probe");
    is_num(session_counters(session)->malformed, 1, "and malformed");
    session_free(session);
}

/* Sends until nothing is wished any more, and shows the session no frame: the count of sends. */
static unsigned send_unseen(struct session *session, unsigned most)
{
    unsigned sends = 0;
    nstime now = START;
    for (unsigned turn = 0; turn < 100 * most; turn++) {
        struct wish wish = session_wish(session, now);
        if (wish.kind == WISH_DONE)
            return sends;
        if (wish.kind == WISH_SEND) {
            session_sent(session, &wish, 0, now);
            sends++;
        } else {
            now = wish.until;
            session_tick(session, now);
        }
    }
    ok(false, "comes to its end");
    return sends;
}

/* A capture that lags behind the sends, or shows none of them, lets no more go out than were allowed. */
static void test_budget(void)
{
    static const char *const three[] = {"udp", "icmp", "tcp/443", NULL};
    static const struct {
        const char *const *specs;
        const struct strategy *strategy;
        const char *name;
    } rows[] = {{udp_only, &strategy_paths, "paths"}, {three, &strategy_diagnose, "a diagnosis"}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned budget = 50; budget <= 53; budget++) {
            struct err err = {0};
            struct session_config config = handmade_config(rows[i].specs);
            config.strategy = rows[i].strategy;
            config.flows = FLOWS_COMPARED_MOST;
            config.confidence = 999000;
            config.budget = budget;
            config.max_ttl = config.gap = 64; /* silence ends it no earlier */
            struct session *session = session_new(&config, false, NULL, &err);
            if (ok(session, "%s", rows[i].name))
                is_num(send_unseen(session, budget), budget, "%s with a budget of %u sends as many", rows[i].name,
                       budget);
            session_free(session);
        }
}

/* Another run with the same seed: its probes are taken for ours before we have sent any. */
static void test_twin(void)
{
    struct err err = {0};
    struct session_config config = handmade_config(udp_only);
    config.queries = 3;
    struct session *session = session_new(&config, false, NULL, &err);
    unsigned at_hop[256] = {0}, turn = 0;
    nstime now = START + 2 * MS;
    see_probe(session, 0, 50, 2, 0);
    see_error(session, "10.0.0.2", 11, 0, 0, 50, NULL, MS);
    struct wish wish = session_wish(session, now);
    for (; wish.kind != WISH_DONE && turn < 5000; turn++) {
        if (wish.kind == WISH_SEND) {
            session_sent(session, &wish, 0, now);
            at_hop[wish.ttl]++;
        } else if (wish.until == NSTIME_NEVER) {
            break;
        } else {
            now = wish.until;
            session_tick(session, now);
        }
        wish = session_wish(session, now);
    }
    is_num(wish.kind, WISH_DONE, "beside a twin a run comes to its end");
    ok(at_hop[2] >= 2, "and asks the hop that its twin has asked");
    session_free(session);
}

/* A connection that one run left half open at the target answers another run with the same port. */
static void test_drawn_ports(void)
{
    static const char *const two[] = {"tcp/443", "tcp/80", NULL};
    enum { RUNS = 60 };
    uint16_t ports[2 * RUNS];
    unsigned alike = 0;
    struct session_config config = handmade_config(two);
    config.source_port = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        struct err err = {0};
        config.seed = run + 1;
        struct session *session = session_new(&config, true, &(struct session_events){0}, &err);
        for (unsigned i = 0; i < 2; i++)
            ports[2 * run + i] = session_trace(session, i)->flow.source_port;
        if (ports[2 * run] == ports[2 * run + 1] || ports[2 * run] < 49152 || ports[2 * run + 1] < 49152)
            alike += 1000;
        session_free(session);
    }
    for (unsigned i = 0; i < 2 * RUNS; i++)
        for (unsigned k = 0; k < i; k++)
            alike += ports[i] == ports[k];
    ok(alike <= 4, "dynamic ports, another for each spec, and hardly one that another run had (%u)", alike);
}

int main(void)
{
    test_answer_and_duplicates();
    test_replies_in_excess();
    test_claims_in_excess();
    test_large_flows();
    test_other_interface();
    test_nat_in_quote();
    test_expiry_is_by_stamps();
    test_settling_in_order();
    test_in_flight_at_the_end();
    test_loop();
    test_refused_and_unseen();
    test_strong_over_weak();
    test_other_run();
    test_interrupt();
    test_stats();
    test_compare_chance();
    test_place_by_loss();
    test_chance_is_the_integral();
    test_longest_wait();
    test_flood_of_doubles();
    test_second_answers_stretch_no_wait();
    test_comment_is_no_answer();
    test_end_of_late_start();
    test_refusals_are_no_circle();
    test_pacing();
    test_mean_gap();
    test_alternates();
    test_many_flows();
    test_ways_of_different_lengths();
    test_silences_of_different_lengths();
    test_known_flows();
    test_clamped();
    test_budget();
    test_twin();
    test_drawn_ports();
    return tap_done();
}
