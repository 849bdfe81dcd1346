/* SPDX-License-Identifier: BSD-2-Clause */
/* coastline: the outlines of the land, for small maps. Floor: report; data. */
#ifndef HOPSONDE_REPORT_MAP_COASTLINE_H
#define HOPSONDE_REPORT_MAP_COASTLINE_H

#include <stddef.h>
#include <stdint.h>

/* Ring after ring: the number of its points, the longitude and latitude of its first point, and the step to each next
 * point, in hundredths of degrees. The last point links to the first. A ring within another is water. The error is
 * about 10 km, and islands smaller than about 30 km are missing; beyond 62 degrees of latitude both are four times as
 * much. No ring crosses the antimeridian. */
extern const int16_t coastline[];
extern const size_t coastline_count; /* numbers */

#endif
