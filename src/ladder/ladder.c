/* SPDX-License-Identifier: BSD-2-Clause */
/* ladder: what the path still needs, and which hops are settled.
 *
 * Everything here follows from what the capture has shown and runs after every change, so a replay settles the same
 * hops in the same order. Rules 3 and 4 are in rescue.c. The rules, for a chain of specs:
 *   1. The first spec climbs from the first TTL, LOOKAHEAD hops ahead of its replies. A run that measures sizes climbs
 *      LOOKAHEAD_SIZED hops ahead until these are known to be silent. The climb ends at the target, at a refusal, in a
 *      loop, or after `gap` silent hops in a row.
 *   2. If it ends short of the target, the next spec climbs from the two hops before that silence, with one probe
 *      each. Each spec that fell silent then sends once more beside it, for comparison. If nothing answers,
 *      the first spec sends to each hop once more before: another run may have spent the routers' tokens. After the
 *      last spec the first hops get one more probe. If our own host has no route, the climb ends. If nothing answers
 *      behind a router, the next hop gets one more probe after the last spec, 1.1 s later.
 *   3. A silent hop before an answering one gets one more probe of the spec that got further, and one of every spec
 *      that has not probed it. For comparison, so do the two hops before it and the target.
 *   4. Three or more such hops in a row get a last probe 1.1 s later: their routers may have spent their tokens.
 *   5. If an answering hop before another answering hop leaves out no more probes than it answers, they are sent again,
 *      once.
 *      If the router limits its rate, its line gets further probes, each with a new token, until it has `queries`
 *      replies or one of them draws none. Before an unanswered end the last router keeps its tokens from 1.9 s on until
 *      the run ends: it needs one to report that its neighbour is down (session_reserve()). Its line gets no further
 *      probe while a spec has no reply from it. These probes do not hold back the next spec.
 *   6. A spec that fell silent where another went on sends again beside that one, at the hops to be compared,
 *      COMPARE_ROUNDS times at most. It stops once the counts suffice to call it dropped. A round starts once there
 *      are enough hops, or nothing else is due. The other spec sends last: its reply shows that the router had a
 *      token left.
 *      Before, it sends once more to each of these hops if the next router limits its rate: other probes may have spent
 *      the tokens.
 *   7. If nothing answers behind the last reply, the run ends only when the first probe there has waited the longest
 *      wait (session_silence_due()): one link of the path may be slow, or a router waits for its neighbour.
 *   8. If the target answers another spec, a spec that only the target is silent to sends there once more, 1.1 s later:
 *      the target may have had no token left for its refusal. If nothing answers behind the last router, a spec without
 *      a reply from it sends there once more, for a new token, unless it is known to have had one. When the silence is
 *      due, no rule waits for further tokens: the verdict says what is left open.
 * A hop is settled once no rule but 6 and 8, which change no line, has more for it. Hops are settled in order. */
#include "ladder/ladder.h"

#include <stdlib.h>

#include "base/minmax.h"
#include "ladder/state.h"
#include "mtu/mtu_search.h"
#include "probe/type.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define LOOKAHEAD 16 /* hops ahead of the replies: a path of usual length takes one round trip */

/* The same while a run measures sizes.
 * Unit: hops. Source: the sizes take about two round trips, in which the climb over eight routers ends as well. Effect:
 * fewer make long paths slower; more send probes behind the target. */
#define LOOKAHEAD_SIZED 4

static uint8_t silence_end(const struct session *session, unsigned index, unsigned ahead)
{
    uint8_t start = ladder_of(session)->climbs[index].start;
    uint8_t last = uint8_max(start ? start - 1U : 0U, session->traces[index].last_router_ttl);
    return uint8_min(session->config.max_ttl, last + ahead);
}

