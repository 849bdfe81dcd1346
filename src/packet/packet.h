/* SPDX-License-Identifier: BSD-2-Clause */
/* packet: bytes to values. Floor 1; pure, allocates nothing, reads only through a cursor.
 *
 * packet_decode() turns a frame into its outer headers and, for an ICMP error, the headers of the
 * packet quoted in it. Everything points into the frame or is a value, in host order. What a header
 * holds beyond the captured (or quoted) bytes is unknown, and `have` says so: a field is meaningful only
 * where its bit is set. Malformed input is data: it is marked, and the fields before it stay.
 *
 * Captures have many millions of packets, so fields that a flag or a count guards are not cleared: the
 * arrays of struct icmp_extension and all of struct tcp_options may hold anything beyond what is said to be there. */
#ifndef HOPSONDE_PACKET_PACKET_H
#define HOPSONDE_PACKET_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "packet/frame.h"

enum ip_protocol {
    IP_ICMP = 1,
    IP_TCP = 6,
    IP_UDP = 17,
    IP_DCCP = 33,
    IP_ICMP6 = 58,
    IP_SCTP = 132,
    IP_UDPLITE = 136,
};

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80
};

enum sctp_chunk { SCTP_INIT = 1, SCTP_INIT_ACK = 2, SCTP_ABORT = 6 };   /* RFC 9260 3.2 */
enum dccp_type { DCCP_REQUEST = 0, DCCP_RESPONSE = 1, DCCP_RESET = 7 }; /* RFC 4340 5.1 */
enum icmp6_type { ICMP6_PARAMETER_PROBLEM = 4 };                        /* RFC 4443 3.4 */

/* Which fields of the transport header were there to be read. */
enum have {
    HAVE_PORTS = 1 << 0,
    HAVE_LENGTH = 1 << 1,   /* UDP length, UDP-Lite coverage */
    HAVE_CHECKSUM = 1 << 2, /* of UDP, UDP-Lite, TCP, DCCP, SCTP, ICMP */
    HAVE_SEQ = 1 << 3,      /* TCP, DCCP sequence number; SCTP verification tag is in `tag` */
    HAVE_ACK = 1 << 4,      /* TCP, DCCP */
    HAVE_FLAGS = 1 << 5,    /* TCP flags and data offset */
    HAVE_WINDOW = 1 << 6,
    HAVE_OPTIONS = 1 << 7,       /* TCP: the whole option area was there and was parsed */
    HAVE_TYPE = 1 << 8,          /* ICMP type and code, DCCP type, SCTP first chunk type */
    HAVE_ECHO = 1 << 9,          /* ICMP echo id and seq */
    HAVE_TAG = 1 << 10,          /* SCTP verification tag */
    HAVE_INIT_TAG = 1 << 11,     /* SCTP initiate tag of INIT and INIT ACK */
    HAVE_SOME_OPTIONS = 1 << 12, /* TCP: the capture cut the option area, and those before the cut were parsed */
};

/* IPv4 (RFC 791) or IPv6 (RFC 8200) header, extension headers included. */
struct ip_header {
    uint8_t version;      /* 4, 6; 0: there is none */
    uint8_t ttl;          /* hop limit */
    uint8_t protocol;     /* IPv6: what follows the extension headers; 59 (none) where they are cut off */
    uint8_t tos;          /* traffic class: DSCP << 2 | ECN */
    uint16_t id;          /* IPv4 identification */
    uint32_t fragment_id; /* IPv6 fragment header */
    uint32_t flow_label;
    uint16_t checksum; /* IPv4 header checksum as captured; unused, since routers and cards often leave it wrong */
    bool dont_fragment, more_fragments;
    bool has_options;         /* IPv4 options, or IPv6 extension headers other than a fragment header */
    uint16_t fragment_offset; /* bytes; the transport header is only in the fragment at offset 0 */
    uint16_t header_length;   /* bytes, options and extension headers included */
    uint32_t total_length;    /* bytes of the whole packet as its header says */
    struct addr source;
    struct addr target; /* of a packet with a source route: its last station, whichever the target field names */
};

