/* SPDX-License-Identifier: BSD-2-Clause */
/* spec: a probe spec, PROTOCOL[/PORT][:VARIANT][@AGE][=NAME], as people write it and as every output spells it.
 * Floor 2. */
#ifndef HOPSONDE_PROBE_SPEC_H
#define HOPSONDE_PROBE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct probe_type;

/* How a probe of a type differs from others of that type: numbers of variant rows (type.h). A parsed spec never holds
 * VARIANT_DEFAULT: the port decides (udp/53 is DNS, udp/443 QUIC, udp/123 NTP). UDP payloads that query a service have
 * numbers of their own, in their rows only. */
enum probe_variant {
    VARIANT_DEFAULT = 0,
    VARIANT_PLAIN = 1, /* the only form of icmp, udplite, dccp, sctp and ip; udp with padding. Spelled ":plain" where
                          the port's default is another */
    VARIANT_SYN = 5,
    VARIANT_ACK = 6,
    VARIANT_FIN = 7,
    VARIANT_DATA = 9,       /* tcp: a data segment in an established connection */
    VARIANT_EMPTY = 8,      /* udp without payload, always spelled ":empty"; over IPv6 8 bytes, as there is no IP id */
    VARIANT_DNS_NAME = 10,  /* udp/53:name=NAME */
    VARIANT_QUIC_NAME = 11, /* udp/443:sni=NAME */
    VARIANT_TLS_NAME = 12,  /* tcp/443:sni=NAME: as data, a TLS ClientHello for this server */
    VARIANT_HTTP_NAME = 13, /* tcp/80:host=NAME: as data, a HTTP request to this host */
};

struct probe_spec {
    const struct probe_type *type; /* a row of probe_types[]; never NULL after parsing */
    uint8_t protocol;              /* IP protocol number of IPv4; for icmp over IPv6 it is 58 on the wire */
    uint8_t variant;               /* number of the type's row */
    uint16_t port;                 /* target port, 0 where the type has none */
    /* Its probes go into a session that was left alone so long before, in seconds; 0: they do not. Spelled "@300s". */
    uint32_t idle_s;
    /* The name that the probe carries; NULL: its variant has none. Borrowed: of a spec just parsed from the text, and
     * then from a struct probe_names. That one outlives every copy of the spec. It belongs to the options, to the
     * expectations, or to the capture file that the spec is from; the name of a control is constant. */
    const char *name;
};

#define IDLE_MOST_S 86400 /* seconds; a day: kernels and firewalls keep no idle session longer, most by far not */

#define SPECS_MOST 32       /* probe specs of a run */
#define PROBE_NAME_MOST 253 /* bytes of a name as text: RFC 1035 2.3.4, less the two that the text needs not */
#define PROBE_SPEC_TEXT_BYTES (40 + PROBE_NAME_MOST)

/* Case is ignored; a service name may stand for the port. The message on failure names the right spelling:
 * for a bare number "protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 443". A name
 * points into `text`, in the case in which it stands there. */
enum status probe_spec_parse(const char *text, struct probe_spec *out, struct err *err);
/* The one spelling: lower case, numbers, default port and default variant left out; `tcp/80` keeps its port. */
void probe_spec_format(const struct probe_spec *spec, char text[PROBE_SPEC_TEXT_BYTES]);
/* Case of names is ignored (RFC 4343). */
bool probe_spec_equal(const struct probe_spec *a, const struct probe_spec *b);
/* Whether a session of the spec can be left alone: a connection, or a query that its service answers. */
bool probe_spec_has_session(const struct probe_spec *spec);
/* Whether both differ in their names alone. */
bool probe_spec_same_but_name(const struct probe_spec *a, const struct probe_spec *b);

/* Owner of the names of specs, each in lower case and once. All zeros: none yet. */
struct probe_names {
    struct probe_name *first;
};

/* Lets `names` own the spec's name, if it has one. False: memory is short. */
bool probe_names_keep(struct probe_names *names, struct probe_spec *spec);
void probe_names_free(struct probe_names *names);

/* Whether `name` can be in a packet as a host name: 1 to PROBE_NAME_MOST bytes, labels of 1 to 63 letters, digits,
 * hyphens and underscores (RFC 1035 2.3.4, RFC 1123 2.1, RFC 8552 1.1). `err` says what is wrong and begins with
 * `subject`, unless the name is too long to be quoted. */
enum status probe_name_check(const char *subject, const char *name, struct err *err);

#endif
