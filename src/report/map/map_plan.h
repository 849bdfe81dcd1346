/* SPDX-License-Identifier: BSD-2-Clause */
/* map_plan: the stops, the legs and the window of a map. Floor: report; pure.
 *
 * The projection is equidistant cylindrical: true to scale along the meridians and along the parallel in the middle of
 * the window. The window is the smallest that contains all stops and legs, with a margin, and may cross the
 * antimeridian. If no place is known, it is the world. */
#ifndef HOPSONDE_REPORT_MAP_MAP_PLAN_H
#define HOPSONDE_REPORT_MAP_MAP_PLAN_H

#include "address/distance.h"
#include "report/map/map.h"

#define MAP_WIDTH 960.0 /* pixels */

/* The source, or a hop. */
struct map_stop {
    const struct path_hop *hop; /* NULL: the source */
    bool has_place;
    struct distance_point point;
    const struct map_leg *leg; /* to here; NULL: there is none */
};

/* From a stop with a place to the next one with a place. */
struct map_leg {
    const struct map_stop *from, *to;
    struct distance_leg travel;
};

struct map_window {
    double west, south;      /* degrees of the lower left corner; west is -180 to 180 */
    double wide, high;       /* degrees; wide is at most 360 */
    double x_scale, y_scale; /* pixels a degree */
    double height;           /* pixels; MAP_WIDTH is the width */
};

struct map_spot {
    double x, y; /* pixels from the upper left corner of the map */
};

struct map_plan {
    struct map_stop *stops; /* the source, and then the hops of the view */
    size_t stop_count;
    struct map_leg *legs;
    size_t leg_count;
    struct map_window window;
};

/* False: out of memory. The caller frees the plan in any case. */
bool map_plan_make(const struct map_view *view, struct map_plan *plan);
void map_plan_free(struct map_plan *plan);

/* The same longitude in the range from the window's western edge to less than 360 degrees east of it. */
double map_window_longitude(const struct map_window *window, double longitude);
/* The spot of a point, which may lie beyond the edges. The longitude is not normalised. */
struct map_spot map_window_spot(const struct map_window *window, struct distance_point point);

#endif
