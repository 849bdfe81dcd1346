/* SPDX-License-Identifier: BSD-2-Clause */
/* diamonds: what lies between two nodes that every flow passes, if there is more than one path between them. */
#include <stdlib.h>
#include <string.h>

#include "multipath/graph_work.h"

/* What is known of each TTL and of each node. */
struct layout {
    const struct graph *graph;
    unsigned first[257]; /* node that all flows pass at each TTL, and one behind the last TTL; the target counts at its
                            TTL */
    unsigned *out, *in;  /* edges, by node */
    unsigned target;     /* GRAPH_NO_NODE: no flow met it */
};

static bool lay_out(const struct graph *graph, struct layout *layout)
{
    *layout = (struct layout){.graph = graph, .target = GRAPH_NO_NODE};
    layout->out = calloc((size_t)graph->node_count + 1, sizeof *layout->out);
    layout->in = calloc((size_t)graph->node_count + 1, sizeof *layout->in);
    if (!layout->out || !layout->in)
        return false;
    for (unsigned i = 0; i < graph->edge_count; i++) {
        layout->out[graph->edges[i].from]++;
        layout->in[graph->edges[i].to]++;
    }
    for (unsigned ttl = 0, node = 0; ttl <= 256; ttl++) {
        while (node < graph->node_count && graph->nodes[node].ttl < ttl)
            node++;
        layout->first[ttl] = node;
    }
    for (unsigned i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].is_target)
            layout->target = i;
    return true;
}

/* Nodes at the TTL without the target. */
static unsigned width_at(const struct layout *layout, unsigned ttl)
{
    unsigned width = layout->first[ttl + 1] - layout->first[ttl];
    return width - (layout->target != GRAPH_NO_NODE && layout->graph->nodes[layout->target].ttl == ttl);
}

static bool is_passed_by_all(const struct layout *layout, unsigned ttl)
{
    bool target_is_behind = layout->target == GRAPH_NO_NODE || layout->graph->nodes[layout->target].ttl > ttl;
    return width_at(layout, ttl) == 1 && target_is_behind && !layout->graph->nodes[layout->first[ttl]].is_refusal;
}

/* The TTL at which the longest path gets to the target. */
static unsigned last_end(const struct layout *layout)
{
    const struct graph *graph = layout->graph;
    unsigned last = graph->nodes[layout->target].ttl;
    for (unsigned i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].to == layout->target && graph->nodes[graph->edges[i].from].ttl + 1U > last)
            last = graph->nodes[graph->edges[i].from].ttl + 1U;
    return last;
}

static bool is_symmetric(const struct layout *layout, unsigned from, unsigned to)
{
    for (unsigned ttl = from; ttl < to; ttl++)
        for (unsigned i = layout->first[ttl] + 1; i < layout->first[ttl] + width_at(layout, ttl); i++)
            if (layout->out[i] != layout->out[i - 1] || layout->in[i] != layout->in[i - 1])
                return false;
    return true;
}

/* Vermeulen 2018: a plain fan-in or fan-out has one edge for each node of its wider side. */
static bool is_meshed_behind(const struct layout *layout, unsigned ttl)
{
    unsigned here = width_at(layout, ttl), next = width_at(layout, ttl + 1);
    if (here < 2 || next < 2)
        return false;
    for (unsigned i = layout->first[ttl]; here >= next && i < layout->first[ttl] + here; i++)
        if (layout->out[i] > 1)
            return true;
    for (unsigned i = layout->first[ttl + 1]; here < next && i < layout->first[ttl + 1] + next; i++)
        if (layout->in[i] > 1)
            return true;
    return false;
}

/* Fills the diamond between the TTLs `from` and `to`, at which all flows are together. */
static void measure(const struct layout *layout, unsigned from, unsigned to, struct graph_diamond *diamond)
{
    diamond->length = to - from;
    diamond->least_length = diamond->length;
    diamond->symmetric = is_symmetric(layout, from, to);
    for (unsigned ttl = from; ttl < to; ttl++) {
        unsigned width = width_at(layout, ttl);
        diamond->width = width > diamond->width ? width : diamond->width;
        diamond->meshed = diamond->meshed || is_meshed_behind(layout, ttl);
        for (unsigned i = layout->first[ttl]; i < layout->first[ttl + 1]; i++)
            diamond->per_packet = diamond->per_packet || layout->graph->nodes[i].per_packet;
    }
}

static bool add_diamond(struct graph *graph, const struct graph_diamond *diamond)
{
    struct graph_diamond *moved = realloc(graph->diamonds, (graph->diamond_count + 1U) * sizeof *moved);
    if (!moved)
        return false;
    graph->diamonds = moved;
    graph->diamonds[graph->diamond_count++] = *diamond;
    return true;
}

/* Flows that were each seen at one hop only show nodes, and no links between them. */
static bool has_edge_between(const struct graph *graph, unsigned from_ttl, unsigned to_ttl)
{
    for (unsigned i = 0; i < graph->edge_count; i++) {
        unsigned ttl = graph->nodes[graph->edges[i].from].ttl;
        if (ttl >= from_ttl && ttl < to_ttl)
            return true;
    }
    return false;
}

static bool close_diamond(struct graph *graph, const struct layout *layout, unsigned from, unsigned from_ttl,
                          unsigned to, unsigned to_ttl)
{
    struct graph_diamond diamond = {.from = from, .to = to};
    measure(layout, from_ttl, to_ttl, &diamond);
    if (to == layout->target && to != GRAPH_NO_NODE)
        diamond.least_length = graph->nodes[to].ttl - from_ttl;
    bool is_chain = diamond.width < 2 && diamond.least_length == diamond.length;
    return is_chain || !has_edge_between(graph, from_ttl, to_ttl) || add_diamond(graph, &diamond);
}

static bool find_between(struct graph *graph, const struct layout *layout)
{
    unsigned from = GRAPH_NO_NODE, from_ttl = graph->nodes[0].ttl - 1U;
    unsigned last = graph->nodes[graph->node_count - 1].ttl;
    unsigned end = layout->target == GRAPH_NO_NODE ? last : last_end(layout);
    for (unsigned ttl = graph->nodes[0].ttl; ttl <= last; ttl++) {
        if (!is_passed_by_all(layout, ttl))
            continue;
        if (!close_diamond(graph, layout, from, from_ttl, layout->first[ttl], ttl))
            return false;
        from = layout->first[ttl];
        from_ttl = ttl;
    }
    return from_ttl >= end || close_diamond(graph, layout, from, from_ttl, layout->target, end);
}

bool graph_find_diamonds(struct graph *graph)
{
    struct layout layout;
    bool good = lay_out(graph, &layout) && (!graph->node_count || find_between(graph, &layout));
    free(layout.out);
    free(layout.in);
    return good;
}
