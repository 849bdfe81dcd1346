/* SPDX-License-Identifier: BSD-2-Clause */
/* namesakes: which devices send time exceeded in the target's name. Floor 4; pure; internal to verdict/.
 *
 * Behind a destination NAT all routers do. A target that lets probes expire does so itself. A gateway right before its
 * hosts may use their addresses. */
#ifndef HOPSONDE_VERDICT_FACTS_NAMESAKES_H
#define HOPSONDE_VERDICT_FACTS_NAMESAKES_H

#include "trace/trace_set.h"

enum namesake {
    NAMESAKE_NONE,    /* no device does, or routers with other addresses stand behind it */
    NAMESAKE_UNKNOWN, /* one device, and the target replies from another distance */
    NAMESAKE_NAT,     /* at least two devices */
    NAMESAKE_TARGET,  /* one device, as far as the replies show */
};

struct namesakes {
    uint8_t who;         /* enum namesake */
    uint8_t first, last; /* TTLs at which they reply, behind all routers with other addresses; 0: none */
    uint8_t router;      /* last TTL with a time exceeded from another address; 0: none */
};

void namesakes_gather(const struct trace_set *set, struct namesakes *out);
/* The last TTL at which a router let a probe of the trace expire; 0: none. The target is no router. */
uint8_t namesakes_last_router(const struct namesakes *namesakes, const struct trace *trace);
/* Whether the reply is a time exceeded in the target's name. */
bool reply_is_namesake(const struct trace *trace, const struct reply *reply);

#endif
