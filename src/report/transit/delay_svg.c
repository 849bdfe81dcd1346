/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/transit/delay_svg.h"

#include <math.h>

#include "base/strbuf.h"

/* Pixels. */
#define WIDTH 960.0
#define LEFT 84.0 /* of the panels; room for numbers */
#define RIGHT 20.0
#define HEAD 62.0 /* title and sentence */
#define PANEL 220.0
#define PANEL_GAP 56.0 /* a panel's title */
#define LOSS_BAND 14.0 /* at the top of a panel */
#define FOOT 44.0      /* numbers and name of the axis of time */
#define TICKS 5

void delay_svg_init(struct delay_svg *svg, const struct clock_estimate *clock)
{
    svg->clock = *clock;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        delay_series_init(&svg->ways[way]);
}

static nstime near_time(const struct delay_svg *svg, enum transit_point point, nstime time)
{
    return point == TRANSIT_FAR && svg->clock.count > 0 ? clock_correct(&svg->clock, time) : time;
}

void delay_svg_add(struct delay_svg *svg, const struct transit_pair *pair)
{
    enum transit_way way = (enum transit_way)pair->way;
    if (!pair->way_known || svg->clock.count == 0)
        return;
    nstime sent = near_time(svg, transit_sender(way), pair->times[transit_sender(way)]);
    nstime received = near_time(svg, transit_receiver(way), pair->times[transit_receiver(way)]);
    delay_series_add(&svg->ways[way], sent, received - sent);
}

/* ---- drawing ---- */

struct view {
    struct strbuf text;
    const struct delay_svg *svg;
    nstime from, to; /* of all panels */
};

static void find_span(struct view *view)
{
    view->from = NSTIME_NEVER;
    view->to = NSTIME_NONE;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        const struct delay_series *series = &view->svg->ways[way];
        unsigned first = 0, last = 0;
        if (!delay_series_span(series, &first, &last))
            continue;
        nstime from = series->from + first * series->width, to = series->from + (last + 1) * series->width;
        view->from = from < view->from ? from : view->from;
        view->to = to > view->to ? to : view->to;
    }
}

static double x_of(const struct view *view, nstime at)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (double)(at - view->from) / (double)(view->to - view->from);
}

static double panel_top(unsigned way)
{
    return HEAD + PANEL_GAP * (way + 1) + PANEL * way;
}

