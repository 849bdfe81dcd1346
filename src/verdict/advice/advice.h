/* SPDX-License-Identifier: BSD-2-Clause */
/* advice: what to do with the verdicts of a diagnosis: the spec to use, and tickets to write. Floor 4; pure.
 *
 * It says only what the verdicts say. The target's name as the user gave it is foreign text, and is escaped. */
#ifndef HOPSONDE_VERDICT_ADVICE_ADVICE_H
#define HOPSONDE_VERDICT_ADVICE_ADVICE_H

#include "base/strbuf.h"
#include "verdict/verdict.h"

/* "tcp/443 gets furthest, to the target: hopsonde -P tcp/443 HOST", without a newline. Nothing if no spec got a reply.
 */
void advice_furthest(const struct session_config *config, const struct judgement *judgement, struct strbuf *out);

/* One sentence a line, for each place that stops a spec, to paste into a ticket for the place's operator. It has ports
 * and UTC times to search a log for. Specs that are stopped alike at one place share a line. Specs that are stopped on
 * some of their paths only come last. Nothing if nothing is stopped, or nothing shows where. */
void advice_tickets(const struct session_config *config, const struct judgement *judgement, struct strbuf *out);

#endif
