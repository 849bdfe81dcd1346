/* SPDX-License-Identifier: BSD-2-Clause */
/* mdaplan: what the files that plan the search for all paths share. Floor 3; internal to mda.c and fill.c. */
#ifndef HOPSONDE_MULTIPATH_MDA_PLAN_H
#define HOPSONDE_MULTIPATH_MDA_PLAN_H

#include "multipath/mda.h"

#define RESTED_AT_MOST 3 /* probes of a flow where nobody had been asked for a while */
#define LOST_AT_MOST 6   /* of all */

struct plan {
    const struct survey *survey;
    const struct mda_limits *limits;
    struct mda_wants *wants;
    uint8_t *is_wanted; /* of each TTL and flow; fresh ones, too */
    unsigned flows;     /* columns: the flows of the survey and as many fresh ones as there are */
    unsigned *missing;  /* by group: flows that rule 2 did not find in it */
};

/* A flow that was not asked at all is where all such are. */
const struct cell *mda_cell(const struct plan *plan, unsigned ttl, unsigned flow);
/* The TTL that the flow ends at; 0: not known. */
unsigned mda_end(const struct plan *plan, unsigned flow);
/* False: it is wanted already, or cannot be. */
bool mda_want(struct plan *plan, unsigned flow, unsigned ttl, bool rested);

/* It is asked at that TTL by rule 8. */
bool mda_is_held_back(const struct plan *plan, unsigned flow, unsigned ttl);

/* fill.c: rule 3. */
void mda_fill_groups(struct plan *plan);

static inline bool mda_is_unasked(const struct cell *cell)
{
    return !cell->answered && !cell->pending && !cell->lost;
}

static inline bool mda_is_silent(const struct cell *cell)
{
    return !cell->answered && !cell->pending && cell->lost;
}

#endif
