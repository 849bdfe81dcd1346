/* SPDX-License-Identifier: BSD-2-Clause */
/* `watch` over networks that change, in virtual time. It tells the events that are due and no other, with hop and time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/heard.h"
#include "tap.h"

#define ROUTERS "client client 10.9.0.2\nchain r 5\nrouter x 10.8.0.1\nrouter y 10.8.1.1\n"
#define NODES ROUTERS "host target 192.0.2.80 open tcp/80,tcp/443\n"
#define ROUTES "route r2 target via r3\nroute r4 client via r3\n"
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
#define STEP(how)                                                                                                      \
    NODES "links 5ms client r1 r2 r3\nlink r3 r4 delay " how "\nlinks 5ms r4 r5 target\n"                              \
          "link r2 x delay 5ms\nlink x r4 delay 5ms\nlink y r5 delay 5ms\n"                                            \
          "route r2 target via r3\nroute r4 client via r3\n"
#define PLAIN NODES LINKS "route r2 target via r3\nroute r4 client via r3\n"

#define LIMITED                                                                                                        \
    "set r1 limit 6 1\nset r2 limit 6 1\nset r3 limit 6 1\nset r4 limit 6 1\nset r5 limit 6 1\nset target limit 6 1\n"

#define STRICT                                                                                                         \
    "set r1 limit 3 0.3\nset r2 limit 3 0.3\nset r3 limit 3 0.3\nset r4 limit 3 0.3\nset r5 limit 3 0.3\n"             \
    "set target limit 3 0.3\n"

/* An event that is due: its time is between two rounds. */
struct due_event {
    enum event_kind kind;
    const char *spec; /* NULL: of all */
    unsigned after_round, told_by;
    uint8_t at, after;     /* `at` of a loss: it lies right between these two hops; 0: more may be between */
    const char *from, *to; /* NULL: any; "?": also the hops around it tell little */
};

/* Loss is between two hops; a few losses may leave more of them between. */
static bool is_placed(const struct event *event, const struct due_event *due)
{
    bool is_loss = event->kind == EVENT_LOSS_BEGIN || event->kind == EVENT_LOSS_END;
    if (is_loss && !due->at)
        return event->after.ttl <= due->after && event->before.ttl > due->after;
    return event->after.ttl == due->after && (is_loss ? event->before.ttl : event->at.ttl) == due->at;
}

static bool fits(const struct event *event, const struct due_event *due)
{
    char spec[PROBE_SPEC_TEXT_BYTES] = "";
    if (event->trace)
        probe_spec_format(&event->trace->flow.spec, spec);
    nstime from = SIM_START + due->after_round * NS_PER_S;
    return event->kind == due->kind && strcmp(spec, due->spec ? due->spec : "") == 0 && event->time >= from &&
           event->time <= SIM_START + due->told_by * NS_PER_S && event->round <= due->told_by &&
           is_placed(event, due) && (!due->from || *due->from == '?' || strcmp(event->from, due->from) == 0) &&
           (!due->to || strcmp(event->to, due->to) == 0);
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
    heard_run(&heard, &w);
    check(name, &heard, due, count);
    heard_free(&heard, &w);
}

#define TEST(name, text, specs, ...)                                                                                   \
    test_change(name, text, specs, (const struct due_event[]){__VA_ARGS__},                                            \
                sizeof((const struct due_event[]){__VA_ARGS__}) / sizeof(struct due_event))

/* A link is slow for a while, and soon after three times for a round. */
static void test_late_replies(void)
{
    static const struct due_event due[] = {{EVENT_LATENCY_SHIFT, "icmp", 40, 52, 3, 0, NULL, NULL},
                                           {EVENT_LATENCY_SHIFT, "icmp", 100, 130, 3, 0, NULL, NULL}};
    struct watching w;
    struct heard heard;
    watching_init(&w, PLAIN, "icmp", 7);
    watching_change(&w, 40, SLOW);
    watching_change(&w, 100, PLAIN);
    for (unsigned after = 103; after <= 113; after += 5) {
        watching_change(&w, after, SLOW);
        watching_change(&w, after + 1, PLAIN);
    }
    w.config.rounds = 160;
    heard_run(&heard, &w);
    check("late replies behind a step", &heard, due, 2);
    heard_free(&heard, &w);
}

