/* SPDX-License-Identifier: BSD-2-Clause */
/* stopping: how many flows must be seen to pass a node before its next hops are all known. Floor 3; pure.
 *
 * Veitch, Augustin, Teixeira, Friedman, Infocom 2009: with k next hops known, and one more supposed to be there, a
 * balancer that spreads flows evenly over the k + 1 leaves some of these out for n flows with the chance
 * sum (-1)^(i+1) C(k+1, i) (1 - i/(k+1))^n, i = 1 .. k. n is enough where that is at most what may be missed. */
#ifndef HOPSONDE_MULTIPATH_STOPPING_RULE_H
#define HOPSONDE_MULTIPATH_STOPPING_RULE_H

/* More next hops than that nobody has; for any number of them no more flows are asked. */
#define STOPPING_KNOWN_MOST 1024

/* The chance that `flows`, spread evenly over `known` + 1 next hops, leave out at least one of them: 0 to 1. */
double stopping_missed(unsigned known, unsigned flows);
/* The least number of flows for which that is at most `miss`, which is above 0 and below 1; `known` at least 1. */
unsigned stopping_point(double miss, unsigned known);
/* What each of `nodes` may miss so that all of them together miss anything with the chance `miss`:
 * 1 - (1 - miss)^(1/nodes). */
double stopping_share(double miss, unsigned nodes);

#endif
