/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/graph/graph_view.h"

#include <stdlib.h>
#include <string.h>

#define LETTERS 26
#define TTLS 256

/* --- edges and levels --- */

static void index_edges(struct graph_view *view)
{
    const struct graph *graph = view->graph;
    for (unsigned i = graph->edge_count; i-- > 0;) {
        struct view_node *from = &view->nodes[graph->edges[i].from];
        from->first_out = i;
        from->out++;
        view->nodes[graph->edges[i].to].in++;
    }
}

static void find_levels(struct graph_view *view)
{
    const struct graph *graph = view->graph;
    view->target = GRAPH_NO_NODE;
    for (unsigned i = 0; i < graph->node_count; i++) {
        view->nodes[i].level = graph->nodes[i].ttl;
        if (graph->nodes[i].is_target)
            view->target = i;
    }
    for (unsigned i = 0; i < graph->edge_count; i++) {
        struct view_node *to = &view->nodes[graph->edges[i].to];
        unsigned behind = graph->nodes[graph->edges[i].from].ttl + 1U;
        if (graph->edges[i].to == view->target && behind > to->level)
            to->level = behind;
    }
}

/* --- the tree --- */

static unsigned depth_below(const struct graph_view *view, unsigned node)
{
    return node == GRAPH_NO_NODE ? 0 : view->nodes[node].depth + 1;
}

/* The last node that all paths to either node pass. */
static unsigned common_parent(const struct graph_view *view, unsigned a, unsigned b)
{
    while (a != b) {
        if (depth_below(view, a) >= depth_below(view, b))
            a = view->nodes[a].parent;
        else
            b = view->nodes[b].parent;
    }
    return a;
}

/* The parent of a node without an edge to it: any node of the previous TTL may lead there. */
static unsigned parent_of_loose(const struct graph_view *view, unsigned node)
{
    const struct graph_node *nodes = view->graph->nodes;
    unsigned parent = GRAPH_NO_NODE, ttl = 0;
    for (unsigned i = node; i-- > 0 && (!ttl || nodes[i].ttl == ttl);)
        if (nodes[i].ttl < nodes[node].ttl && !nodes[i].is_target && !nodes[i].is_refusal) {
            parent = ttl ? common_parent(view, parent, i) : i;
            ttl = nodes[i].ttl;
        }
    return parent;
}

static void settle_parent(struct graph_view *view, unsigned index, bool *met)
{
    struct view_node *node = &view->nodes[index];
    if (!node->in)
        node->parent = parent_of_loose(view, index);
    node->depth = depth_below(view, node->parent);
    for (unsigned k = node->first_out; k < node->first_out + node->out; k++) {
        unsigned to = view->graph->edges[k].to;
        view->nodes[to].parent = met[to] ? common_parent(view, view->nodes[to].parent, index) : index;
        met[to] = true;
    }
}

/* Nodes are ordered by TTL, so the parents of a node's predecessors are known before it. The target is the last node.
 */
static bool find_parents(struct graph_view *view)
{
    bool *met = calloc((size_t)view->graph->node_count + 1, sizeof *met);
    if (!met)
        return false;
    for (unsigned i = 0; i < view->graph->node_count; i++)
        if (i != view->target)
            settle_parent(view, i, met);
    if (view->target != GRAPH_NO_NODE)
        settle_parent(view, view->target, met);
    free(met);
    return true;
}

/* Finds the nodes that share their level with no other below the same parent. `below` counts the nodes of the level per
 * parent, the source last. */
static void find_alone_at(struct graph_view *view, unsigned level, unsigned *below)
{
    unsigned count = view->graph->node_count, source = count;
    memset(below, 0, (count + 1U) * sizeof *below);
    for (unsigned i = 0; i < count; i++) {
        unsigned at = view->nodes[i].parent;
        if (view->nodes[i].level != level)
            continue;
        for (; at != GRAPH_NO_NODE; at = view->nodes[at].parent)
            below[at]++;
        below[source]++;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned parent = view->nodes[i].parent;
        if (view->nodes[i].level == level)
            view->nodes[i].alone = below[parent == GRAPH_NO_NODE ? source : parent] == 1;
    }
}

