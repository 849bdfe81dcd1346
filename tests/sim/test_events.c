/* SPDX-License-Identifier: BSD-2-Clause */
/* What `watch` tells of networks that change, in virtual time: the events that are due and no other, with hop and time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor.h"
#include "sim/watching.h"
#include "tap.h"

#define NODES                                                                                                          \
    "client client 10.9.0.2\nchain r 5\nrouter x 10.8.0.1\nrouter y 10.8.1.1\n"                                        \
    "host target 192.0.2.80 open tcp/80,tcp/443\n"
#define LINKS                                                                                                          \
    "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 1ms\nlinks 5ms r3 r4 r5 target\n"                             \
    "link r2 x delay 5ms\nlink x r4 delay 5ms\nlink y r5 delay 5ms\n"
#define SLOW                                                                                                           \
    NODES "links 5ms client r1 r2\nlink r2 r3 delay 20ms jitter 1ms\nlinks 5ms r3 r4 r5 target\n"                      \
          "link r2 x delay 5ms\nlink x r4 delay 5ms\nlink y r5 delay 5ms\n"                                            \
          "route r2 target via r3\nroute r4 client via r3\n"
#define LOSSY                                                                                                          \
    NODES                                                                                                              \
    "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 1ms\nlink r3 r4 delay 5ms loss 20%\nlinks 5ms r4 r5 target\n" \
    "link r2 x delay 5ms\nlink x r4 delay 5ms\nlink y r5 delay 5ms\n"                                                  \
    "route r2 target via r3\nroute r4 client via r3\n"
#define PLAIN NODES LINKS "route r2 target via r3\nroute r4 client via r3\n"

#define LIMITED                                                                                                        \
    "set r1 limit 6 1\nset r2 limit 6 1\nset r3 limit 6 1\nset r4 limit 6 1\nset r5 limit 6 1\nset target limit 6 1\n"

#define EVENTS_MOST 64

struct heard {
    struct event events[EVENTS_MOST];
    unsigned count;
    struct monitor *monitor;
};

static void told(void *context, const struct event *event)
{
    struct heard *heard = context;
    char time[NSTIME_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES] = "all";
    if (event->trace)
        probe_spec_format(&event->trace->flow.spec, spec);
    nstime_format(event->time, time);
    printf("# round %u, %.3f s: %s %s: %s > %s, at %u after %u before %u, %.6f: %s\n", event->round,
           (double)(event->time - SIM_START) / 1e9, event_kind_name(event->kind), spec, event->from, event->to,
           event->at.ttl, event->after.ttl, event->before.ttl, event->confidence, event->text);
    if (heard->count < EVENTS_MOST)
        heard->events[heard->count++] = *event;
}

static void settled(void *context, const struct session *session, const struct trace *trace, const struct probe *probe)
{
    struct heard *heard = context;
    monitor_probe_settled(heard->monitor, session, trace, probe);
}

static void round_ended(void *context, const struct session *session, uint32_t rounds)
{
    struct heard *heard = context;
    monitor_round_ended(heard->monitor, session, rounds);
}

static void listen(struct heard *heard, struct watching *w)
{
    *heard = (struct heard){.count = 0};
    heard->monitor = monitor_new(told, heard);
    const struct session_events events = {.context = heard, .probe_settled = settled, .round_ended = round_ended};
    watching_run(w, &events);
}

static void stop(struct heard *heard, struct watching *w)
{
    monitor_free(heard->monitor);
    watching_free(w);
}

/* An event that is due: its time is between two rounds. */
struct due_event {
    enum event_kind kind;
    const char *spec; /* NULL: of all */
    unsigned after_round, told_by;
    uint8_t at, after;
    const char *from, *to; /* NULL: any */
};

