/* SPDX-License-Identifier: BSD-2-Clause */
/* retest: rule 3 of a diagnosis: a spec that falls silent is asked again beside others. Floor 5; pure; internal to
 * diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_RETEST_H
#define HOPSONDE_DIAGNOSE_RETEST_H

#include "session/state.h"

/* One round of all specs in doubt, sent in one go. */
void retest_update(struct session *session, bool diverged);

#endif
