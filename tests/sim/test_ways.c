/* SPDX-License-Identifier: BSD-2-Clause */
/* The search for all paths, against networks that are known. */
#include <stdlib.h>

#include "multipath/mda.h"
#include "multipath/stopping_rule.h"
#include "sim/ways.h"
#include "tap.h"

#define PROBES_MOST 60000
#define SURE 0.9999

static struct ways ways;

/* --- stopping points --- */

static void check_stopping(void)
{
    static const unsigned at_95[] = {6, 11, 16, 21, 27, 33, 38, 44, 51, 57, 63, 70, 76, 83, 90, 96};
    static const unsigned at_99[] = {8, 15, 21, 28, 36, 43, 51, 58, 66, 74, 82, 90, 98, 106, 115, 123};
    bool same_95 = true, same_99 = true;
    for (unsigned k = 1; k <= 16; k++) {
        same_95 = same_95 && stopping_point(NULL, 0.05, k) == at_95[k - 1];
        same_99 = same_99 && stopping_point(NULL, 0.01, k) == at_99[k - 1];
    }
    ok(same_95, "stopping points at 95 %%, as published");
    ok(same_99, "stopping points at 99 %%, as published");
    ok(stopping_missed(NULL, 1, 6) == 0.03125, "six flows miss one of two with the chance 1/32");
    ok(stopping_missed(NULL, 3, 0) == 1, "no flows miss something for sure");
    unsigned many = stopping_point(NULL, 0.00001, 500);
    ok(stopping_missed(NULL, 500, many) <= 0.00001 && stopping_missed(NULL, 500, many - 1) > 0.00001,
       "of 501: not one more or less");
    ok(stopping_point(NULL, 0.5, 100000) == stopping_point(NULL, 0.5, STOPPING_KNOWN_MOST),
       "more next hops than there can be");
    double share = stopping_share(0.05, 30);
    ok(share > 0.001708 && share < 0.001709, "one of 30 nodes may miss 0.17 %% of 5 %%");
}

/* --- single networks, exactly --- */

struct shape_row {
    const char *name;
    enum ways_shape shape;
    unsigned width, diamond_width;
    bool symmetric, meshed;
};

static const struct shape_row shape_rows[] = {
    {"2 wide", WAYS_FAN, 2, 2, true, false},
    {"4 wide", WAYS_FAN, 4, 4, true, false},
    {"8 wide", WAYS_FAN, 8, 8, true, false},
    {"16 wide", WAYS_FAN, 16, 16, true, false},
    {"32 wide", WAYS_FAN, 32, 32, true, false},
    {"96 wide", WAYS_FAN, 96, 96, true, false},
    {"2 chains", WAYS_PARALLEL, 2, 2, true, false},
    {"3 long chains", WAYS_PARALLEL, 3, 3, true, false},
    {"9 long chains", WAYS_PARALLEL, 9, 9, true, false},
    {"nested", WAYS_NESTED, 4, 6, true, false},
    {"nested, wide", WAYS_NESTED, 16, 20, true, false},
    {"meshed", WAYS_MESHED, 5, 5, false, true},
    {"meshed, wide", WAYS_MESHED, 12, 12, false, true},
};

static void begin(enum ways_shape shape, unsigned width, double loss)
{
    ways_begin(&ways, 7, loss);
    ways_add(&ways, WAYS_CHAIN, 2, false);
    ways_add(&ways, shape, width, false);
    ways_add(&ways, WAYS_CHAIN, 2, false);
    ways_end(&ways);
}

static bool is_exact(const struct graph *graph)
{
    struct ways_errors errors = ways_compare(&ways, graph);
    if (errors.missed_nodes || errors.missed_edges || errors.false_nodes || errors.false_edges)
        printf("# missed %u nodes, %u edges; false %u nodes, %u edges\n", errors.missed_nodes, errors.missed_edges,
               errors.false_nodes, errors.false_edges);
    return !errors.missed_nodes && !errors.missed_edges && !errors.false_nodes && !errors.false_edges;
}

static void check_shape(const struct shape_row *row, bool lite)
{
    struct search search;
    const struct graph *graph = &search.graph;
    const char *how = lite ? ", lite" : "";
    begin(row->shape, row->width, 0);
    ways_search(&ways, SURE, lite, PROBES_MOST, &search);
    ok(!search.failed && !search.short_of_flows && is_exact(graph), "%s%s: all of it and nothing else", row->name, how);
    ok(graph->missed_probability > 0 && graph->missed_probability <= 1 - SURE, "%s%s: as sure as was asked for",
       row->name, how);
    is_num(graph->diamond_count, 1, "%s%s: one diamond", row->name, how);
    if (graph->diamond_count == 1) {
        const struct graph_diamond *diamond = graph->diamonds;
        is_num(diamond->width, row->diamond_width, "%s%s: its width", row->name, how);
        ok(diamond->symmetric == row->symmetric && diamond->meshed == row->meshed && !diamond->per_packet,
           "%s%s: its kind", row->name, how);
        ok(graph->nodes[diamond->from].ttl == 3 && diamond->length == diamond->least_length, "%s%s: its place",
           row->name, how);
    }
    search_free(&search);
}

