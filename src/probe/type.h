/* SPDX-License-Identifier: BSD-2-Clause */
/* type: the table of probe types. Floor 2; internal to probe/ but for probe_types[], name and help.
 *
 * A new protocol is one file with one of these structs and one line in the array: no switch on a probe type
 * stands anywhere else. */
#ifndef HOPSONDE_PROBE_TYPE_H
#define HOPSONDE_PROBE_TYPE_H

#include "probe/flow.h"

struct craft;

struct probe_variant_row {
    enum probe_variant variant;
    const char *name;
    uint16_t port; /* this variant is the default for that port; 0: the first such is for every other port */
    /* Least bytes after the IP header: transport header and what of the payload the probe cannot do without. */
    uint16_t least;
    uint16_t least_ipv6; /* where it takes more over IPv6; 0: as much */
    bool unpadded;       /* by default the size is the least */
};

struct probe_type {
    const char *name; /* "udp" */
    const char *help; /* one line for --help and the man page */
    uint8_t protocol; /* 0: the spec names the number, as ip/50 */
    bool has_port;
    uint16_t default_port;                    /* `udp` alone */
    bool print_default_port;                  /* tcp alone is printed as tcp/80 */
    const struct probe_variant_row *variants; /* ends with a NULL name */
    /* Adds the transport header and payload of `flow` to the libnet context. `scratch` is zeroed, and as long as all
     * that comes after the IP header; `length` is at least the variant's least. */
    enum status (*build)(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length,
                         struct err *err);
    /* Patches the identity of `serial` into a stamped copy of the template; `transport` points at the transport
     * header. TTL, IPv4 id and the IPv4 header checksum are done by flow_stamp(). Serial 0 is the template's. */
    void (*stamp)(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length);
    /* IP version and protocol fit already. Demands no more than 8 bytes; flow_recognise() sees to what else holds for a
     * packet that leaves. */
    struct flow_match (*recognise)(const struct flow *flow, const struct headers *seen);
    /* IP version, protocol and addresses (target to source) fit already. */
    struct flow_match (*answer)(const struct flow *flow, const struct packet *packet);
    void (*filter)(const struct flow *flow, struct strbuf *out);
};

extern const struct probe_type *const probe_types[]; /* NULL-terminated */

/* The row of the spec's variant. */
const struct probe_variant_row *probe_spec_variant(const struct probe_spec *spec);

/* The IPv4 id of a serial: never 0 (the kernel would replace it), nor 0xffff; spread by the flow's nonce. */
uint16_t flow_ip_id(const struct flow *flow, uint16_t serial);
/* Its inverse; 0 where no serial up to FLOW_SERIALS_MOST has that id. */
uint16_t flow_serial_of_id(const struct flow *flow, uint16_t id);

#endif
