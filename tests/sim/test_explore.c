/* SPDX-License-Identifier: BSD-2-Clause */
/* The search for all paths as a session runs it, over simulated networks: what it finds, and at what pace. */
#include <stdlib.h>

#include "multipath/graph.h"
#include "sim/drive.h"
#include "strategies/strategies.h"
#include "tap.h"

/* Nine routers' worth of hops and the target, 10 ms each, there and back; hops 3 and 7 are four wide. */
#define TWO_DIAMONDS                                                                                                   \
    "client c 10.9.0.2 2001:db8:99::2\n"                                                                               \
    "router r1 10.0.1.1 2001:db8:1::1\nrouter r2 10.0.2.1 2001:db8:2::1 balance per-flow\n"                            \
    "router a3 10.0.3.1 2001:db8:3::1\nrouter b3 10.0.3.2 2001:db8:3::2\nrouter c3 10.0.3.3 2001:db8:3::3\n"           \
    "router d3 10.0.3.4 2001:db8:3::4\nrouter r4 10.0.4.1 2001:db8:4::1\nrouter r5 10.0.5.1 2001:db8:5::1\n"           \
    "router r6 10.0.6.1 2001:db8:6::1 balance per-flow\n"                                                              \
    "router a7 10.0.7.1 2001:db8:7::1\nrouter b7 10.0.7.2 2001:db8:7::2\nrouter c7 10.0.7.3 2001:db8:7::3\n"           \
    "router d7 10.0.7.4 2001:db8:7::4\nrouter r8 10.0.8.1 2001:db8:8::1\nrouter r9 10.0.9.1 2001:db8:9::1\n"           \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/443,udp/53\n"                                                     \
    "links 5ms c r1 r2 a3 r4 r5 r6 a7 r8 r9 target\n"                                                                  \
    "links 5ms r2 b3 r4\nlinks 5ms r2 c3 r4\nlinks 5ms r2 d3 r4\n"                                                     \
    "links 5ms r6 b7 r8\nlinks 5ms r6 c7 r8\nlinks 5ms r6 d7 r8\n"

#define CHAIN                                                                                                          \
    "client c 10.9.0.2 2001:db8:99::2\nchain r 6\n"                                                                    \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/443\nlinks 5ms c r1 r2 r3 r4 r5 r6 target\n"

#define RTT_MS 100.0
/* Before a hop is said to be silent it is asked again when its router had time for a token, 1.1 s. */
#define RESTED 11

struct row {
    const char *name, *network, *spec;
    uint8_t family;
    unsigned nodes, edges, diamonds;
    double rtts; /* at most */
    unsigned probes;
};

static const struct row rows[] = {
    {"two diamonds, UDP", TWO_DIAMONDS, "udp", 4, 16, 21, 2, 12, 300},
    {"two diamonds, TCP", TWO_DIAMONDS, "tcp/443", 4, 16, 21, 2, 12, 300},
    {"two diamonds, ICMP", TWO_DIAMONDS, "icmp", 4, 16, 21, 2, 12, 300},
    {"two diamonds, UDP, IPv6", TWO_DIAMONDS, "udp", 6, 16, 21, 2, 12, 300},
    {"two diamonds, TCP, IPv6", TWO_DIAMONDS, "tcp/443", 6, 16, 21, 2, 12, 300},
    {"two diamonds, a DNS query", TWO_DIAMONDS, "udp/53", 4, 16, 21, 2, 12, 300},
    {"two diamonds, bare protocol over IPv6", TWO_DIAMONDS, "ip/50", 6, 16, 21, 2, 12, 300},
    {"chain", CHAIN, "udp", 4, 7, 6, 0, 4, 75},
    {"chain, bare protocol of one flow", CHAIN, "ip/50", 4, 7, 6, 0, 4, 120},
    {"silent router", CHAIN "set r3 silent\n", "udp", 4, 7, 6, 0, 6 + RESTED, 150},
    {"silent target", CHAIN "set target silent\n", "udp", 4, 6, 5, 0, 33, 200},
    {"dropped", CHAIN "filter r4 forward udp drop\n", "udp", 4, 4, 3, 0, 33, 200},
    {"refused", CHAIN "filter r4 forward udp reject admin-prohibited\n", "udp", 4, 5, 4, 0, 6, 150},
    {"limits", TWO_DIAMONDS "set r1 limit 6 1\nset r5 limit 6 1\nset a3 limit 6 1\nset b7 limit 6 1\n", "udp", 4, 16,
     21, 2, 200, 400},
    {"limits, all spent by another run",
     TWO_DIAMONDS "set r1 limit 6 1 spent\nset r5 limit 6 1 spent\nset a3 limit 6 1 spent\nset b7 limit 6 1 spent\n",
     "udp", 4, 16, 21, 2, 250, 450},
    {"limits, the target's spent", CHAIN "set target limit 6 1 spent\n", "udp", 4, 7, 6, 0, 100, 120},
    {"loop", CHAIN "route r5 target via r4\n", "udp", 4, 30, 29, 0, 30, 700},
};

static bool configure(const struct row *row, const struct net *net, uint64_t seed, struct session_config *out)
{
    struct err err = {0};
    if (drive_config(net, row->family, row->spec, seed, out, &err) != STATUS_OK)
        return ok(false, "%s: %s", row->name, err.message);
    out->strategy = &strategy_paths;
    out->flows = 1024;
    out->confidence = 950000;
    out->budget = 10000;
    out->queries = 1;
    return true;
}

