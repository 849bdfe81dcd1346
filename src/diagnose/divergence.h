/* SPDX-License-Identifier: BSD-2-Clause */
/* divergence: rule 6 of a diagnosis: load-balanced paths part, and every source port is asked. Floor 5; pure; internal
 * to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_DIVERGENCE_H
#define HOPSONDE_DIAGNOSE_DIVERGENCE_H

#include "session/state.h"

/* The first TTL at which two flows, of one spec or of two, show different routers, or that they part; 0:
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

#endif
