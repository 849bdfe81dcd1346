/* SPDX-License-Identifier: BSD-2-Clause */
/* `watch` with many targets over one simulated network, in virtual time: whose packets are whose, what changes for one
 * target alone, and how routers are probed that their paths have in common. */
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "cli/shared/loop.h"
#include "monitor/monitor.h"
#include "sim/watching.h"
#include "tap.h"

#define TARGETS 64

/* All targets lie behind the same four routers. The first router sends one ICMP error a second. `more`: statements. */
static void add_net(struct strbuf *text, const char *limit, const char *more)
{
    strbuf_add(text, "client client 10.9.0.2\nchain r 4\n");
    for (unsigned i = 0; i < TARGETS; i++)
        strbuf_addf(text, "host t%u 192.0.2.%u open tcp/443\nlink r4 t%u delay 2ms\n", i, i + 1, i);
    strbuf_addf(text, "target t0\nlinks 2ms client r1 r2 r3 r4\nset r1 %s\n%s", limit, more);
}

/* What one target's monitor told. */
struct told {
    struct monitor *monitor;
    struct event last;
    unsigned count;
    unsigned at_shared[4]; /* probes of the first spec to each of the routers */
};

struct run {
    struct watching w; /* its first session is not used */
    struct session *sessions[TARGETS];
    struct told told[TARGETS];
    struct targets targets;
    unsigned most_at_first; /* probes to the first router within a second, once the run has settled */
    unsigned now_at_first;
    nstime second;
};

static void event_told(void *context, const struct event *event)
{
    struct told *told = context;
    told->last = *event;
    told->count++;
    printf("# round %u, %s %s > %s, after %u: %s\n", event->round, event_kind_name(event->kind), event->from, event->to,
           event->after.ttl, event->text);
}

static struct told *told_of(struct run *run, const struct session *session)
{
    unsigned i = 0;
    while (run->sessions[i] != session)
        i++;
    return &run->told[i];
}

#define SETTLED_AFTER (30 * NS_PER_S)

static void count_at_first(struct run *run, const struct probe *probe)
{
    if (probe->ttl != 1 || probe->sent < SIM_START + SETTLED_AFTER)
        return;
    if (probe->sent >= run->second + NS_PER_S) {
        run->second = probe->sent;
        run->now_at_first = 0;
    }
    run->now_at_first++;
    run->most_at_first = run->now_at_first > run->most_at_first ? run->now_at_first : run->most_at_first;
}

static void settled(void *context, const struct session *session, const struct trace *trace, const struct probe *probe)
{
    struct run *run = context;
    struct told *told = told_of(run, session);
    monitor_probe_settled(told->monitor, session, trace, probe);
    count_at_first(run, probe);
    if (trace == session_trace(session, 0) && probe->ttl <= 4)
        told->at_shared[probe->ttl - 1]++;
}

static void round_ended(void *context, const struct session *session, uint32_t rounds)
{
    monitor_round_ended(told_of(context, session)->monitor, session, rounds);
}

/* `changed` from round `after` on; NULL: nothing changes. */
static void start(struct run *run, const char *limit, const char *specs, uint32_t rounds, unsigned after,
                  const char *changed)
{
    struct strbuf text;
    *run = (struct run){.second = NSTIME_NONE};
    strbuf_init(&text);
    add_net(&text, limit, "");
    watching_init(&run->w, text.text, specs, 7);
    if (changed) {
        strbuf_clear(&text);
        add_net(&text, limit, changed);
        watching_change(&run->w, after, text.text);
    }
    strbuf_free(&text);
    run->w.config.rounds = rounds;
}

static void finish(struct run *run)
{
    const volatile sig_atomic_t stop = 0;
    const struct session_events events = {.context = run, .probe_settled = settled, .round_ended = round_ended};
    for (unsigned i = 0; i < TARGETS; i++) {
        struct session_config config = run->w.config;
        char address[ADDR_TEXT_BYTES];
        snprintf(address, sizeof address, "192.0.2.%u", i + 1);
        addr_parse(address, &config.target);
        config.seed += i;
        run->told[i].monitor = monitor_new(event_told, &run->told[i]);
        run->sessions[i] = session_new(&config, false, &events, &run->w.err);
        if (!run->sessions[i] || !run->told[i].monitor)
            abort();
    }
    targets_init(&run->targets, run->sessions, TARGETS);
    run->w.sim = sim_new(run->w.nets[0], run->w.config.seed);
    sim_set_changes(run->w.sim, run->w.changes, run->w.net_count - 1);
    if (loop_run_targets(&run->targets, sim_wire(run->w.sim), NULL, NULL, &stop, &run->w.err) != STATUS_OK)
        abort();
    nstime ended = targets_now(&run->targets);
    for (unsigned i = 0; i < TARGETS; i++)
        session_finish(run->sessions[i], SESSION_COMPLETE, ended, 0);
}

static void end(struct run *run)
{
    for (unsigned i = 0; i < TARGETS; i++) {
        session_free(run->sessions[i]);
        monitor_free(run->told[i].monitor);
    }
    watching_free(&run->w);
}