/* The trace's probe limit, as known now; 255: open. */
static uint8_t probe_limit(const struct session *session, unsigned index)
{
    if (!session->wants[index].climbs)
        return 255;
    uint8_t end = trace_probe_limit(&session->traces[index]);
    if (end)
        return end;
    uint8_t limit = silence_end(session, index, session->config.gap);
    uint8_t target_ttl = session_target_ttl(session);
    return target_ttl ? uint8_min(limit, target_ttl) : limit;
}

/* --- the state of a hop, over all traces --- */

bool ladder_trace_pending(const struct session *session, unsigned index, uint8_t ttl)
{
    const struct wanted *cell = session_wanted(session, index, 0, ttl);
    uint32_t asked = trace_asked(&session->traces[index], ttl);
    return ttl <= probe_limit(session, index) && (asked < cell->want || cell->resolved < asked);
}

bool ladder_hop_pending(const struct session *session, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (ladder_trace_pending(session, i, ttl))
            return true;
    return false;
}

/* --- wants --- */

void ladder_want_at_least(struct session *session, unsigned index, uint8_t ttl, uint16_t count)
{
    struct wanted *cell = session_wanted(session, index, 0, ttl);
    if (cell->want < count)
        cell->want = count;
}

void ladder_want_more(struct session *session, unsigned index, uint8_t ttl, uint16_t count, nstime not_before)
{
    struct wanted *cell = session_wanted(session, index, 0, ttl);
    cell->want = (uint16_t)(trace_asked(&session->traces[index], ttl) + count);
    cell->not_before = not_before;
}

/* One probe is enough there for comparison: routers send about six replies at once, and a chain may have four specs. */
static bool shown_by_earlier(const struct session *session, unsigned index, uint8_t ttl)
{
    for (unsigned i = 0; i < index; i++)
        if (trace_shows_hop(&session->traces[i], ttl))
            return true;
    return false;
}

static void stop_climb(struct session *session, unsigned index)
{
    for (unsigned ttl = 1; ttl < 256; ttl++) {
        struct wanted *cell = session_wanted(session, index, 0, ttl);
        uint32_t asked = trace_asked(&session->traces[index], ttl);
        cell->want = cell->want < asked ? cell->want : (uint16_t)asked;
    }
}

/* Whether replies from the first LOOKAHEAD_SIZED hops behind the last reply may still come. */
static bool front_is_open(const struct session *session)
{
    unsigned last = silence_end(session, 0, LOOKAHEAD_SIZED);
    for (unsigned ttl = silence_end(session, 0, 0) + 1U; ttl <= last; ttl++)
        if (session_wanted(session, 0, 0, ttl)->resolved < session->config.queries)
            return true;
    return false;
}

static void climb(struct session *session, unsigned index)
{
    const struct climb *own = &ladder_of(session)->climbs[index];
    /* On its second climb it does not run ahead: the target's token is for its own hop. */
    bool runs_ahead = index == 0 && session->config.gap < LOOKAHEAD && !own->climbed_again;
    unsigned ahead = runs_ahead ? LOOKAHEAD : session->config.gap;
    uint8_t reach = trace_probe_limit(&session->traces[index]);
    uint8_t target_ttl = session_target_ttl(session);
    if (!reach && index == 0 && session->config.interface_mtu && front_is_open(session))
        reach = silence_end(session, index, uint_min(LOOKAHEAD_SIZED, session->config.gap));
    else if (!reach) /* at once as far as the silence would have to last, wherever it began for another spec */
        reach = uint8_max(silence_end(session, index, ahead),
                          uint8_min(session->config.max_ttl, session_farthest_ttl(session) + session->config.gap));
    if (target_ttl)
        reach = uint8_min(reach, target_ttl);
    for (unsigned ttl = own->start; ttl <= reach; ttl++)
        ladder_want_at_least(session, index, (uint8_t)ttl,
                             shown_by_earlier(session, index, (uint8_t)ttl) ? 1 : session->config.queries);
}

static unsigned count_replies(const struct trace *trace, uint8_t ttl)
{
    unsigned count = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        count += probe->reply_count > 0;
    return count;
}

