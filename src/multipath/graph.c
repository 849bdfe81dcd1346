/* SPDX-License-Identifier: BSD-2-Clause */
/* graph: nodes and edges from a survey. graph_paths.c finds the paths, diamonds.c the diamonds. */
#include "multipath/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "multipath/graph_work.h"
#include "multipath/stopping_rule.h"

/* --- nodes --- */

/* A node before it has its index: a point's, or a silent one between a group and a point. */
struct draft {
    struct graph_node node;
    unsigned point; /* SURVEY_NONE: silent */
    unsigned link;  /* of a silent node: the link out of the silence */
};

struct drafts {
    struct draft *list;
    unsigned count;
    size_t capacity;
};

static struct draft *add_draft(struct drafts *drafts)
{
    void *array = drafts->list;
    if (!array_reserve(&array, &drafts->capacity, drafts->count + (size_t)1, sizeof *drafts->list))
        return NULL;
    drafts->list = array;
    struct draft *draft = &drafts->list[drafts->count++];
    *draft = (struct draft){.point = SURVEY_NONE, .link = SURVEY_NONE};
    draft->node.best_rtt = NSTIME_NEVER;
    return draft;
}

/* By point: 1 + the group whose next hops are those of the point; 0: none. NULL: memory is short. */
static unsigned *groups_of_points(const struct survey *survey)
{
    unsigned *groups = calloc((size_t)survey->point_count + 1, sizeof *groups);
    for (unsigned i = 0; groups && i < survey->group_count; i++) {
        const struct group *group = &survey->groups[i];
        const struct group *parent = group->kind == GROUP_SCATTERED ? &survey->groups[group->parent] : NULL;
        for (unsigned k = 0; parent && k < parent->next_count; k++)
            groups[survey->links[parent->first_link + k].to] = i + 1;
    }
    for (unsigned i = 0; groups && i < survey->group_count; i++)
        if (survey->groups[i].kind == GROUP_POINT)
            groups[survey->groups[i].point] = i + 1;
    return groups;
}

/* `number`: 1 + the point's group; 0: it has none. */
static bool draft_point(const struct survey *survey, unsigned index, unsigned number, struct drafts *drafts)
{
    const struct point *point = &survey->points[index];
    struct draft *draft = add_draft(drafts);
    if (!draft)
        return false;
    draft->point = index;
    draft->node = (struct graph_node){.address = point->address,
                                      .ttl = point->ttl,
                                      .is_target = point->kind == POINT_TARGET,
                                      .is_refusal = point->kind == POINT_REFUSAL,
                                      .flows = point->flows,
                                      .best_rtt = point->best_rtt,
                                      .frame = point->frame,
                                      .file = point->file};
    const struct group *group = point->kind == POINT_ROUTER && number ? &survey->groups[number - 1] : NULL;
    if (!group)
        return true;
    draft->node.next_count = group->next_count;
    draft->node.next_flows = group->next_answered;
    draft->node.per_packet = group->kind == GROUP_POINT && group->per_packet;
    draft->node.missed = survey_missed_behind(survey, group);
    draft->node.unsure = survey_has_next(survey, group) && (group->is_boundless || !group->is_settled);
    return true;
}

/* The silent nodes that all flows share which enter one silence and leave it at one point of one TTL. */
static bool draft_silence(const struct survey *survey, unsigned index, struct drafts *drafts)
{
    const struct link *link = &survey->links[index];
    const struct group *last = &survey->groups[link->from];
    unsigned origin = survey->groups[link->from].origin;
    for (unsigned ttl = survey->groups[origin].ttl + 1U; ttl <= last->ttl; ttl++) {
        struct draft *draft = add_draft(drafts);
        if (!draft)
            return false;
        draft->link = index;
        draft->node.ttl = (uint8_t)ttl;
        draft->node.flows = link->answered;
        draft->node.next_count = 1;
        draft->node.next_flows = link->answered;
    }
    return true;
}

static int compare_drafts(const void *left, const void *right)
{
    const struct draft *a = left, *b = right;
    if (a->node.ttl != b->node.ttl)
        return a->node.ttl < b->node.ttl ? -1 : 1;
    if (a->node.is_target != b->node.is_target)
        return a->node.is_target ? 1 : -1;
    if ((a->point == SURVEY_NONE) != (b->point == SURVEY_NONE))
        return a->point == SURVEY_NONE ? 1 : -1;
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return a->link < b->link ? -1 : a->link > b->link;
}

