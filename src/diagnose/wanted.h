/* SPDX-License-Identifier: BSD-2-Clause */
/* wanted: what a diagnosis wants to send, what of it is still to come, and which rounds each spec has had. Floor 5;
 * pure; internal to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_WANTED_H
#define HOPSONDE_DIAGNOSE_WANTED_H

#include "session/state.h"

/* The state of a diagnosis. */
struct diagnosis {
    struct spec_rounds {
        uint8_t compared; /* rounds of rule 3: beside another spec */
        uint16_t ports;   /* and from how many further source ports */
        uint8_t slowly;   /* rounds of rule 5: where another spec was refused */
        uint8_t closing;  /* rounds of rule 4: at the end of the path */
    } specs[SPECS_MOST];
};

static inline struct diagnosis *diagnosis_of(const struct session *session)
{
    return session->plan;
}

static inline unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static inline unsigned most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* So many probes of the flow in all, and none of those to come before `not_before`. */
void wanted_at_least(struct session *session, unsigned index, unsigned flow, unsigned ttl, unsigned count,
                     nstime not_before);
void wanted_another(struct session *session, unsigned index, unsigned flow, unsigned ttl, nstime not_before);
/* One more, from the next source port where that makes a difference. */
void wanted_fresh(struct session *session, unsigned index, unsigned ttl, nstime not_before);
/* Where the end of the path is asked. */
uint8_t wanted_end_ttl(const struct session *session);
/* How long behind a probe another is to leave for this TTL, so that its answer shows a token for that, too. */
nstime wanted_behind(const struct session *session, uint8_t ttl);
/* The earliest time for the next probe there. */
nstime wanted_soonest(const struct session *session, uint8_t ttl, nstime spacing);
/* Whether anything is to come: at this TTL of any spec, of this spec at any, of all. */
bool wanted_is_pending_at(const struct session *session, unsigned ttl);
/* The same without what is only to be sent later: others may join that. */
bool wanted_is_waited_for_at(const struct session *session, unsigned ttl);
bool wanted_is_pending_of(const struct session *session, unsigned index);
bool wanted_is_pending(const struct session *session);
/* The flow was asked there, not answered, and is no longer waited for. */
bool wanted_is_in_vain(const struct session *session, unsigned index, unsigned flow, uint8_t ttl);
/* Whether the flow got an answer at this TTL or beyond. */
bool wanted_flow_got_to(const struct trace *trace, unsigned flow, unsigned ttl);
/* Whether the router there has left a probe unanswered whose flow got answers from there or behind it. */
bool wanted_is_limited(const struct session *session, uint8_t ttl);
/* Where a circle ends that others are known to go round in, as far as this spec is seen to follow them; 0: none. */
unsigned wanted_circle_end(const struct session *session, unsigned index);
/* Whether others' circle shows that this spec goes round as well. */
bool wanted_goes_round(const struct session *session, unsigned index);
/* Our own host lets nothing of it out: asking again changes nothing. */
bool wanted_is_kept_back(const struct trace *trace);

#endif
