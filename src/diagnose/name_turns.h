/* SPDX-License-Identifier: BSD-2-Clause */
/* name_turns: rule 11 of a diagnosis: specs with a name, in turns with their controls. Floor 5; pure; internal to
 * diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_NAME_TURNS_H
#define HOPSONDE_DIAGNOSE_NAME_TURNS_H

#include "session/state.h"

/* Whether the spec has a name, and its control is not done yet: then it sends nothing. */
bool name_turns_wait(const struct session *session, unsigned index);
/* Wants what the control still needs, or the next turn. */
void name_turns_update(struct session *session);

#endif
