/* SPDX-License-Identifier: BSD-2-Clause */
/* missed: packets at one point alone that something else explains. A third point may show that they passed: then the
 * capture lacks them. Probes of traces expire on the way. Offloading joins datagrams. Floor: pairing; pure. */
#ifndef HOPSONDE_PAIRING_MISSED_H
#define HOPSONDE_PAIRING_MISSED_H

#include "pairing/result.h"

/* The largest datagram of an Ethernet. Unit: bytes of payload. Source: RFC 894, less the headers of IPv4 and UDP.
 * Effect: on links with larger frames, nothing is said of a conversation that lost a larger datagram. */
#define DATAGRAM_MOST 1472

/* Whether another pairing shows this frame's packet beyond the other point. */
typedef bool transit_passes(void *context, const struct transit_frame *frame);

/* Packets that `point` alone shows, and that pass all the same, are no longer lost or forged: TRANSIT_MISSED. Changes
 * the result's lists, which its pairing owns, and all sums. */
void transit_excuse_missed(struct transit_result *result, enum transit_point point, transit_passes *passes,
                           void *context);
/* Packets whose TTL is not larger than the number of routers to the receiver's point are no longer lost:
 * TRANSIT_EXPIRED (RFC 1812 5.3.1). If that number varies, it does nothing. */
void transit_excuse_expired(struct transit_result *result);
/* UDP segmentation offload puts datagrams of one size into one frame, and no capture says where one ends (udp(7),
 * UDP_SEGMENT). If a packet at one point alone is larger than a datagram of an Ethernet, nothing is said of those of
 * its conversation and way: TRANSIT_OFFLOADED. False: out of memory. */
bool transit_excuse_offloaded(struct transit_result *result);

#endif
