/* SPDX-License-Identifier: BSD-2-Clause */
/* spec: a probe spec, PROTOCOL[/PORT][:VARIANT], as people write it and as every output spells it. Floor 2. */
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
    VARIANT_DATA = 9,  /* tcp: a data segment in an established connection */
    VARIANT_EMPTY = 8, /* udp without payload, always spelled ":empty"; over IPv6 8 bytes, as there is no IP id */
};

struct probe_spec {
    const struct probe_type *type; /* a row of probe_types[]; never NULL after parsing */
    uint8_t protocol;              /* IP protocol number of IPv4; for icmp over IPv6 it is 58 on the wire */
    uint16_t port;                 /* target port, 0 where the type has none */
    uint8_t variant;               /* number of the type's row */
};

#define SPECS_MOST 32 /* probe specs of a run */
#define PROBE_SPEC_TEXT_BYTES 32

/* Case is ignored; a service name may stand for the port. The message on failure names the right spelling:
 * for a bare number "protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 443". */
enum status probe_spec_parse(const char *text, struct probe_spec *out, struct err *err);
/* The one spelling: lower case, numbers, default port and default variant left out; `tcp/80` keeps its port. */
void probe_spec_format(const struct probe_spec *spec, char text[PROBE_SPEC_TEXT_BYTES]);
bool probe_spec_equal(const struct probe_spec *a, const struct probe_spec *b);

#endif
