/* SPDX-License-Identifier: BSD-2-Clause */
/* unproven: replies that a forger might guess. Such a reply counts once another, which counts by itself, agrees. */
#include "session/state.h"

/* A reply and its probe. */
struct said {
    unsigned trace;
    uint8_t ttl;
    const struct reply *reply;
};

/* That a router is at a hop, any spec shows. That the probe is refused or answered so, only its own spec does. */
static bool agree(const struct said *a, const struct said *b)
{
    const struct reply *x = a->reply, *y = b->reply;
    return a->ttl == b->ttl && (a->trace == b->trace || x->kind == REPLY_TIME_EXCEEDED) && x->kind == y->kind &&
           x->icmp_type == y->icmp_type && x->icmp_code == y->icmp_code && addr_equal(&x->from, &y->from);
}

static bool is_among_forged(const struct session *session, const struct reply *reply)
{
    return session_sees_forgery(session, reply->is_icmp && reply->quoted_ttl >= 0 ? FORGERY_ERRORS : FORGERY_ANSWERS);
}

static bool is_confirmed(const struct session *session, const struct said *unproven)
{
    if (is_among_forged(session, unproven->reply))
        return false;
    for (unsigned i = 0; i < session->all_count; i++)
        for (const struct probe *p = trace_first_at(&session->traces[i], unproven->ttl); p;
             p = trace_next_at(&session->traces[i], p))
            for (unsigned k = 0; k < p->reply_count; k++)
                if (agree(unproven, &(struct said){i, p->ttl, &p->replies[k]}))
                    return true;
    return false;
}

static void prove(struct session *session, unsigned index, struct probe *probe, unsigned which)
{
    bool first = probe->state == PROBE_OUTSTANDING;
    trace_prove(&session->traces[index], probe, which);
    if (first)
        session_count_resolved(session, index, probe);
}

bool unproven_add(struct session *session, unsigned index, struct probe *probe, const struct reply *reply)
{
    struct trace *trace = &session->traces[index];
    const struct said said = {index, probe->ttl, reply};
    for (unsigned i = 0; i < probe_listed(probe); i++)
        if (agree(&said, &(struct said){index, probe->ttl, &probe->replies[i]}))
            return false;
    if (session->unproven_count == UNPROVEN_OF_RUN_MOST || !trace_add_unproven(trace, probe, reply))
        return false;
    session->unproven[session->unproven_count++] =
        (struct unproven){.trace = index, .probe = (size_t)(probe - trace->probes)};
    if (is_confirmed(session, &said))
        prove(session, index, probe, probe->unproven_count - 1U);
    return true;
}

void unproven_compare(struct session *session, unsigned index, const struct probe *probe, const struct reply *reply)
{
    const struct said said = {index, probe->ttl, reply};
    for (unsigned i = 0; i < session->unproven_count; i++) {
        const struct unproven *at = &session->unproven[i];
        struct probe *other = &session->traces[at->trace].probes[at->probe];
        if (at->probe < session->settled_probes[at->trace]) /* it was reported as final */
            continue;
        for (unsigned k = 0; k < other->unproven_count; k++)
            if (!is_among_forged(session, &other->replies[other->reply_count + k]) &&
                agree(&said, &(struct said){at->trace, other->ttl, &other->replies[other->reply_count + k]}))
                prove(session, at->trace, other, k--);
    }
}
