/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ways_numbers: the numbers by which the search for all paths finds flows for each node (node_control.c). Over
 * fixed networks it counts probes, rounds (each takes a round trip) and what was not found; another number costs more
 * of one of them. */
#include "sim/ways.h"
#include "tap.h"

#define NETWORKS 15
#define PROBES_MOST 60000

static struct ways ways;

struct sums {
    unsigned probes, rounds, uncovered;
    double missed; /* the most of any network */
};

/* Nodes that lie on no complete path that was listed. */
static unsigned count_uncovered(const struct graph *graph)
{
    unsigned count = 0;
    for (unsigned node = 0; node < graph->node_count; node++) {
        bool covered = false;
        for (unsigned i = 0; i < graph->path_count; i++)
            for (unsigned k = 0; graph->paths[i].complete && k < graph->paths[i].length; k++)
                covered = covered || graph->steps[graph->paths[i].first + k] == node;
        count += !covered;
    }
    return count;
}

static void search_one(bool lite, struct sums *sums)
{
    struct search search;
    ways_search(&ways, 0.95, lite, PROBES_MOST, &search);
    double missed = search.graph.missed_probability;
    sums->probes += search.probes;
    sums->rounds += search.rounds;
    sums->uncovered += count_uncovered(&search.graph);
    sums->missed = missed > sums->missed ? missed : sums->missed;
    search_free(&search);
}

static void test_finding_flows(void)
{
    struct sums sums = {0};
    for (unsigned seed = 1; seed <= NETWORKS; seed++) {
        ways_draw(&ways, seed, 12, true, 0);
        search_one(false, &sums);
    }
    ok(sums.missed <= 0.05, "no search ends before it is as certain as was asked for: %.3f may be missed", sums.missed);
    ok(sums.probes <= 6780, "few probes are wasted: %u probes, at most 6780", sums.probes);
    ok(sums.rounds <= 240, "flows are not probed one by one: %u round trips, at most 240", sums.rounds);
}

static void test_narrow(void)
{
    struct sums narrow = {0}, wide = {0};
    for (unsigned seed = 1; seed <= NETWORKS; seed++) {
        ways_begin(&ways, seed, 0);
        ways_add(&ways, WAYS_CHAIN, 1, false);
        ways_add(&ways, WAYS_MESHED, 4, false);
        ways_add(&ways, WAYS_CHAIN, 2, false);
        ways_end(&ways);
        search_one(true, &narrow);
        ways_begin(&ways, seed, 0);
        ways_add(&ways, WAYS_CHAIN, 1, false);
        ways_add(&ways, WAYS_PARALLEL, 4, false);
        ways_add(&ways, WAYS_NESTED, 4, false);
        ways_end(&ways);
        search_one(false, &wide);
    }
    is_num(narrow.uncovered, 0, "each of four routers beside each other lies on a path that is listed");
    ok(wide.probes <= 5950, "more routers beside each other cost no probes for that: %u, at most 5950", wide.probes);
}

int main(void)
{
    test_finding_flows();
    test_narrow();
    return tap_done();
}
