/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map.h"

#include <string.h>

#include "report/map/map_land.h"
#include "report/map/map_legs.h"
#include "report/map/map_list.h"
#include "report/map/map_marks.h"
#include "report/map/map_plan.h"
#include "report/xml.h"

#define MARGIN 20.0
#define PAGE_WIDTH (MAP_WIDTH + 2 * MARGIN)
#define MAP_TOP 64.0
#define TITLE_COLUMNS 90
#define TITLE_BOTTOM 40.0
#define LEGEND_HEIGHT 32.0
#define LEGEND_CHARACTER 6.6

/* Sets both paper and ink, so that the map is readable on a dark background, too. */
static const char style[] = "<style>text{font:13px 'DejaVu Sans',Verdana,'Noto Sans',sans-serif;fill:#1b1b1f}"
                            ".paper{fill:#fff}.sea{fill:#e9f0f5}.frame{fill:none;stroke:#aab6c2}"
                            ".land{fill:#fbfaf5;stroke:#a9b8c4;stroke-width:.7px;stroke-linejoin:round;"
                            "fill-rule:evenodd}path.grid{fill:none;stroke:#d3dde6;stroke-width:.6px}"
                            "text.grid{font-size:9px;fill:#8894a0}text.title{font-size:16px;font-weight:bold}"
                            ".faint,text.head,text.legend{fill:#63666d}text.head,text.legend{font-size:12px}"
                            ".right{text-anchor:end}"
                            ".leg{fill:none;stroke:#1f5fa8;stroke-width:1.8px;stroke-linejoin:round}"
                            ".leg.doubt{stroke:#c03a1b;stroke-dasharray:7 4}text.doubt{fill:#b3261e}"
                            ".known{fill:#1f5fa8;stroke:#fff;stroke-width:1.5px}"
                            ".guess{fill:#fff;stroke:#1f5fa8;stroke-width:2px}"
                            ".source{fill:#1b1b1f;stroke:#fff;stroke-width:1.5px}"
                            "text.label{font-size:12px;stroke:#fff;stroke-width:3px;"
                            "stroke-linejoin:round;paint-order:stroke}.number{font-weight:bold}</style>\n";

/* The parts of the file, before it is written. */
struct page {
    struct strbuf title, summary, body;
    double height; /* pixels */
};

/* The number of things of each kind on a map. */
struct leg_counts {
    size_t sources, hops, placed, guessed, doubtful;
};

static struct leg_counts count(const struct map_view *view, const struct map_plan *plan)
{
    struct leg_counts counts = {.sources = plan->stops[0].has_place, .hops = view->count};
    for (size_t i = 1; i < plan->stop_count; i++) {
        counts.placed += plan->stops[i].has_place;
        counts.guessed += plan->stops[i].has_place && plan->stops[i].hop->is_guess;
    }
    for (size_t i = 0; i < plan->leg_count; i++)
        counts.doubtful += plan->legs[i].travel.is_doubtful;
    return counts;
}

static void add_summary(struct strbuf *text, const struct leg_counts *counts)
{
    if (!counts->placed) {
        strbuf_add(text, "No hop has a known place.");
        return;
    }
    strbuf_addf(text, "The place of %zu of %zu hop%s is known", counts->placed, counts->hops,
                counts->hops == 1 ? "" : "s");
    if (counts->guessed)
        strbuf_addf(text, ", %zu of them only from the hop's name", counts->guessed);
    if (counts->doubtful)
        strbuf_addf(text, "; %zu leg%s too long for the measured time", counts->doubtful,
                    counts->doubtful == 1 ? " is" : "s are");
    strbuf_add(text, ".");
}

/* --- legend and frame --- */

