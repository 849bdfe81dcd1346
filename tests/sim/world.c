/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/world.h"
#include "strategies/strategies.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- drawing --- */

/* Kinds of packets that a filter may be about, as the language says it, and which specs they are. */
static const struct {
    const char *match;
    bool specs[WORLD_SPECS]; /* in the order of WORLD_SPEC_LIST */
    bool tcp;
} kinds[] = {
    {"echo", {true}, false},
    {"udp", {false, true, true, true}, false},
    {"udp port 53", {false, false, true}, false},
    {"udp port 443", {false, false, false, true}, false},
    {"tcp", {false, false, false, false, true, true, true}, true},
    {"tcp port 80", {false, false, false, false, false, true, true}, true},
    {"tcp port 443", {false, false, false, false, true}, true},
    {"syn", {false, false, false, false, true, true}, true},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static const enum fate open_path[WORLD_SPECS] = {FATE_OPEN, FATE_CLOSED, FATE_OPEN,  FATE_CLOSED,
                                                 FATE_OPEN, FATE_OPEN,   FATE_CLOSED};

static bool one_in(struct rng *rng, unsigned n)
{
    return rng_below(rng, n) == 0;
}

static void draw_nodes(struct world *w, struct rng *rng)
{
    w->routers = 4 + rng_below(rng, 8);
    w->limited = one_in(rng, 4);
    strbuf_addf(&w->text, "client client 10.9.0.2 2001:db8:99::2\nchain r %u\n", w->routers);
    strbuf_addf(&w->text, "host target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443,udp/53\n");
    for (unsigned hop = 1; hop <= w->routers; hop++) {
        w->silent[hop] = one_in(rng, 10);
        if (w->silent[hop])
            strbuf_addf(&w->text, "set r%u silent\n", hop);
        if (w->limited)
            strbuf_addf(&w->text, "set r%u limit 6 1\n", hop);
    }
    if (w->limited)
        strbuf_add(&w->text, "set target limit 6 1\n");
}

static void add_node_name(struct world *w, unsigned hop)
{
    if (hop == 0 || hop > w->routers)
        strbuf_addf(&w->text, " %s", hop ? "target" : "client");
    else
        strbuf_addf(&w->text, " r%u", hop);
}

static void draw_links(struct world *w, double loss, struct rng *rng)
{
    unsigned lossy = one_in(rng, 2) ? 1 : 3, first = rng_below(rng, w->routers + 2 - lossy);
    double share = 1 - pow(1 - loss, 1.0 / lossy);
    for (unsigned i = 0; i <= w->routers; i++) {
        strbuf_add(&w->text, "link");
        add_node_name(w, i);
        add_node_name(w, i + 1);
        strbuf_addf(&w->text, " delay %ums", 1 + rng_below(rng, 10));
        if (i >= first && i < first + lossy && loss > 0)
            strbuf_addf(&w->text, " loss %.6f%%", share * 100);
        strbuf_add(&w->text, "\n");
    }
}

/* The other router's links lose nothing. */
static void draw_balance(struct world *w, struct rng *rng)
{
    if (!one_in(rng, 4))
        return;
    unsigned hop = w->balanced = 2 + rng_below(rng, w->routers - 2);
    strbuf_addf(&w->text, "router x 10.0.200.1 2001:db8:200::1%s\n", w->limited ? " limit 6 1" : "");
    strbuf_addf(&w->text, "set r%u balance per-flow\nlinks 5ms r%u x r%u\n", hop - 1, hop - 1, hop + 1);
}

struct action {
    enum fate fate;
    const char *hook, *verb;
    bool before_ttl;
};

static void add_filter(struct world *w, unsigned hop, size_t kind, const struct action *action)
{
    strbuf_add(&w->text, "filter");
    add_node_name(w, hop);
    strbuf_addf(&w->text, " %s %s to target %s\n", action->hook, kinds[kind].match, action->verb);
    /* Who says nothing in its own name does not refuse in it either. */
    bool mute = hop <= w->routers && w->silent[hop];
    enum fate fate = mute && action->fate == FATE_REJECTED ? FATE_DROPPED : action->fate;
    for (unsigned i = 0; i < WORLD_SPECS; i++)
        if (kinds[kind].specs[i])
            w->truths[i] = (struct truth){.fate = fate, .hop = hop, .before_ttl = action->before_ttl};
}

static void draw_filter(struct world *w, struct rng *rng)
{
    static const struct action actions[] = {
        {FATE_DROPPED, "forward", "drop", false},
        {FATE_DROPPED, "prerouting", "drop", true},
        {FATE_REJECTED, "forward", "reject admin-prohibited", false},
        {FATE_REJECTED, "forward", "reject port-unreachable", false},
        {FATE_RESET, "forward", "reset", false},
    };
    static const struct action at_target = {FATE_DROPPED, "input", "drop", true};
    unsigned action = rng_below(rng, 12), hop = 1 + rng_below(rng, w->routers);
    size_t kind = rng_below(rng, KINDS);
    if (action < 3)
        return; /* an open path */
    if (action < 5) {
        add_filter(w, w->routers + 1, kind, &at_target);
        return;
    }
    action = action < 9 ? 0 : action - 8; /* most often a silent drop */
    action = action == 3 && one_in(rng, 2) ? 4 : action;
    if (actions[action].fate == FATE_RESET)
        while (!kinds[kind].tcp)
            kind = rng_below(rng, KINDS);
    add_filter(w, hop, kind, &actions[action]);
}

const char *world_ills_format(const struct world_ills *ills, char text[WORLD_ILLS_BYTES])
{
    snprintf(text, WORLD_ILLS_BYTES, "%g %% loss each way%s", ills->loss * 100, ills->spent ? ", tokens spent" : "");
    return text;
}

static void spend_tokens(struct world *w)
{
    w->limited = true;
    for (unsigned hop = 1; hop <= w->routers + 1; hop++) {
        strbuf_add(&w->text, "set");
        add_node_name(w, hop);
        strbuf_add(&w->text, " limit 6 1 spent\n");
    }
    if (w->balanced)
        strbuf_add(&w->text, "set x limit 6 1 spent\n");
}

bool world_draw(const struct world_ills *ills, uint64_t seed, struct world *out, struct err *err)
{
    struct rng rng = rng_init(seed);
    *out = (struct world){.family = one_in(&rng, 2) ? 4 : 6};
    strbuf_init(&out->text);
    for (unsigned i = 0; i < WORLD_SPECS; i++)
        out->truths[i] = (struct truth){.fate = open_path[i]};
    draw_nodes(out, &rng);
    draw_links(out, ills->loss, &rng);
    draw_balance(out, &rng);
    draw_filter(out, &rng);
    if (ills->spent)
        spend_tokens(out);
    return net_parse("world", out->text.text, &out->net, err) == STATUS_OK;
}

bool world_serve(struct world *world, uint64_t seed, struct err *err)
{
    static const char *const services[] = {"answer", "reset", "close", "quiet"};
    struct rng rng = rng_init(seed);
    const char *service = services[rng_below(&rng, 4)];
    strbuf_addf(&world->text, "set target service %s%s\n", service, one_in(&rng, 3) ? " no-stamps" : "");
    free(world->net);
    world->net = NULL;
    return net_parse("world", world->text.text, &world->net, err) == STATUS_OK;
}

void world_free(struct world *world)
{
    free(world->net);
    strbuf_free(&world->text);
}

enum status world_config(const struct net *net, uint8_t family, const char *specs, uint64_t seed,
                         struct session_config *out, struct err *err)
{
    enum status status = drive_config(net, family, specs, seed, out, err);
    out->strategy = &strategy_diagnose;
    out->queries = 1;
    out->flows = 12;
    out->confidence = 990000;
    out->budget = 2000;
    return status;
}

/* --- judging --- */

/* Whether the device stands between the two places: behind `after` or at it, behind its TTL check; before `before`, or
 * at it where it acts before it looks at the TTL. */
static bool encloses(const struct truth *truth, const struct place *after, const struct place *before)
{
    unsigned first = truth->before_ttl ? truth->hop - 1 : truth->hop;
    if (after->known && after->ttl > first)
        return false;
    return !before->known || before->ttl > first;
}

static bool is_at(const struct place *place, unsigned hop)
{
    return place->known && place->ttl == hop;
}

bool world_state_is_true(const struct world *world, unsigned spec, const struct verdict *v)
{
    const struct truth *truth = &world->truths[spec];
    switch (v->state) {
    case VERDICT_OPEN:
        return truth->fate == FATE_OPEN;
    case VERDICT_CLOSED:
        return truth->fate == FATE_CLOSED;
    case VERDICT_REJECTED:
        return truth->fate == FATE_REJECTED || truth->fate == FATE_RESET;
    case VERDICT_DROPPED:
        return truth->fate == FATE_DROPPED && truth->hop <= world->routers;
    case VERDICT_UNANSWERED:
        return truth->fate == FATE_DROPPED;
    case VERDICT_INCONCLUSIVE:
        return true;
    default:
        return false;
    }
}

bool world_place_is_true(const struct world *world, unsigned spec, const struct verdict *v)
{
    const struct truth *truth = &world->truths[spec];
    switch (v->state) {
    case VERDICT_OPEN:
    case VERDICT_CLOSED:
        return is_at(&v->at, world->routers + 1);
    case VERDICT_REJECTED:
        if (truth->fate == FATE_REJECTED)
            return is_at(&v->at, truth->hop);
        return !v->at.known && encloses(truth, &v->after, &v->before);
    case VERDICT_DROPPED:
    case VERDICT_UNANSWERED:
        return encloses(truth, &v->after, &v->before);
    default:
        return true;
    }
}

#define SPEC_SYN 5 /* tcp/80 and tcp/80:ack in WORLD_SPEC_LIST */
#define SPEC_ACK 6

static bool is_stopped(const struct truth *truth)
{
    return truth->fate == FATE_DROPPED || truth->fate == FATE_REJECTED || truth->fate == FATE_RESET;
}

bool world_finding_is_true(const struct world *world, const struct finding *finding)
{
    if (finding->kind == FINDING_RATE_LIMIT)
        return world->limited;
    if (finding->kind == FINDING_SILENT_HOP)
        return !finding->at.known || finding->at.ttl > world->routers || world->silent[finding->at.ttl];
    if (finding->kind == FINDING_LOAD_BALANCED || finding->kind == FINDING_PATH_DEPENDENT)
        return world->balanced > 0;
    bool stops_syn = is_stopped(&world->truths[SPEC_SYN]), stops_ack = is_stopped(&world->truths[SPEC_ACK]);
    if (finding->kind == FINDING_STATELESS_FIREWALL)
        return stops_syn && !stops_ack;
    if (finding->kind == FINDING_STATEFUL_FIREWALL)
        return stops_ack && !stops_syn;
    return false; /* there is nothing else in these worlds */
}

/* --- counting --- */

static const double bin_ends[WORLD_BINS] = {0.9, 0.95, 0.99, 0.995, 0.9985, 1};

static unsigned bin_of(double confidence)
{
    unsigned bin = 0;
    while (bin < WORLD_BINS - 1 && confidence >= bin_ends[bin])
        bin++;
    return bin;
}

const char *tally_bin_name(unsigned bin)
{
    static const char *const names[WORLD_BINS] = {"below 0.9",     "0.9 to 0.95",    "0.95 to 0.99",
                                                  "0.99 to 0.995", "0.995 to 0.998", "0.999"};
    return names[bin];
}

static void say_false(const struct drive *d, const struct world_ills *ills, const char *what, const char *text)
{
    char name[WORLD_ILLS_BYTES];
    printf("#   %s, seed %" PRIu64 ": false: %s: %s\n", world_ills_format(ills, name), d->config.seed, what, text);
}

static void count_verdict(const struct world *w, const struct drive *d, const struct world_ills *ills,
                          const struct verdict *v, struct claim_counts *tally)
{
    unsigned spec = (unsigned)(v->trace - session_trace(d->session, 0)), bin = bin_of(v->confidence);
    if (v->state == VERDICT_INCONCLUSIVE) {
        tally->inconclusive++;
        return;
    }
    tally->claims[bin]++;
    tally->doubt[bin] += 1 - v->confidence;
    bool right = world_state_is_true(w, spec, v), placed = right && world_place_is_true(w, spec, v);
    if (placed)
        return;
    char what[160];
    snprintf(what, sizeof what, "%s at %u after %u before %u (%.4f), in truth fate %d at %u%s%s",
             verdict_state_name(v->state), v->at.ttl, v->after.ttl, v->before.ttl, v->confidence,
             (int)w->truths[spec].fate, w->truths[spec].hop, w->limited ? ", limited" : "",
             w->balanced ? ", balanced" : "");
    say_false(d, ills, what, v->text);
    tally->wrong[bin]++;
    tally->misplaced[bin] += right;
}

/* A filter on one of two routers is the fate of a spec only where all its flows go that way. */
static void refine_truth(struct world *w, const struct drive *d, unsigned spec)
{
    const struct trace *trace = session_trace(d->session, spec);
    uint8_t bytes[65535];
    if (!w->balanced || w->truths[spec].hop != w->balanced)
        return;
    for (unsigned k = 0; k < trace->flow_count; k++) {
        flow_stamp(trace_flow(trace, k), 1, 64, bytes);
        struct sim_answer answer = sim_ask(d->sim, bytes, trace_flow(trace, k)->size);
        bool filtered =
            !answer.answered || !addr_equal(&answer.from, &d->config.target) || answer.ttl != 64 - w->routers;
        if (!filtered)
            w->truths[spec] = (struct truth){.fate = open_path[spec]};
    }
}

static void count_run(struct world *w, const struct drive *d, const struct world_ills *ills, struct claim_counts *tally)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!judgement)
        abort();
    verdict_judge(d->session, judgement);
    tally->broken += judgement->verdict_count != WORLD_SPECS;
    for (unsigned i = 0; i < WORLD_SPECS; i++)
        refine_truth(w, d, i);
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        count_verdict(w, d, ills, &judgement->verdicts[i], tally);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (!world_finding_is_true(w, &judgement->findings[i])) {
            say_false(d, ills, finding_kind_name(judgement->findings[i].kind), judgement->findings[i].text);
            tally->false_findings++;
        }
    free(judgement);
    tally->packets += d->sent_count;
    if (d->sent_count > tally->most_packets)
        tally->most_packets = d->sent_count;
    double seconds = nstime_ms(d->done - d->first_send) / 1000;
    if (seconds > tally->most_seconds) {
        tally->most_seconds = seconds;
        tally->slowest = d->config.seed;
    }
}