static void check_row(const struct row *row, uint64_t seed)
{
    struct err err = {0};
    struct net *net = NULL;
    struct session_config config;
    struct drive d = {0};
    struct graph graph;
    if (net_parse(row->name, row->network, &net, &err) != STATUS_OK || !configure(row, net, seed, &config)) {
        ok(false, "%s: %s", row->name, err.message);
        return;
    }
    bool ran = drive_live(&d, net, &config, NSTIME_NEVER);
    if (ok(ran, "%s: ran%s%s", row->name, ran ? "" : ": ", ran ? "" : d.err.message)) {
        const struct trace *trace = session_trace(d.session, 0);
        ok(graph_build(&trace, 1, 0.95, false, &graph), "%s: a graph", row->name);
        is_num(graph.node_count, row->nodes, "%s: nodes", row->name);
        is_num(graph.edge_count, row->edges, "%s: edges", row->name);
        is_num(graph.diamond_count, row->diamonds, "%s: diamonds", row->name);
        double rtts = (double)(d.done - d.first_send) / (double)NS_PER_MS / RTT_MS;
        ok(rtts <= row->rtts, "%s: %.1f times the target's RTT, %.1f at most", row->name, rtts, row->rtts);
        ok(d.sent_count <= row->probes, "%s: %u probes, %u at most", row->name, d.sent_count, row->probes);
        ok(drive_replays_alike(&d), "%s: replayed alike", row->name);
        graph_free(&graph);
    }
    drive_free(&d);
    free(net);
}

/* Networks in which one of two paths ends. With some seeds the first flow takes it. */
#define DEAD_BRANCH                                                                                                    \
    "client c 10.9.0.2 2001:db8:99::2\n"                                                                               \
    "router r1 10.0.1.1 2001:db8:1::1 balance per-flow\n"                                                              \
    "router a2 10.0.2.1 2001:db8:2::1\nrouter b2 10.0.2.2 2001:db8:2::2\n"                                             \
    "router r3 10.0.3.1 2001:db8:3::1\nrouter r4 10.0.4.1 2001:db8:4::1\n"                                             \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/443\n"                                                            \
    "links 5ms c r1 a2 r3 r4 target\nlinks 5ms r1 b2 r3\n"

static const struct {
    const char *name, *network;
} dead_branches[] = {
    {"a branch that drops", DEAD_BRANCH "filter a2 forward udp drop\n"},
    {"a branch that rejects", DEAD_BRANCH "filter a2 forward udp reject admin-prohibited\n"},
    {"a branch without a route", DEAD_BRANCH "filter a2 forward udp reject net-unreachable\n"},
    {"a branch that drops, and a silent router beside", DEAD_BRANCH "filter a2 forward udp drop\nset b2 silent\n"},
    {"a branch that drops, and a silent router behind", DEAD_BRANCH "filter a2 forward udp drop\nset r3 silent\n"},
};

static bool has_target(const struct drive *d)
{
    const struct trace *trace = session_trace(d->session, 0);
    struct graph graph;
    bool found = false;
    if (!graph_build(&trace, 1, 0.95, false, &graph))
        return false;
    for (unsigned i = 0; i < graph.node_count; i++)
        found = found || graph.nodes[i].is_target;
    graph_free(&graph);
    return found;
}

static void check_dead_branch(const char *name, const char *network)
{
    const struct row row = {.name = name, .network = network, .spec = "udp", .family = 4};
    unsigned found = 0, alike = 0, seeds = 12;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct err err = {0};
        struct net *net = NULL;
        struct session_config config;
        struct drive d = {0};
        if (net_parse(name, network, &net, &err) == STATUS_OK && configure(&row, net, seed, &config) &&
            drive_live(&d, net, &config, NSTIME_NEVER)) {
            found += has_target(&d);
            alike += drive_replays_alike(&d);
        }
        drive_free(&d);
        free(net);
    }
    is_num(found, seeds, "%s: the target is found", name);
    is_num(alike, seeds, "%s: replayed alike", name);
}

/* The last router reports its dead neighbour while the search still lacks flows at the slow hops before it. */
static void check_dead_neighbour(void)
{
    const struct row row = {.name = "a dead neighbour, far away",
                            .network = "client c 10.9.0.2 2001:db8:99::2\nchain r 6\n"
                                       "host target 192.0.2.80 2001:db8:80::80\n"
                                       "links 60ms c r1 r2 r3 r4 r5 r6\nlink r6 target delay 5ms dead\n",
                            .spec = "udp",
                            .family = 4};
    struct err err = {0};
    struct net *net = NULL;
    struct session_config config;
    struct drive d = {0};
    struct graph graph = {0};
    unsigned unsure = 0;
    if (ok(net_parse(row.name, row.network, &net, &err) == STATUS_OK && configure(&row, net, 1, &config) &&
               drive_live(&d, net, &config, NSTIME_NEVER),
           "%s: ran", row.name)) {
        const struct trace *trace = session_trace(d.session, 0);
        ok(trace->refused_ttl == 7 && graph_build(&trace, 1, 0.95, false, &graph), "%s: refused at hop 7", row.name);
        for (unsigned i = 0; i < graph.node_count; i++)
            unsure += graph.nodes[i].unsure;
        is_num(graph.node_count, 7, "%s: nodes", row.name);
        is_num(unsure, 0, "%s: routers with too few flows", row.name);
        ok(drive_replays_alike(&d), "%s: replayed alike", row.name);
        graph_free(&graph);
    }
    drive_free(&d);
    free(net);
}

int main(void)
{
    check_dead_neighbour();
    for (size_t i = 0; i < sizeof dead_branches / sizeof *dead_branches; i++)
        check_dead_branch(dead_branches[i].name, dead_branches[i].network);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], i + 1);
    return tap_done();
}
