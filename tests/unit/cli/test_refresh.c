/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a target whose name was looked up again stays or moves, and what else happens to a run. */
#include "config.h"

#include "cli/shared/refresh.h"

#include <stdlib.h>

#include "session/state.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/handmade.h"

static struct addr addr_of(const char *text)
{
    struct addr addr = {0};
    if (!addr_parse(text, &addr))
        abort();
    return addr;
}

static struct session *session_to(const char *target, uint64_t seed)
{
    static const char *const udp[] = {"udp", NULL};
    struct session_config config = handmade_config(udp);
    struct err err = {0};
    config.source = addr_of("192.0.2.1");
    config.target = addr_of(target);
    config.strategy = &strategy_watch;
    config.interval = NS_PER_S;
    config.seed = seed;
    config.rounds = 9;
    struct session *session = session_new(&config, false, NULL, &err);
    if (!session)
        abort();
    return session;
}

/* One lookup of target 0. */
static void is_chosen(struct refresh_memory *memory, const struct targets *targets, const char *const *names,
                      const char *want, const char *title)
{
    struct addr list[3];
    unsigned count = 0;
    char text[ADDR_TEXT_BYTES] = "";
    for (; count < 3 && names[count]; count++)
        list[count] = addr_of(names[count]);
    const struct addr *to = refresh_choose(memory, targets, 0, list, count);
    if (to)
        addr_format(to, text);
    is_text(text, want ? want : "", "%s", title);
}

/* The target has fallen silent. */
static void test_choice(const struct targets *targets)
{
    static const struct {
        const char *name, *list[3], *want;
    } rows[] = {
        {"the same address", {"198.51.100.7"}, NULL},
        {"another one beside it", {"198.51.100.9", "198.51.100.7"}, NULL},
        {"another one alone", {"198.51.100.9"}, "198.51.100.9"},
        {"the first of two", {"198.51.100.9", "198.51.100.10"}, "198.51.100.9"},
        {"that of another target", {"198.51.100.8"}, NULL},
        {"one behind that of another target", {"198.51.100.8", "198.51.100.10"}, "198.51.100.10"},
        {"none", {NULL}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct refresh_memory memory = {.has_replied = true};
        is_chosen(&memory, targets, rows[i].list, rows[i].want, rows[i].name);
    }
}

/* Lookups in a row, of a target that replies, or that never did. */
static void test_rotation(const struct targets *targets)
{
    static const struct {
        const char *name, *list[3], *want;
    } rows[] = {
        {"its address is gone", {"198.51.100.9"}, NULL},
        {"the name shows another one each time", {"198.51.100.10"}, NULL},
        {"and again", {"198.51.100.11"}, NULL},
        {"and again", {"198.51.100.12"}, NULL},
        {"its own one is back", {"198.51.100.12", "198.51.100.7"}, NULL},
        {"two others", {"198.51.100.12", "198.51.100.13"}, NULL},
        {"the same two, the other way round", {"198.51.100.13", "198.51.100.12"}, NULL},
        {"three lookups in a row have the first of them", {"198.51.100.13", "198.51.100.12"}, "198.51.100.12"},
    };
    struct refresh_memory memory = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_chosen(&memory, targets, rows[i].list, rows[i].want, rows[i].name);
}

/* It stays while it replies, and leaves at once when it does so no more. */
static void test_silence(const struct targets *targets)
{
    static const char *const other[] = {"198.51.100.9", NULL};
    struct trace *trace = &targets_session(targets, 0)->traces[0];
    struct refresh_memory memory = {0};
    trace->reached_ttl = 4;
    is_chosen(&memory, targets, other, NULL, "a target that replies stays");
    trace->reached_ttl = 0;
    is_chosen(&memory, targets, other, other[0], "one that has fallen silent moves");
}

/* The ports are held, so the new session has those of the old one. */
static void test_move(struct targets *targets)
{
    struct session *old = NULL;
    struct err err = {0};
    const struct addr to = addr_of("198.51.100.9");
    const struct session *before = targets_session(targets, 0);
    is_num(targets_move(targets, 0, &to, &old, &err), STATUS_OK, "a target moves");
    const struct session *now = targets_session(targets, 0);
    ok(old == before && now != before, "to a session of its own");
    const struct flow *flow = &session_trace(now, 0)->flow, *former = &session_trace(old, 0)->flow;
    ok(addr_equal(&session_config(now)->target, &to) && addr_equal(&flow->target, &to), "with the other address");
    ok(flow->source_port == former->source_port && flow->nonce == former->nonce, "and the same source port and nonce");
    is_num(session_config(now)->rounds, 9, "for the rounds that are left");
    session_free(old);
}

/* As a replay reads it from a file: whatever the note holds, the event can be shown. */
static void test_clock_step(struct targets *targets, struct session **sessions)
{
    const volatile sig_atomic_t stop = 0;
    const struct result_source source = {.command = "watch"};
    struct report report = {.target_count = 0};
    struct happenings happenings = {.report = &report, .targets = targets, .sessions = sessions, .stop = &stop};
    struct err err;
    if (!report_begin_targets(&report, &source, sessions, targets->count))
        abort();
    happenings_take(&happenings, &(struct session_claim){.kind = CLAIM_CLOCK_STEP, .note = "it slept \x1b[2J"});
    const struct monitor *monitor = report.first.monitor;
    is_num(monitor_event_count(monitor, EVENT_CLOCK_STEP), 1, "a step of the clock is an event");
    is_text(monitor_recent(monitor, 0)->text, "it slept \\x1b[2J", "with its note, escaped");
    report_close(&report, &err);
}

int main(void)
{
    struct session *sessions[] = {session_to("198.51.100.7", 1), session_to("198.51.100.8", 2)};
    struct targets targets;
    targets_init(&targets, sessions, 2);
    test_choice(&targets);
    test_rotation(&targets);
    test_silence(&targets);
    test_clock_step(&targets, sessions);
    test_move(&targets);
    session_free(targets_session(&targets, 0));
    session_free(targets_session(&targets, 1));
    return tap_done();
}
