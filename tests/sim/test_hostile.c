/* SPDX-License-Identifier: BSD-2-Clause */
/* The search for all paths against routers that lie: each run ends within its budget, its replay agrees, and the graph
 * says at which hops the search gave up. tests/hostile/linear.test counts what such runs cost. */
#include <stdlib.h>

#include "multipath/graph.h"
#include "sim/drive.h"
#include "strategies/strategies.h"
#include "tap.h"

#define CHAIN                                                                                                          \
    "client c 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                                    \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/443\nlinks 5ms c r1 r2 r3 r4 r5 r6 target\n"
#define AT_EACH_HOP(what)                                                                                              \
    CHAIN "set r1 " what "\nset r2 " what "\nset r3 " what "\nset r4 " what "\nset r5 " what "\nset r6 " what "\n"

#define BUDGET 3000

struct row {
    const char *name, *network;
    unsigned probes;    /* at most */
    unsigned boundless; /* hops at which the search gives up */
};

static const struct row rows[] = {
    {"a new address for each probe", CHAIN "set r3 answers in-turn 65536\n", 400, 1},
    {"a new address for each probe at each hop", AT_EACH_HOP("answers in-turn 65536"), 1500, 6},
    {"an address for each flow", CHAIN "set r3 answers by-flow 65536\n", 400, 1},
    {"an address for each flow at each hop", AT_EACH_HOP("answers by-flow 65536"), 1500, 6},
    {"a hundred addresses, each for some flows", CHAIN "set r3 answers by-flow 100\n", BUDGET, 0},
    {"a hundred and twenty addresses behind a hundred",
     CHAIN "set r3 answers by-flow 100\nset r4 answers by-flow 120\n", BUDGET, 0},
    {"six hundred addresses behind a hundred", CHAIN "set r3 answers by-flow 100\nset r4 answers by-flow 600\n", BUDGET,
     1},
    {"a hundred addresses in turn at each hop", AT_EACH_HOP("answers in-turn 100"), BUDGET, 0},
    {"answers that alternate", CHAIN "set r3 answers in-turn 2\nset r5 answers in-turn 2\n", 200, 0},
    {"copies by the hundred", CHAIN "set r3 copies 300\n", 80, 0},
    {"copies from a new address for each flow", CHAIN "set r3 answers by-flow 65536 copies 100\n", 400, 1},
};

static void check_graph(const struct row *row, const struct drive *d)
{
    const struct trace *trace = session_trace(d->session, 0);
    struct graph graph;
    unsigned boundless = 0;
    ok(graph_build(&trace, 1, 0.95, false, &graph), "%s: a graph", row->name);
    for (unsigned ttl = 1; ttl < 256; ttl++)
        boundless += graph.hops[ttl].is_boundless;
    is_num(boundless, row->boundless, "%s: hops at which it gave up", row->name);
    ok(!boundless || graph.missed_probability == 1, "%s: it does not say that nothing was missed", row->name);
    graph_free(&graph);
}

static void check_row(const struct row *row, uint64_t seed)
{
    struct err err = {0};
    struct net *net = NULL;
    struct session_config config;
    struct drive d = {0};
    if (net_parse(row->name, row->network, &net, &err) || drive_config(net, 4, "udp", seed, &config, &err)) {
        ok(false, "%s: %s", row->name, err.message);
        return;
    }
    config.strategy = &strategy_paths;
    config.flows = 4096;
    config.confidence = 950000;
    config.budget = BUDGET;
    config.queries = 1;
    bool ran = drive_live(&d, net, &config, NSTIME_NEVER);
    if (ok(ran && d.end == SESSION_COMPLETE, "%s: came to an end%s%s", row->name, ran ? "" : ": ",
           ran ? "" : d.err.message)) {
        ok(d.sent_count <= row->probes, "%s: %u probes, %u at most", row->name, d.sent_count, row->probes);
        check_graph(row, &d);
        ok(drive_replays_alike(&d), "%s: replayed alike", row->name);
    }
    drive_free(&d);
    free(net);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], i + 1);
    return tap_done();
}
