/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map_land.h"

#include <math.h>

#include "report/map/coastline.h"

#define STEP_LEAST 0.8        /* pixels: points of a coast that are closer are left out */
#define GRID_LINES_MOST 7     /* lines of latitude */
#define GRID_FROM_CORNER 24.0 /* pixels: lines closer to a corner have no label */

/* A ring of the coastline, and its bounds in degrees. */
struct ring {
    const int16_t *numbers; /* as in coastline[] */
    double west, east, south, north;
};

static unsigned points_of(const int16_t *numbers)
{
    return (unsigned)numbers[0];
}

static struct ring ring_of(const int16_t *numbers)
{
    double longitude = 0, latitude = 0, west = 360, east = -360, south = 90, north = -90;
    for (unsigned i = 0; i < points_of(numbers); i++) {
        longitude += numbers[1 + 2 * i] / 100.0;
        latitude += numbers[2 + 2 * i] / 100.0;
        west = fmin(west, longitude);
        east = fmax(east, longitude);
        south = fmin(south, latitude);
        north = fmax(north, latitude);
    }
    return (struct ring){numbers, west, east, south, north};
}

/* `turn`: degrees by which the ring lies further east. */
static bool is_seen(const struct map_window *window, const struct ring *ring, double turn)
{
    return ring->east + turn >= window->west && ring->west + turn <= window->west + window->wide &&
           ring->north >= window->south && ring->south <= window->south + window->high;
}

/* Writes pixels to one decimal place, the last digit before `end`. Returns where they begin. */
static char *write_pixels(char *end, double pixels)
{
    unsigned long tenths = (unsigned long)lrint(fabs(pixels) * 10);
    char *at = end;
    *--at = (char)('0' + tenths % 10);
    *--at = '.';
    do {
        tenths /= 10;
        *--at = (char)('0' + tenths % 10);
    } while (tenths >= 10);
    if (pixels < 0)
        *--at = '-';
    return at;
}

/* By hand, because the points of the coasts are most of a map. */
static void add_point(struct strbuf *text, char sign, struct map_spot spot)
{
    char piece[64], *end = piece + sizeof piece, *at = write_pixels(end, spot.y);
    *--at = ' ';
    at = write_pixels(at, spot.x);
    *--at = sign;
    strbuf_add_bytes(text, at, (size_t)(end - at));
}

static void add_ring(struct strbuf *text, const struct map_window *window, const struct ring *ring, double turn)
{
    struct distance_point point = {.longitude = turn};
    struct map_spot before = {0};
    for (unsigned i = 0; i < points_of(ring->numbers); i++) {
        point.longitude += ring->numbers[1 + 2 * i] / 100.0;
        point.latitude += ring->numbers[2 + 2 * i] / 100.0;
        struct map_spot spot = map_window_spot(window, point);
        if (i > 0 && hypot(spot.x - before.x, spot.y - before.y) < STEP_LEAST)
            continue;
        add_point(text, i == 0 ? 'M' : i == 1 ? 'L' : ' ', spot);
        before = spot;
    }
    strbuf_add(text, "Z");
}

void map_land_add(struct strbuf *text, const struct map_window *window)
{
    strbuf_add(text, "<path class=\"land\" d=\"");
    for (size_t at = 0; at < coastline_count; at += 1 + 2 * points_of(&coastline[at])) {
        struct ring ring = ring_of(&coastline[at]);
        for (double turn = 0; turn <= 360; turn += 360)
            if (is_seen(window, &ring, turn))
                add_ring(text, window, &ring, turn);
    }
    strbuf_add(text, "\"/>\n");
}

/* --- the grid --- */

/* Degrees between lines. */
static double grid_step(const struct map_window *window)
{
    static const double steps[] = {1, 2, 5, 10, 15};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (window->high / steps[i] <= GRID_LINES_MOST)
            return steps[i];
    return 30;
}

static bool is_within(double pixels, double size)
{
    return pixels > GRID_FROM_CORNER && pixels < size - GRID_FROM_CORNER;
}

static void add_name(struct strbuf *text, double x, double y, double degrees, const char *positive,
                     const char *negative)
{
    strbuf_addf(text, "<text class=\"grid\" x=\"%.1f\" y=\"%.1f\">%.0f\xc2\xb0%s</text>\n", x, y, fabs(degrees),
                degrees > 0   ? positive
                : degrees < 0 ? negative
                              : "");
}

void map_land_add_grid(struct strbuf *text, const struct map_window *window)
{
    double step = grid_step(window), east = window->west + window->wide, north = window->south + window->high;
    struct strbuf names;
    strbuf_init(&names);
    strbuf_add(text, "<path class=\"grid\" d=\"");
    for (double latitude = ceil(window->south / step) * step; latitude <= north; latitude += step) {
        double y = map_window_spot(window, (struct distance_point){latitude, window->west}).y;
        strbuf_addf(text, "M0 %.1fH%.0f", y, MAP_WIDTH);
        if (is_within(y, window->height))
            add_name(&names, 4, y - 3, latitude, " N", " S");
    }
    for (double longitude = ceil(window->west / step) * step; longitude <= east; longitude += step) {
        double x = map_window_spot(window, (struct distance_point){window->south, longitude}).x;
        strbuf_addf(text, "M%.1f 0V%.1f", x, window->height);
        double name = remainder(longitude, 360);
        if (is_within(x, MAP_WIDTH))
            add_name(&names, x + 3, window->height - 4, name, fabs(name) < 180 ? " E" : "",
                     fabs(name) < 180 ? " W" : "");
    }
    strbuf_addf(text, "\"/>\n%s", names.text);
    text->failed |= names.failed;
    strbuf_free(&names);
}
