/* SPDX-License-Identifier: BSD-2-Clause */
/* plan: what the path still needs, and which hops are settled.
 *
 * All of it is a function of what the capture has shown, run after every change, so a replay comes to the same hops in
 * the same order. The rules, for a chain of specs:
 *   1. The first spec climbs from the first TTL, LOOKAHEAD hops ahead of its answers, until the target answers,
 *      somebody refuses, the routers recur, or `gap` hops in a row are silent.
 *   2. Where it ends short of the target, the next spec climbs from the two hops before that silence, which it asks
 *      once each; the specs that fell silent are asked once more beside it, for comparison. Where nothing at all has
 *      answered for a second, it starts beside the others; after the last one the first hops are asked once more.
 *      Where our own host has no way, nothing more is tried.
 *   3. A silent hop with an answering hop behind it is asked once more by the spec that got further, and once by every
 *      spec that has not asked there yet, as are the two hops before it and the target, for comparison.
 *   4. Three or more such hops in a row that stay silent are asked a last time 1.1 s later: routers that answer once a
 *      second may have spent their tokens.
 *   5. Single losses at an answering hop with an answering hop behind it are asked again, once.
 *   6. A spec that fell silent where another went on is asked again beside that one, at the hops to be compared, until
 *      the counts are enough to call it dropped, three times at most; as soon as there are hops enough, or nothing else
 *      is to come. The other is asked last: its answer shows that the router had not spent its tokens.
 * A hop is settled when none of this is due there any more, but for rule 6, which changes no line; hops are settled in
 * order. */
#include <string.h>

#include "session/internal.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define LOOKAHEAD 16             /* hops: a path of usual length is asked for in one go */
#define NEXT_SPEC_AFTER NS_PER_S /* nothing heard at all: the next spec need not wait for the longest wait */
#define LEAST_WAIT_INSIDE (100 * NS_PER_MS)
#define LEAST_WAIT_AT_END (150 * NS_PER_MS)

static uint8_t least(unsigned a, unsigned b)
{
    return (uint8_t)(a < b ? a : b);
}

static uint8_t most(unsigned a, unsigned b)
{
    return (uint8_t)(a > b ? a : b);
}

uint8_t plan_farthest(const struct session *session)
{
    uint8_t farthest = 0, target_ttl = session_target_ttl(session);
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        farthest = most(farthest, most(trace->last_router_ttl, trace->reached_ttl));
    }
    return target_ttl ? least(farthest, target_ttl) : farthest;
}

uint8_t plan_end_of(const struct trace *trace)
{
    if (trace->reached_ttl)
        return trace->reached_ttl;
    if (trace->loop_first)
        return trace_loop_end(trace);
    return trace->refused_ttl ? most(trace->refused_ttl, trace->last_router_ttl) : 0;
}

uint8_t plan_climb_end(const struct session *session, unsigned index)
{
    return session->plan.traces[index].active ? plan_end_of(&session->traces[index]) : 0;
}

static uint8_t silence_end(const struct session *session, unsigned index, unsigned ahead)
{
    uint8_t start = session->plan.traces[index].start;
    uint8_t last = most(start ? start - 1U : 0U, session->traces[index].last_router_ttl);
    return least(session->config.max_ttl, last + ahead);
}

uint8_t plan_limit(const struct session *session, unsigned index)
{
    if (!session->plan.traces[index].active)
        return 255;
    uint8_t end = plan_end_of(&session->traces[index]);
    if (end)
        return end;
    uint8_t limit = silence_end(session, index, session->config.gap);
    uint8_t target_ttl = session_target_ttl(session);
    return target_ttl ? least(limit, target_ttl) : limit;
}

nstime plan_deadline(const struct session *session, const struct probe *probe)
{
    nstime longest = session->config.max_wait;
    nstime wait = longest;
    if (session->worst_rtt) {
        uint8_t target_ttl = session_target_ttl(session);
        bool inside = plan_farthest(session) > probe->ttl || (target_ttl && target_ttl <= probe->ttl);
        nstime least_wait = inside ? LEAST_WAIT_INSIDE : LEAST_WAIT_AT_END;
        wait = inside ? session->worst_rtt / 5 * 6 : session->worst_rtt * 2;
        wait = wait < least_wait ? least_wait : wait;
        wait = wait > longest ? longest : wait;
    }
    return probe->sent + wait;
}

