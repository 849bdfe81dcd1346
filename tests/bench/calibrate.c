/* SPDX-License-Identifier: BSD-2-Clause */
/* calibrate: is a claim of `hopsonde diagnose` that is made with confidence c right at least c of the time? Over many
 * simulated networks (tests/sim/world.h) with 0, 2, 10 and 30 % loss each way, and such as another run has just had all
 * answers of, it prints the table, and exits with 1 where the claims of a bin are worse than they say, or any is false
 * where there is hardly any loss and no other run was before.
 *
 *   calibrate [RUNS [SEED]]          10000 runs, from seed 1
 *   calibrate --show PERCENT SEED    one of them: the network, and all that was seen there and said of it
 *   calibrate --show spent SEED      the same, after another run */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

#define UNLIKELY 0.01 /* what is likelier than that may be chance */

static const struct world_ills kinds[] = {{0, false}, {0, true}, {0.02, false}, {0.1, false}, {0.3, false}};

#define KINDS (sizeof kinds / sizeof kinds[0])

static void print_bins(const struct claim_counts *tally)
{
    printf("  %-16s %9s %7s %9s %9s %12s %9s\n", "confidence", "claims", "wrong", "misplaced", "right", "may be wrong",
           "by chance");
    for (unsigned bin = 0; bin < WORLD_BINS; bin++) {
        unsigned claims = tally->claims[bin];
        if (claims > 0)
            printf("  %-16s %9u %7u %9u %9.5f %12.1f %9.3g\n", tally_bin_name(bin), claims, tally->wrong[bin],
                   tally->misplaced[bin], 1 - (double)tally->wrong[bin] / claims, tally->doubt[bin],
                   tally_chance(tally, bin));
    }
}

static void print_tally(const char *title, const struct claim_counts *tally)
{
    printf("%s: %u runs, %u broken, %u inconclusive verdicts, %u false findings; packets: %.0f on average, %u at most; "
           "%.1f s at most (seed %" PRIu64 ")\n",
           title, tally->runs, tally->broken, tally->inconclusive, tally->false_findings,
           tally->runs ? (double)tally->packets / tally->runs : 0, tally->most_packets, tally->most_seconds,
           tally->slowest);
    print_bins(tally);
}

static bool is_calibrated(const struct claim_counts *tally)
{
    for (unsigned bin = 0; bin < WORLD_BINS; bin++)
        if (tally_chance(tally, bin) < UNLIKELY)
            return false;
    return tally->broken == 0;
}

static int show(const struct world_ills *ills, uint64_t seed)
{
    struct world world;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    struct strbuf text;
    strbuf_init(&text);
    if (world_draw(ills, seed, &world, &err) &&
        world_config(world.net, world.family, WORLD_SPEC_LIST, seed, &config, &err) == STATUS_OK) {
        if (drive_live(&d, world.net, &config, NSTIME_NEVER))
            drive_describe(d.session, &text);
        else
            err = d.err;
        drive_free(&d);
    }
    printf("%s%s%s", world.text.text, err.status ? err.message : text.text, err.status ? "\n" : "");
    strbuf_free(&text);
    world_free(&world);
    return err.status ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--show") == 0) {
        struct world_ills ills = {strtod(argv[2], NULL) / 100, strcmp(argv[2], "spent") == 0};
        return show(&ills, strtoul(argv[3], NULL, 10));
    }
    unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000,
                  seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct claim_counts all = {0};
    bool good = true;
    for (size_t i = 0; i < KINDS; i++) {
        struct claim_counts tally = {0};
        char title[WORLD_ILLS_BYTES];
        for (unsigned long k = i; k < runs; k += KINDS)
            tally_run(&kinds[i], seed + k, &tally);
        print_tally(world_ills_format(&kinds[i], title), &tally);
        fflush(stdout);
        good = good && is_calibrated(&tally) && (kinds[i].loss > 0.02 || kinds[i].spent || tally_wrong(&tally) == 0);
        tally_add(&all, &tally);
    }
    print_tally("all", &all);
    good = good && is_calibrated(&all);
    puts(good ? "calibrated" : "NOT calibrated");
    return good ? 0 : 1;
}
