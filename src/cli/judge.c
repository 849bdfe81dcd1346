#include "cli/judge.h"

#include <stdlib.h>

#include "verdict/cohorts.h"

static bool has_several_targets(const struct recognition *found)
{
    size_t i = 1;
    while (i < found->trace_count && addr_equal(&found->traces[i]->flow.target, &found->traces[0]->flow.target))
        i++;
    return i < found->trace_count;
}

struct judged *judge_report(struct report *report, const struct recognition *found, const struct report_source *source)
{
    struct judged *judged = calloc(1, sizeof *judged);
    struct cohorts cohorts;
    const struct trace *const *traces;
    size_t count;
    if (!judged || !cohorts_gather(found->traces, found->trace_count, &cohorts)) {
        free(judged);
        return NULL;
    }
    while ((traces = cohorts_next(&cohorts, &count)) != NULL) {
        verdict_judge_traces(traces, count, found->ends, &judged->judgement);
        report_replay_judged(report, traces, count, &judged->judgement, source);
        judged->cohorts++;
    }
    judged->several_targets = has_several_targets(found);
    cohorts_free(&cohorts);
    return judged;
}
