/* SPDX-License-Identifier: BSD-2-Clause */
/* flow: what load balancers and firewalls key on, held constant, and the probes stamped out of it. Floor 2.
 *
 * flow_build() has libnet craft one whole packet, the template. A probe of the flow is the template with its TTL
 * and its identity patched in and the checksums put right; the identity is a serial number from 1, coded where
 * every router quotes it (the first 8 transport bytes, the IPv4 id; SCTP has room in the latter only)
 * and where the target's own answer echoes it. Each field has numbers of its own, so that a forger has to guess them
 * all. All that a balancer may hash stays constant: ports, lengths, flow label,
 * the ICMP checksum (Augustin 2006, Paris traceroute). Everything here but flow_build() is a pure function of the flow
 * and its arguments. */
#ifndef HOPSONDE_PROBE_FLOW_H
#define HOPSONDE_PROBE_FLOW_H

#include <stddef.h>

#include "base/strbuf.h"
#include "connection/connection.h"
#include "packet/packet.h"
#include "probe/spec.h"

#define EPHEMERAL_FIRST 49152   /* RFC 6335 6: the dynamic ports, to the last there is */
#define EPHEMERAL_COUNT 16384   /* of them */
#define FLOW_SERIALS_MOST 60000 /* serials are 1 .. this; every identity must be able to tell that many apart */

struct flow {
    struct probe_spec spec;
    struct addr source, target;
    uint16_t source_port; /* ICMP: the echo id; ip/N: unused */
    uint16_t target_port; /* spec.port */
    uint8_t tos;          /* DSCP << 2 | ECN */
    bool dont_fragment;   /* IPv4 */
    uint32_t flow_label;  /* IPv6, 20 bits */
    uint16_t size;        /* bytes of the whole IP packet; 0 before flow_build(): the type's default */
    uint16_t size_most;   /* the largest size of the flows that differ in size alone; 0: there are no others */
    uint32_t nonce;       /* from the run's seed: tells this run's probes from those of other runs */
    uint8_t coding;       /* enum coding: how serials become fields */
    bool port_is_given;   /* the user named the source port, so a forger may know it; */
    bool label_is_given;  /* and the flow label */
    /* Owned; if flow_has_session(), as the frames show it so far. NULL: of other specs, and before flow_build(). */
    struct connection *connection;
    uint8_t *template_bytes; /* owned; `size` bytes, checksums right, TTL 64, identity of serial 0 */
};

enum coding {
    CODING_ONE_NUMBER, /* saved by 0.1.0: IPv4 id, checksum and echo sequence number are the same */
    CODING_EACH_FIELD, /* all new runs: each field has numbers of its own */
    CODINGS,
};

/* How surely a packet is one of our probes, or answers one. Stronger is greater. */
enum match {
    MATCH_NONE,
    MATCH_WEAK,      /* little more than an IP id fits, or several probes of a capture fit as well */
    MATCH_REWRITTEN, /* the identity fits; an address or a port on the way was translated */
    MATCH_EXACT,     /* addresses, ports and identity */
};

enum reply_kind {
    REPLY_TIME_EXCEEDED,
    REPLY_UNREACHABLE,
    REPLY_TOO_BIG,
    REPLY_PARAMETER_PROBLEM,
    REPLY_ECHO,
    REPLY_SYN_ACK,
    REPLY_RST,
    REPLY_TCP,
    REPLY_UDP,
    REPLY_SCTP,
    REPLY_DCCP,
    REPLY_OTHER, /* source quench, redirect, a packet of the bare protocol ... */
};

/* What a packet says about one flow. */
struct flow_match {
    enum match match;
    uint16_t serial;      /* 0: the answer fits the flow, but does not say which probe */
    const char *rule;     /* constant text for people: "ports and seq", "ip id only" ... */
    enum reply_kind kind; /* of replies */
    bool acknowledges;    /* with serial 0: it acknowledges data that none but probes send */
    uint8_t bits;         /* direct answers: what a forger has to guess of it, as flow_guess_bits() says of quotes */
};

/* The protocol number on the wire: ICMP is 58 over IPv6. */
uint8_t flow_protocol(const struct flow *flow);

/* Default size for the spec and family: 60 bytes IPv4, 80 IPv6, more where the payload needs it. */
uint16_t flow_default_size(const struct probe_spec *spec, uint8_t family);

