/* SPDX-License-Identifier: BSD-2-Clause */
/* packets: packets of two points, made by hand, and what pairing makes of them. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_PAIRING_PACKETS_H
#define HOPSONDE_TESTS_UNIT_PAIRING_PACKETS_H

#include "pairing/pairing.h"
#include "probe/identity.h"

#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)
#define FRAMES_MOST 512
#define FRAME_BYTES 256
#define DELAY (10 * MS) /* each way */

struct seen {
    nstime time;
    size_t length;
    uint32_t on_wire; /* of a segment that is longer than its bytes here */
    uint8_t bytes[FRAME_BYTES];
};

struct point {
    struct seen seen[FRAMES_MOST];
    unsigned count;
};

/* A packet as one point sees it. */
struct sent {
    const char *from, *to;
    uint16_t from_port, to_port;
    uint16_t id;
    uint8_t ttl, flags, protocol;
    uint32_t seq, ack, timestamp;
    unsigned payload; /* bytes that the header announces */
    unsigned sacked;  /* blocks of SACK; without a timestamp */
    uint32_t first;   /* number in the first payload byte: the same number, the same payload */
};

extern struct point points[TRANSIT_POINTS];
extern nstime far_ahead; /* the far clock */
extern struct overview_result first_reading;
extern const struct transit_result *result;
extern struct pairing *pairing; /* pairing_free() ends a run */

void begin(nstime ahead);
void see(enum transit_point point, nstime at, struct sent sent);
void finish(void);

void put_address(uint8_t *at, const char *text);

/* --- a connection behind a NAT --- */

#define CLIENT "10.0.0.2"
#define PUBLIC "192.0.2.7"
#define SERVER "198.51.100.9"

struct sent up(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload);
struct sent down(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload);
/* The same packets at the far point. */
struct sent up_far(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload);
struct sent down_far(uint16_t id, uint8_t flags, uint32_t seq, uint32_t ack, unsigned payload);
void handshake(nstime at);
/* A request of 500 bytes and its acknowledgement; number from 0. */
void exchange(nstime at, unsigned number);
/* Packets of both points long before and long after, so that all between is covered. */
void frame_it(void);
void end_it(void);
unsigned count_fate(enum transit_fate fate, enum transit_reason reason);

/* A datagram of a conversation, at one point. `first`: its payload. */
void see_datagram(enum transit_point point, nstime at, unsigned payload, uint32_t first);
/* A packet of a conversation that the other point does not see. */
void see_other(enum transit_point point, nstime at);

#endif
