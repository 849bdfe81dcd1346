/* SPDX-License-Identifier: BSD-2-Clause */
/* `diagnose` over simulated networks: no false claim where hardly anything is lost, no more than the confidences allow
 * where much is; and what it costs, in packets and in virtual time. tests/bench/calibrate is the same with more runs.
 * SIM_SEEDS: a third of the runs for each (3). */
#include <inttypes.h>
#include <stdlib.h>

#include "sim/world.h"
#include "tap.h"

#define RUNS_PER_SEED 25 /* of each loss */
#define DEAR 400         /* packets: such a network is tried with one seed */
#define UNLIKELY 0.001
#define MOST_OF_SPEC 3
#define MOST_OF_ALL 6

/* --- claims --- */

static unsigned runs = 3 * RUNS_PER_SEED;

static const struct world_ills ills[] = {{0, false}, {0.02, false}, {0.1, false}, {0.3, false}, {0, true}};

static void test_claims(const struct world_ills *of, bool none_wrong, struct claim_counts *all)
{
    char name[WORLD_ILLS_BYTES];
    struct claim_counts tally = {0};
    world_ills_format(of, name);
    for (uint64_t seed = 1; seed <= runs; seed++)
        tally_run(of, seed, &tally);
    is_num(tally.broken, 0, "%s: every run comes to its end", name);
    if (none_wrong) {
        is_num(tally_wrong(&tally), 0, "%s: no false verdict", name);
        is_num(tally.false_findings, 0, "%s: no false finding", name);
        /* Probes that are not lost must lead to verdicts. */
        ok(tally.inconclusive * 50 <= runs * WORLD_SPECS, "%s: %u of %u verdicts are inconclusive", name,
           tally.inconclusive, runs * WORLD_SPECS);
    }
    for (unsigned bin = 0; bin < WORLD_BINS; bin++)
        if (tally.claims[bin] > 0)
            ok(tally_chance(&tally, bin) >= UNLIKELY, "%s, confidence %s: %u of %u claims wrong, about %.1f may be",
               name, tally_bin_name(bin), tally.wrong[bin], tally.claims[bin], tally.doubt[bin]);
    ok(tally.most_packets <= 2000, "%s: %u packets at most", name, tally.most_packets);
    tally_add(all, &tally);
}

/* Worlds that were told wrong things of. */
static const struct {
    uint64_t seed;
    struct world_ills ills;
    const char *what;
} snares[] = {
    {3213, {0, false}, "the last router refuses, and has no token to say so"},
    {7445, {0, false}, "the first router refuses, and has no token to say so"},
    {2893, {0, false}, "it refuses some source ports, where ways part"},
    {1817, {0, false}, "the router with the filter is silent, beside one that is not"},
    {2265, {0, false}, "the same, dropping TCP"},
    {6677, {0, false}, "the same, of echo requests"},
    {4973, {0, false}, "a silent router's way is the faster one: later probes take the tokens"},
    {8373, {0, false}, "a silent router's way hides how far a probe comes"},
    {1357, {0, false}, "a router spends its tokens on refusals"},
    {666, {0.02, false}, "one of two routers at a hop is silent"},
    {5646, {0.02, false}, "the last router refuses, without a token, on a lossy way"},
    {136, {0.3, false}, "source ports are lost by chance"},
    {7516, {0.3, false}, "only the last link loses anything"},
    {21423, {0.02, false}, "a silent router beside another one resets what it does not let pass"},
    {22823, {0.02, false}, "two specs are answered nearer than a third, at two hops"},
    {20120, {0.3, false}, "the same, where much is lost"},
    {8177, {0, true}, "a router without a token resets, and the one beside it does not"},
    {222, {0, true}, "no router answers at first, and the target does not refuse"},
    {757, {0, true}, "the same, of TCP, too"},
    {632, {0, true}, "a router has no token while the others have"},
};

static void test_snares(void)
{
    for (size_t i = 0; i < sizeof snares / sizeof snares[0]; i++) {
        struct claim_counts tally = {0};
        tally_run(&snares[i].ills, snares[i].seed, &tally);
        ok(!tally.broken && tally_wrong(&tally) == 0 && tally.false_findings == 0, "seed %" PRIu64 ": %s",
           snares[i].seed, snares[i].what);
    }
}

/* --- what it costs --- */

#define CHAIN                                                                                                          \
    "client client 10.9.0.2 2001:db8:99::2\nchain r 11\n"                                                              \
    "host target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443,udp/53\n"                                              \
    "links 5ms client r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 target\n"
