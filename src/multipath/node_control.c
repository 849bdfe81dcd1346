/* SPDX-License-Identifier: BSD-2-Clause */
/* node_control: rule 3 of mda.c: which flows probe the TTL of groups with too few flows. A probe that reaches none
 * of these groups is wasted, and each round takes a round trip. So it estimates the yield of each flow. A flow with
 * a known earlier group reaches a group as often as others from there did, any other flow as often as all did. If
 * far more flows than expected missed a group, its previous hop may have lost the link: flows that did reach it
 * probe again. */
#include <stdlib.h>

#include "multipath/mda_plan.h"

/* Flows that a group probably still lacks, below which it waits for those in flight. */
#define HARDLY_ANY 0.5
/* Factor by which we overestimate the yield of flows in flight. A larger factor wastes fewer probes and takes more
 * rounds. */
#define OPTIMISM 3

/* Flows assumed for each group beside those seen, before its share counts as different. */
#define ALIKE 10

/* Flows for each group of a TTL after which one more flow of a group in need probes again; also at twice, four times
 * as many, and so on. */
#define FLOWS_PER_GROUP 16

/* Flows get from a group before to a group so often. */
struct way {
    unsigned before; /* 1 + the group before */
    unsigned group;
    double chance;
};

/* One TTL. Place of a flow before: 0: not known, else 1 + the group. */
struct filling {
    struct plan *plan;
    unsigned ttl;
    unsigned first, end;               /* of its groups */
    unsigned first_before, end_before; /* of those before */
    unsigned passed;                   /* flows in its groups */
    bool waits;                        /* groups before lack flows: flows found for them may probe here */
    double *lacking;                   /* by group: flows that it is expected to lack */
    unsigned *spare;  /* by place before: flows that may probe here; all flows that sent nothing are one more entry */
    unsigned *coming; /* by place before: flows in flight that were not lost before */
    struct way *ways; /* by group before */
    unsigned way_count;
    unsigned *first_from; /* by group before: the first of these; one more entry ends the last */
    struct way *ways_to;  /* the same by group, then by group before */
    unsigned *first_to;   /* by group: the first of these; one more entry ends the last */
    unsigned *of_point;   /* by point: 1 + its group at this TTL; 0: none */
};

/* --- estimates --- */

/* If `met` of `all` flows got to one of `count` groups: its likely share, as most groups have similar shares. */
static double share_of(double met, double all, unsigned count)
{
    return (met + ALIKE) / (all + ALIKE * count);
}

static void add_way(struct filling *f, unsigned before, unsigned group, double chance)
{
    f->ways[f->way_count++] = (struct way){.before = before + 1, .group = group, .chance = chance};
}

/* Adds the ways from the group `before`. Its child groups begin at `child`. Returns where they end. */
static unsigned list_ways_from(struct filling *f, unsigned before, unsigned child)
{
    const struct survey *survey = f->plan->survey;
    const struct group *from = &survey->groups[before];
    unsigned silent = from->is_branched ? from->next_silent : 0, count = from->next_count + from->is_branched;
    double all = from->next_answered + silent;
    for (unsigned i = 0; !from->next_is_silent && i < from->next_count; i++) {
        const struct link *link = &survey->links[from->first_link + i];
        if (f->of_point[link->to])
            add_way(f, before, f->of_point[link->to] - 1, share_of(link->answered, all, count));
    }
    for (; child < f->end && survey->groups[child].parent == before; child++)
        if (survey->groups[child].kind == GROUP_SCATTERED || from->next_is_silent)
            add_way(f, before, child, 1);
        else if (survey->groups[child].kind == GROUP_SILENT)
            add_way(f, before, child, share_of(silent, all, count));
    return child;
}

static void sort_ways_by_group(struct filling *f)
{
    for (unsigned i = f->first; i <= f->end + 1; i++)
        f->first_to[i] = 0;
    for (unsigned i = 0; i < f->way_count; i++)
        f->first_to[f->ways[i].group + 2]++;
    for (unsigned i = f->first + 1; i <= f->end + 1; i++)
        f->first_to[i] += f->first_to[i - 1];
    /* Here the entry behind a group is the place of its next way; at last it is the end of the group. */
    for (unsigned i = 0; i < f->way_count; i++)
        f->ways_to[f->first_to[f->ways[i].group + 1]++] = f->ways[i];
}

