/* SPDX-License-Identifier: BSD-2-Clause */
/* How surely a silence is none by chance: which silences count, and beside what. */
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

/* udp falls silent; the routers take 16 ms to answer, so that 2 ms of it are left for other ways. */
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
    unsigned target_asked;
} ends[] = {
    {"nothing shows a token of the last router",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), SILENT(0, 4, 60)},
     0,
     1},
    {"its answer to the same flow does",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5), SILENT(0, 4, 60),
      HOP(0, 3, R3, 0.5)},
     2,
     1},
    {"an answer to another may have overtaken it",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, R3, 1)},
     0,
     1},
    {"and may not where it is sent an eighth of the round trip later",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, R3, 2)},
     1,
     1},
    {"much later there is a new token",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, R3, 40)},
     0,
     1},
    {"the answer of another last router shows nothing",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), HOP(1, 3, "10.7.3.1", 2)},
     0,
     1},
    {"what is sent close together shares its fate",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_SYN_ACK, 1), SILENT(0, 4, 60), SILENT(0, 5, 1), HOP(0, 3, R3, 0.5)},
     1,
     1},
    {"a target that refuses by ICMP may have had no token",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_UNREACHABLE, 1), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5)},
     0,
     1},
    {"where it refuses another right behind, it had one",
     {CLIMB(0), CLIMB(1), REACHED(1, REPLY_UNREACHABLE, 1), SILENT(0, 4, 60), HOP(0, 3, R3, 0.5),
      REACHED(1, REPLY_UNREACHABLE, 2)},
     1,
     2},
    {"the path ends where the farthest answer of the target came from",
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
        is_num(got.target.asked, ends[i].target_asked, "  beside the target's answers");
        double way = loss_chance(got.way.asked, got.way.silent, got.silent),
               target = loss_chance(got.target.asked, got.target.silent, got.silent),
               want = 1 / (1 + fmax(way, target));
        ok(fabs(got.confidence - fmin(want, CONFIDENCE_MOST)) < 1e-9, "  sure as far as that is no loss: %g", want);
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
    is_num(got.way.asked, 3, "a router that answers nobody tells of no loss");
    is_num(got.way.silent, 1, "one that answers another right behind does");
    ok(got.loses, "and no limit explains that");
    fake_free(&fake);
}

/* udp is silent at hops 2 and 3, where others go on; the first hop behind the silence was backed or not. */
static void test_first_hop_counts(void)
{
    static const struct event unbacked[EVENTS_MOST] = {
        CLIMB(1), CLIMB(2), HOP(0, 1, R1, 1), SILENT(0, 2, 60), SILENT(0, 3, 1), HOP(1, 3, R3, 2), HOP(1, 1, R1, 1),
    };
    static const struct event backed[EVENTS_MOST] = {
        CLIMB(1),        CLIMB(2),         HOP(0, 1, R1, 1), SILENT(0, 2, 60),
        SILENT(0, 3, 1), HOP(1, 3, R3, 2), HOP(1, 2, R2, 1), HOP(1, 1, R1, 1),
    };
    struct fake fake;
    struct comparison got;
    fake_init(&fake, "target", TARGET, "udp tcp/80 icmp");
    play(&fake, unbacked);
    session_compare_silence(&fake.session, fake_trace(&fake, 0), &got);
    ok(got.chance == 1, "a hop that may have had no token leaves the place of a drop open");
    fake_free(&fake);
    fake_init(&fake, "target", TARGET, "udp tcp/80 icmp");
    play(&fake, backed);
    session_compare_silence(&fake.session, fake_trace(&fake, 0), &got);
    ok(got.chance < 0.1, "one that had, does not: %g", got.chance);
    fake_free(&fake);
}

int main(void)
{
    test_ends();
    test_silent_router_is_no_loss();
    test_first_hop_counts();
    return tap_done();
}
