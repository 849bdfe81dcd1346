/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/sample.h"

nstime sample_wait(const struct trace_set *set, const struct probe *probe)
{
    if (probe->ttl > set->timed_ttl || set->slowest > SAMPLE_WAIT / 10)
        return SAMPLE_WAIT;
    nstime wait = 10 * set->slowest;
    return wait > SAMPLE_WAIT_LEAST ? wait : SAMPLE_WAIT_LEAST;
}

bool sample_is_silent(const struct trace_set *set, const struct probe *probe)
{
    if (!set->is_apart)
        return probe->state == PROBE_EXPIRED;
    return !probe->reply_count && probe->sent != NSTIME_NONE &&
           probe->sent + sample_wait(set, probe) <= set->ends[probe->file];
}
