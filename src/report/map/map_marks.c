/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map_marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/map/map_labels.h"
#include "report/xml.h"

#define SAME_SPOT 9.0        /* pixels: marks that are closer would cover each other */
#define NARROW_CHARACTER 7.0 /* pixels: upper bound of the average width */
#define WIDE_CHARACTER 12.5  /* pixels: of the widest of ASCII, and from U+1100 on: Hangul, kana, Han */
#define RUNS_MOST 4          /* ranges in a label: "3-5, 7, 9, 11, ..." */

struct mark {
    const struct map_stop *first; /* gives the name of the place: the first stop that has one */
    bool is_source;               /* the source is one of its stops */
    bool is_guess;                /* the places of all its hops are guesses */
};

struct marks {
    const struct map_view *view;
    const struct map_plan *plan;
    struct mark *marks;
    struct map_label *labels; /* one a mark */
    size_t count;
    size_t *of_stop; /* the mark of each stop that has a place */
};

/* --- stops that share a mark --- */

static const struct address_place *place_of(const struct marks *marks, const struct map_stop *stop)
{
    return stop->hop ? &stop->hop->facts->place : marks->view->source;
}

static size_t mark_at(const struct marks *marks, struct map_spot spot)
{
    for (size_t i = 0; i < marks->count; i++)
        if (hypot(marks->labels[i].mark.x - spot.x, marks->labels[i].mark.y - spot.y) < SAME_SPOT)
            return i;
    return marks->count;
}

static void place_marks(struct marks *marks)
{
    const struct map_window *window = &marks->plan->window;
    for (size_t i = 0; i < marks->plan->stop_count; i++) {
        const struct map_stop *stop = &marks->plan->stops[i];
        if (!stop->has_place)
            continue;
        struct distance_point point = {stop->point.latitude, map_window_longitude(window, stop->point.longitude)};
        struct map_spot spot = map_window_spot(window, point);
        size_t index = mark_at(marks, spot);
        struct mark *mark = &marks->marks[index];
        if (index == marks->count) {
            *mark = (struct mark){.first = stop, .is_guess = true};
            marks->labels[marks->count++].mark = spot;
        }
        if (!*place_of(marks, mark->first)->city)
            mark->first = stop;
        marks->of_stop[i] = index;
        mark->is_source |= !stop->hop;
        mark->is_guess &= stop->hop && stop->hop->is_guess;
    }
}

/* --- their labels --- */

static bool is_of(const struct marks *marks, size_t stop, size_t mark)
{
    return stop < marks->plan->stop_count && marks->plan->stops[stop].has_place && marks->of_stop[stop] == mark;
}

/* True: the next stop has the same mark and the next TTL. */
static bool goes_on(const struct marks *marks, size_t stop, size_t mark)
{
    const struct map_stop *stops = marks->plan->stops;
    return is_of(marks, stop + 1, mark) && stops[stop + 1].hop->ttl == stops[stop].hop->ttl + 1;
}

/* "source, 3-5, 7": the source is stop 0. */
static void add_numbers(struct strbuf *text, const struct marks *marks, size_t mark)
{
    const struct map_stop *stops = marks->plan->stops;
    unsigned runs = 0;
    if (is_of(marks, 0, mark))
        strbuf_add(text, "source");
    for (size_t i = 1; i < marks->plan->stop_count; i++) {
        if (!is_of(marks, i, mark))
            continue;
        size_t last = i;
        while (goes_on(marks, last, mark))
            last++;
        strbuf_add(text, text->length ? ", " : "");
        if (runs++ == RUNS_MOST) {
            strbuf_add(text, "...");
            return;
        }
        strbuf_addf(text, "%u", stops[i].hop->ttl);
        if (last > i)
            strbuf_addf(text, "%s%u", last == i + 1 ? ", " : "-", stops[last].hop->ttl);
        i = last;
    }
}

void map_marks_add_place(struct strbuf *text, const struct address_place *place)
{
    strbuf_add(text, place->city);
    strbuf_add(text, *place->city && *place->country ? ", " : "");
    strbuf_add(text, place->country);
}

static void add_label_text(struct strbuf *text, const struct marks *marks, size_t index)
{
    struct strbuf numbers;
    strbuf_init(&numbers);
    add_numbers(&numbers, marks, index);
    strbuf_addf(text, "<tspan class=\"number\">%s</tspan>", numbers.text);
    strbuf_free(&numbers);
    if (marks->labels[index].has_name) {
        strbuf_add(text, " ");
        xml_add_foreign(text, place_of(marks, marks->marks[index].first)->city);
    }
}

