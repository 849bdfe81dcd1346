/* SPDX-License-Identifier: BSD-2-Clause */
/* advice: what to do with the verdicts of a diagnosis: which spec to use, and what to ask of whom. Floor 4; pure.
 *
 * Nothing is said that the verdicts do not say. What the user called the target is foreign text, and is escaped. */
#ifndef HOPSONDE_VERDICT_ADVICE_H
#define HOPSONDE_VERDICT_ADVICE_H

#include "base/strbuf.h"
#include "verdict/verdict.h"

/* "tcp/443 gets furthest, to the target: hopsonde -P tcp/443 HOST". Nothing where nothing can be said. No line's end.
 */
void advice_furthest(const struct session_config *config, const struct judgement *judgement, struct strbuf *out);

/* A line, one sentence, for each place where the verdicts say that something is in the way, to paste into a ticket for
 * whoever looks after it; with ports and UTC times, so that it can be found in a log. Specs that fare alike at one
 * place share it; those that are stopped on some of their ways only come last. Nothing where nothing is wrong, or it
 * cannot be said where. */
void advice_tickets(const struct session_config *config, const struct judgement *judgement, struct strbuf *out);

#endif
