/* SPDX-License-Identifier: BSD-2-Clause */
/* reasons: how a refusal stops a probe. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_FACTS_REASONS_H
#define HOPSONDE_VERDICT_FACTS_REASONS_H

#include "verdict/verdict.h"

/* HOW_NONE for a reply that is no refusal, or whose code has no word. */
enum verdict_how how_of_reply(const struct reply *reply);

#endif
