/* SPDX-License-Identifier: BSD-2-Clause */
/* `watch` on a path that begins to lose many packets: silences in a row are no outage. A filter that appears meanwhile
 * is told, only later. LOSS_SEEDS makes more runs of each kind: `make check-watch`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/heard.h"
#include "tap.h"

#define LOSS_FROM 40
#define CHANGE_AT 120
#define ROUNDS 180
#define TARGET_TTL 6

static const unsigned losses[] = {0, 10, 30, 50, 70}; /* percent of the round trips behind the lossy link */
#define LOSSES (sizeof losses / sizeof *losses)

static unsigned seeds;

/* A chain of five routers. The link behind hop `after` loses as much each way that these are the losses. */
static void network(char text[1024], unsigned after, unsigned loss, const char *filter)
{
    static const char *const nodes[] = {"client", "r1", "r2", "r3", "r4", "r5", "target"};
    static const char *const each_way[] = {"0%", "5.13%", "16.33%", "29.29%", "45.23%"};
    int length = snprintf(text, 1024, "client client 10.9.0.2\nchain r 5\nhost target 192.0.2.80 open tcp/443\n");
    for (unsigned i = 0; i < TARGET_TTL; i++)
        length += snprintf(text + length, 1024 - (size_t)length, "link %s %s delay 5ms loss %s\n", nodes[i],
                           nodes[i + 1], i == after ? each_way[loss] : "0%");
    snprintf(text + length, 1024 - (size_t)length, "%s", filter);
}

/* What the runs of all seeds told. */
struct sums {
    unsigned losses;       /* events of loss before CHANGE_AT */
    unsigned alone;        /* those that name one spec */
    unsigned told, placed; /* changes after it with the right state, and those with its place */
    unsigned wrong;        /* with another state */
    unsigned latest;       /* rounds until the change was told */
    unsigned others;       /* all other events */
};

/* The change that is due behind CHANGE_AT. */
struct due {
    const char *filter, *to; /* NULL: no change */
    uint8_t after;
};

static void add_event(struct sums *sums, const struct event *event, const struct due *due)
{
    bool is_change = event->kind == EVENT_VERDICT_CHANGE, is_early = event->round <= CHANGE_AT;
    if (event->kind == EVENT_LOSS_BEGIN || event->kind == EVENT_LOSS_END) {
        sums->losses += is_early;
        sums->alone += is_early && event->trace;
    } else if (is_change && !is_early && due->to && strcmp(event->to, due->to) == 0) {
        unsigned rounds = event->round - CHANGE_AT;
        sums->told++;
        sums->placed += event->after.ttl == due->after;
        sums->latest = rounds > sums->latest ? rounds : sums->latest;
    } else if (is_change && !is_early && due->to) {
        sums->wrong++;
    } else {
        sums->others++;
    }
}

static struct sums run(const char *specs, unsigned after, unsigned loss, const struct due *due)
{
    struct sums sums = {0};
    char quiet[1024], lossy[1024], changed[1024];
    network(quiet, after, 0, "");
    network(lossy, after, loss, "");
    network(changed, after, loss, due->filter);
    for (unsigned seed = 1; seed <= seeds; seed++) {
        struct watching w;
        struct heard heard;
        watching_init(&w, quiet, specs, seed);
        watching_change(&w, LOSS_FROM, lossy);
        watching_change(&w, CHANGE_AT, due->to ? changed : quiet);
        w.config.rounds = ROUNDS;
        heard_run(&heard, &w);
        for (unsigned i = 0; i < heard.count && i < EVENTS_MOST; i++)
            add_event(&sums, &heard.events[i], due);
        heard_free(&heard, &w);
    }
    return sums;
}

/* Where 70 % are lost, the confidence of 0.99 that a verdict needs lets a run in a hundred take silences for an outage,
 * which ends soon: two events. */
static unsigned chance_events(unsigned loss)
{
    return losses[loss] < 70 ? 0 : 2 * (1 + seeds / 100);
}

/* Loss that begins and ends. The path loses the packets of all specs alike. */
static void test_loss(const char *specs, unsigned after)
{
    static const struct due none = {.filter = ""};
    for (unsigned loss = 1; loss < LOSSES; loss++) {
        struct sums sums = run(specs, after, loss, &none);
        ok(sums.others <= chance_events(loss), "%s, %u %% lost behind hop %u: %u runs tell loss %u times, %u others",
           specs, losses[loss], after, seeds, sums.losses, sums.others);
        if (strchr(specs, ','))
            is_num(sums.alone, 0, "none of it is told of one spec alone");
    }
}

/* A change meanwhile, and the rounds until all seeds have told it; all but `missed` where half of the packets are lost.
 * A streak that began before the change may have another state. */
static void test_change(const char *specs, unsigned after, const struct due *due, const unsigned rounds[LOSSES],
                        unsigned missed)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        struct sums sums = run(specs, after, loss, due);
        unsigned due_runs = seeds - (losses[loss] >= 50 ? missed : 0);
        ok(sums.told >= due_runs && sums.told <= seeds && sums.placed == sums.told && sums.latest <= rounds[loss],
           "%s, %u %% lost: %s after hop %u in %u of %u runs, within %u rounds", specs, losses[loss], due->to,
           due->after, sums.told, seeds, sums.latest);
        ok(sums.wrong <= seeds / 50 && !sums.others, "and nothing else, but %u with another state", sums.wrong);
    }
}

int main(void)
{
    static const struct due filter = {"filter r3 forward tcp port 443 drop\n", "dropped", 3};
    static const struct due outage = {"filter r5 forward drop\n", "unanswered", 5};
    const char *value = getenv("LOSS_SEEDS");
    seeds = value ? (unsigned)strtoul(value, NULL, 10) : 10;
    test_loss("icmp,tcp/443", 3);
    test_loss("icmp,tcp/443", 5);
    test_loss("icmp", 5);
    test_change("icmp,tcp/443", 3, &filter, (const unsigned[LOSSES]){3, 5, 12, 20, 60}, seeds / 10);
    test_change("icmp", 5, &outage, (const unsigned[LOSSES]){3, 8, 15, 30, 60}, seeds / 5);
    return tap_done();
}
