/* ending: rules 4, 5, 7 and 8 of a diagnosis: what is at the end of the path, and whose answer it is. */
#include "session/compare.h"
#include "session/diagnose.h"

#define AGAIN 3    /* probes in all of rule 4 */
#define SLOWLY 3   /* of rule 5 */
#define CONFIRM 11 /* probes of one spec at a hop for rule 7, and CONFIRM_ALL of all */
#define CONFIRM_ALL 16
#define NEW_TOKENS (2100 * NS_PER_MS) /* Linux charges a refusal by route twice, to one bucket */

/* --- rule 4 --- */

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
    bool limited = need_is_limited(session, router); /* which may refuse what it sends there */
    nstime spacing = !limited && (goal || asked < AGAIN - 1) ? INDEPENDENT_AFTER : NEW_TOKEN;
    if (limited && need_is_pending_at(session, ttl))
        return; /* one after the other */
    if (asked < (goal && !limited && is_lossy_at(session, goal) ? CONFIRM : AGAIN))
        need_fresh(session, index, ttl, need_soonest(session, (uint8_t)ttl, spacing));
}

/* --- rule 5 --- */

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
            need_is_in_vain(session, index, 0, (uint8_t)ttl) &&
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
    if (need_is_pending_at(session, ttl))
        return true; /* one after the other */
    session->plan.traces[index].slowly++;
    need_another(session, index, 0, ttl, need_soonest(session, (uint8_t)ttl, NEW_TOKENS));
    return true;
}

/* --- rule 7 --- */

static unsigned asked_by_all(const struct session *session, unsigned ttl)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        sum += trace_asked(&session->traces[i], ttl);
    return sum;
}

/* A reset may be a device's just before the target: whether it lets probes expire is asked of that hop itself. */
static bool is_reset_after_loss(const struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    const struct probe *probe = trace_first_at(trace, trace->reached_ttl);
    while (probe && !probe->reply_count)
        probe = trace_next_at(trace, probe);
    return probe && probe->replies[0].kind == REPLY_RST && trace->top + 1U < trace->reached_ttl &&
           parted_router_is_shown(session, trace->reached_ttl - 1U);
}

/* The TTL that has to be asked again before it is clear where the spec drew its answer; 0: none. */
static unsigned doubtful_hop(const struct session *session, unsigned index)
{
    unsigned reached = session->traces[index].reached_ttl, goal = session_goal(session);
    if (reached <= session->config.first_ttl)
        return 0;
    if (is_reset_after_loss(session, index))
        return reached - 1;
    if (reached == goal)
        return parted_router_is_shown(session, reached - 1) || asked_by_all(session, reached - 1) >= CONFIRM_ALL
                   ? 0
                   : reached - 1;
    if (goal && reached > goal)
        return goal;
    return parted_router_is_shown(session, reached - 1) ? reached - 1 : 0;
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
        need_fresh(session, index, trace->reached_ttl, need_soonest(session, trace->reached_ttl, INDEPENDENT_AFTER));
    if (!ttl || is_answered(session, index, ttl))
        return;
    unsigned asked = trace_asked(trace, (uint8_t)ttl);
    bool limited = need_is_limited(session, (uint8_t)ttl) && asked <= AGAIN; /* or it is mere loss */
    nstime spacing = limited ? NEW_TOKEN : INDEPENDENT_AFTER;
    if (asked >= CONFIRM)
        return;
    if (limited && need_is_pending_at(session, ttl))
        return; /* one after the other */
    need_fresh(session, index, ttl, need_soonest(session, (uint8_t)ttl, spacing));
}

/* --- all --- */

void ending_settle(struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    if (trace->reached_ttl)
        confirm_end(session, index);
    if (plan_end_of(trace))
        return;
    if (!ask_for_refusal(session, index) && trace->top >= session_last_router(session))
        ask_at_end(session, index);
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

nstime ending_told_at(const struct session *session)
{
    if (!nothing_tells_the_end(session))
        return NSTIME_NEVER;
    nstime first = NSTIME_NEVER;
    unsigned ttl = session_last_router(session) + 1U;
    for (unsigned i = 0; i < session->trace_count && ttl < 256; i++)
        for (const struct probe *p = trace_first_at(&session->traces[i], (uint8_t)ttl); p;
             p = trace_next_at(&session->traces[i], p))
            first = p->sent < first ? p->sent : first;
    return first == NSTIME_NEVER ? first : first + session->config.max_wait;
}