/* --- the state of a hop, over all traces --- */

static bool trace_pending(const struct session *session, unsigned index, uint8_t ttl)
{
    const struct wanted *need = session_wanted(session, index, 0, ttl);
    uint32_t asked = trace_asked(&session->traces[index], ttl);
    return ttl <= plan_limit(session, index) && (asked < need->want || need->resolved < asked);
}

static bool hop_pending(const struct session *session, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (trace_pending(session, i, ttl))
            return true;
    return false;
}

bool plan_trace_shows(const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (!reply_refuses(trace, &probe->replies[i]))
                return true;
    return false;
}

bool plan_hop_shown(const struct session *session, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (plan_trace_shows(&session->traces[i], ttl))
            return true;
    return false;
}

/* --- wanting --- */

static void want_at_least(struct session *session, unsigned index, uint8_t ttl, uint16_t count)
{
    struct wanted *need = session_wanted(session, index, 0, ttl);
    if (need->want < count)
        need->want = count;
}

static void want_more(struct session *session, unsigned index, uint8_t ttl, uint16_t count, nstime not_before)
{
    struct wanted *need = session_wanted(session, index, 0, ttl);
    need->want = (uint16_t)(trace_asked(&session->traces[index], ttl) + count);
    need->not_before = not_before;
}

/* There one probe will do for comparison: routers answer about six at once, and the chain may be four specs long. */
static bool shown_by_earlier(const struct session *session, unsigned index, uint8_t ttl)
{
    for (unsigned i = 0; i < index; i++)
        if (plan_trace_shows(&session->traces[i], ttl))
            return true;
    return false;
}

bool plan_own_host_has_no_way(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        const struct probe *probe = trace->refused_ttl ? trace_first_at(trace, trace->refused_ttl) : NULL;
        for (; probe; probe = trace_next_at(trace, probe))
            for (unsigned k = 0; k < probe->reply_count; k++)
                if (reply_is_no_route(&probe->replies[k]) && addr_equal(&probe->replies[k].from, &trace->flow.source))
                    return true;
    }
    return false;
}

static void climb_no_more(struct session *session, unsigned index)
{
    for (unsigned ttl = 1; ttl < 256; ttl++) {
        struct wanted *need = session_wanted(session, index, 0, ttl);
        uint32_t asked = trace_asked(&session->traces[index], ttl);
        need->want = need->want < asked ? need->want : (uint16_t)asked;
    }
}

static void climb(struct session *session, unsigned index)
{
    const struct ladder_plan *ladder = &session->plan.traces[index];
    unsigned ahead = index == 0 && session->config.gap < LOOKAHEAD ? LOOKAHEAD : session->config.gap;
    uint8_t reach = plan_end_of(&session->traces[index]);
    uint8_t target_ttl = session_target_ttl(session);
    if (!reach) /* at once as far as the silence would have to last, wherever another spec met it */
        reach = most(silence_end(session, index, ahead),
                     least(session->config.max_ttl, plan_farthest(session) + session->config.gap));
    if (target_ttl)
        reach = least(reach, target_ttl);
    for (unsigned ttl = ladder->start; ttl <= reach; ttl++)
        want_at_least(session, index, (uint8_t)ttl,
                      shown_by_earlier(session, index, (uint8_t)ttl) ? 1 : session->config.queries);
}

