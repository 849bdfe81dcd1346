/* SPDX-License-Identifier: BSD-2-Clause */
/* path_end: rules 4, 5, 7 and 8 of a diagnosis: the target, refusals, and silence behind the last router. Floor 5;
 * pure; internal to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_PATH_END_H
#define HOPSONDE_DIAGNOSE_PATH_END_H

#include "session/state.h"

/* Rules 5 and 7 for one spec of which nothing is to come. */
void path_end_settle(struct session *session, unsigned index);
/* Rule 4: a round for all specs that are silent at the end. */
void path_end_close(struct session *session);
/* Rule 8: when the answer comes that would tell what is behind the last router; NSTIME_NEVER: it is told already. */
nstime path_end_told_at(const struct session *session);

#endif
