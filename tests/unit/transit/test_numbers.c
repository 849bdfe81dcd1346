/* SPDX-License-Identifier: BSD-2-Clause */
/* The tuned numbers of src/transit: each on both sides of its limit. scripts/mutate changes them one by one. */
#include "config.h"

#include <stdlib.h>

#include "tap.h"
#include "transit/points.h"

#define US NS_PER_US
#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)

static struct clock_samples *samples;

static void begin(void)
{
    samples = clock_samples_new();
}

static struct clock_estimate end(void)
{
    struct clock_estimate estimate;
    clock_estimate(samples, &estimate);
    clock_samples_free(samples);
    return estimate;
}

/* Samples that bound the offset from above and from below. */
static void upper(nstime at, nstime ahead)
{
    clock_add_toward_b(samples, START + at, START + at + ahead);
}

static void lower(nstime at, nstime ahead)
{
    clock_add_toward_a(samples, START + at, START + at + ahead);
}

/* `count` samples each way, `apart` apart, of a clock that is `ahead`, with a delay of 10 us. */
static void even(unsigned count, nstime from, nstime apart, nstime ahead)
{
    for (unsigned i = 0; i < count; i++) {
        upper(from + i * apart, ahead + 10 * US);
        lower(from + i * apart + apart / 2, ahead - 10 * US);
    }
}

static void test_stamp_error(void)
{
    for (nstime error = 40 * US; error <= 60 * US; error += 20 * US) {
        begin();
        for (unsigned i = 0; i < 5; i++) {
            upper(i * MS, 0);
            lower(i * MS, error);
        }
        struct clock_estimate estimate = end();
        is_num(estimate.count, error < 50 * US, "stamps that contradict by %lld ns", (long long)error);
    }
}

static void test_drift(void)
{
    for (int ppm = 500; ppm <= 900; ppm += 400) {
        begin();
        for (unsigned i = 0; i < 200; i++) {
            upper(i * NS_PER_S, (nstime)i * ppm * US + 10 * US);
            lower(i * NS_PER_S, (nstime)i * ppm * US - 10 * US);
        }
        struct clock_estimate estimate = end();
        is_num(estimate.count == 1 && estimate.segments[0].drifts, ppm == 500, "a drift of %d ppm", ppm);
    }
}

/* A step late in the capture: what lies behind it agrees with its neighbours, though not with most samples. So does the
 * only sample of one direction there. */
static void test_neighbours(void)
{
    begin();
    even(850, 0, NS_PER_S, 0);
    even(150, 850 * NS_PER_S, NS_PER_S, 5 * NS_PER_S);
    is_num(end().count, 2, "a step near the end");
    begin();
    even(850, 0, NS_PER_S, 0);
    for (unsigned i = 850; i < 1000; i++)
        upper(i * NS_PER_S, 5 * NS_PER_S + 10 * US);
    lower(900 * NS_PER_S, 5 * NS_PER_S - 10 * US);
    struct clock_estimate estimate = end();
    is_num(estimate.count, 2, "a step behind which one direction has a single sample");
    is_num(estimate.left_out, 0, "that sample counts");
}

static void test_step(void)
{
    static const struct {
        nstime step;
        unsigned segments;
    } rows[] = {{600 * US, 1}, {3 * MS, 2}};
    for (size_t i = 0; i < 2; i++) {
        begin();
        even(50, 0, 10 * MS, 0);
        even(50, 500 * MS, 10 * MS, rows[i].step);
        is_num(end().count, rows[i].segments, "a step of %lld ns", (long long)rows[i].step);
    }
}

static void test_segment_samples(void)
{
    begin();
    even(100, 0, 10 * MS, 0);
    even(7, 1000 * MS, 10 * MS, 50 * MS);
    is_num(end().count, 2, "fourteen samples behind a step");
}

static void test_wrong_share(void)
{
    for (unsigned wrong = 3; wrong <= 4; wrong++) {
        begin();
        for (unsigned i = 0; i < 5; i++)
            upper(i * 10 * MS, MS);
        for (unsigned i = 0; i < 4; i++)
            lower(i * 10 * MS, -MS);
        for (unsigned i = 0; i < wrong; i++)
            upper(i * 10 * MS + MS, -5 * NS_PER_S);
        is_num(end().count, wrong == 3, "%u wrong pairs beside 9", wrong);
    }
}

