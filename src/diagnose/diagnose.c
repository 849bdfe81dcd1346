/* SPDX-License-Identifier: BSD-2-Clause */
/* diagnose: what the comparison of all specs still needs.
 *
 * Like plan.c's, all of it is a function of what the capture has shown, run after every change. The rules:
 *   1. Every spec is asked once at each hop (`queries` times), in turns, until it reaches the target, is refused or
 *      goes round in a circle; as far as the target, where another spec shows it. The first climbs LOOKAHEAD hops
 *      ahead of the answers, the others BESIDE them until it is done.
 *   2. A hop that is silent to all, with an answering one behind it, is asked once more; where others leave out
 *      answers, when its router had time for a token: another run may have had all that there were. So is each where
 *      all are silent to all.
 *   3. A spec that falls silent where others go on is asked again beside them, at the first hops behind its silence,
 *      from one source port after the other, until the counts are as sure as was asked for and some ports were tried,
 *      or all where ways part (each hop from another port, where answers are rare); ROUNDS times at most. The other
 *      spec is asked right behind it, there and at the last router before: its answers show that these had a token
 *      left. A router that leaves out an answer is given time for a new one. Where another spec falls silent further
 *      on, the first of the hops is asked from all source ports.
 *   4. A spec that got as far as any router is asked again at the target, or just behind the last router, from one
 *      source port after the other; right behind it a spec that the target answers, and the last router: these had a
 *      token to refuse it with. Until the counts are as sure as was asked for; CLOSING times at most.
 *   5. A spec that is silent where another was refused for want of a way, or by a router that has no other answer, or
 *      where nothing further on shows that it is dropped, is asked again there, slowly: a router refuses a few at
 *      once.
 *   6. A spec that falls silent, or is refused behind a hop that is silent to it, is asked from all its source ports
 *      at the target, where another spec shows it. Where flows are seen to go different ways, so is every spec; and a
 *      port that gets no answer there, at every hop from where the ways part.
 *   7. The hop at which a spec drew its last answer is the least that does, and the hop before it is known: where
 *      other specs were answered nearer, at each of their hops, or nobody answered before it, or its own answer came
 *      from short of the target and it was silent just before, it is asked there again. So it is before a refusal by a
 *      router whose hop is not known otherwise.
 *   8. Behind the last router a neighbour may be dead, which is told 3.1 s late: that is waited for once, where
 *      nothing else tells what is there.
 * Where a circle is known, a spec that has not left it is asked no further than its end; rule 3 is over for those that
 * an answer shows to go round.
 * When the budget is spent nothing more is asked.
 * Rule 3 is doubt.c's, 6 parted.c's, 4, 5, 7 and 8 are ending.c's. */
#include "diagnose/diagnose.h"
#include "silence/rate_limit.h"

#include <stdlib.h>

#include "diagnose/divergence.h"
#include "diagnose/path_end.h"
#include "diagnose/retest.h"
#include "diagnose/wanted.h"

#define LOOKAHEAD 16
#define BESIDE 2 /* hops that the other specs climb ahead while the first is not done */

/* --- rule 1 --- */

/* The first goes ahead: where a circle or a refusal ends all, the others need not spend the routers' tokens there. */
static unsigned open_end_of(const struct session *session, unsigned index)
{
    unsigned before = session->config.first_ttl - 1U, farthest = most(session_farthest_ttl(session), before);
    unsigned circle = wanted_circle_end(session, index); /* however far others get who go round in it */
    if (circle)
        return most(circle, session->traces[index].last_router_ttl);
    if (index == 0 && farthest < before + LOOKAHEAD - session->config.gap)
        return before + LOOKAHEAD;
    bool first_is_done = index == 0 || !wanted_is_pending_of(session, 0);
    return farthest + (first_is_done ? session->config.gap : BESIDE);
}

