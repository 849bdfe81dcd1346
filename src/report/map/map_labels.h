/* SPDX-License-Identifier: BSD-2-Clause */
/* maplabels: where the labels of a map stand. Floor 5; pure.
 *
 * One after the other: beside its mark, above or below it, where it covers no mark and no label, and if it can be, no
 * leg. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LABELS_H
#define HOPSONDE_REPORT_MAP_MAP_LABELS_H

#include "report/map/map_plan.h"

#define MAP_MARK_RADIUS 5.0 /* pixels */

struct map_box {
    double left, top, right, bottom; /* pixels, as spots */
};

struct map_label {
    struct map_spot mark;
    double widths[2]; /* pixels: of the numbers alone, and with the name of the place; 0: it has none */
    /* What is found: */
    bool stands;        /* there is room for it */
    bool has_name;      /* and for the name of the place */
    int side;           /* -1: left of the mark; 0: above or below it; 1: right of it */
    struct map_box box; /* that it fills */
};

void map_labels_place(struct map_label *labels, size_t count, const struct map_plan *plan);

#endif
