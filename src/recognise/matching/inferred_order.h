/* SPDX-License-Identifier: BSD-2-Clause */
/* inferred_order: unmatched replies in the order of the probes that they quote. Floor 4; internal to recognise/, for
 * inferred.c. */
#ifndef HOPSONDE_RECOGNISE_MATCHING_INFERRED_ORDER_H
#define HOPSONDE_RECOGNISE_MATCHING_INFERRED_ORDER_H

#include "recognise/state.h"

/* Unmatched replies of a pair with one echo id or source port. */
struct inferred {
    struct unmatched **replies; /* owned; in the order of the counter */
    size_t count;
    enum { COUNTER_NONE, COUNTER_TARGET_PORT, COUNTER_SOURCE_PORT } counter;
};

/* For qsort() of pointers, and for two of them. */
int unmatched_by_source_port(const void *a, const void *b);
int unmatched_compare_times(const struct unmatched *x, const struct unmatched *y);

/* Sorts the replies and finds their counter. */
void inferred_sort(struct inferred *inferred);
/* True if they are those to one trace; sets the place of each one's router. */
bool inferred_is_trace(const struct inferred *inferred);
/* True if the replies come from farther and farther away, from three distances at least: by their own TTLs. */
bool inferred_climbs(const struct inferred *inferred);
/* Sets the hop of each. */
void inferred_number_hops(const struct inferred *inferred);

#endif