static bool fits(const struct event *event, const struct due_event *due)
{
    char spec[PROBE_SPEC_TEXT_BYTES] = "";
    if (event->trace)
        probe_spec_format(&event->trace->flow.spec, spec);
    nstime from = SIM_START + due->after_round * NS_PER_S;
    return event->kind == due->kind && strcmp(spec, due->spec ? due->spec : "") == 0 && event->time >= from &&
           event->time <= SIM_START + due->told_by * NS_PER_S && event->round <= due->told_by &&
           event->at.ttl == due->at && event->after.ttl == due->after &&
           (!due->from || strcmp(event->from, due->from) == 0) && (!due->to || strcmp(event->to, due->to) == 0);
}

static void check(const char *name, const struct heard *heard, const struct due_event *due, unsigned count)
{
    bool good = heard->count == count;
    for (unsigned i = 0; i < count && good; i++)
        good = fits(&heard->events[i], &due[i]);
    ok(good, "%s: %u events, each at its hop and in time, and nothing else", name, count);
}

/* A network that is another one from round 40 to round 100. */
static void test_change(const char *name, const char *text, const char *specs, const struct due_event *due,
                        unsigned count)
{
    struct watching w;
    struct heard heard;
    const char *usual = strstr(text, LIMITED) ? PLAIN LIMITED : PLAIN;
    watching_init(&w, usual, specs, 7);
    watching_change(&w, 40, text);
    watching_change(&w, 100, usual);
    w.config.rounds = 160;
    printf("# %s\n", name);
    listen(&heard, &w);
    check(name, &heard, due, count);
    stop(&heard, &w);
}

#define TEST(name, text, specs, ...)                                                                                   \
    test_change(name, text, specs, (const struct due_event[]){__VA_ARGS__},                                            \
                sizeof((const struct due_event[]){__VA_ARGS__}) / sizeof(struct due_event))

