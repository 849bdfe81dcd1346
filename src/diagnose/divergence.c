/* SPDX-License-Identifier: BSD-2-Clause */
/* parted: rule 6 of a diagnosis: where flows are seen to go different ways, and what is asked then. */
#include "diagnose/divergence.h"

#include "diagnose/wanted.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define SPLIT_SILENCES 3 /* of a trace's own flow, where an alternate went on */

/* The last TTL at which a router answered this flow; 0: at none. */
static unsigned top_of(const struct trace *trace, unsigned flow)
{
    unsigned top = trace->last_router_ttl;
    while (top && !trace_flow_router(trace, flow, (uint8_t)top))
        top--;
    return top;
}

/* Probes of its own flow from this TTL on, as far as alternates were answered, that were waited for in vain though the
 * router that answered these had a token left. */
static unsigned silences_of_own(const struct session *session, const struct trace *trace, unsigned ttl)
{
    struct trace_set set = session_trace_set(session);
    unsigned count = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        count += !probe->flow && probe->ttl >= ttl && probe->ttl <= trace->last_router_ttl &&
                 probe->state == PROBE_EXPIRED && rate_limit_had_token(&set, trace, probe);
    }
    return count;
}

/* The first TTL behind the last answer of some trace's own flow, where an alternate went on: the routers there may be
 * silent, but they are not the same. 0: none. */
static unsigned split_at(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        unsigned own = trace->flow_count > 1 ? top_of(trace, 0) : trace->last_router_ttl;
        if (own < trace->last_router_ttl && silences_of_own(session, trace, own + 1) >= SPLIT_SILENCES)
            return own + 1;
    }
    return 0;
}

bool divergence_at_hop(const struct session *session, unsigned ttl)
{
    const struct addr *first = NULL;
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session->traces[i].flow_count; k++) {
            const struct addr *router = trace_flow_router(&session->traces[i], k, (uint8_t)ttl);
            if (first && router && !addr_equal(first, router))
                return true;
            first = first ? first : router;
        }
    return false;
}

unsigned divergence_at(const struct session *session)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= session_last_router_ttl(session); ttl++)
        if (divergence_at_hop(session, ttl))
            return ttl;
    return split_at(session);
}

bool divergence_router_is_shown(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session->traces[i].flow_count; k++)
            if (trace_flow_router(&session->traces[i], k, (uint8_t)ttl))
                return true;
    return false;
}

/* Whether its own flow was refused short of the target, behind a hop that is silent to it. */
static bool is_refused_unseen(const struct session *session, unsigned index, uint8_t target_ttl)
{
    const struct trace *trace = &session->traces[index];
    unsigned end = trace->reached_ttl ? trace->reached_ttl : trace->refused_ttl;
    return end > session->config.first_ttl && end < target_ttl && !trace_flow_router(trace, 0, (uint8_t)(end - 1));
}

/* A filter may stand on one of several ways that look alike, as the routers there are silent. */
void divergence_ask_end(struct session *session, unsigned index)
{
    uint8_t end = wanted_end_ttl(session), target_ttl = session_target_ttl(session);
    bool in_vain = !trace_probe_limit(&session->traces[index]) && wanted_is_in_vain(session, index, 0, target_ttl);
    if (!target_ttl || wanted_goes_round(session, index) || !(in_vain || is_refused_unseen(session, index, target_ttl)))
        return;
    for (unsigned k = 1; k < session->traces[index].flow_count; k++)
        wanted_at_least(session, index, k, end, 1, 0);
}

void divergence_ask_all(struct session *session, unsigned index, unsigned parted)
{
    const struct trace *trace = &session->traces[index];
    uint8_t target_ttl = session_target_ttl(session), router = session_last_router_ttl(session);
    unsigned far = target_ttl ? target_ttl : least(router + 1U, session->config.max_ttl),
             circle = wanted_circle_end(session, index);
    if (!target_ttl && circle)
        far = least(far, circle);
    for (unsigned k = 1; k < trace->flow_count; k++) {
        wanted_at_least(session, index, k, far, 1, 0);
        if (!wanted_is_in_vain(session, index, k, (uint8_t)far) || wanted_flow_got_to(trace, k, far))
            continue;
        wanted_at_least(session, index, k, far, 2, wanted_soonest(session, (uint8_t)far, SAMPLE_SPAN));
        for (unsigned ttl = parted; ttl < far; ttl++)
            wanted_at_least(session, index, k, ttl, 1, 0);
    }
}
