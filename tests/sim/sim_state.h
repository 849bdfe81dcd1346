/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_state: what the parts of the simulator share. Internal to tests/sim. */
#ifndef HOPSONDE_TESTS_SIM_SIM_STATE_H
#define HOPSONDE_TESTS_SIM_SIM_STATE_H

#include "base/rng.h"
#include "sim/pkt.h"
#include "sim/sim.h"

#define NO_LINK UINT32_MAX

enum event_kind {
    EVENT_LEAVE,      /* a packet of the client's leaves: captured, then routed */
    EVENT_ARRIVE,     /* at `node` by `link` */
    EVENT_RETRY,      /* the client's kernel may repeat a SYN; `link`: how often it did */
    EVENT_IDLE,       /* a connection of the host may have been idle for long enough */
    EVENT_UNRESOLVED, /* `node` gives up on the neighbour behind a dead link */
};

struct event {
    nstime at;
    uint64_t order; /* of making: ties of time are decided by it */
    enum event_kind kind;
    unsigned node, link;
    struct pkt packet;
};

struct bucket {
    bool used;
    double tokens;
    nstime filled;
};

/* Addresses and ports of one direction. An echo's id counts as its source port, which is never changed. */
struct tuple {
    uint8_t protocol;
    struct addr source, target;
    uint16_t source_port, target_port;
};

struct translation {
    unsigned node;
    const struct nat *nat;
    struct tuple before, after; /* as the packet came, and as it went on */
};

/* A flow that a filter with `idle` has seen. */
struct passed_flow {
    unsigned filter;
    struct tuple tuple; /* of its first packet */
    nstime last;
    bool is_forgotten;
};

/* A SYN that a host answered, and that the client has not confirmed yet. */
struct half_open {
    struct tuple tuple;
    uint32_t seq;
};

struct sim {
    struct wire wire; /* first: a wire is a sim */
    const struct net *net;
    uint64_t seed;
    bool ideal; /* nothing by chance, no limits */
    struct rng rng;
    nstime now;
    struct event **events; /* owned; a heap by (at, order) */
    size_t event_count, event_capacity;
    uint64_t order;
    struct bucket buckets[NET_NODES_MOST], reset_buckets[NET_NODES_MOST];
    uint16_t ids[NET_NODES_MOST];          /* IPv4 id of the last packet of each */
    unsigned signed_count[NET_NODES_MOST]; /* errors from addresses in turn */
    nstime last_arrival[NET_LINKS_MOST][2];
    nstime resolve_until[NET_LINKS_MOST];
    struct translation *translations; /* owned */
    size_t translation_count;
    struct half_open *half_open; /* owned */
    size_t half_open_count;
    nstime held_until[NET_RULES_MOST]; /* of filters with `hold` */
    struct blocked {
        nstime until;
        struct addr ends[2];
    } blocked[NET_RULES_MOST];  /* of filters with `block` */
    struct passed_flow *passed; /* owned */
    size_t passed_count;
    struct tcp_end *tcp_ends; /* owned */
    size_t tcp_end_count;
    struct sim_watch watch;
    const struct sim_change *changes; /* borrowed; those to come */
    unsigned change_count;
    struct pkt shown; /* the frame handed out last */
};

/* sim.c */
void sim_schedule(struct sim *sim, nstime at, enum event_kind kind, unsigned node, unsigned link, const struct pkt *p);
bool sim_chance(struct sim *sim, double share);
bool tuple_of(const struct headers *h, struct tuple *out); /* false: no transport header to make one of */
bool tuple_equal(const struct tuple *a, const struct tuple *b);
struct tuple tuple_reversed(const struct tuple *t);

/* router.c: what a node does with a packet that arrives by `link` (NO_LINK: from itself). */
void router_receive(struct sim *sim, unsigned node, unsigned link, struct pkt *p);
/* Sends what the node itself made. */
void router_originate(struct sim *sim, unsigned node, struct pkt *p);
/* Tells the sender of `about` by an ICMP error, if the node is willing. `cost` tokens of its limit. */
/* Takes `cost` tokens from the bucket. False: it has not as many. */
bool router_take_token(const struct sim *sim, struct bucket *bucket, const struct net_limit *limit, unsigned cost);
void router_error(struct sim *sim, unsigned node, unsigned link, const struct pkt *about, uint8_t type, uint8_t code,
                  uint32_t mtu, unsigned cost);
void router_unresolved(struct sim *sim, unsigned node, unsigned link, struct pkt *p);
/* What the client's own kernel says before a packet leaves: 0 or an errno. */
int router_client_errno(const struct sim *sim, const struct pkt *p);

/* route.c: where a packet goes on from a node. */
enum route_kind route_find(const struct sim *sim, unsigned node, const struct pkt *p, uint32_t draw, unsigned *link,
                           bool *found);

/* filter.c: true where the packet may go on; else the rule's answer has been sent. */
bool filter_pass(struct sim *sim, unsigned node, unsigned link, enum hook hook, const struct pkt *p);

/* name.c: whether a DNS query, a QUIC Initial or TCP data names this host. */
bool packet_names(const struct headers *h, const char *name);

/* nat.c */
void nat_target(struct sim *sim, unsigned node, struct pkt *p); /* prerouting */
void nat_source(struct sim *sim, unsigned node, struct pkt *p); /* postrouting */
void nat_back(struct sim *sim, unsigned node, struct pkt *p);   /* answers and errors on their way back */

/* reply.c: packets that nodes make, without their own routing. All false where there is nothing to say. */
void reply_error(struct pkt *out, const struct node *node, const struct addr *from, const struct pkt *about,
                 uint8_t type, uint8_t code, uint32_t mtu);
bool reply_reset(struct pkt *out, const struct pkt *about, uint8_t ttl);
/* In the sender's name, to where the packet goes: as if it came right before. */
bool reply_forward_reset(struct pkt *out, const struct pkt *about, uint8_t ttl);
bool reply_syn_ack(struct pkt *out, const struct pkt *about, uint8_t ttl);
bool reply_echo(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id);
bool reply_datagram(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id);
bool reply_sctp(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id, bool open);
bool reply_dccp(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id, bool open);
bool reply_protocol(struct pkt *out, const struct pkt *about, uint8_t ttl, uint16_t id);

/* tcp.c: connections. Both return false where the packet belongs to none, and opens none. */
void tcp_connect(struct sim *sim, const struct flow *flow);
void tcp_disconnect(struct sim *sim, const struct flow *flow);
void tcp_idle(struct sim *sim, unsigned node, const struct pkt *about);
void tcp_retry(struct sim *sim, unsigned node, unsigned tries, const struct pkt *about);
bool tcp_client_receive(struct sim *sim, unsigned node, const struct headers *h);
bool tcp_host_receive(struct sim *sim, unsigned node, const struct headers *h, bool open);

/* host.c: a packet to one of the node's own addresses. */
void host_receive(struct sim *sim, unsigned node, unsigned link, struct pkt *p);

#endif