/* The same where all routers have the limits of Linux. */
static void test_limits(void)
{
    TEST("limits, and a filter", PLAIN LIMITED "filter r3 forward tcp port 443 drop\n", "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 45, 0, 3, "open", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "dropped", "open"});
    TEST("limits, and a filter that rejects", PLAIN LIMITED "filter r3 forward tcp port 443 reject admin-prohibited\n",
         "icmp,tcp/443", {EVENT_VERDICT_CHANGE, "tcp/443", 40, 45, 3, 0, "open", "rejected"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "rejected", "open"});
    TEST("limits, and another route", NODES LINKS LIMITED "route r2 target via x\nroute r4 client via r3\n",
         "icmp,tcp/443", {EVENT_ROUTE_CHANGE, NULL, 40, 43, 3, 0, "10.0.3.1", "10.8.0.1"},
         {EVENT_ROUTE_CHANGE, NULL, 100, 103, 3, 0, "10.8.0.1", "10.0.3.1"});
    TEST("limits, and one of seven specs", PLAIN LIMITED "filter r2 forward tcp port 80 drop\n",
         "icmp,udp,udp/53,udp/443,tcp/443,tcp/80,tcp/80:ack",
         {EVENT_VERDICT_CHANGE, "tcp/80:ack", 40, 55, 0, 2, "closed", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/80", 40, 55, 0, 2, "open", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/80", 100, 103, 6, 0, "dropped", "open"},
         {EVENT_VERDICT_CHANGE, "tcp/80:ack", 100, 103, 6, 0, "dropped", "closed"});
    TEST("limits, and a slower link", SLOW LIMITED, "icmp,tcp/443",
         {EVENT_LATENCY_SHIFT, NULL, 40, 52, 3, 0, NULL, NULL},
         {EVENT_LATENCY_SHIFT, NULL, 100, 112, 3, 0, NULL, NULL});
    TEST("limits, and a lossy link", LOSSY LIMITED, "icmp,tcp/443", {EVENT_LOSS_BEGIN, NULL, 38, 70, 0, 0, NULL, NULL},
         {EVENT_LOSS_END, NULL, 90, 140, 0, 0, NULL, NULL});
    TEST("limits, and no link", PLAIN LIMITED "filter r3 forward drop\n", "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "icmp", 40, 50, 0, 3, "open", "unanswered"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 50, 0, 3, "open", "unanswered"},
         {EVENT_VERDICT_CHANGE, "icmp", 100, 103, 6, 0, "unanswered", "open"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "unanswered", "open"});
}

static void test_changes(void)
{
    test_change("a quiet network", PLAIN, "icmp,tcp/443", NULL, 0);
    TEST("a filter that drops", PLAIN "filter r3 forward tcp port 443 drop\n", "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 43, 0, 3, "open", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "dropped", "open"});
    TEST("a filter that rejects", PLAIN "filter r3 forward tcp port 443 reject admin-prohibited\n", "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 43, 3, 0, "open", "rejected"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "rejected", "open"});
    TEST("another route", NODES LINKS "route r2 target via x\nroute r4 client via r3\n", "icmp,tcp/443",
         {EVENT_ROUTE_CHANGE, NULL, 40, 42, 3, 0, "10.0.3.1", "10.8.0.1"},
         {EVENT_ROUTE_CHANGE, NULL, 100, 102, 3, 0, "10.8.0.1", "10.0.3.1"});
    TEST("a filter before the target", PLAIN "filter r5 forward tcp port 443 drop\n", "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 43, 0, 5, "open", "unanswered"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "unanswered", "open"});
    TEST("one of seven specs", PLAIN "filter r2 forward tcp port 80 drop\n",
         "icmp,udp,udp/53,udp/443,tcp/443,tcp/80,tcp/80:ack",
         {EVENT_VERDICT_CHANGE, "tcp/80", 40, 43, 0, 2, "open", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/80:ack", 40, 43, 0, 2, "closed", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/80", 100, 103, 6, 0, "dropped", "open"},
         {EVENT_VERDICT_CHANGE, "tcp/80:ack", 100, 103, 6, 0, "dropped", "closed"});
    TEST("a slower link", SLOW, "icmp,tcp/443", {EVENT_LATENCY_SHIFT, NULL, 40, 52, 3, 0, NULL, NULL},
         {EVENT_LATENCY_SHIFT, NULL, 100, 112, 3, 0, NULL, NULL});
    TEST("a lossy link", LOSSY, "icmp,tcp/443", {EVENT_LOSS_BEGIN, NULL, 40, 70, 0, 3, NULL, NULL},
         {EVENT_LOSS_END, NULL, 90, 140, 0, 3, NULL, NULL});
    test_change("a limit", PLAIN "set r3 limit 3 0.5\n", "icmp,tcp/443", NULL, 0);
    TEST("a longer route",
         NODES LINKS "link x y delay 5ms\nroute r2 target via x\nroute x target via y\nroute r4 client via r3\n",
         "icmp,tcp/443", {EVENT_ROUTE_CHANGE, NULL, 40, 42, 3, 0, "10.0.3.1", "10.8.0.1"},
         {EVENT_ROUTE_CHANGE, NULL, 100, 102, 3, 0, "10.8.0.1", "10.0.3.1"});
    TEST("no link", PLAIN "filter r3 forward drop\n", "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "icmp", 40, 43, 0, 3, "open", "unanswered"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 43, 0, 3, "open", "unanswered"},
         {EVENT_VERDICT_CHANGE, "icmp", 100, 103, 6, 0, "unanswered", "open"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "unanswered", "open"});
    test_change("a balancer", PLAIN "set r2 balance per-packet\n", "icmp,tcp/443", NULL, 0);
}

/* A day on a path that loses one packet of a hundred: chance makes no events. */
static void test_day(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w,
                  NODES "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 3ms\nlink r3 r4 delay 5ms loss 0.5%\n"
                        "links 5ms r4 r5 target\nlink r2 x delay 50ms\nlink y r5 delay 50ms\n",
                  "icmp,tcp/443", 11);
    w.config.rounds = 86400;
    listen(&heard, &w);
    ok(heard.count <= 1, "a quiet day: %u events of %u rounds, at most one", heard.count, watch_rounds(w.session));
    stop(&heard, &w);
}

int main(void)
{
    test_changes();
    test_limits();
    test_day();
    return tap_done();
}
