/* SPDX-License-Identifier: BSD-2-Clause */
#include "mtu/mtu_search.h"

#include "mtu/path_mtu.h"
#include "silence/rate_limit.h"

/* Sizes of a round between two.
 * Unit: probes. Source: a router's six tokens (RATE_LIMIT_BURST), less one for the probe that surely passes. Effect:
 * fewer take more rounds; more spend more tokens than a router has. */
#define MTU_SIZES_A_ROUND 6

/* Probes of a run, all sizes together. Unit: probes. Source: chosen; a hole takes about 60. Effect: fewer give up under
 * loss; more let a path that changes cost without end. */
#define MTU_BUDGET 400

/* If the last probe of a hop timed out, its router gets time for a new token. */
static nstime earliest_at(const struct session *session, uint8_t ttl)
{
    const struct probe *last = NULL;
    for (unsigned i = session->sized_first; i < session->all_count; i++)
        for (const struct probe *p = trace_first_at(&session->traces[i], ttl); p;
             p = trace_next_at(&session->traces[i], p))
            last = !last || p->sent >= last->sent ? p : last;
    return last && last->state == PROBE_EXPIRED ? session->last_sent[ttl] + RATE_LIMIT_REFILL : session->now;
}

/* The order of the wants is that of their times. */
static void want(struct session *session, const struct path_mtu *mtu, uint16_t size, uint8_t ttl, nstime not_before)
{
    unsigned index, k;
    if (!sized_flow(session, mtu->of, size, &index, &k))
        return;
    struct wanted *cell = session_wanted(session, index, k, ttl);
    cell->want++;
    cell->not_before = not_before;
}

static void want_pair(struct session *session, const struct path_mtu *mtu, uint16_t large, uint16_t small, uint8_t ttl)
{
    nstime at = earliest_at(session, ttl) + 2 * (nstime)ttl; /* of several hops, one after the other */
    want(session, mtu, large, ttl, at);
    want(session, mtu, small, ttl, at + 1);
}

static void want_between(struct session *session, const struct path_mtu *mtu)
{
    nstime at = earliest_at(session, mtu->ttl);
    unsigned width = mtu->high - mtu->low;
    uint16_t before = mtu->high;
    for (unsigned i = MTU_SIZES_A_ROUND; i > 0; i--) {
        uint16_t size = (uint16_t)(mtu->low + width * i / (MTU_SIZES_A_ROUND + 1));
        if (size < before && size > mtu->low)
            want(session, mtu, size, mtu->ttl, at++);
        before = size;
    }
    want(session, mtu, mtu->low, mtu->ttl, at);
}

/* The large probe goes twice, as one reply shows of both that they are lost. Before the small one goes a probe to the
 * router before the hole: its reply shows that the router had a token. */
static void want_proof(struct session *session, const struct path_mtu *mtu, uint16_t small)
{
    nstime at = earliest_at(session, mtu->ttl);
    bool can_show = mtu->after_ttl >= session->config.first_ttl;
    nstime before = can_show ? earliest_at(session, mtu->after_ttl) : at;
    at = before > at ? before : at;
    want(session, mtu, mtu->high, mtu->ttl, at);
    want(session, mtu, mtu->high, mtu->ttl, at);
    if (can_show)
        want(session, mtu, small, mtu->after_ttl, at + 1);
    want(session, mtu, mtu->low, mtu->ttl, at + 2);
}

static void want_next(struct session *session, const struct path_mtu *mtu)
{
    uint16_t small = session->traces[mtu->of].flow.size;
    switch (mtu->need) {
    case MTU_NEEDS_END:
        want_pair(session, mtu, mtu->size, small, mtu->ttl);
        break;
    case MTU_NEEDS_HOPS:
        for (unsigned ttl = mtu->after_ttl + 1U; ttl < mtu->end_ttl; ttl++)
            if (path_mtu_needs_hop(session, mtu, (uint8_t)ttl))
                want_pair(session, mtu, mtu->size, small, (uint8_t)ttl);
        break;
    case MTU_NEEDS_BETWEEN:
        want_between(session, mtu);
        break;
    case MTU_NEEDS_PROOF:
        want_proof(session, mtu, small);
        break;
    case MTU_NEEDS_NOTHING:
        break;
    }
}

/* Whether every probe that was wanted is known. */
static bool is_settled(const struct session *session)
{
    for (unsigned i = session->sized_first; i < session->all_count; i++)
        for (unsigned k = 0; k < session_rows(session, i); k++)
            for (unsigned ttl = 1; ttl < 256; ttl++)
                if (session_wanted(session, i, k, ttl)->known < session_wanted(session, i, k, ttl)->want)
                    return false;
    return true;
}

static bool is_spent(const struct session *session)
{
    size_t sent = 0;
    for (unsigned i = session->sized_first; i < session->all_count; i++)
        sent += session->traces[i].probe_count;
    return sent >= MTU_BUDGET;
}

/* TTL of the farthest probe that the climb wants, if it is known; 0: it is not. */
static uint8_t front_of(const struct session *session, unsigned of)
{
    uint8_t front = session->config.max_ttl;
    while (front && !session_wanted(session, of, 0, front)->want)
        front--;
    return front && session_wanted(session, of, 0, front)->known ? front : 0;
}

void mtu_search_ahead(struct session *session)
{
    struct mtu_ahead ahead;
    unsigned leader, index, k;
    if (!session->config.interface_mtu || !path_mtu_leader(session, &leader))
        return;
    uint8_t front = front_of(session, leader);
    if (!front || !path_mtu_find_ahead(session, session->now, front, &ahead) ||
        ahead.size <= session->traces[ahead.of].flow.size || !sized_flow(session, ahead.of, ahead.size, &index, &k))
        return;
    struct wanted *cell = session_wanted(session, index, k, ahead.ttl);
    if (cell->want)
        return;
    cell->want = 1;
    cell->not_before = NSTIME_NONE; /* the first of all that may go at once */
}

bool mtu_search_update(struct session *session)
{
    struct path_mtu mtu;
    if (!session->config.interface_mtu || !is_settled(session))
        return !session->config.interface_mtu;
    if (!path_mtu_find(session, session->now, &mtu))
        return true;
    if (mtu.is_undecided)
        return false;
    if (mtu.need == MTU_NEEDS_NOTHING || is_spent(session) || mtu.size <= session->traces[mtu.of].flow.size)
        return true;
    want_next(session, &mtu);
    return is_settled(session); /* no probe can be made any more */
}

nstime mtu_search_timer(const struct session *session)
{
    struct path_mtu mtu;
    if (session->complete)
        return NSTIME_NEVER;
    nstime silence = session_silence_is_young(session) ? session_silence_due(session) : NSTIME_NEVER;
    bool is_measured = session->config.interface_mtu && path_mtu_find(session, session->now, &mtu);
    return is_measured && mtu.undecided_until < silence ? mtu.undecided_until : silence;
}
