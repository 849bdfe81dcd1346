/* SPDX-License-Identifier: BSD-2-Clause */
/* heard: the events of a simulated run of `watch`. For tests only. */
#ifndef HOPSONDE_TESTS_SIM_HEARD_H
#define HOPSONDE_TESTS_SIM_HEARD_H

#include "monitor/monitor.h"
#include "sim/watching.h"

#define EVENTS_MOST 64

struct heard {
    struct event events[EVENTS_MOST]; /* the first ones */
    unsigned count;                   /* of all */
    struct monitor *monitor;          /* owned */
    uint32_t reset_after;             /* from watching.reset_after */
    uint64_t sent_then;               /* probes to all hops that the first table counted at once after that */
};

/* Runs it with a monitor, and prints each event as a comment of TAP. */
void heard_run(struct heard *heard, struct watching *w);
/* Frees both. */
void heard_free(struct heard *heard, struct watching *w);

#endif
