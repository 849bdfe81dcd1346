/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/connections.h"

#include <stdlib.h>

#include "base/minmax.h"
#include "probe/type.h"
#include "session/state.h"

/* Handshakes in a row that fail, after the first connection of the trace was opened; then the row opens no more.
 * Unit: handshakes. Source: chosen; some devices refuse a pair of hosts for minutes after a reset. Effect: with fewer,
 * a lossy path ends the search for the place of a reset; more make a run longer by a wait each. */
#define FAILED_MOST 3

/* Probes of one TTL without an answer, before the search takes the next TTL for the first that draws it.
 * Unit: probes. Source: with 10 % loss each way, 1 place of 150 is wrong. Effect: fewer let loss move the place of a
 * reset; each more takes a wait. */
#define DRAW_MISSES 3

/* Handshakes without any answer, before SYNs take the place of the data; FAILED_MOST at most.
 * Unit: handshakes. Source: our kernel repeats its SYN twice in each wait. Effect: fewer take loss for a closed way;
 * each more takes the longest wait. */
#define SILENT_HANDSHAKES 2

/* --- flows --- */

/* The specs that need connections; at least one does. */
static unsigned count_connecting(const struct session_config *config)
{
    unsigned count = 0;
    for (unsigned i = 0; i < config->spec_count; i++)
        count += probe_spec_variant(&config->specs[i])->needs_connection;
    return count;
}

