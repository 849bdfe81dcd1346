/* SPDX-License-Identifier: BSD-2-Clause */
/* responders: which routers each TTL shows to a set, found once. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_FACTS_RESPONDERS_H
#define HOPSONDE_VERDICT_FACTS_RESPONDERS_H

#include "trace/trace_set.h"

enum responder_count { RESPONDERS_NONE, RESPONDERS_ONE, RESPONDERS_SEVERAL };

struct responders {
    struct addr one[256]; /* by TTL: the first of them */
    uint8_t number[256];  /* enum responder_count */
    unsigned most_ttl;    /* the last TTL with a router */
};

void responders_gather(const struct trace_set *set, struct responders *out);
/* Whether probes, of any spec, take different paths before this TTL, which may differ in length. Behind a router that
 * all of them pass at one TTL, and nowhere else, all paths have one length again. */
bool responders_are_spread(const struct responders *responders, uint8_t ttl);

#endif
