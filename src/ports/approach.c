/* SPDX-License-Identifier: BSD-2-Clause */
#include "ports/approach.h"

#include "base/minmax.h"
#include "silence/rate_limit.h"

/* Hops behind the gateway at which the specs look for a router.
 * Unit: hops. Source: chosen; some firewalls have a silent router right behind them. Effect: with fewer, no port is
 * probed there; with more, the specs may get to the target. */
#define BEHIND_MOST 3

static bool is_ended(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        uint8_t end = trace_probe_limit(&session->traces[i]);
        if (!end || end > ttl)
            return false;
    }
    return true;
}

static void want(struct session *session, unsigned ttl, unsigned more, nstime not_before)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        struct wanted *cell = session_wanted(session, i, 0, ttl);
        uint8_t end = trace_probe_limit(&session->traces[i]);
        if (end && ttl > end)
            continue;
        cell->want = (uint16_t)(cell->want + more);
        cell->not_before = not_before;
    }
}

static bool is_open_at(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct wanted *cell = session_wanted(session, i, 0, ttl);
        if (cell->resolved < cell->want)
            return true;
    }
    return false;
}

uint8_t approach_last_ttl(const struct session *session)
{
    const struct gateway gateway = session_trace_set(session).gateway;
    unsigned most = session->config.max_ttl, last = gateway.ttl ? (unsigned)gateway.ttl + BEHIND_MOST : most;
    return gateway.behind_ttl ? gateway.behind_ttl : (uint8_t)uint_min(last, most);
}

/* True: the hop's probes are still open. */
static bool repeat(struct session *session, struct approach *approach, const struct gateway *gateway)
{
    if (is_open_at(session, approach->ttl))
        return true;
    if (approach->repeated || (gateway->ttl && approach->ttl <= gateway->ttl))
        return false;
    approach->repeated = true;
    want(session, approach->ttl, 1, session->last_sent[approach->ttl] + RATE_LIMIT_REFILL);
    return true;
}

bool approach_update(struct session *session, struct approach *approach)
{
    const struct gateway gateway = session_trace_set(session).gateway;
    if (gateway.behind_ttl)
        return true;
    bool is_first = approach->ttl == 0, is_shown = !is_first && session_shows_hop(session, approach->ttl);
    if (!is_first && !is_shown && repeat(session, approach, &gateway))
        return false;
    approach->silent = (uint8_t)(is_first || is_shown ? 0 : approach->silent + 1);
    if (!is_first && (approach->ttl >= approach_last_ttl(session) || approach->silent >= session->config.gap ||
                      is_ended(session, approach->ttl)))
        return true;
    approach->ttl = (uint8_t)(is_first ? session->config.first_ttl : approach->ttl + 1);
    approach->repeated = false;
    want(session, approach->ttl, session->config.queries, 0);
    return false;
}
