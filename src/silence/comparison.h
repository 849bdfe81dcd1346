/* SPDX-License-Identifier: BSD-2-Clause */
/* comparison: how surely a silence is a drop, where other traces get further; from counts alone. Floor 3; pure.
 *
 * At each hop behind the last router that answered a trace, other traces sent m probes and lost l, this one sent n and
 * lost all. loss_chance() is the chance of n losses more with the others' loss. The chances of the hops multiply. With
 * even odds beforehand, the confidence that something on the path drops this spec is 1 / (1 + product).
 * A diagnosis says that the drop is before the first of these hops. So at least one silence has to count there. If
 * packets are lost on the path, that hop alone must reach the confidence: n silences there, against the loss from there
 * on of all that get further. */
#ifndef HOPSONDE_SILENCE_COMPARISON_H
#define HOPSONDE_SILENCE_COMPARISON_H

#include "trace/trace_set.h"

/* Hops that are compared.
 * Unit: hops. Source: chosen. Effect: more hops cost a diagnosis more probes; fewer depend on a single router. */
#define COMPARE_HOPS 3

/* Below this confidence a silence is inconclusive, unless --confidence says otherwise.
 * Unit: probability. Source: convention. Effect: lower, and more claims are wrong. */
#define CONFIDENCE_TO_CLAIM 0.95

/* No confidence is higher.
 * Unit: probability. Source: chosen; counts know nothing of our own errors. Effect: the number in reports. */
#define CONFIDENCE_MOST 0.999

struct comparison {
    uint8_t hops[COMPARE_HOPS]; /* the first hops behind the silence where a router answered another trace */
    unsigned hop_count;
    double chance;     /* as above; 1 where nothing can be compared */
    double confidence; /* 1 / (1 + chance), CONFIDENCE_MOST at most */
};

/* Compares the silence behind the trace's last router with the set's other traces, as far as these take the same path.
 * A silence counts only if the router had a token for an ICMP error (rate_limit.h); in a diagnosis the trace's last
 * router must have had one, too, as it may refuse what it does not forward. Flows are independent of each other. */
void silence_compare(const struct trace_set *set, const struct trace *trace, struct comparison *out);
/* Whether the nearest hop before `ttl` that shows routers to both traces has none in common: a load balancer sends them
 * different ways, and their hops cannot be compared. */
bool traces_diverge(const struct trace *a, const struct trace *b, unsigned ttl);
/* Whether the last router of the trace belongs to the loop of `looping`, a whole round or more after its first place:
 * then this trace loops as well, although not all of its own round was answered. */
bool trace_follows_loop(const struct trace *trace, const struct trace *looping);

#endif
