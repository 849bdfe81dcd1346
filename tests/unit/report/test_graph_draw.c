/* SPDX-License-Identifier: BSD-2-Clause */
/* Graphs of paths as dot and svg, checked with Graphviz and xmllint. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/books.h"
#include "unit/support/drawings.h"
#include "unit/support/graphs.h"
#include "unit/support/render.h"

static const char *draw_known(struct render *r, const char *format, const char *name, const struct graph *graphs,
                              unsigned count, const struct address_book *book)
{
    struct fake fake;
    fake_init(&fake, name, "192.0.2.80", "udp");
    fake.session.config.target = count ? graphs[0].trace->flow.target : fake.session.config.target;
    fake.session.config.strategy = &strategy_paths;
    render_begin(r, format, &fake, NULL);
    r->report.first.result.book = book;
    r->report.outputs[0].options.networks = true;
    r->report.first.result.graphs = graphs;
    r->report.first.result.graph_count = count;
    render_end(r, &fake, NULL, NULL);
    fake_free(&fake);
    return r->text;
}

static const char *draw(struct render *r, const char *format, const char *name, const struct graph *graphs,
                        unsigned count)
{
    return draw_known(r, format, name, graphs, count, NULL);
}

/* --- dot --- */

static void test_dot_text(void)
{
    struct made_graph made;
    struct render r;
    graphs_make(&made, "192.0.2.80", "1 10.0.1.1 p > 1 2\n2 10.0.2.1 ru >\n2 * n > 3\n3 192.0.2.80 t >\n");
    is_text(draw(&r, "dot", "a\"b\\c&d", &made.graph, 1),
            "digraph paths {\n"
            "    graph [rankdir=\"TB\", labelloc=\"t\", fontname=\"sans-serif\", label=\"udp from 10.0.0.2 to "
            "a\\\"b\\\\x5cc&amp;d (192.0.2.80)\\nWith 97.12 % confidence no next hop was missed; 214 probes in 96 "
            "flows\"];\n"
            "    node [shape=\"box\", style=\"rounded,filled\", fillcolor=\"white\", fontname=\"sans-serif\", "
            "fontsize=11];\n"
            "    edge [fontname=\"sans-serif\", fontsize=9];\n"
            "    n0 [label=\"10.0.1.1\\n1.000 ms\", tooltip=\"hop 1, 100.0 % of the flows, balances per packet\", "
            "style=\"rounded,filled,dashed\"];\n"
            "    n1 [label=\"10.0.2.1\\n2.001 ms\\nrefuses\", tooltip=\"hop 2a, 50.0 % of the flows, too few flows to "
            "be sure that no next hop was missed\", color=\"#b3261e\", fontcolor=\"#b3261e\", "
            "style=\"rounded,filled,dotted\"];\n"
            "    n2 [label=\"*\", tooltip=\"hop 2b, 50.0 % of the flows\", color=\"gray60\", fontcolor=\"gray60\"];\n"
            "    n3 [label=\"192.0.2.80\\n3.003 ms\", tooltip=\"hop 3, 50.0 % of the flows\", penwidth=2];\n"
            "    {rank=same; n0;}\n"
            "    {rank=same; n1; n2;}\n"
            "    {rank=same; n3;}\n"
            "    n0 -> n1 [label=\"4\", tooltip=\"4 flows\", style=\"dashed\"];\n"
            "    n0 -> n2 [label=\"4\", tooltip=\"4 flows\", style=\"dashed\", color=\"gray60\"];\n"
            "    n2 -> n3 [label=\"4\", tooltip=\"4 flows\", color=\"gray60\"];\n"
            "}\n",
            "dot: quoting, and every mark");
    render_free(&r);
    graphs_free(&made);
}

/* Graphviz prints the place of each node: all are there, and those of one TTL are side by side. */
static void check_dot(const struct graph *graph, const char *name)
{
    struct render r;
    char command[128];
    draw(&r, "dot", name, graph, 1);
    snprintf(command, sizeof command, "dot -Tplain 2>/dev/null | grep -c '^node n' | grep -qx %u", graph->node_count);
    ok(is_taken("dot -Tsvg >/dev/null 2>&1", r.text), "dot -Tsvg: %s", name);
    ok(is_taken(command, r.text), "its nodes are there and no others: %s", name);
    render_free(&r);
}

/* --- svg --- */

struct box {
    double width, height;
};

static bool is_within(double x, double y, const struct box *box)
{
    return x >= 0 && y >= 0 && x <= box->width && y <= box->height;
}

