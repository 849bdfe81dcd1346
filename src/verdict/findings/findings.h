/* SPDX-License-Identifier: BSD-2-Clause */
/* findings: what is worth telling beside the verdicts. Floor 4; pure; internal to verdict/.
 *
 * A finder looks for one kind of finding, or for kinds that the same look tells apart. It adds only what the frames of
 * the finding show. */
#ifndef HOPSONDE_VERDICT_FINDINGS_FINDINGS_H
#define HOPSONDE_VERDICT_FINDINGS_FINDINGS_H

#include "verdict/facts/facts.h"

typedef void finder(const struct set_facts *all, struct judgement *out);

/* Runs all finders; the verdicts are in `out` already. */
void findings_gather(const struct set_facts *all, struct judgement *out);

/* mtu.c: what a run with --mtu measured. */
void find_mtu_steps(const struct path_mtu *mtu, struct judgement *out);
/* of_trace.c: what a single trace shows. */
finder find_of_trace;
/* rewrites.c: fields that quotes show changed. */
finder find_rewrites;
/* ttl_rewrites.c: TTLs that quotes show changed. */
finder find_ttl_rewrites;
/* topology.c: repeated and hidden routers, tunnels, asymmetric return paths. */
finder find_repeated_routers, find_skipped_hops, find_labels, find_implicit_tunnels, find_asymmetry;
/* balance.c: several routers at one hop. */
finder find_balancers, find_changes;
/* limits.c: routers that do not reply: to any probe, to one protocol, or to some probes. */
finder find_limits, find_silent_hops;
/* path_dependence.c: flows of one spec with different ends. */
finder find_path_dependence;
/* forgeries.c: frames that look like replies to the run. */
finder find_forgeries;
/* name_filter.c: names that a device on the path filters. */
finder find_name_filters;
/* Whether a name filter that was found concerns this trace, also as a control: then how it ends does not depend on its
 * flows. */
bool finding_is_of_name(const struct set_facts *all, const struct judgement *out, const struct trace *trace);
/* idle_timeout.c: sessions that no longer work after they were left alone. */
finder find_idle_timeouts;
/* middleboxes.c: proxies, and firewalls that pass some segments of a connection only. */
finder find_proxies, find_statefulness;

#endif
