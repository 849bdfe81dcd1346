/* SPDX-License-Identifier: BSD-2-Clause */
/* view: what others may know of a session. */
#include "session/internal.h"
#include "silence/silence.h"

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

const struct trace *session_trace(const struct session *session, unsigned index)
{
    return &session->traces[index];
}

bool session_was_interrupted(const struct session *session)
{
    return session->interrupted;
}

unsigned session_unseen_probes(const struct session *session)
{
    return session->unseen_probes;
}

/* 0: not asked; 1: asked, or beyond the trace's end; 2: refused before it; 3: somebody there answered. */
static unsigned trace_rank_at(const struct trace *trace, uint8_t ttl)
{
    unsigned rank = trace_asked(trace, ttl) ? 1 : 0;
    if (ttl > trace_last_ttl(trace))
        return rank;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++) {
            if (!reply_refuses(trace, &probe->replies[i]))
                return 3;
            rank = 2;
        }
    return rank;
}

const struct trace *session_hop_trace(const struct session *session, uint8_t ttl)
{
    const struct trace *best = NULL;
    unsigned best_rank = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        unsigned rank = trace_rank_at(&session->traces[i], ttl);
        if (rank > best_rank) {
            best = &session->traces[i];
            best_rank = rank;
        }
    }
    return best;
}

uint8_t trace_shown_ttl(const struct trace *trace)
{
    uint8_t last = trace_last_ttl(trace);
    if (!trace->origin.foreign || !trace->reached_ttl)
        return last;
    uint8_t end = trace->reached_ttl > trace->last_router_ttl ? trace->reached_ttl : trace->last_router_ttl;
    return end < last ? end : last;
}

/* Of ways of different lengths: the target, or who refuses, is next behind the last router. */
static uint8_t end_of_longest(const struct trace *trace)
{
    unsigned end = trace->last_router_ttl + 1U;
    end = trace->reached_ttl > end ? trace->reached_ttl : end;
    end = trace->refused_ttl > end ? trace->refused_ttl : end;
    return (uint8_t)(end < trace->most_ttl ? end : trace->most_ttl);
}

uint8_t trace_last_ttl(const struct trace *trace)
{
    if (!trace->started)
        return 0;
    if (trace->origin.foreign)
        return trace->most_ttl;
    if (trace_is_search(trace) && (trace->reached_ttl || trace->refused_ttl))
        return end_of_longest(trace);
    /* A SYN may be answered by a reset where an earlier one's answer was lost, and the port show farther on that it is
     * open. */
    if (trace->reached_ttl)
        return trace->open_ttl > trace->reached_ttl ? trace->open_ttl : trace->reached_ttl;
    if (trace->loop_first)
        return trace_loop_end(trace);
    if (trace->refused_ttl)
        return trace->refused_ttl > trace->last_router_ttl ? trace->refused_ttl : trace->last_router_ttl;
    unsigned before = trace->least_ttl - 1U;
    unsigned end = (trace->last_router_ttl > before ? trace->last_router_ttl : before) + trace->gap;
    return (uint8_t)(trace->most_ttl < end ? trace->most_ttl : end);
}

uint8_t session_last_router(const struct session *session)
{
    uint8_t last = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        last = session->traces[i].last_router_ttl > last ? session->traces[i].last_router_ttl : last;
    return last;
}

uint8_t session_target_ttl(const struct session *session)
{
    uint8_t last = session_last_router(session), target_ttl = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        uint8_t reached = session->traces[i].reached_ttl;
        if (reached > last && (!target_ttl || reached < target_ttl))
            target_ttl = reached;
    }
    return target_ttl;
}

uint8_t session_last_ttl(const struct session *session)
{
    uint8_t target_ttl = session_target_ttl(session), last = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        uint8_t end = trace_last_ttl(&session->traces[i]);
        last = end > last ? end : last;
    }
    return target_ttl ? target_ttl : last;
}

struct trace_set session_trace_set(const struct session *session, const struct trace **traces)
{
    const struct session_config *config = &session->config;
    for (unsigned i = 0; i < session->trace_count; i++)
        traces[i] = &session->traces[i];
    bool asked_more = config->purpose == PURPOSE_DIAGNOSE && config->confidence;
    return (struct trace_set){
        .traces = traces,
        .count = session->trace_count,
        .max_ttl = config->max_ttl,
        .send_gap = config->send_gap,
        .claim = asked_more ? config->confidence / 1e6 : CONFIDENCE_TO_CLAIM,
        .is_diagnose = config->purpose == PURPOSE_DIAGNOSE,
    };
}

void session_compare_silence(const struct session *session, const struct trace *trace, struct comparison *out)
{
    const struct trace *traces[SPECS_MOST];
    struct trace_set set = session_trace_set(session, traces);
    silence_compare(&set, trace, out);
}

void session_compare_end(const struct session *session, const struct trace *trace, struct end_comparison *out)
{
    const struct trace *traces[SPECS_MOST];
    struct trace_set set = session_trace_set(session, traces);
    silence_compare_end(&set, trace, out);
}
