/* SPDX-License-Identifier: BSD-2-Clause */
/* ways: does `hopsonde paths` find all of a network as often as it says, and nothing else, with no more probes than the
 * published algorithm? Over many random networks of balancers (tests/sim/ways.h): chains of diamonds up to 32 wide,
 * nested, meshed, with even and uneven weights, without loss and with 2 %. Prints a table, and exits with 1 where not.
 *
 *   ways [NETWORKS [SEED]]     1000 of each kind, from seed 1 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/ways.h"

#define WIDEST 32
#define PROBES_MOST 60000
#define CONFIDENCE 0.95

struct kind {
    const char *name;
    bool uneven, lite;
    double loss;
};

static const struct kind kinds[] = {
    {"even", false, false, 0},      {"even, 2 % loss", false, false, 0.02},
    {"uneven", true, false, 0},     {"uneven, 2 % loss", true, false, 0.02},
    {"even, lite", false, true, 0}, {"uneven, 2 % loss, lite", true, true, 0.02},
};

struct sums {
    unsigned whole, invented, broken, most_rounds;
    double probes, published, rounds, missed;
};

static void run_one(const struct kind *kind, uint64_t seed, struct sums *sums)
{
    static struct ways ways;
    struct search search;
    ways_draw(&ways, seed, WIDEST, kind->uneven, kind->loss);
    sums->published += ways_published(&ways, CONFIDENCE);
    ways_search(&ways, CONFIDENCE, kind->lite, PROBES_MOST, &search);
    struct ways_errors errors = ways_compare(&ways, &search.graph);
    sums->whole += !errors.missed_nodes && !errors.missed_edges;
    sums->invented += errors.false_nodes + errors.false_edges;
    sums->broken += search.failed || search.short_of_flows;
    sums->probes += search.probes;
    sums->rounds += search.rounds;
    sums->missed += search.graph.missed_probability;
    sums->most_rounds = search.rounds > sums->most_rounds ? search.rounds : sums->most_rounds;
    search_free(&search);
}

/* Whether it holds what is promised; MDA-Lite supposes more than these networks give it, and promises less. */
static bool run_kind(const struct kind *kind, unsigned count, uint64_t seed)
{
    struct sums sums = {0};
    for (unsigned i = 0; i < count; i++)
        run_one(kind, seed + i, &sums);
    printf("%-24s %8.4f %9u %9.0f %10.0f %7.3f %8.1f %6u %9.4f\n", kind->name, (double)sums.whole / count,
           sums.invented, sums.probes / count, sums.published / count, sums.probes / sums.published,
           sums.rounds / count, sums.most_rounds, sums.missed / count);
    fflush(stdout);
    return !sums.invented && !sums.broken && (kind->lite || sums.whole >= CONFIDENCE * count);
}

int main(int argc, char **argv)
{
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    bool good = true;
    if (!count)
        return 2;
    printf("%u networks of each kind, %.0f %% for the whole of each\n", count, CONFIDENCE * 100);
    printf("%-24s %8s %9s %9s %10s %7s %8s %6s %9s\n", "", "whole", "invented", "probes", "published", "ratio",
           "rounds", "most", "bound");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        good = run_kind(&kinds[i], count, seed) && good;
    return good ? 0 : 1;
}