/* Checks sizes and lets libnet build the template. `flow->size` 0 takes the default; a size too small for the
 * headers and payload is STATUS_USAGE and names the least. The flow must be freed with flow_free(). */
enum status flow_build(struct flow *flow, struct err *err);
void flow_free(struct flow *flow);
/* The same probe from another source port (ICMP: echo id), and over IPv6 with another flow label, so that a balancer
 * may send it another way: one of FLOW_ALTERNATES_MOST, `index` from 1. `stride` keeps those of several flows apart
 * whose ports follow each other: how many such flows there are. To be built, like any other. False: nothing of it can
 * vary. */
#define FLOW_ALTERNATES_MOST 4095
bool flow_alternate(const struct flow *flow, unsigned index, unsigned stride, struct flow *out);
/* Whether its alternates differ in the source port (ICMP: echo id), and not in the flow label alone. */
bool flow_has_port(const struct flow *flow);
/* The inverse of flow_alternate(): the index, 0 for the flow itself, of the alternate that has this source port (ICMP:
 * echo id). More than FLOW_ALTERNATES_MOST: none has. */
unsigned flow_index_of_port(const struct flow *flow, uint16_t source_port, unsigned stride);
/* The same by flow label, which alone tells the alternates apart where flow_has_port() is false. */
unsigned flow_index_of_label(const struct flow *flow, uint32_t flow_label, unsigned stride);

/* The same probe as a packet of `size` bytes, with the same ports. To be built, like any other. Its serials are
 * SIZED_SERIALS_FIRST to FLOW_SERIALS_MOST, those of the flow itself smaller, so that a serial tells them apart. */
#define SIZED_SERIALS_FIRST 30001
void flow_sized(const struct flow *flow, uint16_t size, uint16_t size_most, struct flow *out);
/* The least size of the flow's probes. */
uint16_t flow_least_size(const struct flow *flow);

/* Writes probe `serial` with `ttl` into `bytes` (flow->size of them). Deterministic. */
void flow_stamp(const struct flow *flow, uint16_t serial, uint8_t ttl, uint8_t *bytes);

/* Whether its probes are segments of a connection. They have meaning from CONNECTION_ESTABLISHED on: before, nothing is
 * recognised, and flow_stamp() writes zeros for the numbers that it does not know. */
bool flow_needs_connection(const struct flow *flow);
/* Whether frames show its `connection`: that of its segments, or the session of a spec that is left alone. */
bool flow_has_session(const struct flow *flow);
/* The same spec without a connection, a SYN to its port, from the flow's port. To be built, like any other. */
void flow_without_connection(const struct flow *flow, struct flow *out);
/* Writes a RST of the connection, from our kernel's next sequence number, or from behind the data of the probes. The
 * target obeys the one that fits what it has taken (RFC 5961 3.2). Returns the bytes of the packet, fewer than
 * flow->size. */
size_t flow_stamp_reset(const struct flow *flow, bool behind_data, uint8_t *bytes);

/* Is this packet (seen leaving, or quoted in an ICMP error) a probe of the flow? Demands of a quote only what
 * the least quote holds: IP header and 8 bytes; but over IPv6 an SCTP probe needs 20 bytes, a QUIC probe 31, a data
 * segment 32. Weak rules are tried last. */
struct flow_match flow_recognise(const struct flow *flow, const struct headers *seen, bool quoted);

/* Does this packet (no ICMP error) answer a probe of the flow directly, in the target's name? */
struct flow_match flow_answer(const struct flow *flow, const struct packet *packet);

/* What a forger has to guess, who knows the addresses, the spec and this program, but sees no packet: the unknown bits
 * of the probe `sent` that `quoted` shows unchanged. Fields that a router or translator changed count nothing. */
unsigned flow_guess_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted);
/* Kind of an ICMP error by family, type and code. */
enum reply_kind reply_kind_of_icmp(uint8_t version, uint8_t type, uint8_t code);
const char *reply_kind_name(enum reply_kind kind); /* "time-exceeded", "syn-ack" ... as in JSON */
const char *match_name(enum match match);          /* "exact", "rewritten", "weak" */

/* The BPF clause that passes this flow's probes and their direct answers (ICMP errors have a clause of their
 * own in live/filter). Parenthesised. */
void flow_filter(const struct flow *flow, struct strbuf *out);

#endif
