/* SPDX-License-Identifier: BSD-2-Clause */
/* delay_series: one-way delays over time, as a drawing of fixed size shows them. Floor: report; pure.
 *
 * Time is cut into slots. A slot holds the least and the most delay, and how many packets. When more time passes than
 * the slots cover, each takes twice as much, so memory is constant for any number of packets, in any order. */
#ifndef HOPSONDE_REPORT_TRANSIT_DELAY_SERIES_H
#define HOPSONDE_REPORT_TRANSIT_DELAY_SERIES_H

#include "base/nstime.h"

#define DELAY_SLOTS 512 /* even; pixels of the drawing's width are hardly more */

struct delay_slot {
    nstime least, most; /* with count */
    uint64_t count, lost;
};

struct delay_series {
    nstime from;  /* begin of slot 0; NSTIME_NONE: nothing was added */
    nstime width; /* of a slot */
    struct delay_slot slots[DELAY_SLOTS];
};

void delay_series_init(struct delay_series *series);
void delay_series_add(struct delay_series *series, nstime at, nstime delay);
/* A packet that was sent at this time, and lost. */
void delay_series_add_lost(struct delay_series *series, nstime at);
/* The least and the most delay of all. False: there are none. */
bool delay_series_range(const struct delay_series *series, nstime *least, nstime *most);
/* First and last slot that hold anything. False: there are none. */
bool delay_series_span(const struct delay_series *series, unsigned *first, unsigned *last);

#endif
