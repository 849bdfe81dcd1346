/* SPDX-License-Identifier: BSD-2-Clause */
/* graph: the paths that the flows of a run took, as nodes and edges that flows were seen to take. Floor 4; pure.
 *
 * It is built from probes of one or more traces from one source to one target, by any tool. A node is an address at
 * a TTL. The target is one node, at its smallest TTL, and no edge leaves it. An edge exists only if one flow was
 * seen at both of its ends. Behind a router that balances packet by packet, a flow has no fixed place; an edge
 * exists there only if one of its ends is the only node at its TTL.
 *
 * Some hops are silent. All flows that leave one node into a silence, and come out of it at one node, form one flow
 * set and share one silent node at each TTL between. Other silences have other nodes. If only some flows of a node
 * are silent at the next TTL, loss or a rate limit explains that, and they form no node, unless loss is too
 * improbable.
 *
 * The probability that a node has a further next hop is that of Veitch, Augustin, Teixeira, Friedman, Infocom 2009
 * (stopping_rule.h). It assumes that a balancer spreads its flows evenly. */
#ifndef HOPSONDE_MULTIPATH_GRAPH_H
#define HOPSONDE_MULTIPATH_GRAPH_H

#include "trace/trace.h"

#define GRAPH_NO_NODE (~0U)
#define PATHS_MOST 1024 /* paths listed; more are too many to read */

struct graph_node {
    struct addr address; /* a none-address: the hop is silent */
    uint8_t ttl;
    bool is_target;
    bool is_refusal;     /* flows end here: this device refuses them */
    bool per_packet;     /* it balances packet by packet: one flow met several next hops */
    bool unsure;         /* too few flows passed it to exclude a further next hop */
    unsigned flows;      /* flows seen here; of a silent node: flows that passed it */
    unsigned next_count; /* next hops that were met */
    unsigned next_flows; /* flows through it that the next hop answered */
    double missed;       /* probability that so many flows missed one further next hop: 0 to 1 */
    nstime best_rtt;     /* NSTIME_NEVER: not known */
    uint64_t frame;      /* frame number of one of its replies; 0: no capture is kept */
    uint8_t file;        /* index of the capture file that holds the frame */
};

struct graph_edge {
    unsigned from, to; /* nodes */
    unsigned flows;    /* flows seen at both ends */
    unsigned known;    /* flows that crossed it, inferred ones included (survey.h): more, so that shares are surer */
};

/* A path that flows were seen to take, from the first TTL probed to where they ended. */
struct graph_path {
    unsigned first, length; /* of graph->steps */
    unsigned flows;         /* flows that took it */
    bool complete;          /* it ends at the target */
};

/* What lies between two nodes that all flows pass, if there is more than one path between them (Augustin 2007). */
struct graph_diamond {
    unsigned from, to; /* nodes; `from` GRAPH_NO_NODE: the source; `to` GRAPH_NO_NODE: the paths do not meet again */
    unsigned width;    /* nodes at its widest TTL */
    unsigned length, least_length; /* edges of its longest and of its shortest path */
    bool symmetric; /* at each TTL all its nodes have the same number of next hops, and of previous hops */
    bool meshed;    /* paths cross in it (Vermeulen 2018): more than a plain fan-out or fan-in */
    bool per_packet;
};

/* The flows at one TTL. */
struct graph_hop {
    unsigned asked;    /* flows that probed it */
    unsigned answered; /* flows that it answered */
    unsigned routers;  /* addresses that reported an expired TTL there */
    bool is_boundless; /* the source or a router before it has more next hops there than GRAPH_NEXT_MOST; it is not
                          known which flows pass which of them */
};

struct graph {
    const struct trace *trace; /* the first trace: spec, source and target; borrowed */
    struct graph_node *nodes;  /* by TTL, then address; then the silent ones and the target */
    unsigned node_count;
    struct graph_edge *edges; /* by from, then to */
    unsigned edge_count;
    struct graph_path *paths; /* by number of flows, the largest first */
    unsigned path_count;
    unsigned *steps; /* nodes of all paths; GRAPH_NO_NODE: the node there is not known */
    unsigned step_count;
    struct graph_diamond *diamonds; /* from the source on */
    unsigned diamond_count;
    struct graph_hop hops[256];  /* by TTL */
    uint8_t first_ttl, last_ttl; /* of the TTLs probed; first above last: none */
    unsigned flows;              /* flows that sent probes */
    unsigned loose_flows;        /* of these, flows seen at one TTL only, which link nothing */
    uint64_t probes_sent;
    double missed_probability; /* probability that a next hop of any node was missed; 1: unknown */
    unsigned changes;          /* route changes seen; nodes and edges are of the time since the last one */
    nstime changed_at;         /* time of the last one; NSTIME_NEVER: none */
};

/* Builds the graph of the traces. `confidence`: required probability that no next hop was missed, 0.5 to below 1.
 * `lite`: uses MDA-Lite (Vermeulen et al., IMC 2018), which needs fewer flows and assumes more, as far as the
 * replies allow. False: memory is short. Free the graph in any case. */
bool graph_build(const struct trace *const *traces, unsigned count, double confidence, bool lite, struct graph *out);
void graph_free(struct graph *graph);

#endif
