/* SPDX-License-Identifier: BSD-2-Clause */
/* path_end: rules 4, 5 and 7 of a diagnosis: the target, refusals, and silence behind the last router. Floor 5;
 * pure; internal to diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_PATH_END_H
#define HOPSONDE_DIAGNOSE_PATH_END_H

#include "session/state.h"

/* Rules 5 and 7, for one spec without open probes. */
void path_end_update(struct session *session, unsigned index);
/* Rule 4: a round of all specs that are silent at the end. */
void path_end_probe(struct session *session);

#endif
