/* SPDX-License-Identifier: BSD-2-Clause */
/* map: the hops of one path on a map of the world, as one self-contained SVG file without scripts. Floor: report; pure.
 *
 * Hops are at the places that databases or names give, with their TTLs; hops at one place share a mark. Legs between
 * consecutive hops are great circles. A leg is dashed if light in fibre would need more time than was measured
 * (address/distance.h). A list of all hops follows below the map. */
#ifndef HOPSONDE_REPORT_MAP_MAP_H
#define HOPSONDE_REPORT_MAP_MAP_H

#include <stdio.h>

#include "report/hops.h"

/* All borrowed. Names and places are foreign text. */
struct map_view {
    const char *title;                  /* foreign text; NULL: none */
    const struct address_place *source; /* NULL: not known */
    const struct path_hop *hops;        /* by TTL, one for each */
    size_t count;
};

/* False: out of memory, and nothing was written. The caller checks whether `file` took everything. */
bool map_draw(const struct map_view *view, FILE *file);

#endif
