/* diagnose: what the comparison of all specs still needs.
 *
 * Like plan.c's, all of it is a function of what the capture has shown, run after every change. The rules:
 *   1. Every spec is asked once at each hop (`queries` times), in turns, until it reaches the target, is refused or
 *      goes round in a circle; as far as the target, where another spec shows it. The first climbs LOOKAHEAD hops
 *      ahead of the answers, the others BESIDE them until it is done.
 *   2. A hop that is silent to all, with an answering one behind it, is asked once more.
 *   3. A spec that falls silent where others go on is asked again beside them, at the first hops behind its silence,
 *      from one source port after the other, until the counts are as sure as was asked for and some ports were tried;
 *      ROUNDS times at most. The other spec is asked right behind it, there and at the last router before: its answers
 *      show that these had a token left. A router that leaves out an answer is given time for a new one.
 *   4. A spec that got as far as any router is asked again at the target, or just behind the last router.
 *   5. A spec that is silent where another was refused for want of a way, or by a router that has no other answer, or
 *      where nothing further on shows that it is dropped, is asked again there, slowly: a router refuses a few at once.
 *   6. Where flows are seen to go different ways, every spec is asked from all its source ports at the target, and a
 *      port that gets no answer there, at every hop from where the ways part.
 *   7. The hop at which a spec drew its last answer is the least that does, and the hop before it is known: where
 *      another spec was answered nearer, or nobody answered before it, or its own answer came from short of the
 *      target and it was silent just before, it is asked there again.
 *   8. Behind the last router a neighbour may be dead, which is told 3.1 s late: that is waited for once, where nothing
 *      else tells what is there.
 * When the budget is spent nothing more is asked. */
#include "session/compare.h"
#include "session/internal.h"

#define LOOKAHEAD 16
#define BESIDE 2      /* hops that the other specs climb ahead while the first is not done */
#define ROUNDS 12     /* of rule 3 */
#define FLOWS_LEAST 4 /* source ports asked before a silence is a drop */
#define AGAIN 3       /* probes in all of rule 4 */
#define SLOWLY 3      /* of rule 5 */
#define CONFIRM 11    /* probes of one spec at a hop for rule 7, and CONFIRM_ALL of all */
#define CONFIRM_ALL 16
#define NEW_TOKEN (1100 * NS_PER_MS)
#define NEW_TOKENS (2100 * NS_PER_MS) /* Linux charges a refusal by route twice, to one bucket */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static void want(struct session *session, unsigned index, unsigned flow, unsigned ttl, unsigned count,
                 nstime not_before)
{
    struct need *need = plan_need(session, index, flow, ttl);
    if (need->want >= count)
        return;
    need->want = (uint16_t)count;
    need->not_before = not_before;
}

static bool is_pending(const struct need *need)
{
    return need->known < need->want || need->resolved < need->known;
}

/* The last TTL that a flow of the trace has business at. */
static unsigned limit_of(const struct session *session, unsigned index, unsigned flow)
{
    uint8_t end = flow ? 0 : plan_end_of(&session->traces[index]), goal = session_goal(session);
    return end ? end : goal ? goal : session->config.max_ttl;
}

static bool hop_pending(const struct session *session, unsigned index, unsigned ttl)
{
    for (unsigned k = 0; k < session->traces[index].flow_count; k++)
        if (ttl <= limit_of(session, index, k) && is_pending(plan_need(session, index, k, ttl)))
            return true;
    return false;
}

/* Of any spec. */
static bool anyone_is_pending_at(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (hop_pending(session, i, ttl))
            return true;
    return false;
}

static bool trace_is_pending(const struct session *session, unsigned index)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= session->config.max_ttl; ttl++)
        if (hop_pending(session, index, ttl))
            return true;
    return false;
}

static bool anything_pending(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (trace_is_pending(session, i))
            return true;
    return false;
}

/* The flow for one more probe at the target. A second SYN in a connection that the first has half opened is another
 * question: it comes from the next source port. */
