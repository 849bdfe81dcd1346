/* SPDX-License-Identifier: BSD-2-Clause */
/* map_list: the list of hops below a map, one a row. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_MAP_MAP_LIST_H
#define HOPSONDE_REPORT_MAP_MAP_LIST_H

#include "base/strbuf.h"
#include "report/map/map_plan.h"

/* Draws the list from `top` on, in pixels; returns its end. The columns are number, name or address, place, best RTT,
 * and the leg to the hop. */
double map_list_add(struct strbuf *text, const struct map_plan *plan, double top);

#endif
