/* SPDX-License-Identifier: BSD-2-Clause */
/* responders: what routers each TTL shows to a set, found once. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_RESPONDERS_H
#define HOPSONDE_VERDICT_RESPONDERS_H

#include "trace/trace_set.h"

enum responder_count { RESPONDERS_NONE, RESPONDERS_ONE, RESPONDERS_SEVERAL };

struct responders {
    struct addr one[256]; /* by TTL: the first of them */
    uint8_t number[256];  /* enum responder_count */
    unsigned most_ttl;    /* behind it there is nobody */
};

void responders_gather(const struct trace_set *set, struct responders *out);
/* Whether probes, of any spec, go different ways before this TTL, which may be of different length. A router that
 * everybody meets, all of them at one TTL, sets all ways to one length again. */
bool responders_are_spread(const struct responders *responders, uint8_t ttl);

#endif
