/* SPDX-License-Identifier: BSD-2-Clause */
/* loss: how many probes are lost elsewhere, and how likely loss is to explain a silence. Floor 3; pure. */
#ifndef HOPSONDE_SILENCE_LOSS_H
#define HOPSONDE_SILENCE_LOSS_H

#include "trace/trace_set.h"

/* Probes or samples, and how many of them were unanswered. */
struct loss_count {
    unsigned sent, silent;
};

/* Below these chances a silence is not loss. Unit: probability. Source: chosen. Effect: a larger one
 * reports loss as silence or a limit; a smaller one misses true ones. */
#define LOSS_CHANCE_SILENT_HOP 0.01         /* a hop is silent, where no packet was lost */
#define LOSS_CHANCE_SILENT_HOP_OF_ALL 0.001 /* the same on a path with loss: at any hop of it */
#define LOSS_CHANCE_LIMIT 0.001             /* a router rate-limits */
#define LOSS_CHANCE_DIVIDED 0.05            /* a flow stops where others pass: one flow, and all together */
#define LOSS_CHANCE_BRANCH 0.0002           /* one of several next hops is silent, beside others that answer */

/* The chance that `silent` more probes are all lost, with the loss of others: of m = `others_sent`, l =
 * `others_silent` were lost. Their loss rate p is unknown (uniform prior, so Beta(l+1, m-l+1) after these counts), so n
 * losses more have the chance E[p^n] = prod (l+1+i)/(m+2+i), i < n. */
double loss_chance(unsigned others_sent, unsigned others_silent, unsigned silent);
/* The same chance for as many or more losses as in `here`; it equals loss_chance() if all of `here` are lost. */
double loss_chance_at_least(const struct loss_count *here, const struct loss_count *others);
/* The logarithm of the number of ways to choose k out of n. */
double loss_log_choose(unsigned n, unsigned k);

/* The farthest TTL at which each flow was answered, other than by a refusal: the flow passes the routers before it. Of
 * a search for all paths nothing is noted. */
struct passage {
    uint8_t farthest[SPECS_MOST][UINT8_MAX + 1]; /* by trace of the set, and flow */
};

void passage_gather(const struct trace_set *set, struct passage *out);
/* The last TTL of the path: the target's if it is known, else the last router's. */
uint8_t loss_end_ttl(const struct trace_set *set);
/* Probes of flows that pass this TTL, sent further on as far as `end`; if the target is at `end`, probes sent beyond it
 * count as well. Those that were lost on the way to `ttl` are in the count, too. */
struct loss_count loss_count_between(const struct trace_set *set, const struct passage *passage, uint8_t ttl,
                                     uint8_t end);
/* The same to the end of the path. */
struct loss_count loss_count_behind(const struct trace_set *set, const struct passage *passage, uint8_t ttl);

#endif
