/* SPDX-License-Identifier: BSD-2-Clause */
/* rescue: rules 3 and 4 of ladder.c, for silent hops before answering ones. */
#include "ladder/state.h"
#include "silence/rate_limit.h"

/* The spec to send again: the first one with a reply from behind the hop. */
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
        if (session_shows_hop(session, (uint8_t)before))
            ladder_want_at_least(session, index, (uint8_t)before, 1);
}

static void rescue_hop(struct session *session, uint8_t ttl)
{
    unsigned past = trace_past(session, ttl);
    uint16_t again = session->trace_count > 1 || session->config.queries < 2 ? 1 : 2;
    ladder_want_more(session, past, ttl, again, 0);
    for (unsigned i = 0; i < session->trace_count; i++)
        if (i != past && !trace_asked(&session->traces[i], ttl)) {
            ladder_want_at_least(session, i, ttl, 1);
            compare_before(session, i, ttl);
        }
    ladder_of(session)->rescue[ttl] = RESCUE_PROBED;
}

static void rescue_hop_later(struct session *session, uint8_t ttl)
{
    ladder_want_more(session, trace_past(session, ttl), ttl, 1, session->last_sent[ttl] + RATE_LIMIT_REFILL);
    ladder_of(session)->rescue[ttl] = RESCUE_RESTED;
}

/* Carries out rules 3 and 4 for the silent hops first..last before an answering hop. True if something is still due. */
static bool rescue_run(struct session *session, uint8_t first, uint8_t last)
{
    bool due = false;
    for (unsigned ttl = first; ttl <= last; ttl++)
        if (ladder_hop_pending(session, (uint8_t)ttl))
            return true;
    for (unsigned ttl = first; ttl <= last; ttl++)
        if (ladder_of(session)->rescue[ttl] == RESCUE_NONE) {
            rescue_hop(session, (uint8_t)ttl);
            due = true;
        }
    for (unsigned ttl = first; !due && last - first >= 2 && ttl <= last; ttl++)
        if (ladder_of(session)->rescue[ttl] == RESCUE_PROBED) {
            rescue_hop_later(session, (uint8_t)ttl);
            due = ttl == last;
        }
    return due;
}

void ladder_silent_run(const struct session *session, uint8_t ttl, uint8_t *first, uint8_t *last)
{
    *first = *last = ttl;
    while (*first > session->config.first_ttl && !session_shows_hop(session, (uint8_t)(*first - 1)))
        --*first;
    while (!session_shows_hop(session, (uint8_t)(*last + 1)))
        ++*last;
}

void ladder_rescue_silent(struct session *session)
{
    uint8_t farthest = session_farthest_ttl(session);
    for (unsigned ttl = session->config.first_ttl; ttl < farthest; ttl++) {
        uint8_t first, last;
        if (session_shows_hop(session, (uint8_t)ttl))
            continue;
        ladder_silent_run(session, (uint8_t)ttl, &first, &last);
        rescue_run(session, first, last);
        ttl = last;
    }
}

void ladder_complete_rescues(struct session *session)
{
    uint8_t target_ttl = session_target_ttl(session);
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        if (session->wants[i].climbs && ladder_of(session)->climbs[i].start == session->config.first_ttl)
            continue;
        for (unsigned ttl = session->settled_ttl + 1U; ttl <= session_farthest_ttl(session); ttl++)
            if (ladder_of(session)->rescue[ttl] && session_hop_trace(session, (uint8_t)ttl) == trace &&
                trace_shows_hop(trace, (uint8_t)ttl))
                ladder_want_at_least(session, i, (uint8_t)ttl, session->config.queries);
        if (target_ttl && trace->started && !session->wants[i].climbs)
            ladder_want_at_least(session, i, target_ttl, 1);
    }
}
