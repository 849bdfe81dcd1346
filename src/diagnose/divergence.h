/* SPDX-License-Identifier: BSD-2-Clause */
/* divergence: rule 6 of a diagnosis: load-balanced paths part, and every source port is asked. Floor 5; pure; internal
 * to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_DIVERGENCE_H
#define HOPSONDE_DIAGNOSE_DIVERGENCE_H

#include "session/state.h"

/* The first TTL at which two flows, of one spec or of two, show different routers or otherwise diverge; 0: none. */
unsigned divergence_at(const struct session *session);
/* Whether flows show different routers there. */
bool divergence_at_hop(const struct session *session, unsigned ttl);
/* A spec that fell silent sends from its other source ports to the target. */
void divergence_probe_target(struct session *session, unsigned index);
/* Rule 6 for one spec. */
void divergence_probe_all(struct session *session, unsigned index, unsigned diverged);
/* Whether any flow of any spec shows a router there. */
bool divergence_shows_router(const struct session *session, unsigned ttl);

#endif
