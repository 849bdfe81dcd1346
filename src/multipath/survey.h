/* SPDX-License-Identifier: BSD-2-Clause */
/* survey: what each flow met at each TTL, and which flows cannot be told apart there. Floor 3; pure; internal to
 * session/, for those who ask on (explore.c) and those who draw what was found (graph.c).
 *
 * A cell is one flow at one TTL, a point an address that answered at a TTL. A group is a set of flows that are at one
 * place for all that is known: at one point; in the silence behind one group; or scattered over the points behind a
 * router that sends the packets of one flow several ways. Its flows were seen there, or it is inferred: where enough
 * flows through a group have met a single next hop, all of them go there (the node control of Augustin, Friedman,
 * Teixeira 2007). */
#ifndef HOPSONDE_MULTIPATH_SURVEY_H
#define HOPSONDE_MULTIPATH_SURVEY_H

#include "trace/trace.h"

#define SURVEY_FLOWS_MOST 16384  /* seen at two TTLs or more; what another tool's capture has beyond links nothing */
#define SURVEY_POINTS_MOST 16384 /* the same, of all its answers */
#define SURVEY_NONE (~0U)
/* MDA-Lite: flows of each node, so that crossing ways show. */
#define SURVEY_LITE_LEAST 2
/* A flow that goes where one next hop alone is known is kept for the end of the search: what it meets there shows
 * whether routes are still the same, and counts beside the others. */
#define SURVEY_HELD_BACK 1
#define SURVEY_HELD_MOST 6 /* of its probes that may be lost at a TTL; then others are asked in its place */

enum point_kind { POINT_ROUTER, POINT_REFUSAL, POINT_TARGET };

struct point {
    struct addr address;
    enum point_kind kind;
    uint8_t ttl; /* of the target, and of who refuses: the least */
    uint8_t file;
    uint64_t frame;  /* of its first answer; 0: none is kept */
    nstime best_rtt; /* NSTIME_NEVER: not known */
    unsigned flows;  /* that it answered */
    unsigned links;  /* to it */
};

struct cell {
    uint16_t point;                  /* 1 + index of the last that answered; 0: none has */
    uint16_t first;                  /* the same of the first */
    uint16_t group;                  /* 1 + index; 0: not known */
    uint8_t pending, lost, answered; /* probes; 255 is many */
    uint8_t rested;                  /* of the lost: sent when nobody had asked at that TTL for RATE_LIMIT_REFILL */
    uint8_t run;                     /* answers in a row from `point` */
    bool varied;                     /* more than one point answered the flow */
    bool returned; /* one that another had replaced came back: packet by packet, whatever the routes do */
};

enum group_kind { GROUP_SOURCE, GROUP_POINT, GROUP_SILENT, GROUP_SCATTERED };

struct group {
    enum group_kind kind;
    uint8_t ttl;
    unsigned point;       /* GROUP_POINT */
    unsigned parent;      /* the group before: of GROUP_POINT the first that was found */
    unsigned flows, seen; /* in it; of these not inferred */
    /* What became of its flows at the next TTL: */
    unsigned next_answered, next_pending, next_silent; /* flows */
    unsigned next_lost, next_rested;                   /* probes that were silent, and of these rested */
    unsigned next_repeated;                            /* answers beyond a flow's first */
    unsigned first_link, next_count;                   /* of survey->links: its next hops */
    unsigned known, met; /* how many next hops its flows, or those of its TTL, may meet for all that is known, and how
                            many did meet one of them */
    bool is_lite;        /* judged with all of its TTL, as MDA-Lite does: see groups.c */
    bool is_judged;      /* for it, or for all of its TTL, `known` and `met` are to be looked at */
    bool next_is_silent; /* nobody there answers any of its flows */
    bool is_branched;    /* beside those that answer somebody does not */
    bool per_packet;     /* it sends the packets of one flow several ways */
    bool takes_last;     /* SURVEY_HELD_BACK goes through it, and is asked last at the next TTL */
    bool awaits_last;    /* it was not answered there yet, and counts as if it had been */
    bool is_settled;     /* so many flows have met its next hops that it has no other */
};

