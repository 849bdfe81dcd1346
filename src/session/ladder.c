/* ladder: needs into sends. The only part that knows what was commanded and not seen yet; pacing only, nothing that a
 * report depends on is decided here. */
#include "session/internal.h"

/* Routers answer about six expired packets at once and then one a second (Linux icmp_ratelimit). */
#define OUTSTANDING_OF_SPEC 3
#define OUTSTANDING_OF_ALL 6

/* Another run with the same seed sends the same probes: more may be resolved than was commanded. */
static unsigned outstanding(const struct session *session, unsigned index, unsigned ttl)
{
    unsigned commanded = session->commanded[index][ttl], resolved = session->plan.traces[index].needs[ttl].resolved;
    return commanded > resolved ? commanded - resolved : 0;
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
    uint8_t goal = session_goal(session);
    return goal && ttl >= goal;
}

static bool may_send(const struct session *session, unsigned index, unsigned ttl)
{
    return is_target_hop(session, ttl) || (outstanding(session, index, ttl) < OUTSTANDING_OF_SPEC &&
                                           outstanding_of_all(session, ttl) < OUTSTANDING_OF_ALL);
}

static bool is_due(const struct session *session, unsigned index, unsigned ttl)
{
    const struct ladder_plan *ladder = &session->plan.traces[index];
    if (session->commanded[index][ttl] >= ladder->needs[ttl].want)
        return false;
    uint8_t end = plan_climb_end(session, index);
    return (!end || ttl <= end) && may_send(session, index, ttl);
}

/* The order is diagonal: the first unanswered probe at TTL t goes out beside the second at t - 1. That spreads the
 * probes over the routers, and a target that answers only a few port unreachables at once spends them on its own hop
 * and not on the TTLs beyond it. Earlier specs go first, so that a later one's answer shows that the router still
 * answered. */
bool ladder_next(const struct session *session, nstime now, unsigned *trace, uint8_t *ttl, nstime *again)
{
    unsigned best = ~0U;
    *again = NSTIME_NEVER;
    for (unsigned t = session->config.first_ttl; t <= session->config.max_ttl; t++)
        for (unsigned i = 0; i < session->trace_count; i++) {
            unsigned diagonal = t + outstanding(session, i, t);
            if (diagonal >= best || !is_due(session, i, t))
                continue;
            nstime not_before = session->plan.traces[i].needs[t].not_before;
            if (not_before > now) {
                *again = not_before < *again ? not_before : *again;
                continue;
            }
            best = diagonal;
            *trace = i;
            *ttl = (uint8_t)t;
        }
    return best != ~0U;
}
