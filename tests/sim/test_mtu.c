/* SPDX-License-Identifier: BSD-2-Clause */
/* --mtu over simulated networks: steps that routers report, holes that none reports, limits, loss, and lies. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "mtu/path_mtu.h"
#include "sim/drive.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "verdict/verdict.h"

#define ROUTERS 8
#define RTT_MS 18 /* 9 links of 1 ms */
#define WORLDS 1000

static const char chain[] = "client client 10.9.0.2 2001:db8:99::2\nchain r 8\n"
                            "host target 192.0.2.80 2001:db8:80::80 open tcp/80\n"
                            "link client r1 delay 1ms\n";

static bool measure(struct drive *d, const struct net *net, const char *specs, uint8_t family, uint64_t seed)
{
    struct session_config config;
    struct err err = {0};
    if (drive_config(net, family, specs, seed, &config, &err))
        return false;
    config.strategy = &strategy_trace;
    config.interface_mtu = 1500;
    config.gap_is_mean = true;
    return drive_live(d, net, &config, NSTIME_NEVER);
}

static void describe(const struct path_mtu *mtu, struct strbuf *out)
{
    strbuf_addf(out, "%u", mtu->path);
    for (unsigned i = 0; i < mtu->step_count; i++) {
        const struct mtu_step *step = &mtu->steps[i];
        strbuf_addf(out, " %s %u after %u", step->is_hole ? "hole" : "told", step->mtu, step->after_ttl);
        if (step->is_hole)
            strbuf_addf(out, " before %u%s", step->before_ttl, step->is_either_way ? " either way" : "");
    }
    if (mtu->back != mtu->path)
        strbuf_addf(out, " back %u", mtu->back);
    if (mtu->lie_count)
        strbuf_addf(out, " lies %u", mtu->lie_count);
    if (!mtu->complete)
        strbuf_add(out, " incomplete");
}

#define TWO_STEPS                                                                                                      \
    "links 1ms r1 r2\nlink r2 r3 delay 1ms mtu 1400\nlinks 1ms r3 r4 r5\nlink r5 r6 delay 1ms mtu 1300\n"              \
    "links 1ms r6 r7 r8 target"

/* The first rows have the limits of the goal: steps within four round trips and 40 packets, a hole within 15 and 120.
 */
