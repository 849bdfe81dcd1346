/* SPDX-License-Identifier: BSD-2-Clause */
/* map_labels: the places of a map's labels. Floor: report; pure.
 *
 * Labels are placed one after the other: beside, above or below the mark. A label covers no mark and no other label,
 * and no leg if that can be avoided. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LABELS_H
#define HOPSONDE_REPORT_MAP_MAP_LABELS_H

#include "report/map/map_plan.h"

#define MAP_MARK_RADIUS 5.0 /* pixels */

struct map_box {
    double left, top, right, bottom; /* pixels, like struct map_spot */
};

struct map_label {
    struct map_spot mark;
    double widths[2]; /* pixels: without and with the name of the place; 0: there is no name */
    /* Filled in by map_labels_place(): */
    bool stands;        /* there is room for it */
    bool has_name;      /* there is room for the name of the place, too */
    int side;           /* -1: left of the mark; 0: above or below it; 1: right of it */
    struct map_box box; /* the space that it takes */
};

void map_labels_place(struct map_label *labels, size_t count, const struct map_plan *plan);

#endif
