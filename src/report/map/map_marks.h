/* SPDX-License-Identifier: BSD-2-Clause */
/* map_marks: the marks of a map, one a spot, and their labels. Floor: report; pure.
 *
 * Stops that would cover each other share a mark. A label has the numbers of its hops and the name of their place. If
 * there is no room for both it has only the numbers; if there is no room for these, there is no label. The mark's
 * tooltip and the list below the map contain everything. */
#ifndef HOPSONDE_REPORT_MAP_MAP_MARKS_H
#define HOPSONDE_REPORT_MAP_MAP_MARKS_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* Draws all marks of the plan as SVG. False: out of memory. */
bool map_marks_add(struct strbuf *text, const struct map_view *view, const struct map_plan *plan);

/* "Berlin, DE", "DE", or nothing: the names of a place, which are foreign text and not escaped here. */
void map_marks_add_place(struct strbuf *text, const struct address_place *place);

#endif