#define RTT_MS 120.0
#define LIMIT_AT_ROUTERS(tokens)                                                                                       \
    "set r1 limit " tokens "\nset r2 limit " tokens "\nset r3 limit " tokens "\nset r4 limit " tokens                  \
    "\nset r5 limit " tokens "\nset r6 limit " tokens "\nset r7 limit " tokens "\nset r8 limit " tokens                \
    "\nset r9 limit " tokens "\nset r10 limit " tokens "\nset r11 limit " tokens "\n"
#define EVERY_LIMIT LIMIT_AT_ROUTERS("6 1") "set target limit 6 1\n"
/* A router beside r4, with limits of its own. */
#define BRANCH(x, v4, v6) "router " x " " v4 " " v6 " limit 6 1\nlinks 5ms r3 " x " r5\n"
#define TWO_WAYS EVERY_LIMIT "set r3 balance per-flow\n" BRANCH("x1", "10.0.201.1", "2001:db8:201::1")
#define FOUR_WAYS TWO_WAYS BRANCH("x2", "10.0.202.1", "2001:db8:202::1") BRANCH("x3", "10.0.203.1", "2001:db8:203::1")
#define TOKENS_SPENT LIMIT_AT_ROUTERS("1 1") /* on what was asked before */

static const struct {
    const char *name, *text;
    double most_ms;
    unsigned packets;
} bounds[] = {
    {"clean", CHAIN, 3 * RTT_MS, 400},
    {"udp dropped", CHAIN "filter r4 forward udp to target drop\n", 10 * RTT_MS, 1500},
    {"udp dropped before the TTL check", CHAIN "filter r4 prerouting udp to target drop\n", 10 * RTT_MS, 1500},
    {"one port dropped", CHAIN "filter r4 forward tcp port 80 to target drop\n", 10 * RTT_MS, 1500},
    {"a silent router", CHAIN "set r4 silent\n", 10 * RTT_MS, 1500},
    {"silent routers on both sides of a filter",
     CHAIN "set r3 silent\nset r5 silent\nfilter r4 forward udp to target drop\n", 10 * RTT_MS, 1500},
    {"a silent filter", CHAIN "set r4 silent\nfilter r4 forward udp to target drop\n", 10 * RTT_MS, 1500},
    {"refused", CHAIN "filter r4 forward tcp port 443 to target reject admin-prohibited\n", 3 * RTT_MS, 400},
    {"limits", CHAIN EVERY_LIMIT, 15000, 2000},
    {"limits, udp dropped", CHAIN EVERY_LIMIT "filter r4 forward udp to target drop\n", 15000, 2000},
    {"tokens spent, udp dropped", CHAIN TOKENS_SPENT "filter r4 forward udp to target drop\n", 15000, 400},
    {"limits, a silent filter", CHAIN EVERY_LIMIT "set r4 silent\nfilter r4 forward udp to target drop\n", 15000, 2000},
    {"limits, refused", CHAIN EVERY_LIMIT "filter r4 forward tcp port 443 to target reject admin-prohibited\n", 15000,
     2000},
    {"limits, two filters",
     CHAIN EVERY_LIMIT "filter r3 forward udp to target drop\nfilter r6 forward tcp port 80 to target drop\n", 8000,
     1500},
    {"limits, two ways", CHAIN TWO_WAYS, 15000, 1500},
    {"limits, two ways, a filter before them", CHAIN TWO_WAYS "filter r2 forward udp to target drop\n", 15000, 1500},
    {"limits, two ways, a filter where they part", CHAIN TWO_WAYS "filter r3 forward udp to target drop\n", 15000,
     1500},
    {"limits, two ways, a filter behind them", CHAIN TWO_WAYS "filter r8 forward udp to target drop\n", 15000, 1500},
    {"limits, two ways, a filter before the TTL check", CHAIN TWO_WAYS "filter r8 prerouting syn to target drop\n",
     15000, 1500},
    {"limits, four ways, a filter on one", CHAIN FOUR_WAYS "filter x2 forward udp to target drop\n", 15000, 1500},
    {"limits, four ways, two filters behind them",
     CHAIN FOUR_WAYS "filter r6 forward udp to target drop\nfilter r9 forward tcp port 80 to target drop\n", 15000,
     1500},
    {"limits, four ways, a silent filter",
     CHAIN FOUR_WAYS "set r8 silent\nset r7 silent\nfilter r8 forward udp to target drop\n", 15000, 1500},
    {"limits, a circle", CHAIN EVERY_LIMIT "route r8 target via r7\n", 15000, 1500},
    {"limits, two ways, a circle", CHAIN TWO_WAYS "route r8 target via r7\n", 15000, 1500},
    {"limits, four ways, a circle at once", CHAIN FOUR_WAYS "route r6 target via r5\n", 15000, 1500},
};

