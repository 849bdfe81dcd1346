/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multipath/mda.h"
#include "multipath/stopping_rule.h"
#include "silence/rate_limit.h"

#define SEARCH_FLOWS 4096
#define SEARCH_ROUNDS 2000

/* --- making --- */

static unsigned new_node(struct ways *ways, unsigned ttl)
{
    ways->nodes[ways->node_count] = (struct ways_node){.ttl = ttl};
    return ways->node_count++;
}

static void join(struct ways *ways, unsigned from, unsigned to, bool uneven)
{
    struct ways_node *node = &ways->nodes[from];
    for (unsigned i = 0; i < node->next_count; i++)
        if (node->next[i] == to)
            return;
    node->weights[node->next_count] = uneven && node->next_count % 2 ? 1 : 2;
    node->next[node->next_count++] = to;
    ways->edges++;
}

void ways_begin(struct ways *ways, uint64_t seed, double loss)
{
    *ways = (struct ways){.loss = loss, .rng = rng_init(seed)};
    ways->salt = (uint64_t)rng_u32(&ways->rng) << 32 | rng_u32(&ways->rng);
    ways->last = new_node(ways, 1);
}

static void add_chain(struct ways *ways, unsigned length)
{
    while (length--) {
        unsigned next = new_node(ways, ways->nodes[ways->last].ttl + 1);
        join(ways, ways->last, next, false);
        ways->last = next;
    }
}

static void add_parallel(struct ways *ways, unsigned width, unsigned length, bool uneven)
{
    unsigned ttl = ways->nodes[ways->last].ttl, ends[WAYS_NEXT_MOST];
    for (unsigned i = 0; i < width; i++) {
        ends[i] = new_node(ways, ttl + 1);
        join(ways, ways->last, ends[i], uneven);
        for (unsigned k = 1; k < length; k++) {
            unsigned next = new_node(ways, ttl + 1 + k);
            join(ways, ends[i], next, false);
            ends[i] = next;
        }
    }
    ways->last = new_node(ways, ttl + 1 + length);
    for (unsigned i = 0; i < width; i++)
        join(ways, ends[i], ways->last, false);
}

static void add_nested(struct ways *ways, unsigned width, bool uneven)
{
    unsigned ttl = ways->nodes[ways->last].ttl, inner[WAYS_NEXT_MOST], outer[WAYS_NEXT_MOST], count = 0;
    unsigned fan = width > 4 ? 4 : 2;
    for (unsigned i = 0; i < width / fan + 1; i++) {
        outer[i] = new_node(ways, ttl + 1);
        join(ways, ways->last, outer[i], uneven);
    }
    unsigned first = ways->node_count;
    for (unsigned i = 0; i < width / fan + 1; i++)
        for (unsigned k = 0; k < fan; k++) {
            inner[count] = new_node(ways, ttl + 2);
            join(ways, outer[i], inner[count++], uneven);
        }
    ways->last = new_node(ways, ttl + 3);
    for (unsigned i = first; i < first + count; i++)
        join(ways, i, ways->last, false);
}

static void add_meshed(struct ways *ways, unsigned width, bool uneven)
{
    unsigned ttl = ways->nodes[ways->last].ttl, first = ways->node_count;
    for (unsigned i = 0; i < width; i++)
        join(ways, ways->last, new_node(ways, ttl + 1), uneven);
    unsigned second = ways->node_count;
    for (unsigned i = 0; i < width; i++)
        new_node(ways, ttl + 2);
    for (unsigned i = 0; i < width; i++)
        for (unsigned k = 0; k < 1 + i % 3; k++)
            join(ways, first + i, second + (i + k) % width, uneven);
    ways->last = new_node(ways, ttl + 3);
    for (unsigned i = 0; i < width; i++)
        join(ways, second + i, ways->last, false);
}

void ways_add(struct ways *ways, enum ways_shape shape, unsigned width, bool uneven)
{
    switch (shape) {
    case WAYS_CHAIN:
        add_chain(ways, width);
        break;
    case WAYS_FAN:
        add_parallel(ways, width, 1, uneven);
        break;
    case WAYS_PARALLEL:
        add_parallel(ways, width, 2 + width % 2, uneven);
        break;
    case WAYS_NESTED:
        add_nested(ways, width, uneven);
        break;
    case WAYS_MESHED:
    case WAYS_SHAPES:
        add_meshed(ways, width, uneven);
        break;
    }
}

/* The target's place in the list is the last: so what is there already swaps with nothing. */
void ways_end(struct ways *ways)
{
    add_chain(ways, 1);
}

