/* SPDX-License-Identifier: BSD-2-Clause */
/* connections: the connections of a trace whose probes are segments. Floor 4; internal to session/; pure.
 *
 * A strategy knows such a trace by its rows: row k is what flow k is to other traces. A row has these flows, each with
 * a source port of its own:
 *   - flow k: its first connection;
 *   - flow rows + k: SYNs without a connection, if the first handshake fails. They show where the path ends for it;
 *   - flows from 2 * rows on: further connections, each after a RST ended the one before. Row 0 has every second of
 *     them, since most probes are its; the others share the rest.
 *
 * So the flow of a probe tells its row, and a replay knows it from the port.
 *
 * The trace of a spec that is left alone (spec.idle_s) has one flow: a connection, or a UDP session. It is opened once
 * the same spec without an idle time has one, and no probe leaves before session_idle_until(). A UDP session
 * begins with a query, the opener, which has one of the first serials, and the usual TTL of hosts.
 *
 * A RST ends a connection, and it does not say which segment drew it. It counts as the reply to a probe only if no
 * other probe of the connection may have drawn it. Otherwise the row searches for the smallest TTL that draws it, with
 * one probe at a time. Meanwhile its strategy waits. All of this follows from frames and deadlines, so that a replay
 * decides alike; only when to open and close a connection depends on what was commanded. */
#ifndef HOPSONDE_SESSION_CONNECTIONS_H
#define HOPSONDE_SESSION_CONNECTIONS_H

#include "session/session.h"

#define CONNECTION_ROWS_MOST 15 /* a search for all paths */
/* Of other strategies.
 * Unit: rows. Source: twice the source ports from which a silence is confirmed (retest.c). Effect: with fewer, data
 * that some paths drop look dropped on all; with more, a diagnosis opens more connections, one a second. */
#define CONNECTION_ROWS_USUAL 8
#define CONNECTION_SPARES 16 /* further connections of all rows of a trace; fewer with many rows */
#define CONNECTION_FLOWS_MOST FLOWS_COMPARED_MOST
#define CONNECTION_FLOWS_OF_RUN 224 /* each has a socket; a process may have 256 by the oldest of limits */

/* Connections that a run opens at once to the target.
 * Unit: connections. Source: chosen: a browser opens as many. Effect: with fewer, the place of a reset takes seconds;
 * with more, a firewall may take us for an attack. */
#define CONNECTIONS_AT_ONCE 3
/* After those, the least time from one to the next.
 * Unit: ns. Source: chosen. Effect: a shorter one looks like an attack to firewalls that count connections; a longer
 * one makes runs longer. */
#define CONNECTION_GAP NS_PER_S

/* Connections of a trace that a RST ends before a probe was sent in them; then each row opens one at most. The target's
 * kernel resets further segments of an ended connection, too, so probes go on in the last one of the row.
 * Unit: connections. Source: with the first one, in which probes were in flight, these are CONNECTIONS_AT_ONCE. Effect:
 * fewer take one reset of a busy server for its habit; each more makes a run longer by CONNECTION_GAP. */
#define RESETS_UNPROVOKED_MOST 2

/* A search for the smallest TTL that draws an answer which does not say which probe drew it. */
struct draw_search {
    bool on;
    bool drew;         /* a probe at `high`, which was alone, drew it */
    bool tried_before; /* the TTL right before one that drew it was tried */
    bool is_sent;      /* live: the probe that is wanted at `ttl` has left */
    uint8_t low;       /* no probe up to this TTL draws it */
    uint8_t high;      /* a probe at this TTL or a smaller one draws it */
    uint8_t misses;    /* probes in a row at `misses_at` that did not draw it */
    uint8_t misses_at;
    uint8_t ttl;    /* of the probe that is wanted or in flight; 0: none is */
    uint16_t after; /* that probe has a larger serial; 0: the search has sent none */
};

struct trace_connections {
    unsigned rows; /* 0: the trace needs no connections */
    struct draw_search searches[CONNECTION_ROWS_MOST];
    uint8_t
        unprovoked; /* connections that a RST ended before a probe was sent in them; RESETS_UNPROVOKED_MOST at most */
    /* Live, by flow: */
    nstime commanded_at[CONNECTION_FLOWS_MOST]; /* the call that opens the connection; NSTIME_NONE: there was none */
    bool closed[CONNECTION_FLOWS_MOST];
    unsigned openers; /* calls that opened a connection of the trace, or sent a query to begin its UDP session */
};

/* The row of a flow. */
static inline unsigned connections_row(const struct trace_connections *own, unsigned flow)
{
    unsigned spare = flow - 2 * own->rows;
    if (flow < 2 * own->rows)
        return flow % own->rows;
    return own->rows == 1 || spare % 2 == 0 ? 0 : 1 + spare / 2 % (own->rows - 1);
}

/* Queries at most, one after the other, to begin a UDP session.
 * Unit: queries. Source: a query or its answer is lost three times in a row on 1 path of 150 that loses 10 % each way.
 * Effect: with fewer, lossy paths have no session to leave alone; each more makes a run without one longer. */
#define OPENERS_MOST 3

struct packet_match;

/* Makes the flows of a trace that needs connections: `rows` of them for its strategy. */
enum status connections_build(struct session *session, unsigned trace, unsigned rows, struct err *err);
/* Hands the packet to its connection. SEGMENT_NONE: it has none, or its numbers do not fit. */
enum segment connections_take(struct session *session, const struct frame *frame, const struct packet *packet);
/* The only probe that may have drawn an answer which names none; 0: none, or several, and then the row searches. */
uint16_t connections_serial_of(struct session *session, const struct packet_match *match, nstime time);
/* Whether its probe was answered before: then it answers another packet of the connection. */
bool connections_is_repeated(const struct session *session, unsigned trace, const struct packet_match *match);
/* Goes on with the searches. True: one is under way, and the strategies wait. */
bool connections_search(struct session *session);
/* When something becomes of a connection of the trace, or of its search, without a frame; NSTIME_NEVER: at no time. */
nstime connections_deadline(const struct session *session, unsigned trace);
/* Runs these up to `at`. */
void connections_run_deadlines(struct session *session, unsigned trace, nstime at);

/* What a probe of this row and TTL needs before it can leave. */
enum connection_need {
    CONNECTION_READY,  /* nothing: `*flow` stamps it */
    CONNECTION_WANTED, /* the connection of `*flow`, which may be opened from `*at` on */
    CONNECTION_WAITS,  /* a change, or the time `*at` */
};
enum connection_need connections_need(const struct session *session, unsigned trace, unsigned row, unsigned ttl,
                                      nstime now, unsigned *flow, nstime *at);
/* The next session to open, of those that are to be left alone. False: none may be opened now, and `*at` is when one
 * may (NSTIME_NEVER: not before a change). */
bool connections_to_open(const struct session *session, nstime now, struct wish *wish, nstime *at);
/* Takes a packet that is, or answers, a query which begins a UDP session. False: it does neither. */
bool connections_take_opener(struct session *session, const struct frame *frame, const struct packet *packet,
                             const struct packet_match *match);
/* Whether the row's search wants a probe there. */
bool connections_is_searched(const struct session *session, unsigned trace, unsigned row, unsigned ttl);
/* The next connection to close: one that ended; while the run rests, one that was probed; with `all` any. False: none.
 */
bool connections_to_close(const struct session *session, bool all, struct wish *wish);

#endif
