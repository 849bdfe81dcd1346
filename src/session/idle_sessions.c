/* SPDX-License-Identifier: BSD-2-Clause */
/* idle_sessions: connections and UDP sessions that are left alone before they are probed. */
#include <stdlib.h>

#include "session/connection_flows.h"

/* TTL of the queries that begin UDP sessions. Source: RFC 1700, and what most systems send. */
#define OPENER_TTL 64

/* A session that its target keeps alive is used after so many times its idle time.
 * Unit: idle times. Source: chosen. Effect: a smaller one leaves no time after a greeting that comes late; a larger one
 * makes the run longer. */
#define IDLE_LATEST 2

/* One session, and no other if it ends: that one would have to be left alone as long. */
enum status idle_session_build(struct session *session, unsigned index, struct err *err)
{
    struct trace *trace = &session->traces[index];
    session->connections[index].rows = 1;
    session->connections[index].commanded_at[0] = NSTIME_NONE;
    if (!flow_needs_connection(&trace->flow))
        session->next_serial[index] = session->last_serial[index] = OPENERS_MOST;
    trace->alternates = calloc(1, sizeof *trace->alternates);
    return trace->alternates ? STATUS_OK : err_set(err, STATUS_SYSTEM, "out of memory");
}

nstime session_idle_until(const struct session *session, unsigned index)
{
    const struct flow *flow = &session->traces[index].flow;
    nstime span = flow->spec.idle_s * NS_PER_S;
    if (!flow->spec.idle_s || !connection_is_open(flow->connection) || flow->connection->is_used)
        return NSTIME_NEVER;
    nstime last = flow->connection->answered_at + IDLE_LATEST * span, due = flow->connection->last_at + span;
    return due < last ? due : last;
}

bool connections_may_idle(const struct session *session, unsigned index)
{
    const struct flow *own = &session->traces[index].flow;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        struct probe_spec spec = own->spec;
        spec.idle_s = 0;
        if (!probe_spec_equal(&trace->flow.spec, &spec))
            continue;
        if (flow_needs_connection(own))
            return connection_was_open(trace->flow.connection);
        for (size_t n = 0; n < trace->probe_count; n++)
            if (trace->probes[n].reply_count && trace->probes[n].replies[0].kind == REPLY_UDP)
                return true;
        return false;
    }
    return true;
}

/* Whether a query that draws no answer may be repeated. */
static bool may_open_again(const struct session *session, unsigned index)
{
    return !flow_needs_connection(&session->traces[index].flow) &&
           connection_of(session, index, 0)->state == CONNECTION_SILENT &&
           session->connections[index].openers < OPENERS_MOST;
}

bool connections_are_over(const struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    return trace_is_idle(trace) && trace->flow.connection->state == CONNECTION_CLOSED;
}

bool connections_are_failed(const struct session *session, unsigned index)
{
    return connection_failed(connection_of(session, index, 0)) && !may_open_again(session, index);
}

bool connections_to_open(const struct session *session, nstime now, struct wish *wish, nstime *at)
{
    *at = NSTIME_NEVER;
    for (unsigned i = 0; i < session->trace_count; i++) {
        bool is_new = session->connections[i].commanded_at[0] == NSTIME_NONE;
        if (!trace_is_idle(&session->traces[i]) || !(is_new || may_open_again(session, i)) ||
            !connections_may_idle(session, i))
            continue;
        *at = connection_next_at(session);
        if (*at > now)
            return false;
        *wish = (struct wish){.kind = WISH_CONNECT,
                              .trace = i,
                              .serial = (uint16_t)(session->connections[i].openers + 1),
                              .ttl = OPENER_TTL};
        return true;
    }
    return false;
}

bool connections_take_opener(struct session *session, const struct frame *frame, const struct packet *packet,
                             const struct packet_match *match)
{
    const struct flow *flow = &session->traces[match->trace].flow;
    bool is_session = flow->spec.idle_s && !flow_needs_connection(flow);
    bool is_probe = match->role == FRAME_PROBE, is_answer = packet->kind == PACKET_PLAIN;
    if (!is_session || match->flow.serial > OPENERS_MOST || (!match->flow.serial && flow->connection->is_used))
        return false;
    if (is_probe)
        connection_query(flow->connection, frame->time, frame->number);
    else if (is_answer)
        connection_answer(flow->connection, frame->time, frame->number);
    else if (match->flow.kind == REPLY_UNREACHABLE)
        connection_refuse(flow->connection, frame->time, frame->number);
    return true;
}
