/* SPDX-License-Identifier: BSD-2-Clause */
/* mda: the rules of the search.
 *   1. As many flows as show a single next hop, less the one of rule 8, climb all TTLs side by side. The first of
 *      them goes ahead to find the end.
 *   2. Through each group of flows (survey.h) so many flows probe the next TTL that one more next hop would have
 *      been met (stopping_rule.h). Flows known to be in the group go first. If MDA-Lite applies (flow_groups.c), the
 *      flows of a TTL count together, with at least two of each group.
 *   3. If a group has too few flows, more flows probe its own TTL, to find those that get there: flows of a group
 *      before it, or any (node_control.c). If all groups together meet the required confidence, none has too few
 *      (confidence.c).
 *   4. A lost probe is sent again at once, in case of mere loss. If its TTL answers other flows, it is sent again
 *      when the routers there had time for a new token. If every probe of a TTL was lost, the TTL is silent, and one
 *      probe after such a time confirms it.
 *   5. A next hop met only by flows whose place was inferred becomes an edge once one flow was seen at both ends. A
 *      router met by flows of unknown origin has a previous hop: one of these flows probes the TTL before.
 *   6. If there are several next hops, flows probe them again: the balancer may work packet by packet.
 *   7. Through each router of a TTL with up to NARROW groups, at least one flow is followed from end to end, so that
 *      a path shows the router.
 *   8. At last each TTL gets one more probe, which would show a route change. If one next hop is known, it is the
 *      last of the flows that rule 2 takes, held back for this. Elsewhere it is the first flow, which is one of
 *      those of rule 6.
 *   9. The first flow may follow a path that ends early, at a filter or without a route. So if nothing else is
 *      wanted and the target was not met, a flow of each other group at the last TTL goes ahead as well. One of the
 *      flows that are silent there does the same. */
#include "multipath/mda.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/minmax.h"
#include "multipath/mda_plan.h"
#include "multipath/stopping_rule.h"

#define AHEAD 8           /* TTLs that the first flow climbs before the first replies */
#define LEAD 4            /* TTLs that it stays ahead of the last reply, until it meets silence */
#define LOST_IN_SILENCE 3 /* probes of a flow at a silent TTL */
#define LOST_QUICKLY 2    /* probes of a flow at an answering TTL; then RESTED_AT_MOST more */
#define SILENCES_RESTED                                                                                                \
    2 /* probes at a TTL that is silent to all: the first one, and one that found a new token if there was any */
#define SILENT_TESTED 3   /* silent flows of a complete group that probe again, to confirm the silence */
#define NARROW 4          /* groups at a TTL, up to which each gets a path of its own */
#define STEPS_OF_PROBE 32 /* steps that the survey takes for each probe, which it sorts three times */
#define REPEATS_BESIDE 2  /* repeats at a group beside one that was probed again for all */

const struct cell *mda_cell(const struct plan *plan, unsigned ttl, unsigned flow)
{
    static const struct cell unasked;
    if (ttl + 1 < plan->survey->first_ttl || ttl > plan->survey->last_ttl)
        return &unasked;
    return survey_cell(plan->survey, ttl, uint_min(flow, plan->survey->flow_count));
}

unsigned mda_end(const struct plan *plan, unsigned flow)
{
    return flow < plan->survey->flow_count ? plan->survey->ends[flow] : 0;
}

bool mda_want(struct plan *plan, unsigned flow, unsigned ttl, bool rested)
{
    struct mda_wants *wants = plan->wants;
    if (ttl < plan->limits->first_ttl || ttl > plan->limits->max_ttl)
        return false;
    uint8_t *is_wanted = &plan->is_wanted[(size_t)ttl * plan->flows + flow];
    if (*is_wanted)
        return false;
    void *array = wants->list;
    if (!array_reserve(&array, &wants->capacity, wants->count + 1, sizeof *wants->list)) {
        wants->short_of_flows = true;
        return false;
    }
    wants->list = array;
    *is_wanted = true;
    wants->list[wants->count++] = (struct mda_want){.flow = (uint16_t)flow, .ttl = (uint8_t)ttl, .rested = rested};
    return true;
}

bool mda_is_held_back(const struct plan *plan, unsigned flow, unsigned ttl)
{
    return flow == SURVEY_HELD_BACK && plan->ttls[ttl].takes_last;
}