static void check_paths(void)
{
    struct search search;
    unsigned flows = 0, complete = 0;
    begin(WAYS_FAN, 4, 0);
    ways_search(&ways, SURE, false, PROBES_MOST, &search);
    const struct graph *graph = &search.graph;
    for (unsigned i = 0; i < graph->path_count; i++) {
        flows += graph->paths[i].flows;
        complete += graph->paths[i].complete && graph->paths[i].length == ways_target_ttl(&ways);
    }
    is_num(graph->path_count, 4, "four ways through four nodes");
    is_num(complete, 4, "all to the target");
    ok(flows >= stopping_point(NULL, 1 - SURE, 1) && flows <= graph->flows,
       "as many flows took them as were seen all along");
    ok(graph->nodes[graph->node_count - 1].is_target && !graph->nodes[graph->node_count - 1].next_count,
       "the target is the last node");
    search_free(&search);
}

/* --- what is not simple --- */

static unsigned count_per_packet(const struct graph *graph)
{
    unsigned count = 0;
    for (unsigned i = 0; i < graph->node_count; i++)
        count += graph->nodes[i].per_packet;
    return count;
}

static void check_packets(enum ways_shape shape, unsigned width, const char *name)
{
    struct search search;
    begin(shape, width, 0);
    ways.nodes[2].per_packet = true;
    ways_search(&ways, SURE, false, PROBES_MOST, &search);
    const struct graph *graph = &search.graph;
    struct ways_errors errors = ways_compare(&ways, graph);
    ok(!errors.false_nodes && !errors.false_edges && !errors.missed_nodes, "%s: all nodes, and no edge that is none",
       name);
    is_num(count_per_packet(graph), 1, "%s: one node balances packets", name);
    ok(graph->diamond_count == 1 && graph->diamonds[0].per_packet, "%s: so does its diamond", name);
    is_num(graph->changes, 0, "%s: no route changed", name);
    search_free(&search);
}

/* Silent nodes are drawn where the flows that pass them come and go the same way. */
static void check_silence(void)
{
    struct search search;
    unsigned silent = 0;
    begin(WAYS_FAN, 3, 0);
    ways.nodes[1].silent = true; /* at TTL 2 */
    ways_search(&ways, SURE, false, PROBES_MOST, &search);
    for (unsigned i = 0; i < search.graph.node_count; i++)
        silent += addr_is_none(&search.graph.nodes[i].address) && search.graph.nodes[i].ttl == 2;
    is_num(silent, 1, "a silent router is one node");
    is_num(search.graph.diamond_count, 1, "and makes no diamond");
    search_free(&search);

    silent = 0;
    begin(WAYS_FAN, 3, 0);
    ways.nodes[3].silent = true; /* one of the three */
    ways_search(&ways, SURE, false, PROBES_MOST, &search);
    for (unsigned i = 0; i < search.graph.node_count; i++)
        silent += addr_is_none(&search.graph.nodes[i].address) && search.graph.nodes[i].ttl == 4;
    is_num(silent, 1, "one of three that is silent is one node");
    ok(search.graph.diamond_count == 1 && search.graph.diamonds[0].width == 3, "and the diamond is three wide");
    search_free(&search);

    begin(WAYS_FAN, 3, 0);
    ways.nodes[ways.node_count - 1].silent = true;
    ways_search(&ways, SURE, false, PROBES_MOST, &search);
    struct ways_errors errors = ways_compare(&ways, &search.graph);
    ok(errors.missed_nodes == 1 && errors.missed_edges == 1 && !errors.false_nodes && !errors.false_edges,
       "a silent target is no node, and all before it is there");
    ok(search.probes < 600, "and ends the search");
    search_free(&search);
}

/* A router that answers a few at once makes no branch of those that it leaves out. */
static void check_limits(void)
{
    struct search search;
    begin(WAYS_FAN, 4, 0);
    for (unsigned i = 0; i < ways.node_count; i++)
        ways.nodes[i].limit = 4;
    ways_search(&ways, 0.95, false, PROBES_MOST, &search);
    ok(is_exact(&search.graph), "limited routers: all of it and nothing else");
    search_free(&search);
}

static void check_change(uint64_t after, enum ways_shape shape, const char *name)
{
    struct search search;
    begin(shape, 3, 0);
    ways.moves_after = after;
    ways.moving_ttl = 4;
    ways_search(&ways, SURE, false, PROBES_MOST, &search);
    is_num(search.graph.changes, 1, "%s: a route that changes is seen to", name);
    ok(is_exact(&search.graph), "%s: the graph is as the network was afterwards", name);
    search_free(&search);
}