#define VARIED(jitter, delay)                                                                                          \
    NODES "link client r1 delay 5ms jitter " jitter "\nlink r1 r2 delay 5ms\nlink r2 r3 delay " delay "\n"             \
          "links 5ms r3 r4 r5 target\nlink r2 x delay 5ms\nlink x r4 delay 5ms\nlink y r5 delay 5ms\n"                 \
          "route r2 target via r3\nroute r4 client via r3\n"
#define VARIED_SEEDS 20

/* What 20 runs tell if round trips take longer from round 40 to round 100. */
struct steps {
    unsigned told, placed, timed; /* of 40; at hop 3; within two seconds */
    unsigned others;
};

static void count_steps(const char *usual, const char *slow, struct steps *out)
{
    *out = (struct steps){0};
    for (unsigned seed = 1; seed <= VARIED_SEEDS; seed++) {
        struct watching w;
        struct heard heard;
        watching_init(&w, usual, "icmp", seed);
        watching_change(&w, 40, slow);
        watching_change(&w, 100, usual);
        w.config.rounds = 160;
        heard_run(&heard, &w);
        for (unsigned i = 0; i < heard.count && i < 2; i++) {
            nstime off = heard.events[i].time - (SIM_START + (i ? 100 : 40) * NS_PER_S);
            bool is_step = heard.events[i].kind == EVENT_LATENCY_SHIFT;
            out->told += is_step;
            out->placed += is_step && heard.events[i].at.ttl == 3;
            out->timed += is_step && off >= -2 * NS_PER_S && off <= 2 * NS_PER_S;
        }
        out->others += heard.count > 2 ? heard.count - 2 : 0;
        heard_free(&heard, &w);
    }
}