static void test_steps_wrong_share(void)
{
    for (unsigned wrong = 4; wrong <= 12; wrong += 8) {
        begin();
        even(20, 0, 10 * MS, 0);
        even(20, 200 * MS, 10 * MS, 50 * MS);
        for (unsigned i = 0; i < wrong; i++)
            upper(i * 30 * MS + 3 * MS, -5 * NS_PER_S);
        is_num(end().count, wrong == 4 ? 2 : 0, "a step, and %u wrong pairs beside 80", wrong);
    }
}

static void test_delay(void)
{
    for (nstime delay = 900 * MS; delay <= 1100 * MS; delay += 200 * MS) {
        begin();
        for (unsigned i = 0; i < 5; i++)
            upper(i * MS, delay);
        struct clock_estimate estimate = end();
        is_num(clock_may_agree(&estimate), delay < NS_PER_S, "a least delay of %lld ns", (long long)delay);
    }
}

static void test_isolated(void)
{
    for (unsigned wrong = 2; wrong <= 3; wrong++) {
        begin();
        for (unsigned i = wrong; i < 32; i++)
            upper(i * MS, i % 10 * MS);
        for (unsigned i = 0; i < wrong; i++)
            upper(i * MS, -5 * NS_PER_S - i * MS);
        is_num(end().left_out, wrong == 2 ? 2 : 0, "%u of 32 stand alone", wrong);
    }
    for (nstime gap = 20 * MS; gap <= 60 * MS; gap += 40 * MS) {
        begin();
        for (unsigned i = 1; i < 32; i++)
            upper(i * MS, i % 11 * MS);
        upper(0, -gap);
        is_num(end().left_out, gap == 60 * MS, "one is %lld ns below a spread of 5 ms", (long long)gap);
    }
}

/* --- points --- */

static struct sightings *points[2];
/* Samples behind a step that contradict those of the other direction: they agree, or they do not. */
static void test_supported(void)
{
    for (nstime apart = 150 * MS; apart <= 300 * MS; apart += 150 * MS) {
        begin();
        even(40, 0, NS_PER_S, 0);
        for (unsigned i = 0; i < 12; i++)
            upper(60 * NS_PER_S + i * NS_PER_S, -NS_PER_S + (i & 1 ? apart : 0));
        struct clock_estimate estimate = end();
        is_num(estimate.count, apart < 250 * MS ? 2 : 1, "a step, %lld ns between samples", (long long)apart);
        is_num(estimate.known_to == NSTIME_NEVER, apart < 250 * MS, "or it is unknown from there on");
    }
}

/* Delays of one direction that jump, where the other one has no samples. */
static void test_jump(void)
{
    for (unsigned count = 2; count <= 3; count++) {
        begin();
        even(40, 60 * NS_PER_S, NS_PER_S, 0);
        for (unsigned i = 0; i < count; i++)
            upper(i * NS_PER_S, 2 * NS_PER_S);
        struct clock_estimate estimate = end();
        is_num(estimate.count, 1, "%u samples before a jump", count);
        is_num(clock_is_known(&estimate, START), count < 3, "is the clock known there?");
        ok(clock_is_known(&estimate, START + 70 * NS_PER_S), "it is known behind it");
    }
    begin();
    even(40, 0, NS_PER_S, 0);
    for (unsigned i = 0; i < 10; i++)
        upper(20 * NS_PER_S + i * NS_PER_S + 3, 2 * NS_PER_S);
    struct clock_estimate estimate = end();
    ok(clock_is_known(&estimate, START + 25 * NS_PER_S), "delays that return are no step");
}

