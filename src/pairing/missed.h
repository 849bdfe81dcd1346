/* SPDX-License-Identifier: BSD-2-Clause */
/* missed: packets at one point alone that something else explains. A third point may show that they passed: then the
 * capture lacks them. Probes of traces expire on the way. Floor: pairing; pure. */
#ifndef HOPSONDE_PAIRING_MISSED_H
#define HOPSONDE_PAIRING_MISSED_H

#include "pairing/result.h"

/* Whether another pairing shows this frame's packet beyond the other point. */
typedef bool transit_passes(void *context, const struct transit_frame *frame);

/* Packets that `point` alone shows, and that pass all the same, are no longer lost or forged: TRANSIT_MISSED. Changes
 * the result's lists, which its pairing owns, and all sums. */
void transit_excuse_missed(struct transit_result *result, enum transit_point point, transit_passes *passes,
                           void *context);
/* Packets whose TTL is not larger than the number of routers to the receiver's point are no longer lost:
 * TRANSIT_EXPIRED (RFC 1812 5.3.1). If that number varies, it does nothing. */
void transit_excuse_expired(struct transit_result *result);
/* Where connections of the same ports follow each other, one point may see the end of the first and the other may not.
 * Then a conversation of the other point has no partner, and packets of the first one at that time may be in it:
 * TRANSIT_AMBIGUOUS. False: out of memory. */
bool transit_excuse_reused(struct transit_result *result);

#endif
