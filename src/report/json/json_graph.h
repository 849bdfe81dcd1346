/* SPDX-License-Identifier: BSD-2-Clause */
/* json_graph: a graph of paths as JSON. Floor: report.
 *
 * Members of a node that need an explanation:
 * - "share" is its part of all flows, from how each balancer before it spreads them. The flows seen at a node were
 *   chosen by the search and say little.
 * - "next_hops" is the number of next hops seen, "next_flows" the number of flows that showed them.
 * - "missed_probability" is the probability that these flows missed one more next hop, rounded up; "unsure" is true if
 *   there were too few flows.
 * "from" of a diamond is null at the source, "to" is null if its branches were not seen to rejoin. */
#ifndef HOPSONDE_REPORT_JSON_JSON_GRAPH_H
#define HOPSONDE_REPORT_JSON_JSON_GRAPH_H

#include <jansson.h>

#include "report/format.h"

/* A new reference; NULL: out of memory. Nodes that answered have the facts about their addresses (json_address.h). */
json_t *json_graph(const struct graph *graph, const struct output *out);

#endif
