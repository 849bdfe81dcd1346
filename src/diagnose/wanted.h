/* SPDX-License-Identifier: BSD-2-Clause */
/* wanted: what a diagnosis wants to send, what of it is still open, and which rounds each spec has had. Floor 5;
 * pure; internal to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_WANTED_H
#define HOPSONDE_DIAGNOSE_WANTED_H

#include "base/minmax.h"
#include "session/state.h"

/* The state of a diagnosis. */
struct diagnosis {
    struct spec_rounds {
        uint8_t compared; /* rounds of rule 3 */
        uint16_t ports;   /* further source ports that rule 3 has used */
        uint8_t slowly;   /* rounds of rule 5 */
        uint8_t closing;  /* rounds of rule 4 */
        uint8_t turns;    /* turns of rule 11 */
        uint8_t checks;   /* samples of the control for rule 11, after the name was stopped */
        uint8_t unclear;  /* of these, how many in a row, up to now, did not show that they passed */
        bool has_begun;   /* of a spec with a name: it may send */
        bool looks_on;    /* and it has probed behind the device, for rule 11 */
    } specs[SPECS_MOST];
    struct left_out {   /* by TTL, for rule 10 */
        uint8_t spec;   /* 1 + the spec that was probed again last; 0: none is out */
        uint8_t misses; /* such probes without a reply */
    } left_out[256];
    nstime block_wait, block_waited; /* for the end of residual blocking: the last wait, 0 if it ended; and all waits */
};

static inline struct diagnosis *diagnosis_of(const struct session *session)
{
    return session->plan;
}

/* Wants `count` probes of the flow in all; the new ones not before `not_before`. */
void wanted_at_least(struct session *session, unsigned index, unsigned flow, unsigned ttl, unsigned count,
                     nstime not_before);
void wanted_another(struct session *session, unsigned index, unsigned flow, unsigned ttl, nstime not_before);
/* Wants one more, from the next source port if the port makes a difference. */
void wanted_fresh(struct session *session, unsigned index, unsigned ttl, nstime not_before);
/* The TTL at which rule 4 probes the end of the path. */
uint8_t wanted_end_ttl(const struct session *session);
/* How long behind a probe another one must leave for this TTL, so that its reply shows a token for both. */
nstime wanted_token_gap(const struct session *session, uint8_t ttl);
/* The earliest time for the next probe there. */
nstime wanted_earliest(const struct session *session, uint8_t ttl, nstime spacing);
/* Whether probes are still open: at this TTL of any spec, of this spec at any TTL, of all. */
bool wanted_is_open_at(const struct session *session, unsigned ttl);
/* The same without probes that are only due later: others may join those. */
bool wanted_is_due_at(const struct session *session, unsigned ttl);
bool wanted_is_open_of(const struct session *session, unsigned index);
bool wanted_is_open(const struct session *session);
/* Whether the flow probed this TTL, got no reply, and no longer waits for one. */
bool wanted_is_unanswered(const struct session *session, unsigned index, unsigned flow, uint8_t ttl);
/* Whether the router there is seen to limit its replies: rate_limit_is_seen(). */
bool wanted_is_limited(const struct session *session, uint8_t ttl);
/* The same of any hop that a reply shows. */
bool wanted_is_limited_anywhere(const struct session *session);
/* The end of a loop that other specs go round in, if this spec is seen to follow them; 0: none. */
unsigned wanted_loop_end(const struct session *session, unsigned index);
/* Whether another spec's loop shows that this one loops as well. */
bool wanted_loops(const struct session *session, unsigned index);
/* Drops probes that no connection can take any more. */
void wanted_drop_spent(struct session *session);
/* Whether our own host refuses all of its sends: more would change nothing. */
bool wanted_is_refused_locally(const struct trace *trace);

#endif
