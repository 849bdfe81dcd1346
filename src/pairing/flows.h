/* SPDX-License-Identifier: BSD-2-Clause */
/* flows: the conversations of each point, by addresses, protocol and ports. Floor: pairing; internal.
 *
 * A flow has two ways: way 0 is that of its first packet. A TCP SYN with a new sequence number on a flow that was
 * closed begins another flow. Hosts are shared by both points, so that equal addresses have equal numbers. */
#ifndef HOPSONDE_PAIRING_FLOWS_H
#define HOPSONDE_PAIRING_FLOWS_H

#include "pairing/passage.h"
#include "pairing/stream.h"

#define NONE UINT32_MAX

struct flow_way {
    uint32_t head, tail; /* held packets that are not paired, in the order of the capture; NONE */
    uint32_t cursor;     /* the one behind the last that was paired; NONE */
    uint32_t frames;     /* without copies */
    uint32_t retransmitted;
    uint32_t twins;       /* copies that the network may have made */
    uint8_t ttl;          /* of the first packet */
    struct stream stream; /* TCP */
};

/* The first SYN of a way, by which a proxy is told from a NAT. */
struct flow_syn {
    bool seen, again; /* again: it was sent more than once */
    nstime common;    /* near clock */
    uint8_t window_scale;
    uint16_t window, mss, id;
    uint32_t seq, timestamp, options;
};

struct flow {
    uint32_t hosts[2]; /* the sender of the first packet, its receiver */
    uint16_t ports[2];
    uint8_t protocol, point, version;
    bool closed;         /* TCP: a FIN or RST was seen */
    bool is_error;       /* ICMP errors */
    uint8_t evidence;    /* for `candidate` */
    int16_t score;       /* bits that speak for `candidate` */
    uint32_t chain;      /* next in the table */
    uint32_t candidate;  /* flow of the other point; NONE */
    uint32_t pair;       /* NONE: not paired */
    uint32_t left_out;   /* of its packets that are alone, how many were not kept */
    uint32_t kept_alone; /* of its packets that are alone, how many were kept */
    nstime first, last;  /* clock of its point */
    struct flow_syn syn[2];
    struct flow_way ways[2];
};

struct flows {
    struct addr *hosts; /* owned */
    uint32_t *host_chains, *host_heads;
    size_t host_count, host_capacity, chain_capacity;
    uint32_t host_mask;
    struct flow *flows; /* owned */
    size_t count, capacity;
    uint32_t *heads;
    uint32_t mask;
    uint64_t secret;
};

/* False: out of memory. */
bool flows_init(struct flows *flows, uint64_t secret);
void flows_free(struct flows *flows);
/* The flow of a packet, new or known, and the packet's way in it. NONE: out of memory. */
uint32_t flows_take(struct flows *flows, const struct passage *p, unsigned *way);
/* The flow of the other point with the same addresses and ports, its latest; NONE. */
uint32_t flows_twin(const struct flows *flows, uint32_t flow);

#endif
