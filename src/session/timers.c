/* SPDX-License-Identifier: BSD-2-Clause */
/* timers: what becomes of a run as time passes. The earliest deadline is computed anew each time, because each reply
 * may move the deadlines of all probes in flight. All probes of a trace and TTL wait as long, so that the first of each
 * TTL is enough. */
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

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_STRATEGY,
    DEADLINE_PENDING,
    DEADLINE_EXPIRY,
    DEADLINE_LONGEST_WAIT,
    DEADLINE_CONNECTION,
};

struct deadline {
    enum deadline_kind kind;
    nstime at;
    unsigned trace;
    size_t index; /* of the probe, or of the pending send */
};

/* What the waits of all probes depend on. */
struct waits {
    nstime longest;
    uint8_t farthest, target_ttl;
};

nstime session_longest_wait(const struct session *session)
{
    nstime grown = session->worst_rtt / SLOW_WAIT_PARTS * SLOW_WAIT_TIMES;
    grown = grown < session->config.slow_wait ? grown : session->config.slow_wait;
    return grown > session->config.max_wait ? grown : session->config.max_wait;
}

static struct waits waits_of(const struct session *session)
{
    return (struct waits){.longest = session_longest_wait(session),
                          .farthest = session_farthest_ttl(session),
                          .target_ttl = session_target_ttl(session)};
}

/* The wait is short where a reply came from the same TTL or a larger one: the silence is then inside the path. But a
 * spec whose next reply would be the target's is at its own end, although another spec has been there. */
static bool is_inside(const struct trace *trace, const struct waits *waits, uint8_t ttl)
{
    uint8_t target_ttl = waits->target_ttl;
    if (ttl == target_ttl && !trace->reached_ttl && trace->last_router_ttl + 1U == target_ttl)
        return false;
    return waits->farthest > ttl || (target_ttl && target_ttl <= ttl);
}

static nstime wait_at(const struct session *session, const struct waits *waits, unsigned index, uint8_t ttl)
{
    nstime wait = waits->longest < FIRST_WAIT ? waits->longest : FIRST_WAIT;
    if (!session->worst_rtt)
        return wait;
    bool inside = is_inside(&session->traces[index], waits, ttl);
    nstime least_wait = inside ? LEAST_WAIT_INSIDE : LEAST_WAIT_AT_END;
    wait = inside ? session->worst_rtt / 5 * 6 : session->worst_rtt * 2;
    wait = wait < least_wait ? least_wait : wait;
    return wait > waits->longest ? waits->longest : wait;
}

nstime session_wait(const struct session *session, unsigned index, uint8_t ttl)
{
    const struct waits waits = waits_of(session);
    return wait_at(session, &waits, index, ttl);
}

nstime session_probe_deadline(const struct session *session, unsigned index, const struct probe *probe)
{
    return probe->sent + session_wait(session, index, probe->ttl);
}

static void sooner(struct deadline *earliest, enum deadline_kind kind, nstime at, unsigned trace, size_t index)
{
    if (at < earliest->at)
        *earliest = (struct deadline){.kind = kind, .at = at, .trace = trace, .index = index};
}

/* The first entry of the queue that stands: a probe that has this state and was sent then. NULL: none. */
static const struct due *first_standing(const struct trace *trace, struct due_queue *queue, enum probe_state state)
{
    const struct due *first;
    while ((first = due_first(queue)) != NULL) {
        const struct probe *probe = &trace->probes[first->what];
        nstime sent = state == PROBE_EXPIRED ? -first->at : first->at;
        if (probe->state == state && probe->sent == sent)
            return first;
        due_drop_first(queue);
    }
    return NULL;
}

nstime session_first_sent(const struct session *session, unsigned index, uint8_t ttl)
{
    struct due_queue *queue = &session->due[index].sent[ttl];
    const struct due *first;
    while ((first = due_first(queue)) != NULL && session->traces[index].probes[first->what].sent != first->at)
        due_drop_first(queue);
    return first ? first->at : NSTIME_NONE;
}

static void find_expiry(struct session *session, const struct waits *waits, unsigned index, struct deadline *earliest)
{
    const struct trace *trace = &session->traces[index];
    struct deadline own = {.at = NSTIME_NEVER};
    for (unsigned ttl = trace->least_ttl; ttl <= trace->most_ttl && session->in_flight[index]; ttl++) {
        const struct due *first = first_standing(trace, &session->due[index].in_flight[ttl], PROBE_OUTSTANDING);
        nstime at = first ? first->at + wait_at(session, waits, index, (uint8_t)ttl) : NSTIME_NEVER;
        if (first && (at < own.at || (at == own.at && first->what < own.index)))
            own = (struct deadline){.at = at, .index = first->what};
    }
    sooner(earliest, DEADLINE_EXPIRY, own.at, index, own.index);
}

static void find_pending(struct session *session, struct deadline *earliest)
{
    const struct due *first;
    while ((first = due_first(&session->pending_due)) != NULL) {
        size_t done = session->pending_dropped + session->pending_first;
        if (first->what >= done && !session->pending[first->what - session->pending_dropped].done) {
            sooner(earliest, DEADLINE_PENDING, first->at, 0, first->what - session->pending_dropped);
            return;
        }
        due_drop_first(&session->pending_due);
    }
}

static struct deadline earliest_deadline(struct session *session)
{
    const struct waits waits = waits_of(session);
    struct deadline earliest = {.kind = DEADLINE_NONE, .at = NSTIME_NEVER};
    sooner(&earliest, DEADLINE_STRATEGY, session->config.strategy->timer(session), 0, 0);
    find_pending(session, &earliest);
    for (unsigned t = 0; t < session->all_count; t++) {
        const struct trace *trace = &session->traces[t];
        if (!session->over && session->connections[t].rows)
            sooner(&earliest, DEADLINE_CONNECTION, connections_deadline(session, t), t, 0);
        if (!session->over)
            find_expiry(session, &waits, t, &earliest);
        if (session->settled_probes[t] < trace->probe_count) {
            size_t next = session->settled_probes[t];
            sooner(&earliest, DEADLINE_LONGEST_WAIT, trace->probes[next].sent + waits.longest, t, next);
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

/* All probes of a TTL wait as long, so that those sent last are the ones to reopen. */
void session_reopen_probes(struct session *session, nstime now)
{
    const struct waits waits = waits_of(session);
    for (unsigned t = 0; t < session->all_count; t++) {
        struct trace *trace = &session->traces[t];
        for (unsigned ttl = trace->least_ttl; ttl <= trace->most_ttl; ttl++) {
            struct due_queue *expired = &session->due[t].expired[ttl];
            const struct due *last;
            while ((last = first_standing(trace, expired, PROBE_EXPIRED)) != NULL) {
                struct probe *probe = &trace->probes[last->what];
                bool is_settled = last->what < session->settled_probes[t];
                if (!is_settled && probe->sent + wait_at(session, &waits, t, (uint8_t)ttl) <= now)
                    break;
                due_drop_first(expired);
                if (is_settled)
                    continue;
                probe->state = PROBE_OUTSTANDING;
                session_wanted(session, t, probe->flow, probe->ttl)->resolved--;
                session->in_flight[t]++;
                due_add(&session->due[t].in_flight[ttl], probe->sent, (size_t)(probe - trace->probes));
            }
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
    case DEADLINE_CONNECTION:
        connections_run_deadlines(session, deadline->trace, deadline->at);
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
