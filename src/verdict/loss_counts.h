/* SPDX-License-Identifier: BSD-2-Clause */
/* tally: counts of what was answered, free of the choice of what is counted. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_LOSS_COUNTS_H
#define HOPSONDE_VERDICT_LOSS_COUNTS_H

#include "verdict/facts.h"

/* The farthest TTL at which each flow was answered, other than by a refusal: it passes the routers before. */
struct passage {
    uint8_t farthest[SPECS_MOST][UINT8_MAX + 1]; /* by trace of the set, and flow */
};

void passage_gather(const struct trace_set *set, struct passage *out);
/* The last TTL at which the path is asked to any purpose: the target's, where that is known. */
uint8_t end_of_path(const struct trace_set *set);
/* What became, further on, of flows that pass this TTL: loss on the way there is theirs as well. */
struct loss_count count_behind(const struct trace_set *set, const struct passage *passage, uint8_t ttl);
/* The same, as far as `end`; where that is the target, whatever was sent to pass it counts as well. */
struct loss_count count_between(const struct trace_set *set, const struct passage *passage, uint8_t ttl, uint8_t end);
/* The logarithm of how many choices of k out of n there are. */
double log_choose(unsigned n, unsigned k);

#endif