/* Rule 5, at the hops that are not settled yet and whose line this trace writes. */
static void repair_losses(struct session *session)
{
    unsigned last = plan_farthest(session);
    if (last != session_target_ttl(session) && last)
        last--; /* nothing behind it has answered yet */
    for (unsigned ttl = session->plan.settled_ttl + 1U; ttl <= last; ttl++) {
        const struct trace *trace = session_hop_trace(session, (uint8_t)ttl);
        if (session->plan.repaired[ttl] || !trace || !plan_trace_shows(trace, (uint8_t)ttl) ||
            hop_pending(session, (uint8_t)ttl))
            continue;
        unsigned lost = 0;
        for (const struct probe *probe = trace_first_at(trace, (uint8_t)ttl); probe;
             probe = trace_next_at(trace, probe))
            lost += probe->state == PROBE_EXPIRED;
        session->plan.repaired[ttl] = true;
        if (lost)
            want_more(session, (unsigned)(trace - session->traces), (uint8_t)ttl, (uint16_t)lost, 0);
    }
}

/* --- rules 3 and 4: silent hops before answering ones --- */

/* The spec to ask again with: the first that got an answer from behind the hop. */
static unsigned trace_past(const struct session *session, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (session->traces[i].last_router_ttl > ttl || session->traces[i].reached_ttl > ttl)
            return i;
    return 0;
}

static void compare_before(struct session *session, unsigned index, uint8_t ttl)
{
    unsigned first = session->config.first_ttl;
    for (unsigned before = ttl; before-- > first && before + 2 >= ttl;)
        if (plan_hop_shown(session, (uint8_t)before))
            want_at_least(session, index, (uint8_t)before, 1);
}

static void rescue_hop(struct session *session, uint8_t ttl)
{
    unsigned past = trace_past(session, ttl);
    uint16_t again = session->trace_count > 1 || session->config.queries < 2 ? 1 : 2;
    want_more(session, past, ttl, again, 0);
    for (unsigned i = 0; i < session->trace_count; i++)
        if (i != past && !trace_asked(&session->traces[i], ttl)) {
            want_at_least(session, i, ttl, 1);
            compare_before(session, i, ttl);
        }
    session->plan.rescue[ttl] = RESCUE_ASKED;
}

static void rescue_hop_later(struct session *session, uint8_t ttl)
{
    want_more(session, trace_past(session, ttl), ttl, 1, session->plan.last_sent[ttl] + RATE_LIMIT_REFILL);
    session->plan.rescue[ttl] = RESCUE_ASKED_LATER;
}

/* What is due for the silent hops first..last, which an answering hop follows. True while something is. */
static bool rescue_run(struct session *session, uint8_t first, uint8_t last)
{
    bool due = false;
    for (unsigned ttl = first; ttl <= last; ttl++)
        if (hop_pending(session, (uint8_t)ttl))
            return true;
    for (unsigned ttl = first; ttl <= last; ttl++)
        if (session->plan.rescue[ttl] == RESCUE_NONE) {
            rescue_hop(session, (uint8_t)ttl);
            due = true;
        }
    for (unsigned ttl = first; !due && last - first >= 2 && ttl <= last; ttl++)
        if (session->plan.rescue[ttl] == RESCUE_ASKED) {
            rescue_hop_later(session, (uint8_t)ttl);
            due = ttl == last;
        }
    return due;
}

/* The run of silent hops around `ttl`; its last is before the farthest answer. */
static void silent_run(const struct session *session, uint8_t ttl, uint8_t *first, uint8_t *last)
{
    *first = *last = ttl;
    while (*first > session->config.first_ttl && !plan_hop_shown(session, (uint8_t)(*first - 1)))
        --*first;
    while (!plan_hop_shown(session, (uint8_t)(*last + 1)))
        ++*last;
}

static void rescue_silent(struct session *session)
{
    uint8_t farthest = plan_farthest(session);
    for (unsigned ttl = session->config.first_ttl; ttl < farthest; ttl++) {
        uint8_t first, last;
        if (plan_hop_shown(session, (uint8_t)ttl))
            continue;
        silent_run(session, (uint8_t)ttl, &first, &last);
        rescue_run(session, first, last);
        ttl = last;
    }
}

/* A hop that a spec was asked for once, and that answered, gets its full count; a spec that was asked anywhere is asked
 * at the target too, so that something can be said of it. */
