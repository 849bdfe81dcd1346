/* SPDX-License-Identifier: BSD-2-Clause */
/* digest: a packet, reduced to what the recogniser wants of it. Floor 4. Keeps nothing. */
#ifndef HOPSONDE_RECOGNISE_DIGEST_H
#define HOPSONDE_RECOGNISE_DIGEST_H

#include "probe/type.h"
#include "trace/trace.h"

#define SHOWN_BYTES 12 /* of a payload: where the tools write their agreement */

/* What the headers of a probe show of its tool, and what a quote of it can be told by. Unknown is 0. */
struct traits {
    uint32_t word;     /* both ports, the source's high; echo: id and sequence number */
    uint32_t seq, ack; /* TCP, DCCP, SCTP */
    uint32_t query_id; /* a hash of the id that its answer repeats; 0: none */
    uint32_t flow_label;
    uint16_t ip_id, checksum, window;
    uint16_t size;          /* of the whole packet */
    uint16_t payload_bytes; /* on the wire */
    uint8_t ttl, tos, tcp_flags;
    bool dont_fragment, has_options; /* options of TCP */
    uint8_t payload_length;          /* how many bytes of the payload are in `payload` */
    uint8_t payload[SHOWN_BYTES];
};

/* All that the recogniser wants of a packet, by value: of the one that an ICMP error quotes, or else of the packet
 * itself. Small, since large captures hand them from one thread to another. */
struct digest {
    nstime time;
    uint64_t frame;
    uint64_t pair_hash;         /* of source, target and protocol */
    uint64_t key;               /* of all that is in the index */
    uint64_t answer_hash;       /* of target, source and protocol, where it may be an answer */
    uint64_t answer_key;        /* the key of what it would answer; with may_answer_key */
    uint32_t answered_id;       /* the query_id of what it would answer; 0: none. With may_answer */
    struct addr source, target; /* none: there was no such packet */
    uint8_t protocol;
    uint8_t kind;  /* enum packet_kind, of the outermost */
    uint8_t shape; /* enum probe_shape; of a quote SHAPE_NONE where it is too short to tell */
    struct traits traits;
    uint32_t have; /* enum have: which of the traits were there to be read */
    uint32_t interface;
    uint16_t length; /* of UDP, as its header says */
    uint8_t direction, file;
    bool has_word;
    bool may_answer;
    bool may_answer_key; /* its probe may be found by a key */
    bool is_fragment;    /* not the first */
    bool malformed;
    bool cut;            /* an ICMP error of which the capture has too little to say what it is about */
    struct reply answer; /* an ICMP error, or what may be an answer; owns nothing, else undefined */
    const struct icmp_extension *extension; /* the same; borrowed; NULL: there is none */
};

/* What digests are made with. */
struct digester {
    uint64_t secret;
    const struct probe_type *types[256]; /* by IP protocol */
    /* Bit n: a query to a port with port % 64 == n may bear an id. It saves most packets the search for the port. */
    uint64_t query_ports;
};

void digest_init(struct digester *digester, uint64_t secret);
/* Reads the packet and the digester alone. */
void digest_packet(const struct digester *digester, unsigned file, const struct frame *frame,
                   const struct packet *packet, struct digest *out);

uint64_t digest_pair_hash(const struct digester *digester, const struct addr *source, const struct addr *target,
                          uint8_t protocol);
/* `extra`: what tells apart the probes of one pair and word. */
uint64_t digest_key(uint64_t pair_hash, uint32_t word, uint32_t extra);
/* The word of the packet that this one would answer. */
static inline uint32_t digest_answered_word(const struct digest *digest)
{
    uint32_t word = digest->traits.word;
    return digest->have & HAVE_ECHO ? word : word << 16 | word >> 16;
}

#endif