static unsigned fresh_flow(const struct session *session, unsigned index, unsigned ttl)
{
    const struct trace *trace = &session->traces[index];
    return trace->flow.spec.protocol == IP_TCP ? trace_asked(trace, (uint8_t)ttl) % trace->flow_count : 0;
}

static void want_another(struct session *session, unsigned index, unsigned flow, unsigned ttl, nstime not_before)
{
    want(session, index, flow, ttl, plan_need(session, index, flow, ttl)->known + 1U, not_before);
}

static void want_fresh(struct session *session, unsigned index, unsigned ttl, nstime not_before)
{
    want_another(session, index, fresh_flow(session, index, ttl), ttl, not_before);
}

/* Known, not answered, and no longer waited for. */
static bool is_silent(const struct session *session, unsigned index, unsigned flow, uint8_t ttl)
{
    const struct trace *trace = &session->traces[index];
    bool asked = false;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        if (probe->flow != flow || probe->state == PROBE_REFUSED)
            continue;
        if (probe->state != PROBE_EXPIRED)
            return false;
        asked = true;
    }
    return asked;
}

/* Our own host lets nothing of it out: asking again changes nothing. */
static bool is_kept_back(const struct trace *trace)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].state != PROBE_REFUSED)
            return false;
    return true;
}

/* --- rule 1 --- */

/* The first goes ahead: where a circle or a refusal ends all, the others need not spend the routers' tokens there. */
static unsigned open_end_of(const struct session *session, unsigned index)
{
    unsigned before = session->config.first_ttl - 1U, farthest = plan_farthest(session);
    farthest = farthest > before ? farthest : before;
    if (index == 0 && farthest < before + LOOKAHEAD - session->config.gap)
        return before + LOOKAHEAD;
    bool first_is_done = index == 0 || !trace_is_pending(session, 0);
    return farthest + (first_is_done ? session->config.gap : BESIDE);
}

static void climb(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        uint8_t end = plan_end_of(&session->traces[i]), goal = session_goal(session);
        unsigned reach = end ? end : goal ? goal : least(open_end_of(session, i), session->config.max_ttl);
        for (unsigned ttl = session->config.first_ttl; ttl <= reach; ttl++)
            want(session, i, 0, ttl, session->config.queries, 0);
    }
}

/* --- rule 2 --- */

static void ask_silent_hops(struct session *session)
{
    for (unsigned ttl = session->config.first_ttl; ttl < plan_farthest(session); ttl++) {
        if (plan_hop_shown(session, (uint8_t)ttl) || anyone_is_pending_at(session, ttl))
            continue;
        for (unsigned i = 0; i < session->trace_count; i++)
            if (session->traces[i].top > ttl || session->traces[i].reached_ttl > ttl) {
                want(session, i, 0, ttl, session->config.queries + 1U, 0);
                break;
            }
    }
}

/* --- different ways --- */

/* The router that let a probe of this flow expire at a TTL. */
static const struct addr *router_of(const struct trace *trace, unsigned flow, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count && probe->flow == flow; i++)
            if (probe->replies[i].kind == REPLY_TIME_EXCEEDED)
                return &probe->replies[i].from;
    return NULL;
}

/* The last TTL at which a router answered this flow; 0: at none. */
static unsigned top_of(const struct trace *trace, unsigned flow)
{
    unsigned top = trace->top;
    while (top && !router_of(trace, flow, (uint8_t)top))
        top--;
    return top;
}

/* Probes of its own flow from this TTL on, as far as alternates were answered, that were waited for in vain though the
 * router that answered these had a token left. */
static unsigned silences_of_own(const struct session *session, const struct trace *trace, unsigned ttl)
{
    const struct trace *traces[SPECS_MOST];
    struct cohort cohort = cohort_of_session(session, traces);
    unsigned count = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        count += !probe->flow && probe->ttl >= ttl && probe->ttl <= trace->top && probe->state == PROBE_EXPIRED &&
                 cohort_is_backed(&cohort, trace, probe);
    }
    return count;
}

