/* SPDX-License-Identifier: BSD-2-Clause */
/* svg: the graph of all paths as a drawing: one self-contained file without scripts.
 *
 * It does not use Graphviz's library, which loads plugins when it draws. A live run has given up the right to open
 * files and to map code by then. The layers are the TTLs, so there is little to lay out.
 *
 * TTLs go down the page. If a TTL has too many nodes for the width of a page, they go to the right. */
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/format.h"
#include "report/graph/graph_words.h"
#include "report/graph/node_name.h"
#include "report/graph/svg_layout.h"
#include "report/transit/delay_svg.h"
#include "report/xml.h"

#define MARGIN 20
#define HEAD_HEIGHT 64     /* title and sentences */
#define SENTENCE_HEIGHT 18 /* a further sentence */
#define LEGEND_HEIGHT 40   /* below the graph */
#define HOP_COLUMN 56      /* "hop 12" */
#define NODE_HEIGHT 36
#define LINE_HEIGHT 20.0 /* of the title and the sentences */
#define NAME_HEIGHT 16   /* added to NODE_HEIGHT if names are known */
#define NAME_COLUMNS_MOST 36
#define UNCONFIRMED " (unconfirmed)"
#define ADDRESS_CHARACTER 7.3 /* pixels: upper bound of the average width */
#define NUMBER_CHARACTER 6.6
#define NODE_LEAST 96
#define ACROSS_GAP 20
#define ALONG_GAP 56
#define SIDEWAYS_GAP 110     /* ALONG_GAP if TTLs go to the right, where fans are tall */
#define DOWN_WIDTH_MOST 1500 /* pixels; a wider drawing goes to the right */
#define SLANT 0.5            /* part of the gap: the length of a curve's control arms */
#define FLOWS_SHOWN_MOST 48  /* more edges have their flows in tooltips only */
#define FLOWS_HEIGHT 12      /* of the number of flows on a line; its characters are 6 wide */
#define FLOWS_CHARACTER 6

/* The space that a text takes. */
struct box {
    double left, top, right, bottom;
};

struct drawing {
    struct strbuf *text;
    const struct graph *graph;
    struct graph_view view;
    struct svg_layout layout;
    const char *target_name;
    const struct output *out;
    double node_width, node_height;
    bool sideways; /* TTLs go to the right */
    double width, height, top;
};

static const char style[] = "<style>text{fill:#1b1b1f}.t{font:bold 16px sans-serif}"
                            ".s,.h,.l{font:12px sans-serif;fill:#5f5f66}.a{font:12px monospace;text-anchor:middle}"
                            ".n{font:11px sans-serif;text-anchor:middle;fill:#5f5f66}"
                            ".f{font:10px sans-serif;text-anchor:middle;fill:#5f5f66;stroke:#fff;stroke-width:3px;"
                            "paint-order:stroke}rect,path{fill:#fff;stroke:#44546a;stroke-width:1.2px}"
                            "path{fill:none;stroke:#7a8aa0}.g{stroke-width:2.6px}"
                            ".r{stroke:#b3261e}text.r{fill:#b3261e;stroke:none}.p{stroke-dasharray:7 4}"
                            ".u{stroke-dasharray:2 3}.d{stroke:#b36b00;fill:#fff1db;stroke-width:2.2px}"
                            ".q{stroke:#b9b9c0;fill:#f4f4f6}path.q{fill:none}text.q{fill:#8a8a92;stroke:none}"
                            "</style>\n";

/* --- places --- */

struct point {
    double x, y;
};

static double across_pitch(const struct drawing *drawing)
{
    return (drawing->sideways ? drawing->node_height : drawing->node_width) + ACROSS_GAP;
}

static double along_gap(const struct drawing *drawing)
{
    return drawing->sideways ? SIDEWAYS_GAP : ALONG_GAP;
}

static double along_pitch(const struct drawing *drawing)
{
    return (drawing->sideways ? drawing->node_width : drawing->node_height) + along_gap(drawing);
}

