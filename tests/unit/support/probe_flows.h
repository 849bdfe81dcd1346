/* SPDX-License-Identifier: BSD-2-Clause */
/* probe_flows: flows of every probe type, and what may become of their packets on the way. For tests of probe/. */
#ifndef HOPSONDE_TESTS_PROBE_FLOWS_H
#define HOPSONDE_TESTS_PROBE_FLOWS_H

#include "probe/type.h"

extern const char *const every_spec[]; /* NULL-terminated */

/* An unbuilt flow of 192.0.2.1 or 2001:db8::1 to 198.51.100.7 or 2001:db8:ffff::7. Aborts on a spec that is none. */
struct flow flow_of(const char *spec, uint8_t family);
/* The same, built; aborts where that fails. */
struct flow built_flow(const char *spec, uint8_t family);

/* malloc'ed: so many bytes and no more, for the sanitizer to watch. */
uint8_t *stamped(const struct flow *flow, uint16_t serial, uint8_t ttl);
struct headers decoded(const uint8_t *bytes, size_t captured, bool quoted);
/* flow_recognise() of a quote cut to `captured` bytes, in memory of its own. */
struct flow_match recognise_quote(const struct flow *flow, const uint8_t *bytes, size_t captured);
struct flow_match recognise_leaving(const struct flow *flow, const uint8_t *bytes, size_t size);

size_t ip_header_size(const struct flow *flow);
uint16_t word_at(const uint8_t *at);
void set_word(uint8_t *at, uint16_t value);
/* Computes anew, from the bytes alone, what the transport checksum should be (CRC32c for SCTP). 0 for bare protocols.
 */
uint32_t right_checksum(const uint8_t *packet, size_t size);
/* What stands there. */
uint32_t transport_checksum(const uint8_t *packet, size_t size);
/* Sets a 16-bit word and, as a translator does, keeps IP and transport checksum right. */
void translate_word(uint8_t *packet, size_t size, size_t offset, uint16_t value);

/* An answer: `transport` behind an IP header from the target to the source. malloc'ed; `*size` is its length. */
uint8_t *answer_packet(const struct flow *flow, uint8_t protocol, const uint8_t *transport, size_t length,
                       size_t *size);
struct flow_match answer_of(const struct flow *flow, const uint8_t *bytes, size_t size);

#endif