/* Numbers of "M1 2C3 4 5 6 7 8M...". */
static bool path_is_within(const char *at, const struct box *box)
{
    for (at = strstr(at, " d=\"") + 4; *at && *at != '"';) {
        char *end;
        double x = strtod(at + (*at == 'M' || *at == 'C' || *at == ' '), &end), y = strtod(end + 1, &end);
        if (!is_within(x, y, box))
            return false;
        at = end;
    }
    return true;
}

static bool shape_is_within(const char *at, const struct box *box)
{
    double x, y, width = 0, height = 0;
    const char *place = strstr(at, " x=\"");
    if (!place || place > strchr(at, '>') || sscanf(place, " x=\"%lf\" y=\"%lf\"", &x, &y) != 2)
        return strncmp(at, "<rect width", 11) == 0; /* the paper */
    const char *size = strstr(place, " width=\"");
    if (strncmp(at, "<rect", 5) == 0 && size && size < strchr(at, '>'))
        sscanf(size, " width=\"%lf\" height=\"%lf\"", &width, &height);
    return is_within(x, y, box) && is_within(x + width, y + height, box);
}

static bool all_is_within(const char *svg)
{
    struct box box;
    if (sscanf(strstr(svg, "viewBox=\"0 0 "), "viewBox=\"0 0 %lf %lf\"", &box.width, &box.height) != 2)
        return false;
    for (const char *at = svg; (at = strchr(at, '<')); at++) {
        bool good = strncmp(at, "<path", 5) == 0                                   ? path_is_within(at, &box)
                    : strncmp(at, "<rect", 5) == 0 || strncmp(at, "<text", 5) == 0 ? shape_is_within(at, &box)
                                                                                   : true;
        if (!good)
            return printf("# outside: %.80s\n", at), false;
    }
    return true;
}

/* The numbers of flows stand beside each other: each is 12 high, and a digit 6 wide. */
static bool numbers_are_apart(const char *svg)
{
    double x[128], y[128], half[128];
    unsigned numbers = 0;
    char number[16];
    for (const char *at = svg; (at = strstr(at, "<text class=\"f\"")) && numbers < 128; at++) {
        if (sscanf(at, "<text class=\"f\" x=\"%lf\" y=\"%lf\">%15[0-9]<", &x[numbers], &y[numbers], number) != 3)
            return false;
        half[numbers++] = 3.0 * (double)strlen(number);
    }
    for (unsigned i = 0; i < numbers; i++)
        for (unsigned k = 0; k < i; k++)
            if (fabs(x[i] - x[k]) < half[i] + half[k] - 1 && fabs(y[i] - y[k]) < 12 - 1)
                return printf("# over each other: %.0f,%.0f\n", x[i], y[i]), false;
    return true;
}

static void check_svg(const struct graph *graph, const char *name, bool has_xmllint)
{
    struct render r;
    draw(&r, "svg", name, graph, 1);
    ok(all_is_within(r.text), "svg: all is within the page: %s", name);
    ok(numbers_are_apart(r.text), "svg: no number stands over another: %s", name);
    is_num(count(r.text, "<g>"), graph->node_count, "svg: its nodes");
    is_num(count(r.text, "<path "), graph->edge_count, "svg: its lines");
    ok(!strstr(r.text, "href") && !strstr(r.text, "<script") && count(r.text, "http") == 1 && !strstr(r.text, "url("),
       "svg: self-contained, without scripts");
    if (has_xmllint)
        ok(is_taken("xmllint --noout - >/dev/null 2>&1", r.text), "svg: well-formed: %s", name);
    render_free(&r);
}

/* "<rect ... x="63" y="92"" of the node. */
static void find_place(const char *svg, const char *address, double *x, double *y)
{
    char text[64];
    *x = *y = 0;
    snprintf(text, sizeof text, ">%s</text>", address);
    const char *at = strstr(svg, text);
    for (; at && strncmp(at, "<rect", 5) != 0; at--)
        ;
    if (at)
        sscanf(strstr(at, " x=\""), " x=\"%lf\" y=\"%lf\"", x, y);
}

