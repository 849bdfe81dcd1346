/* SPDX-License-Identifier: BSD-2-Clause */
/* wrong_pairs: samples of a clock that are no pairs of the same packet, and are left out. Floor 3; pure; internal to
 * transit/, for clock.c. */
#ifndef HOPSONDE_TRANSIT_WRONG_PAIRS_H
#define HOPSONDE_TRANSIT_WRONG_PAIRS_H

#include "transit/span.h"

/* Smaller jumps count as contradictory samples: NTP steps a clock only if it is off by more than 128 ms. */
#define STEP_LEAST NS_PER_MS

/* For qsort(): by clock A's times, and then by how far clock B is ahead. */
int sample_by_time(const void *a, const void *b);
/* Stamps of hostile files may be apart by any time: beyond the range, it is the end of it. */
nstime stamp_difference(nstime a, nstime b);
/* Removes wrong samples; returns how many. All are judged before the first is removed. */
unsigned samples_remove_wrong(struct sample *samples, unsigned *count);
/* Of one direction only: removes the tightest samples if they stand alone. Returns how many. Changes the order. */
unsigned samples_remove_isolated(struct sample *samples, unsigned *count);

#endif
