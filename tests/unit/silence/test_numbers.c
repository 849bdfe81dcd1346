/* SPDX-License-Identifier: BSD-2-Clause */
/* test_numbers: the numbers by which an unanswered probe counts. Each test names the harm that another number would do.
 */
#include "silence/comparison.h"
#include "silence/end.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "tap.h"
#include "unit/support/fake_session.h"

#define R1 "10.0.1.1"
#define R2 "10.0.2.1"
#define TARGET "192.0.2.80"

/* udp falls silent (trace 0), tcp/80 does not (trace 1). */
enum { UDP, TCP };

struct play {
    struct fake fake;
    struct trace_set set;
    const struct trace *traces[2];
    nstime ends[1];
};

static void begin(struct play *play, bool is_diagnose)
{
    *play = (struct play){0};
    fake_init(&play->fake, "target", TARGET, "udp tcp/80");
    play->traces[UDP] = fake_trace(&play->fake, UDP);
    play->traces[TCP] = fake_trace(&play->fake, TCP);
    play->set = (struct trace_set){.traces = play->traces, .count = 2, .max_ttl = 30, .is_diagnose = is_diagnose};
}

static void finish(struct play *play)
{
    fake_free(&play->fake);
}

/* Each sends a probe so many milliseconds after the start. */
static const struct probe *answered(struct play *play, unsigned trace, uint8_t ttl, const char *from, double at,
                                    double ms)
{
    play->fake.now = FAKE_START + (nstime)(at * 1e6);
    fake_hop(&play->fake, trace, ttl, from, ms);
    return &play->traces[trace]->probes[play->traces[trace]->probe_count - 1];
}

static const struct probe *silent(struct play *play, unsigned trace, uint8_t ttl, double at)
{
    play->fake.now = FAKE_START + (nstime)(at * 1e6);
    fake_expire(&play->fake, trace, fake_send(&play->fake, trace, ttl));
    return &play->traces[trace]->probes[play->traces[trace]->probe_count - 1];
}

static void reached(struct play *play, unsigned trace, uint8_t ttl, double at)
{
    play->fake.now = FAKE_START + (nstime)(at * 1e6);
    fake_answer(&play->fake, trace, fake_send(&play->fake, trace, ttl),
                &(struct fake_reply){.from = TARGET, .ms = 1, .kind = REPLY_SYN_ACK});
}

/* --- which silences count --- */

/* The chance that two silences of udp at hop 2, so far apart, are loss. */
static double chance_of_two(double apart)
{
    struct play play;
    struct comparison got;
    begin(&play, false);
    answered(&play, UDP, 1, R1, 0, 1);
    answered(&play, TCP, 1, R1, 1, 1);
    for (unsigned i = 0; i < 2; i++) {
        silent(&play, UDP, 2, 100 + i * apart);
        answered(&play, TCP, 2, R2, 101 + i * apart, 1);
    }
    silence_compare(&play.set, play.traces[UDP], &got);
    finish(&play);
    return got.chance;
}

static void test_independent_after(void)
{
    ok(chance_of_two(45) > 0.3, "probes 45 ms apart share their fate: one burst of loss would count twice");
    ok(chance_of_two(55) < 0.11, "probes 55 ms apart do not: each further sample would cost time");
}

static bool shows_token_after(double ms, double round_trip)
{
    struct play play;
    begin(&play, true);
    silent(&play, UDP, 1, 0);
    answered(&play, TCP, 1, R1, ms, round_trip);
    bool shows =
        rate_limit_shows_token(&play.set, &play.traces[TCP]->probes[0], &play.traces[UDP]->probes[0], NS_PER_S);
    finish(&play);
    return shows;
}

static void test_slack(void)
{
    ok(!shows_token_after(9, 80),
       "of 80 ms, an answer to a probe 9 ms later shows no token for the earlier one: it may have overtaken that");
    ok(shows_token_after(11, 80), "11 ms later it does: more would leave each silence unexplained");
}

static bool is_backed_after(double ms, double send_gap)
{
    struct play play;
    begin(&play, false);
    play.set.send_gap = (nstime)(send_gap * 1e6);
    silent(&play, UDP, 1, 0);
    answered(&play, TCP, 1, R1, ms, 1);
    bool backed = rate_limit_had_token(&play.set, play.traces[UDP], &play.traces[UDP]->probes[0]);
    finish(&play);
    return backed;
}

static void test_backing(void)
{
    ok(is_backed_after(9, 0.5), "an answer to a probe 9 ms later shows that the router had a token");
    ok(!is_backed_after(11, 0.5),
       "11 ms later it does not: the token may be a new one, and a rate limit be called a drop");
    ok(is_backed_after(75, 20), "at a probe in 20 ms, an answer to the next but two shows it, too");
    ok(!is_backed_after(85, 20), "85 ms later it does not: the token may be a new one");
}

