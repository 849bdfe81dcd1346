/* SPDX-License-Identifier: BSD-2-Clause */
/* timers: what becomes of a run as time passes. The earliest deadline is computed anew each time, because each reply
 * may move the deadlines of all probes in flight. */
#include "session/state.h"

#define LEAST_WAIT_INSIDE                                                                                              \
    (100 *                                                                                                             \
     NS_PER_MS) /* least wait for a reply if a reply came from behind the hop: the silence is then inside the path */
/* Wait while no reply at all has come.
 * Unit: ns. Source: chosen; most paths answer sooner, and probes that expired too early are taken back. Effect: a
 * shorter one sends more probes on slow paths; a longer one delays the second climb where routers have no token left.
 */
#define FIRST_WAIT NS_PER_S
#define LEAST_WAIT_AT_END (150 * NS_PER_MS) /* least wait for the other probes */

/* On slow paths the longest wait is this multiple of the largest RTT, as a fraction.
 * Unit: 1. Source: the next link may be as slow as all before it together; the rest is for jitter. Effect: a smaller
 * one takes a second slow link for silence; a larger one delays the report of a silent target behind a slow link. */
#define SLOW_WAIT_TIMES 11
#define SLOW_WAIT_PARTS 5

enum deadline_kind { DEADLINE_NONE, DEADLINE_STRATEGY, DEADLINE_PENDING, DEADLINE_EXPIRY, DEADLINE_LONGEST_WAIT };

struct deadline {
    enum deadline_kind kind;
    nstime at;
    unsigned trace;
    size_t index; /* of the probe, or of the pending send */
};

nstime session_longest_wait(const struct session *session)
{
    nstime grown = session->worst_rtt / SLOW_WAIT_PARTS * SLOW_WAIT_TIMES;
    grown = grown < session->config.slow_wait ? grown : session->config.slow_wait;
    return grown > session->config.max_wait ? grown : session->config.max_wait;
}

/* The wait is short where a reply came from the same TTL or a larger one: the silence is then inside the path. But a
 * spec whose next reply would be the target's is at its own end, although another spec has been there. */
static bool is_inside(const struct session *session, unsigned index, const struct probe *probe)
{
    const struct trace *trace = &session->traces[index];
    uint8_t target_ttl = session_target_ttl(session);
    if (probe->ttl == target_ttl && !trace->reached_ttl && trace->last_router_ttl + 1U == target_ttl)
        return false;
    return session_farthest_ttl(session) > probe->ttl || (target_ttl && target_ttl <= probe->ttl);
}

nstime session_probe_deadline(const struct session *session, unsigned index, const struct probe *probe)
{
    nstime longest = session_longest_wait(session);
    nstime wait = longest < FIRST_WAIT ? longest : FIRST_WAIT;
    if (session->worst_rtt) {
        bool inside = is_inside(session, index, probe);
        nstime least_wait = inside ? LEAST_WAIT_INSIDE : LEAST_WAIT_AT_END;
        wait = inside ? session->worst_rtt / 5 * 6 : session->worst_rtt * 2;
        wait = wait < least_wait ? least_wait : wait;
        wait = wait > longest ? longest : wait;
    }
    return probe->sent + wait;
}

static void sooner(struct deadline *earliest, enum deadline_kind kind, nstime at, unsigned trace, size_t index)
{
    if (at < earliest->at)
        *earliest = (struct deadline){.kind = kind, .at = at, .trace = trace, .index = index};
}

static void pass_resolved(struct session *session)
{
    for (unsigned t = 0; t < session->all_count; t++) {
        const struct trace *trace = &session->traces[t];
        size_t *first = &session->first_outstanding[t];
        while (*first < trace->probe_count && trace->probes[*first].state != PROBE_OUTSTANDING)
            ++*first;
    }
}

static struct deadline earliest_deadline(struct session *session)
{
    pass_resolved(session);
    struct deadline earliest = {.kind = DEADLINE_NONE, .at = NSTIME_NEVER};
    sooner(&earliest, DEADLINE_STRATEGY, session->config.strategy->timer(session), 0, 0);
    for (size_t i = session->pending_first; i < session->pending_count; i++)
        if (!session->pending[i].done)
            sooner(&earliest, DEADLINE_PENDING, pending_deadline(&session->pending[i]), 0, i);
    for (unsigned t = 0; t < session->all_count; t++) {
        const struct trace *trace = &session->traces[t];
        for (size_t i = session->first_outstanding[t]; i < trace->probe_count; i++)
            if (trace->probes[i].state == PROBE_OUTSTANDING && !session->over)
                sooner(&earliest, DEADLINE_EXPIRY, session_probe_deadline(session, t, &trace->probes[i]), t, i);
        if (session->settled_probes[t] < trace->probe_count) {
            size_t next = session->settled_probes[t];
            sooner(&earliest, DEADLINE_LONGEST_WAIT, trace->probes[next].sent + session_longest_wait(session), t, next);
        }
    }
    return earliest;
}

nstime session_next_deadline(struct session *session)
{
    return earliest_deadline(session).at;
}

void session_settle_probe(struct session *session, unsigned index)
{
    struct trace *trace = &session->traces[index];
    struct probe *probe = &trace->probes[session->settled_probes[index]++];
    if (probe->state == PROBE_OUTSTANDING && !session->over)
        session_resolve_probe(session, index, probe, PROBE_EXPIRED);
    if (session->events.probe_settled && !session_is_sized(session, index))
        session->events.probe_settled(session->events.context, session, trace, probe);
}

void session_reopen_probes(struct session *session, nstime now)
{
    for (unsigned t = 0; t < session->all_count; t++) {
        struct trace *trace = &session->traces[t];
        for (size_t i = trace->probe_count; i-- > session->settled_probes[t];) {
            struct probe *probe = &trace->probes[i];
            if (probe->state != PROBE_EXPIRED || session_probe_deadline(session, t, probe) <= now)
                continue;
            probe->state = PROBE_OUTSTANDING;
            session_wanted(session, t, probe->flow, probe->ttl)->resolved--;
            if (i < session->first_outstanding[t])
                session->first_outstanding[t] = i;
        }
    }
}

static void run_deadline(struct session *session, const struct deadline *deadline)
{
    switch (deadline->kind) {
    case DEADLINE_PENDING:
        pending_claim(session, &session->pending[deadline->index]);
        break;
    case DEADLINE_EXPIRY:
        session_resolve_probe(session, deadline->trace, &session->traces[deadline->trace].probes[deadline->index],
                              PROBE_EXPIRED);
        break;
    case DEADLINE_LONGEST_WAIT:
        session_settle_probe(session, deadline->trace);
        break;
    case DEADLINE_STRATEGY:
    case DEADLINE_NONE:
        break;
    }
}

bool session_step(struct session *session, nstime now)
{
    struct deadline next = earliest_deadline(session);
    if (next.kind == DEADLINE_NONE || next.at > now)
        return false;
    if (next.at > session->now)
        session->now = next.at;
    run_deadline(session, &next);
    session_update(session);
    return true;
}

void session_tick(struct session *session, nstime now)
{
    while (session_step(session, now))
        continue;
}