static double head_height(const struct drawing *drawing)
{
    return HEAD_HEIGHT + (drawing->out->result->graph_verdict ? SENTENCE_HEIGHT : 0);
}

/* The middle of an item. */
static struct point place_of(const struct drawing *drawing, unsigned index)
{
    const struct svg_item *item = &drawing->layout.items[index];
    double room = drawing->layout.widest * across_pitch(drawing);
    double slots = drawing->layout.slots[item->level];
    double across = room / 2 + (item->slot + 0.5 - slots / 2) * across_pitch(drawing);
    double along = (item->level - drawing->layout.first_level + 0.5) * along_pitch(drawing);
    if (drawing->sideways)
        return (struct point){MARGIN + along, drawing->top + head_height(drawing) + HOP_COLUMN / 2 + across};
    return (struct point){MARGIN + HOP_COLUMN + across, drawing->top + head_height(drawing) + along};
}

/* "3b, 2.310 ms, 25 %". */
static void add_numbers(struct strbuf *text, const struct drawing *drawing, unsigned id)
{
    const struct graph_node *node = &drawing->graph->nodes[id];
    graph_view_add_label(text, &drawing->view, id);
    if (node->best_rtt != NSTIME_NEVER)
        strbuf_addf(text, ", %.3f ms", nstime_ms(node->best_rtt));
    if (drawing->view.nodes[id].beside > 1)
        strbuf_addf(text, ", %.0f %%", drawing->view.nodes[id].share * 100);
}

/* The width of the longer of a node's two lines: the cut name, and the address. */
static unsigned name_columns(const struct drawing *drawing, unsigned id)
{
    struct node_name label;
    node_name_make(&label, &drawing->graph->nodes[id], drawing->out);
    unsigned name = columns_count(label.name.text);
    unsigned address = (unsigned)(strlen(label.address) + (label.tag.length ? label.tag.length + 1 : 0));
    name = name < NAME_COLUMNS_MOST ? name : NAME_COLUMNS_MOST;
    name += label.is_unconfirmed ? (unsigned)strlen(UNCONFIRMED) : 0;
    node_name_free(&label);
    return name > address ? name : address;
}

static double node_width(const struct drawing *drawing, unsigned id)
{
    struct strbuf text;
    strbuf_init(&text);
    double address = name_columns(drawing, id) * ADDRESS_CHARACTER;
    add_numbers(&text, drawing, id);
    double numbers = (double)text.length * NUMBER_CHARACTER;
    strbuf_free(&text);
    return (address > numbers ? address : numbers) + 16;
}

static void measure(struct drawing *drawing)
{
    drawing->node_width = NODE_LEAST;
    drawing->node_height = NODE_HEIGHT + (drawing->out->result->book ? NAME_HEIGHT : 0);
    for (unsigned i = 0; i < drawing->graph->node_count; i++) {
        double width = node_width(drawing, i);
        drawing->node_width = width > drawing->node_width ? width : drawing->node_width;
    }
    drawing->sideways = drawing->layout.widest * across_pitch(drawing) > DOWN_WIDTH_MOST;
    double levels = drawing->layout.item_count ? drawing->layout.last_level - drawing->layout.first_level + 1 : 0;
    double across = drawing->layout.widest * across_pitch(drawing), along = levels * along_pitch(drawing);
    drawing->width = 2 * MARGIN + (drawing->sideways ? along : HOP_COLUMN + across);
    drawing->height = head_height(drawing) + LEGEND_HEIGHT + (drawing->sideways ? HOP_COLUMN / 2 + across : along);
}

/* --- lines --- */

static bool is_silent(const struct graph_node *node)
{
    return addr_is_none(&node->address);
}

/* The ends of a link's curve and its control points. */
struct curve {
    struct point from, leave, arrive, to;
};