static void test_places(void)
{
    struct made_graph made;
    struct render r;
    double x[4], y[4];
    graphs_make_shape(&made, "lengths");
    draw(&r, "svg", "", &made.graph, 1);
    find_place(r.text, "10.0.2.1", &x[0], &y[0]);
    find_place(r.text, "10.0.2.2", &x[1], &y[1]);
    find_place(r.text, "10.0.4.2", &x[2], &y[2]);
    find_place(r.text, "192.0.2.80", &x[3], &y[3]);
    ok(y[0] == y[1] && x[0] != x[1], "svg: side by side at one TTL");
    ok(y[2] > y[1] && y[3] > y[2], "svg: the target comes after the longest path");
    const char *bent = strstr(strstr(r.text, "<path"), "C");
    ok(bent && count(r.text, "M") >= made.graph.edge_count + 2, "svg: a line past two layers has a bend in each");
    render_free(&r);
    graphs_free(&made);

    graphs_make_wide(&made, 96);
    draw(&r, "svg", "", &made.graph, 1);
    find_place(r.text, "10.0.2.101", &x[0], &y[0]);
    find_place(r.text, "10.0.2.196", &x[1], &y[1]);
    ok(x[0] == x[1] && y[1] > y[0] + 95 * 40, "svg: 96 at one TTL stand below each other");
    render_free(&r);
    graphs_free(&made);
}

/* Lines that cross have their numbers beside each other. */
static void test_crossing(void)
{
    struct made_graph made;
    struct render r;
    graphs_make(&made, "192.0.2.80",
                "1 10.0.1.1 > 2 3\n1 10.0.1.2 > 2 3\n2 10.0.2.1 > 4\n2 10.0.2.2 > 4\n"
                "3 192.0.2.80 t >\n");
    for (unsigned i = 0; i < made.graph.edge_count; i++)
        made.graph.edges[i].flows = 1000 + i;
    draw(&r, "svg", "", &made.graph, 1);
    is_num(count(r.text, "<text class=\"f\""), made.graph.edge_count, "svg: each line has its number");
    ok(numbers_are_apart(r.text), "svg: also where lines cross");
    render_free(&r);
    graphs_free(&made);
}

/* A router behind which nothing answered. */
static void test_last_seen(void)
{
    static const char mark[] = "<rect class=\"d\" ";
    struct made_graph made;
    struct render r;
    graphs_make(&made, "192.0.2.80", "1 10.0.1.1 > 1 2\n2 10.0.2.1 >\n2 10.0.2.2 > 3\n3 192.0.2.80 t >\n");
    draw(&r, "svg", "", &made.graph, 1);
    is_num(count(r.text, mark), 2, "svg: a router without next hop is marked, and the legend says so");
    ok(strstr(r.text, ">no next hop was seen</text>"), "svg: in these words");
    render_free(&r);
    graphs_free(&made);
    graphs_make_shape(&made, "no target");
    made.graph.last_ttl = 2;
    draw(&r, "svg", "", &made.graph, 1);
    is_num(count(r.text, mark), 0, "svg: not where no farther TTL was probed");
    render_free(&r);
    made.graph.last_ttl = 10;
    draw(&r, "svg", "", &made.graph, 1);
    is_num(count(r.text, mark), 3, "svg: all that are last where all is lost behind");
    render_free(&r);
    graphs_free(&made);
}

/* --- both --- */

static void test_every_shape(bool has_dot, bool has_xmllint)
{
    struct made_graph made;
    for (const struct graph_shape *shape = graph_shapes; shape->name; shape++) {
        graphs_make(&made, shape->target, shape->lines);
        if (has_dot)
            check_dot(&made.graph, shape->name);
        check_svg(&made.graph, shape->name, has_xmllint);
        graphs_free(&made);
    }
    for (unsigned wide = 16; wide <= 96; wide += 80) {
        graphs_make_wide6(&made, wide);
        if (has_dot)
            check_dot(&made.graph, "wide");
        check_svg(&made.graph, "wide", has_xmllint);
        graphs_free(&made);
    }
}

static const char *const hostile[] = {
    "\"];n9[label=\"x",
    "\\",
    "\\\"",
    "a\\l\\N\\G",
    "</title></svg><script>alert(1)</script>",
    "]]>&#x41;&lt;<!--",
    "\x1b]0;x\x07\n\r",
    "\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80\xff",
    "\xe2\x80\xae\xc2\x9b",
    "//*#",
};

static void test_hostile_names(bool has_dot, bool has_xmllint)
{
    struct made_graph made;
    graphs_make_shape(&made, "chain");
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        if (has_dot)
            check_dot(&made.graph, hostile[i]);
        check_svg(&made.graph, hostile[i], has_xmllint);
    }
    graphs_free(&made);
}

