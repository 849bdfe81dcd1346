/* SPDX-License-Identifier: BSD-2-Clause */
/* survey: what each flow met at each TTL, and which flows cannot be told apart there. Floor 4; pure.
 *
 * A cell is one flow at one TTL. A point is an address that answered at a TTL. A group is a set of flows that are at
 * one place as far as known: at one point; in the silence behind one group; or scattered over the points behind a
 * router that balances packet by packet. Its flows were seen there, or they are inferred: if enough flows of a group
 * have met a single next hop, all of them go there (node control: Augustin, Friedman, Teixeira 2007). mda.h plans
 * from it, graph.h draws it. */
#ifndef HOPSONDE_MULTIPATH_SURVEY_H
#define HOPSONDE_MULTIPATH_SURVEY_H

#include "trace/trace.h"

struct stopping_table;

#define SURVEY_FLOWS_MOST                                                                                              \
    16384 /* flows seen at two TTLs or more; further flows of another tool's capture link nothing */
#define SURVEY_POINTS_MOST 16384 /* points, of all replies; further ones link nothing */
#define SURVEY_NONE (~0U)
/* Next hops of one router that the search tells apart. A router with more is boundless: its flows count as scattered,
 * as behind a router that balances packet by packet, and no flow looks for a further one.
 * Unit: next hops. Source: the widest balancers of the Internet have 96 (Vermeulen et al., IMC 2018). Effect: a smaller
 * number gives up on real balancers; a larger one gives more time to a router that signs with made-up addresses. */
#define SURVEY_NEXT_MOST 128
/* Routers at one TTL that the search tells apart. Of a wider TTL, every router before it with two next hops or more is
 * boundless.
 * Unit: addresses. Source: several balancers of that width side by side. Effect: as above, for routers that each stay
 * below that number. */
#define SURVEY_WIDTH_MOST 512
/* Replies in a row from another router that show a route change: if packets alternated between two routers, the
 * first one would have answered with probability 0.999. */
#define SURVEY_CHANGED_FOR_GOOD 10
/* MDA-Lite: flows of each node, so that crossing paths show. */
#define SURVEY_LITE_LEAST 2
/* One flow that passes a single known next hop is held back to the end of the search. Its reply shows whether the
 * routes are still the same, and counts like the others. */
#define SURVEY_HELD_BACK 1
#define SURVEY_HELD_MOST 6 /* of its probes that may be lost at a TTL; then other flows take its place */

enum point_kind { POINT_ROUTER, POINT_REFUSAL, POINT_TARGET };

struct point {
    struct addr address;
    enum point_kind kind;
    uint8_t ttl; /* of the target and of a refusing device: the smallest */
    uint8_t file;
    uint64_t frame;  /* frame number of its first reply; 0: no capture is kept */
    nstime best_rtt; /* NSTIME_NEVER: not known */
    unsigned flows;  /* flows that it answered */
    unsigned links;  /* links to it */
};

struct cell {
    uint16_t point;                  /* 1 + index of the last point that answered; 0: none */
    uint16_t first;                  /* the same of the first */
    uint16_t group;                  /* 1 + index; 0: not known */
    uint8_t pending, lost, answered; /* probes; 255 means 255 or more */
    uint8_t rested;                  /* lost probes before which the TTL had no probe for RATE_LIMIT_REFILL */
    uint8_t run;                     /* replies in a row from `point` */
    bool varied;                     /* several points answered the flow */
    bool returned; /* a point that another had replaced answered again: packet by packet, not a route change */
};

enum group_kind { GROUP_SOURCE, GROUP_POINT, GROUP_SILENT, GROUP_SCATTERED };

struct group {
    enum group_kind kind;
    uint8_t ttl;
    unsigned point;       /* GROUP_POINT */
    unsigned parent;      /* the group before; of GROUP_POINT: the first one found */
    unsigned origin;      /* where its flows were last seen: the group before the silence; itself, if it is none */
    unsigned flows, seen; /* in it; of these, not inferred */
    /* Its flows at the next TTL: */
    unsigned next_answered, next_pending, next_silent; /* flows */
    unsigned next_lost, next_rested;                   /* lost probes, and rested ones of these */
    unsigned next_repeated;                            /* replies beyond a flow's first */
    unsigned first_link, next_count;                   /* of survey->links: its next hops */
    unsigned known, met; /* next hops that its flows, or those of its TTL, may meet as far as known; and flows that met
                            one of them */
    bool is_lite;        /* judged with all of its TTL, as MDA-Lite does: flow_groups.c */
    bool is_judged;      /* `known` and `met` apply to it, or to all of its TTL */
    bool next_is_silent; /* no node there answers any of its flows */
    bool is_branched;    /* some flows are silent beside answered ones */
    bool per_packet;     /* it balances packet by packet */
    bool is_boundless;   /* it has more next hops than the search tells apart */
    bool takes_last;     /* the flow held back goes through it, and probes the next TTL last */
    bool awaits_last;    /* that flow has no reply yet, and counts as if it had */
    bool is_settled;     /* enough flows have met its next hops: it has no other */
};