static struct curve curve_of(const struct drawing *drawing, unsigned from_item, unsigned to_item)
{
    struct point from = place_of(drawing, from_item), to = place_of(drawing, to_item);
    const struct svg_item *items = drawing->layout.items;
    double half = (drawing->sideways ? drawing->node_width : drawing->node_height) / 2,
           slant = along_gap(drawing) * SLANT;
    double leave = items[from_item].node == GRAPH_NO_NODE ? 0 : half;
    double arrive = items[to_item].node == GRAPH_NO_NODE ? 0 : half;
    slant += leave > 0 ? 0 : half / 2;
    if (drawing->sideways)
        return (struct curve){{from.x + leave, from.y},
                              {from.x + leave + slant, from.y},
                              {to.x - arrive - slant, to.y},
                              {to.x - arrive, to.y}};
    return (struct curve){{from.x, from.y + leave},
                          {from.x, from.y + leave + slant},
                          {to.x, to.y - arrive - slant},
                          {to.x, to.y - arrive}};
}

static void add_curve(struct drawing *drawing, unsigned from_item, unsigned to_item)
{
    struct curve curve = curve_of(drawing, from_item, to_item);
    strbuf_addf(drawing->text, "M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f", curve.from.x, curve.from.y, curve.leave.x,
                curve.leave.y, curve.arrive.x, curve.arrive.y, curve.to.x, curve.to.y);
}

/* The point of a cubic Bezier curve at `part` of it, 0 to 1. */
static struct point point_on(const struct curve *curve, double part)
{
    double rest = 1 - part, a = rest * rest * rest, b = 3 * rest * rest * part, c = 3 * rest * part * part,
           d = part * part * part;
    return (struct point){a * curve->from.x + b * curve->leave.x + c * curve->arrive.x + d * curve->to.x,
                          a * curve->from.y + b * curve->leave.y + c * curve->arrive.y + d * curve->to.y};
}

static const char *line_class(const struct graph *graph, const struct graph_edge *edge)
{
    if (is_silent(&graph->nodes[edge->from]) || is_silent(&graph->nodes[edge->to]))
        return " class=\"q\"";
    return graph->nodes[edge->from].per_packet ? " class=\"p\"" : "";
}

static bool is_free(const struct box *box, const struct box *taken, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (box->left < taken[i].right && taken[i].left < box->right && box->top < taken[i].bottom &&
            taken[i].top < box->bottom)
            return false;
    return true;
}

/* Writes the number of flows on the line, where no other number stands; elsewhere the tooltip has it. */
static void add_flows(struct drawing *drawing, const struct svg_link *link, unsigned flows, struct box *taken,
                      unsigned *count)
{
    static const double parts[] = {0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8};
    struct curve curve = curve_of(drawing, link->from, link->to);
    char number[16];
    double width = snprintf(number, sizeof number, "%u", flows) * (double)FLOWS_CHARACTER;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct point at = point_on(&curve, parts[i]);
        struct box box = {at.x - width / 2, at.y - FLOWS_HEIGHT / 2.0, at.x + width / 2, at.y + FLOWS_HEIGHT / 2.0};
        if (!is_free(&box, taken, *count))
            continue;
        taken[(*count)++] = box;
        strbuf_addf(drawing->text, "<text class=\"f\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", at.x, at.y + 3, number);
        return;
    }
}

static void add_all_flows(struct drawing *drawing)
{
    unsigned count = 0;
    struct box *taken = calloc((size_t)drawing->layout.link_count + 1, sizeof *taken);
    for (unsigned i = 0; taken && i < drawing->layout.link_count; i++) {
        const struct svg_link *link = &drawing->layout.links[i];
        if (drawing->layout.items[link->from].node != GRAPH_NO_NODE)
            add_flows(drawing, link, drawing->graph->edges[link->edge].flows, taken, &count);
    }
    free(taken);
}

