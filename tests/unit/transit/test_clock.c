/* SPDX-License-Identifier: BSD-2-Clause */
/* Simulated pairs of capture points: what is known of their clocks, and what is not claimed. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tap.h"
#include "transit/clock.h"

#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)
#define HOUR (3600 * NS_PER_S)

/* Two points, and the packets between them. */
struct world {
    nstime offset;             /* of B ahead of A at the start */
    double ppm;                /* by which B gains */
    nstime step, step_at;      /* B's clock jumps by so much, so long after the start */
    nstime delay_b, delay_a;   /* least delay toward B and toward A */
    nstime jitter;             /* mean of what a delay is longer */
    nstime span;               /* the packets are spread over it */
    unsigned count_b, count_a; /* packets each way */
    unsigned wrong;            /* further pairs that are wrong, within 10 s */
};

static nstime ahead_at(const struct world *w, nstime a)
{
    nstime since = a - START;
    return w->offset + (nstime)(w->ppm * 1e-6 * (double)since) + (w->step && since >= w->step_at ? w->step : 0);
}

static nstime delay(struct rng *rng, nstime least, nstime jitter)
{
    double uniform = ((double)rng_u32(rng) + 1) / 4294967297.0;
    return least + (nstime)(-log(uniform) * (double)jitter);
}

static void run(const struct world *w, uint64_t seed, struct clock_estimate *out)
{
    struct rng rng = rng_init(seed);
    struct clock_samples *samples = clock_samples_new();
    for (unsigned i = 0; i < w->count_b; i++) {
        nstime sent = START + w->span / w->count_b * i, arrived = sent + delay(&rng, w->delay_b, w->jitter);
        clock_add_toward_b(samples, sent, arrived + ahead_at(w, arrived));
    }
    for (unsigned i = 0; i < w->count_a; i++) {
        nstime sent = START + w->span / w->count_a * i, arrived = sent + delay(&rng, w->delay_a, w->jitter);
        clock_add_toward_a(samples, arrived, sent + ahead_at(w, sent));
    }
    for (unsigned i = 0; i < w->wrong; i++) {
        nstime a = START + (nstime)(rng_u64(&rng) % (uint64_t)w->span);
        nstime b = a + w->offset + (nstime)rng_below(&rng, 20000) * MS - 10000 * MS;
        if (i % 2)
            clock_add_toward_a(samples, a, b);
        else
            clock_add_toward_b(samples, a, b);
    }
    ok(clock_estimate(samples, out), "estimated");
    clock_samples_free(samples);
}

/* The largest error of the corrected time over the whole span. */
static nstime worst_error(const struct world *w, const struct clock_estimate *estimate)
{
    nstime worst = 0;
    for (unsigned i = 0; i <= 1000; i++) {
        nstime a = START + w->span / 1000 * i;
        if (w->step && llabs(a - START - w->step_at) < w->span / 50)
            continue; /* when it happened is known between two packets only */
        nstime error = llabs(clock_correct(estimate, a + ahead_at(w, a)) - a);
        worst = error > worst ? error : worst;
    }
    return worst;
}

static void check(const struct world *w, const char *name, unsigned segments, nstime error_most)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct clock_estimate estimate;
        run(w, seed, &estimate);
        is_num(estimate.count, segments, "%s: segments", name);
        for (unsigned i = 0; i < estimate.count; i++) {
            const struct clock_segment *segment = &estimate.segments[i];
            nstime truth = ahead_at(w, segment->at);
            bool holds =
                (!segment->has_least || segment->least <= truth) && (!segment->has_most || segment->most >= truth);
            bool drift = segment->drifts ? segment->drift_least_ppm <= w->ppm && w->ppm <= segment->drift_most_ppm
                                         : fabs(w->ppm) < 1;
            ok(holds && drift, "%s: the truth is within the bounds (%lld in %lld to %lld)", name, (long long)truth,
               (long long)segment->least, (long long)segment->most);
        }
        nstime worst = worst_error(w, &estimate);
        ok(worst <= error_most, "%s: corrected within %lld ns, at most %lld", name, (long long)worst,
           (long long)error_most);
    }
}

