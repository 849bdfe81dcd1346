/* SPDX-License-Identifier: BSD-2-Clause */
/* coastline: the outlines of the land, for small maps. Floor 5; data. */
#ifndef HOPSONDE_REPORT_MAP_COASTLINE_H
#define HOPSONDE_REPORT_MAP_COASTLINE_H

#include <stddef.h>
#include <stdint.h>

/* Ring after ring: the number of its points, then longitude and latitude of its first point and from there the step to
 * each next one, all in hundredths of degrees. A ring is closed by the way back to its first point; one within another
 * is water. Right to some 10 km, and islands smaller than some 30 km are missing; beyond 62 degrees of latitude, both
 * are four times as much. No ring crosses the antimeridian. */
extern const int16_t coastline[];
extern const size_t coastline_count; /* numbers */

#endif
