/* SPDX-License-Identifier: BSD-2-Clause */
/* craft: whole packets by libnet. Floor 2; internal to probe/.
 *
 * Payload, then transport, then IP: libnet needs this order but does not check it. The context only builds and opens no
 * socket. */
#ifndef HOPSONDE_PROBE_CRAFT_H
#define HOPSONDE_PROBE_CRAFT_H

#include "probe/flow.h"

struct craft; /* a libnet context */

/* NULL and `err`: libnet has no memory. */
struct craft *craft_new(struct err *err);
void craft_free(struct craft *craft);

struct craft_tcp {
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window;
    const uint8_t *options; /* a multiple of 4 bytes */
    uint8_t options_length;
};

/* One of these first; the payload is copied. Checksums are libnet's. */
enum status craft_add_udp(struct craft *craft, const struct flow *flow, const uint8_t *payload, size_t length,
                          struct err *err);
enum status craft_add_tcp(struct craft *craft, const struct flow *flow, const struct craft_tcp *tcp,
                          const uint8_t *payload, size_t length, struct err *err);
/* Echo request of the flow's family; seq 0. */
enum status craft_add_echo(struct craft *craft, const struct flow *flow, uint8_t *payload, size_t length,
                           struct err *err);
/* A transport header and payload that libnet has no builder for; checksums are the caller's. */
enum status craft_add_bytes(struct craft *craft, const uint8_t *bytes, size_t length, struct err *err);
/* Puts the IP header before it. `*packet` is malloc'ed, flow->size bytes. */
enum status craft_finish(struct craft *craft, const struct flow *flow, uint8_t **packet, struct err *err);

#endif
