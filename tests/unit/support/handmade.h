/* SPDX-License-Identifier: BSD-2-Clause */
/* handmade: a session fed with frames made by hand, for the tests of session/ and verdict/. */
#ifndef HOPSONDE_TESTS_HANDMADE_H
#define HOPSONDE_TESTS_HANDMADE_H

#include "session/session.h"

#define MS NS_PER_MS
#define START (INT64_C(1700000000) * NS_PER_S)

struct addr handmade_address(const char *text);
/* From 10.0.0.2 to 10.0.9.9, one query a hop, gap 8; `specs` ends with NULL. */
struct session_config handmade_config(const char *const *specs);

/* The interface of all frames that follow; 0 at first. */
void see_on_interface(uint32_t interface);
/* Each hands in one frame at START + `at` and returns what the session made of it. */
struct frame_note see_bytes(struct session *session, const uint8_t *bytes, size_t length, nstime at);
struct frame_note see_probe(struct session *session, unsigned trace, uint16_t serial, uint8_t ttl, nstime at);
/* An ICMP error from `from` that quotes the IP header and 8 bytes of the probe. `quoted_from` other than NULL replaces
 * the quoted source address, as a NAT leaves it. */
struct frame_note see_error(struct session *session, const char *from, uint8_t type, uint8_t code, unsigned trace,
                            uint16_t serial, const char *quoted_from, nstime at);
/* The same, fragmentation needed, with the MTU of the next link. */
struct frame_note see_too_big(struct session *session, const char *from, unsigned trace, uint16_t serial, uint16_t mtu,
                              nstime at);
/* An administrative prohibition that quotes the probe with so much left of its TTL. */
struct frame_note see_prohibition(struct session *session, const char *from, unsigned trace, uint16_t serial,
                                  uint8_t quoted_ttl, nstime at);
/* The same about another of the trace's flows; `quoted_port` other than 0 replaces the quoted source port. */
struct frame_note see_error_of_flow(struct session *session, const char *from, unsigned trace, unsigned flow,
                                    uint16_t serial, uint16_t quoted_port, nstime at);
/* The target's port unreachable about such a one. */
struct frame_note see_goal_of_flow(struct session *session, unsigned trace, unsigned flow, uint16_t serial, nstime at);
/* A TCP segment in the target's name that answers SYN `serial`, with the TTL it arrives with. */
struct frame_note see_tcp(struct session *session, uint8_t flags, uint8_t ttl, unsigned trace, uint16_t serial,
                          nstime at);

#endif
