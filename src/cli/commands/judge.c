/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/judge.h"

#include <stdlib.h>

#include "verdict/trace_groups.h"

static bool has_several_targets(const struct recognition *found)
{
    size_t i = 1;
    while (i < found->trace_count && addr_equal(&found->traces[i]->flow.target, &found->traces[0]->flow.target))
        i++;
    return i < found->trace_count;
}

struct judged *judge_report(struct report *report, const struct recognition *found, struct far_point *far)
{
    struct judged *judged = calloc(1, sizeof *judged);
    struct trace_groups groups;
    if (!judged || !trace_groups_gather(found->traces, found->trace_count, &groups)) {
        free(judged);
        return NULL;
    }
    struct judged_group group = {.judgement = &judged->judgement};
    while ((group.traces = trace_groups_next(&groups, &group.count)) != NULL) {
        group.several = group.count < groups.count;
        verdict_judge_traces(group.traces, group.count, found->ends, &judged->judgement);
        far_point_revise(far, group.traces, group.count, &judged->judgement);
        report_judged(report, &group);
        judged->groups++;
    }
    judged->several_targets = has_several_targets(found);
    trace_groups_free(&groups);
    return judged;
}