void ways_draw(struct ways *ways, uint64_t seed, unsigned widest, bool uneven, double loss)
{
    ways_begin(ways, seed, loss);
    unsigned segments = 1 + rng_below(&ways->rng, 3);
    while (segments--) {
        unsigned most = 2 + rng_below(&ways->rng, 3) * (widest - 2) / 2;
        unsigned width = 2 + rng_below(&ways->rng, most - 1);
        ways_add(ways, WAYS_CHAIN, rng_below(&ways->rng, 3), false);
        ways_add(ways, WAYS_FAN + rng_below(&ways->rng, WAYS_SHAPES - WAYS_FAN), width, uneven);
    }
    ways_end(ways);
}

/* --- walking --- */

static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

static unsigned choose(struct ways *ways, unsigned index, unsigned flow)
{
    const struct ways_node *node = &ways->nodes[index];
    unsigned sum = 0, i = 0;
    uint64_t by = node->per_packet ? mix(ways->packets) : flow;
    for (unsigned k = 0; k < node->next_count; k++)
        sum += node->weights[k];
    unsigned at = (unsigned)(mix(ways->salt ^ mix(by * 1000003 + index)) % sum);
    while (at >= node->weights[i])
        at -= node->weights[i++];
    return node->next[i];
}

unsigned ways_follow(struct ways *ways, unsigned flow, unsigned ttl)
{
    unsigned node = 0;
    ways->packets++;
    while (ways->nodes[node].ttl < ttl && ways->nodes[node].next_count)
        node = choose(ways, node, flow);
    return node;
}

struct addr ways_address(const struct ways *ways, unsigned node)
{
    struct addr address;
    char text[ADDR_TEXT_BYTES];
    bool has_moved =
        ways->moves_after && ways->packets > ways->moves_after && ways->nodes[node].ttl == ways->moving_ttl;
    snprintf(text, sizeof text, "10.%u.%u.%u", ways->nodes[node].ttl, node / 200 + (has_moved ? 100 : 0),
             1 + node % 200);
    addr_parse(text, &address);
    return address;
}

unsigned ways_target_ttl(const struct ways *ways)
{
    return ways->nodes[ways->node_count - 1].ttl;
}

/* --- searching --- */

static bool is_lost(struct ways *ways, unsigned node)
{
    const struct ways_node *at = &ways->nodes[node];
    bool by_chance = rng_below(&ways->rng, 1000000) < ways->loss * 1000000;
    bool limited = at->limit && ways->answered_now[node] >= at->limit;
    ways->answered_now[node] += !by_chance && !at->silent;
    return by_chance || at->silent || limited;
}

static bool send_probe(struct ways *ways, struct search *search, const struct mda_want *want)
{
    unsigned node = ways_follow(ways, want->flow, want->ttl);
    bool is_target = node == ways->node_count - 1;
    nstime sent = search->now += want->rested ? RATE_LIMIT_REFILL : NS_PER_MS / 10;
    if (want->rested)
        ways->answered_now[node] = 0; /* a new token */
    struct probe *probe = trace_add_probe(&search->trace, 0, want->ttl, sent);
    if (!probe)
        return false;
    search->probes++;
    probe->flow = want->flow;
    if (is_lost(ways, node)) {
        probe->state = PROBE_EXPIRED;
        return true;
    }
    struct reply reply = {.from = ways_address(ways, node),
                          .kind = is_target ? REPLY_UNREACHABLE : REPLY_TIME_EXCEEDED,
                          .is_icmp = true,
                          .icmp_type = is_target ? 3 : 11,
                          .icmp_code = is_target ? 3 : 0,
                          .version = 4,
                          .quoted_ttl = 1,
                          .time = sent + NS_PER_MS};
    return trace_add_reply(&search->trace, probe, &reply);
}

void ways_search(struct ways *ways, double confidence, bool lite, unsigned most, struct search *out)
{
    const struct trace *trace = &out->trace;
    struct mda_limits limits = {.first_ttl = 1, .max_ttl = 30, .gap = 8, .flows = SEARCH_FLOWS, .lite = lite};
    struct mda_wants wants = {0};
    *out = (struct search){0};
    trace_init(&out->trace);
    out->trace.flow.target = ways_address(ways, ways->node_count - 1);
    out->trace.flow.spec.protocol = IP_UDP;
    struct survey_terms terms = {.confidence = confidence, .lite = lite, .goes_on = true, .since = NSTIME_NONE};
    do {
        struct survey survey;
        if (!survey_build(&trace, 1, &terms, &survey))
            out->failed = true;
        terms.since = survey.since;
        mda_plan(&survey, &limits, &wants);
        survey_free(&survey);
        memset(ways->answered_now, 0, sizeof ways->answered_now);
        for (size_t i = 0; i < wants.count && !out->failed; i++)
            out->failed = !send_probe(ways, out, &wants.list[i]);
        out->rounds += wants.count > 0;
        out->now += NS_PER_S / 10;
        out->short_of_flows = out->short_of_flows || wants.short_of_flows;
    } while (wants.count && out->probes < most && out->rounds < SEARCH_ROUNDS && !out->failed);
    mda_wants_free(&wants);
    out->failed = out->failed || !graph_build(&trace, 1, confidence, lite, &out->graph);
}