/* Rule 5, for the hops that are not settled yet and whose line shows this trace. */
static void repair_losses(struct session *session)
{
    unsigned last = session_farthest_ttl(session);
    if (last != session_target_ttl(session) && last)
        last--; /* no hop behind it has answered yet */
    for (unsigned ttl = session->settled_ttl + 1U; ttl <= last; ttl++) {
        const struct trace *trace = session_hop_trace(session, (uint8_t)ttl);
        if (ladder_of(session)->repaired[ttl] || !trace || !trace_shows_hop(trace, (uint8_t)ttl) ||
            ladder_hop_pending(session, (uint8_t)ttl))
            continue;
        unsigned lost = 0;
        for (const struct probe *probe = trace_first_at(trace, (uint8_t)ttl); probe;
             probe = trace_next_at(trace, probe))
            lost += probe->state == PROBE_EXPIRED;
        ladder_of(session)->repaired[ttl] = true;
        if (lost && lost <= count_replies(trace, (uint8_t)ttl)) /* else the router has no token, most likely */
            ladder_want_more(session, (unsigned)(trace - session->traces), (uint8_t)ttl, (uint16_t)lost, 0);
    }
}

/* Whether the run has ended in silence by then. */
static bool comes_too_late(const struct session *session, nstime at)
{
    return at > session_silence_due(session);
}

/* Whether a spec that climbs has no reply yet from the last router, behind which nothing answers. */
static bool is_short_of(const struct session *session, uint8_t router)
{
    for (unsigned i = 0; i < session->trace_count && !session_target_ttl(session); i++)
        if (router == session_farthest_ttl(session) && session->traces[i].last_router_ttl < router)
            return true;
    return false;
}

static bool is_reserved(const struct session *session, uint8_t ttl, nstime at)
{
    struct token_reserve reserve;
    return session_reserve(session, &reserve) && ttl == reserve.ttl && at >= reserve.from;
}

/* The other half of rule 5. */
static void fill_lines(struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    unsigned last = session_farthest_ttl(session);
    for (unsigned ttl = session->settled_ttl + 1U; ttl <= last; ttl++) {
        const struct trace *trace = session_hop_trace(session, (uint8_t)ttl);
        uint8_t *filled = &ladder_of(session)->filled[ttl];
        bool waits = !ladder_of(session)->repaired[ttl] && ttl < last; /* for the first half of this rule */
        if (*filled == UINT8_MAX || waits || !trace || !trace_shows_hop(trace, (uint8_t)ttl) ||
            ladder_hop_pending(session, (uint8_t)ttl))
            continue;
        nstime not_before = session->last_sent[ttl] + RATE_LIMIT_REFILL;
        ladder_of(session)->is_filling[ttl] = false;
        if (is_reserved(session, (uint8_t)ttl, not_before) || is_short_of(session, (uint8_t)ttl))
            continue; /* until a reply comes from behind */
        unsigned replies = count_replies(trace, (uint8_t)ttl);
        bool more = replies > *filled && replies < session->config.queries && rate_limit_is_seen(&set, (uint8_t)ttl) &&
                    !comes_too_late(session, not_before);
        *filled = more ? (uint8_t)replies : UINT8_MAX;
        ladder_of(session)->is_filling[ttl] = more;
        if (more)
            ladder_want_more(session, (unsigned)(trace - session->traces), (uint8_t)ttl, 1, not_before);
    }
}

/* --- rule 6: silences to be compared --- */

#define COMPARE_ROUNDS 3
#define BACKING_AFTER NS_PER_MS /* the other spec sends last: its reply shows that the router had a token left */

static bool climb_quiet(const struct session *session, unsigned index)
{
    for (unsigned ttl = ladder_of(session)->climbs[index].start; ttl <= probe_limit(session, index); ttl++)
        if (ladder_trace_pending(session, index, (uint8_t)ttl) && !ladder_of(session)->is_filling[ttl])
            return false;
    return true;
}