/* Draws all links of one edge; returns their number. */
static unsigned add_line(struct drawing *drawing, unsigned first)
{
    const struct svg_link *links = drawing->layout.links;
    const struct graph_edge *edge = &drawing->graph->edges[links[first].edge];
    unsigned count = 0;
    strbuf_addf(drawing->text, "<path%s d=\"", line_class(drawing->graph, edge));
    for (; first + count < drawing->layout.link_count && links[first + count].edge == links[first].edge; count++)
        add_curve(drawing, links[first + count].from, links[first + count].to);
    strbuf_add(drawing->text, "\"><title>");
    graph_view_add_label(drawing->text, &drawing->view, edge->from);
    strbuf_add(drawing->text, " to ");
    graph_view_add_label(drawing->text, &drawing->view, edge->to);
    strbuf_addf(drawing->text, ": %u flow%s</title></path>\n", edge->flows, edge->flows == 1 ? "" : "s");
    return count;
}

static void add_lines(struct drawing *drawing)
{
    for (unsigned i = 0; i < drawing->layout.link_count;)
        i += add_line(drawing, i);
    if (drawing->graph->edge_count <= FLOWS_SHOWN_MOST)
        add_all_flows(drawing);
}

/* --- nodes --- */

/* "gw.example, 10.0.3.1". */
static void add_whole(struct drawing *drawing, const struct graph_node *node)
{
    struct node_name label;
    node_name_make(&label, node, drawing->out);
    xml_add(drawing->text, label.name.text);
    strbuf_add(drawing->text, label.is_unconfirmed ? UNCONFIRMED : "");
    strbuf_addf(drawing->text, "%s%s", label.name.length ? ", " : "", label.address);
    node_name_free(&label);
}

static void add_details(struct drawing *drawing, unsigned id)
{
    const struct graph_node *node = &drawing->graph->nodes[id];
    strbuf_add(drawing->text, "<title>hop ");
    graph_view_add_label(drawing->text, &drawing->view, id);
    strbuf_add(drawing->text, ", ");
    add_whole(drawing, node);
    if (node->best_rtt != NSTIME_NEVER)
        strbuf_addf(drawing->text, ", %.3f ms", nstime_ms(node->best_rtt));
    strbuf_addf(drawing->text, "\n%u flow%s, %.1f %% of all", node->flows, node->flows == 1 ? "" : "s",
                drawing->view.nodes[id].share * 100);
    if (node->next_count)
        strbuf_addf(drawing->text, "\n%u next hop%s by %u flow%s, probability of one more %.4f", node->next_count,
                    node->next_count == 1 ? "" : "s", node->next_flows, node->next_flows == 1 ? "" : "s", node->missed);
    strbuf_add(drawing->text, node->unsure ? "\ntoo few flows to be sure that no next hop was missed" : "");
    strbuf_add(drawing->text, node->per_packet ? "\nsends packets of one flow to different next hops" : "");
    strbuf_add(drawing->text, node->is_refusal ? "\nrefuses" : "");
    strbuf_add(drawing->text, graph_view_is_last_seen(&drawing->view, id) ? "\nno next hop was seen" : "");
    strbuf_add(drawing->text, "</title>");
}

static void add_cut(struct strbuf *text, const char *printable)
{
    struct strbuf cut;
    strbuf_init(&cut);
    columns_add_cut(&cut, printable, NAME_COLUMNS_MOST);
    xml_add(text, cut.text);
    strbuf_free(&cut);
}

/* The name, and the address below it. Returns the y of the next line. */
static double add_name(struct drawing *drawing, const struct graph_node *node, const char *tone, struct point middle)
{
    struct node_name label;
    node_name_make(&label, node, drawing->out);
    double y = middle.y - 3 + (label.name.length ? NAME_HEIGHT / 2 : 0);
    if (label.name.length) {
        xml_begin_box(drawing->text, middle.x - drawing->node_width / 2, y - NAME_HEIGHT - NAME_HEIGHT * 3 / 4.0,
                      drawing->node_width, NAME_HEIGHT);
        strbuf_addf(drawing->text, "<text class=\"a %s\" x=\"%.0f\" y=\"%.0f\">", tone, middle.x, y - NAME_HEIGHT);
        add_cut(drawing->text, label.name.text);
        strbuf_addf(drawing->text, "%s</text>", label.is_unconfirmed ? UNCONFIRMED : "");
        xml_end_box(drawing->text);
    }
    strbuf_addf(drawing->text, "<text class=\"a %s\" x=\"%.0f\" y=\"%.0f\">%s%s%s</text>", tone, middle.x, y,
                label.address, label.tag.length ? " " : "", label.tag.text);
    node_name_free(&label);
    return y + 15;
}

