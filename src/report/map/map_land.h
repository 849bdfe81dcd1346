/* SPDX-License-Identifier: BSD-2-Clause */
/* mapland: the ground of a map: land, and lines of latitude and longitude. Floor 5; pure. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LAND_H
#define HOPSONDE_REPORT_MAP_MAP_LAND_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* One SVG path: the land that is seen in the window. */
void map_land_add(struct strbuf *text, const struct map_window *window);
/* The lines, and what they are at the window's edges: "50° N". */
void map_land_add_grid(struct strbuf *text, const struct map_window *window);

#endif
