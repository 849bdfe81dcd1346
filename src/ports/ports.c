/* SPDX-License-Identifier: BSD-2-Clause */
/* ports: specs that differ by port alone, up to 65535 of a protocol.
 *
 * 1. The specs of the run, which are few, learn the path as `diagnose` does. With --through they first look for the
 *    gateway (approach.c). They then learn the path to the first router behind it.
 * 2. Then rounds of probes follow (rounds.c). When all probes of a round have a fate, what is known becomes a map
 *    (portmap/), and the map decides the next round: each port at the end of the path; silent ones again, with
 *    controls; and ports of each kind at the hops around their silence.
 *
 * A replay draws the same map from the same traces at its end; it plans no rounds. */
#include "ports/ports.h"

#include <stdlib.h>

#include "diagnose/diagnose.h"
#include "ports/approach.h"
#include "ports/rounds.h"
#include "session/state.h"

struct ports_plan {
    struct approach approach; /* with --through */
    bool approached;
    void *path; /* owned; state of the strategy that learns the path */
    bool path_is_known;
    struct rounds rounds;
};

static struct ports_plan *plan_of(const struct session *session)
{
    return session->plan;
}

static bool start(struct session *session)
{
    struct ports_plan *plan = calloc(1, sizeof *plan);
    if (!plan || !strategy_diagnose.start(session)) {
        free(plan);
        return false;
    }
    plan->path = session->plan;
    plan->approached = !session_config_is_through(&session->config);
    session->plan = plan;
    return true;
}

static void stop(struct session *session)
{
    struct ports_plan *plan = plan_of(session);
    rounds_free(&plan->rounds);
    free(plan->path);
}

static bool has_outstanding(const struct session *session)
{
    if (session->pending_first < session->pending_count)
        return true;
    for (unsigned i = 0; i < session->sized_first; i++)
        if (session->in_flight[i])
            return true;
    return false;
}

/* If memory is short, the run ends with what is known. */
static void plan_round(struct session *session)
{
    struct rounds *rounds = &plan_of(session)->rounds;
    rounds_free(rounds); /* the map takes as much */
    const struct trace_set path = session_trace_set(session), lists = session_list_set(session);
    struct portmap *map = portmap_new(&path, &lists);
    if (!map || !rounds_plan(rounds, session, map))
        rounds->count = 0;
    portmap_free(map);
    session->complete = rounds->count == 0 && !session_silence_is_young(session);
}

static void update_approach(struct session *session, struct ports_plan *plan)
{
    if (!approach_update(session, &plan->approach))
        return;
    plan->approached = true;
    session_stop_behind_gateway(session);
    session->max_ttl = approach_last_ttl(session);
    const struct trace_set path = session_trace_set(session);
    session->complete = !trace_set_tests_gateway(&path);
}

static void update_path(struct session *session, struct ports_plan *plan)
{
    session->plan = plan->path;
    strategy_diagnose.update(session);
    session->plan = plan;
    if (!session->complete)
        return;
    session->complete = session_lacks_route(session);
    plan->path_is_known = true;
}

static void update(struct session *session)
{
    struct ports_plan *plan = plan_of(session);
    if (!plan->approached)
        update_approach(session, plan);
    if (plan->approached && !plan->path_is_known && !session->complete)
        update_path(session, plan);
    if (plan->path_is_known && !session->complete && plan->rounds.next >= plan->rounds.count &&
        !has_outstanding(session))
        plan_round(session);
}

static bool next(struct session *session, nstime now, struct wish *wish, nstime *again)
{
    const struct ports_plan *plan = plan_of(session);
    const struct rounds *rounds = &plan->rounds;
    *again = NSTIME_NEVER;
    if (!plan->path_is_known)
        return pacing_next(session, now, wish, again);
    if (rounds->next >= rounds->count)
        return false;
    const struct ask *ask = &rounds->asks[rounds->next];
    nstime earliest = rounds->next ? 0 : rounds->not_before;
    nstime gap = ask->gap_ms * NS_PER_MS;
    if (gap && session->last_send != NSTIME_NONE && session->last_send + gap > earliest)
        earliest = session->last_send + gap;
    if (earliest > now) {
        *again = earliest;
        return false;
    }
    wish->trace = ask->trace;
    wish->flow = 0;
    wish->port = ask->port;
    wish->ttl = ask->ttl;
    return true;
}

static void sent(struct session *session, const struct wish *wish, nstime at)
{
    struct ports_plan *plan = plan_of(session);
    if (!plan->path_is_known)
        return;
    plan->rounds.asked[wish->ttl] = at;
    const struct ask *ask = &plan->rounds.asks[plan->rounds.next];
    if (ask->controls) {
        plan->rounds.controlled[wish->ttl] = at;
        plan->rounds.guessed[wish->ttl] = ask->guessed;
    }
    if (ask->refused)
        plan->rounds.refused = at;
    plan->rounds.next++;
}

static nstime timer(const struct session *session)
{
    return strategy_diagnose.timer(session);
}

const struct strategy strategy_ports = {
    .name = "ports",
    .heading = "hopsonde diagnose to",
    .flows_most = FLOWS_COMPARED_MOST,
    .has_budget = true,
    .side_by_side = true,
    .start = start,
    .update = update,
    .timer = timer,
    .next = next,
    .sent = sent,
    .stop = stop,
};