static void test_even(void)
{
    check(&(struct world){.offset = 50 * MS,
                          .delay_b = 6 * MS,
                          .delay_a = 6 * MS,
                          .span = 60 * NS_PER_S,
                          .count_b = 100,
                          .count_a = 100},
          "symmetric", 1, NS_PER_US);
    check(&(struct world){.offset = -3 * NS_PER_S,
                          .delay_b = 20 * MS,
                          .delay_a = 2 * MS,
                          .span = 60 * NS_PER_S,
                          .count_b = 100,
                          .count_a = 100},
          "asymmetric", 1, 9 * MS + NS_PER_US);
    check(&(struct world){.offset = 7 * MS,
                          .delay_b = 6 * MS,
                          .delay_a = 6 * MS,
                          .jitter = 5 * MS,
                          .span = 60 * NS_PER_S,
                          .count_b = 300,
                          .count_a = 300},
          "jitter", 1, MS);
    check(&(struct world){.offset = 70 * MS,
                          .delay_b = 6 * MS,
                          .delay_a = 6 * MS,
                          .jitter = MS,
                          .span = NS_PER_S,
                          .count_b = 3,
                          .count_a = 1},
          "few", 1, 8 * MS);
    for (nstime offset = -HOUR; offset <= HOUR; offset += HOUR / 8 + 12345)
        check(&(struct world){.offset = offset,
                              .delay_b = MS,
                              .delay_a = 3 * MS,
                              .jitter = MS,
                              .span = 10 * NS_PER_S,
                              .count_b = 20,
                              .count_a = 15},
              "an hour", 1, 2 * MS);
    check(&(struct world){.offset = HOUR,
                          .delay_b = MS,
                          .delay_a = MS,
                          .jitter = MS,
                          .span = HOUR,
                          .count_b = 200000,
                          .count_a = 100000},
          "many", 1, MS);
}

static void test_one_direction(void)
{
    struct world w = {.offset = -100 * MS, .delay_b = 10 * MS, .jitter = 20 * MS, .span = 30 * NS_PER_S, .count_b = 21};
    struct clock_estimate estimate;
    run(&w, 1, &estimate);
    is_num(estimate.count, 1, "one direction");
    ok(!estimate.segments[0].has_least && estimate.segments[0].has_most && estimate.segments[0].most >= -100 * MS,
       "bounds one side");
    ok(!clock_may_agree(&estimate), "which excludes equal clocks");
    is_num(clock_correct(&estimate, START + estimate.segments[0].most), START + NS_PER_US,
           "the nearest reply comes just after its probe");
    w.offset = 100 * MS;
    run(&w, 1, &estimate);
    ok(clock_may_agree(&estimate), "an offset that only makes delays longer shows nothing");
    is_num(clock_correct(&estimate, START), START, "and is not corrected");
    w = (struct world){.offset = -100 * MS, .delay_a = 10 * MS, .jitter = MS, .span = 30 * NS_PER_S, .count_a = 40};
    run(&w, 1, &estimate);
    ok(estimate.segments[0].has_least && !estimate.segments[0].has_most && estimate.segments[0].least <= -100 * MS,
       "the other direction bounds the other side");
    static const struct {
        nstime delay;
        bool agree;
    } delays[] = {{990 * MS, true}, {1010 * MS, false}, {3600 * NS_PER_S, false}};
    for (unsigned i = 0; i < 6; i++) {
        w = (struct world){.span = 30 * NS_PER_S, .jitter = MS, .offset = delays[i / 2].delay};
        w.count_b = i % 2 ? 40 : 0;
        w.count_a = i % 2 ? 0 : 40;
        w.offset = i % 2 ? w.offset : -w.offset;
        run(&w, 1, &estimate);
        is_num(clock_may_agree(&estimate), delays[i / 2].agree, "one direction, %lld ms", (long long)(w.offset / MS));
        if (!delays[i / 2].agree)
            ok(estimate.segments[0].least <= w.offset && estimate.segments[0].most >= w.offset,
               "bounded at both sides");
    }
    w = (struct world){.span = NS_PER_S};
    run(&w, 1, &estimate);
    ok(estimate.count == 0 && !estimate.contradictory && clock_may_agree(&estimate), "none: nothing is known");
    is_num(clock_correct(&estimate, START), START, "none: nothing is corrected");
}

