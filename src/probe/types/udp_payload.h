/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_payload: what UDP probes carry, a row for each variant. Floor 2; internal to probe/.
 *
 * Payloads that a service answers, since silence from an open port tells nothing. */
#ifndef HOPSONDE_PROBE_TYPES_UDP_PAYLOAD_H
#define HOPSONDE_PROBE_TYPES_UDP_PAYLOAD_H

#include "probe/identity.h"

#define UDP_HEADER 8
#define UDP_CHECKSUM 6

/* The least bytes of each. */
#define DNS_LEAST 32
#define NTP_LEAST 48
#define QUIC_LEAST 1200

struct udp_payload {
    enum probe_variant variant;
    /* Whether the checksum is the IPv4 id, through a word of the payload at `steer_offset`, if the payload has one. */
    bool steered;
    uint16_t steer_offset;
    /* The payload of serial 0. */
    enum status (*fill)(const struct flow *flow, uint8_t *payload, size_t length, struct err *err);
    /* Codes the serial into the datagram and keeps its checksum right; the checksum is steered after that. NULL: the
     * steering word does it all. */
    void (*stamp)(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length);
    /* The mark in a payload of ours; NULL: it has none. */
    struct told (*read)(const struct flow *flow, struct cursor payload);
    /* The serial that the service's answer echoes; 0: it tells none. */
    uint16_t (*answer)(const struct flow *flow, struct cursor payload);
};

extern const struct udp_payload udp_payload_dns, udp_payload_ntp, udp_payload_quic;

/* The template's own words at an offset of its UDP payload, and its checksum. */
uint16_t udp_template_word(const struct flow *flow, size_t payload_offset);
uint16_t udp_template_checksum(const struct flow *flow);

#endif
