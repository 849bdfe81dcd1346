/* SPDX-License-Identifier: BSD-2-Clause */
/* How surely a silence is not loss: which silences count, and against which counts. */
#include <math.h>

#include "silence/comparison.h"
#include "silence/end.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/fake_session.h"

#define R1 "10.0.1.1"
#define R2 "10.0.2.1"
#define R3 "10.0.3.1"
#define TARGET "192.0.2.80"

/* A probe of the trace at a hop, so long after the one before. */
struct event {
    unsigned trace;
    uint8_t ttl;
    const char *from; /* NULL: silent */
    int kind;         /* enum reply_kind, if not time exceeded */
    double wait_ms, answer_ms;
};

#define EVENTS_MOST 40

/* udp falls silent. The routers take 16 ms to reply, so the slack for other paths is 2 ms. */
#define HOP(t, hop, who, wait)                                                                                         \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who), .wait_ms = (wait), .answer_ms = 16                                  \
    }
#define SILENT(t, hop, wait)                                                                                           \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .wait_ms = (wait)                                                                  \
    }
#define REACHED(t, what, wait)                                                                                         \
    {                                                                                                                  \
        .trace = (t), .ttl = 4, .from = TARGET, .kind = (what), .wait_ms = (wait), .answer_ms = 16                     \
    }
#define CLIMB(t) HOP(t, 1, R1, 1), HOP(t, 2, R2, 1), HOP(t, 3, R3, 1)

static void play(struct fake *fake, const struct event *events)
{
    fake->session.config.strategy = &strategy_diagnose;
    for (const struct event *e = events; e->ttl; e++) {
        fake->now += (nstime)((e->wait_ms - 1) * 1e6); /* fake_send() adds a millisecond */
        uint16_t serial = fake_send(fake, e->trace, e->ttl);
        if (!e->from) {
            fake_expire(fake, e->trace, serial);
            continue;
        }
        struct fake_reply reply = {
            .from = e->from,
            .ms = e->answer_ms,
            .kind = e->kind ? (enum reply_kind)e->kind : REPLY_TIME_EXCEEDED,
            .type = e->kind == REPLY_UNREACHABLE ? 3 : 0,
            .code = e->kind == REPLY_UNREACHABLE ? 3 : 0,
        };
        fake_answer(fake, e->trace, serial, &reply);
    }
}

static const struct {
    const char *name;
    struct event events[EVENTS_MOST]; /* ends with ttl 0 */
    unsigned silent;                  /* of udp, the first spec, at the end */
    unsigned target_sent;
} ends[] = {
    {"no reply shows a token of the last router",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), SILENT(0, 4, 60)},
     0,
     1},
    {"its reply to the same flow does",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5), SILENT(0, 4, 60),
      HOP(0, 3, R3, 0.5)},
     2,
     1},
    {"a probe of another trace may have overtaken the silent one",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, R3, 1)},
     0,
     1},
    {"but not if it is sent an eighth of the round trip later",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, R3, 2)},
     1,
     1},
    {"much later there is a new token",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, R3, 40)},
     0,
     1},
    {"a reply of another last router shows nothing",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, "10.7.3.1", 2)},
     0,
     1},
    {"probes sent close together are one sample",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), SILENT(0, 5, 1), HOP(0, 3, R3, 0.5)},
     1,
     1},
    {"a target that sends ICMP errors may have had no token",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_UNREACHABLE, 1), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5)},
     0,
     1},
    {"if it refuses another probe just after, it had one",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_UNREACHABLE, 1), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5),
      REACHED(1, REPLY_UNREACHABLE, 2)},
     1,
     2},
    {"the path ends at the target's farthest reply",
     {CLIMB(0),
      CLIMB(1),
      REACHED(1, REPLY_SYN_ACK, 1),
      {.trace = 2, .ttl = 6, .from = TARGET, .kind = REPLY_ECHO, .wait_ms = 1, .answer_ms = 16},
      SILENT(0, 5, 60),
      HOP(0, 3, R3, 0.5)},
     0,
     2},
};

static void test_ends(void)
{
    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct fake fake;
        struct end_comparison got;
        fake_init(&fake, "target", TARGET, "udp tcp/80 icmp");
        play(&fake, ends[i].events);
        session_compare_end(&fake.session, fake_trace(&fake, 0), &got);
        is_num(got.silent, ends[i].silent, "%s: silences that count", ends[i].name);
        is_num(got.target.sent, ends[i].target_sent, "  against the target's replies");
        double way = loss_chance(got.way.sent, got.way.silent, got.silent),
               target = loss_chance(got.target.sent, got.target.silent, got.silent), want = 1 / (1 + fmax(way, target));
        ok(fabs(got.confidence - fmin(want, CONFIDENCE_MOST)) < 1e-9, "  the confidence that it is not loss: %g", want);
        fake_free(&fake);
    }
}

static void test_silent_router_is_no_loss(void)
{
    static const struct event events[EVENTS_MOST] = {
        HOP(0, 1, R1, 1), SILENT(0, 2, 1),   HOP(0, 3, R3, 1),   HOP(1, 1, R1, 1), SILENT(1, 2, 1),
        HOP(1, 3, R3, 1), SILENT(1, 1, 100), HOP(2, 1, R1, 2.5), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5),
    };
    struct fake fake;
    struct end_comparison got;
    fake_init(&fake, "target", TARGET, "udp tcp/80 icmp");
    play(&fake, events);
    session_compare_end(&fake.session, fake_trace(&fake, 0), &got);
    is_num(got.way.sent, 3, "a silent router shows no loss");
    is_num(got.way.silent, 1, "one that answers another probe just after does");
    ok(got.loses, "and no rate limit explains that");
    fake_free(&fake);
}

/* udp is silent at hops 2 and 3, where others go on. The first hop behind the silence had a token, or may have had
 * none. */
static void test_first_hop_counts(void)
{
    static const struct event without_token[EVENTS_MOST] = {
        CLIMB(1), CLIMB(2), HOP(0, 1, R1, 1), SILENT(0, 2, 60), SILENT(0, 3, 1), HOP(1, 3, R3, 2), HOP(1, 1, R1, 1),
    };
    static const struct event with_token[EVENTS_MOST] = {
        CLIMB(1),        CLIMB(2),         HOP(0, 1, R1, 1), SILENT(0, 2, 60),
        SILENT(0, 3, 1), HOP(1, 3, R3, 2), HOP(1, 2, R2, 1), HOP(1, 1, R1, 1),
    };
    struct fake fake;
    struct comparison got;
    fake_init(&fake, "target", TARGET, "udp tcp/80 icmp");
    play(&fake, without_token);
    session_compare_silence(&fake.session, fake_trace(&fake, 0), &got);
    ok(got.chance == 1, "a hop that may have had no token does not show where the drop is");
    fake_free(&fake);
    fake_init(&fake, "target", TARGET, "udp tcp/80 icmp");
    play(&fake, with_token);
    session_compare_silence(&fake.session, fake_trace(&fake, 0), &got);
    ok(got.chance < 0.1, "one that had a token does: %g", got.chance);
    fake_free(&fake);
}

int main(void)
{
    test_ends();
    test_silent_router_is_no_loss();
    test_first_hop_counts();
    return tap_done();
}