static void test_varied(void)
{
    struct steps steps;
    count_steps(VARIED("25ms", "5ms"), VARIED("25ms", "20ms"), &steps);
    is_num(steps.placed, 2 * VARIED_SEEDS,
           "round trips that vary by 50 ms, and a step of 30: each is told with its hop");
    is_num(steps.timed, 2 * VARIED_SEEDS, "and its time");
    is_num(steps.others, 0, "and nothing else");
    count_steps(VARIED("40ms", "5ms"), VARIED("40ms", "20ms"), &steps);
    is_num(steps.told, 2 * VARIED_SEEDS, "round trips that vary by 80 ms, and a step of 30: each is told");
    is_num(steps.others, 0, "and nothing else");
}

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
         "icmp,tcp/443", {EVENT_ROUTE_CHANGE, NULL, 40, 42, 3, 0, "10.0.3.1", "10.8.0.1"},
         {EVENT_ROUTE_CHANGE, NULL, 100, 102, 3, 0, "10.8.0.1", "10.0.3.1"});
    TEST("limits, and one of seven specs", PLAIN LIMITED "filter r2 forward tcp port 80 drop\n",
         "icmp,udp,udp/53,udp/443,tcp/443,tcp/80,tcp/80:ack",
         {EVENT_VERDICT_CHANGE, "tcp/80:ack", 40, 55, 0, 2, "closed", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/80", 40, 55, 0, 2, "open", "dropped"},
         {EVENT_VERDICT_CHANGE, "tcp/80", 100, 103, 6, 0, "dropped", "open"},
         {EVENT_VERDICT_CHANGE, "tcp/80:ack", 100, 103, 6, 0, "dropped", "closed"});
    TEST("limits, and a slower link", SLOW LIMITED, "icmp,tcp/443",
         {EVENT_LATENCY_SHIFT, NULL, 40, 52, 3, 0, NULL, NULL},
         {EVENT_LATENCY_SHIFT, NULL, 100, 112, 3, 0, NULL, NULL});
    TEST("limits, and a lossy link", LOSSY LIMITED, "icmp,tcp/443", {EVENT_LOSS_BEGIN, NULL, 40, 70, 0, 3, "?", NULL},
         {EVENT_LOSS_END, NULL, 90, 140, 0, 3, "?", NULL});
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
    TEST("a port that closes", ROUTERS "host target 192.0.2.80 open tcp/80\n" LINKS ROUTES, "icmp,tcp/443",
         {EVENT_VERDICT_CHANGE, "tcp/443", 40, 47, 6, 0, "open", "closed"},
         {EVENT_VERDICT_CHANGE, "tcp/443", 100, 103, 6, 0, "closed", "open"});
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
    TEST("a slower link, and a target that refuses", SLOW, "udp",
         {EVENT_LATENCY_SHIFT, "udp", 40, 52, 3, 0, NULL, NULL},
         {EVENT_LATENCY_SHIFT, "udp", 100, 112, 3, 0, NULL, NULL});
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
    test_change("a step of 3 ms on a path of 60", STEP("7ms"), "icmp,tcp/443", NULL, 0);
    TEST("a policer that drops a share of one spec", PLAIN "filter r3 forward tcp port 443 chance 30% drop\n",
         "icmp,tcp/443", {EVENT_LOSS_BEGIN, "tcp/443", 40, 98, 0, 3, NULL, NULL},
         {EVENT_LOSS_END, "tcp/443", 90, 155, 0, 3, NULL, NULL});
    TEST("a local firewall", PLAIN "set client refuse tcp\n", "icmp,tcp/443",
         {EVENT_LOCAL_DROP, "tcp/443", 39, 42, 0, 0, "sent", "Operation not permitted"},
         {EVENT_LOCAL_DROP, "tcp/443", 99, 102, 0, 0, "Operation not permitted", "sent"});
    TEST("one for all", PLAIN "set client refuse tcp,icmp\n", "icmp,tcp/443",
         {EVENT_LOCAL_DROP, NULL, 39, 42, 0, 0, "sent", "Operation not permitted"},
         {EVENT_LOCAL_DROP, NULL, 99, 102, 0, 0, "Operation not permitted", "sent"});
    TEST("a link that loses little", STEP("5ms loss 8%"), "icmp,tcp/443",
         {EVENT_LOSS_BEGIN, NULL, 40, 98, 0, 3, NULL, NULL}, {EVENT_LOSS_END, NULL, 90, 155, 0, 3, NULL, NULL});
}

#define LOSSY_RUNS 30

/* Each run tells where the losses are. Most have lost enough by then to tell the link. */
static void test_lossy_link(void)
{
    static const struct due_event due[] = {{EVENT_LOSS_BEGIN, NULL, 40, 70, 0, 3, NULL, NULL},
                                           {EVENT_LOSS_END, NULL, 90, 140, 0, 3, NULL, NULL}};
    struct watching w;
    struct heard heard;
    unsigned wrong = 0, exact = 0;
    for (uint64_t seed = 1; seed <= LOSSY_RUNS; seed++) {
        watching_init(&w, PLAIN, "icmp,tcp/443", seed);
        watching_change(&w, 40, LOSSY);
        watching_change(&w, 100, PLAIN);
        w.config.rounds = 160;
        heard_run(&heard, &w);
        wrong += heard.count != 2 || !fits(&heard.events[0], &due[0]) || !fits(&heard.events[1], &due[1]);
        exact += heard.events[0].after.ttl == 3 && heard.events[0].before.ttl == 4;
        heard_free(&heard, &w);
    }
    is_num(wrong, 0, "a lossy link, in %u runs: its loss begins and ends, and nothing else", LOSSY_RUNS);
    ok(exact >= LOSSY_RUNS * 4 / 5, "%u of them tell the link", exact);
}

