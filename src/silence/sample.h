/* SPDX-License-Identifier: BSD-2-Clause */
/* sample: which probes are unanswered, and which of them count as one sample. Floor 3; pure. */
#ifndef HOPSONDE_SILENCE_SAMPLE_H
#define HOPSONDE_SILENCE_SAMPLE_H

#include "trace/trace_set.h"

/* Probes of one flow that are sent within this span count as one sample.
 * Unit: ns. Source: chosen; losses come in bursts, and a burst takes all of them. Effect: a shorter span counts one
 * burst several times, so claims become too sure; a longer one makes a diagnosis slower. */
#define SAMPLE_SPAN (50 * NS_PER_MS)

/* Probes of one trace at one hop that are counted.
 * Unit: probes. Source: chosen; CONFIDENCE_MOST is reached long before. Effect: bounds the time for foreign captures.
 */
#define SAMPLE_PROBES_MOST 256

/* A foreign probe is unanswered if the capture goes on for this long after it. Where replies came from as far away, ten
 * times the slowest of them is enough, but not less than the second value.
 * Unit: ns. Source: chosen; most tools wait a second or more. Effect: a shorter wait takes late replies for silence. */
#define SAMPLE_WAIT NS_PER_S
#define SAMPLE_WAIT_LEAST (100 * NS_PER_MS)

/* Whether a probe sent at `sent` belongs to the sample whose first probe left at `first`; NSTIME_NONE: there is none.
 */
static inline bool sample_is_same(nstime first, nstime sent)
{
    return first != NSTIME_NONE && sent - first < SAMPLE_SPAN;
}

/* How long after this probe a reply to it may still come: of sets that are apart. */
nstime sample_wait(const struct trace_set *set, const struct probe *probe);
/* Whether the probe timed out. */
bool sample_is_silent(const struct trace_set *set, const struct probe *probe);

#endif
