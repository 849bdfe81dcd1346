/* SPDX-License-Identifier: BSD-2-Clause */
/* What counts as a sample, when a bucket has a token, and how likely loss is. */
#include <math.h>

#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "tap.h"

#define MS NS_PER_MS

static void test_sample(void)
{
    ok(!sample_is_same(NSTIME_NONE, 5 * MS), "the first probe begins a sample");
    ok(sample_is_same(5 * MS, 5 * MS) && sample_is_same(5 * MS, 54 * MS), "a burst of losses takes probes 49 ms apart");
    ok(!sample_is_same(5 * MS, 55 * MS), "50 ms later is another sample");
}

static void test_refill(void)
{
    ok(rate_limit_is_refilled(NSTIME_NONE, 0), "a bucket that was never used has a token");
    ok(!rate_limit_is_refilled(0, 1000 * MS), "Linux has a new token after a second, but the path has jitter");
    ok(rate_limit_is_refilled(0, 1100 * MS), "after 1.1 s there is one");
    is_num((unsigned)(rate_limit_slack(80 * MS) / MS), 10, "an eighth of the round trip is for shorter paths");
    is_num((unsigned)rate_limit_slack(-1), 0, "a reply that seems to precede its probe has no slack");
}

static void test_span(void)
{
    struct trace_set set = {.send_gap = MS};
    is_num((unsigned)(rate_limit_span(&set) / MS), 10, "within 10 ms no bucket is refilled");
    set.send_gap = 20 * MS;
    is_num((unsigned)(rate_limit_span(&set) / MS), 80, "a slow run counts its next four sends");
}

static void test_wait(void)
{
    const nstime ends[] = {2000 * MS};
    struct probe probe = {.ttl = 3, .sent = 1500 * MS};
    struct trace_set set = {.is_apart = true, .ends = ends};
    ok(!sample_is_silent(&set, &probe), "the capture ends half a second later: a reply may have come after it");
    set.timed_ttl = 3;
    set.slowest = 50 * MS;
    ok(sample_is_silent(&set, &probe), "ten times the slowest reply is enough where replies come from as far away");
    probe.ttl = 4;
    ok(!sample_is_silent(&set, &probe), "but not farther away");
    probe.ttl = 3;
    probe.sent = 1950 * MS;
    set.slowest = MS;
    ok(!sample_is_silent(&set, &probe), "a tenth of a second at least");
}

static void test_loss(void)
{
    const struct loss_count others = {.sent = 10, .silent = 2}, all = {.sent = 3, .silent = 3}, none = {.sent = 3};
    ok(fabs(loss_chance(0, 0, 1) - 0.5) < 1e-12, "without others, one silence is loss with even odds");
    ok(fabs(loss_chance(10, 2, 3) - 3.0 / 12 * 4 / 13 * 5 / 14) < 1e-12, "three silences beside two of ten lost");
    ok(fabs(loss_chance_at_least(&all, &others) - loss_chance(10, 2, 3)) < 1e-9, "three of three or more is the same");
    ok(fabs(loss_chance_at_least(&none, &others) - 1) < 1e-9, "none or more is certain");
    ok(fabs(exp(loss_log_choose(12, 5)) - 792) < 1e-6, "12 choose 5");
}

int main(void)
{
    test_sample();
    test_refill();
    test_span();
    test_wait();
    test_loss();
    return tap_done();
}
