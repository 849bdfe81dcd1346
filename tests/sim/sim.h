/* SPDX-License-Identifier: BSD-2-Clause */
/* sim: a network in memory with a time of its own, as a wire. For tests only.
 *
 * send() drops a packet into the network; receive() yields our own outgoing frame and, at their virtual arrival, the
 * replies (LINKTYPE_RAW); where nothing is due it jumps to `until`. The same network, seed and sends give the same
 * frames. */
#ifndef HOPSONDE_TESTS_SIM_SIM_H
#define HOPSONDE_TESTS_SIM_SIM_H

#include "session/wire.h"
#include "sim/net.h"

#define SIM_START (INT64_C(1700000000) * NS_PER_S) /* where virtual time begins */
/* A probe's own frame is stamped so long after the send call, as a kernel does. */
#define SIM_STAMP_DELAY (10 * NS_PER_US)
#define SIM_UNRESOLVED_DELAY (3050 * NS_PER_MS) /* Linux gives a neighbour up after that */

struct sim;

/* Sees every packet handed to send(), before the network does. */
struct sim_watch {
    void *context;
    void (*sent)(void *context, nstime at, const uint8_t *bytes, size_t length);
};

/* `net` is borrowed and must outlive the simulation. NULL: out of memory. */
struct sim *sim_new(const struct net *net, uint64_t seed);
void sim_free(struct sim *sim);
struct wire *sim_wire(struct sim *sim); /* lives and dies with the sim */
void sim_set_watch(struct sim *sim, const struct sim_watch *watch);
nstime sim_now(const struct sim *sim);

/* From `at` on the network is this one, which has the same nodes and links in the same order. */
struct sim_change {
    nstime at;
    const struct net *net; /* borrowed */
};
/* `changes` is borrowed, in order of time. */
void sim_set_changes(struct sim *sim, const struct sim_change *changes, unsigned count);

/* What a packet draws where nothing is lost, doubled, delayed by chance or limited: the truth about the path. */
struct sim_answer {
    bool answered;
    struct addr from;
    uint8_t protocol;
    uint8_t icmp_type, icmp_code; /* of ICMP */
    uint8_t tcp_flags;
    uint8_t ttl; /* as it arrives */
    nstime rtt;
};

/* The connections that a node has, half-open ones too. */
unsigned sim_connections(const struct sim *sim, unsigned node);

struct sim_answer sim_ask(const struct sim *sim, const uint8_t *bytes, size_t length);

#endif
