/* SPDX-License-Identifier: BSD-2-Clause */
/* test_numbers: the numbers by which a session paces its probes, repeats them and ends. Each row is a simulated network
 * in which another number does harm: it makes a run longer, sends more probes, or leads to a wrong verdict. All is
 * virtual time, so the bounds are exact. */
#include <stdlib.h>

#include "diagnose/diagnose.h"
#include "ladder/ladder.h"
#include "paths/paths.h"
#include "sim/world.h"
#include "tap.h"

#define HOST(more) "host target 192.0.2.80 2001:db8:80::80 " more "\n"
#define OPEN "open tcp/80,tcp/443,udp/53"
#define CLIENT "client client 10.9.0.2 2001:db8:99::2\n"
/* Three hops and the target, 5 ms each. */
#define SHORT_TO(host) CLIENT "chain r 3\n" host "links 5ms client r1 r2 r3 target\n"
/* Eleven. */
#define CHAIN_TO(host) CLIENT "chain r 11\n" host "links 5ms client r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 target\n"
#define CHAIN CHAIN_TO(HOST(OPEN))
#define SET_ALL(what)                                                                                                  \
    "set r1 " what "\nset r2 " what "\nset r3 " what "\nset r4 " what "\nset r5 " what "\nset r6 " what                \
    "\nset r7 " what "\nset r8 " what "\nset r9 " what "\nset r10 " what "\nset r11 " what "\n"
#define LIMITS SET_ALL("limit 6 1")
#define DROP_UDP "filter r4 forward udp to target drop\n"
/* Two routers at hop 4, both silent; one drops udp, and so is the target. */
#define SILENT_DROP_ON_ONE_WAY                                                                                         \
    CHAIN "set r3 balance per-flow\nrouter x1 10.0.201.1 2001:db8:201::1\nlinks 5ms r3 x1 r5\nset r4 silent\n"         \
          "set x1 silent\nset target silent\nfilter x1 forward udp to target drop\n"
/* Loss before the router that has no route to the target. */
#define NO_ROUTE_BEHIND_LOSS                                                                                           \
    CLIENT "chain r 11\n" HOST(OPEN) "links 5ms client r1 r2 r3 r4 r5 r6 r7 r8\nlink r8 r9 delay 5ms loss 40%\n"       \
                                     "links 5ms r9 r10 r11 target\nroute r9 target unreachable\nset r9 limit 6 1\n"
#define LOSS_BEHIND_DROP                                                                                               \
    CLIENT "chain r 6\n" HOST(OPEN) "links 5ms client r1 r2 r3 r4 r5\nlink r5 r6 delay 5ms loss 20%\n"                 \
                                    "links 5ms r6 target\n" DROP_UDP
#define MUCH_LOSS_BEHIND_DROP                                                                                          \
    CLIENT "chain r 5\n" HOST(OPEN) "links 5ms client r1 r2 r3 r4\nlink r4 r5 delay 5ms loss 35%\n"                    \
                                    "links 5ms r5 target\nfilter r3 forward udp to target drop\n"
/* Routers beside each other at hop 3, behind a load balancer. */
#define WAY(n) "router x" #n " 10.1.0." #n " 2001:db8:a::" #n "\nlinks 5ms r2 x" #n " r3\n"
#define FAN                                                                                                            \
    CLIENT "chain r 4\n" HOST(                                                                                         \
        "open tcp/443") "set r2 balance per-flow\nlinks 5ms client r1 r2\nlinks 5ms r3 r4 target\n" WAY(1) WAY(2)      \
        WAY(3) WAY(4)
#define WIDE_FAN FAN WAY(5) WAY(6) WAY(7) WAY(8) WAY(9) WAY(10) WAY(11) WAY(12)
#define WIDER_FAN WIDE_FAN WAY(13) WAY(14) WAY(15) WAY(16)

#define ALL_SPECS WORLD_SPEC_LIST

/* 0 and NULL: as usual, or not looked at. */
struct row {
    const char *harm, *network, *specs;
    const struct strategy *strategy;
    uint64_t seed;
    uint8_t queries;
    unsigned packets;         /* at most */
    double ms;                /* at most */
    unsigned of_spec, of_all; /* probes in flight at one hop, at most */
    const char *udp;          /* its verdict */
    bool is_certain;          /* no verdict is inconclusive */
};

