/* SPDX-License-Identifier: BSD-2-Clause */
/* state: how far each rule of ladder.c has gone, and what its files share. Floor 5; internal to ladder/; pure. */
#ifndef HOPSONDE_LADDER_STATE_H
#define HOPSONDE_LADDER_STATE_H

#include "session/state.h"

/* How far the rules 3 and 4 have gone for a silent hop before an answering one. */
enum rescue { RESCUE_NONE, RESCUE_PROBED, RESCUE_RESTED };

struct ladder {
    struct climb {
        uint8_t start;      /* first TTL of the climb */
        uint8_t compared;   /* rounds of rule 6 */
        uint8_t rested;     /* the TTL to which rule 8 has sent; 0: to none */
        bool climbed_again; /* rule 6 has sent to each hop once more */
    } climbs[SPECS_MOST];
    uint8_t rescue[256];       /* enum rescue */
    bool repaired[256];        /* rule 5 has sent here again */
    uint8_t filled[256];       /* replies at this hop when rule 5 last waited for a token; UINT8_MAX: it gave up */
    bool is_filling[256];      /* rule 5 waits for a token there, or for its reply */
    uint8_t rested_behind;     /* the TTL behind the last router to which rule 2 has sent once more; 0: to none */
    bool probed_silence_again; /* nothing answered at all, and rule 2 has probed the first hops once more */
};

static inline struct ladder *ladder_of(const struct session *session)
{
    return session->plan;
}

/* Whether a probe of the trace at this TTL is still to go, or in flight; and whether one of any trace is. */
bool ladder_trace_pending(const struct session *session, unsigned trace, uint8_t ttl);
bool ladder_hop_pending(const struct session *session, uint8_t ttl);
/* Wants `count` probes at this TTL in all. */
void ladder_want_at_least(struct session *session, unsigned trace, uint8_t ttl, uint16_t count);
/* Wants `count` probes more than were sent; the next one not before `not_before`. */
void ladder_want_more(struct session *session, unsigned trace, uint8_t ttl, uint16_t count, nstime not_before);

/* rescue.c: rules 3 and 4. */
/* The silent hops around `ttl`; the last one is before the farthest reply. */
void ladder_silent_run(const struct session *session, uint8_t ttl, uint8_t *first, uint8_t *last);
void ladder_rescue_silent(struct session *session);
/* A hop that answered the one probe of a spec gets the full count. A spec that probed any hop also probes the target,
 * so that it gets a verdict. */
void ladder_complete_rescues(struct session *session);

#endif
