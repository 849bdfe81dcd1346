/* SPDX-License-Identifier: BSD-2-Clause */
/* What a seed draws, and the run of a plan. Each fault has a share of the pairs; the seed's lowest digits choose the
 * loss, so that neighbours differ. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pairs/world.h"

#define BEGINNING (INT64_C(1700000000) * NS_PER_S)
#define HOUR (3600 * NS_PER_S)

/* Uniform over -most .. most. */
static nstime either_way(struct rng *rng, nstime most)
{
    return world_span(rng, 2 * most) - most;
}

static bool one_in(struct rng *rng, unsigned count)
{
    return rng_below(rng, count) == 0;
}

static void draw_ways(struct rng *rng, uint64_t seed, struct pair_plan *plan)
{
    static const double losses[] = {0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0};
    for (int way = 0; way < 2; way++) {
        struct pair_way_plan *w = &plan->ways[way];
        w->delay = NS_PER_MS / 5 + world_span(rng, one_in(rng, 4) ? 150 * NS_PER_MS : 20 * NS_PER_MS);
        w->jitter = one_in(rng, 3) ? 0 : world_span(rng, 5 * NS_PER_MS);
        w->loss = one_in(rng, 8) ? 0 : losses[seed % 10];
        w->burst = one_in(rng, 3) ? 2 + rng_below(rng, 6) : 1;
        w->duplicate = one_in(rng, 4) ? 0.01 : 0;
        w->reorder = one_in(rng, 3) ? 0.02 : 0;
        w->reorder_by = NS_PER_MS + world_span(rng, 8 * NS_PER_MS);
    }
}

static void draw_rewrites(struct rng *rng, uint8_t family, struct pair_rewrites *r)
{
    *r = (struct pair_rewrites){.tos = -1, .hops = (uint8_t)rng_below(rng, 12)};
    r->source = one_in(rng, 2);
    r->target = one_in(rng, 4);
    for (int way = 0; way < 2; way++)
        r->sequence[way] = one_in(rng, 4) ? rng_u32(rng) : 0;
    r->mss = one_in(rng, 3) ? 1360 : 0;
    r->tos = one_in(rng, 4) ? 0x28 : -1;
    r->ids = one_in(rng, 6);
    r->strips_sack = one_in(rng, 8);
    r->nat64 = family == 6 && one_in(rng, 5);
    r->source = r->source || r->nat64;
    r->target = r->target || r->nat64;
}

static void draw_window(struct rng *rng, struct pair_plan *plan, struct pair_point *point)
{
    nstime end = 20 * plan->duration; /* the last timers run long after the duration */
    point->from = one_in(rng, 4) ? world_span(rng, plan->duration / 3) : INT64_MIN / 4;
    point->to = one_in(rng, 4) ? plan->duration / 2 + world_span(rng, plan->duration / 2) : end;
    if (one_in(rng, 8)) {
        point->gap_from = plan->duration / 4 + world_span(rng, plan->duration / 4);
        point->gap_to = point->gap_from + PAIR_GAP_LEAST + world_span(rng, plan->duration / 6);
    }
}

static void draw_clock(struct rng *rng, struct pair_plan *plan, struct pair_point *point)
{
    point->ahead = BEGINNING + (one_in(rng, 3) ? 0 : either_way(rng, one_in(rng, 2) ? HOUR / 2 : 50 * NS_PER_MS));
    point->drift_ppm = one_in(rng, 2) ? 0 : (double)either_way(rng, 100000) / 1000;
    if (one_in(rng, 16)) {
        point->step_at = plan->duration / 3 + world_span(rng, plan->duration / 3);
        point->step_by = either_way(rng, 3 * NS_PER_S);
    }
}

static void draw_point(struct rng *rng, struct pair_plan *plan, struct pair_point *point)
{
    static const unsigned snaps[] = {0, 0, 0, 0, 262, 128, 96, 0};
    static const uint8_t filters[] = {IP_TCP, IP_UDP};
    point->at_host = !one_in(rng, 3);
    point->offload = point->at_host && one_in(rng, 2);
    point->snap_length = snaps[rng_below(rng, 8)];
    point->link = (enum pair_link)(one_in(rng, 2) ? PAIR_ETHERNET : rng_below(rng, PAIR_LINKS));
    point->classic = one_in(rng, 2);
    point->coarse = one_in(rng, 3);
    point->drops = one_in(rng, 12) ? 0.03 : 0;
    point->doubled = one_in(rng, 12) ? 2 * NS_PER_US + world_span(rng, 30 * NS_PER_US) : 0;
    point->only = one_in(rng, 16) ? filters[rng_below(rng, 2)] : 0;
    draw_window(rng, plan, point);
    draw_clock(rng, plan, point);
}

