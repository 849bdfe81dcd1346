/* SPDX-License-Identifier: BSD-2-Clause */
/* map: the hops of one path on a map of the world: one SVG file that needs no other, without scripts. Floor 5.
 *
 * Hops stand where they are said to be, numbered by TTL; those at one spot share a mark. Legs between hops that follow
 * each other are great circles, and those that light could not have travelled in the measured time are dashed
 * (about/travel.h). Below the map stands every hop, whether its place is known or not. */
#ifndef HOPSONDE_REPORT_MAP_MAP_H
#define HOPSONDE_REPORT_MAP_MAP_H

#include <stdio.h>

#include "report/hops.h"

/* All borrowed. Names and places are foreign text. */
struct map_view {
    const char *title;                  /* what the path is; foreign text; NULL: nothing */
    const struct address_place *source; /* NULL: not known */
    const struct path_hop *hops;        /* by TTL, one each */
    size_t count;
};

/* False: memory is short, and nothing was written. Whether `file` took everything is asked by the caller. */
bool map_draw(const struct map_view *view, FILE *file);

#endif
