/* SPDX-License-Identifier: BSD-2-Clause */
/* pkt: whole IP packets of the simulated network: built, and edited with their checksums kept right. For tests only;
 * shares nothing with what crafts probes. */
#ifndef HOPSONDE_TESTS_SIM_PKT_H
#define HOPSONDE_TESTS_SIM_PKT_H

#include "packet/packet.h"

#define PKT_MOST 1600 /* more than any link of the network takes */

struct pkt {
    uint16_t length;
    uint8_t bytes[PKT_MOST];
};

/* Fields of a new packet's IP header. */
struct pkt_ip {
    struct addr source, target;
    uint8_t protocol, ttl, tos;
    uint16_t id; /* IPv4 */
    bool dont_fragment;
};

/* An IP packet around `payload`; transport checksums are the caller's. */
void pkt_build(struct pkt *out, const struct pkt_ip *ip, const uint8_t *payload, size_t length);
/* Computes the checksum of the transport header (ICMP, ICMPv6, TCP, UDP, UDP-Lite, DCCP) of a whole packet from
 * scratch. */
void pkt_sum(struct pkt *p);

/* Decodes it; the result points into `p`. False where it is malformed. */
bool pkt_decode(const struct pkt *p, struct packet *out);

void pkt_put16(uint8_t *at, uint16_t value);
void pkt_put32(uint8_t *at, uint32_t value);
uint16_t pkt_get16(const uint8_t *at);

/* Edits of an IP packet of `captured` bytes at `bytes`: a whole one, or one cut short inside a quote. Checksums that
 * cover the field and are there are updated (RFC 1624), those of the transport header only with `transport_sums`. */
void pkt_set_ttl(uint8_t *bytes, uint8_t ttl);
void pkt_set_tos(uint8_t *bytes, uint8_t tos);
void pkt_set_id(uint8_t *bytes, uint16_t id); /* IPv4 */
void pkt_set_address(uint8_t *bytes, size_t captured, bool target, const struct addr *address, bool transport_sums);
/* Nothing happens where ports are not there. SCTP's CRC is left as it was: the simulator checks none. */
void pkt_set_port(uint8_t *bytes, size_t captured, bool target, uint16_t port, bool transport_sums);
/* A 16-bit word of the transport header. */
void pkt_set_word(uint8_t *bytes, size_t captured, size_t at, uint16_t value, bool transport_sums);

#endif
