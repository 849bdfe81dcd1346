/* SPDX-License-Identifier: BSD-2-Clause */
/* networks: the networks and places of a path, below its table. Floor: report; pure.
 *
 * "AS path: private (hop 1) > AS64500 Example (hop 3) > IXP DE-CIX Frankfurt (hop 6) > AS64501 Other (hop 7)", if AS
 *     numbers are requested: as_path.h.
 * "doubtful: hop 4 (Berlin, DE) to hop 5 (Tokyo, JP): 8915 km, ...", if places are requested: legs for which light in
 *     fibre needs more time than was measured (address/distance.h). Guessed places do not count.
 * "whois: 10.0.2.1 (hop 3): EXAMPLE-NET, Example Org, DE": addresses with the same registry entry share a line.
 *
 * All functions add whole lines; with --quiet or without a book they add none. Foreign text is escaped. Lines are
 * wrapped at out->options.wrap. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_NETWORKS_H
#define HOPSONDE_REPORT_TEXT_NOTES_NETWORKS_H

#include "base/strbuf.h"
#include "report/format.h"

void networks_add_trace(struct strbuf *text, const struct trace *trace, const struct output *out);
/* The path in the merged table of a run. For a diagnosis: the path of the trace that got furthest, after a line for
 * each address with known facts, "hop 3 gw.example (10.0.2.1) [AS64500 Example]", for which the matrix has no room. */
void networks_add_run(struct strbuf *text, const struct output *out);
/* For each graph: the path that most flows took, and the registry entries of all nodes. */
void networks_add_graphs(struct strbuf *text, const struct output *out);

#endif