struct flows mda_members(const struct plan *plan, unsigned group)
{
    unsigned first = plan->first_member[group], count = plan->first_member[group + 1] - first;
    mda_work(plan, count + 1);
    return (struct flows){.list = &plan->members[first], .count = count};
}

static bool want(struct plan *plan, unsigned flow, unsigned ttl)
{
    return mda_want(plan, flow, ttl, false);
}

/* Where the first flow ended, if others may end there too; 0: not known. A refusal because of a neighbour without a
 * reply (reply_is_unresolved()) ends one flow: it takes seconds, and so would that of each other flow. */
static unsigned shared_end(const struct plan *plan)
{
    unsigned end = mda_end(plan, 0);
    return end <= plan->survey->farthest ? end : 0;
}

/* --- rule 1 --- */

static unsigned reach_of(const struct plan *plan, unsigned flow)
{
    const struct survey *survey = plan->survey;
    unsigned before = plan->limits->first_ttl - 1U, farthest = uint_max(survey->farthest, before);
    unsigned end = mda_end(plan, flow);
    if (end)
        return end;
    if (flow == 0 && survey->farthest <= before)
        return before + uint_max(AHEAD, plan->limits->gap);
    if (flow == 0)
        return farthest + plan->limits->gap;
    return shared_end(plan) ? shared_end(plan) : farthest;
}

/* No search goes beyond the target. */
static bool is_far_ahead(const struct plan *plan, unsigned ttl)
{
    const struct survey *survey = plan->survey;
    unsigned waiting = 0;
    if (!survey->farthest || mda_end(plan, 0))
        return false;
    for (unsigned before = survey->farthest + 1U; before < ttl; before++)
        waiting += mda_cell(plan, before, 0)->pending || mda_is_unasked(mda_cell(plan, before, 0));
    return waiting >= LEAD;
}

/* Rule 4, for a silent TTL: another run may have spent all tokens. */
static void ask_silence(struct plan *plan, unsigned ttl)
{
    const struct cell *cell = mda_cell(plan, ttl, 0);
    if (mda_is_silent(cell) && !plan->survey->answers[ttl] && plan->survey->rested[ttl] < SILENCES_RESTED)
        mda_want(plan, 0, ttl, true);
}

static void climb(struct plan *plan)
{
    unsigned flows = uint_min(stopping_point(plan->survey->stopping, plan->survey->miss, 1), plan->limits->flows);
    for (unsigned f = 0; f < flows; f++)
        for (unsigned ttl = plan->limits->first_ttl; ttl <= reach_of(plan, f) && !is_far_ahead(plan, ttl); ttl++)
            if (f != SURVEY_HELD_BACK && mda_is_unasked(mda_cell(plan, ttl, f)))
                want(plan, f, ttl);
    for (unsigned ttl = plan->limits->first_ttl; ttl <= reach_of(plan, 0); ttl++)
        ask_silence(plan, ttl);
}

/* --- rules 2, 4 --- */

/* Whether flows that sent nothing are inferred to be in the group. */
static bool has_fresh(const struct plan *plan, unsigned index)
{
    const struct group *group = &plan->survey->groups[index];
    return mda_cell(plan, group->ttl, plan->survey->flow_count)->group == index + 1;
}

/* Flows of the group that probe the next TTL, or will at last, counted as if each were answered. */
static unsigned count_asked(const struct plan *plan, const struct group *group)
{
    bool by_packet = group->per_packet || group->kind == GROUP_SCATTERED;
    unsigned to_come = group->awaits_last && !mda_cell(plan, group->ttl + 1U, SURVEY_HELD_BACK)->pending;
    return group->next_answered + group->next_pending + to_come + (by_packet ? group->next_repeated : 0);
}

/* Its share of what all groups of its TTL need together, or all that it needs alone. */
static unsigned count_needed(const struct plan *plan, const struct group *group)
{
    unsigned needed = stopping_point(plan->survey->stopping, plan->survey->miss, uint_max(1, group->known));
    unsigned all = plan->ttls[group->ttl].seen;
    if (!group->is_lite)
        return needed;
    return uint_max(SURVEY_LITE_LEAST, (needed * group->seen + all - 1) / uint_max(1, all));
}

