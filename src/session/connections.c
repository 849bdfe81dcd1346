/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/connections.h"

#include <stdlib.h>

#include "base/minmax.h"
#include "probe/type.h"
#include "session/connection_flows.h"

/* Handshakes in a row that fail, after the first connection of the trace was opened; then the row opens no more.
 * Unit: handshakes. Source: chosen; some devices refuse a pair of hosts for minutes after a reset. Effect: with fewer,
 * a lossy path ends the search for the place of a reset; more make a run longer by a wait each. */
#define FAILED_MOST 3

/* Handshakes without any answer, before SYNs take the place of the data; FAILED_MOST at most.
 * Unit: handshakes. Source: our kernel repeats its SYN twice in each wait. Effect: fewer take loss for a closed way;
 * each more takes the longest wait. */
#define SILENT_HANDSHAKES 2

/* --- flows --- */

/* The flows of each trace that needs connections, if it is not left alone; at least one is not. Those left alone have
 * one each. */
static unsigned flows_of_each(const struct session_config *config)
{
    unsigned many = 0, single = 0;
    for (unsigned i = 0; i < config->spec_count; i++) {
        single += config->specs[i].idle_s != 0;
        many += !config->specs[i].idle_s && probe_spec_variant(&config->specs[i])->needs_connection;
    }
    return uint_min((CONNECTION_FLOWS_OF_RUN - single) / many, CONNECTION_FLOWS_MOST);
}

enum status connections_build(struct session *session, unsigned index, unsigned rows, struct err *err)
{
    struct trace *trace = &session->traces[index];
    struct trace_connections *own = &session->connections[index];
    enum status status = STATUS_OK;
    if (trace_is_idle(trace))
        return idle_session_build(session, index, err);
    unsigned most = session->config.strategy->finds_graph ? CONNECTION_ROWS_MOST : CONNECTION_ROWS_USUAL;
    unsigned room = flows_of_each(&session->config);
    own->rows = uint_min(uint_min(rows ? rows : 1, most), (room - 1) / 2); /* one spare at least */
    unsigned count = uint_min(2 * own->rows + CONNECTION_SPARES, room);
    trace->alternates = calloc(count, sizeof *trace->alternates);
    if (!trace->alternates)
        return err_set(err, STATUS_SYSTEM, "out of memory");
    for (unsigned k = 0; k < CONNECTION_FLOWS_MOST; k++)
        own->commanded_at[k] = NSTIME_NONE;
    while (status == STATUS_OK && trace->flow_count < count) {
        unsigned k = trace->flow_count;
        struct flow *flow = &trace->alternates[k - 1], other;
        if (!flow_alternate(&trace->flow, k, session_config_traces(&session->config), flow))
            break;
        if (k >= own->rows && k < 2 * own->rows) {
            flow_without_connection(flow, &other);
            *flow = other;
        }
        status = flow_build(flow, err);
        trace->flow_count += status == STATUS_OK;
    }
    return status;
}

bool connection_current(const struct session *session, unsigned index, unsigned row, unsigned *flow)
{
    const struct trace_connections *own = &session->connections[index];
    unsigned failed = 0;
    bool was_open = false;
    for (unsigned k = row; k < session->traces[index].flow_count && failed < FAILED_MOST; k = next_of_row(own, k)) {
        const struct connection *connection = connection_of(session, index, k);
        bool is_over = connection_was_open(connection) && !connection_is_open(connection);
        failed = connection_failed(connection) ? failed + 1 : 0;
        if (failed)
            continue;
        if (connection->state == CONNECTION_NONE && was_open && resets_all(own))
            return true;
        *flow = k;
        was_open = was_open || is_over;
        if (!is_over)
            return true;
    }
    return was_open;
}

/* --- frames --- */

static bool fits(const struct flow *flow, const struct headers *seen, bool *leaves)
{
    const struct transport *t = &seen->transport;
    *leaves = t->source_port == flow->source_port && t->target_port == flow->target_port &&
              addr_equal(&seen->ip.source, &flow->source) && addr_equal(&seen->ip.target, &flow->target);
    return *leaves || (t->source_port == flow->target_port && t->target_port == flow->source_port &&
                       addr_equal(&seen->ip.source, &flow->target) && addr_equal(&seen->ip.target, &flow->source));
}

/* A packet's connection, by its trace and flow. */
struct found {
    struct connection *connection; /* NULL: it belongs to none */
    unsigned trace, flow;
    bool leaves; /* it goes from us to the target */
};

