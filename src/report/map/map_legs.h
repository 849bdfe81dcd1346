/* SPDX-License-Identifier: BSD-2-Clause */
/* maplegs: the legs of a map. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LEGS_H
#define HOPSONDE_REPORT_MAP_MAP_LEGS_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* A leg as it is seen in the window. Where the window is as wide as the world, a leg may leave it on one side and come
 * back on the other: it has a line for each `turn` of -1, 0 and 1 around the Earth. Returns the number of spots from
 * end to end; 0: this line is not seen, or both ends are one. */
size_t map_leg_spots(const struct map_window *window, const struct map_leg *leg, int turn,
                     struct map_spot spots[DISTANCE_POINTS_MOST]);

/* Draws all legs of the plan as SVG. */
void map_legs_add(struct strbuf *text, const struct map_plan *plan);

#endif