static bool make_nodes(struct graph_work *work, struct drafts *drafts)
{
    struct graph *graph = work->graph;
    graph->nodes = calloc((size_t)drafts->count + 1, sizeof *graph->nodes);
    work->node_of_point = calloc((size_t)work->survey->point_count + 1, sizeof *work->node_of_point);
    work->silent = calloc((size_t)drafts->count + 1, sizeof *work->silent);
    if (!graph->nodes || !work->node_of_point || !work->silent)
        return false;
    qsort(drafts->list, drafts->count, sizeof *drafts->list, compare_drafts);
    for (unsigned i = 0; i < drafts->count; i++) {
        const struct draft *draft = &drafts->list[i];
        graph->nodes[graph->node_count++] = draft->node;
        if (draft->point != SURVEY_NONE)
            work->node_of_point[draft->point] = i;
        else
            work->silent[work->silent_count++] =
                (struct silent_node){.link = draft->link, .ttl = draft->node.ttl, .node = i};
    }
    return true;
}

static bool find_nodes(struct graph_work *work)
{
    const struct survey *survey = work->survey;
    struct drafts drafts = {0};
    unsigned *groups = groups_of_points(survey);
    bool good = groups;
    for (unsigned i = 0; good && i < survey->point_count; i++)
        good = draft_point(survey, i, groups[i], &drafts);
    free(groups);
    for (unsigned i = 0; good && i < survey->link_count; i++)
        if (survey->groups[survey->links[i].from].kind == GROUP_SILENT && survey->links[i].flows)
            good = draft_silence(survey, i, &drafts);
    good = good && (!drafts.count || make_nodes(work, &drafts));
    free(drafts.list);
    return good;
}

/* In the order of compare_drafts(). */
static int compare_silent(const void *left, const void *right)
{
    const struct silent_node *a = left, *b = right;
    if (a->ttl != b->ttl)
        return a->ttl < b->ttl ? -1 : 1;
    return a->link < b->link ? -1 : a->link > b->link;
}

unsigned graph_silent_node(const struct graph_work *work, unsigned link, unsigned ttl)
{
    const struct silent_node key = {.link = link, .ttl = ttl};
    const struct silent_node *silent =
        work->silent_count ? bsearch(&key, work->silent, work->silent_count, sizeof key, compare_silent) : NULL;
    return silent ? silent->node : GRAPH_NO_NODE;
}

/* --- edges --- */

static bool add_edge(struct graph_work *work, unsigned from, unsigned to, unsigned flows, unsigned known)
{
    struct graph *graph = work->graph;
    if (from == GRAPH_NO_NODE || to == GRAPH_NO_NODE || !flows)
        return true;
    void *array = graph->edges;
    if (!array_reserve(&array, &work->edge_capacity, graph->edge_count + (size_t)1, sizeof *graph->edges))
        return false;
    graph->edges = array;
    graph->edges[graph->edge_count++] =
        (struct graph_edge){.from = from, .to = to, .flows = flows, .known = known > flows ? known : flows};
    return true;
}

/* From the node before the silence, through it, and out of it. */
static bool link_silence(struct graph_work *work, unsigned index)
{
    const struct survey *survey = work->survey;
    const struct link *link = &survey->links[index];
    unsigned origin = survey->groups[link->from].origin, ttl = survey->groups[origin].ttl;
    const struct group *first = &survey->groups[origin];
    unsigned from = first->kind == GROUP_POINT ? work->node_of_point[first->point] : GRAPH_NO_NODE;
    while (ttl < survey->groups[link->from].ttl) {
        unsigned silent = graph_silent_node(work, index, ++ttl);
        if (!add_edge(work, from, silent, link->flows, link->answered))
            return false;
        from = silent;
    }
    return add_edge(work, from, work->node_of_point[link->to], link->flows, link->answered);
}

/* By point of the TTL before `next`: flows that it answered, and that `next` answered behind it. NULL: memory is
 * short. */
static unsigned *count_through(const struct survey *survey, unsigned ttl, unsigned next)
{
    unsigned *counts = calloc((size_t)survey->point_count + 1, sizeof *counts);
    for (unsigned f = 0; counts && f < survey->flow_count; f++) {
        const struct cell *cell = survey_cell(survey, ttl, f);
        if (!cell->point || survey_cell(survey, ttl + 1, f)->point != next + 1)
            continue;
        counts[cell->point - 1]++;
        if (cell->first != cell->point)
            counts[cell->first - 1]++;
    }
    return counts;
}

/* Everything that scattered flows may have passed leads to the single point behind. */
static bool link_scattered(struct graph_work *work, const struct link *link)
{
    const struct survey *survey = work->survey;
    const struct group *group = &survey->groups[link->from], *parent = &survey->groups[group->parent];
    if (group->next_count != 1 || !group->is_settled)
        return true;
    unsigned *through = count_through(survey, group->ttl, link->to);
    bool good = through;
    for (unsigned i = 0; good && i < parent->next_count; i++) {
        unsigned point = survey->links[parent->first_link + i].to;
        if (survey->points[point].kind == POINT_ROUTER)
            good = add_edge(work, work->node_of_point[point], work->node_of_point[link->to], through[point], 0);
    }
    free(through);
    return good;
}