/* Only marks that the map has. */
static void add_legend(struct strbuf *text, const struct leg_counts *counts, double top)
{
    const struct {
        bool is_meant;
        const char *sign, *words;
        double sign_width;
    } rows[] = {
        {counts->sources, "<rect class=\"source\" y=\"-5\" width=\"10\" height=\"10\"/>", "source", 10},
        {counts->placed > counts->guessed, "<circle class=\"known\" cx=\"5\" r=\"5\"/>", "hop", 10},
        {counts->guessed, "<circle class=\"guess\" cx=\"5\" r=\"5\"/>", "place guessed from the hop's name", 10},
        {counts->doubtful, "<path class=\"leg doubt\" d=\"M0 0h40\"/>",
         "faster than light in fibre: a place or an RTT is wrong", 40},
    };
    double x = MARGIN;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].is_meant)
            continue;
        strbuf_addf(text,
                    "<g transform=\"translate(%.0f %.0f)\">%s<text class=\"legend\" x=\"%.0f\" y=\"4\">%s</text></g>\n",
                    x, top + LEGEND_HEIGHT / 2, rows[i].sign, rows[i].sign_width + 7, rows[i].words);
        x += rows[i].sign_width + 30 + (double)strlen(rows[i].words) * LEGEND_CHARACTER;
    }
}

static void add_map(struct strbuf *text, const struct map_view *view, const struct map_plan *plan)
{
    double height = plan->window.height;
    strbuf_addf(text, "<svg x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" overflow=\"hidden\">\n", MARGIN,
                MAP_TOP, MAP_WIDTH, height);
    strbuf_addf(text, "<rect class=\"sea\" width=\"%.0f\" height=\"%.0f\"/>\n", MAP_WIDTH, height);
    map_land_add(text, &plan->window);
    map_land_add_grid(text, &plan->window);
    map_legs_add(text, plan);
    text->failed |= !map_marks_add(text, view, plan);
    strbuf_addf(text, "</svg>\n<rect class=\"frame\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\"/>\n", MARGIN,
                MAP_TOP, MAP_WIDTH, height);
}

static void add_head(struct page *page, const char *title)
{
    xml_add_foreign(&page->title, title);
    xml_begin_box(&page->body, MARGIN, 0, MAP_WIDTH, TITLE_BOTTOM);
    strbuf_addf(&page->body, "<text class=\"title\" x=\"%.0f\" y=\"30\">", MARGIN);
    xml_add_cut(&page->body, title, TITLE_COLUMNS);
    strbuf_add(&page->body, "</text>");
    xml_end_box(&page->body);
    strbuf_addf(&page->body, "\n<text class=\"faint\" x=\"%.0f\" y=\"52\">%s</text>\n", MARGIN, page->summary.text);
}

static void make_page(struct page *page, const struct map_view *view, const struct map_plan *plan)
{
    struct leg_counts counts = count(view, plan);
    double map_bottom = MAP_TOP + plan->window.height;
    add_summary(&page->summary, &counts);
    add_head(page, view->title ? view->title : "hopsonde map");
    add_map(&page->body, view, plan);
    add_legend(&page->body, &counts, map_bottom);
    page->height = map_list_add(&page->body, plan, map_bottom + LEGEND_HEIGHT) + MARGIN;
}

static void write_page(const struct page *page, FILE *file)
{
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
            "role=\"img\" aria-labelledby=\"title desc\">\n",
            PAGE_WIDTH, page->height, PAGE_WIDTH, page->height);
    fprintf(file, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n%s", page->title.text,
            page->summary.text, style);
    fprintf(file, "<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>\n%s</svg>\n", PAGE_WIDTH, page->height,
            page->body.text);
}

bool map_draw(const struct map_view *view, FILE *file)
{
    struct map_plan plan;
    struct page page;
    strbuf_init(&page.title);
    strbuf_init(&page.summary);
    strbuf_init(&page.body);
    bool good = map_plan_make(view, &plan);
    if (good)
        make_page(&page, view, &plan);
    good = good && !page.title.failed && !page.summary.failed && !page.body.failed;
    if (good)
        write_page(&page, file);
    map_plan_free(&plan);
    strbuf_free(&page.title);
    strbuf_free(&page.summary);
    strbuf_free(&page.body);
    return good;
}