/* Delays of one direction jump, and the other direction does not show that the clock was not set. */
static void test_jump_beside_others(void)
{
    begin();
    for (unsigned i = 0; i < 60; i++)
        upper(i * 100 * MS, 5 * MS);
    even(12, 10 * NS_PER_S, 100 * MS, -2 * NS_PER_S);
    struct clock_estimate estimate = end();
    ok(clock_is_known(&estimate, START + NS_PER_S) && !clock_is_known(&estimate, START + 11 * NS_PER_S),
       "known where most samples are");
    ok(!estimate.segments[0].has_least, "samples elsewhere do not bound it");
    begin();
    for (unsigned i = 0; i < 12; i++) {
        upper(i * 100 * MS, 5 * MS);
        upper((20 + i) * 100 * MS, 12 * MS);
        lower((20 + i) * 100 * MS, 2 * MS);
    }
    estimate = end();
    is_num(estimate.segments[0].least / MS, 2, "samples of that side alone bound it from below");
    is_num(estimate.segments[0].most / MS, 12, "and from above");
    begin();
    for (unsigned i = 0; i < 12; i++) {
        upper(i * 100 * MS, 10 * MS);
        lower(i * 100 * MS, -10 * MS);
        upper((20 + i) * 100 * MS, 25 * MS);
    }
    lower(3 * NS_PER_S, 5 * MS);
    estimate = end();
    is_num(estimate.segments[0].least / MS, -10,
           "one sample of the other direction that jumps as well contradicts none");
    ok(!clock_is_known(&estimate, START + 3 * NS_PER_S), "and the clock is not known there");
}

/* A clock that was set back shows times twice. */
static void test_set_back(void)
{
    begin();
    even(20, 0, 100 * MS, 0);
    even(20, 2 * NS_PER_S, 100 * MS, -NS_PER_S);
    struct clock_estimate estimate = end();
    is_num(estimate.count, 2, "clock B is set back");
    ok(clock_is_known_at_b(&estimate, START + 500 * MS), "a time before");
    ok(!clock_is_known_at_b(&estimate, START + 1500 * MS), "a time that comes twice");
    ok(clock_is_known_at_b(&estimate, START + 2500 * MS), "a time after");
    begin();
    even(40, 0, 100 * MS, 0);
    even(40, 1300 * MS, 100 * MS, 2650 * MS);
    estimate = end();
    is_num(estimate.count, 2, "clock A is set back, so that its times do not put the samples in order");
    begin();
    even(8, 0, 150 * MS, 0);
    even(40, 1300 * MS, 100 * MS, -2660 * MS);
    estimate = end();
    is_num(estimate.count, 2, "in the order of the other clock, samples before a step look like wrong pairs");
    is_num(estimate.left_out, 0, "and they are none");
}

/* A step shows at the first sample that contradicts. The one before it belongs behind the step, however few samples
 * that leaves. */
static void test_border(void)
{
    begin();
    for (unsigned i = 0; i < 5; i++)
        (i & 1 ? lower : upper)(i * MS, i & 1 ? -10 * US : 10 * US);
    upper(NS_PER_S, NS_PER_S + 10 * US);
    even(20, NS_PER_S + 50 * MS, 100 * MS, NS_PER_S + 20 * US);
    struct clock_estimate estimate = end();
    is_num(estimate.count, 2, "a step after five samples");
    is_num(estimate.segments[0].last - START, 4 * MS, "the first segment ends with them");
}

/* Clock A is set forward and clock B back: each time finds its segment, and between the samples neither is known. */
static void test_sides_of_a_step(void)
{
    begin();
    even(20, 0, 100 * MS, 5 * NS_PER_S);
    even(20, 4 * NS_PER_S, 100 * MS, 3 * NS_PER_S);
    struct clock_estimate estimate = end();
    is_num(estimate.count, 2, "a step");
    is_num(clock_correct(&estimate, START + 6900 * MS) / MS, (START + 1900 * MS) / MS, "a time of B before it");
    is_num(clock_correct(&estimate, START + 7100 * MS) / MS, (START + 4100 * MS) / MS, "a time of B after it");
    is_num(clock_apply(&estimate, START + 1900 * MS) / MS, (START + 6900 * MS) / MS, "a time of A before it");
    is_num(clock_apply(&estimate, START + 4100 * MS) / MS, (START + 7100 * MS) / MS, "a time of A after it");
    ok(clock_is_known(&estimate, START + NS_PER_S) && clock_is_shown(&estimate, START + NS_PER_S), "known before it");
    ok(!clock_is_known(&estimate, START + 3 * NS_PER_S) && !clock_is_shown(&estimate, START + 3 * NS_PER_S),
       "unknown between the samples");
    ok(clock_is_known_at_b(&estimate, START + 8 * NS_PER_S), "known after it, by B");
}