/* A group and a point behind it that answered some of its flows. */
struct link {
    unsigned from, to; /* group, point */
    unsigned flows;    /* seen at both ends */
    unsigned answered; /* of the group's flows, inferred ones, too */
};

struct survey {
    unsigned flow_count, loose_flows;
    uint8_t first_ttl, last_ttl; /* of what was asked; first above last: nothing was */
    uint8_t farthest;            /* TTL that anything was answered at; 0: none */
    uint64_t probes;
    bool answers[UINT8_MAX + 1];    /* by TTL: somebody there answers some flow */
    unsigned rested[UINT8_MAX + 1]; /* probes that were lost there: sent when nobody had asked for RATE_LIMIT_REFILL */
    struct cell *cells;   /* of (last_ttl - first_ttl + 2) TTLs from first_ttl - 1; of each flow_count, and of one
                             flow more that was not asked at all: all such are where this one is inferred to be */
    uint8_t *ends;        /* by flow: the TTL at which the target answered it, or it was refused; 0: not known */
    struct point *points; /* routers, by TTL, then address; who refuses; the target */
    unsigned point_count;
    struct group *groups; /* by TTL; the source first */
    unsigned group_count;
    struct link *links; /* by group, then point */
    unsigned link_count;
    size_t group_capacity, link_capacity;
    double share; /* of what may be missed, in equal parts for all nodes */
    double miss;  /* what each node may miss: its share, or more where all together miss less than they may */
    bool lite;    /* see groups.c */
    bool goes_on; /* more is to be asked, by the rules of mda.c */
    nstime since; /* probes sent before do not count: routes were others then */
    unsigned changes;
    bool unclear; /* a flow met two routers, and whether a route changed or packets take turns is not known yet */
};

/* How a survey is to be taken. */
struct survey_terms {
    double confidence; /* how sure the whole is to be, 0.5 to below 1 */
    bool lite;         /* by MDA-Lite, where it may be */
    bool goes_on;      /* while it is asked: the flow held back counts for what it will have met */
    nstime since;      /* NSTIME_NONE, or what an earlier survey of the same traces found */
};

/* False: memory is short. Free it in any case. */
bool survey_build(const struct trace *const *traces, unsigned count, const struct survey_terms *terms,
                  struct survey *out);
void survey_free(struct survey *survey);

static inline struct cell *survey_cell(const struct survey *survey, unsigned ttl, unsigned flow)
{
    return &survey->cells[(size_t)(ttl + 1 - survey->first_ttl) * (survey->flow_count + 1) + flow];
}

/* The group of a flow at a TTL; NULL: not known, or it has ended before. */
static inline struct group *survey_group(const struct survey *survey, unsigned ttl, unsigned flow)
{
    unsigned group = survey_cell(survey, ttl, flow)->group;
    return group ? &survey->groups[group - 1] : NULL;
}

/* Answers that a repeated flow must draw from one router before it is believed to be the only one, among `count` next
 * hops, that it may meet: survey->share again. */
unsigned survey_repeats(const struct survey *survey, unsigned count);

/* Internal to survey.c and groups.c: finds groups and links out of cells and points. */
bool survey_find_groups(struct survey *survey);
/* Forgets them, for another search. */
void survey_forget_groups(struct survey *survey);

/* missed.c. Whether there is anything to be met behind the group. */
bool survey_has_next(const struct survey *survey, const struct group *group);
/* The chance that a next hop of the group was missed, and of any. */
double survey_missed_behind(const struct survey *survey, const struct group *group);
double survey_missed(const struct survey *survey);
/* Where all together miss no more than `miss` already, each has had flows enough, however they are spread: settles the
 * groups so. False: memory is short. */
bool survey_share_out(struct survey *survey, double miss);

#endif