enum status connections_build(struct session *session, unsigned index, unsigned rows, struct err *err)
{
    struct trace *trace = &session->traces[index];
    struct trace_connections *own = &session->connections[index];
    enum status status = STATUS_OK;
    unsigned most = session->config.strategy->finds_graph ? CONNECTION_ROWS_MOST : CONNECTION_ROWS_USUAL;
    unsigned room = uint_min(CONNECTION_FLOWS_OF_RUN / count_connecting(&session->config), CONNECTION_FLOWS_MOST);
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

static struct connection *connection_of(const struct session *session, unsigned index, unsigned flow)
{
    struct trace *trace = &session->traces[index];
    return flow ? trace->alternates[flow - 1].connection : trace->flow.connection;
}

static bool has_connection(const struct trace_connections *own, unsigned flow)
{
    return flow < own->rows || flow >= 2 * own->rows;
}

/* The next flow with a connection of the row, behind `flow`; may be beyond all flows. */
static unsigned next_of_row(const struct trace_connections *own, unsigned flow)
{
    unsigned row = connections_row(own, flow), next = flow + 1;
    while (!has_connection(own, next) || connections_row(own, next) != row)
        next++;
    return next;
}

/* The connection that the probes of a row take now:
 *   1. the first one that no RST ended, and whose handshake did not fail;
 *   2. if there is none, or FAILED_MOST handshakes in a row failed, the last one that was open.
 * False: none of the row was. */
static bool current(const struct session *session, unsigned index, unsigned row, unsigned *flow)
{
    const struct trace_connections *own = &session->connections[index];
    unsigned failed = 0;
    bool was_open = false;
    for (unsigned k = row; k < session->traces[index].flow_count && failed < FAILED_MOST; k = next_of_row(own, k)) {
        const struct connection *connection = connection_of(session, index, k);
        bool is_over = connection->state == CONNECTION_RESET;
        failed = connection_failed(connection) ? failed + 1 : 0;
        if (failed)
            continue;
        *flow = k;
        was_open = was_open || is_over;
        if (!is_over)
            return true;
    }
    return was_open;
}

/* --- what may have drawn an answer --- */

static bool has_direct_reply(const struct probe *probe)
{
    for (unsigned i = 0; i < probe_listed(probe); i++)
        if (!probe->replies[i].is_icmp)
            return true;
    return false;
}

/* Whether both ends of the connection use timestamps (RFC 7323 3.2): a segment without them is a device's. False as
 * well if the row has no such connection left. */
static bool has_timestamps(const struct session *session, unsigned index, unsigned flow)
{
    const struct trace *trace = &session->traces[index];
    return flow < trace->flow_count && trace_flow(trace, flow)->connection->has_timestamps;
}

/* Whether the answer, which names no probe, may be a device's. */
static bool may_be_devices(const struct session *session, const struct packet_match *match)
{
    return match->flow.kind == REPLY_RST || has_timestamps(session, match->trace, match->which);
}

/* Whether the probe may draw an answer at that time. A device beside the path may answer a segment and let it go on, so
 * that a router answers it as well. */
static bool may_draw(const struct session *session, unsigned index, const struct probe *probe, bool is_devices,
                     nstime time)
{
    if (probe->state == PROBE_REFUSED || probe->sent > time || time > session_probe_deadline(session, index, probe))
        return false;
    return is_devices || (!probe->reply_count && !probe->unproven_count);
}

/* Until when an answer may be one to our kernel's last packet in the connection, which waits as the probe does. */
static nstime kernel_answered_by(const struct session *session, unsigned index, const struct probe *probe)
{
    nstime at = trace_flow(&session->traces[index], probe->flow)->connection->kernel_at;
    return at == NSTIME_NONE ? NSTIME_NONE : at + (session_probe_deadline(session, index, probe) - probe->sent);
}

/* The first probe that may still be waited for at that time, by its index: all before it were sent too long ago. */
static size_t first_waited_for(const struct session *session, const struct trace *trace, nstime time)
{
    size_t first = trace->probe_count;
    if (time == NSTIME_NONE)
        return first;
    nstime since = time - session_longest_wait(session) - UNSEEN_AFTER; /* probes without a frame come as late */
    while (first > 0 && trace->probes[first - 1].sent >= since)
        first--;
    return first;
}

static void begin_search(struct session *session, const struct packet_match *match, uint8_t high)
{
    const struct trace *trace = &session->traces[match->trace];
    struct trace_connections *own = &session->connections[match->trace];
    struct draw_search *search = &own->searches[connections_row(own, match->which)];
    bool rst = match->flow.kind == REPLY_RST;
    uint8_t low = (uint8_t)(session->config.first_ttl - 1);
    if (search->on || search->drew)
        return;
    *search = (struct draw_search){
        .on = true,
        .low = may_be_devices(session, match) ? low : uint8_max(low, trace->last_router_ttl),
        .high = high,
        .flow = (uint16_t)(rst ? next_of_row(own, match->which) : match->which),
    };
    search->on = search->low < search->high && search->flow < trace->flow_count;
}

uint16_t connections_serial_of(struct session *session, const struct packet_match *match, nstime time)
{
    const struct trace *trace = &session->traces[match->trace];
    const struct probe *only = NULL;
    bool is_devices = may_be_devices(session, match);
    unsigned count = 0;
    uint8_t high = 0;
    for (size_t i = first_waited_for(session, trace, time); i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->flow != match->which || !may_draw(session, match->trace, probe, is_devices, time))
            continue;
        only = probe;
        high = uint8_max(high, probe->ttl);
        count++;
    }
    if (count > 1)
        begin_search(session, match, high);
    return count == 1 && time > kernel_answered_by(session, match->trace, only) ? only->serial : 0;
}

bool connections_is_repeated(const struct session *session, unsigned index, const struct packet_match *match)
{
    const struct probe *probe = trace_probe(&session->traces[index], match->flow.serial);
    return probe && match->flow.kind != REPLY_RST && has_direct_reply(probe);
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

/* The connection that a TCP packet belongs to; NULL: none. */
static struct connection *find(const struct session *session, const struct headers *seen, bool *leaves)
{
    if (seen->ip.protocol != IP_TCP || !(seen->transport.have & HAVE_PORTS))
        return NULL;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace_connections *own = &session->connections[i];
        for (unsigned k = 0; own->rows && k < session->traces[i].flow_count; k++)
            if (has_connection(own, k) && fits(trace_flow(&session->traces[i], k), seen, leaves))
                return connection_of(session, i, k);
    }
    return NULL;
}

static enum segment take_error(const struct session *session, const struct frame *frame, const struct packet *packet)
{
    bool leaves;
    struct connection *connection = find(session, &packet->quote, &leaves);
    const struct transport *icmp = &packet->outer.transport, *quote = &packet->quote.transport;
    bool is_syn = connection && leaves && (quote->have & HAVE_SEQ) && connection->state != CONNECTION_NONE &&
                  (uint32_t)quote->seq + 1 == connection->snd_nxt;
    if (!is_syn)
        return SEGMENT_NONE;
    if (reply_kind_of_icmp(packet->outer.ip.version, icmp->type, icmp->code) == REPLY_UNREACHABLE)
        connection_refuse(connection, frame->time, frame->number);
    return SEGMENT_REFUSAL;
}

