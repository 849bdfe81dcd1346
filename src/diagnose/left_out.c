/* SPDX-License-Identifier: BSD-2-Clause */
#include "diagnose/left_out.h"

#include "diagnose/wanted.h"
#include "silence/rate_limit.h"

/* Rounds of rule 10.
 * Unit: rounds, one token a hop each. Source: chosen; the default diagnosis has one spec more than Linux has tokens at
 * first (6). Effect: with fewer, cells of the matrix stay open although the router answers; more make runs longer. */
#define LEFT_OUT_ROUNDS 2

/* Whether the router may have had no token for any of the trace's probes there, which all went on. */
static bool is_left_out(const struct trace_set *set, const struct trace *trace, uint8_t ttl)
{
    const struct probe *probe = trace_first_at(trace, ttl);
    bool asked = probe != NULL;
    for (; probe; probe = trace_next_at(trace, probe))
        if (probe->state != PROBE_EXPIRED || !trace_flow_passed(trace, probe->flow, ttl + 1U) ||
            rate_limit_had_token(set, trace, probe) || !rate_limit_may_be_spent(set, trace, probe))
            return false;
    return asked;
}

/* One spec at a time: each second brings one token. */
static bool probe_next(struct session *session, const struct trace_set *set, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (is_left_out(set, &session->traces[i], ttl)) {
            wanted_another(session, i, 0, ttl, wanted_earliest(session, ttl, RATE_LIMIT_REFILL));
            return true;
        }
    return false;
}

void left_out_update(struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    bool any = false;
    if (diagnosis_of(session)->left_out == LEFT_OUT_ROUNDS)
        return;
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++)
        any = (session_shows_hop(session, (uint8_t)ttl) && probe_next(session, &set, (uint8_t)ttl)) || any;
    diagnosis_of(session)->left_out += any;
}