void tally_run(const struct world_ills *ills, uint64_t seed, struct claim_counts *tally)
{
    struct world world;
    struct session_config config;
    struct drive d = {0};
    struct err err = {0};
    tally->runs++;
    if (world_draw(ills, seed, &world, &err) &&
        world_config(world.net, world.family, WORLD_SPEC_LIST, seed, &config, &err) == STATUS_OK) {
        if (drive_live(&d, world.net, &config, NSTIME_NEVER))
            count_run(&world, &d, ills, tally);
        else
            err = d.err;
        drive_free(&d);
    }
    if (err.status) {
        char name[WORLD_ILLS_BYTES];
        printf("#   %s, seed %" PRIu64 ": %s\n", world_ills_format(ills, name), seed, err.message);
        tally->broken++;
    }
    world_free(&world);
}

void tally_add(struct claim_counts *sum, const struct claim_counts *part)
{
    sum->runs += part->runs;
    sum->broken += part->broken;
    sum->inconclusive += part->inconclusive;
    sum->false_findings += part->false_findings;
    sum->packets += part->packets;
    sum->most_packets = part->most_packets > sum->most_packets ? part->most_packets : sum->most_packets;
    if (part->most_seconds > sum->most_seconds) {
        sum->most_seconds = part->most_seconds;
        sum->slowest = part->slowest;
    }
    for (unsigned bin = 0; bin < WORLD_BINS; bin++) {
        sum->claims[bin] += part->claims[bin];
        sum->wrong[bin] += part->wrong[bin];
        sum->misplaced[bin] += part->misplaced[bin];
        sum->doubt[bin] += part->doubt[bin];
    }
}

unsigned tally_wrong(const struct claim_counts *tally)
{
    unsigned wrong = 0;
    for (unsigned bin = 0; bin < WORLD_BINS; bin++)
        wrong += tally->wrong[bin];
    return wrong;
}

/* Poisson: the claims are many and each is hardly ever wrong. */
double tally_chance(const struct claim_counts *tally, unsigned bin)
{
    double term = exp(-tally->doubt[bin]), below = 0;
    for (unsigned k = 0; k < tally->wrong[bin]; k++) {
        below += term;
        term *= tally->doubt[bin] / (k + 1);
    }
    return fmax(1 - below, 0);
}