enum segment connections_take(struct session *session, const struct frame *frame, const struct packet *packet)
{
    bool leaves;
    if (packet->kind == PACKET_ICMP_ERROR)
        return packet->quote.ip.version ? take_error(session, frame, packet) : SEGMENT_NONE;
    struct connection *connection = packet->kind == PACKET_PLAIN ? find(session, &packet->outer, &leaves) : NULL;
    return connection ? connection_take(connection, &packet->outer, leaves, frame->time, frame->number) : SEGMENT_NONE;
}

/* --- the search for the smallest TTL that draws an answer --- */

/* The probe that the search has sent last; NULL: the capture does not show it yet. */
static const struct probe *probe_of_search(const struct trace *trace, const struct trace_connections *own, unsigned row)
{
    const struct draw_search *search = &own->searches[row];
    for (const struct probe *p = trace_first_at(trace, search->ttl); p; p = trace_next_at(trace, p))
        if (p->serial > search->after && p->flow >= search->flow && connections_row(own, p->flow) == row)
            return p;
    return NULL;
}

/* The probe at the front comes first: most devices that reset a connection stand in the path, and so behind the last
 * router that answers. Then the one before it; then halves. */
static uint8_t next_ttl(const struct trace *trace, const struct draw_search *search)
{
    uint8_t front = (uint8_t)(trace->last_router_ttl + 1);
    bool is_first = !search->after;
    if (is_first && front > search->low && front <= search->high)
        return front;
    if (!search->drew)
        return search->high;
    if (search->high - search->low <= 1)
        return search->low; /* once more: loss may have hidden its answer */
    return search->tried_before ? (uint8_t)(search->low + (search->high - search->low) / 2)
                                : (uint8_t)(search->high - 1);
}

/* Notes what the probe drew. False: that is open. */
static bool learn(const struct session *session, unsigned index, struct draw_search *search, const struct probe *probe)
{
    bool again = search->misses_at == probe->ttl;
    if (has_direct_reply(probe)) {
        search->high = probe->ttl;
        search->drew = true;
        search->low = search->low < probe->ttl ? search->low : (uint8_t)(session->config.first_ttl - 1);
    } else if (probe->state != PROBE_REFUSED && session->now <= session_probe_deadline(session, index, probe)) {
        return false;
    } else {
        search->misses = (uint8_t)(again ? search->misses + 1 : 1);
        search->misses_at = probe->ttl;
        if (probe->ttl < search->high)
            search->low = probe->ttl;
        else
            search->on = search->misses < DRAW_MISSES; /* it does not draw it again */
    }
    search->tried_before = search->tried_before || (search->drew && probe->ttl + 1 == search->high);
    return true;
}

/* Whether no probe on its connection may still be answered. */
static bool is_quiet(const struct session *session, unsigned index, unsigned flow)
{
    const struct trace *trace = &session->traces[index];
    bool is_devices = has_timestamps(session, index, flow);
    for (size_t i = first_waited_for(session, trace, session->now); i < trace->probe_count; i++)
        if (trace->probes[i].flow == flow && may_draw(session, index, &trace->probes[i], is_devices, session->now))
            return false;
    return true;
}

/* Whether the row has a connection that is open, or is still to be opened. */
static bool has_another(const struct session *session, unsigned index, unsigned row)
{
    unsigned flow;
    return current(session, index, row, &flow) && connection_of(session, index, flow)->state != CONNECTION_RESET;
}

static void search_row(struct session *session, unsigned index, unsigned row)
{
    const struct trace *trace = &session->traces[index];
    struct trace_connections *own = &session->connections[index];
    struct draw_search *search = &own->searches[row];
    const struct probe *probe = search->ttl ? probe_of_search(trace, own, row) : NULL;
    if (search->ttl && (!probe || !learn(session, index, search, probe)))
        return;
    search->ttl = 0;
    bool is_sure =
        search->low < session->config.first_ttl || (search->misses_at == search->low && search->misses >= DRAW_MISSES);
    search->on = search->on && !(search->drew && search->high - search->low <= 1 && is_sure);
    search->on = search->on && has_another(session, index, row);
    if (!search->on || !is_quiet(session, index, search->flow))
        return;
    search->ttl = next_ttl(trace, search);
    search->after = session->last_serial[index] ? session->last_serial[index] : 1;
    search->is_sent = false;
}

