/* SPDX-License-Identifier: BSD-2-Clause */
/* jsongraph: a graph of paths as JSON. Floor 5.
 *
 * Beside what a reader of graphs needs, each node has what is known of it: "share" is of all flows, as each balancer on
 * the way was seen to spread them (a next hop's own flows were chosen, and say little); "next_hops" and "next_flows"
 * how many were met behind it, by how many flows, "missed_probability" the chance that so many flows missed one of one
 * more, "unsure" that they were too few. "from" of a diamond is null at the source, "to" where its ways were not seen
 * to meet. A probability is rounded up. */
#ifndef HOPSONDE_REPORT_JSON_JSON_GRAPH_H
#define HOPSONDE_REPORT_JSON_JSON_GRAPH_H

#include <jansson.h>

#include "report/format.h"

/* A new reference; NULL: memory is short. Nodes that answered have what the output's book knows of them (json_facts.h).
 */
json_t *json_graph(const struct graph *graph, const struct output *out);

#endif
