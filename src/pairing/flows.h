/* SPDX-License-Identifier: BSD-2-Clause */
/* flows: the conversations of each point, by addresses, protocol and ports. Floor: pairing; internal.
 *
 * A flow has two ways: way 0 is that of its first packet. A TCP SYN with a new sequence number on a flow that was
 * closed begins another flow. Hosts are shared by both points, so that equal addresses have equal numbers. */
#ifndef HOPSONDE_PAIRING_FLOWS_H
#define HOPSONDE_PAIRING_FLOWS_H

#include "pairing/conversations.h"
#include "pairing/passage.h"

struct flows {
    struct addr *hosts; /* owned */
    uint32_t *host_chains, *host_heads;
    size_t host_count, host_capacity, chain_capacity;
    uint32_t host_mask;
    struct conversations *all; /* owned */
    uint32_t *heads;           /* owned; by addresses and ports */
    uint32_t mask;
    uint64_t secret;
};

/* False: out of memory. */
bool flows_init(struct flows *flows, uint64_t secret);
void flows_free(struct flows *flows);
/* The flow of a packet, new or known, and the packet's way in it. NONE: out of memory. */
uint32_t flows_take(struct flows *flows, const struct passage *p, unsigned *way);

#endif
