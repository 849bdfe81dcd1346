/* SPDX-License-Identifier: BSD-2-Clause */
/* hurry: for programs that play routers and firewalls, which do not wait for a processor. For tests only. */
#ifndef HOPSONDE_TESTS_NETNS_HURRY_H
#define HOPSONDE_TESTS_NETNS_HURRY_H

#include <sched.h>

/* Without the privilege the program waits as any other. */
static inline void hurry(void)
{
    const struct sched_param first = {.sched_priority = 1};
    (void)sched_setscheduler(0, SCHED_FIFO, &first);
}

#endif
