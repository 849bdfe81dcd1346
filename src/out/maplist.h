/* maplist: the hops below a map, one a row. Floor 5; pure. */
#ifndef HOPSONDE_OUT_MAPLIST_H
#define HOPSONDE_OUT_MAPLIST_H

#include "base/strbuf.h"
#include "out/mapplan.h"

/* Draws the list from `top` on, in pixels; returns where it ends. Columns: number, name or address, place, best RTT,
 * and the leg that leads there. */
double map_list_add(struct strbuf *text, const struct map_plan *plan, double top);

#endif
