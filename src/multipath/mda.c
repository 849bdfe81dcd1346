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
 *      those of rule 6. */
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
#define SILENT_TESTED 3  /* silent flows of a complete group that probe again, to confirm the silence */
#define NARROW 4         /* groups at a TTL, up to which each gets a path of its own */
#define REPEATS_BESIDE 2 /* repeats at a group beside one that was probed again for all */

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
    const struct survey *survey = plan->survey;
    for (unsigned i = 0; flow == SURVEY_HELD_BACK && i < survey->group_count; i++)
        if (survey->groups[i].ttl + 1U == ttl && survey->groups[i].takes_last)
            return true;
    return false;
}

static bool want(struct plan *plan, unsigned flow, unsigned ttl)
{
    return mda_want(plan, flow, ttl, false);
}

/* --- rule 1 --- */

static unsigned reach_of(const struct plan *plan, unsigned flow)
{
    const struct survey *survey = plan->survey;
    unsigned before = plan->limits->first_ttl - 1U, farthest = uint_max(survey->farthest, before);
    unsigned end = mda_end(plan, flow), first_end = mda_end(plan, 0);
    if (end)
        return end;
    if (flow == 0 && survey->farthest <= before)
        return before + uint_max(AHEAD, plan->limits->gap);
    if (flow == 0)
        return farthest + plan->limits->gap;
    return first_end ? first_end : farthest;
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
    unsigned flows = uint_min(stopping_point(plan->survey->miss, 1), plan->limits->flows);
    for (unsigned f = 0; f < flows; f++)
        for (unsigned ttl = plan->limits->first_ttl; ttl <= reach_of(plan, f) && !is_far_ahead(plan, ttl); ttl++)
            if (f != SURVEY_HELD_BACK && mda_is_unasked(mda_cell(plan, ttl, f)))
                want(plan, f, ttl);
    for (unsigned ttl = plan->limits->first_ttl; ttl <= reach_of(plan, 0); ttl++)
        ask_silence(plan, ttl);
}

/* --- rules 2, 4 --- */