/* The first TTL behind the last answer of some trace's own flow, where an alternate went on: the routers there may be
 * silent, but they are not the same. 0: none. */
static unsigned split_at(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        unsigned own = trace->flow_count > 1 ? top_of(trace, 0) : trace->top;
        if (own < trace->top && silences_of_own(session, trace, own + 1) >= AGAIN)
            return own + 1;
    }
    return 0;
}

/* The first TTL at which two flows, of one spec or of two, show different routers, or that they part; 0: none. */
static unsigned parted_at(const struct session *session)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= session_last_router(session); ttl++) {
        const struct addr *first = NULL;
        for (unsigned i = 0; i < session->trace_count; i++)
            for (unsigned k = 0; k < session->traces[i].flow_count; k++) {
                const struct addr *router = router_of(&session->traces[i], k, (uint8_t)ttl);
                if (first && router && !addr_equal(first, router))
                    return ttl;
                first = first ? first : router;
            }
    }
    return split_at(session);
}

/* --- rule 3 --- */

/* Whether the router there has left a probe unanswered whose spec got answers from behind it. */
static bool is_limited(const struct session *session, uint8_t ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        bool passed =
            trace->top >= ttl || (trace->reached_ttl && trace->reached_ttl >= ttl) || trace->refused_ttl > ttl;
        for (const struct probe *p = passed ? trace_first_at(trace, ttl) : NULL; p; p = trace_next_at(trace, p))
            if (p->state == PROBE_EXPIRED)
                return true;
    }
    return false;
}

/* The earliest time for the next probe there. */
static nstime next_at(const struct session *session, uint8_t ttl, nstime spacing)
{
    nstime at = session->plan.last_sent[ttl] + spacing;
    return at > session->now ? at : session->now;
}

static bool is_sure(const struct session *session, unsigned index, const struct comparison *comparison, bool parted)
{
    unsigned flows = session->traces[index].flow_count, tried = session->plan.traces[index].compared + 1U;
    unsigned wanted = parted ? flows : least(flows, FLOWS_LEAST);
    return comparison->confidence * 1e6 >= session->config.confidence && tried >= wanted;
}

/* The specs in doubt, and the hops at which each is to be compared. */
struct doubt {
    unsigned count;
    unsigned specs[SPECS_MOST];
    struct comparison comparisons[SPECS_MOST];
};

static void find_doubt(const struct session *session, bool parted, struct doubt *out)
{
    out->count = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        struct comparison *comparison = &out->comparisons[out->count];
        if (plan_end_of(trace) || trace->top >= session_last_router(session) ||
            session->plan.traces[i].compared >= ROUNDS || is_kept_back(trace))
            continue;
        compare_silence(session, trace, comparison);
        if (comparison->hop_count && !is_sure(session, i, comparison, parted))
            out->specs[out->count++] = i;
    }
}

static bool is_compared_at(const struct comparison *comparison, unsigned ttl)
{
    for (unsigned i = 0; i < comparison->hop_count; i++)
        if (comparison->hops[i] == ttl)
            return true;
    return false;
}

static bool doubt_is_pending(const struct session *session, const struct doubt *doubt)
{
    for (unsigned n = 0; n < doubt->count; n++)
        for (unsigned i = 0; i < doubt->comparisons[n].hop_count; i++)
            if (anyone_is_pending_at(session, doubt->comparisons[n].hops[i]))
                return true;
    return false;
}

/* The specs that are compared there, each from its next source port, and right behind them the one that went on.
 * Returns how many there are. */
static unsigned ask_round_at(struct session *session, const struct doubt *doubt, uint8_t ttl, nstime at)
{
    unsigned other = session->trace_count, asked = 0;
    for (unsigned n = 0; n < doubt->count; n++) {
        unsigned index = doubt->specs[n];
        unsigned flow = session->plan.traces[index].compared % session->traces[index].flow_count;
        if (!is_compared_at(&doubt->comparisons[n], ttl))
            continue;
        want_another(session, index, flow, ttl, at);
        other = plan_other_with_router(session, index, ttl);
        asked++;
    }
    if (asked)
        want_another(session, other, 0, ttl, at + (asked + 1) * session->config.send_gap);
    return asked;
}