/* Its port tells the flow. */
static struct found find(const struct session *session, const struct headers *seen)
{
    const uint16_t ports[] = {seen->transport.source_port, seen->transport.target_port};
    struct found found = {0};
    if (seen->ip.protocol != IP_TCP || !(seen->transport.have & HAVE_PORTS))
        return found;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        const struct trace_connections *own = &session->connections[i];
        for (unsigned end = 0; own->rows && end < 2; end++) {
            unsigned k = flow_index_of_port(&trace->flow, ports[end], session->sized_first);
            bool leaves;
            if (k < trace->flow_count && has_connection(own, k) && fits(trace_flow(trace, k), seen, &leaves))
                return (struct found){connection_of(session, i, k), i, k, leaves};
        }
    }
    return found;
}

static enum segment take_error(const struct session *session, const struct frame *frame, const struct packet *packet)
{
    struct found found = find(session, &packet->quote);
    const struct transport *icmp = &packet->outer.transport, *quote = &packet->quote.transport;
    bool is_syn = found.connection && found.leaves && (quote->have & HAVE_SEQ) &&
                  found.connection->state != CONNECTION_NONE && (uint32_t)quote->seq + 1 == found.connection->snd_nxt;
    if (!is_syn)
        return SEGMENT_NONE;
    if (reply_kind_of_icmp(packet->outer.ip.version, icmp->type, icmp->code) == REPLY_UNREACHABLE)
        connection_refuse(found.connection, frame->time, frame->number);
    return SEGMENT_REFUSAL;
}

/* Whether the target took data in a connection of the trace: then no reset of another one is its habit. */
static bool took_data(const struct probe *probe)
{
    for (unsigned i = 0; i < probe_listed(probe); i++)
        if (probe->replies[i].kind == REPLY_TCP)
            return true;
    return false;
}

/* A RST has ended the connection. */
static void count_unprovoked(struct session *session, const struct found *ended)
{
    const struct trace *trace = &session->traces[ended->trace];
    struct trace_connections *own = &session->connections[ended->trace];
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].flow == ended->flow || took_data(&trace->probes[i]))
            return;
    own->unprovoked = uint8_min(own->unprovoked + 1U, RESETS_UNPROVOKED_MOST);
}

enum segment connections_take(struct session *session, const struct frame *frame, const struct packet *packet)
{
    if (packet->kind == PACKET_ICMP_ERROR)
        return packet->quote.ip.version ? take_error(session, frame, packet) : SEGMENT_NONE;
    struct found found = {0};
    if (packet->kind == PACKET_PLAIN)
        found = find(session, &packet->outer);
    if (!found.connection)
        return SEGMENT_NONE;
    bool was_reset = found.connection->state == CONNECTION_RESET, had_failed = connection_failed(found.connection);
    enum segment segment = connection_take(found.connection, &packet->outer, found.leaves, frame->time, frame->number);
    if (found.connection->state == CONNECTION_RESET && !was_reset)
        count_unprovoked(session, &found);
    if (had_failed && !connection_failed(found.connection)) /* it opened after all, so it has to be closed again */
        session->connections[found.trace].closed[found.flow] = false;
    return segment;
}

/* --- deadlines --- */

/* When something becomes of the connection without a frame. */
static nstime deadline_of(const struct session *session, unsigned index, unsigned flow)
{
    const struct connection *connection = connection_of(session, index, flow);
    nstime commanded_at = session->connections[index].commanded_at[flow];
    if (connection->state == CONNECTION_OPENING)
        return connection->opened_at + session_longest_wait(session);
    if (connection->state == CONNECTION_ANSWERED)
        return connection->answered_at + UNSEEN_AFTER;
    if (connection->state == CONNECTION_NONE && commanded_at != NSTIME_NONE)
        return commanded_at + session_longest_wait(session) + UNSEEN_AFTER;
    return NSTIME_NEVER;
}

nstime connections_deadline(const struct session *session, unsigned index)
{
    const struct trace_connections *own = &session->connections[index];
    nstime earliest = NSTIME_NEVER;
    for (unsigned k = 0; own->rows && k < session->traces[index].flow_count; k++)
        if (has_connection(own, k) && deadline_of(session, index, k) < earliest)
            earliest = deadline_of(session, index, k);
    for (unsigned row = 0; row < own->rows; row++)
        if (draw_search_deadline(session, index, row) < earliest)
            earliest = draw_search_deadline(session, index, row);
    return earliest;
}