static bool is_in(const struct plan *plan, unsigned index, unsigned flow)
{
    const struct group *group = &plan->survey->groups[index];
    return mda_cell(plan, group->ttl, flow)->group == index + 1;
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
    unsigned needed = stopping_point(plan->survey->miss, uint_max(1, group->known)), all = 0;
    if (!group->is_lite)
        return needed;
    for (unsigned i = 0; i < plan->survey->group_count; i++)
        all += plan->survey->groups[i].ttl == group->ttl ? plan->survey->groups[i].seen : 0;
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

static void ask_behind(struct plan *plan, unsigned index)
{
    const struct group *group = &plan->survey->groups[index];
    unsigned ttl = group->ttl + 1U;
    struct progress progress = {.needed = count_needed(plan, group),
                                .asked = count_asked(plan, group),
                                .has_answers = plan->survey->answers[ttl]};
    for (unsigned f = 0; f < plan->flows; f++) {
        const struct cell *cell = mda_cell(plan, ttl, f);
        bool here = is_in(plan, index, f) && (!mda_end(plan, f) || mda_end(plan, f) >= ttl);
        if (f >= plan->survey->flow_count && (!here || progress.asked >= progress.needed))
            break; /* further flows would be silent as well */
        if (!here)
            continue;
        if (plan->is_wanted[(size_t)ttl * plan->flows + f])
            progress.asked++;
        else if (mda_is_silent(cell))
            progress.asked += ask_lost_again(plan, f, ttl, &progress);
        else if (mda_is_unasked(cell) && !mda_is_held_back(plan, f, ttl) && progress.asked < progress.needed)
            progress.asked += want(plan, f, ttl);
    }
    plan->missing[index] = progress.asked < progress.needed ? progress.needed - progress.asked : 0;
}

/* Behind the last reply there is only silence, which rule 1 covers. */
static bool has_next(const struct plan *plan, const struct group *group)
{
    return group->ttl < plan->survey->farthest && group->ttl < plan->limits->max_ttl && !group->next_is_silent;
}

static void ask_behind_all(struct plan *plan)
{
    for (unsigned i = 0; i < plan->survey->group_count; i++)
        if (has_next(plan, &plan->survey->groups[i]))
            ask_behind(plan, i);
}

/* --- rule 5 --- */

/* Where its flows were last seen; in a silence: before it began. */
static const struct group *seen_at(const struct survey *survey, const struct group *group)
{
    while (group->kind == GROUP_SILENT)
        group = &survey->groups[group->parent];
    return group;
}

static void confirm_link(struct plan *plan, const struct link *link)
{
    const struct group *group = &plan->survey->groups[link->from], *origin = seen_at(plan->survey, group);
    if (origin->kind == GROUP_SOURCE)
        return;
    for (unsigned f = 0; f < plan->survey->flow_count; f++) {
        const struct cell *next = mda_cell(plan, group->ttl + 1U, f), *cell = mda_cell(plan, origin->ttl, f);
        if (!is_in(plan, link->from, f) || next->point != link->to + 1 || cell->lost >= LOST_IN_SILENCE)
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
    for (unsigned f = 0; f < plan->survey->flow_count; f++) {
        const struct cell *cell = mda_cell(plan, before, f);
        if (!is_in(plan, index, f) || cell->answered || cell->lost >= LOST_IN_SILENCE)
            continue;
        if (!cell->pending)
            want(plan, f, before);
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
        if (!link->flows && survey->groups[link->from].is_settled)
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
    for (unsigned answers = 1; count && answers <= wanted; answers++)
        for (unsigned f = 1; count && f < plan->survey->flow_count; f++) {
            const struct cell *cell = mda_cell(plan, group->ttl + 1U, f);
            if (is_in(plan, index, f) && cell->answered == answers && !cell->pending)
                count -= want(plan, f, group->ttl + 1U);
        }
}

static unsigned count_repeating(const struct plan *plan, unsigned index)
{
    const struct group *group = &plan->survey->groups[index];
    unsigned count = group->next_repeated;
    for (unsigned f = 0; f < plan->survey->flow_count; f++) {
        const struct cell *cell = mda_cell(plan, group->ttl + 1U, f);
        bool to_come = cell->pending || (f == 0 && cell->answered == 1 && cell->lost < LOST_AT_MOST); /* by rule 8 */
        count += is_in(plan, index, f) && cell->answered && to_come;
    }
    return count;
}

/* Whether flows that only seem fixed would draw a false link: there are two next hops. */
static bool is_at_risk(const struct plan *plan, unsigned ttl)
{
    unsigned next = 0;
    for (unsigned i = 0; i < plan->survey->point_count; i++)
        next += plan->survey->points[i].ttl == ttl + 2;
    return next > 1;
}

static void repeat_behind(struct plan *plan)
{
    bool was_asked[256] = {false};
    for (unsigned i = 0; i < plan->survey->group_count; i++) {
        const struct group *group = &plan->survey->groups[i];
        if (group->next_count < 2 || group->per_packet || group->kind == GROUP_SCATTERED)
            continue;
        unsigned wanted = survey_repeats(plan->survey, group->next_count), done = count_repeating(plan, i);
        if (was_asked[group->ttl] && !is_at_risk(plan, group->ttl))
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
    unsigned count = 0, end = mda_end(plan, flow) ? mda_end(plan, flow) : plan->survey->farthest + 1U;
    for (unsigned ttl = plan->limits->first_ttl; ttl < end; ttl++)
        count += !mda_cell(plan, ttl, flow)->group;
    return count;
}

/* The flow seen in the group with the fewest unknown TTLs. */
static unsigned best_known(const struct plan *plan, unsigned index, unsigned *unknown)
{
    unsigned best = SURVEY_NONE;
    *unknown = ~0U;
    for (unsigned f = 0; f < plan->survey->flow_count && *unknown; f++) {
        unsigned count = is_in(plan, index, f) ? count_unknown(plan, f) : ~0U;
        if (count < *unknown) {
            *unknown = count;
            best = f;
        }
    }
    return best;
}

static unsigned count_beside(const struct survey *survey, const struct group *group)
{
    unsigned count = 0;
    for (unsigned i = 0; i < survey->group_count; i++)
        count += survey->groups[i].ttl == group->ttl;
    return count;
}

static void follow_whole(struct plan *plan)
{
    for (unsigned i = 0; i < plan->survey->group_count; i++) {
        const struct group *group = &plan->survey->groups[i];
        unsigned unknown, flow = best_known(plan, i, &unknown);
        if (group->kind != GROUP_POINT || flow == SURVEY_NONE || !unknown || count_beside(plan->survey, group) > NARROW)
            continue;
        unsigned end = mda_end(plan, flow) ? mda_end(plan, flow) : plan->survey->farthest + 1U;
        for (unsigned ttl = plan->limits->first_ttl; ttl < end; ttl++) {
            const struct cell *cell = mda_cell(plan, ttl, flow);
            if (!cell->group && !cell->answered && !cell->pending && cell->lost < LOST_IN_SILENCE)
                want(plan, flow, ttl);
        }
        if (!mda_end(plan, flow) && mda_end(plan, 0) && mda_is_unasked(mda_cell(plan, mda_end(plan, 0), flow)))
            want(plan, flow, mda_end(plan, 0));
    }
}

/* --- rule 8 --- */

static bool has_several_next(const struct plan *plan, unsigned ttl, unsigned flow)
{
    unsigned group = mda_cell(plan, ttl, flow)->group;
    return group && plan->survey->groups[group - 1].next_count > 1;
}

static void look_again(struct plan *plan)
{
    unsigned end = mda_end(plan, 0) ? mda_end(plan, 0) : plan->survey->farthest;
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

void mda_plan(const struct survey *survey, const struct mda_limits *limits, struct mda_wants *out)
{
    struct plan plan = {.survey = survey, .limits = limits, .wants = out};
    plan.flows = uint_max(limits->flows, survey->flow_count);
    out->count = 0;
    out->short_of_flows = false;
    plan.is_wanted = calloc((size_t)(limits->max_ttl + 1U) * plan.flows + 1, 1);
    plan.missing = calloc((size_t)survey->group_count + 1, sizeof *plan.missing);
    if (plan.is_wanted && plan.missing) {
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
            look_again(&plan);
    }
    free(plan.is_wanted);
    free(plan.missing);
}

void mda_wants_free(struct mda_wants *wants)
{
    free(wants->list);
    *wants = (struct mda_wants){0};
}
