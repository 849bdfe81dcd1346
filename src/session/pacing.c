/* SPDX-License-Identifier: BSD-2-Clause */
/* pacing: turns wants into sends. It only paces; no result depends on what it decides. */
#include "session/state.h"

/* Routers send about six ICMP errors at once and then one a second (Linux icmp_ratelimit). Unit: probes of one spec,
 * and of all specs, unanswered at one hop. */
#define OUTSTANDING_OF_SPEC 3
#define OUTSTANDING_OF_ALL 6

/* Another run with the same seed sends the same probes: more may be resolved than this run commanded. */
static unsigned outstanding_of_flow(const struct wanted *cell)
{
    return cell->commanded > cell->resolved ? (unsigned)cell->commanded - cell->resolved : 0;
}

static unsigned outstanding(const struct session *session, unsigned index, unsigned ttl)
{
    unsigned sum = 0;
    for (unsigned k = 0; k < session_rows(session, index); k++)
        sum += outstanding_of_flow(session_wanted(session, index, k, ttl));
    return sum;
}

static unsigned outstanding_of_all(const struct session *session, unsigned ttl)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < session->all_count; i++)
        sum += outstanding(session, i, ttl);
    return sum;
}

/* The target takes more probes at once than a router. If a nearer device answers in its name, there are routers
 * behind. */
static bool is_target_hop(const struct session *session, unsigned ttl)
{
    uint8_t target_ttl = session_target_ttl(session);
    return target_ttl && ttl >= target_ttl;
}

static bool may_send(const struct session *session, unsigned index, unsigned ttl)
{
    bool is_alone = session_is_sized(session, index); /* its strategy sends as many as one router may answer */
    return is_target_hop(session, ttl) || is_alone ||
           (outstanding(session, index, ttl) < OUTSTANDING_OF_SPEC &&
            outstanding_of_all(session, ttl) < OUTSTANDING_OF_ALL);
}

/* An alternate has no probe limit of its own: its strategy chooses its TTLs. */
static bool is_due(const struct session *session, unsigned index, unsigned flow, unsigned ttl)
{
    const struct wanted *cell = session_wanted(session, index, flow, ttl);
    if (session->connections[index].rows && connections_is_searched(session, index, flow, ttl))
        return true;
    if (cell->commanded >= cell->want)
        return false;
    uint8_t end = flow ? 0 : (session->wants[index].climbs ? trace_probe_limit(&session->traces[index]) : 0);
    return (!end || ttl <= end) && may_send(session, index, ttl);
}

nstime token_reserve_after(const struct token_reserve *reserve, nstime not_before, nstime now)
{
    nstime at = not_before > now ? not_before : now;
    return at >= reserve->from && at < reserve->until ? reserve->until : not_before;
}

bool pacing_has_connection(const struct session *session, unsigned index, unsigned row, unsigned ttl, nstime now,
                           nstime *not_before)
{
    unsigned flow;
    nstime at;
    if (!session->connections[index].rows)
        return true;
    enum connection_need need = connections_need(session, index, row, ttl, now, &flow, &at);
    if (need != CONNECTION_READY && at > now && at > *not_before)
        *not_before = at;
    return need != CONNECTION_WAITS || at != NSTIME_NEVER;
}

/* The probe with the earliest not_before goes first, however late we are. Among those that may go at once the order
 * is diagonal: the first unanswered probe at TTL t goes out beside the second at t - 1. That spreads the probes over
 * the routers. A target that sends only a few port unreachables at once then spends them on its own hop, not on
 * larger TTLs. Earlier specs go first, so that a reply to a later one shows that the router still had a token. */
bool pacing_next(struct session *session, nstime now, struct wish *wish, nstime *again)
{
    unsigned best = ~0U;
    nstime earliest = NSTIME_NEVER;
    struct token_reserve reserve = {0};
    session_reserve(session, &reserve);
    for (unsigned t = session->config.first_ttl; t <= session->max_ttl; t++)
        for (unsigned i = 0; i < session->all_count; i++)
            for (unsigned k = 0; k < session_rows(session, i); k++) {
                nstime not_before = session_wanted(session, i, k, t)->not_before;
                if (not_before > earliest || !is_due(session, i, k, t)) /* the quick test first: most cells fail it */
                    continue;
                unsigned diagonal = t + outstanding(session, i, t);
                if (!pacing_has_connection(session, i, k, t, now, &not_before))
                    continue;
                if (t == reserve.ttl)
                    not_before = token_reserve_after(&reserve, not_before, now);
                if (not_before > earliest || (not_before == earliest && diagonal >= best))
                    continue;
                earliest = not_before;
                best = diagonal;
                wish->trace = i;
                wish->flow = (uint16_t)k;
                wish->ttl = (uint8_t)t;
            }
    *again = earliest > now ? earliest : NSTIME_NEVER;
    return earliest <= now;
}
