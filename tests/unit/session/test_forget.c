/* SPDX-License-Identifier: BSD-2-Clause */
/* An endless run forgets old probes: what is left is as if they had never been sent. */
#include "session/state.h"
#include "tap.h"
#include "unit/support/handmade.h"
#include "watch/watch.h"

static const char *const udp_only[] = {"udp", NULL};

static struct session *begin(void)
{
    struct session_config config = handmade_config(udp_only);
    struct err err = {0};
    config.strategy = &strategy_watch;
    config.interval = NS_PER_S;
    return session_new(&config, true, NULL, &err);
}

/* Two probes to each of two hops, a second apart; the first two expired at another router. */
static struct session *make(void)
{
    struct session *session = begin();
    for (unsigned i = 0; i < 4; i++) {
        nstime at = i * NS_PER_S;
        see_probe(session, 0, (uint16_t)(i + 1), (uint8_t)(1 + i % 2), at);
        see_error(session, i < 2 ? "10.0.1.1" : "10.0.1.2", 11, 0, 0, (uint16_t)(i + 1), NULL, at + (i + 1) * MS);
    }
    session_tick(session, START + 20 * NS_PER_S);
    return session;
}

static void test_trace(void)
{
    struct session *session = make();
    const struct trace *trace = session_trace(session, 0);
    session_forget(session, START + 2 * NS_PER_S);
    is_num(trace->probe_count, 2, "two probes are left");
    is_num(trace->forgotten, 2, "two are forgotten");
    is_num(trace->reply_count, 2, "so are their replies");
    ok(!trace_probe(trace, 1) && !trace_probe(trace, 2), "their serials find nothing");
    ok(trace_probe(trace, 3) == &trace->probes[0], "the others find their probes");
    is_num(trace->probes[0].attempt, 2, "attempts go on counting");
    struct addr router = trace_router_address(trace, 1), second = handmade_address("10.0.1.2");
    ok(addr_equal(&router, &second), "the hop shows the router that is left");
    is_num(session_wanted(session, 0, 0, 1)->known, 1, "one probe of the hop is known");
    is_num(session->settled_probes[0], 2, "both are settled");
    is_num(session->worst_rtt, 4 * MS, "the largest round-trip time is one of those left");
    session_free(session);
}

static void test_late(void)
{
    struct session *session = make();
    session_forget(session, START + 2 * NS_PER_S);
    struct frame_note note = see_error(session, "10.0.1.1", 11, 0, 0, 1, NULL, 21 * NS_PER_S);
    is_num(note.role, FRAME_STRAY, "a reply to a forgotten probe is a stray");
    is_text(note.reason, "answer after the longest wait", "and none that a forger sent");
    is_num(session_counters(session)->forgeries[FORGERY_ERRORS].count, 0, "it counts as no forgery");
    see_error(session, "10.0.1.1", 11, 0, 0, 9, NULL, 22 * NS_PER_S);
    is_num(session_counters(session)->forgeries[FORGERY_ERRORS].count, 1, "one to a probe that is yet to come does");
    session_free(session);
}

static void test_wrap(void)
{
    struct session *session = make();
    struct frame_note note = see_probe(session, 0, FLOW_SERIALS_MOST - 1, 1, 21 * NS_PER_S);
    is_num(note.role, FRAME_PROBE, "the serial before the first one is near");
    is_num(session_serial_after(session, FLOW_SERIALS_MOST), 1, "behind the largest serial comes 1");
    is_num(session_serial_ahead(session, FLOW_SERIALS_MOST, 1), 1, "and it is one ahead");
    is_num(session_serial_ahead(session, 1, FLOW_SERIALS_MOST), -1, "the other way round it is one behind");
    session_free(session);
}

static void test_tail(void)
{
    struct session *session = make();
    struct trace tail;
    ok(trace_tail(session_trace(session, 0), START + 3 * NS_PER_S, &tail), "a tail is made");
    is_num(tail.probe_count, 1, "it has the last probe");
    is_num(tail.last_router_ttl, 2, "whose router is known");
    ok(!trace_first_at(&tail, 1), "no other hop is");
    ok(trace_probe(&tail, 4) == &tail.probes[0] && !trace_probe(&tail, 3), "serials find its probe alone");
    is_num(session_trace(session, 0)->probe_count, 4, "the trace is as before");
    trace_free_tail(&tail);
    ok(trace_tail(session_trace(session, 0), START + 9 * NS_PER_S, &tail) && !tail.started, "a tail may be empty");
    trace_free_tail(&tail);
    session_free(session);
}

int main(void)
{
    test_trace();
    test_late();
    test_wrap();
    test_tail();
    return tap_done();
}
