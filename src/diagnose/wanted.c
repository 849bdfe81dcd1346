/* SPDX-License-Identifier: BSD-2-Clause */
/* wanted: what a diagnosis wants to send, and what of it is still open. */
#include "diagnose/wanted.h"
#include "silence/end.h"
#include "silence/rate_limit.h"

void wanted_at_least(struct session *session, unsigned index, unsigned flow, unsigned ttl, unsigned count,
                     nstime not_before)
{
    struct wanted *cell = session_wanted(session, index, flow, ttl);
    if (cell->want >= count || connections_are_over(session, index) || connections_are_spent(session, index, flow))
        return;
    cell->want = (uint16_t)count;
    cell->not_before = not_before;
}

void wanted_drop_spent(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned row = 0; row < session->connections[i].rows; row++)
            for (unsigned ttl = session->config.first_ttl;
                 ttl <= session->max_ttl && connections_are_spent(session, i, row); ttl++) {
                struct wanted *cell = session_wanted(session, i, row, ttl);
                cell->want = cell->want < cell->known ? cell->want : cell->known;
            }
}

static bool is_pending(const struct wanted *cell)
{
    return cell->known < cell->want || cell->resolved < cell->known;
}

/* The probe limit of one flow of the trace. */
static unsigned limit_of(const struct session *session, unsigned index, unsigned flow)
{
    uint8_t end = flow ? 0 : trace_probe_limit(&session->traces[index]), target_ttl = session_target_ttl(session);
    return end ? end : target_ttl ? target_ttl : session->max_ttl;
}

/* The cell, if its probes are pending and within the limit; else NULL. The limit costs more to find, so it is asked
 * last. */
static const struct wanted *pending_cell(const struct session *session, unsigned index, unsigned flow, unsigned ttl)
{
    if (ttl > session->max_ttl)
        return NULL;
    const struct wanted *cell = session_wanted(session, index, flow, ttl);
    return is_pending(cell) && ttl <= limit_of(session, index, flow) ? cell : NULL;
}

static bool hop_pending(const struct session *session, unsigned index, unsigned ttl)
{
    for (unsigned k = 0; k < session_rows(session, index); k++)
        if (pending_cell(session, index, k, ttl))
            return true;
    return false;
}

bool wanted_is_open_at(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (hop_pending(session, i, ttl))
            return true;
    return false;
}

bool wanted_is_due_at(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session_rows(session, i); k++) {
            const struct wanted *cell = pending_cell(session, i, k, ttl);
            if (cell && (cell->resolved < cell->known || cell->not_before <= session->now))
                return true;
        }
    return false;
}

bool wanted_is_open_of(const struct session *session, unsigned index)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= session->max_ttl; ttl++)
        if (hop_pending(session, index, ttl))
            return true;
    return false;
}

bool wanted_is_open(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (wanted_is_open_of(session, i))
            return true;
    return false;
}

/* The flow for one more probe at the target. A second SYN in a half-open connection tests something else, so it
 * comes from the next source port. */
static unsigned fresh_flow(const struct session *session, unsigned index, unsigned ttl)
{
    const struct trace *trace = &session->traces[index];
    return trace->flow.spec.protocol == IP_TCP ? trace_asked(trace, (uint8_t)ttl) % session_rows(session, index) : 0;
}

void wanted_another(struct session *session, unsigned index, unsigned flow, unsigned ttl, nstime not_before)
{
    wanted_at_least(session, index, flow, ttl, session_wanted(session, index, flow, ttl)->known + 1U, not_before);
}

void wanted_fresh(struct session *session, unsigned index, unsigned ttl, nstime not_before)
{
    wanted_another(session, index, fresh_flow(session, index, ttl), ttl, not_before);
}

nstime wanted_earliest(const struct session *session, uint8_t ttl, nstime spacing)
{
    nstime at = session->last_sent[ttl] + spacing;
    return at > session->now ? at : session->now;
}

uint8_t wanted_end_ttl(const struct session *session)
{
    struct trace_set set = session_trace_set(session);
    return silence_end_ttl(&set);
}

nstime wanted_token_gap(const struct session *session, uint8_t ttl)
{
    nstime longest = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
            if (p->reply_count && p->replies[0].time - p->sent > longest)
                longest = p->replies[0].time - p->sent;
    }
    return rate_limit_slack(longest) + session->config.send_gap;
}

bool wanted_is_unanswered(const struct session *session, unsigned index, unsigned flow, uint8_t ttl)
{
    const struct trace *trace = &session->traces[index];
    bool asked = false;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        if (probe->flow != flow || probe->state == PROBE_REFUSED)
            continue;
        if (probe->state != PROBE_EXPIRED)
            return false;
        asked = true;
    }
    return asked;
}

bool wanted_is_limited(const struct session *session, uint8_t ttl)
{
    const struct trace_set set = session_trace_set(session);
    return rate_limit_is_seen(&set, ttl);
}

bool wanted_is_limited_anywhere(const struct session *session)
{
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++)
        if (session_shows_hop(session, (uint8_t)ttl) && wanted_is_limited(session, (uint8_t)ttl))
            return true;
    return false;
}

/* Whether its last router is in the loop, or before it. */
static bool follows_circle(const struct trace *trace, const struct trace *looping)
{
    struct addr last = trace_router_address(trace, trace->last_router_ttl);
    for (unsigned ttl = looping->loop_first;
         ttl <= looping->last_router_ttl && trace->last_router_ttl >= looping->loop_first; ttl++) {
        struct addr router = trace_router_address(looping, (uint8_t)ttl);
        if (addr_equal(&router, &last))
            return true;
    }
    return trace->last_router_ttl < looping->loop_first;
}

unsigned wanted_loop_end(const struct session *session, unsigned index)
{
    unsigned nearest = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        unsigned end = trace_loop_end(&session->traces[i]);
        if (end && follows_circle(&session->traces[index], &session->traces[i]))
            nearest = nearest && nearest < end ? nearest : end;
    }
    return nearest;
}

bool wanted_loops(const struct session *session, unsigned index)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (i != index && trace_follows_loop(&session->traces[index], &session->traces[i]))
            return true;
    return false;
}

bool wanted_is_refused_locally(const struct trace *trace)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].state != PROBE_REFUSED)
            return false;
    return true;
}
