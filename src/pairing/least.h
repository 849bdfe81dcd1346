/* SPDX-License-Identifier: BSD-2-Clause */
/* least: the pairs with the least delays, each way, in equal parts of the time. Those bound the offset between the
 * clocks, so that all others may be forgotten. Floor: pairing; internal. */
#ifndef HOPSONDE_PAIRING_LEAST_H
#define HOPSONDE_PAIRING_LEAST_H

#include "transit/clock.h"

/* Parts of the time. Unit: parts of the near capture. Source: with one pair each way, they fill CLOCK_SAMPLES_MOST
 * half. Effect: more follow a clock's steps closer; fewer see through queues that last longer. */
#define LEAST_PARTS 1024

struct least_pair {
    nstime near, far; /* own clocks; near NSTIME_NONE: none */
};

struct least_delays {
    nstime from, step;
    struct least_pair toward_far[LEAST_PARTS], toward_near[LEAST_PARTS];
    uint64_t count;
};

/* `from` and `to`: the times of the near capture. NULL: out of memory. */
struct least_delays *least_new(nstime from, nstime to);
void least_free(struct least_delays *least);
void least_add(struct least_delays *least, bool toward_far, nstime near, nstime far);
/* False: out of memory. `out` has no segments if there are no pairs. */
bool least_estimate(const struct least_delays *least, struct clock_estimate *out);

#endif
