/* SPDX-License-Identifier: BSD-2-Clause */
/* progress: how far a run has come, over all its traces. */
#include "base/minmax.h"
#include "session/state.h"

uint8_t session_farthest_ttl(const struct session *session)
{
    uint8_t farthest = 0, target_ttl = session_target_ttl(session);
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        farthest = uint8_max(farthest, uint8_max(trace->last_router_ttl, trace->reached_ttl));
    }
    return target_ttl && target_ttl < farthest ? target_ttl : farthest;
}

bool session_shows_hop(const struct session *session, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (trace_shows_hop(&session->traces[i], ttl))
            return true;
    return false;
}

unsigned session_other_at(const struct session *session, unsigned silent, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (i != silent && trace_shows_hop(&session->traces[i], ttl))
            return i;
    return silent;
}

static bool lacks_route(const struct trace *trace)
{
    const struct probe *probe = trace->refused_ttl ? trace_first_at(trace, trace->refused_ttl) : NULL;
    for (; probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (reply_is_no_route(&probe->replies[i]) && addr_equal(&probe->replies[i].from, &trace->flow.source))
                return true;
    return false;
}

bool session_lacks_route(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (lacks_route(&session->traces[i]))
            return true;
    return false;
}
