/* SPDX-License-Identifier: BSD-2-Clause */
/* idle: rule 12 of a diagnosis: sessions that are left alone, and then probed. Floor 5; pure; internal to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_IDLE_H
#define HOPSONDE_DIAGNOSE_IDLE_H

#include "session/state.h"

/* Whether the spec's session is left alone, or its first probes, one after the other, are not done. Until then no other
 * rule sends probes of it. */
bool idle_waits(const struct session *session, unsigned trace);
/* Wants the next probe of each session that was left alone for long enough. */
void idle_update(struct session *session);
/* Whether a session is still to be opened or left alone, once the probes of all other specs are done. */
bool idle_is_pending(const struct session *session);
/* When the next session was left alone for long enough. */
nstime idle_timer(const struct session *session);

#endif
