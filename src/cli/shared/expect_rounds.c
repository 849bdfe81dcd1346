/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/expect_rounds.h"

#include <stdlib.h>

/* What is compared at a time. */
struct comparing {
    struct judgement judgement;
    struct result_expectation results[EXPECT_ROWS_MOST];
};

static void gather(const struct monitor *monitor, struct judgement *out)
{
    for (unsigned i = 0; monitor_trace(monitor, i); i++) {
        const struct verdict *verdict = monitor_follows(monitor, i) ? monitor_verdict(monitor, i) : NULL;
        if (verdict)
            out->verdicts[out->verdict_count++] = *verdict;
    }
}

static void tell(struct monitor *monitor, const struct result_expectation *result)
{
    struct strbuf line;
    strbuf_init(&line);
    expect_add_line(result, &line);
    monitor_expect(monitor, result->list ? NULL : &result->spec, result->expected, result->found, line.text);
    strbuf_free(&line);
}

void expect_rounds_look(struct expect_rounds *rounds, unsigned target, struct monitor *monitor)
{
    struct comparing *now = rounds->expect ? calloc(1, sizeof *now) : NULL;
    if (!now)
        return;
    gather(monitor, &now->judgement);
    expect_compare(rounds->expect, &now->judgement, NULL, now->results);
    for (unsigned i = 0; i < rounds->expect->count; i++) {
        const struct result_expectation *result = &now->results[i];
        bool *differs = &rounds->differs[target][i];
        if (!result->probed || *differs == !result->ok)
            continue;
        *differs = !result->ok;
        rounds->differed = rounds->differed || *differs;
        tell(monitor, result);
    }
    free(now);
}
