/* SPDX-License-Identifier: BSD-2-Clause */
/* graph: the ways that the flows of a run took, as nodes and edges that were each seen. Floor 3; pure.
 *
 * Built from the probes of one or more traces from one source to one target, by whatever tool. A node is an address at
 * a TTL; the target is one node, at its smallest TTL, and no edge leaves it. An edge stands only where one flow was
 * seen at both of its ends. Where a router sends the packets of one flow different ways (per packet), its flows are in
 * no fixed place behind it, and an edge stands there only where one of its ends is all that there is at its TTL.
 *
 * Nobody answers at some hops. All flows that one node sends on into such a silence and that come out of it at one node
 * are one flow set, and share one silent node at each TTL between; other silences are other nodes. Where the flows of a
 * node are answered at the next TTL but for some, these were lost or left out by a rate limit and make no node, unless
 * loss is too unlikely to explain it.
 *
 * How sure it is that a node has no next hop that no flow met: Veitch, Augustin, Teixeira, Friedman, Infocom 2009
 * (stopping.h), which supposes that a balancer spreads its flows evenly. */
#ifndef HOPSONDE_MULTIPATH_GRAPH_H
#define HOPSONDE_MULTIPATH_GRAPH_H

#include "trace/trace.h"

#define GRAPH_NO_NODE (~0U)
#define PATHS_MOST 1024 /* ways listed: more of them than that nobody reads */

struct graph_node {
    struct addr address; /* none: nobody there answers */
    uint8_t ttl;
    bool is_target;
    bool is_refusal;     /* flows end here: it, or something on the way to it, refuses them */
    bool per_packet;     /* it sends the packets of one flow to several next hops */
    bool unsure;         /* too few flows were seen to pass it to tell that no next hop was missed */
    unsigned flows;      /* that were seen here; of a silent node, that passed it */
    unsigned next_count; /* next hops that were met */
    unsigned next_flows; /* flows through it that were answered at the next hop */
    double missed;       /* chance that as many flows missed one of one more next hop: 0 to 1 */
    nstime best_rtt;     /* NSTIME_NEVER: not known */
    uint64_t frame;      /* of an answer from it, in the capture; 0: none is kept */
    uint8_t file;        /* which of the capture's files holds the frame */
};

struct graph_edge {
    unsigned from, to; /* nodes */
    unsigned flows;    /* seen at both ends */
};

/* A way that flows were seen to take from the first TTL that was asked to where they ended. */
struct graph_path {
    unsigned first, length; /* of graph->steps */
    unsigned flows;         /* that took it */
    bool complete;          /* it ends at the target */
};

/* What lies between two nodes that all flows pass, where there is more than one way (Augustin 2007). */
struct graph_diamond {
    unsigned from, to; /* nodes; `from` GRAPH_NO_NODE: the source itself, `to`: the ways do not meet again */
    unsigned width;    /* nodes at its widest TTL */
    unsigned length, least_length; /* edges of its longest and its shortest way */
    bool symmetric;                /* at each TTL all its nodes have as many next hops, and are next hops of as many */
    bool meshed;                   /* ways cross within it (Vermeulen 2018): other than a plain fanning out or in */
    bool per_packet;
};

/* What stands at a TTL. */
struct graph_hop {
    unsigned asked;    /* flows */
    unsigned answered; /* of these */
};

struct graph {
    const struct trace *trace; /* the first of those it was built from: spec, source and target; borrowed */
    struct graph_node *nodes;  /* by TTL, then address; then the silent ones, and the target */
    unsigned node_count;
    struct graph_edge *edges; /* by from, then to */
    unsigned edge_count;
    struct graph_path *paths; /* by share, the greatest first */
    unsigned path_count;
    unsigned *steps; /* of all paths: nodes; GRAPH_NO_NODE: not known what was there */
    unsigned step_count;
    struct graph_diamond *diamonds; /* from the source on */
    unsigned diamond_count;
    struct graph_hop hops[256];  /* by TTL */
    uint8_t first_ttl, last_ttl; /* of those asked; first above last: none */
    unsigned flows;              /* that were asked */
    unsigned loose_flows;        /* of these: those seen at one TTL only, which link nothing */
    uint64_t probes_sent;
    double missed_probability; /* chance that some next hop, of any node, was missed; 1: cannot be told */
    unsigned changes;  /* how often routes were seen to change; nodes and edges are of the time since the last */
    nstime changed_at; /* the last of these; NSTIME_NEVER: none */
};

/* Builds the graph of what the traces show. `confidence`: how sure it is to be that nothing was missed, 0.5 to below 1;
 * `lite`: by MDA-Lite (Vermeulen et al., IMC 2018), which takes fewer flows and supposes more, where what was seen
 * allows it. False: memory is short. Free it in any case. */
bool graph_build(const struct trace *const *traces, unsigned count, double confidence, bool lite, struct graph *out);
void graph_free(struct graph *graph);

#endif
