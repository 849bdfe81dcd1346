/* SPDX-License-Identifier: BSD-2-Clause */
/* mapmarks: the marks of a map, one a spot, and where their labels stand. Floor 5; pure.
 *
 * Stops that would cover each other share a mark. A label has the numbers of its hops and the name of their place.
 * Where there is no room for that without covering another, it has the numbers, and where there is none for these
 * either, there is no label: the mark's tooltip and the list below the map have it all. */
#ifndef HOPSONDE_REPORT_MAP_MAP_MARKS_H
#define HOPSONDE_REPORT_MAP_MAP_MARKS_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* Draws all marks of the plan as SVG. False: memory is short. */
bool map_marks_add(struct strbuf *text, const struct map_view *view, const struct map_plan *plan);

/* The name of a stop's place, "" where it has none: "Berlin, DE", "DE". Foreign text, as it came. */
void map_marks_add_place(struct strbuf *text, const struct address_place *place);

#endif