static const struct row rows[] = {
    {"a path of usual length takes no second round trip, nor probes far behind a target", CHAIN, "auto",
     &strategy_trace, 1, 3, 81, 140, 3, 3, "closed", true},
    {"ten probes a hop are not in flight at once: that would spend the router's tokens", CHAIN, "auto", &strategy_trace,
     1, 10, 0, 0, 3, 3, "closed", true},
    {"an answer that takes longer than those before it is not taken for lost", SHORT_TO(HOST(OPEN)), "auto",
     &strategy_trace, 1, 3, 57, 47, 0, 0, "closed", true},
    {"a silent router does not hold up the run", CHAIN "set r4 silent\n", "auto", &strategy_trace, 1, 3, 0, 290, 0, 0,
     NULL, true},
    {"a target that answers late is not taken for silent",
     CLIENT "chain r 3\n" HOST(OPEN) "links 2ms client r1 r2 r3\nlink r3 target delay 60ms\n", "auto", &strategy_trace,
     1, 3, 59, 0, 0, 0, "closed", true},
    {"a silent target holds up the run for one long wait, not for one of each spec", SHORT_TO(HOST("silent")), "auto",
     &strategy_trace, 1, 3, 0, 3300, 0, 0, NULL, true},
    {"where nothing answers, no spec waits for the longest wait", CHAIN_TO(HOST("silent")) SET_ALL("silent"), "auto",
     &strategy_trace, 1, 3, 0, 6300, 0, 0, NULL, true},
    {"a path whose first router is far away needs no second spec",
     CLIENT "chain r 3\n" HOST(OPEN) "link client r1 delay 200ms\nlinks 5ms r1 r2 r3 target\n", "auto", &strategy_trace,
     1, 3, 57, 0, 0, 0, "closed", true},
    {"where an earlier run has spent all tokens, the first spec waits for new ones, and no other starts",
     CHAIN SET_ALL("limit 6 1 spent") "set target limit 6 1 spent\n", "auto", &strategy_trace, 1, 3, 100, 3600, 0, 0,
     "closed", true},
    {"a comparison that cannot succeed ends soon", CHAIN SET_ALL("limit 1 0.01") DROP_UDP, "auto", &strategy_trace, 1,
     3, 166, 9000, 0, 0, NULL, false},
    {"a drop is repeated until it is sure", MUCH_LOSS_BEHIND_DROP, "udp,icmp", &strategy_trace, 1, 1, 0, 0, 0, 0,
     "dropped", true},
    {"the spec that gets further is sent last, so that its answer shows a token", LOSS_BEHIND_DROP, "auto",
     &strategy_trace, 1, 3, 0, 0, 0, 0, "dropped", true},
    {"where capture shows none of our probes, the run does not wait for their frames",
     CLIENT "chain r 4\nset client unseen 100%\nset r2 silent\n" HOST(OPEN) "links 5ms client r1 r2 r3 r4 target\n",
     "udp", &strategy_trace, 1, 3, 0, 350, 0, 0, NULL, true},

    {"specs do not run far ahead of the first, nor the first far behind the target", CHAIN, ALL_SPECS,
     &strategy_diagnose, 1, 1, 97, 260, 0, 6, "closed", true},
    {"where the first spec is dropped at once, the others find the path without it",
     CHAIN "filter r1 prerouting icmp to target drop\n", ALL_SPECS, &strategy_diagnose, 1, 1, 0, 700, 0, 0, "closed",
     true},
    {"a hop is not pressed for more than the tokens of its router", CHAIN LIMITS "set target limit 6 1\n", ALL_SPECS,
     &strategy_diagnose, 1, 1, 0, 1500, 0, 6, "closed", true},
    {"a refusal that costs two tokens is waited for, and not much longer", CHAIN LIMITS "route r8 target unreachable\n",
     ALL_SPECS, &strategy_diagnose, 1, 1, 0, 13000, 0, 0, "unreachable", true},
    {"a refusal that is lost twice is probed for again", NO_ROUTE_BEHIND_LOSS, "icmp,udp,tcp/80", &strategy_diagnose, 2,
     1, 0, 0, 0, 0, "unreachable", true},
    {"and is given up for lost after some", NO_ROUTE_BEHIND_LOSS, "icmp,udp,tcp/80", &strategy_diagnose, 1, 1, 0, 13100,
     0, 0, NULL, false},
    {"one of two ways that drops some source ports is not taken for a drop of all", SILENT_DROP_ON_ONE_WAY,
     "icmp,udp,tcp/80", &strategy_diagnose, 2, 1, 0, 0, 0, 0, "unanswered", true},
    {"not all source ports are probed before a drop is certain", CHAIN_TO(HOST("silent")) DROP_UDP, "icmp,udp,tcp/80",
     &strategy_diagnose, 1, 1, 85, 0, 0, 0, "dropped", true},

    {"a plain path takes no third round trip a hop", CHAIN, "udp", &strategy_paths, 1, 1, 0, 560, 0, 0, NULL, false},
    {"the first probes do not press a router", FAN, "udp", &strategy_paths, 1, 1, 0, 390, 0, 20, NULL, false},
    {"a wide hop is probed as fast as it answers", WIDER_FAN, "udp", &strategy_paths, 1, 1, 0, 480, 0, 0, NULL, false},
    {"a rate limit is noticed before many probes are lost", CHAIN LIMITS, "udp", &strategy_paths, 1, 1, 166, 0, 0, 0,
     NULL, false},
    {"a router that has few tokens is not probed at full speed again", WIDE_FAN "set r3 limit 60 4\n", "udp",
     &strategy_paths, 1, 1, 0, 49000, 0, 0, NULL, false},
    {"a router that has many tokens again is probed at full speed", WIDER_FAN "set r3 limit 50 20\n", "udp",
     &strategy_paths, 1, 1, 0, 42500, 0, 0, NULL, false},
};

