/* SPDX-License-Identifier: BSD-2-Clause */
/* graphwork: what the files that draw a graph share. Floor 3; internal to graph.c, graphpaths.c and diamonds.c. */
#ifndef HOPSONDE_MULTIPATH_GRAPH_WORK_H
#define HOPSONDE_MULTIPATH_GRAPH_WORK_H

#include "multipath/graph.h"
#include "multipath/survey.h"

/* A node where nobody answers the flows that leave a silence by one link. */
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

/* GRAPH_NO_NODE: there is none. */
unsigned graph_silent_node(const struct graph_work *work, unsigned link, unsigned ttl);

/* graphpaths.c, diamonds.c. False: memory is short. */
bool graph_find_paths(struct graph_work *work);
bool graph_find_diamonds(struct graph *graph);

#endif
