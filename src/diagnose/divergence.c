/* SPDX-License-Identifier: BSD-2-Clause */
/* divergence: rule 6 of a diagnosis: flows that take different paths, and the probes that show it. */
#include "diagnose/divergence.h"

#include "base/minmax.h"
#include "diagnose/name_turns.h"
#include "diagnose/wanted.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define SPLIT_SILENCES 3 /* probes of a trace's own flow that stay silent where an alternate went on */

/* The largest TTL at which a router answered this flow; 0: none. */
static unsigned top_of(const struct trace *trace, unsigned flow)
{
    unsigned top = trace->last_router_ttl;
    while (top && !trace_flow_router(trace, flow, (uint8_t)top))
        top--;
    return top;
}

/* Counts silent probes of the trace's own flow, from this TTL to the alternates' last replies. Each counts only if
 * the router that answered an alternate had a token left. */
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

/* The first TTL behind the last reply to some trace's own flow, if an alternate went on there. The routers there may
 * be silent, but they are not the same ones. 0: none. */
static unsigned split_at(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        unsigned own = session_rows(session, i) > 1 ? top_of(trace, 0) : trace->last_router_ttl;
        if (own < trace->last_router_ttl && silences_of_own(session, trace, own + 1) >= SPLIT_SILENCES)
            return own + 1;
    }
    return 0;
}

/* All connections of a row count: each has a port of its own. */
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

bool divergence_shows_router(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session_rows(session, i); k++)
            if (trace_flow_router(&session->traces[i], k, (uint8_t)ttl))
                return true;
    return false;
}

/* The nearest reply in the target's name; NULL: none. */
static const struct reply *nearest_answer(const struct trace *trace)
{
    for (const struct probe *p = trace_first_at(trace, trace->reached_ttl); p; p = trace_next_at(trace, p))
        for (unsigned i = 0; i < probe_listed(p); i++)
            if (reply_reaches(trace, &p->replies[i]))
                return &p->replies[i];
    return NULL;
}

/* Whether a reset has crossed another number of hops than all of the target's other replies with that initial TTL. */
static bool is_from_elsewhere(const struct session *session, const struct reply *reset)
{
    bool differs = false;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct reply *other = nearest_answer(&session->traces[i]);
        if (!other || other->kind == REPLY_RST || reply_initial_ttl(other) != reply_initial_ttl(reset))
            continue;
        if (other->reply_ttl == reset->reply_ttl)
            return false;
        differs = true;
    }
    return differs;
}

/* Whether a device before the target refused its own flow, or answered it behind a hop that is silent to it. Rule 11
 * sends names from further ports. Those of a device that answers in the target's name would show nothing more: if it
 * stands beside the path, the target answers them as well, and may be faster. */
static bool is_stopped_before(const struct session *session, unsigned index, uint8_t target_ttl)
{
    const struct trace *trace = &session->traces[index];
    const struct reply *answer = nearest_answer(trace);
    uint8_t end = trace->reached_ttl;
    if (name_turns_include(session, index))
        return false;
    if (!answer)
        return trace->refused_ttl;
    if (end < target_ttl)
        return reply_closes(answer) ||
               (end > session->config.first_ttl && !trace_flow_router(trace, 0, (uint8_t)(end - 1)));
    return answer->kind == REPLY_RST && is_from_elsewhere(session, answer);
}

/* A filter may stand on one of several paths. If their routers are silent, or no other flow took another path, these
 * look alike. */
void divergence_probe_target(struct session *session, unsigned index)
{
    uint8_t end = wanted_end_ttl(session), target_ttl = session_target_ttl(session);
    bool unanswered =
        !trace_probe_limit(&session->traces[index]) && wanted_is_unanswered(session, index, 0, target_ttl);
    if (!target_ttl || wanted_loops(session, index) || !(unanswered || is_stopped_before(session, index, target_ttl)))
        return;
    for (unsigned k = 1; k < session_rows(session, index); k++)
        wanted_at_least(session, index, k, end, 1, 0);
}

void divergence_probe_all(struct session *session, unsigned index, unsigned diverged)
{
    const struct trace *trace = &session->traces[index];
    uint8_t target_ttl = session_target_ttl(session), router = session_last_router_ttl(session);
    unsigned far = target_ttl ? target_ttl : uint_min(router + 1U, session->max_ttl),
             loop_end = wanted_loop_end(session, index);
    if (!target_ttl && loop_end)
        far = uint_min(far, loop_end);
    for (unsigned k = 1; k < session_rows(session, index); k++) {
        wanted_at_least(session, index, k, far, 1, 0);
        if (!wanted_is_unanswered(session, index, k, (uint8_t)far) || trace_flow_passed(trace, k, far))
            continue;
        wanted_at_least(session, index, k, far, 2, wanted_earliest(session, (uint8_t)far, SAMPLE_SPAN));
        for (unsigned ttl = diverged; ttl < far; ttl++)
            wanted_at_least(session, index, k, ttl, 1, 0);
    }
}