/* 1, 2 or 5 times a power of ten, so that about TICKS of them make the range. */
static double tick_of(double range)
{
    double raw = range / TICKS, power = pow(10, floor(log10(raw))), part = raw / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

/* Decimals that tell neighbouring ticks apart. */
static int decimals_of(double tick)
{
    double places = -floor(log10(tick) + 1e-9);
    return places > 0 ? (int)places : 0;
}

struct scale {
    double least, most, top; /* milliseconds; pixels */
};

static double y_of(const struct scale *scale, double ms)
{
    double height = PANEL - LOSS_BAND - 6;
    return scale->top + PANEL - height * (ms - scale->least) / (scale->most - scale->least);
}

/* The range of the delays with some room; it begins at 0 if that costs little. */
static struct scale scale_of(const struct delay_series *series, double top)
{
    nstime least, most;
    struct scale scale = {0, 1, top};
    if (!delay_series_range(series, &least, &most))
        return scale;
    double low = nstime_ms(least), high = nstime_ms(most), room = fmax((high - low) * 0.08, 0.001);
    scale.least = low >= 0 && low < (high - low) * 2 ? 0 : low - room;
    scale.most = high + room;
    return scale;
}

static void add_scale(struct view *view, const struct scale *scale)
{
    double tick = tick_of(scale->most - scale->least);
    for (double ms = ceil(scale->least / tick) * tick; ms <= scale->most; ms += tick) {
        double y = y_of(scale, ms);
        strbuf_addf(&view->text,
                    "<path class=\"g\" d=\"M%.1f %.1fH%.1f\"/><text class=\"y\" x=\"%.1f\" y=\"%.1f\">%.*f</text>\n",
                    LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, decimals_of(tick), fabs(ms) < tick / 1000 ? 0.0 : ms);
    }
}

static double slot_x(const struct view *view, const struct delay_series *series, unsigned slot)
{
    return x_of(view, series->from + slot * series->width + series->width / 2);
}

/* A line from the least to the most delay of each slot, and a mark above it where packets were lost. */
static void add_slots(struct view *view, unsigned way, const struct scale *scale)
{
    const struct delay_series *series = &view->svg->ways[way];
    strbuf_addf(&view->text, "<path class=\"d%u\" d=\"", way);
    for (unsigned i = 0; i < DELAY_SLOTS; i++) {
        const struct delay_slot *slot = &series->slots[i];
        if (slot->count > 0)
            strbuf_addf(&view->text, "M%.1f %.1fV%.1f", slot_x(view, series, i),
                        y_of(scale, nstime_ms(slot->least)) + 0.7, y_of(scale, nstime_ms(slot->most)) - 0.7);
    }
    strbuf_add(&view->text, "\"/>\n<path class=\"l\" d=\"");
    for (unsigned i = 0; i < DELAY_SLOTS; i++)
        if (series->slots[i].lost > 0)
            strbuf_addf(&view->text, "M%.1f %.1fv%.1f", slot_x(view, series, i), scale->top + 1, LOSS_BAND - 2);
    strbuf_add(&view->text, "\"/>\n");
}

static void add_panel(struct view *view, unsigned way)
{
    const struct delay_series *series = &view->svg->ways[way];
    const struct scale scale = scale_of(series, panel_top(way));
    uint64_t count = 0, lost = 0;
    for (unsigned i = 0; i < DELAY_SLOTS; i++) {
        count += series->slots[i].count;
        lost += series->slots[i].lost;
    }
    strbuf_addf(&view->text, "<text class=\"h\" x=\"%.1f\" y=\"%.1f\">%s: %llu packet%s arrived, %llu lost</text>\n",
                LEFT, scale.top - 10, way == TRANSIT_TOWARD_FAR ? "Toward the far point" : "Toward the near point",
                (unsigned long long)count, plural(count), (unsigned long long)lost);
    strbuf_addf(&view->text, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", LEFT, scale.top,
                WIDTH - LEFT - RIGHT, PANEL);
    strbuf_addf(&view->text, "<text class=\"u\" x=\"%.1f\" y=\"%.1f\">ms</text>\n", LEFT - 8, scale.top - 10);
    if (count > 0)
        add_scale(view, &scale);
    add_slots(view, way, &scale);
}

/* Seconds from the first packet. */
static void add_time(struct view *view)
{
    char text[NSTIME_TEXT_BYTES];
    double seconds = (double)(view->to - view->from) / (double)NS_PER_S, tick = tick_of(seconds);
    double bottom = panel_top(TRANSIT_WAYS - 1) + PANEL;
    nstime_format(view->from, text);
    for (double s = 0; s <= seconds; s += tick)
        strbuf_addf(&view->text, "<text class=\"x\" x=\"%.1f\" y=\"%.1f\">%.*f</text>\n",
                    x_of(view, view->from + (nstime)(s * (double)NS_PER_S)), bottom + 16, decimals_of(tick), s);
    strbuf_addf(&view->text, "<text class=\"x\" x=\"%.1f\" y=\"%.1f\">seconds after %s, by the near clock</text>\n",
                (LEFT + WIDTH - RIGHT) / 2, bottom + 34, text);
}

/* How far all delays of a panel may be off together. */
static void add_clock(struct view *view)
{
    const struct clock_segment *segment = &view->svg->clock.segments[0];
    strbuf_addf(&view->text, "<text class=\"s\" x=\"%.1f\" y=\"54\">", LEFT);
    if (view->svg->clock.count == 0)
        strbuf_add(&view->text, "No packet is at both points: no delay is known.");
    else if (segment->has_least && segment->has_most)
        strbuf_addf(&view->text, "All delays of a panel may be off by up to %.3f ms, the other panel's the other way.",
                    nstime_ms(segment->most - segment->least) / 2);
    else
        strbuf_add(&view->text,
                   "Only the changes of the delay are known: packets of one way alone are at both points.");
    strbuf_add(&view->text, "</text>\n");
}

static const char style[] =
    "<style>text{fill:#1b1b1f;font:12px sans-serif}.t{font:bold 16px sans-serif}.h{font:bold 13px sans-serif}"
    ".s,.x,.y,.u{fill:#5f5f66}.x{text-anchor:middle}.y,.u{text-anchor:end}rect{fill:#fff;stroke:#7a8aa0}"
    "path{fill:none}.g{stroke:#e4e6ea}.d0{stroke:#1f5fa8;stroke-width:1.6px}.d1{stroke:#2e7d4f;stroke-width:1.6px}"
    ".l{stroke:#b3261e;stroke-width:1.6px}</style>\n";

static void draw(struct view *view)
{
    double height = panel_top(TRANSIT_WAYS - 1) + PANEL + FOOT;
    strbuf_addf(&view->text,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\">\n",
                WIDTH, height, WIDTH, height);
    strbuf_add(&view->text, style);
    strbuf_addf(&view->text, "<text class=\"t\" x=\"%.1f\" y=\"32\">One-way delay between two capture points</text>\n",
                LEFT);
    add_clock(view);
    find_span(view);
    if (view->to > view->from) {
        for (unsigned way = 0; way < TRANSIT_WAYS; way++)
            add_panel(view, way);
        add_time(view);
    }
    strbuf_add(&view->text, "</svg>\n");
}

void delay_svg_end(struct delay_svg *svg, const struct transit_result *result, FILE *file)
{
    struct view view = {.svg = svg};
    for (uint64_t i = 0; result && i < result->alone_count; i++) {
        const struct transit_alone *alone = &result->alone[i];
        nstime at = near_time(svg, (enum transit_point)alone->point, alone->time);
        if (alone->fate == TRANSIT_LOST)
            delay_series_add_lost(&svg->ways[alone->way], at);
    }
    strbuf_init(&view.text);
    draw(&view);
    if (!view.text.failed)
        fwrite(view.text.text, 1, view.text.length, file);
    strbuf_free(&view.text);
}
