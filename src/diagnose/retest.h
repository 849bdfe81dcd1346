/* SPDX-License-Identifier: BSD-2-Clause */
/* retest: rule 3 of a diagnosis: a spec that falls silent is asked again beside others. Floor 5; pure; internal to
 * diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_RETEST_H
#define HOPSONDE_DIAGNOSE_RETEST_H

#include "session/state.h"

/* A round for all specs in doubt, which leaves in one go. */
void retest_settle(struct session *session, bool parted);

#endif
