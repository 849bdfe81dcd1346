/* SPDX-License-Identifier: BSD-2-Clause */
/* graphview: how a graph of paths is told to people: in which order, under which labels, and what follows what. Floor
 * 5; pure. Shared by the text, dot and svg of `paths`.
 *
 * The nodes are a tree by what all ways to them have in common: the parent of a node is the last node that every way to
 * it passes. Branches of a diamond are children of the node where it begins, and so is the node where it ends. */
#ifndef HOPSONDE_REPORT_GRAPH_GRAPH_VIEW_H
#define HOPSONDE_REPORT_GRAPH_GRAPH_VIEW_H

#include "base/strbuf.h"
#include "multipath/graph.h"

struct view_node {
    unsigned parent;         /* GRAPH_NO_NODE: the source */
    unsigned depth;          /* in the tree, from 0 */
    unsigned level;          /* its TTL; of the target: behind all that lead to it */
    unsigned place, beside;  /* from 0, among the `beside` nodes of its TTL from top to bottom; the target is none */
    unsigned first_out, out; /* its edges: graph->edges[first_out] on */
    unsigned in;
    bool alone;   /* all ways behind its parent that get to its level pass it: no branch, but the way itself */
    double share; /* of all flows, as each balancer on the way was seen to spread them */
};

struct graph_view {
    const struct graph *graph; /* borrowed */
    struct view_node *nodes;   /* as graph->nodes */
    unsigned *rows;            /* all nodes from top to bottom: a node's subtree stands below it in one piece */
    unsigned target;           /* GRAPH_NO_NODE: it was not met */
};

/* False: memory is short. To be freed in any case. */
bool graph_view_make(const struct graph *graph, struct graph_view *view);
void graph_view_free(struct graph_view *view);

/* Whether nobody saw from where it is reached, though it is not of the first TTL. */
bool graph_view_is_loose(const struct graph_view *view, unsigned node);
/* Whether nothing was seen behind it, though there is something behind others. */
bool graph_view_is_dead_end(const struct graph_view *view, unsigned node);

/* "3", or "3b" where more than one node stands at that TTL. */
void graph_view_add_label(struct strbuf *text, const struct graph_view *view, unsigned node);
/* "3a-3d, 4, target": labels, neighbours in one piece. `nodes` are sorted in place. */
void graph_view_add_labels(struct strbuf *text, const struct graph_view *view, unsigned *nodes, unsigned count);
/* The node's address; "*" where nobody there answers. */
void graph_view_add_address(struct strbuf *text, const struct graph_node *node);

#endif
