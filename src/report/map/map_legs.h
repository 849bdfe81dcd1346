/* SPDX-License-Identifier: BSD-2-Clause */
/* map_legs: the legs of a map. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LEGS_H
#define HOPSONDE_REPORT_MAP_MAP_LEGS_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* The line of a leg in the window. In a window as wide as the world, a leg may leave it on one side and return on the
 * other; it then has a line for each `turn` of -1, 0 and 1 around the Earth. Returns the number of spots from end to
 * end; 0: this line is outside of the window, or both ends are the same. */
size_t map_leg_spots(const struct map_window *window, const struct map_leg *leg, int turn,
                     struct map_spot spots[DISTANCE_POINTS_MOST]);

/* Draws all legs of the plan as SVG. */
void map_legs_add(struct strbuf *text, const struct map_plan *plan);

#endif
