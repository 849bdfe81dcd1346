/* SPDX-License-Identifier: BSD-2-Clause */
/* test_numbers: the numbers by which a silence or a weak answer is judged. Each test names the harm that another number
 * would do. */
#include <math.h>
#include <stdlib.h>

#include "diagnose/diagnose.h"
#include "tap.h"
#include "unit/support/fake_session.h"
#include "verdict/verdict.h"

#define FLOWS 4
#define R1 "10.0.1.1"
#define R2 "10.0.2.1"
#define R3 "10.0.3.1"
#define TARGET "192.0.2.80"

static void begin(struct fake *fake, const char *specs)
{
    fake_init(fake, "target", TARGET, specs);
    fake->session.config.strategy = &strategy_diagnose;
    for (unsigned i = 0; i < fake->session.trace_count; i++) {
        fake_trace(fake, i)->flow_count = FLOWS;
        fake_trace(fake, i)->alternates = calloc(FLOWS - 1, sizeof(struct flow));
    }
}

static void answer(struct fake *fake, uint8_t ttl, const char *from, unsigned count)
{
    while (count--)
        fake_hop(fake, 0, ttl, from, 1);
}

static void lose(struct fake *fake, uint8_t ttl, unsigned count)
{
    while (count--)
        fake_silence(fake, 0, ttl);
}

/* The judgement's findings of this kind, and the first verdict. Ends the fake. */
static unsigned judge(struct fake *fake, enum finding_kind kind, enum verdict_state *state, double *confidence)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    unsigned count = 0;
    if (!judgement)
        abort();
    verdict_judge(&fake->session, judgement);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        count += judgement->findings[i].kind == kind;
    if (state)
        *state = judgement->verdicts[0].state;
    if (confidence)
        *confidence = judgement->verdicts[0].confidence;
    free(judgement);
    fake_free(fake);
    return count;
}

/* Hop 2 loses all of `silent` probes; behind it `answers` are answered, and `lost` are not. */
static bool finds_silent_hop(unsigned silent, unsigned answers, unsigned lost)
{
    struct fake fake;
    begin(&fake, "udp");
    answer(&fake, 1, R1, 1);
    lose(&fake, 2, silent);
    lose(&fake, 3, lost);
    answer(&fake, 3, R3, answers);
    return judge(&fake, FINDING_SILENT_HOP, NULL, NULL);
}

/* Hop 2 answers one of `sent` probes, behind it `answers` are answered. */
static bool finds_limit(unsigned sent, unsigned answers)
{
    struct fake fake;
    begin(&fake, "udp");
    answer(&fake, 1, R1, 1);
    answer(&fake, 2, R2, 1);
    lose(&fake, 2, sent - 1);
    answer(&fake, 3, R3, answers);
    return judge(&fake, FINDING_RATE_LIMIT, NULL, NULL);
}

static void send_flow(struct fake *fake, unsigned flow, uint8_t ttl, const char *from)
{
    uint16_t serial = fake_send(fake, 0, ttl);
    trace_find(fake_trace(fake, 0), serial)->flow = (uint16_t)flow;
    if (from)
        fake_answer(fake, 0, serial, &(struct fake_reply){.from = from, .ms = 1});
    else
        fake_expire(fake, 0, serial);
}

/* Flow 1 loses two probes at hop 3, the others are answered there `answers` times. */
static bool finds_divided(unsigned answers)
{
    struct fake fake;
    begin(&fake, "udp");
    for (unsigned flow = 0; flow < 2; flow++)
        for (uint8_t ttl = 1; ttl <= 2; ttl++)
            send_flow(&fake, flow, ttl, ttl == 1 ? R1 : R2);
    for (unsigned i = 0; i < answers; i++) {
        if (i < 2) {
            fake.now += 60 * NS_PER_MS;
            send_flow(&fake, 1, 3, NULL);
        }
        send_flow(&fake, i % 2 ? 2 : 0, 3, R3);
    }
    return judge(&fake, FINDING_PATH_DEPENDENT, NULL, NULL);
}

static void test_silent_hop(void)
{
    ok(!finds_silent_hop(2, 12, 0), "two losses beside 12 answers do not make a silent hop: at one in 100 it is loss");
    ok(finds_silent_hop(2, 13, 0), "beside 13 they do: otherwise a silent router is not reported");
    ok(!finds_silent_hop(4, 21, 1), "four losses on a path that loses others do not: each of its hops may be the one");
    ok(finds_silent_hop(4, 22, 1), "beside 22 answers they do");
}

static void test_limit(void)
{
    ok(!finds_limit(4, 25), "three losses of four beside 25 answers are no rate limit: it may be loss");
    ok(finds_limit(4, 26), "beside 26 they are one: otherwise a limit is not reported");
}

static void test_divided(void)
{
    ok(!finds_divided(12), "two losses of a flow beside 12 answers to others do not divide the path: it may be loss");
    ok(finds_divided(13), "beside 13 they do: otherwise a broken path is not reported");
}

/* icmp loses `silent` probes at a hop that answers udp 120 times and lets icmp pass. */
static bool finds_silent_to_icmp(unsigned silent)
{
    struct fake fake;
    begin(&fake, "icmp udp");
    answer(&fake, 1, R1, 1);
    fake_hop(&fake, 1, 1, R1, 1);
    for (unsigned i = 0; i < 120; i++) {
        lose(&fake, 2, i < silent);
        fake_hop(&fake, 1, 2, R2, 1);
        fake.now += 60 * NS_PER_MS;
    }
    answer(&fake, 3, R3, 2);
    fake_hop(&fake, 1, 3, R3, 1);
    return judge(&fake, FINDING_SILENT_HOP, NULL, NULL);
}

static void test_proofs(void)
{
    ok(!finds_silent_to_icmp(1), "one silent probe does not make a router silent to a protocol: it may be loss");
    ok(finds_silent_to_icmp(2), "two do: more would cost packets");
}

/* udp loses one probe at a hop that answers icmp three times. */
static void test_claim(void)
{
    struct fake fake;
    enum verdict_state state;
    double confidence;
    begin(&fake, "udp icmp");
    answer(&fake, 1, R1, 1);
    fake_hop(&fake, 1, 1, R1, 1);
    fake_hop(&fake, 1, 2, R2, 1);
    fake.now += 100 * NS_PER_MS;
    fake_hop(&fake, 1, 2, R2, 1);
    fake.now += 100 * NS_PER_MS;
    lose(&fake, 2, 1);
    fake_hop(&fake, 1, 2, R2, 1);
    fake_hop(&fake, 1, 1, R1, 1);
    judge(&fake, FINDING_NONE, &state, &confidence);
    ok(state == VERDICT_INCONCLUSIVE, "one loss beside three answers is no drop: %.3f, one claim in six would be wrong",
       confidence);
}

static void test_weak_match(void)
{
    struct fake fake;
    double confidence;
    begin(&fake, "udp");
    answer(&fake, 1, R1, 1);
    fake_answer(&fake, 0, fake_send(&fake, 0, 2),
                &(struct fake_reply){
                    .from = TARGET, .ms = 1, .kind = REPLY_UNREACHABLE, .type = 3, .code = 3, .match = MATCH_WEAK});
    judge(&fake, FINDING_NONE, NULL, &confidence);
    ok(fabs(confidence - 0.9) < 1e-9, "a weak match is less certain than an exact one, and more than a guess: %.3f",
       confidence);
}

int main(void)
{
    test_silent_hop();
    test_limit();
    test_divided();
    test_proofs();
    test_claim();
    test_weak_match();
    return tap_done();
}
