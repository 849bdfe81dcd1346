/* SPDX-License-Identifier: BSD-2-Clause */
/* gateway_sentence: why a run with --through shows nothing of its gateway. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_GATEWAY_SENTENCE_H
#define HOPSONDE_VERDICT_GATEWAY_SENTENCE_H

#include "session/session.h"
#include "verdict/verdict.h"

/* Sets the sentence; "" if the run shows what the gateway forwards, or tests none. `ports` may be NULL. */
void gateway_describe(const struct session *session, const struct portmap *ports, char text[SENTENCE_BYTES]);

#endif