/* What rule 2 has found at the next TTL of a group. */
struct progress {
    unsigned needed, asked; /* flows */
    unsigned tested;        /* silent flows that probe again when rested */
    bool has_answers;
};

/* Rule 4. */
static bool ask_lost_again(struct plan *plan, unsigned flow, unsigned ttl, struct progress *progress)
{
    const struct cell *cell = mda_cell(plan, ttl, flow);
    if (!progress->has_answers)
        return cell->lost < LOST_IN_SILENCE && want(plan, flow, ttl);
    if (cell->lost < LOST_QUICKLY)
        return want(plan, flow, ttl);
    bool is_enough = progress->asked >= progress->needed && progress->tested >= SILENT_TESTED;
    if (is_enough || cell->rested >= RESTED_AT_MOST || cell->lost >= LOST_AT_MOST * 2)
        return false;
    progress->tested++;
    return mda_want(plan, flow, ttl, true);
}

static void ask_flow_behind(struct plan *plan, unsigned flow, unsigned ttl, struct progress *progress)
{
    const struct cell *cell = mda_cell(plan, ttl, flow);
    if (mda_end(plan, flow) && mda_end(plan, flow) < ttl)
        return;
    if (plan->is_wanted[(size_t)ttl * plan->flows + flow])
        progress->asked++;
    else if (mda_is_silent(cell))
        progress->asked += ask_lost_again(plan, flow, ttl, progress);
    else if (mda_is_unasked(cell) && !mda_is_held_back(plan, flow, ttl) && progress->asked < progress->needed)
        progress->asked += want(plan, flow, ttl);
}

static void ask_behind(struct plan *plan, unsigned index)
{
    const struct group *group = &plan->survey->groups[index];
    unsigned ttl = group->ttl + 1U;
    struct flows members = mda_members(plan, index);
    struct progress progress = {.needed = count_needed(plan, group),
                                .asked = count_asked(plan, group),
                                .has_answers = plan->survey->answers[ttl]};
    for (unsigned i = 0; i < members.count; i++)
        ask_flow_behind(plan, members.list[i], ttl, &progress);
    for (unsigned f = plan->survey->flow_count; has_fresh(plan, index) && f < plan->flows; f++) {
        if (progress.asked >= progress.needed)
            break;
        ask_flow_behind(plan, f, ttl, &progress);
    }
    plan->missing[index] = progress.asked < progress.needed ? progress.needed - progress.asked : 0;
}

/* Behind the last reply there is only silence, which rule 1 covers. No flow looks for further next hops of a router
 * that has too many. */
static bool has_next(const struct plan *plan, const struct group *group)
{
    return group->ttl < plan->survey->farthest && group->ttl < plan->limits->max_ttl && !group->next_is_silent &&
           !group->is_boundless;
}

static void ask_behind_all(struct plan *plan)
{
    for (unsigned i = 0; i < plan->survey->group_count; i++)
        if (has_next(plan, &plan->survey->groups[i]))
            ask_behind(plan, i);
}

/* --- rule 5 --- */

static void confirm_link(struct plan *plan, const struct link *link)
{
    const struct group *group = &plan->survey->groups[link->from], *origin = &plan->survey->groups[group->origin];
    if (origin->kind == GROUP_SOURCE)
        return;
    struct flows members = mda_members(plan, link->from);
    for (unsigned i = 0; i < members.count; i++) {
        unsigned f = members.list[i];
        const struct cell *next = mda_cell(plan, group->ttl + 1U, f), *cell = mda_cell(plan, origin->ttl, f);
        if (next->point != link->to + 1 || cell->lost >= LOST_IN_SILENCE)
            continue;
        if (!cell->pending)
            want(plan, f, origin->ttl);
        return;
    }
}

/* A flow of the group probes the TTL at which the group was before. */
static void find_origin(struct plan *plan, unsigned index)
{
    unsigned before = plan->survey->groups[index].ttl - 1U;
    struct flows members = mda_members(plan, index);
    for (unsigned i = 0; i < members.count; i++) {
        const struct cell *cell = mda_cell(plan, before, members.list[i]);
        if (cell->answered || cell->lost >= LOST_IN_SILENCE)
            continue;
        if (!cell->pending)
            want(plan, members.list[i], before);
        return;
    }
}