bool connections_search(struct session *session)
{
    bool any = false;
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned row = 0; row < session->connections[i].rows; row++) {
            if (session->connections[i].searches[row].on)
                search_row(session, i, row);
            any = any || session->connections[i].searches[row].on;
        }
    return any;
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

static nstime search_deadline(const struct session *session, unsigned index, unsigned row)
{
    const struct trace *trace = &session->traces[index];
    const struct trace_connections *own = &session->connections[index];
    const struct draw_search *search = &own->searches[row];
    nstime earliest = NSTIME_NEVER;
    if (!search->on)
        return NSTIME_NEVER;
    for (size_t i = first_waited_for(session, trace, session->now); i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        nstime at = connections_row(own, probe->flow) == row && probe->state != PROBE_REFUSED
                        ? session_probe_deadline(session, index, probe) + 1
                        : NSTIME_NONE;
        if (at > session->now && at < earliest)
            earliest = at;
    }
    return earliest;
}

nstime connections_deadline(const struct session *session, unsigned index)
{
    const struct trace_connections *own = &session->connections[index];
    nstime earliest = NSTIME_NEVER;
    for (unsigned k = 0; own->rows && k < session->traces[index].flow_count; k++)
        if (has_connection(own, k) && deadline_of(session, index, k) < earliest)
            earliest = deadline_of(session, index, k);
    for (unsigned row = 0; row < own->rows; row++)
        if (search_deadline(session, index, row) < earliest)
            earliest = search_deadline(session, index, row);
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
    for (; silent < SILENT_HANDSHAKES && connection_of(session, index, flow)->state == CONNECTION_SILENT; silent++)
        flow = next_of_row(own, flow);
    return silent == SILENT_HANDSHAKES || connection_of(session, index, flow)->state == CONNECTION_REFUSED;
}

static nstime next_connection_at(const struct session *session)
{
    return session->connections_opened < CONNECTIONS_AT_ONCE ? NSTIME_NONE : session->last_connection + CONNECTION_GAP;
}

/* When a probe may leave on the connection. Where its answer would not say which probe drew it, it must be alone. */
static nstime alone_from(const struct session *session, unsigned index, unsigned row, unsigned ttl, unsigned flow)
{
    const struct trace *trace = &session->traces[index];
    const struct draw_search *search = &session->connections[index].searches[row];
    nstime from = NSTIME_NONE;
    if (!search->on && !search->drew)
        return from;
    for (size_t i = first_waited_for(session, trace, session->now); i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        bool counts = probe->flow == flow && !has_direct_reply(probe) && probe->state != PROBE_REFUSED &&
                      (search->on || ttl >= search->high || probe->ttl >= search->high);
        nstime until = counts ? session_probe_deadline(session, index, probe) + 1 : NSTIME_NONE,
               kernel = probe->flow == flow ? kernel_answered_by(session, index, probe) : NSTIME_NONE;
        from = until > from ? until : from;
        from = kernel > from ? kernel : from;
    }
    return from;
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
    if (!current(session, index, row, flow))
        return CONNECTION_WAITS;
    const struct connection *connection = connection_of(session, index, *flow);
    if (!connection_was_open(connection)) {
        if (own->commanded_at[*flow] != NSTIME_NONE)
            return CONNECTION_WAITS;
        *at = next_connection_at(session);
        return CONNECTION_WANTED;
    }
    *at = alone_from(session, index, row, ttl, *flow);
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
            if (!all && connection->state != CONNECTION_RESET && !connection_failed(connection))
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
    session->connections_opened++;
    session->last_connection = at;
    if (connect_errno)
        connection_give_up(connection_of(session, wish->trace, wish->flow));
}

void session_closed(struct session *session, const struct wish *wish)
{
    session->connections[wish->trace].closed[wish->flow] = true;
}

bool session_close_wish(const struct session *session, struct wish *wish)
{
    return connections_to_close(session, true, wish);
}
