/* SPDX-License-Identifier: BSD-2-Clause */
/* finding: makes one finding, and looks up what finders share. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_FINDINGS_FINDING_H
#define HOPSONDE_VERDICT_FINDINGS_FINDING_H

#include "verdict/facts/facts.h"
#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* A new finding; NULL if there is no more room. `trace`: NULL for the whole path. */
struct finding *finding_add(struct judgement *out, enum finding_kind kind, const struct trace *trace);
/* The finding of this kind at this place, or else a new one; NULL as above. One that another trace has made becomes one
 * of the whole path. */
struct finding *finding_at(struct judgement *out, enum finding_kind kind, const struct trace *trace,
                           const struct place *at);
/* Set the detail of this name (a constant) to a number, a lasting text, a flag or an address. */
void finding_number(struct finding *finding, const char *name, double number);
void finding_text(struct finding *finding, const char *name, const char *text);
void finding_flag(struct finding *finding, const char *name, bool is_set);
void finding_address(struct finding *finding, const char *name, const struct addr *address);
/* The detail of this name; NULL: none. */
const struct finding_detail *finding_detail(const struct finding *finding, const char *name);
/* Adds the frames of a probe, and of its reply unless that is NULL. */
void finding_show(struct finding *finding, const struct probe *probe, const struct reply *reply);

/* The one router that sent every time exceeded for this TTL, and is not the target; `first`: one of these. None if no
 * router did, or several. */
struct addr sole_router(const struct trace *trace, uint8_t ttl, struct evidence *first);
/* Whether time exceeded for two TTLs, the smaller first, may come from one router: they have the same address, which
 * routers do not share, and the second has not crossed as many more hops as its probe did. */
bool is_one_router(const struct evidence *nearer, const struct evidence *farther);
/* The place of a router at this TTL, as the first trace that has one shows it. */
struct place place_of_hop(const struct trace_set *set, uint8_t ttl);

#endif
