/* SPDX-License-Identifier: BSD-2-Clause */
/* distance: the least time that light needs for a distance, to check places against RTTs. Floor 1; pure.
 *
 * The Earth counts as a sphere of its mean radius, with an error of up to 0.6 %. Light in fibre travels at 2/3 of c,
 * 200 km in a millisecond. Cables exceed great circles by far more than either error.
 *
 * When a leg from hop a to a later hop b is doubtful:
 * 1. The probe that b answered travelled from the source through a to b. The reply returned on any path.
 * 2. If the source's place is known, the shortest round trip is source, a, b, source: the sides of a triangle. The
 *    RTT of b must cover all three at 2/3 of c.
 * 3. If the source's place is unknown, the way out to a plus the way back from b are at least as long as a to b
 *    (triangle inequality). The RTT of b must then cover twice the leg: RTT/2 is compared with the leg.
 * 4. Neither the difference of the two RTTs nor the RTT of a is a bound. The replies may have returned on different
 *    paths, and a replied without b.
 * 5. A place is a city, not a point. Each end may lie 25 km off, so 50 km of each side are not counted.
 *
 * A leg that is still too long for light has one of these causes: a place is wrong, an RTT is wrong, the packets to
 * b did not pass a, or much of the path is not fibre. Radio is 1.5 times as fast. A leg that is not too long proves
 * nothing. */
#ifndef HOPSONDE_ADDRESS_DISTANCE_H
#define HOPSONDE_ADDRESS_DISTANCE_H

#include "address/address_book.h"
#include "base/nstime.h"
#include "base/strbuf.h"

#define DISTANCE_EARTH_KM 6371.0088         /* kilometres: mean radius (IUGG) */
#define DISTANCE_LIGHT_KM_PER_MS 299.792458 /* speed in a vacuum (SI) */
#define DISTANCE_FIBRE (2.0 / 3)            /* fraction of that speed in fibre */
#define DISTANCE_PLACE_KM 25.0              /* kilometres: tolerance at each end of a side, as in rule 5 */
#define DISTANCE_STEP_KM 100.0              /* kilometres: largest step of a drawn line */
#define DISTANCE_POINTS_MOST 202            /* points of the longest line, half around the Earth */

struct distance_point {
    double latitude, longitude; /* degrees, as in struct address_place */
};

/* Returns false if the place has no position, or a position outside the valid range. */
bool distance_point_of(const struct address_place *place, struct distance_point *point);

/* Returns the great-circle distance (haversine formula), from 0 to half around the Earth. */
double distance_km(struct distance_point from, struct distance_point to);
/* Returns the time that light in fibre needs for a distance. */
double distance_least_ms(double km);

/* A part of a path between two hops with known places. */
struct distance_leg {
    double km;          /* great-circle distance */
    double round_km;    /* shortest round trip of the probe and its reply, by the rules above */
    double least_ms;    /* time that light in fibre needs for it; a lower bound for every RTT of the leg's end */
    double measured_ms; /* best RTT of the leg's end; negative: unknown */
    bool is_doubtful;   /* measured is known and below the least */
};

/* Judges a leg. `source` is NULL if unknown. For a leg that starts at the source, `from` is the source. `best_rtt`
 * is the best RTT of `to`, or NSTIME_NEVER if unknown. */
struct distance_leg distance_leg(const struct distance_point *source, struct distance_point from,
                                 struct distance_point to, nstime best_rtt);
/* Adds "5570 km". For a doubtful leg it adds "5570 km, a round trip of 11040 km or more: light in fibre needs 55.2
 * ms, measured 20.1 ms". */
void distance_add_leg(struct strbuf *text, const struct distance_leg *leg);

/* Computes the great circle as points from end to end, at most DISTANCE_STEP_KM apart; returns their count.
 * Neighbours differ by at most 180 degrees of longitude. A line across the antimeridian continues with longitudes
 * beyond 180 or -180. Between antipodes, where every great circle is a shortest line, it passes the north pole. */
size_t distance_line(struct distance_point from, struct distance_point to,
                     struct distance_point points[DISTANCE_POINTS_MOST]);

#endif
