/* SPDX-License-Identifier: BSD-2-Clause */
/* progress: how far a run has come, over all its traces. */
#include "base/minmax.h"
#include "session/state.h"
#include "silence/rate_limit.h"

/* Time after the first refusal for the others to come.
 * Unit: ns. Source: Linux refuses all packets that it held at once; the rest is for jitter. Effect: a shorter time
 * leaves specs without their own refusal; a longer one makes the run longer. */
#define REFUSALS_WITHIN (50 * NS_PER_MS)

/* A router whose neighbour does not answer gives it up after this time.
 * Unit: ns. Source: Linux, three solicitations a second apart, as RFC 4861 10 has them. Effect: a longer time lets
 * probes take the router's token for that report; a shorter one holds probes back longer. */
#define NEIGHBOUR_WAIT (3 * NS_PER_S)

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

bool session_lacks_route(const struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    const struct probe *probe;
    return trace_set_dead_end(&set, &probe) != NULL;
}

void session_stop_behind_gateway(struct session *session)
{
    uint8_t behind = session_trace_set(session).gateway.behind_ttl;
    if (!behind)
        return;
    session->max_ttl = behind;
    for (unsigned i = 0; i < session->all_count; i++)
        session->traces[i].max_ttl = behind;
}

/* The first send of the trace at `ttl`, which is behind the last router, if its silence starts there; NSTIME_NONE: it
 * does not. */
static nstime silent_since(const struct session *session, unsigned index, unsigned ttl)
{
    const struct trace *trace = &session->traces[index];
    if (trace->refused_ttl || ttl > 255 || (trace->last_router_ttl && trace->last_router_ttl + 1U < ttl))
        return NSTIME_NONE;
    return session_first_sent(session, index, (uint8_t)ttl);
}

/* The send that the silence behind the last router is counted from; NSTIME_NONE: something else ended the path, or no
 * probe went there.
 * 1. One long wait is enough for all specs: it shows that no reply takes so long.
 * 2. After a refusal each spec takes its own: the refusals of others may be as late. */
static nstime end_silent_since(const struct session *session)
{
    uint8_t router = session_last_router_ttl(session);
    unsigned behind = router ? router + 1U : session->config.first_ttl;
    nstime start = NSTIME_NONE;
    bool refused = false;
    for (unsigned i = 0; i < session->trace_count; i++) {
        if (session->traces[i].reached_ttl || session->traces[i].loop_first)
            return NSTIME_NONE;
        refused = refused || session->traces[i].refused_ttl;
    }
    for (unsigned i = 0; i < session->trace_count; i++) {
        nstime since = silent_since(session, i, behind);
        if (since != NSTIME_NONE && (start == NSTIME_NONE || (refused ? since > start : since < start)))
            start = since;
    }
    return start;
}

/* A router that gives up its neighbour refuses all that it held for it at once. */
nstime session_silence_due(const struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    const struct probe *probe;
    const struct reply *dead_end = trace_set_dead_end(&set, &probe);
    if (dead_end)
        return dead_end->time + REFUSALS_WITHIN;
    nstime since = end_silent_since(session);
    return since == NSTIME_NONE ? NSTIME_NEVER : since + session_longest_wait(session);
}

bool session_reserve(const struct session *session, struct token_reserve *out)
{
    nstime since = end_silent_since(session);
    if (!session->config.strategy->spares_tokens || since == NSTIME_NONE || session_lacks_route(session))
        return false;
    *out = (struct token_reserve){.ttl = session_last_router_ttl(session),
                                  .from = since + NEIGHBOUR_WAIT - RATE_LIMIT_REFILL,
                                  .until = since + session_longest_wait(session)};
    return out->ttl > 0;
}

bool session_silence_is_young(const struct session *session)
{
    nstime due = session_silence_due(session);
    return due != NSTIME_NEVER && session->now < due;
}
