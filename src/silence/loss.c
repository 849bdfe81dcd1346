/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/loss.h"

#include <math.h>

#include "silence/sample.h"

double loss_chance(unsigned others_sent, unsigned others_silent, unsigned silent)
{
    double chance = 1;
    for (unsigned i = 0; i < silent; i++)
        chance *= (others_silent + 1.0 + i) / (others_sent + 2.0 + i);
    return chance;
}

double loss_log_choose(unsigned n, unsigned k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

static double log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

double loss_chance_at_least(const struct loss_count *here, const struct loss_count *others)
{
    double lost = others->silent + 1.0, kept = others->sent - others->silent + 1.0, chance = 0;
    for (unsigned k = here->silent; k <= here->sent; k++)
        chance +=
            exp(loss_log_choose(here->sent, k) + log_beta(lost + k, kept + here->sent - k) - log_beta(lost, kept));
    return chance;
}

void passage_gather(const struct trace_set *set, struct passage *out)
{
    *out = (struct passage){0};
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count && !trace_is_search(trace); n++) {
            const struct probe *probe = &trace->probes[n];
            uint8_t *farthest = &out->farthest[i][probe->flow];
            for (unsigned k = 0; k < probe->reply_count; k++)
                if (!reply_refuses(trace, &probe->replies[k]) && probe->ttl > *farthest)
                    *farthest = probe->ttl;
        }
    }
}

uint8_t loss_end_ttl(const struct trace_set *set)
{
    uint8_t target_ttl = trace_set_target_ttl(set);
    return target_ttl ? target_ttl : trace_set_last_router_ttl(set);
}

/* Counts the probes of one flow with TTLs behind `from`, up to `to`. The one reply that shows that the flow gets there
 * is left out: it was chosen for being answered, so it says nothing of the loss. */
static void count_flow(const struct trace_set *set, const struct trace *trace, unsigned flow, uint8_t from, uint8_t to,
                       struct loss_count *count)
{
    unsigned sent = 0, silent = 0;
    for (size_t n = 0; n < trace->probe_count; n++) {
        const struct probe *probe = &trace->probes[n];
        bool is_silent = sample_is_silent(set, probe);
        if (probe->flow != flow || probe->ttl <= from || probe->ttl > to || (!is_silent && !probe->reply_count))
            continue;
        sent++;
        silent += is_silent;
    }
    count->sent += sent > silent ? sent - 1 : 0;
    count->silent += sent > silent ? silent : 0;
}

struct loss_count loss_count_between(const struct trace_set *set, const struct passage *passage, uint8_t ttl,
                                     uint8_t end)
{
    struct loss_count all = {0};
    bool to_target = end && end == trace_set_target_ttl(set);
    end = to_target ? UINT8_MAX : end;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned flow = 0; flow < set->traces[i]->flow_count; flow++)
            if (passage->farthest[i][flow] > ttl)
                count_flow(set, set->traces[i], flow, ttl, end, &all);
    return all;
}

struct loss_count loss_count_behind(const struct trace_set *set, const struct passage *passage, uint8_t ttl)
{
    return loss_count_between(set, passage, ttl, loss_end_ttl(set));
}