static void add_node(struct drawing *drawing, unsigned id)
{
    const struct graph_node *node = &drawing->graph->nodes[id];
    struct point middle = place_of(drawing, id);
    const char *tone = is_silent(node)                               ? "q"
                       : node->is_refusal                            ? "r"
                       : graph_view_is_last_seen(&drawing->view, id) ? "d"
                                                                     : "";
    const char *border = node->per_packet ? " p" : node->unsure ? " u" : node->is_target ? " g" : "";
    strbuf_add(drawing->text, "<g>");
    add_details(drawing, id);
    strbuf_addf(drawing->text, "<rect class=\"%s%s\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" rx=\"6\"/>",
                tone, border, middle.x - drawing->node_width / 2, middle.y - drawing->node_height / 2,
                drawing->node_width, drawing->node_height);
    double below = add_name(drawing, node, tone, middle);
    strbuf_addf(drawing->text, "<text class=\"n\" x=\"%.0f\" y=\"%.0f\">", middle.x, below);
    add_numbers(drawing->text, drawing, id);
    strbuf_add(drawing->text, "</text></g>\n");
}

/* "hop 12" beside each layer, or above it. */
static void add_hops(struct drawing *drawing)
{
    for (unsigned level = drawing->layout.first_level; level <= drawing->layout.last_level; level++) {
        double along = (level - drawing->layout.first_level + 0.5) * along_pitch(drawing);
        double x = drawing->sideways ? MARGIN + along - 20 : MARGIN;
        double y = drawing->top + head_height(drawing) + (drawing->sideways ? 12 : along + 4);
        strbuf_addf(drawing->text, "<text class=\"h\" x=\"%.0f\" y=\"%.0f\">hop %u</text>\n", x, y, level);
    }
}

/* --- around it --- */

static double add_text(struct drawing *drawing, const char *class, double y, const char *plain, double character)
{
    double width = columns_count(plain) * character;
    xml_begin_box(drawing->text, MARGIN, drawing->top + y - LINE_HEIGHT * 3 / 4, width, LINE_HEIGHT);
    strbuf_addf(drawing->text, "<text class=\"%s\" x=\"%d\" y=\"%.0f\">", class, MARGIN, drawing->top + y);
    xml_add(drawing->text, plain);
    strbuf_add(drawing->text, "</text>");
    xml_end_box(drawing->text);
    strbuf_add(drawing->text, "\n");
    return 2 * MARGIN + width;
}

static void widen(struct drawing *drawing, double width)
{
    drawing->width = width > drawing->width ? width : drawing->width;
}

static void add_head(struct drawing *drawing)
{
    struct strbuf line;
    strbuf_init(&line);
    graph_words_add_title(&line, drawing->graph, drawing->target_name);
    widen(drawing, add_text(drawing, "t", 28, line.text, 9.5));
    strbuf_clear(&line);
    graph_words_add_paths(&line, drawing->graph);
    strbuf_add(&line, ". ");
    graph_words_add_sureness(&line, drawing->graph);
    strbuf_add(&line, ".");
    widen(drawing, add_text(drawing, "s", 48, line.text, 7));
    if (drawing->out->result->graph_verdict)
        widen(drawing, add_text(drawing, "s", 48 + SENTENCE_HEIGHT, drawing->out->result->graph_verdict, 7));
    strbuf_free(&line);
}

static bool is_target(const struct graph_view *view, unsigned id)
{
    return view->graph->nodes[id].is_target;
}

static bool is_without_address(const struct graph_view *view, unsigned id)
{
    return is_silent(&view->graph->nodes[id]);
}

static bool is_refusal(const struct graph_view *view, unsigned id)
{
    return view->graph->nodes[id].is_refusal;
}