static void check_nothing(void)
{
    struct search search;
    begin(WAYS_CHAIN, 1, 1);
    ways_search(&ways, 0.95, false, PROBES_MOST, &search);
    is_num(search.graph.node_count, 0, "where nothing answers there is no node");
    ok(search.graph.missed_probability == 1 && search.probes < 100, "nothing can be told of it, and it ends");
    search_free(&search);
    begin(WAYS_FAN, 8, 0);
    ways_search(&ways, 0.95, false, 60, &search);
    struct ways_errors errors = ways_compare(&ways, &search.graph);
    ok(!errors.false_edges && search.graph.missed_probability > 0.05, "broken off it is as unsure as it has to be");
    search_free(&search);
}

/* The last wave has only probes that a hop needs anyway, and two that went beyond the target with them. */
static void check_chain(void)
{
    struct search search;
    ways_begin(&ways, 7, 0);
    ways_add(&ways, WAYS_CHAIN, 8, false);
    ways_end(&ways);
    unsigned published = ways_published(&ways, 0.95);
    ways_search(&ways, 0.95, false, PROBES_MOST, &search);
    ok(is_exact(&search.graph), "a chain: all of it and nothing else");
    is_num(search.probes, published + 2, "a chain: as many probes as the published algorithm takes");
    search_free(&search);
}

/* --- many networks --- */

#define NETWORKS 60

/* A router, or all of a hop, gives way to another at any moment of the search. */
static void check_changes(void)
{
    struct rng rng = rng_init(1);
    unsigned told = 0, whole = 0, false_edges = 0, most = 0;
    for (unsigned i = 0; i < NETWORKS; i++) {
        struct search search;
        ways_begin(&ways, i + 1, 0);
        ways_add(&ways, WAYS_CHAIN, 2, false);
        ways_add(&ways, WAYS_FAN, 4, false);
        ways_add(&ways, WAYS_MESHED, 4, false);
        ways_end(&ways);
        ways.moves_after = 1 + rng_below(&rng, 230);
        ways.moving_ttl = 1 + rng_below(&rng, ways_target_ttl(&ways) - 1);
        ways_search(&ways, 0.95, false, PROBES_MOST, &search);
        struct ways_errors errors = ways_compare(&ways, &search.graph);
        told += search.graph.changes > 0;
        whole += !errors.missed_nodes && !errors.missed_edges;
        false_edges += errors.false_edges + errors.false_nodes;
        most = search.probes > most ? search.probes : most;
        search_free(&search);
    }
    is_num(false_edges, 0, "a change at any moment: no edge from before to after in %u networks", NETWORKS);
    ok(told >= NETWORKS * 0.95, "a change at any moment: %u of %u are told", told, NETWORKS);
    ok(whole >= NETWORKS * 0.95, "a change at any moment: %u of %u networks are found whole", whole, NETWORKS);
    ok(most < 3000, "a change at any moment: routers that are gone are not looked for: %u probes at most", most);
}

static void check_many(bool lite, bool uneven, double loss)
{
    unsigned whole = 0, invented = 0;
    double probes = 0, published = 0;
    for (unsigned i = 0; i < NETWORKS; i++) {
        struct search search;
        ways_draw(&ways, i + 1, 12, uneven, loss);
        published += ways_published(&ways, 0.95);
        ways_search(&ways, 0.95, lite, PROBES_MOST, &search);
        struct ways_errors errors = ways_compare(&ways, &search.graph);
        whole += !errors.missed_nodes && !errors.missed_edges;
        invented += errors.false_nodes + errors.false_edges;
        probes += search.probes;
        search_free(&search);
    }
    const char *how = lite ? "lite" : uneven ? "uneven" : loss > 0 ? "loss" : "even";
    is_num(invented, 0, "%s: nothing invented in %u networks", how, NETWORKS);
    ok(whole >= NETWORKS * (lite ? 0.9 : 0.95), "%s: %u of %u networks found whole", how, whole, NETWORKS);
    ok(probes < published * (lite ? 0.75 : 1), "%s: %.0f probes where the published algorithm takes %.0f", how, probes,
       published);
}

int main(void)
{
    check_stopping();
    for (size_t i = 0; i < sizeof shape_rows / sizeof *shape_rows; i++) {
        check_shape(&shape_rows[i], false);
        if (shape_rows[i].width < 90)
            check_shape(&shape_rows[i], true);
    }
    check_paths();
    check_packets(WAYS_FAN, 3, "packet by packet");
    check_packets(WAYS_PARALLEL, 2, "packet by packet, two chains");
    check_packets(WAYS_MESHED, 4, "packet by packet, meshed");
    check_silence();
    check_limits();
    check_change(70, WAYS_CHAIN, "chain");
    check_change(120, WAYS_FAN, "diamond");
    check_nothing();
    check_chain();
    check_changes();
    check_many(false, false, 0);
    check_many(false, false, 0.02);
    check_many(false, true, 0.02);
    check_many(true, false, 0);
    return tap_done();
}
