/* SPDX-License-Identifier: BSD-2-Clause */
/* Distances, the time that light needs for them, and lines along them. */
#include "address/distance.h"

#include <math.h>

#include "tap.h"

static const struct distance_point berlin = {52.52, 13.405}, paris = {48.8566, 2.3522}, new_york = {40.7128, -74.006},
                                   tokyo = {35.6762, 139.6503}, los_angeles = {34.0522, -118.2437},
                                   london = {51.5074, -0.1278}, suva = {-18.1416, 178.4419},
                                   apia = {-13.8333, -171.7667};

static const double half_around = M_PI * DISTANCE_EARTH_KM;

static bool is_near(double got, double want, double off)
{
    bool good = fabs(got - want) <= off;
    if (!good)
        printf("#   got %.9f, want %.9f\n", got, want);
    return good;
}

/* --- distances --- */

static void test_distances(void)
{
    const struct {
        const char *name;
        struct distance_point from, to;
        double km, off;
    } rows[] = {
        {"Berlin to Paris", berlin, paris, 877.5, 1},
        {"London to New York", london, new_york, 5570, 3},
        {"Tokyo to Los Angeles", tokyo, los_angeles, 8815, 10},
        {"Suva to Apia, by the antimeridian", suva, apia, 1150, 10},
        {"one point", berlin, berlin, 0, 0},
        {"pole to pole", {90, 17}, {-90, -120}, half_around, 1e-6},
        {"one pole, at any longitude", {90, 0}, {90, 135}, 0, 1e-6},
        {"pole to equator", {90, 0}, {0, 77}, half_around / 2, 1e-6},
        {"antipodes", {30, 40}, {-30, -140}, half_around, 1e-3},
        {"one degree of the equator", {0, 179.5}, {0, -179.5}, half_around / 180, 1e-6},
        {"both names of the antimeridian", {12, 180}, {12, -180}, 0, 1e-6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(is_near(distance_km(rows[i].from, rows[i].to), rows[i].km, rows[i].off), "%s", rows[i].name);
        ok(is_near(distance_km(rows[i].to, rows[i].from), rows[i].km, rows[i].off), "%s, and back", rows[i].name);
    }
    ok(is_near(distance_least_ms(199.861638667), 1, 1e-9), "two thirds of light's way in a millisecond");
}

static void test_places(void)
{
    struct distance_point point;
    const struct {
        const char *name;
        bool has_position, good;
        double latitude, longitude;
    } rows[] = {
        {"none", false, false, 1, 2},
        {"a corner of the map", true, true, -90, 180},
        {"north of the pole", true, false, 90.001, 0},
        {"more than around", true, false, 0, -180.5},
        {"no latitude", true, false, (double)NAN, 0},
        {"no longitude", true, false, 0, (double)NAN},
        {"endless", true, false, (double)INFINITY, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_place place = {
            .has_position = rows[i].has_position, .latitude = rows[i].latitude, .longitude = rows[i].longitude};
        is_num(distance_point_of(&place, &point), rows[i].good, "position: %s", rows[i].name);
    }
    struct address_place place = {.has_position = true, .latitude = 1.5, .longitude = -2.5};
    ok(distance_point_of(&place, &point) && point.latitude == 1.5 && point.longitude == -2.5, "and is the place's");
}

/* --- legs --- */

/* On the equator, one degree is 111.195 km. */
static struct distance_point on_equator(double longitude)
{
    return (struct distance_point){0, longitude};
}

static void test_legs(void)
{
    const struct {
        const char *name;
        double source, from, to; /* degrees on the equator; source NAN: not known */
        nstime rtt;
        double least_ms;
        bool is_doubtful;
    } rows[] = {
        /* 10 degrees are 1111.949 km; 50 km of each side are not counted. */
        {"source unknown: twice the leg", (double)NAN, 0, 10, 11 * NS_PER_MS, 10.627, false},
        {"source unknown: too fast", (double)NAN, 0, 10, 10 * NS_PER_MS, 10.627, true},
        {"from the source", 0, 0, 10, 10 * NS_PER_MS, 10.627, true},
        {"from the source, in time", 0, 0, 10, 11 * NS_PER_MS, 10.627, false},
        {"onwards: twice the whole way", 0, 10, 20, 20 * NS_PER_MS, 21.504, true},
        {"onwards, in time", 0, 10, 20, 22 * NS_PER_MS, 21.504, false},
        {"back towards the source: twice the way out", 0, 20, 10, 21 * NS_PER_MS, 21.504, true},
        {"back at the source", 0, 10, 0, 10 * NS_PER_MS, 10.627, true},
        {"no RTT, no doubt", 0, 10, 20, NSTIME_NEVER, 21.504, false},
        {"a negative RTT is none", 0, 10, 20, -1, 21.504, false},
        {"suburbs: nothing is too fast", (double)NAN, 0, 0.4, 0, 0, false},
        {"one place", 0, 0, 0, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct distance_point source = on_equator(rows[i].source);
        struct distance_leg leg = distance_leg(isnan(rows[i].source) ? NULL : &source, on_equator(rows[i].from),
                                               on_equator(rows[i].to), rows[i].rtt);
        ok(is_near(leg.least_ms, rows[i].least_ms, 0.001), "leg: %s", rows[i].name);
        is_num(leg.is_doubtful, rows[i].is_doubtful, "doubtful or not: %s", rows[i].name);
    }
    struct distance_leg leg = distance_leg(NULL, berlin, paris, 2500000);
    ok(is_near(leg.km, 877.5, 1) && leg.measured_ms == 2.5, "its length is the whole, its time the RTT");
    leg = distance_leg(NULL, berlin, paris, NSTIME_NEVER);
    ok(leg.measured_ms < 0, "or none");
}

static void test_words(void)
{
    struct strbuf text;
    strbuf_init(&text);
    struct distance_leg leg = distance_leg(NULL, on_equator(0), on_equator(10), 2500000);
    distance_add_leg(&text, &leg);
    is_text(text.text, "1112 km, a round trip of 2124 km or more: light in fibre needs 10.6 ms, measured 2.5 ms",
            "a doubt in words");
    strbuf_clear(&text);
    leg = distance_leg(NULL, on_equator(0), on_equator(10), NSTIME_NEVER);
    distance_add_leg(&text, &leg);
    is_text(text.text, "1112 km", "no doubt in words");
    strbuf_free(&text);
}

/* --- lines --- */

static void check_line(struct distance_point from, struct distance_point to, const char *name)
{
    struct distance_point points[DISTANCE_POINTS_MOST];
    size_t count = distance_line(from, to, points);
    ok(count >= 2 && count <= DISTANCE_POINTS_MOST, "line: %s: its points have room", name);
    double way = 0, longest = 0, widest = 0;
    for (size_t i = 1; i < count; i++) {
        double step = distance_km(points[i - 1], points[i]);
        way += step;
        longest = fmax(longest, step);
        widest = fmax(widest, fabs(points[i].longitude - points[i - 1].longitude));
    }
    ok(is_near(way, distance_km(from, to), 0.01), "line: %s: the shortest way", name);
    ok(longest <= DISTANCE_STEP_KM + 0.001, "line: %s: in short steps", name);
    ok(widest <= 180, "line: %s: goes on where the map ends", name);
    ok(distance_km(points[0], from) < 1e-6 && distance_km(points[count - 1], to) < 1e-3, "line: %s: from end to end",
       name);
}

static void test_lines(void)
{
    check_line(berlin, paris, "Berlin to Paris");
    check_line(tokyo, los_angeles, "Tokyo to Los Angeles");
    check_line(los_angeles, tokyo, "Los Angeles to Tokyo");
    check_line(suva, apia, "Suva to Apia");
    check_line(berlin, berlin, "one point");
    check_line((struct distance_point){70, 0}, (struct distance_point){70, 180}, "across the pole");
    check_line((struct distance_point){90, 50}, (struct distance_point){-90, 0}, "pole to pole");
    check_line((struct distance_point){30, 40}, (struct distance_point){-30, -140}, "antipodes");
    check_line((struct distance_point){0, 0}, (struct distance_point){0, 180}, "antipodes on the equator");

    struct distance_point points[DISTANCE_POINTS_MOST];
    size_t count = distance_line(tokyo, los_angeles, points);
    ok(is_near(points[count - 1].longitude, 360 + los_angeles.longitude, 1e-9), "eastwards it goes on beyond 180");
    count = distance_line(los_angeles, tokyo, points);
    ok(is_near(points[count - 1].longitude, tokyo.longitude - 360, 1e-9), "westwards beyond -180");
    distance_line(london, new_york, points);
    ok(points[20].latitude > 52.5, "a great circle bends towards the pole");
    count = distance_line((struct distance_point){0, 0}, (struct distance_point){0, 180}, points);
    ok(points[count / 2].latitude > 89, "between antipodes by the north pole");
}

int main(void)
{
    test_distances();
    test_places();
    test_legs();
    test_words();
    test_lines();
    return tap_done();
}
