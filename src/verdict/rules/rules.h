/* SPDX-License-Identifier: BSD-2-Clause */
/* rules: what the files of rules share; the table is in rules.c. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_RULES_H
#define HOPSONDE_VERDICT_RULES_H

#include "verdict/facts.h"

#define SURE CONFIDENCE_MOST
#define SURE_WEAK 0.9 /* of a reply matched weakly, or a target that nothing confirms */

/* Asks facts only. */
typedef bool rule_holds(const struct facts *facts);
/* Fills state, place, confidence, sentence and frames. */
typedef void rule_explain(const struct facts *facts, struct verdict *out);

/* answers.c */
rule_holds holds_intercepted, holds_open, holds_closed, holds_intercepted_reset, holds_reset;
rule_explain explain_intercepted, explain_open, explain_closed, explain_reset;

/* refusals.c */
rule_holds holds_unreachable, holds_rejected, holds_looping;
rule_explain explain_unreachable, explain_rejected, explain_looping;

/* silences.c */
rule_holds holds_dropped, holds_inconclusive;
rule_explain explain_dropped, explain_inconclusive, explain_unanswered;
/* The trace that went on where this one fell silent; itself where there is none to compare. */
const struct trace *silences_went_on(const struct facts *facts);

/* evidence.c */
double evidence_sureness(const struct reply *reply);
void evidence_show(struct verdict *out, const struct evidence *evidence);
/* Shows who stands at this TTL or behind it, as another spec saw it, or failing that where the target answered another
 * spec. */
void evidence_show_beyond(const struct facts *facts, uint8_t ttl, struct verdict *out);
/* Shows the last router that answered this spec. */
void evidence_show_last(const struct facts *facts, struct verdict *out);

/* The spec that is judged, as reports spell it. Returns `text`. */
static inline const char *rule_spec(const struct facts *facts, char text[PROBE_SPEC_TEXT_BYTES])
{
    probe_spec_format(&facts->trace->flow.spec, text);
    return text;
}

#endif
