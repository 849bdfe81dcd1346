/* SPDX-License-Identifier: BSD-2-Clause */
#include "diagnose/silent_protocol.h"

#include "diagnose/wanted.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

/* Times that such a hop is probed again.
 * Unit: rounds of two probes. Source: chosen; on a machine that delays every fourth send, more are hardly ever needed.
 * Effect: fewer rounds miss the finding on a busy machine; more cost packets where a router is too slow to show it. */
#define ROUNDS 8

/* Whether a hop that answers other protocols left all probes of this protocol unanswered, though they were forwarded.
 */
static bool is_silent_to(const struct trace_set *set, uint8_t protocol, uint8_t ttl, unsigned *silent)
{
    *silent = 0;
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        bool own = trace->flow.spec.protocol == protocol;
        for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
            if (sample_is_silent(set, p) != own || (own && !trace_flow_passed(trace, p->flow, ttl)))
                return false;
            *silent += own;
        }
    }
    return true;
}

/* Silent probes of the protocol for which the router had a token. */
static unsigned count_proven(const struct trace_set *set, uint8_t protocol, uint8_t ttl)
{
    unsigned proven = 0;
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p))
            proven += set->traces[i]->flow.spec.protocol == protocol && sample_is_silent(set, p) &&
                      rate_limit_had_token(set, set->traces[i], p);
    return proven;
}

/* One more probe of the trace, and right after it one that the router answers. */
static void probe_again(struct session *session, unsigned index, uint8_t ttl)
{
    unsigned other = session_other_at(session, index, ttl);
    nstime at = wanted_earliest(session, ttl, SAMPLE_SPAN);
    if (other == index || session_wanted(session, index, 0, ttl)->known >= session->config.queries + ROUNDS)
        return;
    wanted_another(session, index, 0, ttl, at);
    wanted_another(session, other, 0, ttl, at + session->config.send_gap + wanted_token_gap(session, ttl));
}

static bool is_first_of_protocol(const struct session *session, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (session->traces[i].flow.spec.protocol == session->traces[index].flow.spec.protocol)
            return false;
    return true;
}

void silent_protocol_update(struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++) {
        if (!session_shows_hop(session, (uint8_t)ttl) || wanted_is_open_at(session, ttl))
            continue;
        for (unsigned i = 0; i < session->trace_count; i++) {
            uint8_t protocol = session->traces[i].flow.spec.protocol;
            unsigned silent;
            if (is_first_of_protocol(session, i) && is_silent_to(&set, protocol, (uint8_t)ttl, &silent) &&
                silent >= RATE_LIMIT_PROOFS && count_proven(&set, protocol, (uint8_t)ttl) < RATE_LIMIT_PROOFS)
                probe_again(session, i, (uint8_t)ttl);
        }
    }
}