static double width_of(const char *text)
{
    double width = 0;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr("MWmw@%", byte))
            width += WIDE_CHARACTER;
        else
            width += byte < 0x80 || (byte >= 0xc0 && byte < 0xe1) ? NARROW_CHARACTER
                     : byte >= 0xe1                               ? WIDE_CHARACTER
                                                                  : 0;
    }
    return width;
}

/* As the label will be drawn, with bytes that are no text escaped. */
static double label_width(const struct marks *marks, size_t index, bool has_name)
{
    struct strbuf line;
    strbuf_init(&line);
    add_numbers(&line, marks, index);
    if (has_name) {
        const char *city = place_of(marks, marks->marks[index].first)->city;
        strbuf_add(&line, " ");
        strbuf_add_foreign(&line, city);
    }
    double width = width_of(line.text);
    strbuf_free(&line);
    return width;
}

static void place_labels(struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++) {
        bool has_name = *place_of(marks, marks->marks[i].first)->city;
        marks->labels[i].widths[false] = label_width(marks, i, false);
        marks->labels[i].widths[true] = has_name ? label_width(marks, i, true) : 0;
    }
    map_labels_place(marks->labels, marks->count, marks->plan);
}

/* --- drawing --- */

/* One line for each stop of the mark. */
static void add_tooltip(struct strbuf *text, const struct marks *marks, size_t index)
{
    struct strbuf line;
    strbuf_init(&line);
    for (size_t i = 0; i < marks->plan->stop_count; i++) {
        if (!is_of(marks, i, index))
            continue;
        const struct map_stop *stop = &marks->plan->stops[i];
        if (line.length)
            xml_add(text, "\n");
        strbuf_clear(&line);
        if (stop->hop)
            strbuf_addf(&line, "hop %u ", stop->hop->ttl);
        else
            strbuf_add(&line, "source ");
        map_marks_add_place(&line, place_of(marks, stop));
        xml_add_foreign(text, line.text);
    }
    strbuf_free(&line);
}

static void add_label(struct strbuf *text, const struct marks *marks, size_t index)
{
    const struct map_label *label = &marks->labels[index];
    const struct map_box *box = &label->box;
    const char *anchor = label->side > 0 ? "start" : label->side < 0 ? "end" : "middle";
    double x = label->side > 0 ? box->left : label->side < 0 ? box->right : (box->left + box->right) / 2;
    xml_begin_box(text, box->left, box->top, box->right - box->left, box->bottom - box->top);
    strbuf_addf(text, "<text class=\"label\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", anchor, x, box->bottom - 3);
    add_label_text(text, marks, index);
    strbuf_add(text, "</text>");
    xml_end_box(text);
}

static void add_mark(struct strbuf *text, const struct marks *marks, size_t index)
{
    const struct mark *mark = &marks->marks[index];
    struct map_spot spot = marks->labels[index].mark;
    strbuf_add(text, "<g class=\"mark\"><title>");
    add_tooltip(text, marks, index);
    strbuf_add(text, "</title>");
    if (mark->is_source)
        strbuf_addf(text, "<rect class=\"source\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\"/>",
                    spot.x - MAP_MARK_RADIUS, spot.y - MAP_MARK_RADIUS, 2 * MAP_MARK_RADIUS, 2 * MAP_MARK_RADIUS);
    else
        strbuf_addf(text, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.0f\"/>",
                    mark->is_guess ? "guess" : "known", spot.x, spot.y, MAP_MARK_RADIUS);
    if (marks->labels[index].stands)
        add_label(text, marks, index);
    strbuf_add(text, "</g>\n");
}

bool map_marks_add(struct strbuf *text, const struct map_view *view, const struct map_plan *plan)
{
    struct marks marks = {.view = view, .plan = plan};
    marks.marks = calloc(plan->stop_count, sizeof *marks.marks);
    marks.of_stop = calloc(plan->stop_count, sizeof *marks.of_stop);
    marks.labels = calloc(plan->stop_count, sizeof *marks.labels);
    bool good = marks.marks && marks.of_stop && marks.labels;
    if (good) {
        place_marks(&marks);
        place_labels(&marks);
        for (size_t i = 0; i < marks.count; i++)
            add_mark(text, &marks, i);
    }
    free(marks.marks);
    free(marks.of_stop);
    free(marks.labels);
    return good;
}
