/* SPDX-License-Identifier: BSD-2-Clause */
/* networks: what is told below a table of the networks and places that its path goes through. Floor 5; pure.
 *
 * "AS path: private (hop 1) > AS64500 Example (hop 3) > IXP DE-CIX Frankfurt (hop 6) > AS64501 Other (hop 7)", where AS
 *     numbers are asked for: each network with the hop where it begins. Hops that are silent or of no known network are
 *     passed over, and so are private addresses and the like within one AS.
 * "doubtful: hop 4 (Berlin, DE) to hop 5 (Tokyo, JP): 8915 km, ...", where places are asked for: legs that light in
 * fibre could not travel in the measured time (about/travel.h). Places that are only hinted at raise no doubt.
 * "whois: 10.0.2.1 (hop 3): EXAMPLE-NET, Example Org, DE": those of whom a registry says the same share a line.
 *
 * All functions add whole lines, and none with --quiet or where nothing is known (result->book NULL). Foreign text is
 * escaped. Lines are wrapped at out->options.width. */
#ifndef HOPSONDE_REPORT_TEXT_NETWORKS_H
#define HOPSONDE_REPORT_TEXT_NETWORKS_H

#include "base/strbuf.h"
#include "report/format.h"

void networks_add_trace(struct strbuf *text, const struct trace *trace, const struct output *out);
/* Of a trace: of the hops of its table. Of a diagnosis: first those who answered and of whom something is known, "hop 3
 * gw.example (10.0.2.1) [AS64500 Example]", as the matrix has no room for it; then of the trace that got furthest. */
void networks_add_run(struct strbuf *text, const struct output *out);
/* Of each graph: of the way that most flows took, and what registries say of all nodes. */
void networks_add_graphs(struct strbuf *text, const struct output *out);

#endif