static void test_drift(void)
{
    struct world w = {.offset = 5 * MS,
                      .ppm = 50,
                      .delay_b = 6 * MS,
                      .delay_a = 8 * MS,
                      .jitter = 2 * MS,
                      .span = HOUR,
                      .count_b = 1000,
                      .count_a = 1000};
    check(&w, "50 ppm", 1, 3 * MS);
    w.ppm = -200;
    w.offset = -HOUR;
    check(&w, "-200 ppm", 1, 3 * MS);
}

static void test_step(void)
{
    struct world w = {.offset = 5 * MS,
                      .step = 200 * MS,
                      .step_at = 1000 * NS_PER_S,
                      .delay_b = 6 * MS,
                      .delay_a = 8 * MS,
                      .jitter = 2 * MS,
                      .span = HOUR,
                      .count_b = 1000,
                      .count_a = 1000};
    check(&w, "a step ahead", 2, 3 * MS);
    w.step = -3 * NS_PER_S;
    check(&w, "a step back", 2, 3 * MS);
    w.ppm = 50;
    check(&w, "a step, with drift", 2, 4 * MS);
}

static void test_wrong_pairs(void)
{
    struct world w = {.offset = 5 * MS,
                      .delay_b = 6 * MS,
                      .delay_a = 8 * MS,
                      .jitter = 2 * MS,
                      .span = 60 * NS_PER_S,
                      .count_b = 200,
                      .count_a = 200,
                      .wrong = 20};
    check(&w, "wrong pairs", 1, 3 * MS);
    w.ppm = 100;
    w.span = HOUR;
    check(&w, "wrong pairs, with drift", 1, 4 * MS);
    struct clock_samples *samples = clock_samples_new();
    struct clock_estimate estimate;
    for (int i = 0; i < 3; i++) {
        clock_add_toward_b(samples, START + i * NS_PER_S, START + i * NS_PER_S + 10 * MS);
        clock_add_toward_a(samples, START + i * NS_PER_S + 12 * MS, START + i * NS_PER_S + 10 * MS);
    }
    clock_add_toward_b(samples, START + NS_PER_S, START - 5 * NS_PER_S);
    clock_estimate(samples, &estimate);
    ok(estimate.count == 1 && estimate.left_out == 1 && estimate.samples == 6 && clock_may_agree(&estimate),
       "one wrong pair of seven");
    clock_samples_free(samples);
    samples = clock_samples_new();
    for (int i = 0; i < 40; i++)
        clock_add_toward_b(samples, START + i * NS_PER_S, START + i * NS_PER_S + (10 + i % 7) * MS);
    clock_add_toward_b(samples, START + 5 * NS_PER_S, START - 5 * NS_PER_S);
    clock_estimate(samples, &estimate);
    ok(estimate.left_out == 1 && clock_may_agree(&estimate), "a wrong pair that stands alone, in one direction");
    clock_samples_free(samples);
    samples = clock_samples_new();
    struct rng rng = rng_init(1);
    for (int i = 0; i < 2000; i++)
        clock_add_toward_b(samples, START + i * NS_PER_S, START + (nstime)rng_below(&rng, 1000) * NS_PER_S);
    for (int i = 0; i < 2000; i++)
        clock_add_toward_a(samples, START + i * NS_PER_S, START + (nstime)rng_below(&rng, 1000) * NS_PER_S);
    clock_estimate(samples, &estimate);
    ok(estimate.contradictory && estimate.count == 0, "nothing but wrong pairs: no estimate");
    clock_samples_free(samples);
    samples = clock_samples_new();
    static const nstime pacing[] = {363454, 362246, 361764}; /* us; two runs of one tool */
    for (int i = 0; i < 3; i++) {
        nstime a = START + i * 50 * MS, b = a + pacing[i] * NS_PER_US;
        clock_add_toward_b(samples, a, b);
        clock_add_toward_a(samples, a + 51 * NS_PER_US, b + 28 * NS_PER_US);
        clock_add_toward_b(samples, a, b + 28 * NS_PER_US);
        clock_add_toward_a(samples, a + 51 * NS_PER_US, b);
    }
    clock_estimate(samples, &estimate);
    ok(estimate.contradictory && estimate.count == 0, "delays that vary by more than themselves: no pairs");
    clock_samples_free(samples);
}

