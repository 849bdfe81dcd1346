/* SPDX-License-Identifier: BSD-2-Clause */
/* idle: rule 12: sessions that are left alone, and then probed. */
#include "diagnose/idle.h"

#include "base/minmax.h"
#include "diagnose/wanted.h"

/* Probes of one TTL, one after the other, before the next TTL gets its first.
 * Unit: probes. Source: with 10 % loss each way, 1 place of 150 is wrong. Effect: fewer let loss move the place of a
 * reset by a hop; each more takes a wait at each silent hop. */
#define PROBES_OF_HOP 3

static bool is_answered_at(const struct session *session, unsigned index, unsigned ttl)
{
    return trace_answered_at(&session->traces[index], (uint8_t)ttl) != NULL;
}

/* A reset does not say which TTL drew it, so each TTL waits for its reply before the next one. A hop that no spec has
 * a reply from gets one probe, and so do all hops behind the first silence. */
static unsigned probes_at(const struct session *session, unsigned ttl, bool is_silent)
{
    bool is_shown = session_shows_hop(session, (uint8_t)ttl) || ttl == session_target_ttl(session);
    return is_shown && !is_silent ? PROBES_OF_HOP : 1;
}

/* The last TTL to probe. */
static unsigned end_of(const struct session *session, unsigned index)
{
    unsigned limit = trace_probe_limit(&session->traces[index]), target_ttl = session_target_ttl(session);
    return limit ? limit : target_ttl ? target_ttl : uint_min(session_farthest_ttl(session) + 1U, session->max_ttl);
}

/* The first TTL whose fate is open; 0: all are known. */
static unsigned next_ttl(const struct session *session, unsigned index, unsigned *probes)
{
    bool is_silent = false;
    for (unsigned ttl = session->config.first_ttl; ttl <= end_of(session, index); ttl++) {
        const struct wanted *cell = session_wanted(session, index, 0, ttl);
        *probes = probes_at(session, ttl, is_silent);
        if (is_answered_at(session, index, ttl))
            continue;
        if (cell->known < *probes || cell->resolved < cell->known)
            return ttl;
        is_silent = is_silent || *probes > 1;
    }
    return 0;
}

/* Whether its session can be probed no more: it was not opened, or one end or a device ended it before. */
static bool is_lost(const struct session *session, unsigned index)
{
    return connections_are_failed(session, index) ||
           (session->traces[index].flow.connection->is_used && !session->traces[index].started);
}

bool idle_waits(const struct session *session, unsigned index)
{
    unsigned probes;
    return trace_is_idle(&session->traces[index]) &&
           (!session->traces[index].started || next_ttl(session, index, &probes));
}

void idle_update(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        bool is_due = session->traces[i].started || session_idle_until(session, i) <= session->now;
        unsigned probes, ttl = trace_is_idle(&session->traces[i]) && is_due ? next_ttl(session, i, &probes) : 0;
        if (ttl && !wanted_is_open_of(session, i))
            wanted_another(session, i, 0, ttl, 0);
    }
}

bool idle_is_pending(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (idle_waits(session, i) && connections_may_idle(session, i) && !is_lost(session, i))
            return true;
    return false;
}

nstime idle_timer(const struct session *session)
{
    nstime earliest = NSTIME_NEVER;
    for (unsigned i = 0; i < session->trace_count && !session->complete; i++) {
        nstime due = trace_is_idle(&session->traces[i]) ? session_idle_until(session, i) : NSTIME_NEVER;
        if (due > session->now && due < earliest)
            earliest = due;
    }
    return earliest;
}