static void confirm_links(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    for (unsigned i = 0; i < survey->group_count; i++)
        if (survey->groups[i].kind == GROUP_POINT && survey->groups[i].parent == SURVEY_NONE)
            find_origin(plan, i);
    for (unsigned i = 0; i < survey->link_count; i++) {
        const struct link *link = &survey->links[i];
        const struct group *from = &survey->groups[link->from];
        if (!link->flows && from->is_settled && !from->is_boundless)
            confirm_link(plan, link);
    }
}

/* --- rule 6 --- */

/* The flow of the group with the fewest replies there; the first flow is left to rule 8. One flow with more than
 * `wanted` replies would be repeats enough. */
static void ask_again(struct plan *plan, unsigned index, unsigned wanted, unsigned done)
{
    const struct group *group = &plan->survey->groups[index];
    unsigned count = wanted - done;
    for (unsigned answers = 1; count && answers <= wanted; answers++) {
        struct flows members = mda_members(plan, index);
        for (unsigned i = 0; count && i < members.count; i++) {
            const struct cell *cell = mda_cell(plan, group->ttl + 1U, members.list[i]);
            if (members.list[i] && cell->answered == answers && !cell->pending)
                count -= want(plan, members.list[i], group->ttl + 1U);
        }
    }
}

static unsigned count_repeating(const struct plan *plan, unsigned index)
{
    const struct group *group = &plan->survey->groups[index];
    unsigned count = group->next_repeated;
    struct flows members = mda_members(plan, index);
    for (unsigned i = 0; i < members.count; i++) {
        const struct cell *cell = mda_cell(plan, group->ttl + 1U, members.list[i]);
        bool by_rule_8 = members.list[i] == 0 && cell->answered == 1 && cell->lost < LOST_AT_MOST;
        count += cell->answered && (cell->pending || by_rule_8);
    }
    return count;
}

static void repeat_behind(struct plan *plan)
{
    bool was_asked[256] = {false};
    for (unsigned i = 0; i < plan->survey->group_count; i++) {
        const struct group *group = &plan->survey->groups[i];
        if (group->next_count < 2 || group->per_packet || group->is_boundless || group->kind == GROUP_SCATTERED)
            continue;
        unsigned wanted = survey_repeats(plan->survey, group->next_count), done = count_repeating(plan, i);
        /* If there are several next hops, flows that only seem fixed would draw a false link. */
        bool is_at_risk = plan->ttls[group->ttl + 2].points > 1;
        if (was_asked[group->ttl] && !is_at_risk)
            wanted = uint_min(wanted, REPEATS_BESIDE);
        was_asked[group->ttl] = true;
        if (done < wanted)
            ask_again(plan, i, wanted, done);
    }
}

/* A flow that met two routers probes on until it is clear whether it alternates. */
static void settle_changes(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    for (unsigned ttl = survey->first_ttl; survey->unclear && ttl <= survey->last_ttl; ttl++)
        for (unsigned f = 0; f < survey->flow_count; f++) {
            const struct cell *cell = survey_cell(survey, ttl, f);
            if (cell->varied && !cell->returned && cell->run < SURVEY_CHANGED_FOR_GOOD &&
                cell->lost < LOST_AT_MOST * 2 && !cell->pending)
                want(plan, f, ttl);
        }
}

/* --- rule 7 --- */

/* TTLs at which the flow's place is not known. */
static unsigned count_unknown(const struct plan *plan, unsigned flow)
{
    mda_work(plan, plan->survey->farthest);
    unsigned count = 0, end = mda_end(plan, flow) ? mda_end(plan, flow) : plan->survey->farthest + 1U;
    for (unsigned ttl = plan->limits->first_ttl; ttl < end; ttl++)
        count += !mda_cell(plan, ttl, flow)->group;
    return count;
}

/* The flow seen in the group with the fewest unknown TTLs. */
static unsigned best_known(const struct plan *plan, unsigned index, unsigned *unknown)
{
    unsigned best = SURVEY_NONE;
    struct flows members = mda_members(plan, index);
    *unknown = ~0U;
    for (unsigned i = 0; i < members.count && *unknown; i++) {
        unsigned count = count_unknown(plan, members.list[i]);
        if (count < *unknown) {
            *unknown = count;
            best = members.list[i];
        }
    }
    return best;
}

