/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/loss_counts.h"

#include <math.h>

#include "verdict/findings/findings.h"

void passage_gather(const struct trace_set *set, struct passage *out)
{
    *out = (struct passage){0};
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++) {
            const struct probe *probe = &trace->probes[n];
            uint8_t *farthest = &out->farthest[i][probe->flow];
            for (unsigned k = 0; k < probe->reply_count; k++)
                if (!reply_refuses(trace, &probe->replies[k]) && probe->ttl > *farthest)
                    *farthest = probe->ttl;
        }
    }
}

uint8_t end_of_path(const struct trace_set *set)
{
    uint8_t last = trace_set_last_router_ttl(set), end = 0;
    for (unsigned i = 0; i < set->count; i++) {
        uint8_t reached = set->traces[i]->reached_ttl;
        end = reached > last && (!end || reached < end) ? reached : end;
    }
    return end ? end : last;
}

/* What became of one flow between two TTLs, both excluded and included, but for the one answer by which it is known to
 * get there: chosen for that, it says nothing of the loss. */
static void count_flow(const struct trace_set *set, const struct trace *trace, unsigned flow, uint8_t from, uint8_t to,
                       struct loss_count *tally)
{
    unsigned asked = 0, silent = 0;
    for (size_t n = 0; n < trace->probe_count; n++) {
        const struct probe *probe = &trace->probes[n];
        bool in_vain = trace_set_is_silent(set, probe);
        if (probe->flow != flow || probe->ttl <= from || probe->ttl > to || (!in_vain && !probe->reply_count))
            continue;
        asked++;
        silent += in_vain;
    }
    tally->asked += asked > silent ? asked - 1 : 0;
    tally->silent += asked > silent ? silent : 0;
}

struct loss_count count_between(const struct trace_set *set, const struct passage *passage, uint8_t ttl, uint8_t end)
{
    struct loss_count all = {0};
    bool to_target = end == end_of_path(set) && end > trace_set_last_router_ttl(set);
    end = to_target ? UINT8_MAX : end;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned flow = 0; flow < set->traces[i]->flow_count; flow++)
            if (passage->farthest[i][flow] > ttl)
                count_flow(set, set->traces[i], flow, ttl, end, &all);
    return all;
}

struct loss_count count_behind(const struct trace_set *set, const struct passage *passage, uint8_t ttl)
{
    return count_between(set, passage, ttl, end_of_path(set));
}

double log_choose(unsigned n, unsigned k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}
