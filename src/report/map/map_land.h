/* SPDX-License-Identifier: BSD-2-Clause */
/* map_land: the land of a map, and its lines of latitude and longitude. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LAND_H
#define HOPSONDE_REPORT_MAP_MAP_LAND_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* Adds one SVG path: the land within the window. */
void map_land_add(struct strbuf *text, const struct map_window *window);
/* Adds the lines, and their labels at the window's edges: "50° N". */
void map_land_add_grid(struct strbuf *text, const struct map_window *window);

#endif