static bool find_alone(struct graph_view *view)
{
    unsigned count = view->graph->node_count;
    unsigned *below = calloc((size_t)count + 1, sizeof *below);
    for (unsigned level = 1; below && level <= TTLS; level++)
        find_alone_at(view, level, below);
    free(below);
    return below != NULL;
}

/* --- the order --- */

struct child {
    unsigned parent, level, node;
};

static int compare_children(const void *left, const void *right)
{
    const struct child *a = left, *b = right;
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

static unsigned find_first_child(const struct child *children, unsigned count, unsigned parent)
{
    unsigned low = 0, high = count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (children[middle].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Recursion is at most as deep as there are TTLs. Returns the number of rows so far. */
static unsigned add_rows(struct graph_view *view, const struct child *children, unsigned parent, unsigned rows)
{
    unsigned count = view->graph->node_count;
    for (unsigned i = find_first_child(children, count, parent); i < count && children[i].parent == parent; i++) {
        view->rows[rows++] = children[i].node;
        rows = add_rows(view, children, children[i].node, rows);
    }
    return rows;
}

static bool find_rows(struct graph_view *view)
{
    unsigned count = view->graph->node_count;
    struct child *children = calloc((size_t)count + 1, sizeof *children);
    if (!children)
        return false;
    for (unsigned i = 0; i < count; i++)
        children[i] = (struct child){view->nodes[i].parent, view->nodes[i].level, i};
    qsort(children, count, sizeof *children, compare_children);
    add_rows(view, children, GRAPH_NO_NODE, 0);
    free(children);
    return true;
}

static void find_places(struct graph_view *view)
{
    unsigned beside[TTLS] = {0};
    for (unsigned i = 0; i < view->graph->node_count; i++)
        if (view->rows[i] != view->target)
            view->nodes[view->rows[i]].place = beside[view->graph->nodes[view->rows[i]].ttl]++;
    for (unsigned i = 0; i < view->graph->node_count; i++)
        view->nodes[i].beside = i == view->target ? 1 : beside[view->graph->nodes[i].ttl];
}

/* --- shares --- */

bool graph_view_is_loose(const struct graph_view *view, unsigned node)
{
    return !view->nodes[node].in && view->graph->nodes[node].ttl > view->graph->nodes[0].ttl;
}

static void hand_on(struct graph_view *view, unsigned index)
{
    const struct view_node *node = &view->nodes[index];
    if (!node->out)
        return; /* without edges there is no array */
    const struct graph_edge *edges = &view->graph->edges[node->first_out];
    double flows = 0;
    for (unsigned k = 0; k < node->out; k++)
        flows += edges[k].known;
    for (unsigned k = 0; flows > 0 && k < node->out; k++)
        view->nodes[edges[k].to].share += node->share * edges[k].known / flows;
}

/* If a node of the TTL has no edge to it, the shares come from the counted flows. */
static void count_shares(struct graph_view *view, unsigned first, unsigned end)
{
    const struct graph *graph = view->graph;
    bool counts = false;
    double flows = 0;
    for (unsigned i = first; i < end; i++) {
        counts = counts || !view->nodes[i].in;
        flows += graph->nodes[i].flows;
    }
    for (unsigned i = first; counts && flows > 0 && i < end; i++)
        view->nodes[i].share = graph->nodes[i].flows / flows;
}

/* Shares are multiplied along the paths. The flows seen at a node say little, because the search chose them. */
static void find_shares(struct graph_view *view)
{
    const struct graph *graph = view->graph;
    for (unsigned first = 0, end; first < graph->node_count; first = end) {
        for (end = first; end < graph->node_count && graph->nodes[end].ttl == graph->nodes[first].ttl;)
            end++;
        count_shares(view, first, end);
        for (unsigned i = first; i < end; i++)
            hand_on(view, i);
    }
}

bool graph_view_make(const struct graph *graph, struct graph_view *view)
{
    *view = (struct graph_view){.graph = graph};
    view->nodes = calloc((size_t)graph->node_count + 1, sizeof *view->nodes);
    view->rows = calloc((size_t)graph->node_count + 1, sizeof *view->rows);
    if (!view->nodes || !view->rows)
        return false;
    index_edges(view);
    find_levels(view);
    if (!find_parents(view) || !find_alone(view) || !find_rows(view))
        return false;
    find_places(view);
    find_shares(view);
    return true;
}

void graph_view_free(struct graph_view *view)
{
    free(view->nodes);
    free(view->rows);
    *view = (struct graph_view){0};
}

/* --- words --- */

bool graph_view_is_dead_end(const struct graph_view *view, unsigned node)
{
    const struct graph *graph = view->graph;
    bool ends = graph->nodes[node].is_target || graph->nodes[node].is_refusal;
    bool is_last = graph->nodes[node].ttl == graph->nodes[graph->node_count - 1].ttl;
    return !ends && !view->nodes[node].out && graph->edge_count && !is_last && !graph->nodes[node].next_count;
}

bool graph_view_is_last_seen(const struct graph_view *view, unsigned node)
{
    const struct graph_node *what = &view->graph->nodes[node];
    bool ends = what->is_target || what->is_refusal || addr_is_none(&what->address);
    return !ends && !view->nodes[node].out && !what->next_count && view->graph->last_ttl > what->ttl;
}

static void add_letters(struct strbuf *text, unsigned number)
{
    if (number >= LETTERS)
        add_letters(text, number / LETTERS - 1);
    strbuf_addf(text, "%c", 'a' + number % LETTERS);
}

void graph_view_add_label(struct strbuf *text, const struct graph_view *view, unsigned node)
{
    strbuf_addf(text, "%u", view->graph->nodes[node].ttl);
    if (view->nodes[node].beside > 1)
        add_letters(text, view->nodes[node].place);
}

static void add_end(struct strbuf *text, const struct graph_view *view, unsigned node)
{
    if (node == view->target)
        strbuf_add(text, "target");
    else
        graph_view_add_label(text, view, node);
}

/* Order of TTL and place; the target comes last. */
static bool stands_before(const struct graph_view *view, unsigned a, unsigned b)
{
    const struct graph_node *nodes = view->graph->nodes;
    if ((a == view->target) != (b == view->target))
        return b == view->target;
    if (nodes[a].ttl != nodes[b].ttl)
        return nodes[a].ttl < nodes[b].ttl;
    return view->nodes[a].place < view->nodes[b].place;
}

static void sort_nodes(const struct graph_view *view, unsigned *nodes, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned k = i; k > 0 && stands_before(view, nodes[k], nodes[k - 1]); k--) {
            unsigned kept = nodes[k];
            nodes[k] = nodes[k - 1];
            nodes[k - 1] = kept;
        }
}

static bool are_neighbours(const struct graph_view *view, unsigned a, unsigned b)
{
    return b != view->target && view->graph->nodes[a].ttl == view->graph->nodes[b].ttl &&
           view->nodes[a].place + 1 == view->nodes[b].place;
}

void graph_view_add_labels(struct strbuf *text, const struct graph_view *view, unsigned *nodes, unsigned count)
{
    sort_nodes(view, nodes, count);
    for (unsigned first = 0, last; first < count; first = last + 1) {
        for (last = first; last + 1 < count && are_neighbours(view, nodes[last], nodes[last + 1]);)
            last++;
        strbuf_add(text, first ? ", " : "");
        add_end(text, view, nodes[first]);
        if (last > first) {
            strbuf_add(text, last > first + 1 ? "-" : ", ");
            add_end(text, view, nodes[last]);
        }
    }
}

void graph_view_add_address(struct strbuf *text, const struct graph_node *node)
{
    char plain[ADDR_TEXT_BYTES];
    addr_format(&node->address, plain);
    strbuf_add(text, plain[0] ? plain : "*");
}
