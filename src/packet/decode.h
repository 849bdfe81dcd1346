/* decode: what the files of packet/ share among themselves. Floor 1; internal.
 *
 * Each layer gets a cursor over the bytes that are at hand of it, bounded by the length that the layer above
 * announces for it and by the capture. `malformed` keeps the first reason that was found. */
#ifndef HOPSONDE_PACKET_DECODE_H
#define HOPSONDE_PACKET_DECODE_H

#include "base/cursor.h"
#include "packet/packet.h"

static inline void malformed_because(const char **malformed, const char *reason)
{
    if (!*malformed)
        *malformed = reason;
}

/* What bytes that end before the packet does are to mean. */
enum extent {
    EXTENT_WHOLE,  /* the sender's fault: malformed */
    EXTENT_CUT,    /* the capture kept no more */
    EXTENT_QUOTED, /* a router quotes what it likes: lengths and flags may be off, zeros may be padding */
};

/* Steps over the link layer's headers. Sets kind (PACKET_PLAIN where an IP packet should follow), malformed,
 * direction and interface of `out`; the cursor returned stands at the IP header. */
struct cursor link_decode(const struct frame *frame, struct packet *out);

/* Decodes the IP packet at `bytes`, transport header included. Version 0 in `out` where it cannot be read. */
void ip_decode(const uint8_t *bytes, size_t captured, enum extent extent, struct headers *out, const char **malformed);

/* Decodes the transport header at `c`, which covers the bytes at hand out of `size` that the IP header announces.
 * Bytes of a quote that can only be its padding are left out. */
void transport_decode(struct cursor c, uint32_t size, const struct ip_header *ip, enum extent extent,
                      struct transport *out, const char **malformed);

/* Where `out->outer` is an ICMP error: sets kind, mtu, extension and quote. */
void icmp_decode(struct packet *out);

/* The extension structure (RFC 4884 7) that fills `c` to its end: version, checksum and the tiling of its objects
 * are checked before anything of it is believed. False, and `out` untouched, where it is none. */
bool icmp_extension_decode(struct cursor c, struct icmp_extension *out, const char **malformed);

#endif
