/* SPDX-License-Identifier: BSD-2-Clause */
/* approach: how a run with --through finds its gateway. Floor 5; internal to ports/; pure.
 *
 * The specs climb one hop at a time, so that no probe goes further than the first router behind the gateway:
 *   1. Each spec sends to the next hop as soon as a reply shows this one, or when all probes to it have timed out.
 *   2. A silent hop gets one more probe of each spec when its router must have a new token. A hop before a gateway
 *      that is known by its TTL gets none.
 *   3. The approach ends at the first router behind the gateway, or BEHIND_MOST hops behind it. It also ends where
 *      every spec ends, after `gap` silent hops in a row, and at the largest TTL. */
#ifndef HOPSONDE_PORTS_APPROACH_H
#define HOPSONDE_PORTS_APPROACH_H

#include "session/state.h"

struct approach {
    uint8_t ttl;    /* the hop that is probed now; 0: none yet */
    uint8_t silent; /* silent hops in a row before it */
    bool repeated;  /* it was probed once more */
};

/* Wants the next probes. True: the approach is over. */
bool approach_update(struct session *session, struct approach *approach);
/* Afterwards: the last hop that the specs may probe. */
uint8_t approach_last_ttl(const struct session *session);

#endif
