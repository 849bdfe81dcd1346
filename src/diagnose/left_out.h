/* SPDX-License-Identifier: BSD-2-Clause */
/* left_out: rule 10 of a diagnosis: hops that answer some specs and had no token for others. Floor 5; pure; internal to
 * diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_LEFT_OUT_H
#define HOPSONDE_DIAGNOSE_LEFT_OUT_H

#include "session/state.h"

/* Once nothing else is open: wants another round. */
void left_out_update(struct session *session);

#endif