/* Behind them, a probe to each router that answered one of them last: it may be the one that refuses. */
static void ask_last_routers(struct session *session, const struct doubt *doubt, nstime later)
{
    bool asked[256] = {false};
    for (unsigned n = 0; n < doubt->count; n++) {
        unsigned index = doubt->specs[n];
        uint8_t top = session->traces[index].top;
        if (!top || asked[top])
            continue;
        asked[top] = true;
        want_another(session, plan_other_with_router(session, index, top), 0, top, later);
    }
}

/* Whether a router left its probe unanswered that was to show that it had a token. */
static nstime spacing_at(const struct session *session, const struct doubt *doubt, uint8_t ttl)
{
    bool limited = is_limited(session, ttl);
    for (unsigned n = 0; n < doubt->count; n++)
        limited = limited || is_limited(session, session->traces[doubt->specs[n]].top);
    return limited ? NEW_TOKEN : INDEPENDENT_AFTER;
}

/* A round for all specs in doubt; hop after hop, so that what belongs together leaves together. */
static void settle_doubt(struct session *session, bool parted)
{
    struct doubt doubt;
    nstime later = 0, last = 0;
    find_doubt(session, parted, &doubt);
    if (!doubt.count || doubt_is_pending(session, &doubt))
        return;
    for (unsigned n = 0; n < doubt.count; n++)
        session->plan.traces[doubt.specs[n]].compared++;
    for (unsigned ttl = session->config.first_ttl; ttl <= session_last_router(session); ttl++) {
        nstime at = next_at(session, (uint8_t)ttl, spacing_at(session, &doubt, (uint8_t)ttl)) + later;
        unsigned asked = ask_round_at(session, &doubt, (uint8_t)ttl, at);
        later += asked ? (asked + 2) * session->config.send_gap : 0;
        last = asked && at > last ? at : last;
    }
    ask_last_routers(session, &doubt, last + (doubt.count + 2) * session->config.send_gap);
}

/* --- rules 4, 5 --- */

/* Whether some spec was both answered and not, there or on the way. */
static bool is_lossy_at(const struct session *session, uint8_t goal)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= goal; ttl++)
        for (unsigned i = 0; i < session->trace_count; i++) {
            bool answered = false, silent = false;
            const struct trace *trace = &session->traces[i];
            for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p)) {
                answered = answered || p->reply_count;
                silent = silent || p->state == PROBE_EXPIRED;
            }
            if (answered && silent)
                return true;
        }
    return false;
}

static void ask_at_end(struct session *session, unsigned index)
{
    uint8_t goal = session_goal(session), router = session_last_router(session);
    unsigned ttl = goal ? goal : least(router + 1U, session->config.max_ttl);
    if (!router)
        return;
    unsigned asked = trace_asked(&session->traces[index], (uint8_t)ttl);
    bool limited = is_limited(session, router); /* which may refuse what it sends there */
    nstime spacing = !limited && (goal || asked < AGAIN - 1) ? INDEPENDENT_AFTER : NEW_TOKEN;
    if (limited && anyone_is_pending_at(session, ttl))
        return; /* one after the other */
    if (asked < (goal && !limited && is_lossy_at(session, goal) ? CONFIRM : AGAIN))
        want_fresh(session, index, ttl, next_at(session, (uint8_t)ttl, spacing));
}

static bool is_router(const struct session *session, const struct addr *address)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (size_t n = 0; n < session->traces[i].probe_count; n++) {
            const struct probe *probe = &session->traces[i].probes[n];
            for (unsigned k = 0; k < probe->reply_count; k++)
                if (probe->replies[k].kind == REPLY_TIME_EXCEEDED && addr_equal(&probe->replies[k].from, address))
                    return true;
        }
    return false;
}