void search_free(struct search *search)
{
    trace_free(&search->trace);
    graph_free(&search->graph);
}

/* --- comparing --- */

static unsigned find_node(const struct ways *ways, const struct addr *address)
{
    for (unsigned i = 0; i < ways->node_count; i++) {
        struct addr own = ways_address(ways, i);
        if (addr_equal(&own, address))
            return i;
    }
    return ways->node_count;
}

static bool has_edge(const struct ways *ways, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < ways->nodes[from].next_count; i++)
        if (ways->nodes[from].next[i] == to)
            return true;
    return false;
}

struct ways_errors ways_compare(const struct ways *ways, const struct graph *graph)
{
    struct ways_errors errors = {.missed_nodes = ways->node_count, .missed_edges = ways->edges};
    unsigned *own = calloc(graph->node_count + 1, sizeof *own);
    for (unsigned i = 0; i < graph->node_count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        own[i] = find_node(ways, &node->address);
        bool right = own[i] < ways->node_count && ways->nodes[own[i]].ttl == node->ttl;
        errors.missed_nodes -= right;
        errors.false_nodes += !right;
        own[i] = right ? own[i] : ways->node_count;
    }
    for (unsigned i = 0; i < graph->edge_count; i++) {
        unsigned from = own[graph->edges[i].from], to = own[graph->edges[i].to];
        bool right = from < ways->node_count && to < ways->node_count && has_edge(ways, from, to);
        errors.missed_edges -= right;
        errors.false_edges += !right;
    }
    free(own);
    return errors;
}

/* --- the published algorithm --- */

struct published {
    struct ways *ways;
    double miss;
    unsigned probes, flows; /* sent; drawn */
    uint16_t *place;        /* of each flow at the TTL whose nodes are looked behind: 1 + node; 0: not asked */
    uint16_t *next;         /* the same at the TTL behind */
    unsigned wide;          /* nodes at the TTL */
};

static unsigned ask(struct published *p, unsigned flow, unsigned ttl)
{
    do
        p->probes++;
    while (rng_below(&p->ways->rng, 1000000) < p->ways->loss * 1000000);
    return ways_follow(p->ways, flow, ttl);
}

/* A flow through the node that was not asked behind it yet. Where there is but one node, every flow is. */
static unsigned flow_through(struct published *p, unsigned node)
{
    unsigned ttl = p->ways->nodes[node].ttl;
    for (unsigned f = 0; f < p->flows; f++)
        if (!p->next[f] && (p->wide == 1 || p->place[f] == node + 1))
            return f;
    for (;;) {
        unsigned flow = p->flows++;
        if (p->wide == 1)
            return flow;
        p->place[flow] = (uint16_t)(ask(p, flow, ttl) + 1);
        if (p->place[flow] == node + 1)
            return flow;
    }
}

static void look_behind(struct published *p, unsigned node)
{
    bool met[WAYS_NODES_MOST] = {false};
    unsigned known = 0, asked = 0;
    while (!known || asked < stopping_point(NULL, p->miss, known)) {
        unsigned flow = flow_through(p, node);
        unsigned next = ask(p, flow, p->ways->nodes[node].ttl + 1);
        p->next[flow] = (uint16_t)(next + 1);
        asked++;
        known += !met[next];
        met[next] = true;
    }
}

#define PUBLISHED_FLOWS 60000

unsigned ways_published(struct ways *ways, double confidence)
{
    struct published p = {.ways = ways, .miss = stopping_share(1 - confidence, ways->node_count)};
    p.place = calloc(PUBLISHED_FLOWS, sizeof *p.place);
    p.next = calloc(PUBLISHED_FLOWS, sizeof *p.next);
    for (unsigned i = 0; i < stopping_point(NULL, p.miss, 1); i++)
        ask(&p, p.flows++, 1); /* behind the source */
    for (unsigned ttl = 1; ttl < ways_target_ttl(ways); ttl++) {
        p.wide = 0;
        for (unsigned i = 0; i < ways->node_count; i++)
            p.wide += ways->nodes[i].ttl == ttl;
        for (unsigned i = 0; i < ways->node_count; i++)
            if (ways->nodes[i].ttl == ttl)
                look_behind(&p, i);
        for (unsigned i = 0; i < ways->node_count; i++) /* whether it balances packets */
            if (ways->nodes[i].ttl == ttl && ways->nodes[i].next_count > 1)
                p.probes += stopping_point(NULL, p.miss, 1);
        memcpy(p.place, p.next, PUBLISHED_FLOWS * sizeof *p.place);
        memset(p.next, 0, PUBLISHED_FLOWS * sizeof *p.next);
    }
    free(p.place);
    free(p.next);
    return p.probes;
}