static void draw_flows(struct rng *rng, struct pair_plan *plan)
{
    static const unsigned most[FLOW_ROWS] = {
        [FLOW_TCP] = 4,       [FLOW_BULK] = 2,  [FLOW_DNS] = 12, [FLOW_RTP] = 1,       [FLOW_QUIC] = 2,
        [FLOW_WIREGUARD] = 1, [FLOW_LARGE] = 1, [FLOW_ESP] = 1,  [FLOW_HEARTBEAT] = 1, [FLOW_ECHO] = 2};
    unsigned sum = 0;
    for (unsigned row = 0; row < FLOW_ROWS; row++)
        sum += plan->flows[row] = one_in(rng, 2) ? 0 : rng_below(rng, most[row] + 1);
    if (sum == 0)
        plan->flows[FLOW_TCP] = 2;
    plan->aside_flows = one_in(rng, 3) ? 1 + rng_below(rng, 4) : 0;
}

struct pair_plan pair_draw(uint64_t seed)
{
    struct rng rng = rng_init(seed);
    struct pair_plan plan = {.seed = seed, .family = one_in(&rng, 3) ? 6 : 4};
    plan.duration = (5 + rng_below(&rng, 25)) * NS_PER_S;
    draw_ways(&rng, seed, &plan);
    draw_rewrites(&rng, plan.family, &plan.rewrites);
    plan.aside_delay = 50 * NS_PER_US + world_span(&rng, NS_PER_MS);
    plan.aside_loss = one_in(&rng, 3) ? 0.01 : 0;
    plan.forgery = one_in(&rng, 2) ? PAIR_FORGES_NOTHING : (enum pair_forgery)rng_below(&rng, PAIR_FORGERIES);
    plan.router_errors = one_in(&rng, 6) ? 0.3 : 0;
    plan.ids[0] = (enum pair_ids)rng_below(&rng, 4);
    plan.ids[1] = (enum pair_ids)rng_below(&rng, 4);
    draw_point(&rng, &plan, &plan.points[PAIR_NEAR]);
    draw_point(&rng, &plan, &plan.points[PAIR_FAR]);
    draw_flows(&rng, &plan);
    return plan;
}

nstime pair_offset(const struct pair_plan *plan, nstime true_time)
{
    return pair_stamp(&plan->points[PAIR_FAR], true_time) - pair_stamp(&plan->points[PAIR_NEAR], true_time);
}

void pair_run(struct pair *pair, const struct pair_plan *plan)
{
    struct world world = {.pair = pair, .plan = &pair->plan, .rng = rng_init(~plan->seed)};
    *pair = (struct pair){.plan = *plan};
    flows_add(&world);
    world_run(&world);
    point_record(&world, PAIR_NEAR);
    point_record(&world, PAIR_FAR);
    world_free(&world);
}

void pair_free(struct pair *pair)
{
    for (int side = 0; side < 2; side++) {
        free(pair->captures[side].frames);
        free(pair->captures[side].shown);
        free(pair->captures[side].bytes);
    }
    free(pair->crossings);
}

static size_t add_point(const struct pair_point *point, char *text, size_t bytes)
{
    int length =
        snprintf(text, bytes, " [%s%s%s%s link %d snap %u drops %.2f doubled %" PRId64 " only %d%s%s%s]",
                 point->at_host ? "host" : "router", point->offload ? ",offload" : "",
                 point->classic ? ",pcap" : ",pcapng", point->coarse ? ",us" : "", (int)point->link, point->snap_length,
                 point->drops, point->doubled, point->only, point->from > 0 || point->gap_to > 0 ? " cut" : "",
                 point->drift_ppm != 0 ? " drift" : "", point->step_by != 0 ? " step" : "");
    if (length > 0 && (size_t)length < bytes && point->step_by != 0)
        length += snprintf(text + length, bytes - (size_t)length, " (at %" PRId64 " us by %" PRId64 ")",
                           point->step_at / NS_PER_US, point->step_by / NS_PER_US);
    return length > 0 && (size_t)length < bytes ? (size_t)length : bytes - 1;
}

void pair_describe(const struct pair_plan *plan, char *text, size_t bytes)
{
    const struct pair_rewrites *r = &plan->rewrites;
    int length =
        snprintf(text, bytes,
                 "seed %" PRIu64 " IPv%d %d s, loss %.3f %.3f (bursts %u %u), dup %.2f %.2f, reorder %.2f %.2f,"
                 " nat%s%s%s%s%s mss %u tos %d%s%s, forgery %d, ids %d %d",
                 plan->seed, plan->family, (int)(plan->duration / NS_PER_S), plan->ways[0].loss, plan->ways[1].loss,
                 plan->ways[0].burst, plan->ways[1].burst, plan->ways[0].duplicate, plan->ways[1].duplicate,
                 plan->ways[0].reorder, plan->ways[1].reorder, r->nat64 ? " 64" : "", r->source ? " source" : "",
                 r->target ? " target" : "", r->sequence[0] ? " seq" : "", r->sequence[1] ? " seq-back" : "", r->mss,
                 r->tos, r->ids ? " new-ids" : "", r->strips_sack ? " no-sack" : "", (int)plan->forgery,
                 (int)plan->ids[0], (int)plan->ids[1]);
    if (length <= 0 || (size_t)length >= bytes)
        return;
    size_t at = (size_t)length;
    at += add_point(&plan->points[PAIR_NEAR], text + at, bytes - at);
    add_point(&plan->points[PAIR_FAR], text + at, bytes - at);
}
