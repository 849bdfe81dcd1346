/* SPDX-License-Identifier: BSD-2-Clause */
/* mda: what a survey still lacks before every next hop is known: the Multipath Detection Algorithm (Augustin,
 * Friedman, Teixeira 2007; Veitch et al. 2009). Floor 4; pure.
 *
 * It returns every probe that is needed for any replies to the others. All go out at once, so the search takes round
 * trips, not probe times. The rules stand in mda.c. */
#ifndef HOPSONDE_MULTIPATH_MDA_H
#define HOPSONDE_MULTIPATH_MDA_H

#include "multipath/survey.h"

struct mda_limits {
    uint8_t first_ttl, max_ttl, gap;
    unsigned flows; /* flows that exist */
    bool lite;      /* MDA-Lite (Vermeulen et al., IMC 2018) where its assumptions hold */
};

/* One more probe of a flow at a TTL. */
struct mda_want {
    uint16_t flow;
    uint8_t ttl;
    bool rested; /* only once the TTL had no probe for RATE_LIMIT_REFILL */
};

struct mda_wants {
    struct mda_want *list; /* owned; in the order of sending; no duplicates */
    size_t count, capacity;
    uint64_t steps;      /* work that the plan and its survey took: cells, probes and groups looked at */
    bool short_of_flows; /* flows or memory ran out: something stays unknown */
};

void mda_plan(const struct survey *survey, const struct mda_limits *limits, struct mda_wants *out);
void mda_wants_free(struct mda_wants *wants);

#endif