static bool nothing_pending(const struct session *session)
{
    uint8_t last = session->config.max_ttl;
    for (unsigned ttl = session->config.first_ttl; ttl <= last; ttl++)
        if (ladder_hop_pending(session, (uint8_t)ttl))
            return false;
    return true;
}

/* All at one time, so that they leave in the order of their TTLs: the target's token is for its own hop. */
static void send_to_each(struct session *session, unsigned index, unsigned first, unsigned last)
{
    nstime before = NSTIME_NONE;
    ladder_of(session)->climbs[index].climbed_again = true;
    for (unsigned ttl = first; ttl <= last; ttl++)
        before = session->last_sent[ttl] > before ? session->last_sent[ttl] : before;
    for (unsigned ttl = first; ttl <= last; ttl++)
        ladder_want_more(session, index, (uint8_t)ttl, 1, before + RATE_LIMIT_REFILL);
}

/* True if it does so now. */
static bool climb_again(struct session *session, unsigned index)
{
    const struct trace_set set = session_trace_set(session);
    const struct trace *trace = &session->traces[index];
    struct climb *own = &ladder_of(session)->climbs[index];
    unsigned next = uint8_max(trace->last_router_ttl + 1U, session->config.first_ttl);
    if (!session->wants[index].climbs || own->climbed_again || trace_probe_limit(trace) ||
        next >= session_farthest_ttl(session) || !nothing_pending(session) ||
        !rate_limit_is_seen(&set, (uint8_t)next) || comes_too_late(session, session->now + RATE_LIMIT_REFILL))
        return false;
    send_to_each(session, index, next, session_farthest_ttl(session));
    return true;
}

static void compare_again(struct session *session, unsigned index)
{
    struct climb *own = &ladder_of(session)->climbs[index];
    const struct trace *trace = &session->traces[index];
    struct comparison comparison;
    if (!session->wants[index].climbs || trace_probe_limit(trace) || own->compared >= COMPARE_ROUNDS ||
        trace->last_router_ttl >= session_farthest_ttl(session) || !climb_quiet(session, index))
        return;
    session_compare_silence(session, trace, &comparison);
    bool more_to_come = comparison.hop_count < COMPARE_HOPS && !nothing_pending(session);
    if (!comparison.hop_count || more_to_come || comparison.confidence >= CONFIDENCE_TO_CLAIM)
        return;
    for (unsigned i = 0; i < comparison.hop_count; i++)
        if (ladder_hop_pending(session, comparison.hops[i]))
            return;
    const struct trace_set set = session_trace_set(session);
    bool waits = false, late = false;
    for (unsigned i = 0; i < comparison.hop_count; i++) {
        waits = waits || rate_limit_is_seen(&set, comparison.hops[i]);
        late = late || comes_too_late(session, session->last_sent[comparison.hops[i]] + RATE_LIMIT_REFILL_TWO);
    }
    if (waits && late)
        return;
    for (unsigned i = 0; i < comparison.hop_count; i++) {
        uint8_t ttl = comparison.hops[i];
        bool limited = rate_limit_is_seen(&set, ttl);
        nstime not_before = session->last_sent[ttl] + (limited ? RATE_LIMIT_REFILL_TWO : SAMPLE_SPAN);
        ladder_want_more(session, index, ttl, 1, not_before);
        ladder_want_more(session, session_other_at(session, index, ttl), ttl, 1, not_before + BACKING_AFTER);
    }
    own->compared = (uint8_t)(own->compared + (waits ? 2 : 1)); /* a wait for tokens takes two seconds */
}

/* --- rule 8 --- */

static void probe_target_rested(struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    uint8_t target_ttl = session_target_ttl(session);
    if (!target_ttl || ladder_of(session)->climbs[index].rested >= target_ttl || trace_probe_limit(trace) ||
        !trace->flow.spec.type->refused_by_icmp || trace->last_router_ttl < session_last_router_ttl(session) ||
        !trace_asked(trace, target_ttl) || ladder_hop_pending(session, target_ttl))
        return;
    ladder_of(session)->climbs[index].rested = target_ttl;
    ladder_want_more(session, index, target_ttl, 1, session->last_sent[target_ttl] + RATE_LIMIT_REFILL);
}