static bool add_link_edges(struct graph_work *work, unsigned index)
{
    const struct link *link = &work->survey->links[index];
    const struct group *group = &work->survey->groups[link->from];
    switch (group->kind) {
    case GROUP_SOURCE:
        break;
    case GROUP_SILENT:
        return !link->flows || link_silence(work, index);
    case GROUP_SCATTERED:
        return link_scattered(work, link);
    case GROUP_POINT:
        return add_edge(work, work->node_of_point[group->point], work->node_of_point[link->to], link->flows,
                        link->answered);
    }
    return true;
}

static int compare_edges(const void *left, const void *right)
{
    const struct graph_edge *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

/* Scattered flows may have added one edge more than once. */
static void unite_edges(struct graph *graph)
{
    unsigned kept = 0;
    qsort(graph->edges, graph->edge_count, sizeof *graph->edges, compare_edges);
    for (unsigned i = 0; i < graph->edge_count; i++) {
        if (kept && !compare_edges(&graph->edges[kept - 1], &graph->edges[i])) {
            graph->edges[kept - 1].flows += graph->edges[i].flows;
            graph->edges[kept - 1].known += graph->edges[i].known;
        } else {
            graph->edges[kept++] = graph->edges[i];
        }
    }
    graph->edge_count = kept;
}

static bool find_edges(struct graph_work *work)
{
    for (unsigned i = 0; i < work->survey->link_count; i++)
        if (!add_link_edges(work, i))
            return false;
    if (work->graph->edge_count)
        unite_edges(work->graph);
    return true;
}

/* --- numbers --- */

static void count_hops(const struct survey *survey, struct graph *graph)
{
    for (unsigned ttl = survey->first_ttl; ttl <= survey->last_ttl; ttl++)
        for (unsigned f = 0; f < survey->flow_count; f++) {
            const struct cell *cell = survey_cell(survey, ttl, f);
            graph->hops[ttl].asked += cell->answered || cell->lost || cell->pending;
            graph->hops[ttl].answered += cell->answered > 0;
        }
    for (unsigned ttl = survey->first_ttl; ttl <= survey->last_ttl; ttl++)
        graph->hops[ttl].routers = survey->width[ttl];
    for (unsigned i = 0; i < survey->group_count; i++)
        if (survey->groups[i].is_boundless)
            graph->hops[survey->groups[i].ttl + 1].is_boundless = true;
    for (unsigned f = 0; f < survey->flow_count; f++) {
        bool asked = false;
        for (unsigned ttl = survey->first_ttl; ttl <= survey->last_ttl && !asked; ttl++)
            asked = survey_cell(survey, ttl, f)->answered || survey_cell(survey, ttl, f)->lost;
        graph->flows += asked;
    }
    graph->flows += survey->loose_flows;
}

static void add_numbers(const struct survey *survey, const struct trace *const *traces, unsigned count,
                        struct graph *graph)
{
    for (unsigned i = 0; i < count; i++)
        graph->probes_sent += traces[i]->origin.foreign ? traces[i]->sent_count : traces[i]->probe_count;
    graph->first_ttl = survey->first_ttl;
    graph->last_ttl = survey->last_ttl;
    graph->loose_flows = survey->loose_flows;
    graph->changes = survey->changes;
    graph->changed_at = survey->changes ? survey->since : NSTIME_NEVER;
    graph->missed_probability = survey_missed(survey);
    count_hops(survey, graph);
}

bool graph_build(const struct trace *const *traces, unsigned count, double confidence, bool lite, struct graph *out)
{
    struct survey survey;
    struct graph_work work = {.survey = &survey, .graph = out};
    *out = (struct graph){.trace = count ? traces[0] : NULL, .first_ttl = 255, .changed_at = NSTIME_NEVER};
    struct stopping_table *stopping = stopping_table_new();
    const struct survey_terms terms = {
        .confidence = confidence, .lite = lite, .since = NSTIME_NONE, .stopping = stopping};
    bool good = survey_build(traces, count, &terms, &survey);
    if (good && survey.first_ttl <= survey.last_ttl) {
        good = find_nodes(&work) && find_edges(&work) && graph_find_paths(&work) && graph_find_diamonds(out);
        add_numbers(&survey, traces, count, out);
    }
    survey_free(&survey);
    stopping_table_free(stopping);
    free(work.node_of_point);
    free(work.silent);
    return good;
}

void graph_free(struct graph *graph)
{
    free(graph->nodes);
    free(graph->edges);
    free(graph->paths);
    free(graph->steps);
    free(graph->diamonds);
    *graph = (struct graph){0};
}
