/* SPDX-License-Identifier: BSD-2-Clause */
/* stopping_rule: how many flows must pass a node before all its next hops are known. Floor 4; pure.
 *
 * Veitch, Augustin, Teixeira, Friedman, Infocom 2009: assume one more next hop than the k known ones. A balancer
 * that spreads n flows evenly over k + 1 next hops leaves some of them out with probability sum (-1)^(i+1) C(k+1, i)
 * (1 - i/(k+1))^n, i = 1 .. k. n suffices once that is no larger than the allowed probability. */
#ifndef HOPSONDE_MULTIPATH_STOPPING_RULE_H
#define HOPSONDE_MULTIPATH_STOPPING_RULE_H

/* Next hops beyond which the number of flows no longer grows; no node has so many. */
#define STOPPING_KNOWN_MOST 1024

/* Probabilities once computed: a search asks for the same ones at each plan. Its owner keeps it as long as it plans,
 * since nothing in it depends on a network. */
struct stopping_table {
    struct stopping_row *rows[STOPPING_KNOWN_MOST + 1]; /* owned; by next hops known; NULL: not asked for yet */
};

struct stopping_table *stopping_table_new(void); /* NULL: memory is short */
void stopping_table_free(struct stopping_table *table);

/* In both functions, a `table` of NULL only costs time. */
/* The probability that `flows`, spread evenly over `known` + 1 next hops, leave out at least one: 0 to 1. */
double stopping_missed(struct stopping_table *table, unsigned known, unsigned flows);
/* The smallest number of flows for which that is at most `miss`, which is above 0 and below 1; `known` is at least
 * 1. */
unsigned stopping_point(struct stopping_table *table, double miss, unsigned known);
/* What each of `nodes` may miss so that all together miss with probability `miss`: 1 - (1 - miss)^(1/nodes). */
double stopping_share(double miss, unsigned nodes);

#endif