static const struct {
    const char *name, *links, *specs, *found;
    double most_ms;   /* of the whole run */
    unsigned packets; /* of the whole run, at most */
} rows[] = {
    {"the whole path", "links 1ms r1 r2 r3 r4 r5 r6 r7 r8 target", "udp,icmp", "1500", 3 * RTT_MS, 40},
    {"two steps", TWO_STEPS, "udp", "1300 told 1400 after 2 told 1300 after 5 back 0", 2.5 * RTT_MS, 40},
    {"two steps, and the way back", TWO_STEPS, "udp,icmp", "1300 told 1400 after 2 told 1300 after 5", 3 * RTT_MS, 40},
    {"two steps, TCP", TWO_STEPS, "tcp/80", "1300 told 1400 after 2 told 1300 after 5 back 0", 4 * RTT_MS, 42},
    {"a step behind the first probe that goes ahead",
     "links 1ms r1 r2 r3 r4 r5 r6 r7\nlink r7 r8 delay 1ms mtu 1400\nlinks 1ms r8 target", "udp",
     "1400 told 1400 after 7 back 0", 3 * RTT_MS, 40},
    {"a step that UDP does not reach",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms mtu 1300\nlinks 1ms r6 r7 r8 target\nfilter r3 forward udp drop",
     "udp,icmp", "1300 told 1300 after 5", 30 * RTT_MS, 120},
    {"a hole", "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole 1300\nlinks 1ms r6 r7 r8 target", "udp",
     "1300 hole 1300 after 5 before 6 back 0", 15 * RTT_MS, 120},
    {"a hole, TCP", "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole 1377\nlinks 1ms r6 r7 r8 target", "tcp/80",
     "1377 hole 1377 after 5 before 6 back 0", 15 * RTT_MS, 120},
    {"a hole behind a step",
     "links 1ms r1 r2\nlink r2 r3 delay 1ms mtu 1400\nlinks 1ms r3 r4 r5\nlink r5 r6 delay 1ms hole 1300\n"
     "links 1ms r6 r7 r8 target",
     "udp", "1300 told 1400 after 2 hole 1300 after 5 before 6 back 0", 15 * RTT_MS, 120},
    {"a step behind a hole",
     "links 1ms r1 r2\nlink r2 r3 delay 1ms hole 1400\nlinks 1ms r3 r4 r5\nlink r5 r6 delay 1ms mtu 1300\n"
     "links 1ms r6 r7 r8 target",
     "udp", "1300 hole 1400 after 2 before 3 told 1300 after 5 back 0", 15 * RTT_MS, 120},
    {"a hole on the way back",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole-back 1300\nlinks 1ms r6 r7 r8 target", "udp,icmp",
     "1500 back 1300", 15 * RTT_MS, 120},
    {"a hole on the way back, echo requests only",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole-back 1300\nlinks 1ms r6 r7 r8 target", "icmp",
     "1300 hole 1300 after 8 before 9 either way", 15 * RTT_MS, 120},
    {"a hole at a target that is silent",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole 1300\nlinks 1ms r6 r7 r8 target\nset target silent", "udp",
     "1300 hole 1300 after 5 before 6 back 0 incomplete", 4000, 160},
    {"an MTU of 0 is reported",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms mtu 1300\nlinks 1ms r6 r7 r8 target\nset r5 tells-mtu 0", "udp",
     "1300 hole 1300 after 5 before 6 back 0 lies 1", 15 * RTT_MS, 120},
    {"an MTU above the packet's size is reported",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms mtu 1300\nlinks 1ms r6 r7 r8 target\nset r5 tells-mtu 9000", "udp",
     "1300 hole 1300 after 5 before 6 back 0 lies 1", 15 * RTT_MS, 120},
    {"a target that answers no more",
     "links 1ms r1 r2 r3 r4 r5 r6 r7 r8\nlink r8 target delay 1ms mtu 1400\nset target limit 3 0.001", "udp",
     "1400 told 1400 after 8 back 0 incomplete", 9000, 60},
    {"a target that has no token at first",
     "links 1ms r1 r2 r3 r4 r5 r6 r7 r8\nlink r8 target delay 1ms mtu 1400\nset target limit 3 0.4", "udp",
     "1400 told 1400 after 8 back 0", 6000, 60},
    {"a hop without tokens behind a hole",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole 1300\nlinks 1ms r6 r7 r8 target\nset r6 limit 3 0.001", "udp",
     "1300 hole 1300 after 5 before 7 back 0", 6000, 120},
    {"tokens run out within a bracket",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole 1300\nlinks 1ms r6 r7 r8 target\nset r6 limit 6 0.001", "udp",
     "1500 back 0 incomplete", 9000, 120},
    {"limits, and a hole",
     "links 1ms r1 r2 r3 r4 r5\nlink r5 r6 delay 1ms hole 1300\nlinks 1ms r6 r7 r8 target\n"
     "set r1 limit 6 1\nset r2 limit 6 1\nset r3 limit 6 1\nset r4 limit 6 1\nset r5 limit 6 1\nset r6 limit 6 1\n"
     "set r7 limit 6 1\nset r8 limit 6 1\nset target limit 6 1",
     "udp,icmp", "1300 hole 1300 after 5 before 6", 10000, 140},
};

static unsigned sized_count(const struct session *session)
{
    size_t count = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_size_trace(session, i);
        count += trace ? trace->probe_count : 0;
    }
    return (unsigned)count;
}

