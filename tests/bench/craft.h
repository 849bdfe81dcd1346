/* SPDX-License-Identifier: BSD-2-Clause */
/* craft: packets for the captures of the bench, built in place. Not hopsonde's own code, so that what reads them is not
 * tested with what wrote them. */
#ifndef HOPSONDE_TESTS_CRAFT_H
#define HOPSONDE_TESTS_CRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRAFT_BYTES_MOST 2048

enum { CRAFT_ICMP = 1, CRAFT_TCP = 6, CRAFT_UDP = 17, CRAFT_ICMP6 = 58 };

struct craft_address {
    bool v6;
    uint8_t bytes[16]; /* IPv4: the first four */
};

/* What stands in the IP header besides lengths and checksum. */
struct craft_ip {
    struct craft_address source, target;
    uint8_t ttl, protocol;
    uint16_t id;   /* IPv4 */
    bool df;       /* IPv4 */
    uint32_t flow; /* IPv6: the label */
};

/* How routers quote the packet that they report: its header and 8 bytes; as much as an ICMP error of 576 bytes (1280
 * with IPv6) holds; and 128 bytes with an MPLS label behind them (RFC 4884, 4950). */
enum craft_quote { CRAFT_QUOTE_SHORT, CRAFT_QUOTE_LONG, CRAFT_QUOTE_EXTENDED };

/* Each writes a header at `out`, its checksum left out, and returns its length. */
size_t craft_udp(uint8_t *out, uint16_t source, uint16_t target, size_t payload_length);
size_t craft_tcp(uint8_t *out, uint16_t source, uint16_t target, uint32_t sequence, uint32_t acknowledged,
                 uint8_t flags, bool options);
size_t craft_echo(uint8_t *out, uint8_t type, uint16_t id, uint16_t sequence);
/* An ICMP error about the `length` bytes of `packet`, an IP packet that arrived with a TTL of 1. */
size_t craft_error(uint8_t *out, uint8_t type, uint8_t code, const uint8_t *packet, size_t length,
                   enum craft_quote quote);

/* Puts the IP header before `length` bytes of transport header and payload, which stand at `out` + craft_ip_bytes(),
 * and fills in both checksums. Returns the length of the packet. */
size_t craft_ip_bytes(const struct craft_ip *ip);
size_t craft_ip(uint8_t *out, const struct craft_ip *ip, size_t length);
/* The transport checksum of a packet made by craft_ip(). */
uint16_t craft_checksum(const uint8_t *packet, uint8_t protocol);
/* Sets the id of an IPv4 packet once more. */
void craft_set_id(uint8_t *packet, uint16_t id);

#endif
