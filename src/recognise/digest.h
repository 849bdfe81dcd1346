/* SPDX-License-Identifier: BSD-2-Clause */
/* digest: a packet, reduced to what the recogniser wants of it. Floor 4. Keeps nothing. */
#ifndef HOPSONDE_RECOGNISE_DIGEST_H
#define HOPSONDE_RECOGNISE_DIGEST_H

#include "probe/type.h"
#include "trace/trace.h"

#define SHOWN_BYTES 12 /* of a payload: where the tools write their marks */

/* The fields of a probe that show its tool or identify a quote of it. Unknown is 0. */
struct traits {
    uint32_t word;     /* source port (high half) and target port; echo: id and sequence number */
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

/* The name that a probe bears, as probe_name_seen() reads it. */
struct carried_name {
    uint8_t variant; /* the number of its variant row */
    char text[PROBE_NAME_MOST + 1];
};

/* The caller frees it. NULL: there is none, or no memory. */
struct carried_name *carried_name_copy(const struct carried_name *name);
/* NULL: no name. */
bool carried_name_equal(const struct carried_name *a, const struct carried_name *b);

/* A packet as the recogniser needs it, by value. Of an ICMP error, address and traits are those of the quoted packet.
 * Small, since read_ahead passes one for each frame to another thread. */
struct digest {
    nstime time;
    uint64_t frame;
    uint64_t pair_hash; /* of source, target and protocol */
    uint64_t key;       /* by which the index finds it as a probe */
    /* Where it may be an answer, of target, source and protocol; of an ICMP error, of twice the host that it came to
     * and protocol 0. */
    uint64_t answer_hash;
    uint64_t answer_key;        /* the key of what it would answer; with may_answer_key */
    uint64_t same;              /* of all that each copy of this packet has in common; see digest_packet() */
    uint64_t same_beyond_nat;   /* of what a translator of the source leaves alone; 0: it is no probe */
    uint32_t answered_id;       /* the query_id of what it would answer; 0: none. With may_answer */
    struct addr source, target; /* none: there is no quote */
    uint8_t protocol;
    uint8_t kind;  /* enum packet_kind, of the outermost */
    uint8_t shape; /* enum probe_shape; of a quote SHAPE_NONE where it is too short to tell */
    struct traits traits;
    uint32_t have; /* enum have: which traits are known */
    uint32_t interface;
    uint16_t length; /* of UDP, as its header says */
    uint8_t direction, file;
    bool has_word;
    bool may_answer;
    bool may_answer_key; /* answer_key is set */
    bool is_fragment;    /* a later fragment */
    bool malformed;
    bool cut;            /* an ICMP error whose quote the capture cut before the ports */
    struct reply answer; /* of an ICMP error or a packet with may_answer, else undefined; owns nothing */
    const struct icmp_extension *extension; /* likewise; borrowed; NULL: none */
    const struct tunnels *inside;           /* that the packet came in; borrowed; NULL: none */
    const struct carried_name *name;        /* of a packet with a low TTL; borrowed; NULL: none */
};

/* What digest_packet() needs to know. */
struct digester {
    uint64_t secret;
    const struct probe_type *types[256]; /* by IP protocol */
    /* By IP protocol. Bit n: a query to a port with port % 64 == n may bear an id. It saves most packets the search for
     * the port. */
    uint64_t query_ports[256];
};

void digest_init(struct digester *digester, uint64_t secret);
/* Reads the packet and the digester alone.
 *
 * `same` names a packet at every place of capture: it hashes only fields that forwarding leaves alone. Left out are the
 * TTL, the DSCP, the options of a SYN, and checksums that offloading fills in late. So are bytes that a short capture
 * lacks. */
void digest_packet(const struct digester *digester, unsigned file, const struct frame *frame,
                   const struct packet *packet, struct digest *out);
/* Reads the name that a packet with a low TTL bears, after digest_packet(); `name`, which the digest borrows, gets it.
 */
void digest_read_name(const struct digester *digester, const struct packet *packet, struct carried_name *name,
                      struct digest *out);

uint64_t digest_pair_hash(const struct digester *digester, const struct addr *source, const struct addr *target,
                          uint8_t protocol);
/* `extra`: what tells apart the probes of one pair and word. */
uint64_t digest_key(uint64_t pair_hash, uint32_t word, uint32_t extra);
/* The TTL of the outermost header; 0: it is not IP. */
static inline uint8_t digest_outer_ttl(const struct digest *digest)
{
    return digest->kind == PACKET_ICMP_ERROR ? digest->answer.reply_ttl : digest->traits.ttl;
}
/* Whether a number of its own tells the packet from others of its flow. */
static inline bool digest_has_id(const struct digest *digest)
{
    return digest->traits.ip_id || digest->traits.seq;
}
/* The word of the packet that this one would answer. */
static inline uint32_t digest_answered_word(const struct digest *digest)
{
    uint32_t word = digest->traits.word;
    return digest->have & HAVE_ECHO ? word : word << 16 | word >> 16;
}

#endif