static void check_replay(const struct drive *d, const char *name, uint8_t family)
{
    struct strbuf replayed, live;
    struct err err = {0};
    strbuf_init(&replayed);
    strbuf_init(&live);
    if (ok(drive_replay(d, &replayed, &err), "%s, IPv%u: replayed", name, family)) {
        strbuf_add(&live, d->settled.text);
        drive_describe(d->session, &live);
        is_text(replayed.text, live.text, "%s, IPv%u: the replay is the run", name, family);
    }
    strbuf_free(&replayed);
    strbuf_free(&live);
}

static void check_row(size_t row, uint8_t family)
{
    struct strbuf text, found;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    strbuf_init(&text);
    strbuf_init(&found);
    strbuf_addf(&text, "%s%s\n", chain, rows[row].links);
    bool ran = net_parse("mtu", text.text, &net, &err) == STATUS_OK && measure(&d, net, rows[row].specs, family, 1);
    if (ok(ran, "%s, IPv%u: ran %s", rows[row].name, family, ran ? "" : err.message)) {
        struct path_mtu mtu;
        path_mtu_find(d.session, session_now(d.session), &mtu);
        describe(&mtu, &found);
        is_text(found.text, rows[row].found, "%s, IPv%u", rows[row].name, family);
        ok(nstime_ms(d.done - d.first_send) <= rows[row].most_ms, "%s, IPv%u: %.0f ms, at most %.0f", rows[row].name,
           family, nstime_ms(d.done - d.first_send), rows[row].most_ms);
        ok(d.sent_count <= rows[row].packets, "%s, IPv%u: %u packets, at most %u", rows[row].name, family, d.sent_count,
           rows[row].packets);
        check_replay(&d, rows[row].name, family);
    }
    drive_free(&d);
    strbuf_free(&text);
    strbuf_free(&found);
    free(net);
}

/* Runs over a step and a hole. */
static const struct hole_run {
    const char *name, *specs, *link; /* delay of each link */
    bool limits;                     /* all reply six times at once, and then once a second */
    uint8_t first_ttl;
    nstime oversleep, stall; /* drive.h */
    unsigned stalled;
    const char *want;
} hole_runs[] = {
    {"from hop 6 on: nearer hops cannot show a token, and are no reason to wait", "udp", "1ms", false, 6, 0, 0, 0,
     "1300 told 1400 after 2 hole 1300 after 2 before 6 back 0"},
    {"a process that wakes late: the sizes of a round leave together", "udp", "1ms", true, 1, 20 * NS_PER_MS, 0, 0,
     "1300 told 1400 after 2 hole 1300 after 5 before 6 back 0"},
    {"late sends are made up for: a size right behind a larger one is waited for", "udp", "10us", false, 1, 0,
     1500 * NS_PER_US, 29, "1300 told 1400 after 2 hole 1300 after 5 before 6 back 0"},
    {"late sends are made up for, TCP", "tcp/80", "10us", false, 1, 0, 1500 * NS_PER_US, 29,
     "1300 told 1400 after 2 hole 1300 after 5 before 6 back 0"},
};

static void describe_hole(const struct hole_run *run, struct strbuf *text)
{
    const char *link = run->link;
    strbuf_addf(
        text,
        "client client 10.9.0.2 2001:db8:99::2\nchain r 8\nhost target 192.0.2.80 2001:db8:80::80 open tcp/80\n"
        "links %s client r1 r2\nlink r2 r3 delay %s mtu 1400\nlinks %s r3 r4 r5\nlink r5 r6 delay %s hole 1300\n"
        "links %s r6 r7 r8 target\n",
        link, link, link, link, link);
    for (unsigned hop = 1; run->limits && hop <= ROUTERS; hop++)
        strbuf_addf(text, "set r%u limit 6 1\n", hop);
    strbuf_add(text, run->limits ? "set target limit 6 1\n" : "");
}

static bool drive_hole(struct drive *d, const struct net *net, const struct hole_run *run)
{
    struct session_config config;
    struct err err = {0};
    if (drive_config(net, 4, run->specs, 1, &config, &err))
        return false;
    config.strategy = &strategy_trace;
    config.interface_mtu = 1500;
    config.gap_is_mean = true;
    config.first_ttl = run->first_ttl;
    return run->oversleep ? drive_live_sleepy(d, net, &config, run->oversleep)
                          : drive_live_busy(d, net, &config, run->stall, run->stalled);
}

