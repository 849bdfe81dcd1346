/* SPDX-License-Identifier: BSD-2-Clause */
/* diagnose: what the files of a diagnosis share; the rules stand in diagnose.c. Floor 3; pure; internal to session/.
 *
 * Each file decides what its rules still want to be asked, and says so in needs; ladder.c sends. */
#ifndef HOPSONDE_DIAGNOSE_DIAGNOSE_H
#define HOPSONDE_DIAGNOSE_DIAGNOSE_H

#include "session/internal.h"

static inline unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static inline unsigned most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* need.c: so many probes of the flow in all, and none of those to come before `not_before`. */
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

/* parted.c: the first TTL at which two flows, of one spec or of two, show different routers, or that they part; 0:
 * none.
 */
unsigned divergence_at(const struct session *session);
/* Whether different routers are shown there. */
bool divergence_at_hop(const struct session *session, unsigned ttl);
/* The other source ports of a spec that fell silent, at the target. */
void divergence_ask_end(struct session *session, unsigned index);
/* Rule 6 for one spec. */
void divergence_ask_all(struct session *session, unsigned index, unsigned parted);
/* Whether any flow of any spec shows a router there. */
bool divergence_router_is_shown(const struct session *session, unsigned ttl);

/* doubt.c: rule 3: a round for all specs in doubt, which leaves in one go. */
void retest_settle(struct session *session, bool parted);

/* ending.c: rules 5 and 7 for one spec of which nothing is to come. */
void path_end_settle(struct session *session, unsigned index);
/* Rule 4: a round for all specs that are silent at the end. */
void path_end_close(struct session *session);
/* Rule 8: when the answer comes that would tell what is behind the last router; NSTIME_NEVER: it is told already. */
nstime path_end_told_at(const struct session *session);

#endif
