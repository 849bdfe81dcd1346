/* SPDX-License-Identifier: BSD-2-Clause */
/* idle: rule 12: sessions that are left alone, and then probed. */
#include "diagnose/idle.h"

#include "base/minmax.h"
#include "diagnose/wanted.h"

/* The last TTL to probe. */
static unsigned end_of(const struct session *session, unsigned index)
{
    unsigned limit = trace_probe_limit(&session->traces[index]), target_ttl = session_target_ttl(session);
    return limit ? limit : target_ttl ? target_ttl : uint_min(session_farthest_ttl(session) + 1U, session->max_ttl);
}

/* The first TTL whose fate is open; 0: all are known. A reset does not say which TTL drew it, so each probe waits for
 * the fate of the one before. */
static unsigned next_ttl(const struct session *session, unsigned index)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= end_of(session, index); ttl++) {
        const struct wanted *cell = session_wanted(session, index, 0, ttl);
        if (cell->known < session->config.queries || cell->resolved < cell->known)
            return ttl;
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
    return trace_is_idle(&session->traces[index]) && !connections_are_over(session, index) &&
           (!session->traces[index].started || next_ttl(session, index));
}

void idle_update(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        bool is_due = session->traces[i].started || session_idle_until(session, i) <= session->now;
        unsigned ttl = trace_is_idle(&session->traces[i]) && is_due ? next_ttl(session, i) : 0;
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