static enum status configure(const struct row *row, const struct net *net, struct session_config *config,
                             struct err *err)
{
    enum status status = row->strategy == &strategy_diagnose ? world_config(net, 4, row->specs, row->seed, config, err)
                                                             : drive_config(net, 4, row->specs, row->seed, config, err);
    config->strategy = row->strategy;
    config->queries = row->queries;
    if (row->strategy == &strategy_paths) {
        config->flows = 4096;
        config->confidence = 950000;
        config->budget = 50000;
    }
    return status;
}

static void check_verdicts(const struct row *row, const struct session *session)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    unsigned inconclusive = 0;
    const char *udp = NULL;
    if (!judgement)
        abort();
    verdict_judge(session, judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct probe_spec *spec = &judgement->verdicts[i].trace->flow.spec;
        inconclusive += judgement->verdicts[i].state == VERDICT_INCONCLUSIVE;
        if (!udp && spec->protocol == IP_UDP)
            udp = verdict_state_name(judgement->verdicts[i].state);
    }
    if (row->udp)
        is_text(udp, row->udp, "%s: the verdict", row->harm);
    if (row->is_certain)
        is_num(inconclusive, 0, "%s: no verdict is inconclusive", row->harm);
    free(judgement);
}

/* `max_ttl`: the largest TTL; 0: as usual. */
static void check_row(const struct row *row, uint8_t max_ttl)
{
    struct err err = {0};
    struct net *net = NULL;
    struct session_config config = {.max_ttl = 0};
    struct drive d = {0};
    bool ran = net_parse(row->harm, row->network, &net, &err) == STATUS_OK && !configure(row, net, &config, &err);
    config.max_ttl = max_ttl ? max_ttl : config.max_ttl;
    ran = ran && drive_live(&d, net, &config, NSTIME_NEVER);
    if (!ok(ran, "%s: ran%s%s", row->harm, ran ? "" : ": ", ran ? "" : err.status ? err.message : d.err.message))
        return;
    double ms = nstime_ms(d.done - d.first_send);
    if (row->packets)
        ok(d.sent_count <= row->packets, "%s: %u probes, at most %u", row->harm, d.sent_count, row->packets);
    if (row->ms > 0)
        ok(ms <= row->ms, "%s: %.1f ms, at most %.1f", row->harm, ms, row->ms);
    if (row->of_spec)
        ok(d.most_of_spec <= row->of_spec, "%s: %u probes of a spec in flight", row->harm, d.most_of_spec);
    if (row->of_all)
        ok(d.most_of_all <= row->of_all, "%s: %u probes in flight", row->harm, d.most_of_all);
    check_verdicts(row, d.session);
    drive_free(&d);
    free(net);
}

/* The largest TTL is that of a router, so no target can reply behind it. */
static const struct row to_router = {"the last router is not probed for a target behind it",
                                     CHAIN LIMITS,
                                     ALL_SPECS,
                                     &strategy_diagnose,
                                     1,
                                     1,
                                     45,
                                     3000,
                                     0,
                                     0,
                                     NULL,
                                     false};

/* Random networks (world.h) in which another number leads to a wrong statement, or to a late one. */
static const struct {
    const char *harm;
    uint64_t seed;
    struct world_ills ills;
    double seconds;   /* at most */
    unsigned packets; /* at most */
} worlds[] = {
    {"silences at the end are repeated until they are certain", 57, {0, false}, 3, 130},
    {"no more nearer probes than it takes to show where a spec was answered", 54, {0, true}, 3, 125},
    {"where others were answered nearer, a spec is probed there often enough", 185, {0.3, false}, 10, 95},
    {"a hop without a router is probed often enough before the target's", 103, {0, true}, 11, 135},
    {"a lost probe is not waited for as if its router were rate-limited", 49, {0.3, false}, 5, 250},
    {"a drop behind spent tokens is repeated until it is certain", 19, {0, true}, 20, 270},
    {"a silence at the end that stays doubtful is given up", 9, {0, true}, 24, 250},
    {"a spec is not probed without end where others were answered nearer", 117, {0.3, false}, 7, 392},
    {"a token is waited for only a few times", 154, {0.3, false}, 14, 165},
    {"a lost probe or two do not make two ways", 162, {0.3, false}, 5, 150},
    {"several source ports are probed at once before a silence is a drop", 127, {0.3, false}, 8, 155},
};

static void test_worlds(void)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        struct claim_counts counts = {0};
        tally_run(&worlds[i].ills, worlds[i].seed, &counts);
        ok(!counts.broken && !counts.inconclusive && !tally_wrong(&counts) && !counts.false_findings,
           "%s: nothing wrong or inconclusive", worlds[i].harm);
        ok(counts.most_seconds <= worlds[i].seconds, "%s: %.1f s, at most %.0f", worlds[i].harm, counts.most_seconds,
           worlds[i].seconds);
        ok(counts.most_packets <= worlds[i].packets, "%s: %u probes, at most %u", worlds[i].harm, counts.most_packets,
           worlds[i].packets);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i], 0);
    check_row(&to_router, 4);
    test_worlds();
    return tap_done();
}