static void complete_rescues(struct session *session)
{
    uint8_t target_ttl = session_target_ttl(session);
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        if (session->plan.traces[i].active && session->plan.traces[i].start == session->config.first_ttl)
            continue;
        for (unsigned ttl = session->plan.settled_ttl + 1U; ttl <= plan_farthest(session); ttl++)
            if (session->plan.rescue[ttl] && session_hop_trace(session, (uint8_t)ttl) == trace &&
                plan_trace_shows(trace, (uint8_t)ttl))
                want_at_least(session, i, (uint8_t)ttl, session->config.queries);
        if (target_ttl && trace->started && !session->plan.traces[i].active)
            want_at_least(session, i, target_ttl, 1);
    }
}

/* --- rule 6: silences to be compared --- */

#define COMPARE_ROUNDS 3
#define BACKING_AFTER NS_PER_MS /* the other spec goes last: its answer shows that the router still answered */

static bool climb_quiet(const struct session *session, unsigned index)
{
    for (unsigned ttl = session->plan.traces[index].start; ttl <= plan_limit(session, index); ttl++)
        if (trace_pending(session, index, (uint8_t)ttl))
            return false;
    return true;
}

static bool nothing_pending(const struct session *session)
{
    uint8_t last = session->config.max_ttl;
    for (unsigned ttl = session->config.first_ttl; ttl <= last; ttl++)
        if (hop_pending(session, (uint8_t)ttl))
            return false;
    return true;
}

unsigned plan_other_with_router(const struct session *session, unsigned silent, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (i != silent && plan_trace_shows(&session->traces[i], ttl))
            return i;
    return silent;
}

static void compare_again(struct session *session, unsigned index)
{
    struct ladder_plan *ladder = &session->plan.traces[index];
    const struct trace *trace = &session->traces[index];
    struct comparison comparison;
    if (!ladder->active || plan_end_of(trace) || ladder->compared == COMPARE_ROUNDS ||
        trace->last_router_ttl >= plan_farthest(session) || !climb_quiet(session, index))
        return;
    session_compare_silence(session, trace, &comparison);
    bool more_to_come = comparison.hop_count < COMPARE_HOPS && !nothing_pending(session);
    if (!comparison.hop_count || more_to_come || comparison.confidence >= CONFIDENCE_TO_CLAIM)
        return;
    for (unsigned i = 0; i < comparison.hop_count; i++)
        if (hop_pending(session, comparison.hops[i]))
            return;
    ladder->compared++;
    for (unsigned i = 0; i < comparison.hop_count; i++) {
        uint8_t ttl = comparison.hops[i];
        nstime not_before = session->plan.last_sent[ttl] + SAMPLE_SPAN;
        want_more(session, index, ttl, 1, not_before);
        want_more(session, plan_other_with_router(session, index, ttl), ttl, 1, not_before + BACKING_AFTER);
    }
}

/* --- the end of climbs --- */

static unsigned active_count(const struct session *session)
{
    unsigned count = 0;
    while (count < session->trace_count && session->plan.traces[count].active)
        count++;
    return count;
}

static bool any_reply(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (session->traces[i].reply_count)
            return true;
    return false;
}

/* When rule 2 no longer waits for the climb of the newest spec, as nothing has answered anything. */
static nstime impatience(const struct session *session)
{
    nstime first = session->traces[active_count(session) - 1].first_sent;
    if (any_reply(session) || first == NSTIME_NONE || session->plan.asked_silence_again)
        return NSTIME_NEVER;
    return first + NEXT_SPEC_AFTER;
}

nstime plan_timer(const struct session *session)
{
    if (session->config.purpose != PURPOSE_TRACE)
        return session->plan.complete ? NSTIME_NEVER : session->plan.wait_until;
    nstime due = session->plan.complete ? NSTIME_NEVER : impatience(session);
    return due > session->now ? due : NSTIME_NEVER;
}

static bool climbs_over(const struct session *session, unsigned active)
{
    if (session->now >= impatience(session))
        return true;
    for (unsigned i = 0; i < active; i++)
        if (!climb_quiet(session, i))
            return false;
    return true;
}

static void ask_silence_again(struct session *session)
{
    session->plan.asked_silence_again = true;
    for (unsigned ahead = 0; ahead < session->config.gap; ahead++)
        if (session->config.first_ttl + ahead <= session->config.max_ttl)
            want_more(session, 0, (uint8_t)(session->config.first_ttl + ahead), 1, 0);
}