/* A group, and a point behind it that answered some of its flows. */
struct link {
    unsigned from, to; /* group, point */
    unsigned flows;    /* flows seen at both ends */
    unsigned answered; /* of the group's flows, inferred ones included */
};

struct survey {
    unsigned flow_count, loose_flows;
    uint8_t first_ttl, last_ttl; /* of the TTLs probed; first above last: none */
    uint8_t answered_ttl;        /* largest TTL with a reply; 0: none */
    uint8_t farthest; /* the same without reply_is_unresolved(): its sender is known, and has no next hop to look for */
    uint64_t probes;
    bool answers[UINT8_MAX + 1];    /* by TTL: a node there answers some flow */
    unsigned width[UINT8_MAX + 1];  /* by TTL: routers that answered there */
    unsigned rested[UINT8_MAX + 1]; /* rested probes that were lost there: RATE_LIMIT_REFILL without a probe before */
    struct cell *cells; /* of (last_ttl - first_ttl + 2) TTLs from first_ttl - 1; flow_count + 1 each. The last one is a
                           flow that sent nothing: it shows where every such flow is inferred to be */
    uint8_t *ends;      /* by flow: the TTL at which the target answered or a device refused it; 0: not known */
    struct point *points; /* routers by TTL, then address; refusing devices; the target */
    unsigned point_count;
    struct group *groups; /* by TTL; the source first */
    unsigned group_count;
    struct link *links; /* by group, then point */
    unsigned link_count;
    size_t group_capacity, link_capacity;
    double share;                    /* what each node may miss, in equal parts */
    double miss;                     /* the same, or more if all together miss less than they may */
    bool lite;                       /* MDA-Lite: flow_groups.c */
    bool goes_on;                    /* the rules of mda.c want further probes */
    struct stopping_table *stopping; /* borrowed; NULL: none */
    nstime since;                    /* earlier probes do not count: routes were different then */
    unsigned changes;
    bool unclear; /* a flow met two routers, and may alternate or have changed its route */
};

/* How to take a survey. */
struct survey_terms {
    double confidence;               /* required confidence for the whole graph, 0.5 to below 1 */
    bool lite;                       /* MDA-Lite where its assumptions hold */
    bool goes_on;                    /* the search goes on: the flow held back counts as answered */
    nstime since;                    /* NSTIME_NONE, or what an earlier survey of the same traces returned */
    struct stopping_table *stopping; /* borrowed: stopping_rule.h; NULL only costs time */
};

/* False: memory is short. Free the survey in any case. */
bool survey_build(const struct trace *const *traces, unsigned count, const struct survey_terms *terms,
                  struct survey *out);
void survey_free(struct survey *survey);

static inline struct cell *survey_cell(const struct survey *survey, unsigned ttl, unsigned flow)
{
    return &survey->cells[(size_t)(ttl + 1 - survey->first_ttl) * (survey->flow_count + 1) + flow];
}

/* The group of a flow at a TTL; NULL: not known, or the flow has ended before. */
static inline struct group *survey_group(const struct survey *survey, unsigned ttl, unsigned flow)
{
    unsigned group = survey_cell(survey, ttl, flow)->group;
    return group ? &survey->groups[group - 1] : NULL;
}

/* Replies from one router that a repeated flow must draw before it counts as the flow's only one among `count` next
 * hops; its miss probability is survey->share. */
unsigned survey_repeats(const struct survey *survey, unsigned count);

/* Internal to survey.c and flow_groups.c: finds groups and links from cells and points. */
bool survey_find_groups(struct survey *survey);
/* Forgets them, for another search. */
void survey_forget_groups(struct survey *survey);

/* confidence.c. Whether the group may have a next hop. */
bool survey_has_next(const struct survey *survey, const struct group *group);
/* The probability that a next hop of the group, or of any group, was missed. */
double survey_missed_behind(const struct survey *survey, const struct group *group);
double survey_missed(const struct survey *survey);
/* If all groups together miss no more than `miss`, however the flows spread, each has enough flows: settles the
 * groups accordingly. False: memory is short. */
bool survey_share_out(struct survey *survey, double miss);

#endif
