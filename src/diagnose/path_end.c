/* SPDX-License-Identifier: BSD-2-Clause */
/* path_end: rules 4, 5 and 7 of a diagnosis: the end of the path, and which device answers there. */
#include "diagnose/path_end.h"

#include "base/minmax.h"
#include "diagnose/divergence.h"
#include "diagnose/idle.h"
#include "diagnose/wanted.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define SLOWLY 3   /* rounds of rule 5 */
#define CLOSING 12 /* rounds of rule 4 */
#define CONFIRM 11 /* probes of one spec at a hop for rule 7; CONFIRM_ALL: of all specs */
#define CONFIRM_ALL 16
#define CONFIRM_LIMITED 3 /* of these, probes that wait for a new token */

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

/* A router whose route is missing refuses every packet to that destination, expired ones as well. */
static bool is_refused_by_route(const struct session *session, const struct trace *trace)
{
    const struct probe *probe;
    const struct reply *refusal = trace_refusal(trace, &probe);
    return refusal && (reply_is_no_route(refusal) || !is_router(session, &refusal->from));
}

/* The TTL at which another spec drew a refusal that may have been lost for this silent spec; 0: none. */
static unsigned refusal_beside(const struct session *session, unsigned index)
{
    bool nothing_to_compare = session->traces[index].last_router_ttl >= session_last_router_ttl(session);
    unsigned nearest = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        unsigned ttl = session->traces[i].refused_ttl;
        if (i != index && ttl > session->traces[index].last_router_ttl && (!nearest || ttl < nearest) &&
            wanted_is_unanswered(session, index, 0, (uint8_t)ttl) &&
            (nothing_to_compare || is_refused_by_route(session, &session->traces[i])))
            nearest = ttl;
    }
    return nearest;
}

static bool probe_for_refusal(struct session *session, unsigned index)
{
    unsigned ttl = refusal_beside(session, index);
    if (!ttl || diagnosis_of(session)->specs[index].slowly == SLOWLY)
        return false;
    if (wanted_is_open_at(session, ttl))
        return true; /* one after the other */
    diagnosis_of(session)->specs[index].slowly++;
    wanted_another(session, index, 0, ttl, wanted_earliest(session, (uint8_t)ttl, RATE_LIMIT_REFILL_TWO));
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

/* The RST may come from a device just before the target. A probe to that hop shows whether it lets probes expire. */
static bool is_reset_after_loss(const struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    const struct probe *probe = trace_answered_at(trace, trace->reached_ttl);
    return probe && probe->replies[0].kind == REPLY_RST && trace->last_router_ttl + 1U < trace->reached_ttl &&
           divergence_shows_router(session, trace->reached_ttl - 1U);
}

/* A refusing device stands no further than the smallest TTL that it refuses. Another reply may show its hop. */
static unsigned doubtful_refusal(const struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    const struct probe *refused;
    const struct reply *refusal = trace_refusal(trace, &refused);
    unsigned from = refusal ? trace_refused_from(trace, refused, refusal) : 0;
    if (from <= session->config.first_ttl || is_router(session, &refusal->from) ||
        divergence_shows_router(session, from - 1U) || asked_by_all(session, from - 1U) >= CONFIRM_ALL)
        return 0;
    return from - 1;
}

/* The last TTL before its reply at which others got theirs and this spec was probed too rarely; the first one, if
 * there is no such TTL. */
static unsigned nearest_of_others(const struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    unsigned last = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        unsigned reached = session->traces[i].reached_ttl;
        if (reached > last && reached < trace->reached_ttl && trace_asked(trace, (uint8_t)reached) < CONFIRM)
            last = reached;
    }
    return last ? last : session_target_ttl(session);
}

/* The TTL to probe again before the hop of the spec's last reply is clear; 0: none. */
static unsigned doubtful_hop(const struct session *session, unsigned index)
{
    unsigned reached = session->traces[index].reached_ttl, target_ttl = session_target_ttl(session);
    if (!reached)
        return doubtful_refusal(session, index);
    if (reached <= session->config.first_ttl)
        return 0;
    if (is_reset_after_loss(session, index))
        return reached - 1;
    if (reached == target_ttl)
        return divergence_shows_router(session, reached - 1) || asked_by_all(session, reached - 1) >= CONFIRM_ALL
                   ? 0
                   : reached - 1;
    if (target_ttl && reached > target_ttl)
        return nearest_of_others(session, index);
    return divergence_shows_router(session, reached - 1) ? reached - 1 : 0;
}

/* A RST may answer a second SYN if the SYN/ACK to the first was lost. */
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
            return false; /* from another port as well */
        lost = lost || !probe->reply_count;
        reset = reset || probe->reply_count;
    }
    return lost && reset && trace->flow.spec.variant == VARIANT_SYN;
}