/* Clock A was set back by 1.7 s. In the order of its times, samples before the step lie among those behind it, and most
 * of the latter look wrong there. */
static void test_set_back_mixed(void)
{
    begin();
    even(20, 1290 * MS, 50 * MS, 0);
    even(20, 670 * MS, 30 * MS, 1700 * MS);
    even(6, 1310 * MS, 210 * MS, 1700 * MS);
    struct clock_estimate estimate = end();
    is_num(estimate.count, 2, "clock A is set back, and the order of clock B leaves no sample out");
    is_num(estimate.left_out, 0, "nor does the estimate");
}

/* Clock A was set back by less than a round trip, so that packets of both sides of the step are mixed there. */
static void test_short_step_back(void)
{
    begin();
    for (unsigned i = 0; i < 25; i++) {
        upper(i * 20 * MS, 66 * MS);
        lower(i * 20 * MS + 10 * MS, -23 * MS);
    }
    lower(452 * MS, 59 * MS);
    upper(452 * MS, 148 * MS);
    upper(538 * MS, 148 * MS);
    for (unsigned i = 0; i < 9; i++)
        lower(540 * MS + i * 100 * MS, 59 * MS);
    struct clock_estimate estimate = end();
    ok(clock_is_known(&estimate, START + 200 * MS), "a step of less than a round trip: known before it");
    ok(!clock_is_known(&estimate, START + 900 * MS), "unknown behind it");
    is_num(estimate.segments[0].least, -23 * MS, "samples behind it do not bound the clock before it");
}

/* A packet that is faster than all others, and comes before them. */
static void test_fast_few(void)
{
    for (unsigned others = 7; others <= 8; others++) {
        begin();
        lower(0, -140 * MS);
        for (unsigned i = 0; i < others; i++) {
            upper(5 * NS_PER_S + i * 100 * MS, -100 * MS);
            lower(5 * NS_PER_S + i * 100 * MS, -220 * MS);
        }
        struct clock_estimate estimate = end();
        is_num(!clock_is_known(&estimate, START), others == 8, "one packet is faster than %u others: a step", others);
        is_num(estimate.segments[0].least, others == 8 ? -220 * MS : -140 * MS, "what bounds the clock then");
    }
}

/* All packets of one direction come before all of the other. */
static void test_directions_apart(void)
{
    for (unsigned few = 2; few <= 3; few++) {
        begin();
        for (unsigned i = 0; i < few; i++)
            lower(i * NS_PER_S, 30 * MS);
        for (unsigned i = 0; i < 20; i++)
            upper(10 * NS_PER_S + i * 100 * MS, 70 * MS);
        struct clock_estimate estimate = end();
        is_num(!clock_is_known(&estimate, START), few == 3, "%u packets one way, and then all the other way", few);
        is_num(!estimate.segments[0].has_least, few == 3, "one bound is unknown then");
    }
}

static struct point_clock clocks[2];

static void see_marked(unsigned point, uint64_t number, uint8_t ttl, nstime at, uint32_t mark)
{
    uint64_t identity = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    const struct sighting sighting = {
        .identity = identity ^ identity >> 29, .time = START + at, .role = SIGHTING_PACKET, .ttl = ttl, .mark = mark};
    sightings_add(points[point], &sighting);
}

static void see(unsigned point, uint64_t number, uint8_t ttl, nstime at)
{
    see_marked(point, number, ttl, at, 1);
}

static void begin_points(void)
{
    points[0] = sightings_new(1000);
    points[1] = sightings_new(1000);
}

static void end_points(void)
{
    ok(points_compare(points, 2, clocks), "compared");
    sightings_free(points[0]);
    sightings_free(points[1]);
}

