/* SPDX-License-Identifier: BSD-2-Clause */
/* decode: what the files of packet/ share among themselves. Floor 1; internal.
 *
 * Each layer gets the bytes that are at hand of it, bounded by the length that the layer above
 * announces for it and by the capture. `malformed` keeps the first reason that was found. */
#ifndef HOPSONDE_PACKET_DECODE_H
#define HOPSONDE_PACKET_DECODE_H

#include <string.h>

#include "base/cursor.h"
#include "packet/packet.h"

static inline void malformed_because(const char **malformed, const char *reason)
{
    if (!*malformed)
        *malformed = reason;
}

/* Bytes at hand, as one layer leaves them to the next: small enough to go in registers, which a cursor is not. */
struct span {
    const uint8_t *bytes;
    size_t count;
};

static inline struct span span_left(const struct cursor *c)
{
    return (struct span){cursor_here(c), cursor_left(c)};
}

/* As where no packet is: version 0, no bytes. */
static inline void headers_clear(struct headers *out)
{
    out->ip = (struct ip_header){0};
    memset(&out->transport, 0, offsetof(struct transport, tcp_options));
    out->transport.tcp_options.kind_count = 0;
    out->bytes = NULL;
    out->captured = 0;
}

/* What it means if the bytes end before the packet does. */
enum extent {
    EXTENT_WHOLE,  /* malformed */
    EXTENT_CUT,    /* the capture kept no more */
    EXTENT_QUOTED, /* a quote: lengths and flags may be wrong, zeros may be padding */
};

/* Steps over the link layer's headers and returns the IP packet behind them. Sets kind (PACKET_PLAIN where an IP packet
 * should follow), malformed, direction and interface of `out`. Sets `truncated` where the link layer's own header may
 * have cut the packet. */
struct span link_decode(const struct frame *frame, struct packet *out);

/* Decodes an IP packet, transport header included. Sets all of `out`; as headers_clear() does where it
 * cannot be read. */
void ip_decode(struct span packet, enum extent extent, struct headers *out, const char **malformed);

/* Whether the bytes can only be an IP packet. The capture may lack its last `missing` bytes.
 * 1. IPv4: the header is whole and its checksum is right.
 * 2. IPv6: the next header is known, the source is no multicast address, and the target is specified.
 * 3. Both: the length that the header announces fits. */
bool ip_is_sound(struct span packet, size_t missing);

/* Decodes the transport header of a segment. `segment` has the captured bytes; the IP header announces `size` bytes.
 * It leaves out bytes of a quote that can only be padding. `out` is clear. */
void transport_decode(struct span segment, uint32_t size, const struct ip_header *ip, enum extent extent,
                      struct transport *out, const char **malformed);

/* The ICMP of an IP version; that of the other version is an unknown protocol. */
static inline uint8_t icmp_of(uint8_t version)
{
    return version == 4 ? IP_ICMP : IP_ICMP6;
}

/* Of icmp_decode(): `out->outer` is an ICMP message. */
void icmp_decode_message(struct packet *out);

/* Where `out->outer` is an ICMP error: sets kind, mtu, extension and quote, which are clear. */
static inline void icmp_decode(struct packet *out)
{
    const struct headers *outer = &out->outer;
    if (outer->ip.protocol == icmp_of(outer->ip.version) && (outer->transport.have & HAVE_TYPE))
        icmp_decode_message(out);
}

/* The extension structure (RFC 4884 7) that fills these bytes to their end: version, checksum and the tiling of its
 * objects are checked before anything of it is believed. `out` is clear; false, and it stays so, where there is none.
 */
bool icmp_extension_decode(struct span bytes, struct icmp_extension *out, const char **malformed);

#endif
