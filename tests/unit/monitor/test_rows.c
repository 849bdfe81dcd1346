/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of `watch`: statistics of many probes in bounded memory. */
#include "monitor/rows.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

static bool is_near(double got, double want, double share)
{
    return fabs(got - want) <= share * want;
}

/* --- the sketch --- */

static void test_sketch(void)
{
    struct sketch *sketch = calloc(1, sizeof *sketch);
    for (unsigned i = 1; i <= 1000; i++)
        sketch_add(sketch, i / 10.0);
    ok(is_near(sketch_quantile(sketch, 0.5), 50, 0.025), "the median is right to 2.5 %%: %g",
       sketch_quantile(sketch, 0.5));
    ok(is_near(sketch_quantile(sketch, 0.95), 95, 0.025), "so is the 95th percentile: %g",
       sketch_quantile(sketch, 0.95));
    unsigned used = 0;
    for (unsigned bin = 0; bin < SKETCH_BINS; bin++)
        used += sketch->bins[bin] > 0;
    ok(used >= 90 && used <= 120, "a thousandfold range takes about 110 bins: %u", used);
    free(sketch);
    sketch = calloc(1, sizeof *sketch);
    ok(sketch_quantile(sketch, 0.5) == 0, "without a value it is 0");
    sketch_add(sketch, 0.012);
    sketch_add(sketch, 0);
    sketch_add(sketch, 1e9);
    ok(is_near(sketch_quantile(sketch, 0.6), 0.012, 0.026), "12 us are not too small");
    is_num(sketch->bins[SKETCH_BINS - 1], 1, "the largest values share the last bin");
    free(sketch);
}

/* --- the rows --- */

static struct spec_rows *rows;
static struct trace trace;
static uint16_t serial;

static struct addr address_of(const char *text)
{
    struct addr address = {0};
    if (!addr_parse(text, &address))
        abort();
    return address;
}

/* A probe that was answered by `from` after so many microseconds; NULL: it timed out. It settles. */
static void add(uint8_t ttl, uint16_t flow, const char *from, unsigned us)
{
    serial++;
    struct probe *probe = trace_add_probe(&trace, serial, ttl, serial * NS_PER_S);
    probe->flow = flow;
    probe->state = PROBE_EXPIRED;
    if (from) {
        struct reply reply = {
            .from = address_of(from), .kind = REPLY_TIME_EXCEEDED, .time = probe->sent + us * NS_PER_US};
        probe->state = PROBE_OUTSTANDING;
        trace_add_reply(&trace, probe, &reply);
    }
}

static void settle(size_t from)
{
    for (size_t i = from; i < trace.probe_count; i++)
        rows_add(rows, &trace.probes[i]);
}

static void begin(void)
{
    trace_init(&trace);
    rows = calloc(1, sizeof *rows);
    serial = 0;
}

static void end(void)
{
    rows_free(rows);
    free(rows);
    trace_free(&trace);
}

static void test_statistics(void)
{
    static const unsigned us[] = {1000, 3000, 2000, 2000};
    struct row_stats stats;
    begin();
    for (unsigned i = 0; i < 4; i++)
        add(3, 0, "10.0.3.1", us[i]);
    add(3, 0, NULL, 0);
    settle(0);
    rows_stats(rows, 3, 0, &trace, trace.probe_count, &stats);
    is_num(rows->hops[3].count, 1, "one router, one row");
    is_num(stats.sent, 5, "five probes");
    is_num(stats.received, 4, "four replies");
    ok(is_near(stats.loss, 0.2, 1e-9), "a fifth is lost");
    ok(is_near(stats.avg_ms, 2, 1e-9) && is_near(stats.best_ms, 1, 1e-9) && is_near(stats.worst_ms, 3, 1e-9) &&
           is_near(stats.last_ms, 2, 1e-9),
       "average, best, worst and last");
    ok(is_near(stats.stdev_ms, sqrt(2.0 / 3), 1e-9), "standard deviation: %g", stats.stdev_ms);
    ok(is_near(stats.jitter_ms, 1, 1e-9), "jitter, the mean of all swings: %g", stats.jitter_ms);
    end();
}

/* Probes count before they settle, and once. */
static void test_unsettled(void)
{
    struct row_stats stats;
    float times[ROW_TIMES_MOST];
    begin();
    add(1, 0, "10.0.1.1", 1000);
    settle(0);
    add(1, 0, "10.0.1.1", 3000);
    rows_stats(rows, 1, 0, &trace, 1, &stats);
    is_num(stats.sent, 2, "a probe that is not settled counts");
    ok(is_near(stats.avg_ms, 2, 1e-9), "so does its time");
    is_num(rows_times(rows, 1, 0, &trace, 1, times), 2, "and both times are listed");
    ok(is_near((double)times[0], 1, 1e-6) && is_near((double)times[1], 3, 1e-6), "the newest last");
    settle(1);
    is_num(rows_times(rows, 1, 0, &trace, 2, times), 2, "each once");
    rows_stats(rows, 1, 0, &trace, 2, &stats);
    is_num(stats.sent, 2, "it counts once");
    rows_hop_stats(rows, 9, &trace, 2, &stats);
    is_num(stats.sent, 0, "a hop without probes has none");
    for (unsigned i = 0; i < ROW_TIMES_MOST; i++)
        add(1, 0, "10.0.1.1", 5000);
    is_num(rows_times(rows, 1, 0, &trace, 2, times), ROW_TIMES_MOST, "the last ones, if there are more");
    ok(is_near((double)times[0], 5, 1e-6), "without the oldest");
    end();
}

/* Each router of a balanced hop has a row; a silence counts for the one that its flow met. */
static void test_routers(void)
{
    struct row_stats stats;
    begin();
    add(2, 0, NULL, 0);
    add(2, 0, "10.0.2.1", 1000);
    add(2, 1, "10.0.2.2", 5000);
    add(2, 0, NULL, 0);
    add(2, 1, NULL, 0);
    add(2, 1, NULL, 0);
    settle(0);
    is_num(rows->hops[2].count, 2, "two routers, two rows");
    rows_stats(rows, 2, 0, &trace, trace.probe_count, &stats);
    is_num(stats.sent, 3, "the first has the silences of its flow, and those before any reply");
    rows_stats(rows, 2, 1, &trace, trace.probe_count, &stats);
    is_num(stats.sent, 3, "the second has its own");
    rows_hop_stats(rows, 2, &trace, trace.probe_count, &stats);
    is_num(stats.sent, 6, "the hop has all");
    ok(is_near(stats.avg_ms, 3, 1e-9), "with their times: %g", stats.avg_ms);
    end();
}

/* A network that answers from ever new addresses costs no more memory. */
static void test_many_routers(void)
{
    begin();
    for (unsigned i = 1; i <= 100; i++) {
        char from[ADDR_TEXT_BYTES];
        snprintf(from, sizeof from, "10.1.0.%u", i);
        add(2, 0, from, 1000);
    }
    settle(0);
    is_num(rows->hops[2].count, ROWS_OF_HOP_MOST, "a hundred routers have as many rows as a hop may have");
    is_num(rows->hops[2].rows[ROWS_OF_HOP_MOST - 1].running.sent, 100 - ROWS_OF_HOP_MOST + 1,
           "the last row has the rest");
    end();
}

int main(void)
{
    test_sketch();
    test_statistics();
    test_unsettled();
    test_routers();
    test_many_routers();
    return tap_done();
}
