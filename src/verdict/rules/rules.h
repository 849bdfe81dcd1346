/* SPDX-License-Identifier: BSD-2-Clause */
/* rules: shared by the files of rules; the table is in rules.c. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_RULES_RULES_H
#define HOPSONDE_VERDICT_RULES_RULES_H

#include "verdict/facts/facts.h"
#include "verdict/frames.h"
#include "verdict/words/phrase.h"

/* Unit: probability. Source: chosen. Effect: the confidence in reports. */
#define SURE CONFIDENCE_MOST
#define SURE_WEAK 0.9 /* a weak match, or a target that no other probe confirms */

/* Fills in the verdict by the first rule that holds. */
void rules_judge(const struct facts *facts, struct verdict *out);

/* Reads facts only. */
typedef bool rule_holds(const struct facts *facts);
/* Fills in state, place, confidence, sentence and frames. */
typedef void rule_explain(const struct facts *facts, struct verdict *out);

/* answers.c */
rule_holds holds_intercepted, holds_open, holds_closed, holds_intercepted_reset, holds_reset;
rule_explain explain_intercepted, explain_open, explain_closed, explain_reset;

/* refusals.c */
rule_holds holds_unreachable, holds_rejected, holds_unexplained, holds_dead_end, holds_looping;
rule_explain explain_unreachable, explain_rejected, explain_unexplained, explain_dead_end, explain_looping;

/* gateway.c */
rule_holds holds_forwarded;
rule_explain explain_forwarded;

/* doubts.c */
rule_holds holds_blocked, holds_unproven, holds_lost_frames;
rule_explain explain_blocked, explain_unproven, explain_lost_frames;

/* silences.c */
rule_holds holds_dropped, holds_inconclusive;
rule_explain explain_dropped, explain_inconclusive, explain_unanswered;
/* The trace that went on where this one fell silent; this one itself if there is none to compare. */
const struct trace *silences_went_on(const struct facts *facts);

/* caveats.c: of a trace that another tool made: adds what it did not probe, or that `went_on` ran at another time. */
void caveats_add(const struct facts *facts, const struct trace *went_on, struct verdict *out);
/* Of such, the number of probes behind L without a reply, sent so late that the capture ends before their timeout. */
unsigned caveats_count_unwaited(const struct facts *facts);

/* evidence.c */
double evidence_sureness(const struct reply *reply);
void evidence_show(struct verdict *out, const struct evidence *evidence);
/* Shows a router at this TTL or behind it that answered another spec, or else the target's reply to another spec. */
void evidence_show_beyond(const struct facts *facts, uint8_t ttl, struct verdict *out);
/* Shows the last router that answered this spec. */
void evidence_show_last(const struct facts *facts, struct verdict *out);

#endif