static unsigned events_of_all(const struct run *run)
{
    unsigned count = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        count += run->told[i].count;
    return count;
}

/* How many targets have this word at the hop, in the table of the first spec. */
static unsigned words(const struct run *run, uint8_t ttl, enum row_word word)
{
    unsigned count = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        count += monitor_word(run->told[i].monitor, 0, ttl) == word;
    return count;
}

static double mean_at(const struct run *run, unsigned ttl)
{
    double sum = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        sum += run->told[i].at_shared[ttl - 1];
    return sum / TARGETS;
}

/* No limits: each target has each of its hops each round. */
static void test_rounds(void)
{
    struct run run;
    start(&run, "no-echo", "tcp/443,icmp", 30, 0, NULL);
    finish(&run);
    is_num(events_of_all(&run), 0, "nothing is told");
    for (unsigned ttl = 1; ttl <= 4; ttl++)
        ok(mean_at(&run, ttl) == 30, "each target probes shared router %u each round: %.2f", ttl, mean_at(&run, ttl));
    unsigned reached = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        reached +=
            session_trace(run.sessions[i], 0)->reached_ttl == 5 && session_trace(run.sessions[i], 1)->reached_ttl == 5;
    is_num(reached, TARGETS, "each reaches its target with both probes");
    end(&run);
}

static void test_limited(void)
{
    struct run run;
    start(&run, "limit 6 1", "tcp/443,icmp", 150, 0, NULL);
    finish(&run);
    ok(watching_memory() / TARGETS < 700000, "a target takes %zu bytes", watching_memory() / TARGETS);
    is_num(events_of_all(&run), 0, "a shared router that limits its errors is no event");
    for (uint8_t ttl = 1; ttl <= 5; ttl++)
        is_num(words(&run, ttl, WORD_LOSS), 0, "and no loss at hop %u", ttl);
    is_num(words(&run, 1, WORD_LIMITED), TARGETS, "but limited, for each target");
    is_num(words(&run, 2, WORD_LIMITED), 0, "the router behind it is not");
    ok(run.most_at_first <= 4, "it gets the probes of one target a second: %u at most", run.most_at_first);
    ok(mean_at(&run, 2) == 150, "a router without a limit is probed for each target each round: %.2f",
       mean_at(&run, 2));
    end(&run);
}

/* Router 3 begins to drop what one target gets. */
static void test_one_changes(void)
{
    struct run run;
    start(&run, "limit 6 1", "tcp/443,icmp", 90, 40, "filter r3 forward tcp to t5 drop\n");
    finish(&run);
    is_num(run.told[5].count, 1, "the target behind the filter has an event");
    is_num(run.told[5].last.kind, EVENT_VERDICT_CHANGE, "a verdict");
    is_text(run.told[5].last.to, "dropped", "that says what became of the probe");
    is_num(run.told[5].last.after.ttl, 3, "and where");
    ok(run.told[5].last.round <= 44, "within three rounds: in round %u", run.told[5].last.round);
    is_num(events_of_all(&run), 1, "no other target has one");
    end(&run);
}

/* All routers limit their errors, and few answer in the first rounds. */
static void test_long_limited_paths(void)
{
    struct run run;
    struct strbuf text;
    strbuf_init(&text);
    strbuf_add(&text, "client client 10.9.0.2\nchain r 11\n");
    for (unsigned i = 1; i <= 11; i++)
        strbuf_addf(&text, "set r%u limit 6 1\n", i);
    for (unsigned i = 0; i < TARGETS; i++)
        strbuf_addf(&text, "host t%u 192.0.2.%u open tcp/443\nlink r11 t%u delay 2ms\n", i, i + 1, i);
    strbuf_add(&text, "target t0\nlinks 2ms client r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11\n");
    run = (struct run){.second = NSTIME_NONE};
    watching_init(&run.w, text.text, "tcp/443,icmp", 7);
    strbuf_free(&text);
    run.w.config.rounds = 30;
    finish(&run);
    unsigned open = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        for (unsigned k = 0; k < 2; k++) {
            const struct verdict *verdict = monitor_verdict(run.told[i].monitor, k);
            open += verdict && verdict->state == VERDICT_OPEN;
        }
    is_num(open, 2 * TARGETS, "each target has its verdict, though all routers limit their replies");
    is_num(events_of_all(&run), 0, "and nothing is told");
    end(&run);
}

/* Router 3 begins to drop the probe to all targets. */
static void test_all_change(void)
{
    struct run run;
    unsigned placed = 0, last = 0;
    start(&run, "limit 6 1", "tcp/443,icmp", 90, 40, "filter r3 forward tcp drop\n");
    finish(&run);
    for (unsigned i = 0; i < TARGETS; i++) {
        placed += run.told[i].count == 1 && run.told[i].last.after.ttl == 3;
        last = run.told[i].last.round > last ? run.told[i].last.round : last;
    }
    is_num(placed, TARGETS, "each target has one event, with its place");
    ok(last <= 46, "in round %u at the latest", last);
    end(&run);
}

int main(void)
{
    test_rounds();
    test_limited();
    test_one_changes();
    test_all_change();
    test_long_limited_paths();
    return tap_done();
}