void connections_run_deadlines(struct session *session, unsigned index, nstime at)
{
    const struct trace_connections *own = &session->connections[index];
    for (unsigned k = 0; k < session->traces[index].flow_count; k++)
        if (has_connection(own, k) && deadline_of(session, index, k) <= at) {
            connection_assume_established(connection_of(session, index, k));
            connection_give_up(connection_of(session, index, k));
        }
}

/* --- live: opening and closing --- */

/* Whether the first handshakes of the trace failed: then SYNs take the place of the data. */
static bool is_refused(const struct session *session, unsigned index)
{
    const struct trace_connections *own = &session->connections[index];
    unsigned flow = 0, silent = 0;
    if (trace_is_idle(&session->traces[index]))
        return false;
    for (; silent < SILENT_HANDSHAKES && connection_of(session, index, flow)->state == CONNECTION_SILENT; silent++)
        flow = next_of_row(own, flow);
    return silent == SILENT_HANDSHAKES || connection_of(session, index, flow)->state == CONNECTION_REFUSED;
}

bool connections_are_spent(const struct session *session, unsigned index, unsigned flow)
{
    const struct trace_connections *own = &session->connections[index];
    unsigned current;
    return own->rows && !trace_is_idle(&session->traces[index]) && !is_refused(session, index) &&
           !connection_current(session, index, connections_row(own, flow), &current);
}

nstime connection_next_at(const struct session *session)
{
    return session->connections_opened < CONNECTIONS_AT_ONCE ? NSTIME_NONE : session->last_connection + CONNECTION_GAP;
}

enum connection_need connections_need(const struct session *session, unsigned index, unsigned row, unsigned ttl,
                                      nstime now, unsigned *flow, nstime *at)
{
    const struct trace_connections *own = &session->connections[index];
    const struct draw_search *search = &own->searches[row];
    *at = NSTIME_NEVER;
    if (search->on && (ttl != search->ttl || search->is_sent))
        return CONNECTION_WAITS;
    if (is_refused(session, index)) {
        *flow = own->rows + row;
        return CONNECTION_READY;
    }
    if (!connection_current(session, index, row, flow))
        return CONNECTION_WAITS;
    const struct connection *connection = connection_of(session, index, *flow);
    if (trace_is_idle(&session->traces[index]) && !connection->is_used) {
        *at = session_idle_until(session, index);
        return *at <= now ? CONNECTION_READY : CONNECTION_WAITS;
    }
    if (!connection_was_open(connection)) {
        if (own->commanded_at[*flow] != NSTIME_NONE)
            return CONNECTION_WAITS;
        *at = connection_next_at(session);
        return CONNECTION_WANTED;
    }
    *at = draw_search_alone_from(session, index, row, ttl, *flow);
    return *at <= now ? CONNECTION_READY : CONNECTION_WAITS;
}

bool connections_is_searched(const struct session *session, unsigned index, unsigned row, unsigned ttl)
{
    const struct draw_search *search = &session->connections[index].searches[row];
    return search->on && search->ttl == ttl && !search->is_sent;
}

bool connections_to_close(const struct session *session, bool all, struct wish *wish)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace_connections *own = &session->connections[i];
        for (unsigned k = 0; own->rows && k < session->traces[i].flow_count; k++) {
            if (!has_connection(own, k) || own->commanded_at[k] == NSTIME_NONE || own->closed[k])
                continue;
            const struct connection *connection = connection_of(session, i, k);
            bool rests = session->rests && (!trace_is_idle(&session->traces[i]) || session->traces[i].started);
            if (!all && !rests && connection->state != CONNECTION_RESET && !connection_failed(connection))
                continue;
            *wish = (struct wish){.kind = WISH_CLOSE, .trace = i, .flow = (uint16_t)k};
            return true;
        }
    }
    return false;
}

void session_connected(struct session *session, const struct wish *wish, int connect_errno, nstime at)
{
    session->connections[wish->trace].commanded_at[wish->flow] = at;
    session->connections[wish->trace].openers++;
    session->connections_opened++;
    session->last_connection = at;
    if (connect_errno)
        connection_give_up(connection_of(session, wish->trace, wish->flow));
}

void session_closed(struct session *session, const struct wish *wish)
{
    session->connections[wish->trace].closed[wish->flow] = true;
    connection_close(connection_of(session, wish->trace, wish->flow));
}

bool session_close_wish(const struct session *session, struct wish *wish)
{
    return connections_to_close(session, true, wish);
}
