/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch/end_of_path.h"

#include "base/minmax.h"

struct end_of_path end_of_path_since(const struct trace *trace, nstime since)
{
    struct end_of_path end = {0};
    for (size_t i = trace->probe_count; i-- > 0 && trace->probes[i].sent >= since;) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        if (!reply || (end.stop && probe->ttl >= end.stop))
            continue;
        if (reply->kind == REPLY_TIME_EXCEEDED)
            end.router = probe->ttl > end.router ? probe->ttl : end.router;
        else if (probe->ttl > end.router && (reply_reaches(trace, reply) || reply_rejects(trace, reply))) {
            end.stop = probe->ttl;
            end.is_limited = reply_is_limited(reply);
        }
    }
    return end;
}

struct end_silence end_silence_at(const struct trace *trace, uint8_t ttl, nstime since)
{
    struct end_silence silence = {0};
    uint8_t router = 0;
    for (size_t i = trace->probe_count; i-- > 0 && trace->probes[i].sent >= since;) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        if (reply && reply->kind == REPLY_TIME_EXCEEDED)
            router = uint8_max(router, probe->ttl);
        if (probe->ttl != ttl || probe->state == PROBE_REFUSED)
            continue;
        silence.last = silence.last ? silence.last : probe->sent;
        silence.answered = reply != NULL;
        if (reply)
            break;
        silence.in_flight = silence.in_flight || (probe->state == PROBE_OUTSTANDING && !silence.silent);
        silence.silent += probe->state == PROBE_EXPIRED;
        silence.router = probe->state == PROBE_EXPIRED ? router : silence.router;
    }
    silence.router = silence.router ? silence.router : router;
    return silence;
}