/* Replies to probes of one round come before and after a change, wherever in the round it is. Its hop is the same. */
static void test_phases(const char *name, const char *text, const struct due_event *due, unsigned count)
{
    struct watching w;
    struct heard heard;
    unsigned wrong = 0;
    for (nstime phase = 0; phase < NS_PER_S; phase += 20 * NS_PER_MS) {
        watching_init(&w, PLAIN, "icmp,tcp/443", 1 + (uint64_t)(phase / NS_PER_MS));
        watching_change(&w, 40, text);
        watching_change(&w, 100, PLAIN);
        w.changes[0].at += phase;
        w.changes[1].at += phase;
        w.config.rounds = 120;
        heard_run(&heard, &w);
        bool good = heard.count == count;
        for (unsigned i = 0; i < count && good; i++)
            good = fits(&heard.events[i], &due[i]);
        wrong += !good;
        heard_free(&heard, &w);
    }
    is_num(wrong, 0, "%s, in fifty phases of a round: each event at its hop and in time, and nothing else", name);
}

static void test_all_phases(void)
{
    static const struct due_event routes[] = {{EVENT_ROUTE_CHANGE, NULL, 40, 43, 3, 0, "10.0.3.1", "10.8.0.1"},
                                              {EVENT_ROUTE_CHANGE, NULL, 100, 103, 3, 0, "10.8.0.1", "10.0.3.1"}};
    static const struct due_event filters[] = {{EVENT_VERDICT_CHANGE, "tcp/443", 40, 44, 0, 3, "open", "dropped"},
                                               {EVENT_VERDICT_CHANGE, "tcp/443", 100, 104, 6, 0, "dropped", "open"}};
    test_phases("two routers that change",
                NODES LINKS "link x y delay 5ms\nroute r2 target via x\nroute x target via y\n", routes, 2);
    test_phases("a filter that drops", PLAIN "filter r3 forward tcp port 443 drop\n", filters, 2);
}

/* From the first round on. A balancer is not taken for changes, even if one of its routers rejects what it forwards. */
static void test_balancers(void)
{
    struct watching w;
    struct heard heard;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        watching_init(&w, NODES LINKS "set r2 balance per-packet\nroute r4 client via r3\n", "icmp,tcp/443", seed);
        w.config.rounds = 60;
        heard_run(&heard, &w);
        is_num(heard.count, 0, "seed %u: routers in turns are no change", (unsigned)seed);
        heard_free(&heard, &w);
    }
    watching_init(&w,
                  NODES LINKS "set r2 balance per-packet\nroute r4 client via r3\n"
                              "filter x forward tcp port 443 reject admin-prohibited\n",
                  "icmp,tcp/443", 3);
    w.config.rounds = 200;
    heard_run(&heard, &w);
    ok(heard.count <= 2, "one of two branches rejects: %u events, no flapping", heard.count);
    heard_free(&heard, &w);
}

#define FLOWS 8

/* Source ports in turns: each branch of a balancer is shown, and a branch that goes is a change of the route. */
static void test_flows(void)
{
    struct watching w;
    struct heard heard;
    const char *balanced = NODES LINKS "set r2 balance per-flow\nroute r4 client via r3\n";
    for (unsigned change = 0; change < 2; change++) {
        watching_init(&w, balanced, "udp", 4);
        w.config.flows = FLOWS;
        w.config.rounds = 160;
        if (change)
            watching_change(&w, 80, NODES LINKS "route r2 target via x\nroute r4 client via r3\n");
        heard_run(&heard, &w);
        const struct hop_rows *hop = &monitor_rows(heard.monitor, 0)->hops[3];
        is_num(hop->count, 2, "%u source ports: both branches have a row", FLOWS);
        ok(hop->count == 2 && hop->rows[0].running.sent + hop->rows[1].running.sent == 160,
           "and all probes of the hop");
        is_num(heard.count, change, change ? "one branch goes: one event" : "a balancer is no event");
        if (change && heard.count)
            ok(heard.events[0].kind == EVENT_ROUTE_CHANGE && heard.events[0].at.ttl == 3 &&
                   heard.events[0].round <= 80 + 2 * FLOWS && strcmp(heard.events[0].to, "10.8.0.1") == 0,
               "with its hop, within two turns of the ports: round %u", heard.events[0].round);
        heard_free(&heard, &w);
    }
}

