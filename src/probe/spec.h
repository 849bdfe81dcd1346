/* SPDX-License-Identifier: BSD-2-Clause */
/* spec: a probe spec, PROTOCOL[/PORT][:VARIANT], as people write it and as every output spells it. Floor 2. */
#ifndef HOPSONDE_PROBE_SPEC_H
#define HOPSONDE_PROBE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct probe_type;

/* How a probe of a type differs from its siblings. Each type knows some of these; VARIANT_DEFAULT never
 * stands in a parsed spec: it is resolved by port (udp/53 is DNS, udp/443 QUIC, udp/123 NTP). */
enum probe_variant {
    VARIANT_DEFAULT,
    VARIANT_PLAIN, /* the only form of icmp, udplite, dccp, sctp, ip; udp with padding that asks the service nothing:
                      where the port has a default question, this is spelled ":plain" */
    VARIANT_DNS,
    VARIANT_QUIC,
    VARIANT_NTP,
    VARIANT_SYN,
    VARIANT_ACK,
    VARIANT_FIN,
    VARIANT_EMPTY, /* udp without payload, always spelled ":empty"; IPv6 has no id, so 8 bytes tell the probe there */
};

struct probe_spec {
    const struct probe_type *type; /* a row of probe_types[]; never NULL after parsing */
    uint8_t protocol;              /* IP protocol number of IPv4; for icmp over IPv6 it is 58 on the wire */
    uint16_t port;                 /* target port, 0 where the type has none */
    enum probe_variant variant;
};

#define SPECS_MOST 32 /* probe specs of a run */
#define PROBE_SPEC_TEXT_BYTES 32

/* Case is ignored; a service name may stand for the port. The message on failure names the right spelling:
 * for a bare number "a probe is PROTOCOL[/PORT], as tcp/443; for the port alone -p 443". */
enum status probe_spec_parse(const char *text, struct probe_spec *out, struct err *err);
/* The one spelling: lower case, numbers, default port and default variant left out; `tcp/80` keeps its port. */
void probe_spec_format(const struct probe_spec *spec, char text[PROBE_SPEC_TEXT_BYTES]);
bool probe_spec_equal(const struct probe_spec *a, const struct probe_spec *b);

#endif
