/* SPDX-License-Identifier: BSD-2-Clause */
/* segment: data segments that are crafted into a connection of our kernel's. Floor 2; internal to probe/.
 *
 * All segments of a flow have the same sequence number, so the target takes them for copies of one. A serial is the
 * IPv4 id, and a timestamp (RFC 7323) that the target echoes in the answer to this copy: SEGMENT_STAMP_AHEAD plus the
 * serial ahead of the kernel's own. Without timestamps it is the urgent pointer, which means nothing without its flag
 * (RFC 9293 3.1); routers quote it, but no answer repeats it. */
#ifndef HOPSONDE_PROBE_TYPES_SEGMENT_H
#define HOPSONDE_PROBE_TYPES_SEGMENT_H

#include "probe/type.h"

/* So far the timestamps of probes are ahead of those of our kernel, which so never equal them.
 * Unit: ticks, of 1 ms on Linux. Source: 37 hours, longer than any run. Effect: a smaller one lets an answer to our
 * kernel pass for one to a probe; half of 2^32 or more makes probes older than the connection. */
#define SEGMENT_STAMP_AHEAD (UINT32_C(1) << 27)

/* The functions of struct probe_type, for flows that need a connection. */
enum status segment_build(struct craft *craft, const struct flow *flow, uint8_t *scratch, struct err *err);
void segment_stamp(const struct flow *flow, uint16_t serial, uint8_t *transport);
struct flow_match segment_recognise(const struct flow *flow, const struct headers *seen);
unsigned segment_quoted_bits(const struct headers *sent, const struct headers *quoted);
struct flow_match segment_answer(const struct flow *flow, const struct packet *packet);

#endif