static void test_copies(void)
{
    static const struct {
        uint8_t ttl;
        nstime apart;
        bool names;
    } rows[] = {{9, 1500 * US, true}, {9, 2500 * US, false}, {8, 9 * NS_PER_S, true}, {8, 11 * NS_PER_S, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned count;
        begin_points();
        see(0, 1, 9, 0);
        see(0, 1, rows[i].ttl, rows[i].apart);
        const struct sighting *list = sightings_list(points[0], &count);
        is_num(!list[0].is_repeated, rows[i].names, "a copy after %lld ns", (long long)rows[i].apart);
        end_points();
    }
}

/* A forged packet came with a higher TTL before the true one. */
static void test_other_mark(void)
{
    unsigned count;
    begin_points();
    see_marked(0, 1, 9, 0, 1);
    see_marked(0, 1, 8, 10 * MS, 2);
    ok(sightings_list(points[0], &count)[0].is_repeated, "a packet with another mark is no copy");
    end_points();
}

static void see_alike(unsigned number, enum sighting_role role, nstime at)
{
    const struct sighting sighting = {.identity = UINT64_C(0x9e3779b97f4a7c15),
                                      .time = START + at,
                                      .packet = number,
                                      .role = (uint8_t)role,
                                      .ttl = 9};
    sightings_add(points[0], &sighting);
}

/* Alike probes have sightings of their own, up to a number, and so that copies of the latest are known. */
static void test_alike(void)
{
    static const struct {
        unsigned probes, copied, count;
    } rows[] = {{40, 39, 40}, {48, 47, 48}, {60, 59, 49}, {40, 36, 40}, {40, 35, 41}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned count;
        begin_points();
        for (unsigned k = 0; k < rows[i].probes; k++)
            see_alike(k, SIGHTING_PROBE, k * 100 * US);
        see_alike(rows[i].copied, SIGHTING_PROBE, rows[i].probes * 100 * US);
        sightings_list(points[0], &count);
        is_num(count, rows[i].count, "%u probes, one of them again", rows[i].probes);
        end_points();
    }
    for (unsigned role = SIGHTING_PACKET; role <= SIGHTING_REPLY; role++) {
        unsigned count;
        begin_points();
        for (unsigned k = 0; k < 3; k++)
            see_alike(k, (enum sighting_role)role, k < 2 ? k * MS : role == SIGHTING_PROBE ? -10 * MS : 2 * MS);
        sightings_list(points[0], &count);
        is_num(count, role == SIGHTING_REPLY ? 3 : 1, "no others of packets, nor out of order (%u)", role);
        end_points();
    }
}

static void test_same_link(void)
{
    for (nstime delay = 1500 * US; delay <= 5 * MS; delay += 3500 * US) {
        begin_points();
        for (unsigned i = 0; i < 20; i++) {
            see(i % 2, i, 60, i * MS + i % 2 * 50 * MS);
            see(!(i % 2), i, 60, i * MS + delay + !(i % 2) * 50 * MS);
        }
        end_points();
        is_num(clocks[1].against.count, delay < 2 * MS, "equal TTLs and a delay of %lld ns", (long long)delay);
    }
}

static void test_shared(void)
{
    for (unsigned shared = 1; shared <= 2; shared++) {
        begin_points();
        for (unsigned i = 0; i < shared; i++) {
            see(0, i, 9, i * MS);
            see(1, i, 8, i * MS - NS_PER_S);
        }
        end_points();
        is_num(points_is_corrected(clocks, 1), shared == 2, "%u packets shared", shared);
    }
}

/* Low TTLs are those of probes. Other packets go both ways. */
static void test_trace_ttl(void)
{
    begin_points();
    for (unsigned i = 0; i < 30; i++) {
        see(1, i, 60, i * MS - NS_PER_S);
        see(0, i, 55, i * MS + MS);
    }
    for (unsigned i = 100; i < 103; i++) {
        see(0, i, 6, i * MS);
        see(1, i, 1, i * MS + MS - NS_PER_S);
    }
    end_points();
    is_num(clocks[1].parent, 0, "the sender of low TTLs is the prober");
}

int main(void)
{
    test_stamp_error();
    test_drift();
    test_neighbours();
    test_step();
    test_segment_samples();
    test_wrong_share();
    test_steps_wrong_share();
    test_delay();
    test_isolated();
    test_supported();
    test_jump();
    test_jump_beside_others();
    test_set_back();
    test_border();
    test_sides_of_a_step();
    test_set_back_mixed();
    test_short_step_back();
    test_fast_few();
    test_directions_apart();
    test_copies();
    test_other_mark();
    test_alike();
    test_same_link();
    test_shared();
    test_trace_ttl();
    return tap_done();
}