static void list_ways(struct filling *f)
{
    const struct survey *survey = f->plan->survey;
    unsigned child = f->first;
    f->way_count = 0;
    for (unsigned i = f->first; i < f->end; i++)
        if (survey->groups[i].kind == GROUP_POINT)
            f->of_point[survey->groups[i].point] = i + 1;
    for (unsigned before = f->first_before; before < f->end_before; before++) {
        f->first_from[before] = f->way_count;
        child = list_ways_from(f, before, child);
    }
    f->first_from[f->end_before] = f->way_count;
    for (unsigned i = f->first; i < f->end; i++)
        if (survey->groups[i].kind == GROUP_POINT)
            f->of_point[survey->groups[i].point] = 0;
    sort_ways_by_group(f);
    mda_work(f->plan, f->way_count + (f->end - f->first_before));
}

/* The chance of a flow whose place before is not known. */
static double chance_of_any(const struct filling *f, unsigned index)
{
    return share_of(f->plan->survey->groups[index].flows, f->passed, f->end - f->first);
}

static void expect_at(struct filling *f, unsigned index, double flows)
{
    if (f->lacking[index] > 0)
        f->lacking[index] -= flows;
}

/* So many flows from there probe it, or will once they are found. */
static void expect(struct filling *f, unsigned before, double flows)
{
    if (flows <= 0)
        return;
    for (unsigned i = f->first; !before && i < f->end; i++)
        expect_at(f, i, flows * chance_of_any(f, i));
    for (unsigned i = before ? f->first_from[before - 1] : 0; before && i < f->first_from[before]; i++)
        expect_at(f, f->ways[i].group, flows * f->ways[i].chance);
    mda_work(f->plan, before ? f->first_from[before] - f->first_from[before - 1] : f->end - f->first);
}

/* A lost flow: if a router has no token left, it more likely belongs to a group that lacks flows. */
static void expect_lost(struct filling *f)
{
    unsigned lacking = 0;
    for (unsigned i = f->first; i < f->end; i++)
        lacking += f->lacking[i] > 0;
    for (unsigned i = f->first; i < f->end; i++)
        if (f->lacking[i] > 0)
            f->lacking[i] -= 1.0 / lacking;
    mda_work(f->plan, 2 * (f->end - f->first));
}

static bool may_get_there(const struct filling *f, unsigned flow)
{
    const struct cell *cell = mda_cell(f->plan, f->ttl, flow);
    unsigned end = mda_end(f->plan, flow);
    return !cell->group && mda_is_unasked(cell) && !mda_is_held_back(f->plan, flow, f->ttl) &&
           (!end || end >= f->ttl) && !f->plan->is_wanted[(size_t)f->ttl * f->plan->flows + flow];
}

static unsigned before_of(const struct filling *f, unsigned flow)
{
    return mda_cell(f->plan, f->ttl - 1, flow)->group;
}

/* What is in flight, and which flows could probe besides. */
static void look_at_flows(struct filling *f)
{
    const struct plan *plan = f->plan;
    for (unsigned flow = 0; flow < plan->flows; flow++) {
        const struct cell *cell = mda_cell(plan, f->ttl, flow);
        if (!cell->group && (cell->pending || plan->is_wanted[(size_t)f->ttl * plan->flows + flow])) {
            f->coming[before_of(f, flow)] += !cell->lost;
            if (cell->lost)
                expect_lost(f);
        } else if (may_get_there(f, flow)) {
            f->spare[before_of(f, flow)]++;
        }
    }
    mda_work(plan, plan->flows);
    expect(f, 0, f->coming[0] * OPTIMISM);
    f->waits = false;
    for (unsigned i = f->first_before; i < f->end_before; i++) {
        f->waits = f->waits || plan->missing[i];
        expect(f, i + 1, (f->coming[i + 1] + plan->missing[i]) * OPTIMISM);
    }
    f->spare[0] = f->waits ? 0 : f->spare[0];
}

/* --- asking --- */

