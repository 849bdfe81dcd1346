/* SPDX-License-Identifier: BSD-2-Clause */
/* end: how surely a silence at the end of the path is not loss. Floor 3; pure.
 *
 * It compares the silence with the loss of probes that are known to get further, and with that of probes which the
 * target answers. */
#ifndef HOPSONDE_SILENCE_END_H
#define HOPSONDE_SILENCE_END_H

#include "silence/loss.h"

/* Where probes are lost, the odds beforehand that the target would have answered.
 * Unit: odds, this to 1. Source: calibration over simulated networks with 30 % loss each way, where even odds made 40
 * of 100 claims wrong; a target that other specs reach answers far more often than not. Effect: lower odds make more
 * wrong claims, higher ones more probes. */
#define ODDS_OF_ANSWER 16

struct end_comparison {
    unsigned silent; /* samples that were unanswered, although the last router, and the target if it is known to send
                        ICMP errors, had a token: without one, a refusal may be missing */
    struct loss_count way, target;
    bool loses; /* on the way, and no rate limit explains it */
    double confidence;
};

/* Of sets that are no diagnosis, `silent` is the number of unanswered probes behind the trace's last router: other
 * tools, and traces of ours, send too few probes to say more. */
void silence_compare_end(const struct trace_set *set, const struct trace *trace, struct end_comparison *out);
/* How surely so many silent samples are no loss, beside what the comparison counted of others. */
double silence_end_confidence(const struct end_comparison *end, unsigned silent);
/* The TTL from which on a silence is at the end of the path: the farthest TTL at which the target first answered a
 * spec, or the one behind the last router. */
uint8_t silence_end_ttl(const struct trace_set *set);

#endif
