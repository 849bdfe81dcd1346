/* SPDX-License-Identifier: BSD-2-Clause */
/* ladder: needs into sends. The only part that knows what was commanded and not seen yet; pacing only, nothing that a
 * report depends on is decided here. */
#include "session/state.h"

/* Routers answer about six expired packets at once and then one a second (Linux icmp_ratelimit). */
#define OUTSTANDING_OF_SPEC 3
#define OUTSTANDING_OF_ALL 6

/* Another run with the same seed sends the same probes: more may be resolved than was commanded. */
static unsigned outstanding_of_flow(const struct wanted *need)
{
    return need->commanded > need->resolved ? (unsigned)need->commanded - need->resolved : 0;
}

static unsigned outstanding(const struct session *session, unsigned index, unsigned ttl)
{
    unsigned sum = 0;
    for (unsigned k = 0; k < session->traces[index].flow_count; k++)
        sum += outstanding_of_flow(session_wanted(session, index, k, ttl));
    return sum;
}

static unsigned outstanding_of_all(const struct session *session, unsigned ttl)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        sum += outstanding(session, i, ttl);
    return sum;
}

/* The target may take what a router may not; where somebody nearer answers in its name, there are routers behind. */
static bool is_target_hop(const struct session *session, unsigned ttl)
{
    uint8_t target_ttl = session_target_ttl(session);
    return target_ttl && ttl >= target_ttl;
}

static bool may_send(const struct session *session, unsigned index, unsigned ttl)
{
    return is_target_hop(session, ttl) || (outstanding(session, index, ttl) < OUTSTANDING_OF_SPEC &&
                                           outstanding_of_all(session, ttl) < OUTSTANDING_OF_ALL);
}

/* An alternate goes where its plan wants it, wherever the trace's own flow ended. */
static bool is_due(const struct session *session, unsigned index, unsigned flow, unsigned ttl)
{
    const struct wanted *need = session_wanted(session, index, flow, ttl);
    if (need->commanded >= need->want)
        return false;
    uint8_t end = flow ? 0 : (session->wants[index].climbs ? trace_probe_limit(&session->traces[index]) : 0);
    return (!end || ttl <= end) && may_send(session, index, ttl);
}

/* What was to go first, goes first, however late we are. Of what may go at once the order is diagonal: the first
 * unanswered probe at TTL t goes out beside the second at t - 1. That spreads the probes over the routers, and a target
 * that answers only a few port unreachables at once spends them on its own hop and not on the TTLs beyond it. Earlier
 * specs go first, so that a later one's answer shows that the router still answered. */
bool pacing_next(struct session *session, nstime now, struct wish *wish, nstime *again)
{
    unsigned best = ~0U;
    nstime earliest = NSTIME_NEVER;
    for (unsigned t = session->config.first_ttl; t <= session->config.max_ttl; t++)
        for (unsigned i = 0; i < session->trace_count; i++)
            for (unsigned k = 0; k < session->traces[i].flow_count; k++) {
                if (!is_due(session, i, k, t))
                    continue;
                unsigned diagonal = t + outstanding(session, i, t);
                nstime not_before = session_wanted(session, i, k, t)->not_before;
                if (not_before > earliest || (not_before == earliest && diagonal >= best))
                    continue;
                earliest = not_before;
                best = diagonal;
                wish->trace = i;
                wish->flow = (uint16_t)k;
                wish->ttl = (uint8_t)t;
            }
    *again = earliest > now ? earliest : NSTIME_NEVER;
    return earliest <= now;
}