/* The group before whose flows most likely get to the group; *chance 0: it has none. */
static unsigned best_before(const struct filling *f, unsigned index, double *chance)
{
    unsigned best = 0;
    *chance = f->spare[0] ? chance_of_any(f, index) : 0;
    for (unsigned i = f->first_to[index]; i < f->first_to[index + 1]; i++) {
        const struct way *way = &f->ways_to[i];
        if (!f->spare[way->before] || (best && way->chance <= *chance))
            continue;
        best = way->before;
        *chance = way->chance;
    }
    return best;
}

/* Flows that the group is likely to get. */
static double cost_of(const struct filling *f, unsigned index)
{
    double chance, lacking = f->lacking[index];
    unsigned before = lacking < HARDLY_ANY ? 0 : best_before(f, index, &chance);
    if (lacking < HARDLY_ANY)
        return 0;
    if (chance <= 0)
        return lacking; /* wasted */
    if (!before || !f->spare[0] || lacking <= f->spare[before] * chance)
        return lacking / chance;
    return f->spare[before] + (lacking - f->spare[before] * chance) / chance_of_any(f, index);
}

/* The group with the largest need: flows for it also serve others. */
static unsigned worst_off(const struct filling *f)
{
    unsigned worst = f->first;
    double most = 0;
    for (unsigned i = f->first; i < f->end; i++) {
        double cost = cost_of(f, i);
        worst = cost > most ? i : worst;
        most = cost > most ? cost : most;
    }
    mda_work(f->plan, f->end - f->first + f->way_count);
    return worst;
}

static bool any_lacks(const struct filling *f)
{
    for (unsigned i = f->first; i < f->end; i++)
        if (f->lacking[i] >= HARDLY_ANY)
            return true;
    return false;
}

static void ask_from(struct filling *f, unsigned before, unsigned count)
{
    mda_work(f->plan, f->plan->flows);
    f->spare[before] -= count;
    for (unsigned flow = 0; count && flow < f->plan->flows; flow++)
        if (before_of(f, flow) == before && may_get_there(f, flow))
            count -= mda_want(f->plan, flow, f->ttl, false);
}

static void retry_lost(struct filling *f)
{
    for (unsigned flow = 0; flow < f->plan->survey->flow_count; flow++) {
        const struct cell *cell = mda_cell(f->plan, f->ttl, flow);
        if (cell->group || !mda_is_silent(cell) || cell->rested >= RESTED_AT_MOST || cell->lost >= LOST_AT_MOST * 2)
            continue;
        if (!any_lacks(f))
            return;
        if (mda_want(f->plan, flow, f->ttl, true))
            expect_lost(f);
    }
}

/* Flows of the group, the first one first, that confirm that they still get there. */
static void ask_whether_it_stands(const struct filling *f, unsigned index)
{
    const struct plan *plan = f->plan;
    unsigned wanted = 0, first = SURVEY_NONE;
    for (unsigned flows = FLOWS_PER_GROUP * (f->end - f->first); flows * 2 <= f->passed; flows *= 2)
        wanted++;
    struct flows members = mda_members(plan, index);
    for (unsigned i = 0; i < members.count && wanted; i++) {
        unsigned flow = members.list[i];
        const struct cell *cell = mda_cell(plan, f->ttl, flow);
        if (!cell->answered)
            continue;
        unsigned again = cell->answered - 1U + (cell->pending > 0);
        wanted -= again < wanted ? again : wanted;
        first = first == SURVEY_NONE && !cell->pending ? flow : first;
    }
    if (wanted && first != SURVEY_NONE)
        mda_want(f->plan, first, f->ttl, false);
}

/* Flows that are needed in any case all probe. */
static void ask_for(struct filling *f, unsigned index, unsigned before, double chance)
{
    double flows = f->lacking[index] / chance;
    bool are_all = before && flows >= f->spare[before];
    flows = are_all ? f->spare[before] : flows / OPTIMISM;
    unsigned count = flows < 1 ? 1 : flows < f->spare[before] ? (unsigned)flows : f->spare[before];
    ask_from(f, before, count);
    expect(f, before, are_all ? count : count * OPTIMISM);
}