/* The specs that fell silent are asked once more beside the one that starts, so that what it gets can be compared. */
static void ask_beside(struct session *session, unsigned next)
{
    for (unsigned i = 0; i < next; i++) {
        unsigned silent_from = silence_end(session, i, 1);
        for (unsigned ttl = silent_from; ttl < silent_from + COMPARE_HOPS && ttl <= plan_limit(session, i); ttl++)
            if (!plan_end_of(&session->traces[i]) && !hop_pending(session, (uint8_t)ttl))
                want_more(session, i, (uint8_t)ttl, 1, 0);
    }
}

/* Rule 2. True where another spec starts to climb. */
static bool escalate(struct session *session)
{
    unsigned active = active_count(session);
    if (session_target_ttl(session) || plan_own_host_has_no_way(session) || !climbs_over(session, active))
        return false; /* what our own host has no way for, it has none for whatever else it carries */
    if (active == session->trace_count) {
        if (session->now >= impatience(session))
            ask_silence_again(session);
        return false;
    }
    uint8_t top = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        if (session->traces[i].loop_first)
            return false; /* routers that send packets in a circle do so whatever these carry */
        top = most(top, session->traces[i].last_router_ttl);
    }
    ask_beside(session, active);
    struct ladder_plan *next = &session->plan.traces[active];
    next->active = true;
    next->start = most(session->config.first_ttl, top ? top - 1U : 0U);
    climb(session, active);
    return true;
}

/* --- settling --- */

static bool hop_closed(const struct session *session, uint8_t ttl)
{
    if (session->plan.complete)
        return true;
    if (hop_pending(session, ttl))
        return false;
    if (plan_hop_shown(session, ttl))
        return true;
    if (ttl >= plan_farthest(session))
        return false; /* the next spec may get an answer here */
    uint8_t first, last;
    silent_run(session, ttl, &first, &last);
    for (unsigned t = first; t <= last; t++)
        if (hop_pending(session, (uint8_t)t) || session->plan.rescue[t] == RESCUE_NONE ||
            (last - first >= 2 && session->plan.rescue[t] != RESCUE_ASKED_LATER))
            return false;
    return true;
}

static void settle_hops(struct session *session)
{
    uint8_t target_ttl = session_target_ttl(session);
    uint8_t last = target_ttl               ? target_ttl
                   : session->plan.complete ? session_last_ttl(session)
                                            : plan_farthest(session);
    while (session->plan.settled_ttl < last && hop_closed(session, (uint8_t)(session->plan.settled_ttl + 1))) {
        session->plan.settled_ttl++;
        if (session->events.hop_settled)
            session->events.hop_settled(session->events.context, session, session->plan.settled_ttl);
    }
}

static void update_chain(struct session *session)
{
    if (!session->plan.traces[0].active) {
        session->plan.traces[0].active = true;
        session->plan.traces[0].start = session->config.first_ttl;
        session->plan.settled_ttl = (uint8_t)(session->config.first_ttl - 1);
    }
    bool no_way = plan_own_host_has_no_way(session);
    for (unsigned i = 0; i < active_count(session); i++)
        no_way ? climb_no_more(session, i) : climb(session, i);
    repair_losses(session);
    rescue_silent(session);
    complete_rescues(session);
    settle_hops(session); /* their lines need not wait for comparisons */
    if (!escalate(session))
        for (unsigned i = 0; i < session->trace_count; i++)
            compare_again(session, i);
    session->plan.complete = nothing_pending(session);
    settle_hops(session);
}

void plan_update(struct session *session)
{
    if (session->plan.complete)
        return;
    if (session->config.purpose == PURPOSE_TRACE)
        update_chain(session);
    else if (session->explorer)
        explore_update(session);
    else if (!session->seen_only) /* a replay asks nothing, and shows no hop before the end */
        diagnose_update(session);
}

void plan_finish(struct session *session)
{
    session->plan.complete = true;
    settle_hops(session);
}
