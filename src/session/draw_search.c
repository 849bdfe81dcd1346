/* SPDX-License-Identifier: BSD-2-Clause */
/* draw_search: which probe of a connection drew an answer that does not say so; and the search for the smallest TTL
 * that draws it. */
#include "base/minmax.h"
#include "session/connection_flows.h"

/* Probes of one TTL without an answer, before the search takes the next TTL for the first that draws it.
 * Unit: probes. Source: with 10 % loss each way, 1 place of 150 is wrong. Effect: fewer let loss move the place of a
 * reset; each more takes a wait. */
#define DRAW_MISSES 3

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

/* Whether the answer, which names no probe, may be a device's beside the path. Those keep no idle connections. */
static bool may_be_devices(const struct session *session, const struct packet_match *match)
{
    if (trace_is_idle(&session->traces[match->trace]))
        return false;
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

/* Until when an answer may be one to our kernel's last segment. That waits as long as a probe of this TTL. */
static nstime kernel_answered_by(const struct session *session, unsigned index, unsigned flow, uint8_t ttl)
{
    nstime at = trace_flow(&session->traces[index], flow)->connection->kernel_at;
    return at == NSTIME_NONE ? NSTIME_NONE : at + session_wait(session, index, ttl);
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
    uint8_t low = (uint8_t)(session->config.first_ttl - 1);
    if (search->on || search->drew || trace_is_idle(trace))
        return;
    *search = (struct draw_search){
        .on = true,
        .low = may_be_devices(session, match) ? low : uint8_max(low, trace->last_router_ttl),
        .high = high,
    };
    search->on = search->low < search->high;
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
    bool may_be_to_kernel =
        only && !match->flow.acknowledges && time <= kernel_answered_by(session, match->trace, match->which, only->ttl);
    if (count == 1 && !may_be_to_kernel)
        return only->serial;
    if (count)
        begin_search(session, match, high);
    return 0;
}

bool connections_is_repeated(const struct session *session, unsigned index, const struct packet_match *match)
{
    const struct probe *probe = trace_probe(&session->traces[index], match->flow.serial);
    return probe && match->flow.kind != REPLY_RST && has_direct_reply(probe);
}

/* --- the search for the smallest TTL that draws an answer --- */

/* The probe that the search has sent last; NULL: the capture does not show it yet. */
static const struct probe *probe_of_search(const struct trace *trace, const struct trace_connections *own, unsigned row)
{
    const struct draw_search *search = &own->searches[row];
    for (const struct probe *p = trace_first_at(trace, search->ttl); p; p = trace_next_at(trace, p))
        if (p->serial > search->after && connections_row(own, p->flow) == row)
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

/* Notes what the probe drew. False: that is open. A reset that may have answered our kernel says nothing. */
static bool learn(const struct session *session, unsigned index, struct draw_search *search, const struct probe *probe)
{
    const struct connection *connection = trace_flow(&session->traces[index], probe->flow)->connection;
    bool was_reset_since = connection->state == CONNECTION_RESET && connection->ended_at >= probe->sent;
    bool again = search->misses_at == probe->ttl, is_before = search->drew && probe->ttl + 1 == search->high;
    if (has_direct_reply(probe)) {
        search->high = probe->ttl;
        search->drew = true;
        search->low = search->low < probe->ttl ? search->low : (uint8_t)(session->config.first_ttl - 1);
    } else if (probe->state != PROBE_REFUSED && session->now <= session_probe_deadline(session, index, probe)) {
        return false;
    } else if (!was_reset_since) {
        search->misses = (uint8_t)(again ? search->misses + 1 : 1);
        search->misses_at = probe->ttl;
        if (probe->ttl < search->high)
            search->low = probe->ttl;
        else
            search->on = search->misses < DRAW_MISSES; /* it does not draw it again */
    }
    search->tried_before = search->tried_before || is_before;
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

static void search_row(struct session *session, unsigned index, unsigned row)
{
    const struct trace *trace = &session->traces[index];
    struct trace_connections *own = &session->connections[index];
    struct draw_search *search = &own->searches[row];
    const struct probe *probe = search->ttl ? probe_of_search(trace, own, row) : NULL;
    unsigned flow;
    if (search->ttl && (!probe || !learn(session, index, search, probe)))
        return;
    search->ttl = 0;
    bool is_sure =
        search->low < session->config.first_ttl || (search->misses_at == search->low && search->misses >= DRAW_MISSES);
    search->on = search->on && !(search->drew && search->high - search->low <= 1 && is_sure);
    search->on = search->on && connection_current(session, index, row, &flow);
    if (!search->on || !is_quiet(session, index, flow))
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

nstime draw_search_deadline(const struct session *session, unsigned index, unsigned row)
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

/* Whether a search has found that a probe draws such an answer. Those of other rows will draw it, too. */
static bool any_drew(const struct trace_connections *own)
{
    for (unsigned row = 0; row < own->rows; row++)
        if (own->searches[row].drew)
            return true;
    return false;
}

nstime draw_search_alone_from(const struct session *session, unsigned index, unsigned row, unsigned ttl, unsigned flow)
{
    const struct trace *trace = &session->traces[index];
    const struct draw_search *search = &session->connections[index].searches[row];
    if (!search->on && !any_drew(&session->connections[index]))
        return NSTIME_NONE;
    nstime from = kernel_answered_by(session, index, flow, (uint8_t)ttl);
    for (size_t i = first_waited_for(session, trace, session->now); i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        bool counts = probe->flow == flow && !has_direct_reply(probe) && probe->state != PROBE_REFUSED &&
                      (search->on || ttl >= search->high || probe->ttl >= search->high);
        nstime until = counts ? session_probe_deadline(session, index, probe) + 1 : NSTIME_NONE;
        from = until > from ? until : from;
    }
    return from;
}
