/* SPDX-License-Identifier: BSD-2-Clause */
/* passage: a packet as it passes a capture point, reduced to what pairing needs. Floor: pairing; internal.
 *
 * A name is a hash of what networks leave alone. Two points that show the same name probably show the same packet. A
 * packet has several, since a network may change some of it: TCP sequence numbers (a constant is added), the
 * timestamps option, addresses and ports. No name holds what routers change, nor lengths of TCP segments, which
 * offloading changes. */
#ifndef HOPSONDE_PAIRING_PASSAGE_H
#define HOPSONDE_PAIRING_PASSAGE_H

#include "packet/packet.h"

/* Bytes of payload that are compared. Unit: bytes. Source: headers of DNS, RTP, QUIC, WireGuard and ESP with their
 * counters are shorter, and so are most answers of DNS. Effect: fewer let different packets look alike, as a forged
 * answer and the true one; more cost time. */
#define CONTENT_BYTES 128

/* So many bytes tell packets of different lengths apart. Unit: bytes. Source: a line of text, or a header. Effect: with
 * more, short forged packets are taken for the true ones; fewer are equal by chance. */
#define BEGINNING_BYTES 16

#define OPTIONS_UNKNOWN UINT32_MAX

enum passage_kind {
    PASSAGE_TCP,
    PASSAGE_OTHER, /* compared as a whole */
    PASSAGE_ERROR, /* an ICMP error */
};

enum passage_name {
    NAME_SEQ,        /* TCP: sequence and acknowledgement number, first bytes; echo: id, sequence number and payload */
    NAME_TIMESTAMPS, /* TCP: both timestamps, first bytes */
    NAME_ONE_SEQ,    /* TCP without timestamps: the sequence number, first bytes */
    NAME_ONE_ACK,    /* TCP without timestamps: the acknowledgement number, first bytes */
    NAME_CONTENT,    /* first bytes of payload, with its length unless it is TCP */
    PASSAGE_NAMES,
};

struct passage {
    nstime time;   /* clock of its point */
    nstime common; /* near clock; set by the caller */
    uint64_t frame;
    uint8_t file, point;
    uint32_t interface;
    uint8_t kind;     /* enum passage_kind */
    uint8_t version;  /* 4, 6 */
    uint8_t protocol; /* ICMP for both versions of ICMP */
    struct addr source, target;
    uint16_t source_port, target_port; /* echo: the id is the port of the one who asks */
    uint16_t id;                       /* IPv4; 0: none */
    uint8_t ttl, tos;
    bool dont_fragment, is_fragment;
    bool cut; /* the capture lacks some of the bytes that are compared */
    uint32_t flow_label;
    uint32_t length;                  /* bytes of payload, as the headers say */
    uint64_t content;                 /* of its first bytes; a segment without payload: of its SACK blocks */
    uint32_t beginning;               /* TCP: a hash of the first BEGINNING_BYTES. Others: of CONTENT_BYTES, or of the
                                       * whole payload, if `content` has fewer. 0: the capture does not have them */
    uint8_t content_bytes;            /* that `content` holds */
    uint32_t captured;                /* bytes of payload that the capture has */
    uint64_t names[PASSAGE_NAMES];    /* 0: none */
    uint8_t name_bits[PASSAGE_NAMES]; /* how much a name tells: bits that hardly repeat by chance */
    /* TCP: */
    uint32_t seq, ack;
    uint16_t window, mss;
    uint8_t flags, window_scale;
    bool has_timestamps;
    uint32_t timestamp, timestamp_echo;
    uint32_t options; /* bit set of 1 << option kind; bit 31 for all above 30; OPTIONS_UNKNOWN: the capture cut them */
};

/* Numbers that a passage takes of TCP's sequence space. */
static inline uint32_t passage_span(const struct passage *p)
{
    return p->kind != PASSAGE_TCP ? 0 : p->length + ((p->flags & TCP_SYN) != 0) + ((p->flags & TCP_FIN) != 0);
}

/* Reads the outer packet. At most `content_most` bytes of its payload are compared. False: it is no IP packet, or a
 * later fragment of TCP. The caller sets `common`, `point` and `file`. */
bool passage_read(const struct frame *frame, const struct packet *packet, unsigned content_most, struct passage *out);

/* Mixes a value into a hash. */
uint64_t passage_mix(uint64_t hash, uint64_t value);
/* Hashes at most CONTENT_BYTES bytes. */
uint64_t passage_hash(uint64_t hash, const uint8_t *bytes, size_t count);

#endif