static void follow_whole(struct plan *plan)
{
    for (unsigned i = 0; i < plan->survey->group_count; i++) {
        const struct group *group = &plan->survey->groups[i];
        if (group->kind != GROUP_POINT || plan->ttls[group->ttl].groups > NARROW)
            continue;
        unsigned unknown, flow = best_known(plan, i, &unknown);
        if (flow == SURVEY_NONE || !unknown)
            continue;
        unsigned end = mda_end(plan, flow) ? mda_end(plan, flow) : plan->survey->farthest + 1U;
        for (unsigned ttl = plan->limits->first_ttl; ttl < end; ttl++) {
            const struct cell *cell = mda_cell(plan, ttl, flow);
            if (!cell->group && !cell->answered && !cell->pending && cell->lost < LOST_IN_SILENCE)
                want(plan, flow, ttl);
        }
        if (!mda_end(plan, flow) && shared_end(plan) && mda_is_unasked(mda_cell(plan, shared_end(plan), flow)))
            want(plan, flow, shared_end(plan));
    }
}

/* --- rule 9 --- */

static bool has_met_target(const struct survey *survey)
{
    for (unsigned i = 0; i < survey->point_count; i++)
        if (survey->points[i].kind == POINT_TARGET)
            return true;
    return false;
}

/* Whether the flow has probed all TTLs behind this one that a climb ahead of the replies covers. */
static bool has_gone_ahead(const struct plan *plan, unsigned flow, unsigned ttl, unsigned last)
{
    if (mda_end(plan, flow))
        return true;
    for (unsigned t = ttl + 1; t <= last; t++)
        if (mda_is_unasked(mda_cell(plan, t, flow)))
            return false;
    return true;
}

/* Sends one of these flows ahead, unless one has gone. */
static void send_ahead(struct plan *plan, struct flows flows, unsigned ttl, unsigned last)
{
    for (unsigned i = 0; i < flows.count; i++)
        if (has_gone_ahead(plan, flows.list[i], ttl, last))
            return;
    for (unsigned t = ttl + 1; flows.count && t <= last; t++)
        if (mda_is_unasked(mda_cell(plan, t, flows.list[0])))
            want(plan, flows.list[0], t);
}

/* Flows that are silent at this TTL, where others are answered, may follow a path of their own, whatever group they
 * are inferred to be in. At most NARROW of them. */
static void send_silent_ahead(struct plan *plan, unsigned ttl, unsigned last)
{
    unsigned list[NARROW], count = 0;
    for (unsigned f = 0; f < plan->survey->flow_count && count < NARROW; f++)
        if (mda_is_silent(mda_cell(plan, ttl, f)))
            list[count++] = f;
    send_ahead(plan, (struct flows){.list = list, .count = count}, ttl, last);
}

static void look_beside(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    unsigned last = uint_min(survey->farthest + (unsigned)plan->limits->gap, plan->limits->max_ttl), count = 0;
    if (!survey->farthest || has_met_target(survey))
        return;
    for (unsigned i = 0; i < survey->group_count && count < NARROW; i++) {
        const struct group *group = &survey->groups[i];
        if (group->ttl != survey->farthest || group->kind == GROUP_SCATTERED)
            continue;
        send_ahead(plan, mda_members(plan, i), survey->farthest, last);
        count++;
    }
    send_silent_ahead(plan, survey->farthest, last);
}

/* --- rule 8 --- */

static bool has_several_next(const struct plan *plan, unsigned ttl, unsigned flow)
{
    unsigned group = mda_cell(plan, ttl, flow)->group;
    return group && plan->survey->groups[group - 1].next_count > 1;
}

static void look_again(struct plan *plan)
{
    unsigned end = shared_end(plan) ? shared_end(plan) : plan->survey->farthest;
    for (unsigned ttl = plan->limits->first_ttl; ttl <= end; ttl++) {
        const struct cell *last = mda_cell(plan, ttl, SURVEY_HELD_BACK), *first = mda_cell(plan, ttl, 0);
        bool by_last = mda_is_held_back(plan, SURVEY_HELD_BACK, ttl) && last->lost < SURVEY_HELD_MOST;
        if (by_last && !last->answered && !last->pending)
            want(plan, SURVEY_HELD_BACK, ttl);
        if (by_last && !has_several_next(plan, ttl - 1, 0))
            continue;
        if (first->answered == 1 && !first->pending && first->lost < LOST_AT_MOST)
            want(plan, 0, ttl);
    }
}