static void confirm_end(struct session *session, unsigned index)
{
    unsigned ttl = doubtful_hop(session, index);
    const struct trace *trace = &session->traces[index];
    if (!ttl && trace->reached_ttl && reset_is_doubtful(trace) && trace_asked(trace, trace->reached_ttl) < CONFIRM)
        wanted_fresh(session, index, trace->reached_ttl, wanted_earliest(session, trace->reached_ttl, SAMPLE_SPAN));
    if (!ttl || trace_answered_at(trace, (uint8_t)ttl))
        return;
    unsigned asked = trace_asked(trace, (uint8_t)ttl);
    bool limited = wanted_is_limited(session, (uint8_t)ttl) && asked <= CONFIRM_LIMITED; /* or it is mere loss */
    nstime spacing = limited ? RATE_LIMIT_REFILL : SAMPLE_SPAN;
    if (asked >= CONFIRM || (limited && wanted_is_due_at(session, ttl)))
        return;
    /* All such specs send at once, each time with another one first: one reply of a router is enough, and the
     * target's rate limit then leaves out another one each time. */
    unsigned turn = (index + asked) % session->trace_count;
    nstime at = wanted_earliest(session, (uint8_t)ttl, spacing) + (limited ? turn * session->config.send_gap : 0);
    wanted_fresh(session, index, ttl, at);
}

/* --- rule 4 --- */

/* The specs that are silent at the end and need more probes, and the specs that send beside them. */
struct closing {
    unsigned count, specs[SPECS_MOST];
    uint8_t ttl, router; /* rounds of the end, and of the last router */
    unsigned round;
    bool limited;
};

static bool is_closing(const struct session *session, unsigned index, uint8_t router)
{
    const struct trace *trace = &session->traces[index];
    const struct spec_rounds *rounds = &diagnosis_of(session)->specs[index];
    struct end_comparison end;
    if (trace_probe_limit(trace) || trace->last_router_ttl < router || rounds->closing == CLOSING ||
        wanted_is_refused_locally(trace) || wanted_is_open_of(session, index) || idle_waits(session, index) ||
        (refusal_beside(session, index) && rounds->slowly < SLOWLY))
        return false;
    session_compare_end(session, trace, &end);
    return end.confidence * 1e6 < session->config.confidence;
}

static void find_closing(const struct session *session, struct closing *out)
{
    uint8_t target_ttl = session_target_ttl(session), router = session_last_router_ttl(session);
    *out = (struct closing){.router = router};
    out->ttl = (uint8_t)uint_min(wanted_end_ttl(session), session->max_ttl);
    out->limited = wanted_is_limited(session, router) || (target_ttl && wanted_is_limited(session, target_ttl));
    bool has_end = target_ttl || (router && router < session->max_ttl); /* the run probes behind the last router */
    for (unsigned i = 0; i < session->trace_count && has_end; i++) {
        if (!is_closing(session, i, router))
            continue;
        out->specs[out->count++] = i;
        out->round = uint_max(out->round, diagnosis_of(session)->specs[i].closing);
    }
}

/* The spec whose replies show how the target answers. A refused one is best, because the target's rate limit applies
 * to refusals. */
static unsigned witness_of(const struct session *session, uint8_t target_ttl)
{
    unsigned witness = session->trace_count;
    for (unsigned i = 0; i < session->trace_count && target_ttl; i++) {
        const struct trace *trace = &session->traces[i];
        const struct probe *p = trace->reached_ttl >= target_ttl ? trace_answered_at(trace, trace->reached_ttl) : NULL;
        if (p && reply_is_limited(&p->replies[0]))
            return i;
        witness = p ? i : witness;
    }
    return witness;
}

/* Behind them, a probe to the last router of each spec that was asked at the end; one is enough if only one router
 * is known. */
static void probe_last_router(struct session *session, const struct closing *closing, nstime at)
{
    bool diverged = divergence_at_hop(session, closing->router);
    at += wanted_token_gap(session, closing->router);
    for (unsigned n = 0; n < (diverged ? closing->count : 1); n++) {
        unsigned index = closing->specs[n];
        wanted_another(session, index, closing->round % session_rows(session, index), closing->router, at);
    }
}

void path_end_probe(struct session *session)
{
    struct closing closing;
    find_closing(session, &closing);
    if (!closing.count || wanted_is_open_at(session, closing.ttl) || wanted_is_open_at(session, closing.router))
        return;
    /* If no node answers there, a refusal may be late. */
    bool slowly = closing.limited || !closing.router || (!session_target_ttl(session) && closing.round >= 2);
    nstime spacing = slowly ? RATE_LIMIT_REFILL : SAMPLE_SPAN, at = wanted_earliest(session, closing.ttl, spacing),
           rested = wanted_earliest(session, closing.router, spacing);
    at = rested > at ? rested : at;
    for (unsigned n = 0; n < closing.count; n++) {
        unsigned index = closing.specs[n];
        wanted_another(session, index, closing.round % session_rows(session, index), closing.ttl, at);
        diagnosis_of(session)->specs[index].closing = (uint8_t)(closing.round + 1);
    }
    at += closing.count * session->config.send_gap;
    unsigned witness = witness_of(session, session_target_ttl(session));
    if (witness < session->trace_count)
        wanted_fresh(session, witness, closing.ttl, at + wanted_token_gap(session, closing.ttl));
    if (closing.router)
        probe_last_router(session, &closing, at);
}

/* --- all --- */

void path_end_update(struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    if (trace->reached_ttl || trace->refused_ttl)
        confirm_end(session, index);
    if (trace_probe_limit(trace))
        return;
    probe_for_refusal(session, index);
}