/* By its routes a router refuses whatever it does not know a way for, and expired packets with them. */
static bool is_refused_by_route(const struct session *session, const struct trace *trace)
{
    const struct probe *probe = trace->refused_ttl ? trace_first_at(trace, trace->refused_ttl) : NULL;
    for (; probe; probe = trace_next_at(trace, probe))
        for (unsigned k = 0; k < probe->reply_count; k++)
            if (reply_refuses(trace, &probe->replies[k]))
                return reply_is_no_route(&probe->replies[k]) || !is_router(session, &probe->replies[k].from);
    return false;
}

/* The TTL at which another spec drew a refusal that this one, silent there, may have missed; 0: none. */
static unsigned refusal_beside(const struct session *session, unsigned index)
{
    bool nothing_to_compare = session->traces[index].top >= session_last_router(session);
    unsigned nearest = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        unsigned ttl = session->traces[i].refused_ttl;
        if (i != index && ttl > session->traces[index].top && (!nearest || ttl < nearest) &&
            is_silent(session, index, 0, (uint8_t)ttl) &&
            (nothing_to_compare || is_refused_by_route(session, &session->traces[i])))
            nearest = ttl;
    }
    return nearest;
}

static bool ask_for_refusal(struct session *session, unsigned index)
{
    unsigned ttl = refusal_beside(session, index);
    if (!ttl || session->plan.traces[index].slowly == SLOWLY)
        return false;
    if (anyone_is_pending_at(session, ttl))
        return true; /* one after the other */
    session->plan.traces[index].slowly++;
    want_another(session, index, 0, ttl, next_at(session, (uint8_t)ttl, NEW_TOKENS));
    return true;
}

/* --- rule 6 --- */

/* Whether the flow got an answer at this TTL or beyond. */
static bool flow_got_to(const struct trace *trace, unsigned flow, unsigned ttl)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].flow == flow && trace->probes[i].ttl >= ttl && trace->probes[i].reply_count)
            return true;
    return false;
}

static void ask_all_flows(struct session *session, unsigned index, unsigned parted)
{
    const struct trace *trace = &session->traces[index];
    uint8_t goal = session_goal(session), router = session_last_router(session);
    unsigned far = goal ? goal : least(router + 1U, session->config.max_ttl);
    for (unsigned k = 1; k < trace->flow_count; k++) {
        want(session, index, k, far, 1, 0);
        if (!is_silent(session, index, k, (uint8_t)far) || flow_got_to(trace, k, far))
            continue;
        want(session, index, k, far, 2, next_at(session, (uint8_t)far, INDEPENDENT_AFTER));
        for (unsigned ttl = parted; ttl < far; ttl++)
            want(session, index, k, ttl, 1, 0);
    }
}

/* --- rule 7 --- */

static bool router_is_shown(const struct session *session, unsigned ttl)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned k = 0; k < session->traces[i].flow_count; k++)
            if (router_of(&session->traces[i], k, (uint8_t)ttl))
                return true;
    return false;
}

static unsigned asked_by_all(const struct session *session, unsigned ttl)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        sum += trace_asked(&session->traces[i], ttl);
    return sum;
}

/* The TTL that has to be asked again before it is clear where the spec drew its answer; 0: none. */
static unsigned doubtful_hop(const struct session *session, unsigned index)
{
    unsigned reached = session->traces[index].reached_ttl, goal = session_goal(session);
    if (reached <= session->config.first_ttl)
        return 0;
    if (reached == goal)
        return router_is_shown(session, reached - 1) || asked_by_all(session, reached - 1) >= CONFIRM_ALL ? 0
                                                                                                          : reached - 1;
    if (goal && reached > goal)
        return goal;
    return router_is_shown(session, reached - 1) ? reached - 1 : 0;
}

static bool is_answered(const struct session *session, unsigned index, unsigned ttl)
{
    const struct trace *trace = &session->traces[index];
    for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p))
        if (p->reply_count)
            return true;
    return false;
}