static void check_hole(const struct hole_run *run)
{
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    struct strbuf text, found;
    strbuf_init(&text);
    strbuf_init(&found);
    describe_hole(run, &text);
    if (ok(net_parse("hole", text.text, &net, &err) == STATUS_OK && drive_hole(&d, net, run), "%s: ran", run->name)) {
        struct path_mtu mtu;
        path_mtu_find(d.session, session_now(d.session), &mtu);
        describe(&mtu, &found);
        is_text(found.text, run->want, "%s", run->name);
    }
    drive_free(&d);
    strbuf_free(&text);
    strbuf_free(&found);
    free(net);
}

/* A reply that comes somewhat later than that of a later probe is no loss. Echo requests go ahead, a SYN does not. */
static void check_order(const char *specs, unsigned want)
{
    unsigned most = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct net *net = NULL;
        struct err err = {0};
        struct drive d = {0};
        struct strbuf text;
        strbuf_init(&text);
        strbuf_addf(&text, "%slinks 1ms r1 r2 r3 r4 r5 r6 r7 r8\nlink r8 target delay 1ms reorder 10%% 3ms\n", chain);
        if (ok(net_parse("order", text.text, &net, &err) == STATUS_OK && measure(&d, net, specs, 4, seed),
               "%s, out of order, seed %u: ran", specs, (unsigned)seed))
            most = sized_count(d.session) > most ? sized_count(d.session) : most;
        drive_free(&d);
        strbuf_free(&text);
        free(net);
    }
    is_num(most, want, "%s, out of order: no probe is sent again", specs);
}

/* --- drawn networks --- */

struct truth {
    unsigned told[ROUTERS + 1], hole[ROUTERS + 1]; /* by the hop before the link; 0: none */
    unsigned back, path;
};

static unsigned draw_size(struct rng *rng)
{
    return 1280 + rng_below(rng, 220);
}

static void draw_world(uint64_t seed, struct truth *truth, struct strbuf *out)
{
    struct rng rng = rng_init(seed);
    unsigned lossy = rng_below(&rng, ROUTERS + 1), steps = rng_below(&rng, 3), percent = rng_below(&rng, 11);
    *truth = (struct truth){.back = 1500, .path = 1500};
    for (unsigned i = 0; i < steps; i++)
        truth->told[1 + rng_below(&rng, ROUTERS)] = draw_size(&rng);
    if (rng_below(&rng, 2))
        truth->hole[1 + rng_below(&rng, ROUTERS)] = draw_size(&rng);
    unsigned back_at = rng_below(&rng, 4) ? 0 : 1 + rng_below(&rng, ROUTERS);
    unsigned back = draw_size(&rng);
    strbuf_addf(
        out, "client client 10.9.0.2 2001:db8:99::2\nchain r 8\nhost target 192.0.2.80 2001:db8:80::80 open tcp/80\n");
    for (unsigned hop = 0; hop <= ROUTERS; hop++) {
        char near[8], far[8];
        snprintf(near, sizeof near, hop ? "r%u" : "client", hop);
        snprintf(far, sizeof far, hop < ROUTERS ? "r%u" : "target", hop + 1);
        strbuf_addf(out, "link %s %s delay 2ms", near, far);
        if (hop == lossy)
            strbuf_addf(out, " loss %u%%", percent);
        if (truth->told[hop])
            strbuf_addf(out, " mtu %u", truth->told[hop]);
        if (truth->hole[hop])
            strbuf_addf(out, " hole %u", truth->hole[hop]);
        if (back_at && hop == back_at)
            strbuf_addf(out, " hole-back %u", back);
        strbuf_add(out, "\n");
        truth->path = truth->told[hop] && truth->told[hop] < truth->path ? truth->told[hop] : truth->path;
        truth->path = truth->hole[hop] && truth->hole[hop] < truth->path ? truth->hole[hop] : truth->path;
    }
    truth->back = back_at ? back : 1500;
    bool limits = rng_below(&rng, 2);
    for (unsigned hop = 1; limits && hop <= ROUTERS; hop++)
        strbuf_addf(out, "set r%u limit 6 1\n", hop);
    if (limits)
        strbuf_add(out, "set target limit 6 1\n");
}

