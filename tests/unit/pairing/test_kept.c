/* SPDX-License-Identifier: BSD-2-Clause */
/* Delays that pairing keeps of many: what those still show. scripts/mutate changes how many it keeps. */
#include <math.h>
#include <stdlib.h>

#include "pairing/least.h"
#include "pairing/state.h"
#include "tap.h"

#define SERIES 200
#define DELAYS 1009 /* of a series; prime */

static int by_ahead(const void *a, const void *b)
{
    const struct delay_sample *x = a, *y = b;
    return x->ahead < y->ahead ? -1 : x->ahead > y->ahead;
}

/* The delays 0 to DELAYS - 1 in an order of their own. Returns by how much of them the p95 of those kept is wrong. */
static double p95_error(unsigned series)
{
    struct delays delays = {.seen = 0};
    for (unsigned i = 0; i < DELAYS; i++) {
        nstime delay = (nstime)i * (series + 2) % DELAYS;
        delays_add(&delays, i, delay, delay);
    }
    qsort(delays.kept, delays.count, sizeof *delays.kept, by_ahead);
    double share = (double)delays.kept[delays.count * 19 / 20].ahead / DELAYS;
    free(delays.kept);
    return share - 0.95;
}

static void test_delays(void)
{
    double squares = 0;
    for (unsigned series = 0; series < SERIES; series++)
        squares += pow(p95_error(series), 2);
    double error = sqrt(squares / SERIES);
    ok(error < 0.021, "the p95 of the delays that are kept is wrong by %.2f %% of all", 100 * error);

    struct delays delays = {.seen = 0};
    for (unsigned i = 0; i < DELAYS; i++)
        delays_add(&delays, i, i, i);
    size_t bytes = delays.capacity * sizeof *delays.kept;
    ok(bytes <= 2048, "delays of a way take %zu bytes", bytes);
    free(delays.kept);
}

/* For 1,000 s a packet passes each way ten times a second. For 5 of these the far clock is 200 ms ahead. */
static nstime ahead_at(nstime at)
{
    return at > 500 * NS_PER_S && at < 505 * NS_PER_S ? 200 * NS_PER_MS : 0;
}

static void test_least(void)
{
    struct least_delays *least = least_new(0, 1000 * NS_PER_S);
    struct clock_estimate clock;
    unsigned wrong = 0;
    for (unsigned i = 0; least && i < 10000; i++) {
        nstime at = 100 * NS_PER_MS * i, queue = NS_PER_MS / 10 * (i * 7919 % 97);
        least_add(least, true, at, at + ahead_at(at) + 10 * NS_PER_MS + queue);
        least_add(least, false, at + 20 * NS_PER_MS + queue, at + ahead_at(at) + 10 * NS_PER_MS);
    }
    if (!least || !least_estimate(least, &clock))
        abort();
    for (nstime at = NS_PER_S / 2; at < 1000 * NS_PER_S; at += NS_PER_S) {
        nstime off = clock_apply(&clock, at) - at - ahead_at(at);
        wrong += off < -20 * NS_PER_MS || off > 20 * NS_PER_MS;
    }
    is_num(clock.count, 3, "a clock that was set for 5 s of 1,000 is followed");
    is_num(wrong, 0, "and is right at all times");
    least_free(least);
}

int main(void)
{
    test_delays();
    test_least();
    return tap_done();
}
