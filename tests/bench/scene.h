/* SPDX-License-Identifier: BSD-2-Clause */
/* scene: the captures that the bench of replay reads. Each scene writes packets of one kind of network,
 * deterministically, until the capture has as many as it should. */
#ifndef HOPSONDE_TESTS_SCENE_H
#define HOPSONDE_TESTS_SCENE_H

#include <stdio.h>

#include "base/nstime.h"
#include "base/rng.h"
#include "bench/craft.h"

#define START_S 1700000000

struct output {
    FILE *file;
    uint64_t packets, bytes, packets_most;
};

/* Writes an IP packet in an Ethernet frame; `leaves`: the host sends it. */
void output_packet(struct output *o, nstime time, bool leaves, const uint8_t *packet, size_t length);
static inline bool output_is_full(const struct output *o)
{
    return o->packets >= o->packets_most;
}

/* Each returns how many traces it began, or how many flows. */
/* Hundreds of traces at once by the tools that people use, and a tenth of ordinary traffic. */
uint64_t scene_tools(struct output *o, struct rng rng);
/* A thousand Paris traces at once from one source, each to a target of its own, one probe a hop. */
uint64_t scene_mass(struct output *o, struct rng rng);
/* No trace at all: flows with constant TTLs, pings, ICMP errors about flows, and routing protocols with low TTLs. */
uint64_t scene_ordinary(struct output *o, struct rng rng);

/* A host of 10.0.0.0/8 or 2001:db8::/32, or the like with another `net`. */
struct craft_address scene_address(bool v6, uint32_t net, uint32_t host);
/* Fills `length` bytes with rising values and returns `length`. */
size_t scene_fill(uint8_t *out, size_t length, uint8_t first);

#endif
