/* SPDX-License-Identifier: BSD-2-Clause */
/* rounds: which ports are asked next, and where. Floor 5; internal to ports/; pure: a round follows from the map of
 * what is known, and from what the rounds before achieved. */
#ifndef HOPSONDE_PORTS_ROUNDS_H
#define HOPSONDE_PORTS_ROUNDS_H

#include "portmap/portmap.h"
#include "session/session.h"

/* One probe to send. */
struct ask {
    uint8_t trace; /* index in the session */
    uint8_t ttl;
    uint16_t port;   /* 0: the trace is of a spec */
    uint16_t gap_ms; /* it waits until the send before is so old */
    bool controls;   /* its reply shows that a silence before it is no rate limit */
    bool refused;    /* the control is refused by an ICMP error */
    bool guessed;    /* the control is expected to pass all routers before, as its neighbours do */
};

struct rounds {
    struct ask *asks; /* owned */
    size_t count, capacity, next;
    nstime not_before;      /* the round starts at this time at the earliest */
    unsigned made;          /* rounds so far */
    unsigned placing;       /* of these, rounds that looked for places and did nothing else */
    uint32_t batch;         /* silent ports in a round */
    uint32_t resolved;      /* ports with an answer, after the last round */
    unsigned surveys;       /* rounds of rule 6 */
    bool surveyed[256];     /* by TTL: rule 6 was tried there */
    nstime asked[256];      /* by TTL: the last send; 0: none */
    nstime controlled[256]; /* by TTL: the send of the last control; 0: none */
    bool guessed[256];      /* by TTL: that one was guessed */
    nstime refused;         /* the send of the last control that is refused; 0: none */
    bool tried;             /* rule 7 was carried out */
};

/* Plans the next round; no ask in it: all is known that can be. False: memory is short. */
bool rounds_plan(struct rounds *rounds, const struct session *session, const struct portmap *map);
void rounds_free(struct rounds *rounds);

#endif
