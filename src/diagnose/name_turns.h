/* SPDX-License-Identifier: BSD-2-Clause */
/* name_turns: rule 11 of a diagnosis: specs with a name, in turns with their controls. Floor 5; pure; internal to
 * diagnose/. */
#ifndef HOPSONDE_DIAGNOSE_NAME_TURNS_H
#define HOPSONDE_DIAGNOSE_NAME_TURNS_H

#include "session/state.h"

/* Whether the spec has a name, and it is not its turn yet: then it sends nothing. */
bool name_turns_wait(const struct session *session, unsigned index);
/* Whether it is a spec with a name that has a control, or that control. */
bool name_turns_include(const struct session *session, unsigned index);
/* Wants what a control still needs, the next turn, or a look at whether the control passes again. */
void name_turns_update(struct session *session);
/* Once nothing else is open, the next spec with a name may send. False: there is none. */
bool name_turns_begin(struct session *session);

#endif
