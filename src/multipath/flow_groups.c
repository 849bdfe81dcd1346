/* SPDX-License-Identifier: BSD-2-Clause */
/* flow_groups: which flows stay together, from the source on, TTL after TTL. The rules:
 *   1. The source sends all flows.
 *   2. A flow that a router answered is at that router, unless the router before scatters its packets.
 *   3. If enough flows of a group have met one next hop and no other, all its flows go there.
 *   4. If no node answers any flow of a group, all its flows share one silence. If a node answers, but some flows
 *      are silent more often than the loss of the others explains, these share a silence of their own.
 *   5. If all groups of a TTL have met the same single next hop, all flows at that TTL go to it.
 *   6. A router whose replies to one flow alternate scatters its flows. A router with more next hops than
 *      SURVEY_NEXT_MOST scatters them, too. At a TTL with more routers than SURVEY_WIDTH_MOST, all flows that go
 *      different ways are scattered. Flows stay scattered until a single point is behind them.
 *
 * MDA-Lite (Vermeulen et al., IMC 2018) judges all flows of a TTL together. If each node there seems to have equally
 * many next hops and no paths cross, the flows of the whole TTL must have met as many next hops as one node would
 * need. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "multipath/stopping_rule.h"
#include "multipath/survey.h"
#include "silence/loss.h"

#define GROUPS_MOST 65000 /* groups; a cell has 16 bits for their number */
#define SILENCES_LEAST 3  /* lost probes of a flow before its hop counts as silent */

/* A flow of a group, and a point that answered it behind the group. */
struct meeting {
    unsigned from, to;
    bool seen; /* seen at both ends */
};

/* What became of the probes of a group's flows: of the silent flows, and of the others. */
struct silence {
    unsigned flows, rested; /* silent flows, and their rested probes */
    unsigned asked, lost;
};

/* State of the search at one TTL. */
struct step {
    struct survey *survey;
    unsigned ttl;
    unsigned first_before, first; /* groups of the TTL before, and of this one */
    unsigned first_link;          /* links between them */
    struct silence *silences;     /* by group of the TTL before, from first_before */
    struct meeting *meetings;     /* room for two of each flow */
    size_t meeting_count;
    unsigned *links_to;       /* of these, by point */
    uint16_t *group_of_point; /* by point: 1 + the group whose flows are at the point */
    unsigned for_all;         /* 1 + the group at this TTL that all flows pass; 0: none */
};

static struct group *add_group(struct survey *survey, enum group_kind kind, unsigned ttl, unsigned parent)
{
    void *array = survey->groups;
    if (survey->group_count == GROUPS_MOST ||
        !array_reserve(&array, &survey->group_capacity, survey->group_count + (size_t)1, sizeof *survey->groups))
        return NULL;
    survey->groups = array;
    struct group *group = &survey->groups[survey->group_count++];
    *group = (struct group){.kind = kind, .ttl = (uint8_t)ttl, .point = SURVEY_NONE, .parent = parent};
    group->origin = kind == GROUP_SILENT ? survey->groups[parent].origin : survey->group_count - 1;
    return group;
}

static bool add_link(struct survey *survey, const struct meeting *meeting)
{
    void *array = survey->links;
    if (!array_reserve(&array, &survey->link_capacity, survey->link_count + (size_t)1, sizeof *survey->links))
        return false;
    survey->links = array;
    survey->links[survey->link_count++] = (struct link){.from = meeting->from, .to = meeting->to};
    survey->points[meeting->to].links++;
    return true;
}

static bool has_ended_before(const struct survey *survey, unsigned flow, unsigned ttl)
{
    return survey->ends[flow] && survey->ends[flow] < ttl;
}

/* Whether the flow itself was seen where its group is; in a silence: where the silence begins. */
static bool is_seen(const struct survey *survey, unsigned index, unsigned flow)
{
    const struct group *group = &survey->groups[survey->groups[index].origin];
    return group->kind == GROUP_SOURCE || survey_cell(survey, group->ttl, flow)->answered;
}

/* --- what became of the flows of the groups before --- */

static void note_meeting(struct step *step, unsigned from, unsigned flow, unsigned point)
{
    bool seen = is_seen(step->survey, from, flow);
    step->meetings[step->meeting_count++] = (struct meeting){.from = from, .to = point - 1, .seen = seen};
}

static void note_silence(struct silence *silence, const struct cell *cell)
{
    bool is_silent = !cell->answered && cell->lost >= SILENCES_LEAST;
    silence->rested += is_silent ? cell->rested : 0;
    silence->flows += is_silent;
    silence->asked += is_silent ? 0U : cell->answered;
    silence->lost += is_silent ? 0U : cell->rested;
}

