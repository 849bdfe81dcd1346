/* SPDX-License-Identifier: BSD-2-Clause */
/* diagnose: what the comparison of all specs still needs.
 *
 * Everything here follows from what the capture has shown and runs after every change. The rules:
 *   1. Every spec probes each hop `queries` times, in turns, until it reaches the target, is refused, or goes round
 *      in a loop. No spec climbs beyond a target that another one shows. The first spec climbs LOOKAHEAD hops ahead
 *      of the replies, the others BESIDE hops until it is done.
 *   2. A hop that is silent to all specs, before an answering one, gets one more probe. If a router has left out
 *      replies, that probe waits until the hop's router has a new token: another run may have spent them. If every
 *      hop is silent to all specs, each gets one more.
 *   3. A spec that falls silent where others go on sends again beside them, at the first hops behind its silence. It
 *      takes one source port after the other, until the counts reach the required confidence and FLOWS_LEAST ports
 *      were tried. It takes all ports if paths diverge, each hop from another port where replies are rare. ROUNDS
 *      times at most. The other spec sends right behind it, there and at the last router before: its replies show
 *      that these routers had a token left. A router that leaves out a reply gets time for a new token. If another
 *      spec falls silent further on, the first of these hops gets probes from all source ports.
 *   4. A spec that got as far as any router sends again to the target, or just behind the last router, from one
 *      source port after the other. Right behind it go a spec that the target answers, and a probe to the last
 *      router: their replies show that both had a token for a refusal. It ends at the required confidence, CLOSING
 *      times at most.
 *   5. A silent spec sends again, slowly, because a router sends few refusals at once. This applies at a TTL where
 *      another spec was refused for a missing route, where a router refused it and sends nothing else, or where
 *      nothing behind shows a drop.
 *   6. A spec that falls silent, or is refused before the target, sends from all its source ports to the target, if
 *      another spec shows the target. For names that are refused rule 11 does so. Where flows take different paths,
 *      every spec does. A port without a reply there then probes every hop from the divergence on.
 *   7. The hop of a spec's last reply must be the smallest TTL that draws it, and the hop before must be known. The
 *      spec probes it again in three cases: other specs got replies at smaller TTLs (then at each of these); no node
 *      answered before it; its own reply came from short of the target, behind a silent hop. It does the same before
 *      a refusal by a router whose hop is not known otherwise.
 *   8. If nothing answers behind the last router, the run waits for late replies: session_silence_due().
 *   9. A hop may forward all probes of a protocol and answer only other protocols. It gets one more probe of that
 *      protocol, and right behind it one that it answers, until two of its silences are known to be no rate limit. A
 *      busy machine may have sent the first probes too far apart to show that.
 *  10. Last, a spec that got further than a hop without a reply from it sends there once more, if the router may have
 *      had no token for it. It waits for a new one. One spec at a time at each hop, until all have a reply or
 *      LEFT_OUT_MISSES probes drew none. If a router limits its replies, the first hops get the same although no spec
 *      has a reply from them: an earlier run may have spent all their tokens. A path that loses probes gets none of
 *      this.
 *  11. A spec with a name waits until all specs without one are done, and then until the names before it are: a device
 *      that has seen a name may refuse the pair of hosts for a while. If the name is stopped where its control passes,
 *      both send in turns there, from one source port after the other, until the counts reach the required confidence.
 *      TURNS_MOST times at most. Then the control is sent once more. If it does not pass any more, and further probes
 *      are needed, the run waits until it passes again, BLOCK_WAITS_MOST in all.
 *
 *  12. A spec whose session is left alone sends nothing until then. Then it probes one TTL after the other, because its
 *      session may end at any of them. The other rules apply to it afterwards.
 *
 * If a loop is known, a spec that has not left it climbs no further than its end. Rule 3 ends for a spec whose
 * replies show that it loops. Once the budget is spent, no rule sends.
 *
 * retest.c carries out rule 3, divergence.c rule 6, path_end.c rules 4, 5 and 7, silent_protocol.c rule 9, left_out.c
 * rule 10, name_turns.c rule 11, idle.c
 * rule 12. */
#include "diagnose/diagnose.h"
#include "base/minmax.h"
#include "mtu/mtu_search.h"
#include "silence/rate_limit.h"

#include <stdlib.h>

#include "diagnose/divergence.h"
#include "diagnose/idle.h"
#include "diagnose/left_out.h"
#include "diagnose/name_turns.h"
#include "diagnose/path_end.h"
#include "diagnose/retest.h"
#include "diagnose/silent_protocol.h"
#include "diagnose/wanted.h"

#define LOOKAHEAD 16
#define BESIDE 2 /* hops that the other specs climb ahead of the replies until the first spec is done */

/* --- rule 1 --- */

/* The first spec goes ahead: if a loop or a refusal ends the path, the others need not spend the routers' tokens
 * behind it. */
