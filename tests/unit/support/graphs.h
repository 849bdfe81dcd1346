/* SPDX-License-Identifier: BSD-2-Clause */
/* graphs: graphs of paths made by hand. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_GRAPHS_H
#define HOPSONDE_TESTS_UNIT_GRAPHS_H

#include "multipath/graph.h"

struct made_graph {
    struct graph graph;
    struct trace trace;
};

/* One line a node, in the order of a graph's nodes: "TTL ADDRESS|* [MARKS] > NODE NODE". The nodes after > are its next
 * hops, numbered from 0, with four flows each. Marks: t target, r refusal, p per packet, u unsure, n no time known, b
 * has a next hop without an edge. All ways to the end are paths. Aborts if the lines make no graph. */
void graphs_make(struct made_graph *made, const char *target, const char *lines);
void graphs_free(struct made_graph *made);

/* Node 0, then `wide` nodes, and the target. */
void graphs_make_wide(struct made_graph *made, unsigned wide);
/* The same over IPv6, with the longest addresses. */
void graphs_make_wide6(struct made_graph *made, unsigned wide);

/* Shapes that every format must handle. */
struct graph_shape {
    const char *name, *target, *lines;
};
extern const struct graph_shape graph_shapes[]; /* terminated by a NULL name */
const struct graph_shape *graph_shape_find(const char *name);
void graphs_make_shape(struct made_graph *made, const char *name);

#endif
