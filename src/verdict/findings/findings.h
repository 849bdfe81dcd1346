/* SPDX-License-Identifier: BSD-2-Clause */
/* findings: what the files of findings share. Floor 4; pure; internal to verdict/.
 *
 * A finder looks for one kind of thing, or for those that the same look tells apart, and adds what it finds. Nothing is
 * added that the frames put into the finding do not show. */
#ifndef HOPSONDE_VERDICT_FINDINGS_H
#define HOPSONDE_VERDICT_FINDINGS_H

#include "verdict/facts.h"

typedef void finder(const struct trace_set *set, struct judgement *out);

/* findings.c: all of them; the verdicts are in `out` already. */
void findings_gather(const struct trace_set *set, struct judgement *out);

/* rewrites.c: what quotes show changed. */
finder find_rewrites, find_ttl_rewrites;
/* structure.c: who stands where. */
finder find_repeated_routers, find_skipped_hops, find_labels, find_implicit_tunnels, find_asymmetry;
/* balance.c: several routers at one hop. */
finder find_balancers, find_changes;
/* limits.c: routers that leave out answers. */
finder find_limits, find_silent_hops;
/* parting.c: flows of one spec that fare differently. */
finder find_path_dependence;
/* segments.c: what answers in the target's name, and what of a connection gets through. */
finder find_proxies, find_statefulness;

/* A new finding; NULL where there is no more room. `trace` may be NULL. */
struct finding *finding_add(struct judgement *out, const char *kind, const struct trace *trace);
/* The finding of this kind at this place: the one that is there already, which then is of the whole path if it was of
 * another trace, or a new one. NULL as above. */
struct finding *finding_at(struct judgement *out, const char *kind, const struct trace *trace, const struct place *at);
/* Sets the detail of this name (a constant). */
void finding_number(struct finding *finding, const char *name, double number);
void finding_text(struct finding *finding, const char *name, const char *text); /* constant, or in `addresses` */
/* Adds the frames; `reply` NULL: the probe's alone. */
void finding_show(struct finding *finding, const struct probe *probe, const struct reply *reply);

/* The router's address where every time exceeded for this TTL came from one, and is not the target's; `first`: one of
 * them. None where nobody answered or several did. */
struct addr sole_router(const struct trace *trace, uint8_t ttl, struct evidence *first);
/* The place of that router for the first trace that has one. */
struct place place_of_hop(const struct trace_set *set, uint8_t ttl);

#endif