static void count_flow(struct step *step, unsigned flow)
{
    struct survey *survey = step->survey;
    const struct cell *cell = survey_cell(survey, step->ttl, flow);
    unsigned from = survey_cell(survey, step->ttl - 1, flow)->group;
    if (!from-- || has_ended_before(survey, flow, step->ttl))
        return;
    struct group *group = &survey->groups[from];
    group->next_lost += cell->lost;
    group->next_rested += cell->rested;
    note_silence(&step->silences[from - step->first_before], cell);
    if (!cell->answered) {
        group->next_pending += cell->pending > 0;
        group->next_silent += !cell->pending && cell->lost;
        return;
    }
    group->next_answered++;
    group->next_repeated += cell->answered - 1U;
    group->per_packet = group->per_packet || cell->varied;
    note_meeting(step, from, flow, cell->point);
    if (cell->first != cell->point)
        note_meeting(step, from, flow, cell->first);
}

static int compare_meetings(const void *left, const void *right)
{
    const struct meeting *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static bool link_meetings(struct step *step)
{
    struct survey *survey = step->survey;
    qsort(step->meetings, step->meeting_count, sizeof *step->meetings, compare_meetings);
    for (size_t i = 0; i < step->meeting_count; i++) {
        const struct meeting *meeting = &step->meetings[i];
        struct group *group = &survey->groups[meeting->from];
        if (i == 0 || compare_meetings(meeting - 1, meeting)) {
            if (!add_link(survey, meeting))
                return false;
            if (!group->next_count++)
                group->first_link = survey->link_count - 1;
        }
        survey->links[survey->link_count - 1].answered++;
        survey->links[survey->link_count - 1].flows += meeting->seen;
    }
    return true;
}

/* --- what that shows of them --- */

static bool is_wide(const struct step *step)
{
    return step->survey->width[step->ttl] > SURVEY_WIDTH_MOST;
}

/* Rule 4. */
static bool silence_is_own(const struct step *step, unsigned index)
{
    const struct silence *silence = &step->silences[index - step->first_before];
    return silence->flows >= 2 && silence->rested >= SILENCES_LEAST &&
           loss_chance(silence->asked + silence->lost, silence->lost, silence->rested) < LOSS_CHANCE_BRANCH;
}

/* If there is only one group, the flow held back will come there. */
static void judge_last(const struct step *step, unsigned index)
{
    struct survey *survey = step->survey;
    struct group *group = &survey->groups[index];
    unsigned last = SURVEY_HELD_BACK < survey->flow_count ? SURVEY_HELD_BACK : survey->flow_count;
    unsigned place = survey_cell(survey, step->ttl - 1, last)->group;
    const struct cell *next = survey_cell(survey, step->ttl, last);
    bool is_there = place ? place == index + 1 : step->first - step->first_before == 1;
    group->takes_last = is_there && group->is_judged && group->known == 1 && group->kind != GROUP_SCATTERED;
    group->awaits_last = group->takes_last && !next->answered && next->lost < SURVEY_HELD_MOST;
}

static void judge_group(const struct step *step, unsigned index)
{
    struct survey *survey = step->survey;
    struct group *group = &survey->groups[index];
    bool by_packet = group->per_packet || group->kind == GROUP_SCATTERED;
    unsigned silences = survey->answers[step->ttl] ? group->next_rested : group->next_lost;
    group->next_is_silent = !group->next_answered && silences >= SILENCES_LEAST;
    group->is_branched = group->next_answered && group->next_silent >= 2 && silence_is_own(step, index);
    group->is_boundless = group->next_count > (is_wide(step) ? 1 : SURVEY_NEXT_MOST);
    group->known = group->next_count + group->is_branched;
    group->met = group->next_answered + (by_packet ? group->next_repeated : 0);
    group->is_judged = group->ttl < survey->farthest && !group->next_is_silent;
    if (survey->goes_on)
        judge_last(step, index);
}

/* --- MDA-Lite --- */

/* The points to which the groups before have links, and whether all groups have the same number of links; the
 * largest number is `most`. */
static unsigned count_next(const struct step *step, bool *is_even, unsigned *most)
{
    const struct survey *survey = step->survey;
    unsigned width = 0, first = 0;
    *is_even = true;
    *most = 0;
    memset(step->links_to, 0, survey->point_count * sizeof *step->links_to);
    for (unsigned i = step->first_link; i < survey->link_count; i++)
        step->links_to[survey->links[i].to]++;
    for (unsigned i = 0; i < survey->point_count; i++) {
        unsigned links = step->links_to[i];
        width += links > 0;
        first = first ? first : links;
        *is_even = *is_even && (!links || links == first);
        *most = links > *most ? links : *most;
    }
    return width;
}

/* The number of next hops of all groups before, if the step fans out or in evenly and no paths cross; else 0. */
static unsigned width_if_plain(const struct step *step)
{
    const struct survey *survey = step->survey;
    unsigned here = step->first - step->first_before, most_in, most_out = 0, met = 0;
    bool is_even_in, is_even_out = true;
    unsigned next = count_next(step, &is_even_in, &most_in);
    for (unsigned i = step->first_before; i < step->first; i++) {
        const struct group *group = &survey->groups[i];
        if (group->kind == GROUP_SCATTERED || group->kind == GROUP_SILENT || group->per_packet || group->is_branched ||
            group->is_boundless || group->next_is_silent)
            return 0;
        is_even_out = is_even_out && (!group->next_count || !most_out || group->next_count == most_out);
        most_out = group->next_count > most_out ? group->next_count : most_out;
        met += group->next_count > 0;
    }
    bool meshed = here > 1 && next > 1 && (here >= next ? most_out > 1 : most_in > 1);
    bool is_even = here >= next ? is_even_in : is_even_out;
    return met && !meshed && is_even ? next : 0;
}

static void judge_together(const struct step *step)
{
    struct survey *survey = step->survey;
    unsigned width = width_if_plain(step), met = 0;
    for (unsigned i = step->first_before; width && i < step->first; i++)
        met += survey->groups[i].next_answered;
    for (unsigned i = step->first_before; width && i < step->first; i++) {
        struct group *group = &survey->groups[i];
        group->is_lite = true;
        group->known = width;
        group->met = met;
        group->is_judged = group->is_judged && i == step->first_before;
    }
}

static void settle_groups(const struct step *step)
{
    struct survey *survey = step->survey;
    for (unsigned i = step->first_before; i < step->first; i++) {
        struct group *group = &survey->groups[i];
        unsigned needed = group->known ? stopping_point(survey->stopping, survey->miss, group->known) : 0;
        bool enough = needed && group->met + group->awaits_last >= needed &&
                      group->next_answered >= (group->is_lite ? SURVEY_LITE_LEAST : 1);
        group->is_settled = group->next_is_silent || group->is_boundless || enough;
    }
}

/* --- the groups at this TTL --- */

static bool is_scattered(const struct group *group)
{
    return group->next_count > 1 && (group->per_packet || group->is_boundless || group->kind == GROUP_SCATTERED);
}

/* Points that scattered flows met belong to these flows, if only these flows show them. */
static bool add_scattered(struct step *step, unsigned parent)
{
    struct survey *survey = step->survey;
    if (!add_group(survey, GROUP_SCATTERED, step->ttl, parent))
        return false;
    const struct group *from = &survey->groups[parent];
    for (unsigned i = 0; i < from->next_count; i++)
        step->group_of_point[survey->links[from->first_link + i].to] = (uint16_t)survey->group_count;
    return true;
}

static bool add_at_point(struct step *step, unsigned point, unsigned parent)
{
    struct survey *survey = step->survey;
    if (step->group_of_point[point] || survey->points[point].kind != POINT_ROUTER)
        return true;
    struct group *group = add_group(survey, GROUP_POINT, step->ttl, parent);
    if (!group)
        return false;
    group->point = point;
    step->group_of_point[point] = (uint16_t)survey->group_count;
    return true;
}

static bool add_behind(struct step *step, unsigned parent)
{
    struct survey *survey = step->survey;
    if (is_scattered(&survey->groups[parent]))
        return add_scattered(step, parent);
    for (unsigned i = 0; i < survey->groups[parent].next_count; i++)
        if (!add_at_point(step, survey->links[survey->groups[parent].first_link + i].to, parent))
            return false;
    bool silent = survey->groups[parent].next_is_silent || survey->groups[parent].is_branched;
    return !silent || step->ttl >= survey->farthest || add_group(survey, GROUP_SILENT, step->ttl, parent);
}

/* Routers that answered flows whose earlier hops are unknown. */
static bool add_unlinked(struct step *step)
{
    for (unsigned i = 0; i < step->survey->point_count && !is_wide(step); i++)
        if (step->survey->points[i].ttl == step->ttl && !add_at_point(step, i, SURVEY_NONE))
            return false;
    return true;
}

/* 1 + the group of the flow at this TTL; 0: not known. `behind` has, for each group before, its silent flows and its
 * scattered ones. */
struct behind {
    unsigned silent, scattered;
};

static unsigned place_flow(const struct step *step, const struct behind *behind, unsigned flow)
{
    const struct survey *survey = step->survey;
    const struct cell *cell = survey_cell(survey, step->ttl, flow);
    unsigned before = survey_cell(survey, step->ttl - 1, flow)->group;
    const struct group *group = before ? &survey->groups[before - 1] : NULL;
    if (survey->ends[flow] && survey->ends[flow] <= step->ttl)
        return 0;
    if (group && is_scattered(group))
        return behind[before - 1 - step->first_before].scattered;
    if (cell->answered)
        return step->group_of_point[cell->point - 1];
    if (!group)
        return step->for_all;
    bool silent = group->next_is_silent || (group->is_branched && !cell->pending && cell->lost >= SILENCES_LEAST);
    if (silent)
        return behind[before - 1 - step->first_before].silent;
    if (group->is_settled && group->next_count == 1 && !group->is_branched)
        return step->group_of_point[survey->links[group->first_link].to];
    return 0;
}

static void place_flows(const struct step *step, const struct behind *behind)
{
    const struct survey *survey = step->survey;
    for (unsigned f = 0; f <= survey->flow_count; f++) {
        struct cell *cell = survey_cell(survey, step->ttl, f);
        cell->group = (uint16_t)place_flow(step, behind, f);
        if (!cell->group || f == survey->flow_count)
            continue;
        survey->groups[cell->group - 1].flows++;
        survey->groups[cell->group - 1].seen += is_seen(survey, cell->group - 1U, f);
    }
}

/* Rule 5. */
static unsigned find_for_all(const struct step *step)
{
    const struct survey *survey = step->survey;
    if (survey->group_count != step->first + 1 || survey->groups[step->first].kind != GROUP_POINT)
        return 0;
    for (unsigned i = step->first_before; i < step->first; i++)
        if (!survey->groups[i].is_settled || survey->groups[i].next_count != 1 || survey->groups[i].is_branched)
            return 0;
    return step->first + 1;
}

static bool group_flows(struct step *step)
{
    struct survey *survey = step->survey;
    for (unsigned i = step->first_before; i < step->first; i++)
        if (!add_behind(step, i))
            return false;
    if (!add_unlinked(step))
        return false;
    struct behind *behind = calloc(step->first - step->first_before + 1, sizeof *behind);
    if (!behind)
        return false;
    for (unsigned i = step->first; i < survey->group_count; i++) {
        const struct group *group = &survey->groups[i];
        if (group->kind == GROUP_SILENT)
            behind[group->parent - step->first_before].silent = i + 1;
        if (group->kind == GROUP_SCATTERED)
            behind[group->parent - step->first_before].scattered = i + 1;
    }
    step->for_all = find_for_all(step);
    place_flows(step, behind);
    free(behind);
    return true;
}

/* --- all --- */

static bool take_step(struct step *step)
{
    struct survey *survey = step->survey;
    step->meeting_count = 0;
    step->first = survey->group_count;
    step->first_link = survey->link_count;
    step->silences = calloc(step->first - step->first_before + 1, sizeof *step->silences);
    for (unsigned f = 0; step->silences && f < survey->flow_count; f++)
        count_flow(step, f);
    bool good = step->silences && link_meetings(step);
    for (unsigned i = step->first_before; good && i < step->first; i++)
        judge_group(step, i);
    free(step->silences);
    if (!good)
        return false;
    if (survey->lite)
        judge_together(step);
    settle_groups(step);
    return group_flows(step);
}

static bool begin_at_source(struct survey *survey)
{
    struct group *source = add_group(survey, GROUP_SOURCE, survey->first_ttl - 1U, SURVEY_NONE);
    if (!source)
        return false;
    source->flows = source->seen = survey->flow_count;
    for (unsigned f = 0; f <= survey->flow_count; f++)
        survey_cell(survey, survey->first_ttl - 1U, f)->group = 1;
    return true;
}

bool survey_find_groups(struct survey *survey)
{
    struct step step = {.survey = survey};
    step.meetings = calloc((size_t)survey->flow_count * 2 + 1, sizeof *step.meetings);
    step.group_of_point = calloc((size_t)survey->point_count + 1, sizeof *step.group_of_point);
    step.links_to = calloc((size_t)survey->point_count + 1, sizeof *step.links_to);
    bool good = step.meetings && step.group_of_point && step.links_to && begin_at_source(survey);
    for (step.ttl = survey->first_ttl; good && step.ttl <= survey->last_ttl; step.ttl++) {
        good = take_step(&step);
        step.first_before = step.first;
    }
    free(step.meetings);
    free(step.group_of_point);
    free(step.links_to);
    return good;
}

void survey_forget_groups(struct survey *survey)
{
    free(survey->groups);
    free(survey->links);
    survey->groups = NULL;
    survey->links = NULL;
    survey->group_count = survey->link_count = 0;
    survey->group_capacity = survey->link_capacity = 0;
    for (unsigned i = 0; i < survey->point_count; i++)
        survey->points[i].links = 0;
}