/* Meaningful with HAVE_OPTIONS or HAVE_SOME_OPTIONS. Without the former, `kind_count` is 0. */
struct tcp_options {
    uint8_t kind_count;
    bool has_mss, has_window_scale, has_sack_permitted, has_timestamps;
    bool malformed;
    uint16_t mss;                       /* with has_mss */
    uint8_t window_scale;               /* with has_window_scale */
    uint32_t timestamp, timestamp_echo; /* with has_timestamps */
    const uint8_t *sack_blocks;         /* borrowed; NULL: none. RFC 2018 3: 8 bytes each, first and last number */
    uint8_t sack_count;                 /* of these blocks */
    uint8_t kinds[16];                  /* option kinds in their order, NOP and END left out; `kind_count` of them */
};

/* One transport header of any protocol: all fields that matching needs. */
struct transport {
    uint32_t have; /* enum have */
    uint16_t source_port, target_port;
    uint16_t length; /* UDP length, UDP-Lite coverage */
    uint16_t checksum;
    uint32_t crc;       /* SCTP: its CRC32c, which has no place in `checksum`; HAVE_CHECKSUM stands for it */
    uint64_t seq, ack;  /* TCP 32 bits, DCCP 48 bits */
    uint8_t type, code; /* ICMP; DCCP packet type; SCTP first chunk type */
    uint8_t flags;      /* TCP */
    uint16_t window;
    uint16_t urgent;
    uint16_t echo_id, echo_seq; /* ICMP echo request and reply */
    uint32_t tag, init_tag;     /* SCTP */
    uint8_t header_length;      /* bytes, options included; what there is of it */
    uint8_t data_offset;  /* TCP, with HAVE_FLAGS: bytes of the header, as it says, also where the capture cut it */
    const uint8_t *bytes; /* first byte of the transport header; borrowed; NULL where there is none */
    uint32_t captured;    /* transport bytes at hand, within the packet's own length; a quote's may end in padding */
    uint32_t size;        /* transport bytes that the IP header announces */
    struct tcp_options tcp_options;
};

/* The headers of one IP packet: the outer one, or a quoted one. Unknown fields are zero, except in
 * `tcp_options`. */
struct headers {
    struct ip_header ip;
    struct transport transport; /* .have == 0 in later fragments and where nothing is left */
    const uint8_t *bytes;       /* first byte of the IP header; borrowed */
    uint32_t captured;          /* bytes of this packet at hand (padding left out) */
};

#define MPLS_LABELS_MOST 16

/* RFC 4950; one label stack entry (RFC 3032). */
struct mpls_label {
    uint32_t label;
    uint8_t tc;
    bool bottom;
    uint8_t ttl;
};

/* RFC 5837 interface information object. */
struct interface_info {
    uint8_t role; /* 0 arrived on, 1 its sub-IP part, 2 would leave by, 3 next hop */
    bool has_index, has_address, has_name, has_mtu;
    uint32_t index, mtu;
    struct addr address;
    char name[64]; /* as the router sent it, NUL-terminated: hostile text */
};

#define INTERFACE_INFOS_MOST 4

/* RFC 4884 extension structure of an ICMP error. Of the arrays, as many are meaningful as are counted. */
struct icmp_extension {
    bool present;       /* version 2, checksum right or absent, objects tile the rest */
    bool non_compliant; /* found where the length field does not point */
    uint8_t mpls_count, interface_count;
    struct mpls_label mpls[MPLS_LABELS_MOST];
    struct interface_info interfaces[INTERFACE_INFOS_MOST];
};

#define TUNNELS_MOST 4 /* a packet nested deeper is not opened any further */