static void test_text(void)
{
    static const struct {
        struct clock_segment segment;
        const char *want;
    } rows[] = {
        {{.has_least = true, .least = -50200000, .has_most = true, .most = -49800000}, "49.800 to 50.200 ms behind"},
        {{.has_least = true, .least = -55900000, .has_most = true, .most = -44000000}, "44.0 to 55.9 ms behind"},
        {{.has_least = true, .least = 3 * NS_PER_S, .has_most = true, .most = 3012 * MS}, "3000.0 to 3012.0 ms ahead"},
        {{.has_least = true, .least = -2 * MS, .has_most = true, .most = 3 * MS}, "2.0 ms behind to 3.0 ms ahead"},
        {{.has_most = true, .most = -90 * MS}, "at least 90.0 ms behind"},
        {{.has_most = true, .most = 5 * MS}, "at most 5.0 ms ahead"},
        {{.has_least = true, .least = 5 * MS}, "at least 5.0 ms ahead"},
        {{.has_least = true, .least = -5 * MS}, "at most 5.0 ms behind"},
        {{.has_least = true, .least = MS, .has_most = true, .most = 3 * MS, .drifts = true, .drift_ppm = -50.04},
         "1.0 to 3.0 ms ahead and losing 50.0 ppm"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct clock_estimate estimate = {.count = 1, .segments = {rows[i].segment}};
        struct strbuf text;
        strbuf_init(&text);
        clock_add_text(&text, &estimate);
        is_text(text.text, rows[i].want, "text %d", (int)i);
        strbuf_free(&text);
    }
    struct clock_estimate stepped = {.count = 2,
                                     .segments = {{.has_least = true, .least = MS, .has_most = true, .most = 3 * MS},
                                                  {.from = START, .has_most = true, .most = -MS}}};
    struct strbuf text;
    strbuf_init(&text);
    clock_add_text(&text, &stepped);
    is_text(text.text, "1.0 to 3.0 ms ahead, from 2023-11-14T22:13:20Z on at least 1.0 ms behind", "text of a step");
    strbuf_free(&text);
}

static void test_reverse(void)
{
    struct world w = {.offset = -5 * NS_PER_S,
                      .ppm = 50,
                      .delay_b = 6 * MS,
                      .delay_a = 8 * MS,
                      .jitter = MS,
                      .span = HOUR,
                      .count_b = 500,
                      .count_a = 500};
    struct clock_estimate estimate, reverse;
    run(&w, 1, &estimate);
    reverse = estimate;
    clock_estimate_reverse(&reverse);
    nstime worst = 0;
    for (unsigned i = 0; i < 100; i++) {
        nstime b = START + HOUR / 100 * i, error = llabs(clock_correct(&reverse, clock_correct(&estimate, b)) - b);
        worst = error > worst ? error : worst;
    }
    ok(worst < 5 * NS_PER_US, "there and back: %lld ns", (long long)worst);
    clock_estimate_reverse(&reverse);
    is_num(reverse.segments[0].least, estimate.segments[0].least, "twice reversed: the bounds");
    struct clock_estimate absurd = {.count = 1, .segments = {{.offset = INT64_MAX, .at = INT64_MAX}}};
    ok(clock_correct(&absurd, 0) >= 0 && clock_correct(&absurd, INT64_MAX) >= 0, "absurd stamps do not overflow");
}

int main(void)
{
    test_even();
    test_one_direction();
    test_drift();
    test_step();
    test_wrong_pairs();
    test_text();
    test_reverse();
    return tap_done();
}
