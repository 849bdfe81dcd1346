/* SPDX-License-Identifier: BSD-2-Clause */
/* votes: the names of packets whose conversation has no partner yet. A packet whose name the other point shows, too,
 * votes that both conversations are the same. Floor: pairing; internal. */
#ifndef HOPSONDE_PAIRING_VOTES_H
#define HOPSONDE_PAIRING_VOTES_H

#include "pairing/flows.h"

/* Names that are remembered. Unit: names. Source: a packet has three, so that these are 80,000 packets. Effect: with
 * fewer, packets of busy networks are forgotten before they arrive. */
#define VOTES_KEPT (1u << 18)

struct vote {
    uint64_t name;
    nstime common;
    uint32_t flow, seq, ack, timestamp, chain;
    uint16_t id;
    uint8_t way, point, flags, ttl;
    bool has_timestamps;
};

struct votes {
    struct vote *kept; /* owned; a ring */
    uint32_t *heads;   /* owned; numbers from 1 */
    uint32_t next;     /* number of the next one */
    uint64_t secret;
};

bool votes_init(struct votes *votes, uint64_t secret);
void votes_free(struct votes *votes);
void votes_add(struct votes *votes, const struct passage *p, uint64_t name, uint32_t flow, unsigned way);
/* The latest with this name; then the next older one. NULL: no more. */
const struct vote *votes_first(const struct votes *votes, uint64_t name);
const struct vote *votes_next(const struct votes *votes, const struct vote *vote);

#endif
