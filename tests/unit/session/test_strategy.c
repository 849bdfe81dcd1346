/* SPDX-License-Identifier: BSD-2-Clause */
/* A strategy is a const struct: this one sends a single probe with the largest TTL and stops. The session runs it,
 * live and replayed, and nothing else knows of it. */
#include "session/state.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/handmade.h"

static void once_update(struct session *session)
{
    struct wanted *wanted = session_wanted(session, 0, 0, session->config.max_ttl);
    wanted->want = 1;
    session->complete = wanted->resolved == 1;
    if (session->complete)
        session_settle_hops(session, NULL);
}

static nstime once_timer(const struct session *session)
{
    (void)session;
    return NSTIME_NEVER;
}

static const struct strategy strategy_once = {
    .name = "once",
    .heading = "hopsonde once to",
    .flows_most = 1,
    .merges_hops = true,
    .update = once_update,
    .timer = once_timer,
    .next = pacing_next,
};

static const char *const icmp_only[] = {"icmp", NULL};

struct seen {
    unsigned hops, probes;
    uint8_t last_ttl;
};

static void note_hop(void *context, const struct session *session, uint8_t ttl)
{
    struct seen *seen = context;
    (void)session;
    seen->hops++;
    seen->last_ttl = ttl;
}

static void note_probe(void *context, const struct session *session, const struct trace *trace,
                       const struct probe *probe)
{
    struct seen *seen = context;
    (void)session, (void)trace, (void)probe;
    seen->probes++;
}

static struct session *start(bool seen_only, struct seen *seen)
{
    const struct session_events events = {.context = seen, .probe_settled = note_probe, .hop_settled = note_hop};
    struct session_config config = handmade_config(icmp_only);
    struct err err = {0};
    config.strategy = &strategy_once;
    return session_new(&config, seen_only, &events, &err);
}

static void check_end(struct session *session, const struct seen *seen, const char *what)
{
    const struct trace *trace = session_trace(session, 0);
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    is_num(trace->probe_count, 1, "%s: one probe", what);
    is_num(trace->probes[0].ttl, 30, "%s: with the largest TTL", what);
    is_num(trace->probes[0].reply_count, 1, "%s: with its reply", what);
    is_num(seen->probes, 1, "%s: told once", what);
    is_num(seen->last_ttl, 30, "%s: hops are settled to its TTL", what);
    session_free(session);
}

static void test_live(void)
{
    struct seen seen = {0};
    struct session *session = start(false, &seen);
    struct wish wish = session_wish(session, START);
    is_num(wish.kind, WISH_SEND, "it wishes a send");
    is_num(wish.ttl, 30, "with the largest TTL");
    session_sent(session, &wish, 0, START);
    is_num(session_wish(session, START + MS).kind, WISH_WAIT, "then it waits");
    see_probe(session, 0, wish.serial, wish.ttl, 0);
    see_error(session, "10.0.3.1", 3, 1, 0, wish.serial, NULL, 5 * MS);
    is_num(session_wish(session, START + 5 * MS).kind, WISH_DONE, "and is done after one reply");
    check_end(session, &seen, "live");
}

static void test_replay(void)
{
    struct seen seen = {0};
    struct session *session = start(true, &seen);
    see_probe(session, 0, 1, 30, 0);
    see_error(session, "10.0.3.1", 3, 1, 0, 1, NULL, 5 * MS);
    check_end(session, &seen, "replayed");
}

/* The table: each name finds its row, and no two rows share one. */
static void test_table(void)
{
    for (unsigned i = 0; strategies[i]; i++)
        ok(strategy_find(strategies[i]->name) == strategies[i], "%s is found by its name", strategies[i]->name);
    ok(!strategy_find("once"), "a strategy that is not in the table is not found");
}

int main(void)
{
    test_live();
    test_replay();
    test_table();
    return tap_done();
}
