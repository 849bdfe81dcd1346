/* SPDX-License-Identifier: BSD-2-Clause */
/* type: the table of probe types. Floor 2.
 *
 * A new protocol is one file with one of these structs and one line in probe_types[] (types/types.c). A new UDP payload
 * is one file with a variant row and one line in udp_variants[] (types/payloads.c). Other folders ask the row: no
 * switch on a protocol or a probe type stands anywhere else. Only probe/ calls build, stamp, recognise, answer and
 * filter; the rest goes through flow.h. */
#ifndef HOPSONDE_PROBE_TYPE_H
#define HOPSONDE_PROBE_TYPE_H

#include "base/cursor.h"
#include "probe/flow.h"
#include "probe/shape.h"

struct craft;
struct udp_payload;

/* One way to send a probe of a type. */
struct probe_variant_row {
    uint8_t variant;  /* unique within its type and never changed: the tags of a flow are hashed from it */
    const char *name; /* "dns", as in udp/53:dns */
    const char *help; /* continues the type's help after a semicolon; NULL: nothing */
    uint16_t port;    /* the variant is the default for this port; 0: the first such is the default for all others */
    /* Minimum bytes after the IP header: transport header and the payload that the probe needs. */
    uint16_t least;
    uint16_t least_ipv6;   /* where IPv6 needs more; 0: as much */
    bool unpadded;         /* the default size is the minimum */
    bool needs_connection; /* its probes are data segments in a connection of our kernel's: segment.h */
    /* Bytes of payload that a spec needs beyond `least`. NULL: none. */
    uint16_t (*payload_length)(const struct probe_spec *spec);
    /* Which probes of other programs are this variant: the first row that fits is it. */
    uint32_t shapes;                                        /* bits 1 << enum probe_shape; 0: any */
    bool (*is_carried)(struct cursor payload, size_t size); /* by the first bytes of a payload of `size`; NULL: any */
    const struct udp_payload *payload;                      /* UDP only */
    bool has_name;                                          /* spelled ":sni=NAME"; never the default of a port */
    /* Reads the name of such a request of any program, in lower case. False: it bears none. NULL: without has_name. */
    bool (*read_name)(struct cursor payload, char name[PROBE_NAME_MOST + 1]);
};

/* What tells the probes of one protocol apart, besides addresses and ports. */
enum probe_identity {
    IDENTITY_IP_ID,
    IDENTITY_SEQ,  /* the sequence number, which the answer acknowledges */
    IDENTITY_ECHO, /* echo id and sequence number, which the answer repeats */
};

struct probe_type {
    const char *name;      /* "udp" */
    const char *help;      /* one line for --help and the man page */
    uint8_t protocol;      /* over IPv4; 0: the spec names the number, as ip/50 */
    uint8_t protocol_ipv6; /* 0: the same */
    bool has_port;
    uint16_t default_port;   /* `udp` alone */
    bool print_default_port; /* tcp alone is printed as tcp/80 */
    bool refused_by_icmp;    /* a host refuses it with an ICMP error, which it rate-limits, and not by the protocol */
    const struct probe_variant_row *const *variants; /* NULL-terminated */

    /* Our probes. */
    /* Adds the transport header and payload of `flow` to the libnet context. `scratch` is zeroed, and as long as all
     * that comes after the IP header; `length` is at least the variant's minimum. */
    enum status (*build)(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length,
                         struct err *err);
    /* Patches the identity of `serial` into a stamped copy of the template; `transport` points at the transport
     * header. flow_stamp() does TTL, IPv4 id and the IPv4 header checksum. Serial 0 is the template's. */
    void (*stamp)(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length);
    /* IP version and protocol fit already. Needs no more than 8 bytes; flow_recognise() checks what else holds for a
     * packet that leaves. */
    struct flow_match (*recognise)(const struct flow *flow, const struct headers *seen);
    /* For flow_guess_bits(): the unknown bits of the transport header, ports apart, and of the payload, as far as the
     * quote shows them as they were sent. */
    unsigned (*quoted_bits)(const struct flow *flow, const struct headers *sent, const struct headers *quoted);
    /* IP version, protocol and addresses (target to source) fit already. */
    struct flow_match (*answer)(const struct flow *flow, const struct packet *packet);
    void (*filter)(const struct flow *flow, struct strbuf *out);

    /* Packets of any program, for recognise/. `seen` is of this protocol and no later fragment. */
    enum probe_identity identity;
    enum probe_shape shape;     /* of every packet, unless shape_of is set */
    enum reply_kind reply_kind; /* of every answer, unless reply_kind_of is set */
    /* The packet as a probe; SHAPE_NONE: no tool sends it. A field that the quote lacks counts as a probe's. */
    enum probe_shape (*shape_of)(const struct headers *seen);
    /* The packet as a direct answer. False: it cannot be one. */
    bool (*reply_kind_of)(const struct headers *seen, enum reply_kind *kind);
    /* A hash of the id that a query bears and its answer repeats; 0: none. NULL: the protocol has no such id. Only
     * queries to the ports of the variant rows bear one; if no row has a port, those to all ports. */
    uint32_t (*query_id)(const struct headers *query);
    uint32_t (*answered_id)(const struct headers *answer);
};

extern const struct probe_type *const probe_types[]; /* NULL-terminated */

/* The type that probes this protocol, of IPv4 or IPv6; a bare protocol's own type for all others. */
const struct probe_type *probe_type_of_protocol(uint8_t protocol);
/* The IP protocol number of its packets; `number` is the spec's, for bare protocols. */
uint8_t probe_type_protocol(const struct probe_type *type, uint8_t family, uint8_t number);
/* The type's help and that of its variants. */
void probe_type_help(const struct probe_type *type, struct strbuf *out);

/* The variant of a spec of this port that names none. */
uint8_t probe_type_default_variant(const struct probe_type *type, uint16_t port);
/* The row of the spec's variant. */
const struct probe_variant_row *probe_spec_variant(const struct probe_spec *spec);
/* The variant that a probe of another program is. `port` -1: it varies, and the payload does not count. `size`: bytes
 * of the payload on the wire. */
const struct probe_variant_row *probe_variant_seen(const struct probe_type *type, enum probe_shape shape, int port,
                                                   struct cursor payload, size_t size);

/* The row with a name that a payload to this port bears, and the name; NULL: it bears none. */
const struct probe_variant_row *probe_name_seen(const struct probe_type *type, uint16_t port, struct cursor payload,
                                                char name[PROBE_NAME_MOST + 1]);

/* The IPv4 id of a serial: never 0 (the kernel would replace it), nor 0xffff; spread by the flow's nonce. */
uint16_t flow_ip_id(const struct flow *flow, uint16_t serial);
/* Its inverse; 0 where no serial up to FLOW_SERIALS_MOST has that id. */
uint16_t flow_serial_of_id(const struct flow *flow, uint16_t id);

#endif
