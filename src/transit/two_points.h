/* SPDX-License-Identifier: BSD-2-Clause */
/* two_points: one capture file that was merged from captures of two machines whose clocks differ. Beside trace; pure;
 * includes base only. It must not read files or correct stamps.
 *
 * The far machine saw what the near one, the prober's, saw: probes with a lower TTL, replies with a higher one. Its own
 * stamps stand out if no delays explain them with one clock. Packets of routers that were recorded before and after
 * forwarding share a clock, and so do captures merged after their clocks were corrected: then there is nothing to do.
 */
#ifndef HOPSONDE_TRANSIT_TWO_POINTS_H
#define HOPSONDE_TRANSIT_TWO_POINTS_H

#include "transit/clock.h"

/* One packet, once. */
struct two_points_packet {
    uint64_t identity;       /* uniformly distributed; what forwarding leaves alone */
    uint64_t source, target; /* hashes of its addresses; 0: unknown */
    nstime time;
    uint8_t ttl;
    bool is_error; /* an ICMP error */
};

struct two_points;

/* NULL: out of memory. */
struct two_points *two_points_new(void);
void two_points_free(struct two_points *points); /* may be NULL */
/* False: there are too many packets, and no use in more. */
bool two_points_add(struct two_points *points, const struct two_points_packet *packet);
/* After all: true if there are two machines with different clocks. `out`: the far one's against the near one's. */
bool two_points_find(struct two_points *points, struct clock_estimate *out);
/* After two_points_find(): true if the far machine captured this packet. */
bool two_points_is_far(const struct two_points *points, const struct two_points_packet *packet);

#endif
