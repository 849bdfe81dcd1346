/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map_legs.h"

#include <math.h>

#define LENGTH_LEAST 1.0 /* km: a shorter leg would be a dot below its mark */

size_t map_leg_spots(const struct map_window *window, const struct map_leg *leg, int turn,
                     struct map_spot spots[DISTANCE_POINTS_MOST])
{
    struct distance_point points[DISTANCE_POINTS_MOST];
    size_t count = distance_line(leg->from->point, leg->to->point, points);
    double east = map_window_longitude(window, points[0].longitude) - points[0].longitude + turn * 360.0;
    double first = points[0].longitude + east, last = points[count - 1].longitude + east;
    if (fmax(first, last) < window->west || fmin(first, last) > window->west + window->wide)
        return 0;
    for (size_t i = 0; i < count; i++)
        spots[i] = map_window_spot(window, (struct distance_point){points[i].latitude, points[i].longitude + east});
    return count;
}

static void add_lines(struct strbuf *text, const struct map_window *window, const struct map_leg *leg)
{
    struct map_spot spots[DISTANCE_POINTS_MOST];
    for (int turn = -1; turn <= 1; turn++) {
        size_t count = map_leg_spots(window, leg, turn, spots);
        for (size_t i = 0; i < count; i++)
            strbuf_addf(text, "%s%.1f %.1f", i == 0 ? "M" : i == 1 ? "L" : " ", spots[i].x, spots[i].y);
    }
}

static void add_end(struct strbuf *text, const struct map_stop *stop)
{
    if (stop->hop)
        strbuf_addf(text, "hop %u", stop->hop->ttl);
    else
        strbuf_add(text, "source");
}

static void add_leg(struct strbuf *text, const struct map_window *window, const struct map_leg *leg)
{
    strbuf_addf(text, "<path class=\"leg%s\" d=\"", leg->travel.is_doubtful ? " doubt" : "");
    add_lines(text, window, leg);
    strbuf_add(text, "\"><title>");
    add_end(text, leg->from);
    strbuf_add(text, " to ");
    add_end(text, leg->to);
    strbuf_add(text, ", ");
    distance_add_leg(text, &leg->travel);
    strbuf_add(text, "</title></path>\n");
}

/* Doubtful legs come last, so that no other covers them. */
void map_legs_add(struct strbuf *text, const struct map_plan *plan)
{
    for (int doubtful = 0; doubtful <= 1; doubtful++)
        for (size_t i = 0; i < plan->leg_count; i++)
            if (plan->legs[i].travel.is_doubtful == doubtful && plan->legs[i].travel.km >= LENGTH_LEAST)
                add_leg(text, &plan->window, &plan->legs[i]);
}