static bool step_is_true(const struct mtu_step *step, const struct truth *truth)
{
    if (!step->is_hole)
        return truth->told[step->after_ttl] == step->mtu;
    for (unsigned hop = step->after_ttl; hop < step->before_ttl; hop++)
        if (truth->hole[hop] == step->mtu)
            return true;
    return step->is_either_way && truth->back == step->mtu;
}

struct counts {
    unsigned runs, wrong_steps, wrong_paths, wrong_backs, wrong_hops, unknown_hops, incomplete, missed;
    unsigned holes, wide; /* holes that were shown, and those not between neighbours */
    unsigned most_packets;
    double most_ms;
};

/* Whether the run did not show a hole that is narrower than all links before it. A router reports the MTU of the link
 * before a packet gets there. */
static bool misses_hole(const struct path_mtu *mtu, const struct truth *truth)
{
    unsigned least = 1500;
    for (unsigned hop = 0; hop <= ROUTERS; hop++) {
        least = truth->told[hop] && truth->told[hop] < least ? truth->told[hop] : least;
        bool shown = !truth->hole[hop] || truth->hole[hop] >= least;
        for (unsigned i = 0; i < mtu->step_count; i++)
            shown = shown || (mtu->steps[i].is_hole && mtu->steps[i].mtu == truth->hole[hop]);
        if (!shown)
            return true;
        least = truth->hole[hop] && truth->hole[hop] < least ? truth->hole[hop] : least;
    }
    return false;
}

/* Hops with another MTU than their links have. Echo replies may be lost on the way back. */
static void judge_hops(const struct path_mtu *mtu, const struct truth *truth, bool is_echo, struct counts *counts)
{
    unsigned least = 1500;
    for (unsigned ttl = 1; ttl <= ROUTERS + 1; ttl++) {
        least = truth->told[ttl - 1] && truth->told[ttl - 1] < least ? truth->told[ttl - 1] : least;
        least = truth->hole[ttl - 1] && truth->hole[ttl - 1] < least ? truth->hole[ttl - 1] : least;
        unsigned both = is_echo && ttl == ROUTERS + 1 && truth->back < least ? truth->back : least;
        uint16_t found = path_mtu_at(mtu, (uint8_t)ttl);
        counts->wrong_hops += found && found != both;
        counts->unknown_hops += !found;
    }
}

static void judge(const struct path_mtu *mtu, const struct truth *truth, bool is_echo, struct counts *counts)
{
    unsigned path = is_echo && truth->back < truth->path ? truth->back : truth->path;
    for (unsigned i = 0; i < mtu->step_count; i++)
        counts->wrong_steps += !step_is_true(&mtu->steps[i], truth);
    for (unsigned i = 0; i < mtu->step_count; i++) {
        counts->holes += mtu->steps[i].is_hole;
        counts->wide += mtu->steps[i].is_hole && mtu->steps[i].before_ttl != mtu->steps[i].after_ttl + 1;
    }
    judge_hops(mtu, truth, is_echo, counts);
    counts->incomplete += !mtu->complete;
    counts->wrong_paths += mtu->complete && mtu->path != path;
    counts->missed += mtu->complete && misses_hole(mtu, truth);
    unsigned back = truth->back < truth->path ? truth->back : truth->path;
    counts->wrong_backs += mtu->back && !is_echo && mtu->back != back;
}