static void climb(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        uint8_t end = trace_probe_limit(&session->traces[i]), target_ttl = session_target_ttl(session);
        unsigned reach = end ? end : target_ttl ? target_ttl : least(open_end_of(session, i), session->config.max_ttl);
        for (unsigned ttl = session->config.first_ttl; ttl <= reach; ttl++)
            wanted_at_least(session, i, 0, ttl, session->config.queries, 0);
    }
}

/* --- rule 2 --- */

static void ask_all_hops_later(struct session *session)
{
    unsigned target_ttl = session_target_ttl(session),
             end = target_ttl ? target_ttl - 1 : session->config.first_ttl + LOOKAHEAD - 1U;
    for (unsigned ttl = session->config.first_ttl; ttl <= least(end, session->config.max_ttl); ttl++)
        wanted_at_least(session, 0, 0, ttl, session->config.queries + 1U,
                        wanted_soonest(session, (uint8_t)ttl, RATE_LIMIT_REFILL));
}

static bool is_limited_anywhere(const struct session *session)
{
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++)
        if (session_shows_hop(session, (uint8_t)ttl) && wanted_is_limited(session, (uint8_t)ttl))
            return true;
    return false;
}

static void ask_silent_hops(struct session *session)
{
    if (!session_last_router_ttl(session) && !wanted_is_pending(session))
        ask_all_hops_later(session);
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++) {
        if (session_shows_hop(session, (uint8_t)ttl) || wanted_is_pending_at(session, ttl))
            continue;
        for (unsigned i = 0; i < session->trace_count; i++)
            if (session->traces[i].last_router_ttl > ttl || session->traces[i].reached_ttl > ttl) {
                wanted_at_least(session, i, 0, ttl, session->config.queries + 1U,
                                is_limited_anywhere(session) ? wanted_soonest(session, (uint8_t)ttl, RATE_LIMIT_REFILL)
                                                             : 0);
                break;
            }
    }
}

/* --- all --- */

static void ask_no_more(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned n = 0; n < 256 * session->traces[i].flow_count; n++) {
            struct wanted *need = &session->wants[i].cells[n];
            need->want = need->want < need->known ? need->want : need->known;
        }
}

static bool is_over(const struct session *session)
{
    size_t known = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        known += session->traces[i].probe_count;
    return known >= session->config.budget || session_lacks_route(session);
}

static void settle_spec(struct session *session, unsigned index, unsigned parted)
{
    if (parted)
        divergence_ask_all(session, index, parted);
    else
        divergence_ask_end(session, index);
    if (!wanted_is_pending_of(session, index) && !wanted_is_kept_back(&session->traces[index]))
        path_end_settle(session, index);
}

static bool start(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        session->wants[i].climbs = true;
    session->plan = calloc(1, sizeof(struct diagnosis));
    return session->plan != NULL;
}

static void update(struct session *session)
{
    session->wait_until = NSTIME_NEVER;
    if (is_over(session)) {
        ask_no_more(session);
        session->complete = !wanted_is_pending(session);
        return;
    }
    climb(session);
    ask_silent_hops(session);
    unsigned parted = divergence_at(session);
    for (unsigned i = 0; i < session->trace_count; i++)
        settle_spec(session, i, parted);
    retest_settle(session, parted);
    path_end_close(session);
    if (wanted_is_pending(session))
        return;
    nstime told = path_end_told_at(session);
    if (told > session->now && told != NSTIME_NEVER)
        session->wait_until = told;
    else
        session->complete = true;
}

static nstime timer(const struct session *session)
{
    return session->complete ? NSTIME_NEVER : session->wait_until;
}

const struct strategy strategy_diagnose = {
    .name = "diagnose",
    .heading = "hopsonde diagnose to",
    .flows_most = FLOWS_COMPARED_MOST,
    .has_budget = true,
    .judged = true,
    .side_by_side = true,
    .start = start,
    .update = update,
    .timer = timer,
    .next = pacing_next,
};
