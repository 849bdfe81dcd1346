/* SPDX-License-Identifier: BSD-2-Clause */
/* distance: the least time that light needs for a distance, to check places against RTTs. Floor 1; pure.
 *
 * The Earth is a sphere of its mean radius, which is right to 0.6 %. Light in fibre makes 2/3 of c, 200 km in a
 * millisecond; cables are longer than great circles by far more than either is off.
 *
 * The rule by which a leg is doubtful. A probe that hop b answered went from the source by hop a, an earlier one, to b,
 * and its answer came back by any way. So the least way is source, a, b, source: the sides of a triangle, and the RTT
 * of b must cover all three at 2/3 of c. Where the source's place is not known, the way out to a and the way home from
 * b together are at least as long as a to b (triangle inequality), so the RTT of b must cover twice the leg: that is
 * RTT/2 against the leg. The difference of the RTTs of a and b bounds nothing, since the answers may have come back by
 * different ways, and neither does the RTT of a, since a answered without b.
 *
 * A place is a city and not a point: each end may lie 25 km off, so 50 km of each side are not counted. What is still
 * too long for light shows that a place is wrong, or an RTT, or that the packets to b did not pass a, or that much of
 * the way is no fibre: radio is half as fast again. What is not too long shows nothing. */
#ifndef HOPSONDE_ADDRESS_DISTANCE_H
#define HOPSONDE_ADDRESS_DISTANCE_H

#include "address/address_book.h"
#include "base/nstime.h"
#include "base/strbuf.h"

#define DISTANCE_EARTH_KM 6371.0088         /* mean radius (IUGG) */
#define DISTANCE_LIGHT_KM_PER_MS 299.792458 /* in a vacuum (SI) */
#define DISTANCE_FIBRE (2.0 / 3)            /* of that, in fibre */
#define DISTANCE_PLACE_KM 25.0              /* how far from its place an address may be */
#define DISTANCE_STEP_KM 100.0              /* between the points of a line that is drawn */
#define DISTANCE_POINTS_MOST 202            /* half around the Earth in such steps, and both ends */

struct distance_point {
    double latitude, longitude; /* degrees, as in struct address_place */
};

/* False: the place has no position, or one that is not on Earth. */
bool distance_point_of(const struct address_place *place, struct distance_point *point);

/* By great circle (haversine formula); from 0 to half around the Earth. */
double distance_km(struct distance_point from, struct distance_point to);
/* How long light in fibre needs for a way. */
double distance_least_ms(double km);

/* A part of a path between two hops whose places are known. */
struct distance_leg {
    double km;          /* by great circle */
    double round_km;    /* the least way of the probe and its answer, by the rule above */
    double least_ms;    /* that light in fibre needs for it: no RTT of the leg's end can be less */
    double measured_ms; /* the best RTT of the leg's end; negative: not known */
    bool is_doubtful;   /* measured is known and below the least */
};

/* `source` NULL: not known. For a leg from the source itself `from` is the source. `best_rtt` is that of `to`;
 * NSTIME_NEVER: not known. */
struct distance_leg distance_leg(const struct distance_point *source, struct distance_point from,
                                 struct distance_point to, nstime best_rtt);
/* "5570 km"; of a doubtful one "5570 km, a round trip of 11040 km or more: light in fibre needs 55.2 ms, measured
 * 20.1 ms". */
void distance_add_leg(struct strbuf *text, const struct distance_leg *leg);

/* The great circle as points from end to end, at most DISTANCE_STEP_KM apart; returns how many. Neighbours differ by at
 * most 180 degrees of longitude: where the line crosses the antimeridian, the longitudes go on beyond 180 or -180.
 * Between antipodes, where any great circle is one, it goes by the north pole. */
size_t distance_line(struct distance_point from, struct distance_point to,
                     struct distance_point points[DISTANCE_POINTS_MOST]);

#endif
