/* SPDX-License-Identifier: BSD-2-Clause */
/* ways: a network of balancers in memory, for the search for all paths. For tests only.
 *
 * Layers of nodes, from the one behind the source to the target; a node sends each flow to one of its next nodes, by a
 * hash of both and by the weights of these, or each packet where it balances packets. */
#ifndef HOPSONDE_TESTS_SIM_WAYS_H
#define HOPSONDE_TESTS_SIM_WAYS_H

#include "base/rng.h"
#include "multipath/graph.h"

#define WAYS_NODES_MOST 600
#define WAYS_NEXT_MOST 100
#define WAYS_TTLS_MOST 40

struct ways_node {
    unsigned ttl;
    unsigned next[WAYS_NEXT_MOST], weights[WAYS_NEXT_MOST], next_count;
    bool per_packet, silent;
    unsigned limit; /* answers it gives before it stops for a round; 0: no limit */
};

struct ways {
    struct ways_node nodes[WAYS_NODES_MOST]; /* the first is behind the source, the last is the target */
    unsigned node_count;
    unsigned last; /* the node that the next segment begins at, while it is being made */
    unsigned edges;
    double loss;
    struct rng rng; /* of losses and packets */
    uint64_t salt;  /* of the balancers */
    uint64_t packets;
    uint64_t moves_after; /* packets; then the nodes of a TTL give way to others, with other addresses; 0: never */
    unsigned moving_ttl;
    unsigned answered_now[WAYS_NODES_MOST];
};

/* What segments are made of. */
enum ways_shape { WAYS_CHAIN, WAYS_FAN, WAYS_PARALLEL, WAYS_NESTED, WAYS_MESHED, WAYS_SHAPES };

void ways_begin(struct ways *ways, uint64_t seed, double loss);
/* Adds a segment between the last node and a new one. `uneven`: one next node in two gets half as much as its fair
 * share. */
void ways_add(struct ways *ways, enum ways_shape shape, unsigned width, bool uneven);
/* The last node becomes the target. */
void ways_end(struct ways *ways);
/* A random network: some segments in a row, up to `widest` nodes wide. */
void ways_draw(struct ways *ways, uint64_t seed, unsigned widest, bool uneven, double loss);

/* The node that a packet of the flow comes to at this TTL: the target's where it got that far. */
unsigned ways_follow(struct ways *ways, unsigned flow, unsigned ttl);
struct addr ways_address(const struct ways *ways, unsigned node);
unsigned ways_target_ttl(const struct ways *ways);

/* A run of the search: what it sent, and what it found. */
struct search {
    struct trace trace; /* owned */
    struct graph graph; /* owned */
    unsigned rounds;    /* in which all that could be asked was asked at once, and answered */
    unsigned probes;
    nstime now;
    bool short_of_flows, failed;
};

/* Searches until nothing is wanted, or `most` probes were sent. */
void ways_search(struct ways *ways, double confidence, bool lite, unsigned most, struct search *out);
void search_free(struct search *search);

/* Nodes and edges of the network that the graph lacks, and such as it has and the network does not. */
struct ways_errors {
    unsigned missed_nodes, missed_edges, false_nodes, false_edges;
};
struct ways_errors ways_compare(const struct ways *ways, const struct graph *graph);

/* Probes that the published algorithm sends: node by node, flow by flow, the same confidence for the whole of a network
 * whose number of nodes it knows; and then of each balancer, whether it balances packets. */
unsigned ways_published(struct ways *ways, double confidence);

#endif
