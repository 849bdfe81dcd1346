/* SPDX-License-Identifier: BSD-2-Clause */
#include "diagnose/left_out.h"

#include "diagnose/wanted.h"
#include "silence/rate_limit.h"

/* Probes of rule 10 without a reply after which a hop is left alone.
 * Unit: probes. Source: chosen; one may be lost. Effect: with fewer, cells of the matrix stay open although the router
 * answers; more make runs longer. */
#define LEFT_OUT_MISSES 2

/* Whether a probe that went on drew no reply there, although the router seems to have had a token for it. */
static bool loses_at(const struct trace_set *set, unsigned index, uint8_t ttl)
{
    const struct trace *trace = set->traces[index];
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (p->state == PROBE_EXPIRED && trace_flow_passed(trace, p->flow, ttl + 1U) &&
            rate_limit_had_token(set, trace, p))
            return true;
    return false;
}

/* Silences of several specs at several hops that no limit explains are loss. One spec alone may have met empty buckets
 * at each hop, just before new tokens came, as an earlier run has spent them all at one time. */
static bool path_loses(const struct session *session, const struct trace_set *set)
{
    unsigned hops = 0, specs = 0;
    bool lost[SPECS_MOST] = {false};
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++) {
        bool loses = false;
        for (unsigned i = 0; i < set->count; i++)
            if (loses_at(set, i, (uint8_t)ttl)) {
                specs += !lost[i];
                lost[i] = loses = true;
            }
        hops += loses;
    }
    return hops > 1 && specs > 1;
}

/* Whether a token may bring the reply: none is known to have been there, or for one probe only. Any flow of the spec
 * that went on counts, as the target may have had no token for the flow of that probe. */
static bool is_left_out(const struct trace_set *set, const struct trace *trace, uint8_t ttl)
{
    const struct probe *only = trace_asked(trace, ttl) == 1 ? trace_first_at(trace, ttl) : NULL;
    return rate_limit_hides(set, trace, ttl) ||
           (only && only->state == PROBE_EXPIRED && (trace->last_router_ttl > ttl || trace->reached_ttl > ttl));
}

/* Wants one more probe there. Each second brings one token, so it is one spec at a time. */
static void probe_next(struct session *session, const struct trace_set *set, uint8_t ttl)
{
    struct left_out *hop = &diagnosis_of(session)->left_out[ttl];
    if (hop->spec && !trace_answered_at(&session->traces[hop->spec - 1], ttl))
        hop->misses++;
    hop->spec = 0;
    for (unsigned n = 0; n < session->trace_count && hop->misses < LEFT_OUT_MISSES; n++) {
        unsigned i = (hop->misses + n) % session->trace_count;
        if (!is_left_out(set, &session->traces[i], ttl))
            continue;
        wanted_another(session, i, 0, ttl, wanted_earliest(session, ttl, RATE_LIMIT_REFILL));
        hop->spec = (uint8_t)(i + 1);
        return;
    }
}

/* Hops that no reply shows get probes up to the first that a reply shows. */
void left_out_update(struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    if (path_loses(session, &set))
        return;
    bool spent = wanted_is_limited_anywhere(session);
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++) {
        spent = spent && !session_shows_hop(session, (uint8_t)ttl) && !rate_limit_had_token_once(&set, (uint8_t)ttl);
        if (spent || session_shows_hop(session, (uint8_t)ttl))
            probe_next(session, &set, (uint8_t)ttl);
    }
}
