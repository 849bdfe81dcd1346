/* SPDX-License-Identifier: BSD-2-Clause */
/* state: what the files of pairing share. Floor: pairing; internal. */
#ifndef HOPSONDE_PAIRING_STATE_H
#define HOPSONDE_PAIRING_STATE_H

#include "pairing/held.h"
#include "pairing/least.h"
#include "pairing/pairing.h"
#include "pairing/votes.h"

/* Bits that pair two conversations. Unit: bits. Source: 2^40 pairs of packets are compared in a capture of a million
 * each. Effect: with fewer, conversations are paired by chance. */
#define PAIRED_BITS 40
/* After so long a packet's partner is looked for, at least and at most; between, it is twice the usual delay and the
 * error of the clocks. Unit: time. Source: queues at the usual delay. Effect: a shorter one may choose a wrong one of
 * alike packets, or a forged packet that comes before the true one; a longer one needs more memory. */
#define SETTLED_LEAST (100 * NS_PER_MS)
#define SETTLED_MOST (500 * NS_PER_MS)
/* After so long a packet is alone. Unit: time. Source: RFC 9293 3.4.1 names two minutes, and queues of seconds are
 * seen. Effect: a longer one needs more memory. Partners that come still later are found in the end. */
#define ALONE_AFTER (4 * NS_PER_S)
/* So long a packet that found its partner is remembered, to know duplicates of it. Unit: time. Source: the network
 * makes them within milliseconds. Effect: a longer one needs more memory. */
#define PAIRED_FOR (300 * NS_PER_MS) /* after it is settled */
/* Packets in flight. Unit: packets of about 150 bytes. Source: 256 MiB in all. Effect: beyond, the oldest are decided
 * earlier. */
#define HELD_MOST 700000
/* Packets that are alone and kept to the end. Unit: packets of 96 bytes. Source: the same. Effect: others are only
 * counted. */
#define ALONE_MOST 600000
/* The same of one conversation that is not paired. */
#define UNPAIRED_ALONE_MOST 32
/* The same of ICMP errors from one host to another. */
#define ERRORS_ALONE_MOST 1024
/* Delays of one way of a conversation that are kept. Unit: delays of 16 bytes. Source: the error of a p95 out of so
 * many is 2 %. Effect: more need more memory. */
#define DELAYS_KEPT 128
#define REWRITES_KEPT 24
/* When a clock was set back is known from frames around it. Unit: time. Source: chosen. Effect: with less, packets
 * around it are paired and judged wrongly. */
#define SET_BACK_EDGE NS_PER_S
/* How far the delay of alike packets may be from that of others. Unit: time. Source: the jitter of most paths. Effect:
 * more may pair a packet with the one before it or after it. */
#define ALIKE_WITHIN (25 * NS_PER_MS)

/* A packet that was alone when it left the store. */
struct alone {
    struct transit_alone shown;
    uint64_t content;
    uint32_t flow, ack, timestamp, whole_span;
    uint16_t id, window;
    uint8_t kind, way; /* of the flow */
    bool has_timestamps, is_twin, was_sent, is_alike, is_copied, missed, is_error, is_fragment, early;
    bool gone;      /* it was paired in the end, or is a copy */
    uint32_t ref;   /* of its conversation: a pair, or behind all pairs a flow */
    uint32_t group; /* of packets of both points that only their time tells apart; from 1; 0: none */
};

/* Delays of the last packets of one way, by the clock of the overview. */
struct recent_delay {
    bool known;
    nstime delay, spread;
};

/* Packets between their reading and their taking: meanwhile memory that they need comes into the cache. Unit: packets.
 * Source: a packet takes about 200 ns, and memory 100 ns. Effect: fewer wait for memory. */
#define COMING_MOST 8
/* Of these, so many have had the time to bring their buckets into the cache. */
#define COMING_FETCHED 4

struct coming {
    struct passage passage;
    uint32_t flow;
    unsigned way;
    struct held held;     /* to be added */
    uint64_t partner_key; /* of its partner; `key` itself, if its flow has none */
};

