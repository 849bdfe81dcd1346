/* SPDX-License-Identifier: BSD-2-Clause */
/* conversation: what is kept of a conversation while its packets come: its flow at each point and, once both are found
 * to be the same, what their packets have in common. Floor: pairing; internal. */
#ifndef HOPSONDE_PAIRING_CONVERSATION_H
#define HOPSONDE_PAIRING_CONVERSATION_H

#include "pairing/result.h"
#include "pairing/stream.h"

#define NONE UINT32_MAX

/* --- at one point --- */

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
    uint32_t seq, options;
};

struct flow {
    uint32_t hosts[2]; /* the sender of the first packet, its receiver */
    uint16_t ports[2];
    uint8_t protocol, point, version;
    bool is_error;       /* ICMP errors */
    bool closed;         /* TCP: a FIN or RST was seen */
    uint8_t evidence;    /* for `candidate` */
    int16_t score;       /* bits that speak for `candidate` */
    uint32_t candidate;  /* flow of the other point; NONE */
    uint32_t pair;       /* NONE: not paired */
    uint32_t left_out;   /* of its packets that are alone, how many were not kept */
    uint32_t kept_alone; /* of its packets that are alone, how many were kept */
    nstime first, last;  /* clock of its point */
    struct flow_syn syn[2];
    struct flow_way ways[2];
};

/* --- at both points --- */

struct delay_sample {
    nstime near, ahead; /* near clock; by how much the far stamp is ahead of the near one */
};

struct delays {
    uint64_t seen;
    struct delay_sample least, most; /* by the clock of the overview */
    nstime least_common, most_common;
    struct delay_sample *kept; /* owned */
    uint16_t count, capacity;
};

/* What is added to the near point's numbers to make the far point's. */
struct added {
    bool known;
    uint8_t votes;        /* for `next`, of packets with other numbers */
    uint32_t value, next; /* what the last packets say */
    uint32_t number;      /* of the last one */
};

struct pair_way {
    struct added seq, timestamp;
    uint32_t arrived;
    uint32_t down, up; /* packets whose TTL is lower at the far point, at the near one */
    bool ids_differ;   /* of packets that begin alike, at least once */
    uint32_t duplicated;
    uint32_t reordered[TRANSIT_POINTS], order_most[TRANSIT_POINTS];
    uint8_t ttl[TRANSIT_POINTS]; /* of the last packet */
    bool has_expected;
    nstime expected; /* delay by the clock of the overview */
    uint32_t unit;   /* TCP: bytes of the largest frame that is one packet */
    struct delays delays;
};

struct pair {
    uint32_t flows[TRANSIT_POINTS];
    bool flipped; /* the far flow's way 0 is the near flow's way 1 */
    uint8_t evidence;
    int16_t score;
    nstime since;                     /* near clock: when both flows were found to be the same */
    struct pair_way ways[2];          /* by the near flow's ways */
    struct transit_rewrite *rewrites; /* owned, room for a power of 2; `way` is the near flow's */
    uint32_t rewrite_count;
};

struct conversation {
    struct flow flows[TRANSIT_POINTS]; /* paired: near and far; else the first one alone */
    struct pair pair;                  /* paired: what both have in common */
    bool is_paired;
};

/* conversations.c: frees what it owns. */
void conversation_clear(struct conversation *conversation);

#endif
