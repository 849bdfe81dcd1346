/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map_list.h"

#include "report/address_facts.h"
#include "report/map/map_marks.h"
#include "report/xml.h"

#define ROW_HEIGHT 20.0
#define NAME_COLUMNS 50
#define PLACE_COLUMNS 34
#define NOTE_COLUMNS 16 /* of a note behind a place */

/* Pixels: the left edge of a column of text, the right edge of one of numbers; the space between two columns. */
#define SPACE 8
#define NUMBER_X 44
#define NAME_X 60
#define PLACE_X 430
#define RTT_X 750
#define RTT_LEFT 668 /* of a number up to 99999.999 ms */
#define LEG_X 775

static void begin_cell(struct strbuf *text, const char *class, double x, double y)
{
    strbuf_addf(text, "<text class=\"%s\" x=\"%.0f\" y=\"%.0f\">", class, x, y);
}

static void end_cell(struct strbuf *text)
{
    strbuf_add(text, "</text>");
}

/* A cell with foreign text, which ends before `right`. */
static void begin_foreign_cell(struct strbuf *text, const char *class, double x, double y, double right)
{
    xml_begin_box(text, x, y - ROW_HEIGHT * 3 / 4, right - SPACE - x, ROW_HEIGHT);
    begin_cell(text, class, x, y);
}

static void end_foreign_cell(struct strbuf *text)
{
    end_cell(text);
    xml_end_box(text);
}

static void add_heading(struct strbuf *text, double y)
{
    static const struct {
        const char *class, *name;
        double x;
    } columns[] = {{"head right", "hop", NUMBER_X},
                   {"head", "name or address", NAME_X},
                   {"head", "place", PLACE_X},
                   {"head right", "best RTT", RTT_X},
                   {"head", "leg to here", LEG_X}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        begin_cell(text, columns[i].class, columns[i].x, y);
        strbuf_add(text, columns[i].name);
        end_cell(text);
    }
    strbuf_add(text, "\n");
}

/* A name that does not resolve back to this address is not shown. */
static bool has_name(const struct address_facts *facts)
{
    return address_facts_name(facts) && !address_facts_is_unconfirmed(facts);
}

static void add_name(struct strbuf *text, const struct path_hop *hop, double y)
{
    char address[ADDR_TEXT_BYTES];
    addr_format(&hop->address, address);
    begin_foreign_cell(text, addr_is_none(&hop->address) ? "name faint" : "name", NAME_X, y, PLACE_X);
    if (addr_is_none(&hop->address))
        strbuf_add(text, "no answer");
    else
        xml_add_cut(text, has_name(hop->facts) ? hop->facts->name : address, NAME_COLUMNS);
    end_foreign_cell(text);
}

static void add_place(struct strbuf *text, const struct map_stop *stop, double y)
{
    struct strbuf name;
    strbuf_init(&name);
    if (stop->hop->facts)
        map_marks_add_place(&name, &stop->hop->facts->place);
    bool is_named = name.length > 0;
    if (!is_named && !addr_is_none(&stop->hop->address))
        strbuf_add(&name, stop->has_place ? "without a name" : "place unknown");
    const char *note = stop->has_place && stop->hop->is_guess ? "(from its name)"
                       : is_named && !stop->has_place         ? "(not on the map)"
                                                              : NULL;
    begin_foreign_cell(text, is_named ? "cell" : "cell faint", PLACE_X, y, RTT_LEFT);
    xml_add_cut(text, name.text, note ? PLACE_COLUMNS - NOTE_COLUMNS : PLACE_COLUMNS);
    if (note)
        strbuf_addf(text, " <tspan class=\"faint\">%s</tspan>", note);
    end_foreign_cell(text);
    strbuf_free(&name);
}

static void add_rtt(struct strbuf *text, const struct path_hop *hop, double y)
{
    if (hop->best_rtt == NSTIME_NEVER)
        return;
    begin_cell(text, "cell right", RTT_X, y);
    strbuf_addf(text, "%.3f ms", nstime_ms(hop->best_rtt));
    end_cell(text);
}

static void add_leg(struct strbuf *text, const struct map_leg *leg, double y)
{
    if (!leg || (leg->travel.km < 1 && !leg->travel.is_doubtful))
        return;
    begin_cell(text, leg->travel.is_doubtful ? "cell doubt" : "cell", LEG_X, y);
    strbuf_addf(text, "%.0f km", leg->travel.km);
    if (leg->travel.is_doubtful)
        strbuf_addf(text, ", needs %.1f ms", leg->travel.least_ms);
    end_cell(text);
}

double map_list_add(struct strbuf *text, const struct map_plan *plan, double top)
{
    double y = top + ROW_HEIGHT;
    add_heading(text, y);
    for (size_t i = 1; i < plan->stop_count; i++) {
        const struct map_stop *stop = &plan->stops[i];
        y += ROW_HEIGHT;
        strbuf_add(text, "<g class=\"hop\">");
        begin_cell(text, "cell right", NUMBER_X, y);
        strbuf_addf(text, "%u", stop->hop->ttl);
        end_cell(text);
        add_name(text, stop->hop, y);
        add_place(text, stop, y);
        add_rtt(text, stop->hop, y);
        add_leg(text, stop->leg, y);
        strbuf_add(text, "</g>\n");
    }
    return y;
}
