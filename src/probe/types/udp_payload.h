/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_payload: what UDP probes carry. Floor 2; internal to probe/.
 *
 * An open UDP port answers only a query of its service, so each payload is such a query. A payload is one variant row
 * in a file of its own, with one of these structs, and one line in udp_variants[] (payloads.c). */
#ifndef HOPSONDE_PROBE_TYPES_UDP_PAYLOAD_H
#define HOPSONDE_PROBE_TYPES_UDP_PAYLOAD_H

#include "probe/identity.h"

#define UDP_HEADER 8
#define UDP_CHECKSUM 6

/* Bytes of a payload that must be there before it is called a query: as many as recognise/ keeps. */
#define SEEN_LEAST 12

struct udp_payload {
    /* True: the checksum tells the serial. The word of the payload at `steer_offset` makes it so, if there is one. */
    bool steered;
    uint16_t steer_offset;
    /* Writes the payload of serial 0. */
    enum status (*fill)(const struct flow *flow, uint8_t *payload, size_t length, struct err *err);
    /* Codes the serial into the datagram and keeps its checksum right; the checksum is steered after that. NULL: the
     * steering word is enough. */
    void (*stamp)(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length);
    /* The mark in one of our payloads. NULL: it has none. */
    struct mark (*read)(const struct flow *flow, struct cursor payload);
    /* The serial that the service's answer repeats; 0: none. */
    uint16_t (*answer)(const struct flow *flow, struct cursor payload);
    uint8_t answer_bits; /* of that repeated identity: what a forger has to guess */
    /* Of any program's packets: the bytes of a query that its answer repeats, and the bytes of an answer that it
     * repeats. Failed or empty: it has none, or is no query (no answer). NULL: this payload has no such bytes. */
    struct cursor (*query_id)(struct cursor payload);
    struct cursor (*answered_id)(struct cursor payload);
};

/* The next `count` bytes; failed where fewer are at hand. */
static inline struct cursor payload_bytes(struct cursor *payload, size_t count)
{
    struct cursor bytes = cursor_init(cursor_bytes(payload, count), count);
    if (payload->failed)
        cursor_fail(&bytes);
    return bytes;
}

/* The variants of UDP, NULL-terminated: of those for the same port the first that fits is taken. */
extern const struct probe_variant_row *const udp_variants[];
extern const struct probe_variant_row udp_dns, udp_dns_name, udp_quic, udp_quic_name, udp_ntp, udp_plain, udp_empty;

/* The template's own words at an offset of its UDP payload, and its checksum. */
uint16_t udp_template_word(const struct flow *flow, size_t payload_offset);
uint16_t udp_template_checksum(const struct flow *flow);

#endif