/* A reset may answer a second SYN, where the answer to the first was lost. */
static bool reset_is_doubtful(const struct trace *trace)
{
    bool lost = false, reset = false;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->ttl < trace->reached_ttl)
            continue;
        if (probe->reply_count && probe->replies[0].kind != REPLY_RST)
            return false;
        if (probe->flow && probe->reply_count)
            return false; /* from another port, too */
        lost = lost || !probe->reply_count;
        reset = reset || probe->reply_count;
    }
    return lost && reset && trace->flow.spec.variant == VARIANT_SYN;
}

static void confirm_end(struct session *session, unsigned index)
{
    unsigned ttl = doubtful_hop(session, index);
    const struct trace *trace = &session->traces[index];
    if (!ttl && reset_is_doubtful(trace) && trace_asked(trace, trace->reached_ttl) < CONFIRM)
        want_fresh(session, index, trace->reached_ttl, next_at(session, trace->reached_ttl, INDEPENDENT_AFTER));
    if (!ttl || is_answered(session, index, ttl))
        return;
    unsigned asked = trace_asked(trace, (uint8_t)ttl);
    bool limited = is_limited(session, (uint8_t)ttl) && asked <= AGAIN; /* or it is mere loss */
    nstime spacing = limited ? NEW_TOKEN : INDEPENDENT_AFTER;
    if (asked >= CONFIRM)
        return;
    if (limited && anyone_is_pending_at(session, ttl))
        return; /* one after the other */
    want_fresh(session, index, ttl, next_at(session, (uint8_t)ttl, spacing));
}

/* --- rule 8 --- */

static bool nothing_tells_the_end(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        if (trace->reached_ttl || trace->refused_ttl || trace->loop_first)
            return false;
    }
    return session_last_router(session) > 0;
}

static nstime late_refusal_at(const struct session *session)
{
    nstime first = NSTIME_NEVER;
    unsigned ttl = session_last_router(session) + 1U;
    for (unsigned i = 0; i < session->trace_count && ttl < 256; i++)
        for (const struct probe *p = trace_first_at(&session->traces[i], (uint8_t)ttl); p;
             p = trace_next_at(&session->traces[i], p))
            first = p->sent < first ? p->sent : first;
    return first == NSTIME_NEVER ? first : first + session->config.max_wait;
}

/* --- all --- */

static void ask_no_more(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        for (unsigned n = 0; n < 256 * session->traces[i].flow_count; n++) {
            struct need *need = &session->plan.traces[i].needs[n];
            need->want = need->want < need->known ? need->want : need->known;
        }
}

static bool is_over(const struct session *session)
{
    size_t known = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        known += session->traces[i].probe_count;
    return known >= session->config.budget || plan_own_host_has_no_way(session);
}

static void settle_spec(struct session *session, unsigned index, unsigned parted)
{
    const struct trace *trace = &session->traces[index];
    if (parted)
        ask_all_flows(session, index, parted);
    if (trace_is_pending(session, index) || is_kept_back(trace))
        return;
    if (trace->reached_ttl)
        confirm_end(session, index);
    if (plan_end_of(trace))
        return;
    if (!ask_for_refusal(session, index) && trace->top >= session_last_router(session))
        ask_at_end(session, index);
}

void diagnose_update(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        session->plan.traces[i].active = true;
    session->plan.wait_until = NSTIME_NEVER;
    if (is_over(session)) {
        ask_no_more(session);
        session->plan.complete = !anything_pending(session);
        return;
    }
    climb(session);
    ask_silent_hops(session);
    unsigned parted = parted_at(session);
    for (unsigned i = 0; i < session->trace_count; i++)
        settle_spec(session, i, parted);
    settle_doubt(session, parted);
    if (anything_pending(session))
        return;
    nstime late = nothing_tells_the_end(session) ? late_refusal_at(session) : NSTIME_NEVER;
    if (late > session->now && late != NSTIME_NEVER)
        session->plan.wait_until = late;
    else
        session->plan.complete = true;
}