struct pairing {
    struct pairing_config config;
    struct flows flows;
    struct held_store held;
    struct votes votes;
    struct alone *alone; /* owned */
    size_t alone_count, alone_capacity;
    uint64_t alone_left_out;
    struct coming coming[COMING_MOST]; /* a ring: coming_taken to coming_read */
    unsigned coming_read, coming_taken;
    nstime settled_after;
    struct least_delays *least;
    struct recent_delay recent[TRANSIT_WAYS]; /* of packets that more than their time tells apart */
    uint32_t orders[TRANSIT_POINTS];
    uint32_t *far_hosts; /* owned; by host: what a translator makes of it at the far point; NONE */
    size_t far_host_count, far_host_capacity;
    uint64_t hops[256]; /* by hops_between(): pairs of packets */
    struct transit_point_result points[TRANSIT_POINTS];
    nstime alike_first,
        alike_last; /* near clock: of alike pairs where nothing else shows the clock; NSTIME_NONE: none */
    uint64_t twins[TRANSIT_POINTS]; /* copies that may have been duplicated by the network */
    bool failed;                    /* out of memory */
};

/* Flows and pairs, by their numbers. All pointers are valid until conversations_next_turn(). */
static inline const struct flow *see_flow(const struct pairing *p, size_t flow)
{
    return conversations_see_flow(p->flows.all, (uint32_t)flow);
}
static inline struct flow *change_flow(struct pairing *p, uint32_t flow)
{
    return conversations_flow(p->flows.all, flow);
}
static inline const struct pair *see_pair(const struct pairing *p, size_t pair)
{
    return conversations_see_pair(p->flows.all, pair);
}
static inline struct pair *change_pair(struct pairing *p, size_t pair)
{
    return conversations_pair(p->flows.all, pair);
}
static inline bool has_partner(const struct pairing *p, size_t flow)
{
    return conversations_is_paired(p->flows.all, (uint32_t)flow);
}
static inline void next_turn(const struct pairing *p)
{
    conversations_next_turn(p->flows.all);
}
/* The pair of a flow that has a partner. */
static inline const struct pair *see_pair_of(const struct pairing *p, uint32_t flow)
{
    return conversations_see_pair_of(p->flows.all, flow);
}
static inline struct pair *change_pair_of(struct pairing *p, uint32_t flow)
{
    return conversations_pair_of(p->flows.all, flow);
}
static inline size_t flow_count(const struct pairing *p)
{
    return p->flows.all->flow_count;
}
static inline size_t pair_count(const struct pairing *p)
{
    return p->flows.all->pair_count;
}

static inline bool way_flips(const struct pair *pair, unsigned point)
{
    return point == TRANSIT_FAR && pair->flipped;
}

/* pairs.c: counts what a packet says about the partner of its flow, and pairs flows. */
void pairs_vote(struct pairing *p, const struct passage *passage, uint32_t flow, unsigned way);

/* match.c: finds partners of a packet of a paired flow, part by part. `any`: even one that would have a better one. */
void match_held(struct pairing *p, uint32_t index, bool any);
/* The key of the partner of a packet. */
uint64_t match_key(const struct pairing *p, const struct held *h);
/* Pairs a packet that has just come, if it is sure which one its partner is. */
void match_at_once(struct pairing *p, uint32_t index);
/* Notes that a paired packet was passed in the order of arrival. */
void match_settle(struct pairing *p, uint32_t index);
/* Of all packets of the near flow that have settled. */
void match_again(struct pairing *p, uint32_t pair);
/* How far a delay, by the clock of the overview, is from that of others the same way. NSTIME_NEVER: there are none. */
nstime match_lateness(const struct pairing *p, uint8_t near_ttl, uint8_t far_ttl, nstime delay);
/* True: both are the same packet, seen twice at one point. */
bool match_is_twin(const struct held *a, const struct held *b);
/* True: only their times tell two packets of one point apart at the other one. */
bool match_is_alike(const struct pairing *p, const struct held *a, const struct held *b);

/* True: the other point has a paired packet that is the same, and shows it twice: the second one is ours. */
bool match_is_copied(const struct pairing *p, const struct held *h);
/* True: the other point has a paired packet with the same bytes of the stream. */
bool match_was_sent(const struct pairing *p, const struct held *h);

/* delays.c */
void delays_add(struct delays *delays, nstime near, nstime ahead, nstime common);

/* rewrites.c: what differs between both ends of a pair: bit set of 1 << enum rewrite_field. Counts it. */
uint32_t rewrites_note(struct pairing *p, struct pair *pair, const struct held *near, const struct held *far);
void rewrites_count(struct pairing *p, struct pair *pair, const struct transit_rewrite *row);

/* judging/outcome.c: the end. */
bool outcome_make(struct pairing *p, struct transit_result *out);

/* Routers between two points that a packet passed with these TTLs. */
static inline unsigned hops_between(uint8_t near_ttl, uint8_t far_ttl)
{
    return far_ttl < near_ttl ? near_ttl - far_ttl : far_ttl - near_ttl;
}

#endif