/* --- traces that were made apart --- */

/* A probe so long before the end of its capture; `slowest` is the slowest answer from as far, 0: there is none. */
static bool is_silent_before_end(double ms, double slowest)
{
    struct play play;
    begin(&play, false);
    const struct probe *probe = silent(&play, UDP, 2, 0);
    play.set.is_apart = true;
    play.set.ends = play.ends;
    play.set.timed_ttl = slowest > 0 ? 2 : 0;
    play.set.slowest = (nstime)(slowest * 1e6);
    play.ends[0] = FAKE_START + (nstime)(ms * 1e6);
    bool is_silent = sample_is_silent(&play.set, probe);
    finish(&play);
    return is_silent;
}

static void test_waiting(void)
{
    ok(!is_silent_before_end(900, 0), "a capture that ends 0.9 s after a probe may have missed the answer");
    ok(is_silent_before_end(1100, 0),
       "1.1 s after it, it has not: longer waits would leave short captures unexplained");
    ok(!is_silent_before_end(90, 1), "where answers take 1 ms, 90 ms are too short: a busy router takes longer");
    ok(is_silent_before_end(110, 1), "and 110 ms are enough");
}

static bool is_rested_after(double ms)
{
    struct play play;
    begin(&play, false);
    play.set.is_apart = true;
    play.set.ends = play.ends;
    play.ends[0] = NSTIME_NEVER;
    answered(&play, TCP, 1, R1, 0, 1);
    silent(&play, UDP, 1, ms);
    bool backed = rate_limit_had_token(&play.set, play.traces[UDP], &play.traces[UDP]->probes[0]);
    finish(&play);
    return backed;
}

static void test_rested(void)
{
    ok(!is_rested_after(1000),
       "a router that answered a second ago may have no token: a rate limit would be called a drop");
    ok(is_rested_after(1200), "after 1.2 s Linux has one: longer would leave each silence unexplained");
}

/* --- the end of the path --- */

/* Losses on the way that are seen, if one probe is silent at hop 1, so long after the router answered so many. */
static unsigned lost_on_way(unsigned answers, double ms)
{
    struct play play;
    struct end_comparison got;
    begin(&play, true);
    for (unsigned i = 0; i < answers; i++)
        answered(&play, UDP, 1, R1, i, 1);
    silent(&play, UDP, 1, ms);
    answered(&play, UDP, 2, R2, ms + 200, 1);
    silence_compare_end(&play.set, play.traces[TCP], &got);
    finish(&play);
    return got.way.silent;
}

static void test_burst(void)
{
    is_num(lost_on_way(5, 1000), 1, "a router that answered five in six seconds has a token left: its silence is loss");
    is_num(lost_on_way(6, 1000), 0, "after six it may have none: a rate limit would count as loss");
    is_num(lost_on_way(6, 5900), 0, "nor has it all back after 5.9 s");
    is_num(lost_on_way(6, 6100), 1, "after 6.1 s it has: else no silence would ever be loss");
}

/* How sure it is that udp is unanswered at the target, which lost one of ten probes of tcp. */
static double confidence_after(unsigned silences)
{
    struct play play;
    struct end_comparison got;
    begin(&play, true);
    for (unsigned ttl = 1; ttl <= 2; ttl++)
        for (unsigned trace = UDP; trace <= TCP; trace++)
            answered(&play, trace, (uint8_t)ttl, ttl == 1 ? R1 : R2, 100 * ttl + trace, 1);
    for (unsigned i = 0; i < 40; i++)
        answered(&play, TCP, 1, R1, 400 + 10 * i, 1); /* nothing is lost on the way */
    for (unsigned i = 0; i < 9; i++)
        reached(&play, TCP, 3, 1000 + 100 * i);
    silent(&play, TCP, 3, 2000);
    for (unsigned i = 0; i < silences; i++) {
        silent(&play, UDP, 3, 3000 + 100 * i);
        answered(&play, UDP, 2, R2, 3000.5 + 100 * i, 1);
    }
    silence_compare_end(&play.set, play.traces[UDP], &got);
    finish(&play);
    return got.confidence;
}

static void test_odds(void)
{
    ok(confidence_after(3) < 0.95,
       "where the target loses one probe in ten, three silences are no proof: even odds were "
       "wrong in 40 of 100 claims");
    ok(confidence_after(6) >= 0.95, "six are: longer odds would call each lossy target inconclusive");
    ok(confidence_after(40) == 0.999,
       "however many, one claim in 1000 may be wrong: routes change, filters are loaded");
}

int main(void)
{
    test_independent_after();
    test_slack();
    test_backing();
    test_waiting();
    test_rested();
    test_burst();
    test_odds();
    return tap_done();
}
