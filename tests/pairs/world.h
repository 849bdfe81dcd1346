/* SPDX-License-Identifier: BSD-2-Clause */
/* world: the simulation inside a pair: events in virtual time, flows, and the way of a packet. For tests only; internal
 * to tests/pairs/.
 *
 * A flow is an application at A and at B. It sends through world_send(), and is told of what arrives and of its timers.
 * The way of a packet is decided when it is sent, so that only arrivals and timers are events. */
#ifndef HOPSONDE_TESTS_PAIRS_WORLD_H
#define HOPSONDE_TESTS_PAIRS_WORLD_H

#include "pairs/pair.h"
#include "sim/pkt.h"

#define WORLD_PACKET_MOST 1500
#define WORLD_MESSAGE_MOST 6000 /* IP payload before fragmentation */
#define SACK_BLOCKS_MOST 3

/* What the receiver of a packet is told. Stream offsets count from the SYN, which is 0. */
struct message {
    bool is_reset, is_syn, is_ack, is_fin;
    uint64_t from, acked; /* TCP: offset of the first byte; offset that is expected next */
    uint32_t length;      /* TCP: bytes; others: a number of the application */
    uint32_t stamp, echo; /* TCP timestamps option */
    bool reply;           /* of a datagram: it answers another */
};

struct flow;

struct flow_kind {
    const char *name;
    uint8_t protocol;
    void (*start)(struct flow *flow);
    void (*receive)(struct flow *flow, enum pair_side at, const struct message *message);
    void (*timer)(struct flow *flow, unsigned token);
};

struct flow {
    struct world *world;
    const struct flow_kind *kind;
    uint16_t number;
    struct rng rng;
    struct addr hosts[2][2]; /* by point: A's and B's address there */
    uint16_t ports[2][2];    /* likewise; ICMP: A's is the echo id */
    uint16_t next_id[2];     /* IPv4 id of A, of B */
    bool aside;              /* B is a host that the far point does not see */
    void *state;             /* owned; malloc'ed */
};

/* A packet to send. */
struct sending {
    const uint8_t *payload; /* of IP: transport header and data; its checksum is computed */
    size_t length, data;    /* data: bytes behind the transport header */
    uint32_t sequence;      /* TCP */
    bool no_id;             /* IPv4 id 0 whatever the host's habit, as Linux sends a SYN/ACK or RST */
    uint32_t burst;         /* packets of one offloaded segment have the same number; 0: alone */
    uint8_t tos;
    struct message message;
};

struct event;
struct seen;

struct world {
    struct pair *pair;
    const struct pair_plan *plan;
    struct rng rng;
    nstime now;
    struct event *events; /* a binary heap */
    size_t event_count, event_capacity;
    uint64_t event_order;
    struct flow *flows;
    size_t flow_count, flow_capacity;
    struct seen *seen[2];
    size_t seen_count[2], seen_capacity[2];
    uint8_t *bytes; /* of the packets seen */
    size_t byte_count, byte_capacity;
    nstime free_at[2]; /* when the host's link has sent all so far */
    nstime last_arrival[2];
    unsigned burst_left[2]; /* packets of a burst of losses */
    uint16_t host_id[2];
    uint32_t bursts;
};

/* A packet that passed a point. */
struct seen {
    nstime at;
    size_t offset;
    uint32_t crossing, burst;
    uint16_t length;
    bool outgoing; /* sent by the host of the point */
    bool again;    /* the network's copy of a packet seen before */
};

/* True with this chance. */
bool world_chance(struct rng *rng, double chance);
/* Uniform over 0 .. most. */
nstime world_span(struct rng *rng, nstime most);

struct flow *world_add_flow(struct world *world, const struct flow_kind *kind, nstime at);
void world_timer(struct flow *flow, nstime at, unsigned token);
/* `side`: the host that sends, A at PAIR_NEAR. */
void world_send(struct flow *flow, enum pair_side side, const struct sending *sending);
/* A device between the points sends this in the name of the other host to the host at `side`. */
void world_forge(struct flow *flow, enum pair_side side, const struct sending *sending);
/* Runs until no event is left. */
void world_run(struct world *world);
void world_free(struct world *world);

/* What a device between the points makes of a packet that goes this way. */
void middle_rewrite(struct flow *flow, enum pair_way way, struct pkt *packet);

/* Turns what a point saw into its capture. */
void point_record(struct world *world, enum pair_side side);

/* Fills in the flows of the plan. */
void flows_add(struct world *world);

extern const struct flow_kind flow_tcp;
/* Begins a TCP flow: `exchanges` of a request and a response, so many bytes each. */
struct tcp_plan {
    unsigned exchanges;
    uint32_t request, response;
    nstime think;
    bool timestamps, sack, keepalive, keeps_open;
    nstime forge_at; /* when a device forges; NSTIME_NEVER: it does not */
};
void tcp_set_plan(struct flow *flow, const struct tcp_plan *plan);

#endif
