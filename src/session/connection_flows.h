/* SPDX-License-Identifier: BSD-2-Clause */
/* connection_flows: the flows of a trace that have connections, and their rows. Floor 4; internal to the files of
 * connections.h; pure. */
#ifndef HOPSONDE_SESSION_CONNECTION_FLOWS_H
#define HOPSONDE_SESSION_CONNECTION_FLOWS_H

#include "session/state.h"

static inline struct connection *connection_of(const struct session *session, unsigned index, unsigned flow)
{
    struct trace *trace = &session->traces[index];
    return flow ? trace->alternates[flow - 1].connection : trace->flow.connection;
}

static inline bool has_connection(const struct trace_connections *own, unsigned flow)
{
    return flow < own->rows || flow >= 2 * own->rows;
}

/* The next flow with a connection of the row, behind `flow`; may be beyond all flows. */
static inline unsigned next_of_row(const struct trace_connections *own, unsigned flow)
{
    unsigned row = connections_row(own, flow), next = flow + 1;
    while (!has_connection(own, next) || connections_row(own, next) != row)
        next++;
    return next;
}

/* Whether each connection of the trace is reset, whatever is sent in it. */
static inline bool resets_all(const struct trace_connections *own)
{
    return own->unprovoked >= RESETS_UNPROVOKED_MOST;
}

/* The connection that the probes of a row take now:
 *   1. the first one that did not end, and whose handshake did not fail;
 *   2. if there is none, too many handshakes in a row failed, or each connection is reset, the last one that was open.
 * False: none of the row was. */
bool connection_current(const struct session *session, unsigned index, unsigned row, unsigned *flow);
/* When the next connection may be opened. */
nstime connection_next_at(const struct session *session);
/* draw_search.c: when something becomes of the row's search without a frame. */
nstime draw_search_deadline(const struct session *session, unsigned index, unsigned row);
/* When a probe may leave on the connection. Where its answer would not say which probe drew it, it must be alone. */
nstime draw_search_alone_from(const struct session *session, unsigned index, unsigned row, unsigned ttl, unsigned flow);
/* idle_sessions.c: makes the one flow of a session that is left alone. */
enum status idle_session_build(struct session *session, unsigned index, struct err *err);

#endif