struct cost {
    bool ended, replayed;
    double ms;
    unsigned packets, of_spec, of_all;
};

static void add_cost(const struct net *net, uint8_t family, uint64_t seed, struct cost *cost)
{
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    bool ended = world_config(net, family, WORLD_SPEC_LIST, seed, &config, &err) == STATUS_OK &&
                 drive_live(&d, net, &config, NSTIME_NEVER);
    cost->ended = cost->ended && ended;
    if (ended) {
        double ms = nstime_ms(d.done - d.first_send);
        cost->ms = ms > cost->ms ? ms : cost->ms;
        cost->packets = d.sent_count > cost->packets ? d.sent_count : cost->packets;
        cost->of_spec = d.most_of_spec > cost->of_spec ? d.most_of_spec : cost->of_spec;
        cost->of_all = d.most_of_all > cost->of_all ? d.most_of_all : cost->of_all;
        cost->replayed = cost->replayed && drive_replays_alike(&d);
    }
    drive_free(&d);
}

static void test_bounds(void)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        struct net *net = NULL;
        struct err err = {0};
        struct cost cost = {.ended = true, .replayed = true};
        if (!ok(net_parse(bounds[i].name, bounds[i].text, &net, &err) == STATUS_OK, "%s: a network %s", bounds[i].name,
                err.message))
            continue;
        for (uint64_t seed = 1; seed <= 3 && (seed == 1 || cost.packets < DEAR); seed++) {
            add_cost(net, 4, seed, &cost);
            add_cost(net, 6, seed, &cost);
        }
        ok(cost.ended && cost.replayed, "%s: it ends, and a replay of it is alike", bounds[i].name);
        ok(cost.ms <= bounds[i].most_ms, "%s: %.2f times the target's RTT, at most %.2f", bounds[i].name,
           cost.ms / RTT_MS, bounds[i].most_ms / RTT_MS);
        ok(cost.packets <= bounds[i].packets, "%s: %u packets, at most %u", bounds[i].name, cost.packets,
           bounds[i].packets);
        ok(cost.of_spec <= MOST_OF_SPEC && cost.of_all <= MOST_OF_ALL,
           "%s: %u probes of a spec and %u of all unanswered at one hop", bounds[i].name, cost.of_spec, cost.of_all);
        free(net);
    }
}

/* --- a busy machine --- */

#define BUSY_PACKETS 110
#define STALL (20 * NS_PER_MS)

/* A machine that delays each send spreads the probes to a hop over more time than a rate limit needs to refill. Where
 * it does so for a while only, later rounds show that the router is silent to UDP alone. */
static void test_busy_machine(unsigned stalled_sends, bool found)
{
    struct net *net = NULL;
    struct err err = {0};
    struct session_config config;
    struct drive d = {0};
    struct strbuf text;
    if (!ok(net_parse("busy", CHAIN "set r4 silent udp\n", &net, &err) == STATUS_OK, "a busy machine: %s", err.message))
        return;
    strbuf_init(&text);
    ok(world_config(net, 4, WORLD_SPEC_LIST, 1, &config, &err) == STATUS_OK &&
           drive_live_busy(&d, net, &config, STALL, stalled_sends),
       "a busy machine, %u sends are delayed: it ends", stalled_sends);
    drive_describe(d.session, &text);
    bool told = text.text && strstr(text.text, "finding silent-hop: ");
    is_num(told, found, "a busy machine, %u sends are delayed: hop 4 is silent to UDP", stalled_sends);
    ok(d.sent_count <= BUSY_PACKETS, "a busy machine, %u sends are delayed: %u packets", stalled_sends, d.sent_count);
    strbuf_free(&text);
    drive_free(&d);
    free(net);
}

int main(void)
{
    struct claim_counts all = {0};
    const char *seeds = getenv("SIM_SEEDS");
    runs = seeds ? (unsigned)strtoul(seeds, NULL, 10) * RUNS_PER_SEED : runs;
    test_busy_machine(0, true);
    test_busy_machine(60, true);
    test_busy_machine(102, true); /* the last round shows it */
    test_busy_machine(1000, false);
    test_bounds();
    for (size_t i = 0; i < sizeof ills / sizeof ills[0]; i++)
        test_claims(&ills[i], ills[i].loss <= 0.02 && !ills[i].spent, &all);
    test_snares();
    printf("# %u runs, %.0f packets on average, %.1f s at most\n", all.runs, (double)all.packets / all.runs,
           all.most_seconds);
    return tap_done();
}