static bool is_per_packet(const struct graph_view *view, unsigned id)
{
    return view->graph->nodes[id].per_packet;
}

static bool is_unsure(const struct graph_view *view, unsigned id)
{
    return view->graph->nodes[id].unsure;
}

static const struct {
    const char *class, *text;
    bool (*is_meant)(const struct graph_view *view, unsigned id);
} legend[] = {
    {"g", "the target", is_target},
    {"q", "does not answer", is_without_address},
    {"r", "refuses", is_refusal},
    {"d", "no next hop was seen", graph_view_is_last_seen},
    {"p", "balances per packet", is_per_packet},
    {"u", "too few flows to be sure that no next hop was missed", is_unsure},
};

static bool has_any(const struct graph_view *view, bool (*is_meant)(const struct graph_view *view, unsigned id))
{
    for (unsigned i = 0; i < view->graph->node_count; i++)
        if (is_meant(view, i))
            return true;
    return false;
}

/* Only marks that the drawing has. */
static void add_legend(struct drawing *drawing)
{
    double x = MARGIN, y = drawing->top + drawing->height - 14;
    for (size_t i = 0; i < sizeof legend / sizeof *legend; i++) {
        if (!has_any(&drawing->view, legend[i].is_meant))
            continue;
        strbuf_addf(drawing->text, "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"22\" height=\"12\" rx=\"3\"/>",
                    legend[i].class, x, y - 10);
        strbuf_addf(drawing->text, "<text class=\"l\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", x + 28, y, legend[i].text);
        x += 28 + (double)strlen(legend[i].text) * 7 + 18;
    }
    widen(drawing, x);
}

/* --- the file --- */

static bool draw(struct drawing *drawing)
{
    if (!graph_view_make(drawing->graph, &drawing->view) || !svg_layout_make(&drawing->view, &drawing->layout))
        return false;
    measure(drawing);
    add_head(drawing);
    add_hops(drawing);
    add_lines(drawing);
    for (unsigned i = 0; i < drawing->graph->node_count; i++)
        add_node(drawing, i);
    add_legend(drawing);
    return !drawing->text->failed;
}

/* --- captures of two points --- */

static bool svg_begin(struct output *out)
{
    const struct transit_section *section = result_section(out->result);
    struct delay_svg *delays = section ? malloc(sizeof *delays) : NULL;
    if (delays)
        delay_svg_init(delays, &section->transit->clock);
    out->state = delays;
    return delays || !section;
}

static void svg_pair(struct output *out, const struct transit_pair *pair)
{
    delay_svg_add(out->state, pair);
}

static void end_delays(struct output *out)
{
    delay_svg_end(out->state, result_section(out->result)->transit, out->file);
    fflush(out->file);
    free(out->state);
    out->state = NULL;
}

/* Several graphs are drawn one below the other. */
static void svg_end(struct output *out)
{
    const struct result *result = out->result;
    if (result->section_count) {
        end_delays(out);
        return;
    }
    struct strbuf body;
    double width = 0, height = 0;
    strbuf_init(&body);
    for (unsigned i = 0; i < result->graph_count; i++) {
        struct drawing drawing = {.text = &body,
                                  .graph = &result->graphs[i],
                                  .target_name = result_target_name(result),
                                  .top = height,
                                  .out = out};
        draw(&drawing);
        width = drawing.width > width ? drawing.width : width;
        height += drawing.height;
        svg_layout_free(&drawing.layout);
        graph_view_free(&drawing.view);
    }
    fprintf(out->file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
            width, height, width, height);
    fprintf(out->file,
            "<title>hopsonde paths</title>\n%s<rect width=\"%.0f\" height=\"%.0f\" style=\"stroke:none\"/>\n%s</svg>\n",
            style, width, height, body.text);
    fflush(out->file);
    strbuf_free(&body);
}

const struct output_format output_svg = {
    .name = "svg",
    .help = "paths: the graph as a drawing",
    .draws = true,
    .shows_transit = true,
    .keeps = true,
    .begin = svg_begin,
    .pair = svg_pair,
    .end = svg_end,
};