static void fill_all(struct filling *f)
{
    for (unsigned worst = worst_off(f); f->lacking[worst] >= HARDLY_ANY; worst = worst_off(f)) {
        double chance;
        unsigned before = best_before(f, worst, &chance);
        if (chance > 0) {
            ask_for(f, worst, before, chance);
            continue;
        }
        f->plan->wants->short_of_flows = f->plan->wants->short_of_flows || !f->waits;
        f->lacking[worst] = 0;
    }
}

/* The groups at the TTL; false: none lacks flows. */
static bool begin(struct filling *f)
{
    const struct survey *survey = f->plan->survey;
    bool any = false;
    f->first_before = f->end;
    while (f->first_before && survey->groups[f->first_before - 1].ttl + 1U == f->ttl)
        f->first_before--;
    f->end_before = f->first = f->end;
    f->passed = 0;
    for (f->end = f->first; f->end < survey->group_count && survey->groups[f->end].ttl == f->ttl; f->end++) {
        f->lacking[f->end] = f->plan->missing[f->end];
        f->passed += survey->groups[f->end].flows;
        any = any || f->plan->missing[f->end];
    }
    f->spare[0] = f->coming[0] = 0;
    return any;
}

static void fill_ttls(struct filling *f)
{
    struct plan *plan = f->plan;
    while (f->end < plan->survey->group_count) {
        f->ttl = plan->survey->groups[f->end].ttl;
        if (!begin(f) || f->ttl < plan->limits->first_ttl || f->ttl >= plan->survey->farthest)
            continue;
        list_ways(f);
        for (unsigned i = f->first; i < f->end; i++)
            if (f->lacking[i] > 0 && plan->survey->groups[i].kind == GROUP_POINT)
                ask_whether_it_stands(f, i);
        look_at_flows(f);
        retry_lost(f);
        fill_all(f);
    }
}

/* --- where they are looked for --- */

/* Whether all groups before have met no other group. Once that is certain, the group has all flows (flow_groups.c). */
static bool is_behind_all(const struct plan *plan, const struct group *group)
{
    return plan->ttls[group->ttl].groups == 1 && !(group->ttl && plan->ttls[group->ttl - 1].forks);
}

/* If a group has a single next hop, every flow that passes the group gets there, so flows are looked for at the
 * group itself. The source has all flows; they only wait until its single next hop is certain. */
static void look_further_up(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    for (unsigned i = survey->group_count; i-- > 1;) {
        const struct group *group = &survey->groups[i];
        if (!plan->missing[i])
            continue;
        if (is_behind_all(plan, group)) {
            plan->missing[i] = 0;
            continue;
        }
        bool sole = group->parent != SURVEY_NONE && survey->groups[group->parent].next_count <= 1 &&
                    (group->kind != GROUP_POINT || survey->points[group->point].links == 1);
        if (!sole)
            continue;
        const struct group *parent = &survey->groups[group->parent];
        unsigned to_come = parent->flows > group->flows ? parent->flows - group->flows : 0;
        unsigned missing = plan->missing[i] > to_come ? plan->missing[i] - to_come : 0;
        if (missing > plan->missing[group->parent])
            plan->missing[group->parent] = missing;
        plan->missing[i] = 0;
    }
}

void mda_fill_groups(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    size_t groups = (size_t)survey->group_count + 3, ways = (size_t)survey->link_count + groups;
    struct filling f = {.plan = plan,
                        .lacking = calloc(groups, sizeof *f.lacking),
                        .spare = calloc(groups, sizeof *f.spare),
                        .coming = calloc(groups, sizeof *f.coming),
                        .ways = calloc(ways, sizeof *f.ways),
                        .first_from = calloc(groups, sizeof *f.first_from),
                        .ways_to = calloc(ways, sizeof *f.ways_to),
                        .first_to = calloc(groups, sizeof *f.first_to),
                        .of_point = calloc((size_t)survey->point_count + 1, sizeof *f.of_point)};
    look_further_up(plan);
    if (f.lacking && f.spare && f.coming && f.ways && f.first_from && f.ways_to && f.first_to && f.of_point)
        fill_ttls(&f);
    else
        plan->wants->short_of_flows = true;
    free(f.lacking);
    free(f.spare);
    free(f.coming);
    free(f.ways);
    free(f.first_from);
    free(f.ways_to);
    free(f.first_to);
    free(f.of_point);
}