static unsigned open_end_of(const struct session *session, unsigned index)
{
    unsigned before = session->config.first_ttl - 1U, farthest = uint_max(session_farthest_ttl(session), before);
    unsigned loop_end = wanted_loop_end(session, index); /* however far other specs in the loop have got */
    if (loop_end)
        return uint_max(loop_end, session->traces[index].last_router_ttl);
    if (index == 0 && farthest < before + LOOKAHEAD - session->config.gap)
        return before + LOOKAHEAD;
    bool first_is_done = index == 0 || !wanted_is_open_of(session, 0);
    return farthest + (first_is_done ? session->config.gap : BESIDE);
}

static void climb(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        if (name_turns_wait(session, i) || trace_is_idle(&session->traces[i]))
            continue;
        uint8_t end = trace_probe_limit(&session->traces[i]), target_ttl = session_target_ttl(session);
        unsigned reach = end ? end : target_ttl ? target_ttl : uint_min(open_end_of(session, i), session->max_ttl);
        for (unsigned ttl = session->config.first_ttl; ttl <= reach; ttl++)
            wanted_at_least(session, i, 0, ttl, session->config.queries, 0);
    }
}

/* --- rule 2 --- */

static void probe_all_hops_later(struct session *session)
{
    unsigned target_ttl = session_target_ttl(session),
             end = target_ttl ? target_ttl - 1 : session->config.first_ttl + LOOKAHEAD - 1U;
    for (unsigned ttl = session->config.first_ttl; ttl <= uint_min(end, session->max_ttl); ttl++)
        wanted_at_least(session, 0, 0, ttl, session->config.queries + 1U,
                        wanted_earliest(session, (uint8_t)ttl, RATE_LIMIT_REFILL));
}

static void probe_silent_hops(struct session *session)
{
    if (!session_last_router_ttl(session) && !wanted_is_open(session))
        probe_all_hops_later(session);
    bool limited = wanted_is_limited_anywhere(session);
    for (unsigned ttl = session->config.first_ttl; ttl < session_farthest_ttl(session); ttl++) {
        if (session_shows_hop(session, (uint8_t)ttl) || wanted_is_open_at(session, ttl))
            continue;
        for (unsigned i = 0; i < session->trace_count; i++)
            if (session->traces[i].last_router_ttl > ttl || session->traces[i].reached_ttl > ttl) {
                wanted_at_least(session, i, 0, ttl, session->config.queries + 1U,
                                limited ? wanted_earliest(session, (uint8_t)ttl, RATE_LIMIT_REFILL) : 0);
                break;
            }
    }
}

/* --- all --- */

static void want_no_more(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned n = 0; n < 256 * session_rows(session, i); n++) {
            struct wanted *cell = &session->wants[i].cells[n];
            cell->want = cell->want < cell->known ? cell->want : cell->known;
        }
}

static bool is_over(const struct session *session)
{
    size_t known = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        known += session->traces[i].probe_count;
    return known >= session->config.budget || session_lacks_route(session);
}

static void settle_spec(struct session *session, unsigned index, unsigned diverged)
{
    if (name_turns_wait(session, index) || idle_waits(session, index))
        return;
    if (diverged)
        divergence_probe_all(session, index, diverged);
    else
        divergence_probe_target(session, index);
    if (!wanted_is_open_of(session, index) && !wanted_is_refused_locally(&session->traces[index]))
        path_end_update(session, index);
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
    if (is_over(session)) {
        want_no_more(session);
        session->complete = !wanted_is_open(session) && !session_silence_is_young(session);
        return;
    }
    wanted_drop_spent(session);
    climb(session);
    idle_update(session);
    mtu_search_ahead(session);
    probe_silent_hops(session);
    unsigned diverged = divergence_at(session);
    for (unsigned i = 0; i < session->trace_count; i++)
        settle_spec(session, i, diverged);
    retest_update(session, diverged);
    silent_protocol_update(session);
    path_end_probe(session);
    name_turns_update(session);
    if (!wanted_is_open(session) && name_turns_begin(session))
        climb(session);
    if (!wanted_is_open(session))
        left_out_update(session);
    session->rests = false;
    if (wanted_is_open(session))
        return;
    bool is_done = mtu_search_update(session) && !session_silence_is_young(session);
    session->rests = is_done && idle_is_pending(session);
    session->complete = is_done && !session->rests;
}

static nstime timer(const struct session *session)
{
    nstime sized = mtu_search_timer(session), idle = idle_timer(session);
    return sized < idle ? sized : idle;
}

const struct strategy strategy_diagnose = {
    .name = "diagnose",
    .heading = "hopsonde diagnose to",
    .flows_most = FLOWS_COMPARED_MOST,
    .has_budget = true,
    .side_by_side = true,
    .start = start,
    .update = update,
    .timer = timer,
    .next = pacing_next,
};