static void check_worlds(void)
{
    static const char *const specs[] = {"udp,icmp", "icmp", "tcp/80,icmp"};
    struct counts counts = {0};
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct truth truth;
        struct strbuf text;
        struct net *net = NULL;
        struct err err = {0};
        struct drive d = {0};
        strbuf_init(&text);
        draw_world(seed, &truth, &text);
        if (net_parse("world", text.text, &net, &err) == STATUS_OK &&
            measure(&d, net, specs[seed % 3], seed % 2 ? 4 : 6, seed)) {
            struct path_mtu mtu;
            struct counts before = counts;
            path_mtu_find(d.session, session_now(d.session), &mtu);
            judge(&mtu, &truth, seed % 3 == 1, &counts);
            counts.runs++;
            double ms = nstime_ms(d.done - d.first_send);
            counts.most_ms = ms > counts.most_ms ? ms : counts.most_ms;
            counts.most_packets =
                sized_count(d.session) > counts.most_packets ? sized_count(d.session) : counts.most_packets;
            if (counts.wrong_steps + counts.wrong_paths + counts.wrong_backs + counts.wrong_hops + counts.missed >
                before.wrong_steps + before.wrong_paths + before.wrong_backs + before.wrong_hops + before.missed) {
                struct strbuf found;
                strbuf_init(&found);
                describe(&mtu, &found);
                printf("# world %u: %s, in truth %u back %u\n", (unsigned)seed, found.text, truth.path, truth.back);
                strbuf_free(&found);
            }
        }
        drive_free(&d);
        strbuf_free(&text);
        free(net);
    }
    is_num(counts.runs, WORLDS, "drawn networks: all ran");
    is_num(counts.wrong_steps, 0, "drawn networks: no step that is not there");
    is_num(counts.wrong_paths, 0, "drawn networks: no wrong path MTU");
    is_num(counts.wrong_backs, 0, "drawn networks: no wrong MTU of the way back");
    is_num(counts.wrong_hops, 0, "drawn networks: no hop with a wrong MTU");
    ok(counts.unknown_hops <= WORLDS / 10, "drawn networks: %u hops without an MTU", counts.unknown_hops);
    is_num(counts.missed, 0, "drawn networks: no hole missed");
    ok(counts.incomplete <= WORLDS / 50, "drawn networks: %u of %u are not complete", counts.incomplete, WORLDS);
    ok(counts.holes > 300 && counts.wide <= counts.holes / 50,
       "drawn networks: %u of %u holes are not between neighbours", counts.wide, counts.holes);
    ok(counts.most_packets <= 500, "drawn networks: %u packets at most", counts.most_packets);
    ok(counts.most_ms <= 90000, "drawn networks: %.0f ms at most", counts.most_ms);
}

static void check_one_size(const char *specs, bool can, const char *want)
{
    struct session_config config;
    struct net *net = NULL;
    struct err err = {0};
    struct strbuf text;
    strbuf_init(&text);
    strbuf_addf(&text, "%s%s\n", chain, rows[0].links);
    if (!ok(net_parse("mtu", text.text, &net, &err) == STATUS_OK && !drive_config(net, 4, specs, 1, &config, &err),
            "%s: a network", specs))
        return;
    config.strategy = &strategy_trace;
    config.interface_mtu = 1500;
    struct session *session = session_new(&config, true, NULL, &err);
    is_num(session != NULL, can, "%s: whether sizes can be measured", specs);
    is_text(session ? "" : err.message, want, "%s: the message", specs);
    if (session)
        is_num(path_mtu_choose(session), 1, "%s: the second is measured", specs);
    session_free(session);
    strbuf_free(&text);
    free(net);
}

int main(void)
{
    check_one_size("udp/123", false, "--mtu: udp/123 cannot have any size (measure with another probe, as -P udp)");
    check_one_size("sctp", false, "--mtu: sctp cannot have any size (measure with another probe, as -P udp)");
    check_one_size("udp/123,tcp/80", true, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (uint8_t family = 4; family <= 6; family += 2)
            check_row(i, family);
    check_order("icmp", 2);
    check_order("tcp/80", 2);
    for (size_t i = 0; i < sizeof hole_runs / sizeof *hole_runs; i++)
        check_hole(&hole_runs[i]);
    check_worlds();
    return tap_done();
}