/* --- the end of climbs --- */

static unsigned active_count(const struct session *session)
{
    unsigned count = 0;
    while (count < session->trace_count && session->wants[count].climbs)
        count++;
    return count;
}

/* The last time at which the router there sent a reply, or will be asked for one by this rule. */
static nstime last_token_at(const struct session *session, uint8_t ttl)
{
    nstime last = NSTIME_NONE;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct wanted *cell = session_wanted(session, i, 0, ttl);
        if (ladder_trace_pending(session, i, ttl) && cell->not_before > last)
            last = cell->not_before;
        for (const struct probe *p = trace_first_at(&session->traces[i], ttl); p;
             p = trace_next_at(&session->traces[i], p))
            last = p->reply_count && p->sent > last ? p->sent : last;
    }
    return last;
}

/* Whether the router there is known to have had a token for a probe of the trace that it left unanswered. */
static bool had_token(const struct trace_set *set, const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (sample_is_silent(set, p) && rate_limit_had_token(set, trace, p))
            return true;
    return false;
}

/* True if a spec sends once more to the last router. */
static bool probe_router_rested(struct session *session, unsigned index)
{
    const struct trace_set set = session_trace_set(session);
    const struct trace *trace = &session->traces[index];
    uint8_t router = session_last_router_ttl(session);
    nstime due = session_silence_due(session);
    bool is_left_out =
        trace->last_router_ttl < router && router <= silence_end(session, index, 2); /* a climb starts so near it */
    if (session_target_ttl(session) || due == NSTIME_NEVER || active_count(session) < session->trace_count ||
        ladder_of(session)->climbs[index].rested >= router || trace_probe_limit(trace) || !is_left_out ||
        !trace_asked(trace, router) || ladder_trace_pending(session, index, router) || had_token(&set, trace, router))
        return false;
    nstime at = last_token_at(session, router) + RATE_LIMIT_REFILL;
    ladder_of(session)->climbs[index].rested = router;
    ladder_want_more(session, index, router, 1, at < due ? at : due);
    return true;
}

/* Its reply must be able to come before the silence is due. */
static void probe_behind_rested(struct session *session)
{
    struct ladder *ladder = ladder_of(session);
    uint8_t router = session_last_router_ttl(session), behind = (uint8_t)(router + 1);
    nstime not_before = session->last_sent[behind] + RATE_LIMIT_REFILL;
    if (!router || router >= session->config.max_ttl || session_target_ttl(session) ||
        active_count(session) < session->trace_count || ladder->rested_behind == behind ||
        trace_probe_limit(&session->traces[0]) || ladder_hop_pending(session, behind) ||
        comes_too_late(session, not_before + 2 * session->worst_rtt))
        return;
    ladder->rested_behind = behind;
    ladder_want_more(session, 0, behind, 1, not_before);
}

static bool any_reply(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (session->traces[i].reply_count)
            return true;
    return false;
}

static bool climbs_over(const struct session *session, unsigned active)
{
    for (unsigned i = 0; i < active; i++)
        if (!climb_quiet(session, i))
            return false;
    return true;
}

static void probe_silence_again(struct session *session)
{
    ladder_of(session)->probed_silence_again = true;
    for (unsigned ahead = 0; ahead < session->config.gap; ahead++)
        if (session->config.first_ttl + ahead <= session->config.max_ttl)
            ladder_want_more(session, 0, (uint8_t)(session->config.first_ttl + ahead), 1, 0);
}

/* The specs that fell silent send once more beside the one that starts, for comparison. */
static void probe_beside(struct session *session, unsigned next)
{
    for (unsigned i = 0; i < next; i++) {
        unsigned silent_from = silence_end(session, i, 1);
        for (unsigned ttl = silent_from; ttl < silent_from + COMPARE_HOPS && ttl <= probe_limit(session, i); ttl++)
            if (!trace_probe_limit(&session->traces[i]) && !ladder_hop_pending(session, (uint8_t)ttl))
                ladder_want_more(session, i, (uint8_t)ttl, 1, 0);
    }
}

