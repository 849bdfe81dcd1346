/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/distance.h"

#include <math.h>

#define NEARLY_ZERO 1e-9 /* radians, some millimetres on Earth: rounding error that counts as no distance */

/* A vector, of a point on the unit sphere or of a direction. */
struct vector {
    double x, y, z;
};

static double radians(double angle)
{
    return angle * (M_PI / 180);
}

static double degrees(double angle)
{
    return angle * (180 / M_PI);
}

bool distance_point_of(const struct address_place *place, struct distance_point *point)
{
    /* These comparisons reject NaN. */
    if (!place->has_position || !(fabs(place->latitude) <= 90) || !(fabs(place->longitude) <= 180))
        return false;
    *point = (struct distance_point){place->latitude, place->longitude};
    return true;
}

double distance_km(struct distance_point from, struct distance_point to)
{
    double half_latitude = sin(radians(to.latitude - from.latitude) / 2);
    double half_longitude = sin(radians(to.longitude - from.longitude) / 2);
    double haversine = half_latitude * half_latitude +
                       cos(radians(from.latitude)) * cos(radians(to.latitude)) * half_longitude * half_longitude;
    return 2 * DISTANCE_EARTH_KM * asin(sqrt(fmin(haversine, 1)));
}

double distance_least_ms(double km)
{
    return km / (DISTANCE_LIGHT_KM_PER_MS * DISTANCE_FIBRE);
}

/* Returns the least distance between two addresses that may each lie some way off their places. */
static double least_km(struct distance_point from, struct distance_point to)
{
    return fmax(distance_km(from, to) - 2 * DISTANCE_PLACE_KM, 0);
}

struct distance_leg distance_leg(const struct distance_point *source, struct distance_point from,
                                 struct distance_point to, nstime best_rtt)
{
    double there = least_km(from, to);
    double others = source ? least_km(*source, from) + least_km(to, *source) : there;
    struct distance_leg leg = {
        .km = distance_km(from, to),
        .round_km = there + others,
        .least_ms = distance_least_ms(there + others),
        .measured_ms = best_rtt == NSTIME_NEVER || best_rtt < 0 ? -1 : nstime_ms(best_rtt),
    };
    leg.is_doubtful = leg.measured_ms >= 0 && leg.measured_ms < leg.least_ms;
    return leg;
}

void distance_add_leg(struct strbuf *text, const struct distance_leg *leg)
{
    strbuf_addf(text, "%.0f km", leg->km);
    if (leg->is_doubtful)
        strbuf_addf(text, ", a round trip of %.0f km or more: light in fibre needs %.1f ms, measured %.1f ms",
                    leg->round_km, leg->least_ms, leg->measured_ms);
}

/* --- lines --- */

static struct vector vector_of(struct distance_point point)
{
    double ring = cos(radians(point.latitude));
    return (struct vector){ring * cos(radians(point.longitude)), ring * sin(radians(point.longitude)),
                           sin(radians(point.latitude))};
}

/* Returns a * of_a + b * of_b. */
static struct vector mix(struct vector a, double of_a, struct vector b, double of_b)
{
    return (struct vector){a.x * of_a + b.x * of_b, a.y * of_a + b.y * of_b, a.z * of_a + b.z * of_b};
}

static double product(struct vector a, struct vector b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

/* Returns the direction from `from` to `to` as a vector of length 1, or of length 0 if every direction leads there. */
static struct vector direction(struct vector from, struct vector to)
{
    struct vector along = mix(to, 1, from, -product(from, to));
    double length = sqrt(product(along, along));
    return length > NEARLY_ZERO ? mix(along, 1 / length, along, 0) : (struct vector){0};
}

static struct vector direction_of_line(struct vector from, struct vector to)
{
    const struct vector north = {.z = 1}, meridian = {.x = 1};
    const struct vector *const aims[] = {&to, &north, &meridian};
    struct vector along = {0};
    for (size_t i = 0; i < sizeof aims / sizeof *aims && product(along, along) < 0.5; i++)
        along = direction(from, *aims[i]);
    return along;
}

/* Converts to degrees. The longitude is put near `before`, the longitude of the previous point. */
static struct distance_point point_of(struct vector v, double before)
{
    double ring = hypot(v.x, v.y);
    double longitude = ring > NEARLY_ZERO ? degrees(atan2(v.y, v.x)) : before; /* a pole has every longitude */
    return (struct distance_point){degrees(atan2(v.z, ring)), before + remainder(longitude - before, 360)};
}

size_t distance_line(struct distance_point from, struct distance_point to,
                     struct distance_point points[DISTANCE_POINTS_MOST])
{
    double km = distance_km(from, to);
    size_t last = (size_t)(km / DISTANCE_STEP_KM) + 1;
    struct vector start = vector_of(from), along = direction_of_line(start, vector_of(to));
    points[0] = from;
    for (size_t i = 1; i < last; i++) {
        double angle = km / DISTANCE_EARTH_KM * (double)i / (double)last;
        points[i] = point_of(mix(start, cos(angle), along, sin(angle)), points[i - 1].longitude);
    }
    double before = points[last - 1].longitude;
    points[last] = (struct distance_point){to.latitude, before + remainder(to.longitude - before, 360)};
    return last + 1;
}