static void test_several(bool has_dot, bool has_xmllint)
{
    struct made_graph made[2];
    struct render r;
    graphs_make_shape(&made[0], "nested");
    graphs_make_shape(&made[1], "meshed");
    struct graph graphs[] = {made[0].graph, made[1].graph};
    draw(&r, "svg", "", graphs, 2);
    ok(all_is_within(r.text) && count(r.text, "<svg xmlns") == 1, "two graphs are one drawing");
    ok(!has_xmllint || is_taken("xmllint --noout - >/dev/null 2>&1", r.text), "and well-formed");
    render_free(&r);
    draw(&r, "dot", "", graphs, 2);
    ok(count(r.text, "digraph") == 2 && (!has_dot || is_taken("dot -Tsvg >/dev/null 2>&1", r.text)), "dot has two");
    render_free(&r);
    draw(&r, "svg", "", graphs, 0);
    ok(!has_xmllint || is_taken("xmllint --noout - >/dev/null 2>&1", r.text), "no graphs give a drawing, too");
    render_free(&r);
    graphs_free(&made[0]);
    graphs_free(&made[1]);
}

/* --- names of nodes --- */

static void test_names(void)
{
    struct made_graph made;
    struct render r;
    struct address_book *book = address_book_new();
    book_put(book, "10.0.1.1", ADDRESS_NAME_KNOWN, "a\"b&<c>.example")->asn = 64500;
    book_put(book, "10.0.2.1", ADDRESS_NAME_UNCONFIRMED,
             "a.name.that.is.longer.than.any.box.of.the.drawing.can.be.wide");
    graphs_make_shape(&made, "chain");
    draw_known(&r, "dot", "", &made.graph, 1, book);
    ok(strstr(r.text, "n0 [label=\"a\\\"b&amp;<c>.example\\n10.0.1.1 [AS64500]\\n1.000 ms\", tooltip=\"hop 1, a\\\"b"),
       "dot: the name, and below it the address with its network");
    ok(strstr(r.text,
              "[label=\"a.name.that.is.longer.than.any.box.of.the.draw.. (unconfirmed)\\n10.0.2.1 [private]\\n"),
       "dot: a long name, unconfirmed");
    ok(strstr(r.text, "drawing.can.be.wide (unconfirmed), "), "dot: the whole name in the tooltip");
    render_free(&r);
    draw_known(&r, "svg", "", &made.graph, 1, book);
    ok(strstr(r.text, ">a&quot;b&amp;&lt;c&gt;.example</text>") && strstr(r.text, ">10.0.1.1 [AS64500]</text>"),
       "svg: the name, and the address with its network");
    ok(strstr(r.text, ">a.name.that.is.longer.than.any.box.. (unconfirmed)</text>") &&
           strstr(
               r.text,
               "<title>hop 2, a.name.that.is.longer.than.any.box.of.the.drawing.can.be.wide (unconfirmed), 10.0.2.1"),
       "svg: a long name is cut, and whole in the tooltip");
    ok(count(r.text, "height=\"52\"") == made.graph.node_count, "svg: boxes have room for it");
    render_free(&r);
    graphs_free(&made);
    address_book_free(book);
}

static void check_known(const struct graph *graph, const struct address_book *book, size_t number, bool has_dot,
                        bool has_xmllint)
{
    struct render r;
    draw_known(&r, "svg", "", graph, 1, book);
    ok(all_is_within(r.text) && count(r.text, "<g>") == graph->node_count && !strstr(r.text, "<script"),
       "svg: hostile name %zu", number);
    ok(!has_xmllint || is_taken("xmllint --noout - >/dev/null 2>&1", r.text), "and well-formed");
    render_free(&r);
    draw_known(&r, "dot", "", graph, 1, book);
    ok(!has_dot || is_taken("dot -Tplain 2>/dev/null | grep -c '^node n' | grep -qx 3", r.text),
       "dot: hostile name %zu", number);
    render_free(&r);
}

static void test_hostile_nodes(bool has_dot, bool has_xmllint)
{
    struct made_graph made;
    graphs_make_shape(&made, "chain");
    for (size_t i = 0; hostile_names[i]; i++) {
        struct address_book *book = address_book_new();
        book_put(book, "10.0.1.1", ADDRESS_NAME_KNOWN, hostile_names[i]);
        book_put(book, "10.0.2.1", ADDRESS_NAME_UNCONFIRMED, hostile_names[i])->asn = UINT32_MAX;
        check_known(&made.graph, book, i, has_dot, has_xmllint);
        address_book_free(book);
    }
    graphs_free(&made);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    bool has_dot = has_tool("dot"), has_xmllint = has_tool("xmllint");
    test_dot_text();
    test_places();
    test_crossing();
    test_last_seen();
    test_every_shape(has_dot, has_xmllint);
    test_hostile_names(has_dot, has_xmllint);
    test_several(has_dot, has_xmllint);
    test_names();
    test_hostile_nodes(has_dot, has_xmllint);
    return tap_done();
}
