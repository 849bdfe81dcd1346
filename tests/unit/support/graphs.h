/* SPDX-License-Identifier: BSD-2-Clause */
/* graphs: graphs of paths made by hand. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_GRAPHS_H
#define HOPSONDE_TESTS_UNIT_GRAPHS_H

#include "multipath/graph.h"

struct made_graph {
    struct graph graph;
    struct trace trace;
};

/* A line a node, in the order of a graph's nodes: "TTL ADDRESS|* [MARKS] > NODE NODE": what it leads to, by number from
 * 0, four flows each. Marks: t the target, r a refusal, p per packet, u unsure, n no time known, b there is something
 * behind it whatever the edges say. All ways to the end are
 * its paths. Aborts on what makes no graph: a test's own mistake. */
void graphs_make(struct made_graph *made, const char *target, const char *lines);
void graphs_free(struct made_graph *made);

/* Node 0, then `wide` nodes, and the target. */
void graphs_make_wide(struct made_graph *made, unsigned wide);
/* The same over IPv6, with the longest addresses. */
void graphs_make_wide6(struct made_graph *made, unsigned wide);

/* Shapes that every format has to stand. */
struct graph_shape {
    const char *name, *target, *lines;
};
extern const struct graph_shape graph_shapes[]; /* ended by a NULL name */
const struct graph_shape *graph_shape_find(const char *name);
void graphs_make_shape(struct made_graph *made, const char *name);

#endif
