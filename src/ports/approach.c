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

/* Whether no more replies are due from the hop. A silent one is probed once more. */
static bool is_done(struct session *session, struct approach *approach, const struct gateway *gateway)
{
    if (session_shows_hop(session, approach->ttl))
        return true;
    if (is_open_at(session, approach->ttl))
        return false;
    if (approach->repeated || (gateway->ttl && approach->ttl <= gateway->ttl))
        return true;
    approach->repeated = true;
    want(session, approach->ttl, 1, session->last_sent[approach->ttl] + RATE_LIMIT_REFILL);
    return false;
}

static bool is_last(const struct session *session, const struct approach *approach)
{
    return approach->ttl >= approach_last_ttl(session) || approach->silent >= session->config.gap ||
           is_ended(session, approach->ttl);
}

bool approach_update(struct session *session, struct approach *approach)
{
    const struct gateway gateway = session_trace_set(session).gateway;
    if (gateway.behind_ttl)
        return true;
    if (approach->ttl) {
        if (!is_done(session, approach, &gateway))
            return false;
        approach->silent = session_shows_hop(session, approach->ttl) ? 0 : (uint8_t)(approach->silent + 1);
        if (is_last(session, approach))
            return true;
    }
    approach->ttl = approach->ttl ? (uint8_t)(approach->ttl + 1) : session->config.first_ttl;
    approach->repeated = false;
    want(session, approach->ttl, session->config.queries, 0);
    return false;
}
