/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ports: port lists over simulated networks whose firewalls are known: what the verdicts say of each port, against
 * the truth. All is virtual time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "sim/port_run.h"
#include "tap.h"
#include "verdict/port_verdicts.h"

#define GROUPS 4
#define ROUTERS 6
#define PORTS_END 400 /* the list is FIRST_PORT to this */
#define FIRST_PORT 100

enum truth { IS_CLOSED, IS_OPEN, IS_DROPPED, IS_REFUSED, IS_RESET };

/* What becomes of the ports of a network. */
struct world {
    struct strbuf text;
    uint8_t truth[PORTS_END + 1], by[PORTS_END + 1]; /* by port: enum truth, and the router that does it */
};

static const char *const protocols[] = {"tcp", "udp"};

/* Firewalls at random routers, each with its range of ports. `loss`: percent of round trips to the target, spread over
 * all links. `limits`: routers and target limit their errors. `resets`: the target resets so many times a second at
 * most; 0: no limit. */
static void make_world(struct rng *rng, bool udp, unsigned loss, bool limits, unsigned resets, struct world *out)
{
    static const char *const verbs[] = {
        [IS_DROPPED] = "drop", [IS_REFUSED] = "reject admin-prohibited", [IS_RESET] = "reset"};
    const char *limit = limits ? "limit 6 1" : "";
    char reset_limit[32] = "", losses[32];
    *out = (struct world){.truth = {IS_CLOSED}};
    strbuf_init(&out->text);
    strbuf_add(&out->text, "client client 10.9.0.2 2001:db8:99::2\n");
    for (unsigned k = 1; k <= ROUTERS; k++)
        strbuf_addf(&out->text, "router r%u 10.0.%u.1 2001:db8:%u::1 %s\n", k, k, k, limit);
    if (resets)
        snprintf(reset_limit, sizeof reset_limit, "reset-limit 5 %u", resets);
    strbuf_addf(&out->text, "host target 192.0.2.80 2001:db8:80::80 open %s/150,%s/350 %s %s\n", protocols[udp],
                protocols[udp], limit, reset_limit);
    snprintf(losses, sizeof losses, "loss %g%%", loss / 2.0 / (ROUTERS + 1));
    port_run_add_links(&out->text, ROUTERS, losses);
    out->truth[150] = out->truth[350] = IS_OPEN;
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned first = FIRST_PORT + 10 + 70 * i + rng_below(rng, 30), count = 1 + rng_below(rng, limits ? 8 : 30);
        unsigned router = 1 + rng_below(rng, ROUTERS - 1);
        enum truth truth = i == 0 ? IS_DROPPED : IS_DROPPED + rng_below(rng, udp ? 2 : 3);
        strbuf_addf(&out->text, "filter r%u forward %s port %u-%u to target %s\n", router, protocols[udp], first,
                    first + count - 1, verbs[truth]);
        for (unsigned port = first; port < first + count; port++) {
            out->truth[port] = (uint8_t)truth;
            out->by[port] = (uint8_t)router;
        }
    }
}

static bool is_right(const struct world *world, const struct verdict *verdict)
{
    uint16_t port = verdict->spec.port;
    unsigned by = world->by[port];
    switch ((enum truth)world->truth[port]) {
    case IS_OPEN:
        return verdict->state == VERDICT_OPEN;
    case IS_CLOSED:
        return verdict->state == VERDICT_CLOSED;
    case IS_DROPPED:
        return verdict->state == VERDICT_DROPPED && verdict->after.ttl == by && verdict->before.ttl == by + 1;
    case IS_REFUSED:
        return verdict->state == VERDICT_REJECTED && verdict->at.ttl == by;
    case IS_RESET:
        return verdict->state == VERDICT_REJECTED && verdict->how == HOW_TCP_RESET && verdict->after.ttl == by;
    }
    return false;
}

struct score {
    unsigned right, wrong, undecided;
    char first_wrong[SENTENCE_BYTES];
};

static void judge(const struct drive *d, const struct world *world, struct score *out)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    struct verdict verdict;
    *out = (struct score){.right = 0};
    if (!judgement)
        abort();
    verdict_judge(d->session, judgement);
    for (uint32_t i = 0; judgement->ports && i < judgement->ports->count; i++) {
        if (!ports_judge(judgement->ports, &judgement->ports->entries[i], &verdict) ||
            verdict.state == VERDICT_INCONCLUSIVE) {
            out->undecided++;
        } else if (is_right(world, &verdict)) {
            out->right++;
        } else if (out->wrong++ == 0) {
            memcpy(out->first_wrong, verdict.text, sizeof out->first_wrong);
        }
    }
    verdict_release(judgement);
    free(judgement);
}

/* `undecided_most`: ports that may stay inconclusive. */
static void check_world(uint64_t seed, bool udp, unsigned loss, bool limits, unsigned resets, unsigned undecided_most)
{
    struct rng rng = rng_init(seed);
    struct world world;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    struct score score;
    char name[96], list[32];
    uint8_t family = seed % 2 ? 4 : 6;
    snprintf(name, sizeof name, "%s, IPv%u, world %u, loss %u %%%s", protocols[udp], family, (unsigned)seed, loss,
             limits ? ", limits" : "");
    if (resets)
        snprintf(name + strlen(name), sizeof name - strlen(name), ", %u resets/s", resets);
    snprintf(list, sizeof list, "%s/%u-%u", protocols[udp], FIRST_PORT, udp && limits ? 180 : PORTS_END);
    make_world(&rng, udp, loss, limits, resets, &world);
    bool ran = net_parse("ports", world.text.text, &net, &err) == STATUS_OK && port_run(&d, net, list, family, seed);
    if (ok(ran, "%s: ran %s", name, ran ? "" : err.message)) {
        judge(&d, &world, &score);
        is_num(score.wrong, 0, "%s: no port is wrong: %s", name, score.first_wrong);
        ok(score.undecided <= undecided_most, "%s: %u right, %u undecided, %u packets, %.1f s", name, score.right,
           score.undecided, d.sent_count, (double)(d.done - d.first_send) / 1e9);
        ok(drive_replays_alike(&d), "%s: the replay knows the same", name);
    }
    drive_free(&d);
    strbuf_free(&world.text);
    free(net);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        check_world(seed, false, 0, false, 0, 0);
        check_world(seed, false, 0, true, 0, 0);
        check_world(seed, true, 0, true, 0, 0);
        check_world(seed, false, 5, true, 0, 4);
        check_world(seed, true, 5, true, 0, 4);
        check_world(seed, false, 0, false, 20, 4);
        check_world(seed, false, 0, false, 100, 4);
        check_world(seed, false, 5, true, 50, 4);
    }
    return tap_done();
}
