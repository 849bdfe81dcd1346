/* SPDX-License-Identifier: BSD-2-Clause */
/* middle: rewrites by devices between two points, in the bytes of a packet. For tests only. */
#ifndef HOPSONDE_TESTS_PAIRS_MIDDLE_H
#define HOPSONDE_TESTS_PAIRS_MIDDLE_H

#include "sim/pkt.h"

/* Adds to the sequence number of a TCP packet, and takes from what it acknowledges; checksums are kept right. */
void middle_shift(struct pkt *packet, uint32_t sent, uint32_t acknowledged);

#endif