enum encapsulation {
    ENCAPSULATION_IPIP, /* IPv4 in IPv4; the others likewise */
    ENCAPSULATION_6IN4,
    ENCAPSULATION_4IN6,
    ENCAPSULATION_6IN6,
    ENCAPSULATION_GRE,
    ENCAPSULATION_ERSPAN,
    ENCAPSULATION_VXLAN,
    ENCAPSULATION_VXLAN_GPE,
    ENCAPSULATION_GENEVE,
    ENCAPSULATION_TZSP,
    ENCAPSULATION_GTP_U,
    ENCAPSULATION_L2TP,
    ENCAPSULATION_TEREDO,
    ENCAPSULATIONS,
};

/* A tunnel that a packet came in. */
struct tunnel {
    uint8_t encapsulation; /* enum encapsulation */
    uint8_t protocol, ttl; /* of the outer packet */
    bool has_id;
    uint16_t target_port; /* of the outer packet; 0: its protocol has none */
    uint32_t id;          /* with has_id: network, key, session or tunnel end, as the encapsulation calls it */
    struct addr source, target;
};

struct tunnels {
    uint8_t count;
    struct tunnel at[TUNNELS_MOST]; /* `count` of them, the outermost first */
};

enum packet_kind {
    PACKET_NOT_IP,     /* ARP, LLDP ... */
    PACKET_MALFORMED,  /* no IP header could be read; `malformed` says what broke */
    PACKET_PLAIN,      /* an IP packet */
    PACKET_ICMP_ERROR, /* an IP packet with an ICMP error (RFC 792, RFC 4443) in it; `quote` may still be empty */
};

struct packet {
    enum packet_kind kind;
    const char *malformed; /* NULL, or a short constant text: "IPv4 header length below 20" ... Outer and quote alike */
    bool truncated;        /* cut by the capture, not by the sender */
    struct headers outer;  /* after packet_open_tunnels(), of the innermost packet that could be opened */
    struct headers quote;  /* ip.version 0 where there is none */
    uint32_t mtu;          /* ICMP too big: next-hop MTU (RFC 1191, RFC 4443 3.2), else 0 */
    struct icmp_extension extension;
    uint8_t direction;      /* enum frame_direction: the frame's, or what SLL/SLL2 says */
    uint32_t interface;     /* the frame's, or SLL2's ifindex */
    struct tunnels tunnels; /* what packet_open_tunnels() opened */
};

/* Decodes any frame; never fails. An unknown link type gives PACKET_NOT_IP with `malformed` set to
 * "unknown link type". */
void packet_decode(const struct frame *frame, struct packet *out);

/* Replaces the packet of a tunnel by the packet inside, up to TUNNELS_MOST times.
 * tunnels/tunnel.h says which packets are those of tunnels. */
void packet_open_tunnels(struct packet *packet);

/* Decodes the IP packet that starts at `bytes`: `captured` bytes of it are there. What packet_decode() does
 * below the link layer; also for quotes and for our own built probes. `quoted` lets the header be longer than its bytes
 * and forgives the habits of quoting routers: lengths and DF in host byte order, zeros as padding. `malformed` may be
 * NULL; else it gets NULL or what broke. */
void headers_decode(const uint8_t *bytes, size_t captured, bool quoted, struct headers *out, const char **malformed);

/* Copies what is meaningful of it, and touches no more. */
void icmp_extension_copy(struct icmp_extension *to, const struct icmp_extension *from);

/* Whether (version, type) is an ICMP error that quotes a packet: v4 3, 4, 5, 11, 12; v6 1 to 4. */
bool icmp_is_error(uint8_t version, uint8_t type);
bool linktype_is_known(uint16_t linktype);
/* "time exceeded", "port unreachable" ...: the field's words for (version, type, code); NULL where it has none. */
const char *icmp_name(uint8_t version, uint8_t type, uint8_t code);
/* "vxlan", and as people write it: "VXLAN". */
const char *encapsulation_name(enum encapsulation encapsulation);
const char *encapsulation_title(enum encapsulation encapsulation);
/* "udp", "tcp", "icmp6" ... in lower case; NULL for others. */
const char *ip_protocol_name(uint8_t protocol);

#endif
