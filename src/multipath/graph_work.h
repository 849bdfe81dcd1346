/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_work: shared by the files that build a graph. Floor 4; internal to graph.c, graph_paths.c and diamonds.c. */
#ifndef HOPSONDE_MULTIPATH_GRAPH_WORK_H
#define HOPSONDE_MULTIPATH_GRAPH_WORK_H

#include "multipath/graph.h"
#include "multipath/survey.h"

/* A silent node, for the flows that leave a silence by one link. */
struct silent_node {
    unsigned link, ttl, node;
};

struct graph_work {
    const struct survey *survey;
    struct graph *graph;
    unsigned *node_of_point;
    struct silent_node *silent;
    unsigned silent_count; /* by TTL, then link */
    size_t edge_capacity;
};

/* GRAPH_NO_NODE: none. */
unsigned graph_silent_node(const struct graph_work *work, unsigned link, unsigned ttl);

/* graph_paths.c and diamonds.c. False: memory is short. */
bool graph_find_paths(struct graph_work *work);
bool graph_find_diamonds(struct graph *graph);

#endif
