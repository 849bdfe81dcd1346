/* SPDX-License-Identifier: BSD-2-Clause */
/* end_of_path: where a path ends as its last replies show it. Floor 5; pure; internal to watch/. */
#ifndef HOPSONDE_WATCH_END_OF_PATH_H
#define HOPSONDE_WATCH_END_OF_PATH_H

#include "session/state.h"

struct end_of_path {
    uint8_t stop; /* the smallest TTL with an answer of the target or a refusal, behind all routers; 0: none is known */
    uint8_t router; /* the largest TTL at which a router answered; 0: none */
};

/* Of the probes that were sent at `since` or later. Where replies disagree, the later probe's counts. */
struct end_of_path end_of_path_since(const struct trace *trace, nstime since);
/* How many of the last probes to this TTL, sent at `since` or later, timed out one after another, behind one that was
 * answered. 0 also if a probe is in flight there, or if the answer was an ICMP error, as its sender may limit those. */
unsigned end_of_path_silences(const struct trace *trace, uint8_t ttl, nstime since);

#endif
