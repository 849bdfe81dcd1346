#include "verdict/tally.h"

#include <math.h>

#include "verdict/findings.h"

void passage_gather(const struct cohort *cohort, struct passage *out)
{
    *out = (struct passage){0};
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *trace = cohort->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++) {
            const struct probe *probe = &trace->probes[n];
            uint8_t *farthest = &out->farthest[i][probe->flow];
            for (unsigned k = 0; k < probe->reply_count; k++)
                if (!reply_refuses(trace, &probe->replies[k]) && probe->ttl > *farthest)
                    *farthest = probe->ttl;
        }
    }
}

uint8_t end_of_path(const struct cohort *cohort)
{
    uint8_t last = cohort_last_router(cohort), end = 0;
    for (unsigned i = 0; i < cohort->count; i++) {
        uint8_t reached = cohort->traces[i]->reached_ttl;
        end = reached > last && (!end || reached < end) ? reached : end;
    }
    return end ? end : last;
}

/* What became of one flow between two TTLs, both excluded and included, but for the one answer by which it is known to
 * get there: chosen for that, it says nothing of the loss. */
static void count_flow(const struct cohort *cohort, const struct trace *trace, unsigned flow, uint8_t from, uint8_t to,
                       struct tally *tally)
{
    unsigned asked = 0, silent = 0;
    for (size_t n = 0; n < trace->probe_count; n++) {
        const struct probe *probe = &trace->probes[n];
        bool in_vain = cohort_is_silent(cohort, probe);
        if (probe->flow != flow || probe->ttl <= from || probe->ttl > to || (!in_vain && !probe->reply_count))
            continue;
        asked++;
        silent += in_vain;
    }
    tally->asked += asked > silent ? asked - 1 : 0;
    tally->silent += asked > silent ? silent : 0;
}

struct tally count_between(const struct cohort *cohort, const struct passage *passage, uint8_t ttl, uint8_t end)
{
    struct tally all = {0};
    bool to_target = end == end_of_path(cohort) && end > cohort_last_router(cohort);
    end = to_target ? UINT8_MAX : end;
    for (unsigned i = 0; i < cohort->count; i++)
        for (unsigned flow = 0; flow < cohort->traces[i]->flow_count; flow++)
            if (passage->farthest[i][flow] > ttl)
                count_flow(cohort, cohort->traces[i], flow, ttl, end, &all);
    return all;
}

struct tally count_behind(const struct cohort *cohort, const struct passage *passage, uint8_t ttl)
{
    return count_between(cohort, passage, ttl, end_of_path(cohort));
}

double log_choose(unsigned n, unsigned k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}
