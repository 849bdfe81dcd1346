/* SPDX-License-Identifier: BSD-2-Clause */
/* mda_plan: shared by the files that plan the search for all paths. Floor 4; internal to mda.c and node_control.c. */
#ifndef HOPSONDE_MULTIPATH_MDA_PLAN_H
#define HOPSONDE_MULTIPATH_MDA_PLAN_H

#include "multipath/mda.h"

#define RESTED_AT_MOST 3 /* rested probes of a flow */
#define LOST_AT_MOST 6   /* lost probes of a flow in all */

/* What the survey's groups have in common at each TTL. */
struct plan_ttl {
    unsigned groups, seen; /* groups; flows seen in them */
    unsigned points;       /* points of any kind */
    bool forks;            /* a group has several next hops */
    bool takes_last;       /* the flow held back probes this TTL last */
};

struct plan {
    const struct survey *survey;
    const struct mda_limits *limits;
    struct mda_wants *wants;
    uint8_t *is_wanted; /* by TTL and flow, fresh flows included */
    unsigned flows;     /* columns: the survey's flows and as many fresh ones as exist */
    unsigned *missing;  /* by group: flows that rule 2 did not find in it */
    struct plan_ttl ttls[UINT8_MAX + 3];
    unsigned *members;      /* flows of the survey, by group, then flow */
    unsigned *first_member; /* by group, of these; one more entry ends the last */
};

/* All flows that sent nothing share one cell. */
const struct cell *mda_cell(const struct plan *plan, unsigned ttl, unsigned flow);
/* The TTL at which the flow ends; 0: not known. */
unsigned mda_end(const struct plan *plan, unsigned flow);
/* False: it is wanted already, or cannot be sent. */
bool mda_want(struct plan *plan, unsigned flow, unsigned ttl, bool rested);

/* The flows of a group, of those that sent anything. */
struct flows {
    const unsigned *list;
    unsigned count;
};
struct flows mda_members(const struct plan *plan, unsigned group);

/* Whether rule 8 probes that TTL. */
bool mda_is_held_back(const struct plan *plan, unsigned flow, unsigned ttl);

/* Adds to wants.steps: how much work the plan was. */
static inline void mda_work(const struct plan *plan, uint64_t steps)
{
    plan->wants->steps += steps;
}

/* node_control.c: rule 3. */
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
