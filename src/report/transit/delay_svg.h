/* SPDX-License-Identifier: BSD-2-Clause */
/* delay_svg: the drawing of `transit`: one-way delay over time, a panel for each way, and the losses above it. One
 * self-contained SVG without scripts. Floor: report. */
#ifndef HOPSONDE_REPORT_TRANSIT_DELAY_SVG_H
#define HOPSONDE_REPORT_TRANSIT_DELAY_SVG_H

#include <stdio.h>

#include "pairing/result.h"
#include "report/transit/delay_series.h"

struct delay_svg {
    struct delay_series ways[TRANSIT_WAYS]; /* times of the near clock, when a packet passed its first point */
    struct clock_estimate clock;
};

void delay_svg_init(struct delay_svg *svg, const struct clock_estimate *clock);
void delay_svg_add(struct delay_svg *svg, const struct transit_pair *pair);
/* Adds the losses and writes the drawing. `result` may be NULL: the reading ended early. */
void delay_svg_end(struct delay_svg *svg, const struct transit_result *result, FILE *file);

#endif
