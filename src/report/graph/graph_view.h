/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_view: the order and the labels of a graph's nodes for people. Floor: report; pure. Shared by the text, dot, svg
 * and json of `paths`.
 *
 * The nodes form the dominator tree: the parent of a node is the last node that all paths to it pass. The branches of a
 * diamond are children of the node where it begins, and so is the node where it ends. */
#ifndef HOPSONDE_REPORT_GRAPH_GRAPH_VIEW_H
#define HOPSONDE_REPORT_GRAPH_GRAPH_VIEW_H

#include "base/strbuf.h"
#include "multipath/graph.h"

struct view_node {
    unsigned parent;         /* GRAPH_NO_NODE: the source */
    unsigned depth;          /* in the tree, from 0 */
    unsigned level;          /* its TTL; the target's is beyond all nodes that lead to it */
    unsigned place, beside;  /* from 0, among the `beside` nodes of its TTL from top to bottom; without the target */
    unsigned first_out, out; /* its edges: graph->edges[first_out] on */
    unsigned in;
    bool alone;   /* all paths from its parent to its level pass it: it is no branch */
    double share; /* of all flows, from how each balancer before it spreads them */
};

struct graph_view {
    const struct graph *graph; /* borrowed */
    struct view_node *nodes;   /* as graph->nodes */
    unsigned *rows;            /* all nodes from top to bottom: a node's subtree directly follows it */
    unsigned target;           /* GRAPH_NO_NODE: no flow reached it */
};

/* False: out of memory. The caller frees the view in any case. */
bool graph_view_make(const struct graph *graph, struct graph_view *view);
void graph_view_free(struct graph_view *view);

/* True: no link to the node was seen, though its TTL is not the first. */
bool graph_view_is_loose(const struct graph_view *view, unsigned node);
/* True: no next hop was seen, though other nodes of the TTL have some. */
bool graph_view_is_dead_end(const struct graph_view *view, unsigned node);
/* True: a router without next hop, though farther TTLs were probed: all is lost behind it, or went elsewhere. */
bool graph_view_is_last_seen(const struct graph_view *view, unsigned node);

/* "3", or "3b" if several nodes have that TTL. */
void graph_view_add_label(struct strbuf *text, const struct graph_view *view, unsigned node);
/* "3a-3d, 4, target": labels, with neighbours as a range. Sorts `nodes` in place. */
void graph_view_add_labels(struct strbuf *text, const struct graph_view *view, unsigned *nodes, unsigned count);
/* The node's address; "*" if it is silent. */
void graph_view_add_address(struct strbuf *text, const struct graph_node *node);

#endif
