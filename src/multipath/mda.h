/* SPDX-License-Identifier: BSD-2-Clause */
/* mda: what a survey still lacks before every next hop is known: the Multipath Detection Algorithm (Augustin, Friedman,
 * Teixeira 2007; Veitch et al. 2009). Floor 3; pure; internal to session/.
 *
 * It names all probes that are sure to be needed, whatever the answers to the others, so that they can be asked at
 * once: time goes by in round trips and not in probes. The rules are in mda.c. */
#ifndef HOPSONDE_MULTIPATH_MDA_H
#define HOPSONDE_MULTIPATH_MDA_H

#include "multipath/survey.h"

struct mda_limits {
    uint8_t first_ttl, max_ttl, gap;
    unsigned flows; /* that there are */
    bool lite;      /* MDA-Lite (Vermeulen et al., IMC 2018) where its suppositions hold */
};

/* One more probe of a flow at a TTL. */
struct mda_want {
    uint16_t flow;
    uint8_t ttl;
    bool rested; /* not before nobody was asked at the TTL for RATE_LIMIT_REFILL */
};

struct mda_wants {
    struct mda_want *list; /* owned; what is to go first, first; none twice */
    size_t count, capacity;
    bool short_of_flows; /* there are no more flows, or memory: something stays unknown */
};

void mda_plan(const struct survey *survey, const struct mda_limits *limits, struct mda_wants *out);
void mda_wants_free(struct mda_wants *wants);

#endif