/* A step of 0.3 ms, where a round trip takes 1.2 ms. */
static void test_small_step(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, NODES "links 100us client r1 r2 r3 r4 r5 target\n", "icmp,tcp/443", 1);
    watching_change(&w, 40, NODES "links 100us client r1 r2\nlink r2 r3 delay 250us\nlinks 100us r3 r4 r5 target\n");
    w.config.rounds = 80;
    heard_run(&heard, &w);
    is_num(heard.count, 0, "a step that no user minds is not told");
    heard_free(&heard, &w);
}

/* A delay that varies by chance. */
static void test_jitter(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, NODES "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 80ms\nlinks 5ms r3 r4 r5 target\n",
                  "icmp,tcp/443", 1);
    w.config.rounds = 600;
    heard_run(&heard, &w);
    is_num(heard.count, 0, "a delay that varies is no step");
    heard_free(&heard, &w);
}

static enum row_word word_at(const struct heard *heard, unsigned trace, uint8_t ttl)
{
    return monitor_word(heard->monitor, trace, ttl);
}

/* The words behind the numbers of a hop. */
static void test_words(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, PLAIN "set r2 limit 3 0.5\n", "icmp,tcp/443", 5);
    w.config.rounds = 60;
    heard_run(&heard, &w);
    is_num(word_at(&heard, 0, 2), WORD_LIMITED, "a router that limits its replies");
    is_num(word_at(&heard, 0, 1), WORD_NONE, "the one before does not");
    is_num(word_at(&heard, 0, 6), WORD_NONE, "and nothing is lost at the target");
    heard_free(&heard, &w);
    watching_init(&w, LOSSY, "icmp,tcp/443", 5);
    w.config.rounds = 60;
    heard_run(&heard, &w);
    is_num(word_at(&heard, 0, 3), WORD_NONE, "before a lossy link nothing is lost");
    is_num(word_at(&heard, 0, 4), WORD_LOSS, "behind it, it is");
    is_num(word_at(&heard, 1, 6), WORD_LOSS, "as far as the target");
    heard_free(&heard, &w);
    watching_init(&w, PLAIN "filter r3 forward tcp port 443 chance 2% drop\n", "icmp,tcp/443", 5);
    w.config.rounds = 64;
    heard_run(&heard, &w);
    is_num(word_at(&heard, 1, 6), WORD_NONE, "a single loss is no word");
    heard_free(&heard, &w);
    watching_init(&w, PLAIN STRICT, "udp", 5);
    w.config.rounds = 60;
    heard_run(&heard, &w);
    is_num(word_at(&heard, 0, 3), WORD_NONE, "a target that limits its refusals shows no loss on the way");
    is_num(word_at(&heard, 0, 6), WORD_NONE, "nor at its own hop");
    heard_free(&heard, &w);
}

/* A filter that was there before the run, where the routers limit their replies. */
static void test_filtered_from_the_start(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, PLAIN LIMITED "filter r3 forward udp drop\n", "icmp,udp,tcp/443", 1);
    w.config.rounds = 12;
    heard_run(&heard, &w);
    const struct verdict *verdict = monitor_verdict(heard.monitor, 1);
    ok(verdict && verdict->state == VERDICT_DROPPED && verdict->after.ttl == 3,
       "a spec that is dropped from the start: its verdict and place within 12 rounds");
    is_num(heard.count, 0, "which is no event");
    heard_free(&heard, &w);
}

/* The table of a screen counts anew, without what was sent before. */
static void test_reset(void)
{
    struct watching w;
    struct heard heard;
    struct row_stats stats;
    watching_init(&w, PLAIN "set r2 limit 3 0.5\n", "icmp", 1);
    w.config.rounds = 60;
    w.reset_after = 40;
    heard_run(&heard, &w);
    is_num(heard.sent_then, 0, "at once nothing is counted");
    monitor_show_fresh(heard.monitor, true);
    monitor_hop_stats(heard.monitor, 0, 6, &stats);
    is_num(stats.sent, 20, "then the rounds behind");
    monitor_hop_stats(heard.monitor, 0, 2, &stats);
    is_num(stats.sent, 20, "of a hop with silent probes as well");
    monitor_show_fresh(heard.monitor, false);
    monitor_hop_stats(heard.monitor, 0, 6, &stats);
    is_num(stats.sent, 60, "the report counts all");
    heard_free(&heard, &w);
}

