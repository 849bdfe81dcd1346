/* SPDX-License-Identifier: BSD-2-Clause */
/* missed: what a third point shows of two others. A packet that passed a point between two that show it passed this one
 * as well, so its capture lacks the packet. Floor: pairing; pure. */
#ifndef HOPSONDE_PAIRING_MISSED_H
#define HOPSONDE_PAIRING_MISSED_H

#include "pairing/result.h"

/* Whether another pairing shows this frame's packet beyond the other point. */
typedef bool transit_passes(void *context, const struct transit_frame *frame);

/* Packets that `point` alone shows, and that pass all the same, are no longer lost or forged: TRANSIT_MISSED. Changes
 * the result's lists, which its pairing owns, and all sums. */
void transit_excuse_missed(struct transit_result *result, enum transit_point point, transit_passes *passes,
                           void *context);

#endif
