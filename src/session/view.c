/* SPDX-License-Identifier: BSD-2-Clause */
/* view: what other folders may read of a session. */
#include "session/state.h"
#include "session/strategy.h"

const struct session_config *session_config(const struct session *session)
{
    return &session->config;
}

const struct frame_counters *session_counters(const struct session *session)
{
    return &session->counters;
}

unsigned session_trace_count(const struct session *session)
{
    return session->trace_count;
}

unsigned session_all_count(const struct session *session)
{
    return session->sized_first;
}

const struct trace *session_trace(const struct session *session, unsigned index)
{
    return &session->traces[index];
}

bool session_was_interrupted(const struct session *session)
{
    return session->interrupted;
}

nstime session_waits_until(const struct session *session, unsigned index)
{
    nstime until = session->wants[index].waits_until;
    return until > session->now ? until : session_idle_until(session, index);
}

bool session_connects(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (flow_needs_connection(&session->traces[i].flow))
            return true;
    return false;
}

unsigned session_unseen_probes(const struct session *session)
{
    return session->unseen_probes;
}

bool session_config_is_through(const struct session_config *config)
{
    return config->through_ttl || !addr_is_none(&config->through);
}

struct trace_set session_trace_set(const struct session *session)
{
    const struct session_config *config = &session->config;
    bool asked_more = config->strategy->side_by_side && config->confidence;
    struct trace_set set = {
        .traces = session->trace_list,
        .count = session->trace_count,
        .max_ttl = session->max_ttl,
        .send_gap = config->send_gap,
        .claim = asked_more ? config->confidence / 1e6 : CONFIDENCE_TO_CLAIM,
        .is_diagnose = config->strategy->side_by_side,
        .counters = &session->counters,
    };
    if (session_config_is_through(config))
        set.gateway = trace_set_gateway(&set, &config->through, config->through_ttl);
    return set;
}

struct trace_set session_list_set(const struct session *session)
{
    struct trace_set set = session_trace_set(session);
    set.traces = session->trace_list + session->trace_count;
    set.count = session->sized_first > session->trace_count ? session->sized_first - session->trace_count : 0;
    return set;
}

const struct trace *session_hop_trace(const struct session *session, uint8_t ttl)
{
    const struct trace_set set = session_trace_set(session);
    return trace_set_hop_trace(&set, ttl);
}

uint8_t session_last_router_ttl(const struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    return trace_set_last_router_ttl(&set);
}

uint8_t session_target_ttl(const struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    return trace_set_target_ttl(&set);
}

uint8_t session_last_ttl(const struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    return trace_set_last_ttl(&set);
}

void session_compare_silence(const struct session *session, const struct trace *trace, struct comparison *out)
{
    const struct trace_set set = session_trace_set(session);
    silence_compare(&set, trace, out);
}

void session_compare_end(const struct session *session, const struct trace *trace, struct end_comparison *out)
{
    const struct trace_set set = session_trace_set(session);
    silence_compare_end(&set, trace, out);
}