/* Longer than a trace keeps its probes. */
static void test_long_silence(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, PLAIN, "icmp", 1);
    watching_change(&w, 40, PLAIN "set client refuse icmp\n");
    w.config.rounds = 140;
    heard_run(&heard, &w);
    is_num(heard.count, 1, "a host that sends no more: one event");
    is_num(monitor_last_ttl(heard.monitor, 0), 6, "the table keeps its hops");
    heard_free(&heard, &w);
}

#define NO_WAY_BACK PLAIN "filter r4 forward from target drop\n"

/* The target's replies are lost for a while. Its port is half open then: the next SYN may draw a reset. */
static void test_way_back(void)
{
    for (unsigned rounds = 60; rounds < 62; rounds++) {
        static const struct due_event due[] = {{EVENT_VERDICT_CHANGE, "tcp/443", 40, 43, 0, 5, "open", "unanswered"},
                                               {EVENT_VERDICT_CHANGE, "tcp/443", 100, 104, 6, 0, "unanswered", "open"}};
        struct watching w;
        struct heard heard;
        watching_init(&w, PLAIN, "tcp/443", 7);
        watching_change(&w, 40, NO_WAY_BACK);
        watching_change(&w, 40 + rounds, PLAIN);
        w.config.rounds = 140;
        heard_run(&heard, &w);
        check("no way back from the target", &heard, due, 2);
        heard_free(&heard, &w);
    }
}

#define FAST NODES "links 20us client r1 r2 r3 r4 r5 target\n"

/* Probes that time out at once are no burst: each that follows a silence is a sample of its own. */
static void test_fast_path(void)
{
    static const struct due_event due[] = {{EVENT_VERDICT_CHANGE, "tcp/443", 40, 43, 0, 5, "open", "unanswered"}};
    struct watching w;
    struct heard heard;
    watching_init(&w, FAST, "icmp,tcp/443", 7);
    watching_change(&w, 40, FAST "filter r5 forward tcp port 443 drop\n");
    w.config.rounds = 60;
    heard_run(&heard, &w);
    check("a filter on a fast path", &heard, due, 1);
    heard_free(&heard, &w);
}

static unsigned count_changes(const struct heard *heard)
{
    unsigned changes = 0;
    for (unsigned i = 0; i < heard->count; i++)
        changes += heard->events[i].kind == EVENT_VERDICT_CHANGE;
    return changes;
}

/* The last link is down in some rounds: that is loss. */
static void test_pauses(void)
{
    struct watching w;
    struct heard heard;
    const char *down = PLAIN "filter r5 forward drop\n";
    watching_init(&w, PLAIN, "icmp", 1);
    watching_change(&w, 40, down);
    watching_change(&w, 42, PLAIN);
    w.config.rounds = 100;
    heard_run(&heard, &w);
    is_num(count_changes(&heard), 0, "a pause of two rounds is no outage");
    heard_free(&heard, &w);
    watching_init(&w, PLAIN, "icmp", 1);
    for (unsigned after = 40; after < 44; after++)
        watching_change(&w, after, after % 2 ? PLAIN : down);
    watching_change(&w, 44, down);
    watching_change(&w, 47, PLAIN);
    w.config.rounds = 100;
    heard_run(&heard, &w);
    is_num(count_changes(&heard), 0, "nor is one of three rounds that comes after two others");
    ok(heard.count == 2 && heard.events[0].trace && heard.events[0].trace == heard.events[1].trace,
       "it is loss of the one spec, which begins and ends");
    heard_free(&heard, &w);
}

int main(void)
{
    test_way_back();
    test_fast_path();
    test_pauses();
    test_late_replies();
    test_varied();
    test_flows();
    test_reset();
    test_long_silence();
    test_words();
    test_filtered_from_the_start();
    test_small_step();
    test_jitter();
    test_balancers();
    test_changes();
    test_lossy_link();
    test_all_phases();
    test_limits();
    return tap_done();
}
