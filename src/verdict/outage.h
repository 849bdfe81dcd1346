/* SPDX-License-Identifier: BSD-2-Clause */
/* outage: when a spec stopped reaching the target, or began to, as runs or rounds of other tools show. Floor 4; pure;
 * internal to verdict/. It adds to a verdict and never changes its state. */
#ifndef HOPSONDE_VERDICT_OUTAGE_H
#define HOPSONDE_VERDICT_OUTAGE_H

#include "trace/trace_set.h"
#include "verdict/verdict.h"

/* Adds to the sentence of a verdict that the target answered, if the rounds of its trace fall into a time with answers
 * and one without. Nearer routers must have replied meanwhile, and loss must hardly explain the silence. */
void outage_add_rounds(const struct trace_set *set, struct verdict *out);
/* The same if runs with the verdict's spec got an answer at one time, and not at another. `traces` are all those from
 * its source to its target. False: they do not show that. */
bool outage_add_runs(const struct trace_set *set, const struct trace *const *traces, size_t count, struct verdict *out);

#endif
