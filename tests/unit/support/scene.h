/* SPDX-License-Identifier: BSD-2-Clause */
/* scene: the recogniser fed with packets made by hand, in virtual time. For the tests of recognise/.
 *
 * Every frame goes to two recognisers, one that keeps and one that reports at once. What was found is written as text:
 *
 *     udp 2 rounds reached: 1 r1 r1; 2 * r2; 3 T!3; errors: r7 11/0 tcp 10.0.0.2:1>192.0.2.9:80; other: ordinary
 * traffic 2
 *
 * A hop lists its probes in the order in which they were sent: `*` silent, else the node that answered: T the target, S
 * the source, rN the router 10.9.N.1 or 2001:db8:9:N::1. Behind it: !N the code of a refusal, =echo =synack =rst =tcp
 * =udp =sctp =dccp =raw for direct answers; ~ for a weak match, ^ for a rewritten one; ? where the stamps do not show
 * the time; +WHO for each further reply. */
#ifndef HOPSONDE_TESTS_SCENE_H
#define HOPSONDE_TESTS_SCENE_H

#include "recognise/recognise.h"

#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)

#define S4 "10.0.0.2"
#define T4 "192.0.2.9"
#define S6 "2001:db8::2"
#define T6 "2001:db8:ff::9"

/* A packet. Fields that are 0 or NULL have the usual value. */
struct made {
    const char *from, *to; /* NULL: from S4 to T4 */
    uint8_t protocol;      /* 0: UDP */
    uint8_t ttl;
    uint8_t tos;
    bool dont_fragment;
    uint16_t id;
    uint32_t flow_label;
    uint16_t source, target; /* ports; echo: id and sequence number */
    uint32_t seq, ack;       /* TCP, DCCP; SCTP: initiate tag and verification tag */
    uint8_t flags;           /* TCP */
    uint16_t window;
    uint16_t checksum;
    bool has_options;           /* TCP: 20 bytes of them */
    uint32_t stamp, stamp_echo; /* the timestamps in them; 0: 1 and 0 */
    uint8_t type, code;         /* ICMP (0: echo request), DCCP packet type, SCTP chunk (0: INIT) */
    bool is_reply;              /* ICMP: echo reply */
    const char *payload;        /* text; NULL: zeros */
    uint16_t payload_length;    /* 0: that of the text */
};

/* An ICMP error. */
struct made_error {
    const char *from, *to; /* NULL: back to whom the quote says */
    uint8_t type, code;    /* 0: time exceeded of the quoted packet's family */
    uint8_t ttl;           /* 0: 60 */
    uint8_t quoted_ttl;    /* 0: 1 */
    uint16_t id;
    uint16_t quote_bytes; /* of the transport header; 0: 8 */
    bool quote_whole;
    bool swap_id, zero_id;     /* what routers do to the quoted IPv4 id */
    const char *quoted_source; /* what a NAT left there; NULL: as sent */
    uint32_t mpls;             /* a label; 0: none */
    uint32_t mtu;
};

struct bytes {
    uint8_t at[1600];
    size_t length;
};

struct bytes make_packet(const struct made *made);
struct bytes make_error(const struct made_error *error, const struct made *quoted);

struct scene_config {
    bool (*wants_trace)(void *context, const struct trace *trace);
    bool (*wants_error)(void *context, const struct other_error *error);
};

/* Starts a scene; one at a time. */
void scene_begin(const struct scene_config *config); /* NULL: everything is wanted */
/* The next frames come from this file and interface. */
void scene_from(unsigned file, unsigned interface);
/* The next frames were captured so; unknown at first. */
void scene_heads(enum frame_direction direction);
void scene_bytes(double ms, const struct bytes *bytes);
void scene_see(double ms, const struct made *made);
void scene_error(double ms, const struct made_error *error, const struct made *quoted);
/* A frame from elsewhere. */
void scene_frame(unsigned file, const struct frame *frame);
void scene_break_off(void);
/* The end. Returns what was found; valid until scene_end(). */
const struct recognition *scene_result(void);
/* After scene_result(), as text; valid until the next. It begins with UNSOUND where something does not hold that always
 * must: the counters add up, each hop's probes are in order, and keeping gave what telling at once did. */
const char *scene_text(void);
void scene_end(void);

#define scene_is(want, name) (scene_result(), is_text(scene_text(), (want), "%s", (name)), scene_end())

#define see(ms, ...) scene_see((ms), &(struct made){__VA_ARGS__})
#define error_of(ms, quoted, ...) scene_error((ms), &(struct made_error){__VA_ARGS__}, (quoted))

#endif
