/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map_plan.h"

#include <math.h>
#include <stdlib.h>

#define MIDDLE_MOST 65.0 /* degrees: the parallel that is true to scale is at most so far north or south */
#define MARGIN_WIDE 1.3  /* width of the window by that of its content */
#define MARGIN_HIGH 1.35
#define WIDE_LEAST 20.0 /* degrees of latitude, 2200 km: a smaller window would show little coastline */
#define FLATTEST 0.42   /* least height by width */
#define TALLEST 0.62
#define WORLD_SOUTH -45.0 /* degrees, without the margin */
#define WORLD_NORTH 68.0

/* The content of the window. */
struct extent {
    bool taken[360]; /* degrees of longitude */
    double cut;      /* a longitude that nothing crosses, if there is one */
    double west, east, south, north;
};

/* --- stops and legs --- */

static void find_places(struct map_plan *plan, const struct map_view *view)
{
    plan->stops[0].has_place = view->source && distance_point_of(view->source, &plan->stops[0].point);
    for (size_t i = 0; i < view->count; i++) {
        struct map_stop *stop = &plan->stops[i + 1];
        const struct address_facts *facts = view->hops[i].facts;
        stop->hop = &view->hops[i];
        stop->has_place = facts && distance_point_of(&facts->place, &stop->point);
    }
}

static void find_legs(struct map_plan *plan)
{
    const struct distance_point *source = plan->stops[0].has_place ? &plan->stops[0].point : NULL;
    const struct map_stop *before = NULL;
    for (size_t i = 0; i < plan->stop_count; i++) {
        struct map_stop *stop = &plan->stops[i];
        if (!stop->has_place)
            continue;
        if (before) {
            struct map_leg *leg = &plan->legs[plan->leg_count++];
            *leg =
                (struct map_leg){before, stop, distance_leg(source, before->point, stop->point, stop->hop->best_rtt)};
            stop->leg = leg;
        }
        before = stop;
    }
}

/* --- the window --- */

/* From 0 to less than 360; rounding may give 360. */
static double around(double degrees)
{
    double rest = fmod(degrees, 360);
    return rest < 0 ? rest + 360 : rest;
}

static void take_degrees(struct extent *extent, struct distance_point from, struct distance_point to)
{
    double east = fmax(from.longitude, to.longitude);
    for (double degree = floor(fmin(from.longitude, to.longitude)); degree <= east; degree++)
        extent->taken[(unsigned)around(degree) % 360] = true;
}

static void take_edges(struct extent *extent, struct distance_point from, struct distance_point to)
{
    double longitude = extent->cut + around(to.longitude - extent->cut);
    extent->west = fmin(extent->west, longitude);
    extent->east = fmax(extent->east, longitude);
    extent->south = fmin(extent->south, fmin(from.latitude, to.latitude));
    extent->north = fmax(extent->north, fmax(from.latitude, to.latitude));
}

/* Visits every step of every leg. A stop without a leg is a step from itself to itself. */
static void take_all(struct extent *extent, const struct map_plan *plan,
                     void (*take)(struct extent *extent, struct distance_point from, struct distance_point to))
{
    struct distance_point points[DISTANCE_POINTS_MOST];
    for (size_t i = 0; i < plan->stop_count; i++) {
        const struct map_stop *stop = &plan->stops[i];
        if (!stop->has_place)
            continue;
        take(extent, stop->point, stop->point);
        size_t count = stop->leg ? distance_line(stop->leg->from->point, stop->point, points) : 0;
        for (size_t k = 1; k < count; k++)
            take(extent, points[k - 1], points[k]);
    }
}

/* Finds the middle of the longest range of free degrees. False: there is none. */
static bool find_cut(struct extent *extent)
{
    unsigned longest = 0, end = 0, run = 0;
    for (unsigned i = 0; i < 2 * 360; i++) {
        run = extent->taken[i % 360] ? 0 : run + 1;
        if (run > longest) {
            longest = run;
            end = i + 1;
        }
    }
    extent->cut = end - longest / 2.0;
    return longest > 0;
}

static void measure(struct extent *extent, const struct map_plan *plan)
{
    const double endless = (double)INFINITY;
    *extent = (struct extent){.west = endless, .east = -endless, .south = endless, .north = -endless};
    take_all(extent, plan, take_degrees);
    bool is_open = find_cut(extent);
    take_all(extent, plan, take_edges);
    bool is_empty = extent->west > extent->east;
    if (is_empty) {
        extent->south = WORLD_SOUTH;
        extent->north = WORLD_NORTH;
    }
    if (is_empty || !is_open) {
        extent->west = -180;
        extent->east = 180;
    }
}

static double between(double least, double value, double most)
{
    return fmax(least, fmin(value, most));
}

static void choose_window(struct map_window *window, const struct extent *extent)
{
    double middle = (extent->south + extent->north) / 2;
    double narrowing = cos(between(-MIDDLE_MOST, middle, MIDDLE_MOST) * (M_PI / 180));
    /* Both in degrees of latitude, until the shape of the page is known. */
    double wide = fmax((extent->east - extent->west) * narrowing * MARGIN_WIDE, WIDE_LEAST);
    double high = (extent->north - extent->south) * MARGIN_HIGH;
    wide = fmin(fmax(wide, high / TALLEST), 360 * narrowing);
    high = fmin(fmax(high, wide * FLATTEST), 180);
    window->wide = wide / narrowing;
    window->high = high;
    window->x_scale = MAP_WIDTH / window->wide;
    window->y_scale = MAP_WIDTH / wide;
    window->height = high * window->y_scale;
    window->south = between(-90, middle - high / 2, 90 - high);
    window->west = remainder((extent->west + extent->east - window->wide) / 2, 360);
}

double map_window_longitude(const struct map_window *window, double longitude)
{
    return window->west + around(longitude - window->west);
}

struct map_spot map_window_spot(const struct map_window *window, struct distance_point point)
{
    return (struct map_spot){(point.longitude - window->west) * window->x_scale,
                             (window->south + window->high - point.latitude) * window->y_scale};
}

/* --- the plan --- */

bool map_plan_make(const struct map_view *view, struct map_plan *plan)
{
    *plan = (struct map_plan){.stop_count = view->count + 1};
    plan->stops = calloc(plan->stop_count, sizeof *plan->stops);
    plan->legs = calloc(plan->stop_count, sizeof *plan->legs);
    if (!plan->stops || !plan->legs)
        return false;
    struct extent extent;
    find_places(plan, view);
    find_legs(plan);
    measure(&extent, plan);
    choose_window(&plan->window, &extent);
    return true;
}

void map_plan_free(struct map_plan *plan)
{
    free(plan->stops);
    free(plan->legs);
    *plan = (struct map_plan){0};
}