/* Rule 2. True if another spec starts to climb. */
static bool escalate(struct session *session)
{
    unsigned active = active_count(session);
    if (session_target_ttl(session) || session_lacks_route(session) || !climbs_over(session, active))
        return false; /* without a route, our own host can send no other spec either */
    if (!any_reply(session) && !ladder_of(session)->climbs[0].climbed_again) {
        send_to_each(session, 0, session->config.first_ttl, silence_end(session, 0, LOOKAHEAD));
        return false;
    }
    if (active == session->trace_count) {
        if (!any_reply(session) && !ladder_of(session)->probed_silence_again)
            probe_silence_again(session);
        return false;
    }
    uint8_t top = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        if (session->traces[i].loop_first)
            return false; /* a loop catches every spec */
        top = uint8_max(top, session->traces[i].last_router_ttl);
    }
    probe_beside(session, active);
    session->wants[active].climbs = true;
    ladder_of(session)->climbs[active].start = uint8_max(session->config.first_ttl, top ? top - 1U : 0U);
    climb(session, active);
    return true;
}

/* --- settling --- */

/* Whether rule 5 waits for a reply from behind the hop. */
static bool may_be_filled(const struct session *session, uint8_t ttl)
{
    return ttl == session_farthest_ttl(session) && !session_target_ttl(session) &&
           count_replies(session_hop_trace(session, ttl), ttl) < session->config.queries;
}

static bool hop_closed(const struct session *session, uint8_t ttl)
{
    if (session->complete)
        return true;
    if (session->config.interface_mtu) /* a router may still report the MTU behind it */
        return false;
    if (ladder_hop_pending(session, ttl))
        return false;
    if (session_shows_hop(session, ttl))
        return !may_be_filled(session, ttl);
    if (ttl >= session_farthest_ttl(session))
        return false; /* the next spec may get a reply here */
    uint8_t first, last;
    ladder_silent_run(session, ttl, &first, &last);
    for (unsigned t = first; t <= last; t++)
        if (ladder_hop_pending(session, (uint8_t)t) || ladder_of(session)->rescue[t] == RESCUE_NONE ||
            (last - first >= 2 && ladder_of(session)->rescue[t] != RESCUE_RESTED))
            return false;
    return true;
}

static bool start(struct session *session)
{
    struct ladder *ladder = calloc(1, sizeof *ladder);
    session->plan = ladder;
    session->wants[0].climbs = true;
    if (ladder)
        ladder->climbs[0].start = session->config.first_ttl;
    return ladder != NULL;
}

static void update(struct session *session)
{
    bool no_way = session_lacks_route(session);
    for (unsigned i = 0; i < active_count(session); i++)
        no_way ? stop_climb(session, i) : climb(session, i);
    mtu_search_ahead(session);
    repair_losses(session);
    fill_lines(session);
    ladder_rescue_silent(session);
    ladder_complete_rescues(session);
    session_settle_hops(session, hop_closed); /* the lines of these hops do not wait for comparisons */
    if (!escalate(session))
        for (unsigned i = 0; i < session->trace_count; i++) {
            if (!climb_again(session, i) && !probe_router_rested(session, i))
                compare_again(session, i);
            probe_target_rested(session, i);
        }
    probe_behind_rested(session);
    bool measured = nothing_pending(session) && mtu_search_update(session);
    session->complete = measured && !session_silence_is_young(session);
    session_settle_hops(session, hop_closed);
}

const struct strategy strategy_trace = {
    .name = "trace",
    .heading = "hopsonde to",
    .flows_most = FLOWS_COMPARED_MOST,
    .merges_hops = true,
    .spares_tokens = true,
    .start = start,
    .update = update,
    .timer = mtu_search_timer,
    .next = pacing_next,
};
