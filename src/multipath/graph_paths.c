/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_paths: the paths that flows were seen to take from end to end, and the flows of each. */
#include <stdlib.h>
#include <string.h>

#include "multipath/graph_work.h"

#define STEPS_MOST 256

/* The path of one flow. */
struct way {
    unsigned steps[STEPS_MOST], length;
    bool complete;
};

/* The silent node of a flow that leaves the silence further on; GRAPH_NO_NODE: none was seen. */
static unsigned step_in_silence(const struct graph_work *work, unsigned flow, unsigned ttl)
{
    const struct survey *survey = work->survey;
    const struct group *group = survey_group(survey, ttl, flow), *last = group;
    unsigned end = ttl;
    for (; group && group->kind == GROUP_SILENT && end < survey->last_ttl; group = survey_group(survey, ++end, flow))
        last = group;
    unsigned answered = survey_cell(survey, end, flow)->point;
    unsigned point = group && group->kind == GROUP_POINT ? group->point : answered ? answered - 1 : SURVEY_NONE;
    for (unsigned i = 0; i < last->next_count; i++)
        if (survey->links[last->first_link + i].to == point)
            return graph_silent_node(work, last->first_link + i, ttl);
    return GRAPH_NO_NODE;
}

/* The node that the flow passes at this TTL; false: not known. */
static bool take_step(const struct graph_work *work, unsigned flow, unsigned ttl, unsigned *step)
{
    const struct survey *survey = work->survey;
    const struct cell *cell = survey_cell(survey, ttl, flow);
    const struct group *group = survey_group(survey, ttl, flow);
    *step = GRAPH_NO_NODE;
    if (survey->ends[flow] == ttl) {
        *step = work->node_of_point[cell->point - 1];
        return true;
    }
    if (!group)
        return false;
    if (group->kind == GROUP_POINT)
        *step = work->node_of_point[group->point];
    if (group->kind == GROUP_SILENT)
        *step = step_in_silence(work, flow, ttl);
    return group->kind != GROUP_SILENT || *step != GRAPH_NO_NODE;
}

static bool follow_flow(const struct graph_work *work, unsigned flow, struct way *way)
{
    const struct survey *survey = work->survey;
    unsigned end = survey->ends[flow] ? survey->ends[flow] : survey->answered_ttl;
    way->length = 0;
    for (unsigned ttl = survey->first_ttl; ttl <= end; ttl++)
        if (!take_step(work, flow, ttl, &way->steps[way->length++]))
            return false;
    unsigned last = way->length ? way->steps[way->length - 1] : GRAPH_NO_NODE;
    way->complete = last != GRAPH_NO_NODE && work->graph->nodes[last].is_target;
    return way->length > 0;
}

static bool is_same_way(const struct graph *graph, const struct graph_path *path, const struct way *way)
{
    return path->length == way->length &&
           !memcmp(&graph->steps[path->first], way->steps, way->length * sizeof *way->steps);
}

static bool keep_way(struct graph *graph, const struct way *way)
{
    struct graph_path *paths = realloc(graph->paths, (graph->path_count + 1U) * sizeof *paths);
    graph->paths = paths ? paths : graph->paths;
    unsigned *steps = realloc(graph->steps, (graph->step_count + (size_t)way->length) * sizeof *steps);
    graph->steps = steps ? steps : graph->steps;
    if (!paths || !steps)
        return false;
    memcpy(&steps[graph->step_count], way->steps, way->length * sizeof *steps);
    paths[graph->path_count++] =
        (struct graph_path){.first = graph->step_count, .length = way->length, .flows = 1, .complete = way->complete};
    graph->step_count += way->length;
    return true;
}

static bool count_way(struct graph *graph, const struct way *way)
{
    for (unsigned i = 0; i < graph->path_count; i++)
        if (is_same_way(graph, &graph->paths[i], way)) {
            graph->paths[i].flows++;
            return true;
        }
    return graph->path_count == PATHS_MOST || keep_way(graph, way);
}

static int compare_paths(const void *left, const void *right)
{
    const struct graph_path *a = left, *b = right;
    if (a->flows != b->flows)
        return a->flows > b->flows ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

bool graph_find_paths(struct graph_work *work)
{
    struct way way;
    for (unsigned f = 0; f < work->survey->flow_count; f++)
        if (follow_flow(work, f, &way) && !count_way(work->graph, &way))
            return false;
    if (work->graph->path_count)
        qsort(work->graph->paths, work->graph->path_count, sizeof *work->graph->paths, compare_paths);
    return true;
}