/* --- all --- */

/* A probe that may lead to further wants: any but rule 8's own. */
static bool is_waited_for(const struct plan *plan)
{
    const struct survey *survey = plan->survey;
    for (unsigned ttl = survey->first_ttl; ttl <= survey->last_ttl; ttl++)
        for (unsigned f = 0; f < survey->flow_count; f++) {
            const struct cell *cell = survey_cell(survey, ttl, f);
            if (cell->pending && !mda_is_held_back(plan, f, ttl) && (f || !cell->answered))
                return true;
        }
    return false;
}

static void look_at_groups(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    for (unsigned i = 0; i < survey->group_count; i++) {
        const struct group *group = &survey->groups[i];
        struct plan_ttl *at = &plan->ttls[group->ttl];
        at->groups++;
        at->seen += group->seen;
        at->forks = at->forks || group->next_count > 1;
        plan->ttls[group->ttl + 1].takes_last = plan->ttls[group->ttl + 1].takes_last || group->takes_last;
    }
    for (unsigned i = 0; i < survey->point_count; i++)
        plan->ttls[survey->points[i].ttl].points++;
}

/* Sorts the flows by group. False: memory is short. */
static bool list_members(struct plan *plan)
{
    const struct survey *survey = plan->survey;
    size_t cells = 0;
    plan->first_member = calloc((size_t)survey->group_count + 2, sizeof *plan->first_member);
    if (!plan->first_member)
        return false;
    for (unsigned ttl = survey->first_ttl - 1U; survey->group_count && ttl <= survey->last_ttl; ttl++)
        for (unsigned f = 0; f < survey->flow_count; f++) {
            unsigned group = survey_cell(survey, ttl, f)->group;
            plan->first_member[group + (group > 0)] += group > 0;
            cells += group > 0;
        }
    plan->members = calloc(cells + 1, sizeof *plan->members);
    if (!plan->members)
        return false;
    for (unsigned i = 1; i < survey->group_count + 2; i++)
        plan->first_member[i] += plan->first_member[i - 1];
    /* Here the entry behind a group is the place of its next flow; at last it is the end of the group. */
    for (unsigned ttl = survey->first_ttl - 1U; survey->group_count && ttl <= survey->last_ttl; ttl++)
        for (unsigned f = 0; f < survey->flow_count; f++) {
            unsigned group = survey_cell(survey, ttl, f)->group;
            if (group)
                plan->members[plan->first_member[group]++] = f;
        }
    mda_work(plan, 2 * (uint64_t)survey->flow_count * (survey->last_ttl - survey->first_ttl + 2U));
    return true;
}

void mda_plan(const struct survey *survey, const struct mda_limits *limits, struct mda_wants *out)
{
    struct plan plan = {.survey = survey, .limits = limits, .wants = out};
    plan.flows = uint_max(limits->flows, survey->flow_count);
    out->count = 0;
    out->short_of_flows = false;
    out->steps = survey->probes * STEPS_OF_PROBE + survey->point_count + survey->group_count + survey->link_count;
    plan.is_wanted = calloc((size_t)(limits->max_ttl + 1U) * plan.flows + 1, 1);
    plan.missing = calloc((size_t)survey->group_count + 1, sizeof *plan.missing);
    if (list_members(&plan) && plan.is_wanted && plan.missing) {
        look_at_groups(&plan);
        climb(&plan);
        settle_changes(&plan);
        ask_behind_all(&plan);
        mda_fill_groups(&plan);
        confirm_links(&plan);
        repeat_behind(&plan);
        bool is_done = !out->count && survey->first_ttl <= survey->last_ttl && !is_waited_for(&plan);
        if (is_done)
            follow_whole(&plan);
        if (is_done && !out->count)
            look_beside(&plan);
        if (is_done && !out->count)
            look_again(&plan);
    }
    free(plan.is_wanted);
    free(plan.missing);
    free(plan.members);
    free(plan.first_member);
}

void mda_wants_free(struct mda_wants *wants)
{
    free(wants->list);
    *wants = (struct mda_wants){0};
}
