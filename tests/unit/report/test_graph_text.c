/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a graph of paths. */
#include "report/text/graph/graph_text.h"

#include <stdlib.h>

#include "report/graph/graph_view.h"
#include "report/graph/graph_words.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/books.h"
#include "unit/support/graphs.h"
#include "unit/support/render.h"

static const struct graph_text plain = {.width = 80};

static void is_graph(struct made_graph *made, const struct graph_text *how, const char *want, const char *name)
{
    struct strbuf text;
    strbuf_init(&text);
    ok(graph_text_add(&text, &made->graph, how), "%s: made", name);
    is_text(text.text, want, "%s", name);
    strbuf_free(&text);
}

static void is_shape(const char *shape, const char *want)
{
    struct made_graph made;
    graphs_make_shape(&made, shape);
    is_graph(&made, &plain, want, shape);
    graphs_free(&made);
}

#define SURE "With 97.12 % confidence no next hop was missed; 214 probes in 96 flows.\n"

static void test_long_times(void)
{
    struct made_graph made;
    graphs_make_shape(&made, "chain");
    made.graph.nodes[1].best_rtt = INT64_C(1600158) * NS_PER_US;
    made.graph.nodes[2].best_rtt = INT64_C(12345678) * NS_PER_US;
    is_graph(&made, &plain,
             " 1  10.0.1.1     1.000 ms\n"
             " 2  10.0.2.1   1600.16 ms\n"
             " 3  192.0.2.80 12345.7 ms\n"
             "\n"
             "1 path to the target.\n" SURE,
             "times above a second");
    graphs_free(&made);
}

static void test_shapes(void)
{
    is_shape("chain", " 1  10.0.1.1     1.000 ms\n"
                      " 2  10.0.2.1     2.001 ms\n"
                      " 3  192.0.2.80   3.002 ms\n"
                      "\n"
                      "1 path to the target.\n" SURE);
    is_shape("two diamonds", " 1   10.0.1.1      1.000 ms\n"
                             " 2a  |- 10.0.2.1   2.001 ms   25 %\n"
                             " 2b  |- 10.0.2.2   2.002 ms   25 %\n"
                             " 2c  |- 10.0.2.3   2.003 ms   25 %\n"
                             " 2d  `- 10.0.2.4   2.004 ms   25 %\n"
                             " 3   10.0.3.1      3.005 ms\n"
                             " 4   10.0.4.1      4.006 ms\n"
                             " 5a  |- 10.0.5.1   5.007 ms   25 %\n"
                             " 5b  |- 10.0.5.2   5.008 ms   25 %\n"
                             " 5c  |- 10.0.5.3   5.009 ms   25 %\n"
                             " 5d  `- 10.0.5.4   5.010 ms   25 %\n"
                             " 6   192.0.2.80    6.011 ms\n"
                             "\n"
                             "16 paths to the target.\n"
                             "Diamond from hop 1 (10.0.1.1) to hop 3 (10.0.3.1): 4 wide, 2 long, symmetric,\n"
                             "    per flow.\n"
                             "Diamond from hop 4 (10.0.4.1) to the target: 4 wide, 2 long, symmetric, per\n"
                             "    flow.\n" SURE);
    is_shape("nested", " 1   10.0.1.1         1.000 ms\n"
                       " 2a  |- 10.0.2.1      2.001 ms   50 %\n"
                       " 3a  |  |- 10.0.3.1   3.003 ms   25 %\n"
                       " 3b  |  `- 10.0.3.2   3.004 ms   25 %\n"
                       " 4a  |  10.0.4.1      4.006 ms   50 %\n"
                       " 2b  `- 10.0.2.2      2.002 ms   50 %\n"
                       " 3c     10.0.3.3      3.005 ms   50 %\n"
                       " 4b     10.0.4.2      4.007 ms   50 %\n"
                       " 5   10.0.5.1         5.008 ms\n"
                       " 6   192.0.2.80       6.009 ms\n"
                       "\n"
                       "3 paths to the target.\n"
                       "Diamond from hop 1 (10.0.1.1) to hop 5 (10.0.5.1): 3 wide, 4 long, per flow.\n" SURE);
    is_shape("meshed", " 1   10.0.1.1      1.000 ms\n"
                       " 2a  |- 10.0.2.1   2.001 ms   33 %  -> all 4 of hop 3\n"
                       " 2b  |- 10.0.2.2   2.002 ms   33 %  -> 3b, 3c\n"
                       " 2c  |- 10.0.2.3   2.003 ms   33 %  -> 3a, 3d\n"
                       " 3a  |- 10.0.3.1   3.004 ms   25 %\n"
                       " 3b  |- 10.0.3.2   3.005 ms   25 %\n"
                       " 3c  |- 10.0.3.3   3.006 ms   25 %\n"
                       " 3d  `- 10.0.3.4   3.007 ms   25 %\n"
                       " 4   192.0.2.80    4.008 ms\n"
                       "\n"
                       "8 paths to the target.\n"
                       "Diamond from hop 1 (10.0.1.1) to the target: 4 wide, 3 long, meshed, per flow.\n" SURE);
    is_shape("lengths", " 1   10.0.1.1      1.000 ms\n"
                        " 2a  |- 10.0.2.1   2.001 ms   50 %  -> target\n"
                        " 2b  `- 10.0.2.2   2.002 ms   50 %\n"
                        " 3      10.0.3.2   3.003 ms\n"
                        " 4      10.0.4.2   4.005 ms\n"
                        " 3   192.0.2.80    3.004 ms  (hops 3 to 5)\n"
                        "\n"
                        "2 paths to the target.\n"
                        "Diamond from hop 1 (10.0.1.1) to the target: 2 wide, 2 to 4 long, symmetric, per\n"
                        "    flow.\n" SURE);
    is_shape("from the source", " 1a  |- 10.0.1.1   1.000 ms   50 %\n"
                                " 1b  `- 10.0.1.2   1.001 ms   50 %\n"
                                " 2   192.0.2.80    2.002 ms\n"
                                "\n"
                                "2 paths to the target.\n"
                                "Diamond from the source to the target: 2 wide, 2 long, symmetric, per flow.\n" SURE);
}

static void test_marks(void)
{
    is_shape("per packet",
             " 1   10.0.1.1        1.000 ms  per packet\n"
             " 2a  |- 10.0.2.1     2.001 ms   50 %\n"
             " 2b  |- 10.0.2.2     2.002 ms   50 %\n"
             " 3a  ?- 10.0.3.1     3.003 ms   50 %\n"
             " 3b  ?- 10.0.3.2     3.004 ms   50 %  ?\n"
             " 4   ?- 192.0.2.80   4.005 ms\n"
             "\n"
             "2 paths, none of which was seen to reach the target.\n"
             "Diamond from hop 1 (10.0.1.1) to the target: 2 wide, 3 long, symmetric, per\n"
             "    packet.\n" SURE "per packet: 1 sends packets of one flow to different next hops; uncertain links\n"
             "    behind it are left out.\n"
             "?: too few flows to be sure that no next hop was missed: 3b.\n"
             "?-: no previous hop was seen: 3a, 3b, target.\n");
    is_shape("stars", " 1   10.0.1.1        1.000 ms\n"
                      " 2a  |- 10.0.2.1     2.001 ms   50 %\n"
                      " 3a  |  10.0.3.1     3.003 ms   50 %  ?  -> ?\n"
                      " 2b  `- *                       50 %\n"
                      " 3b     *                       50 %\n"
                      " 4      10.0.4.1     4.005 ms\n"
                      " 5      *\n"
                      " 6      192.0.2.80   6.007 ms\n"
                      "\n"
                      "1 path to the target, 1 that ends before it.\n"
                      "Diamond from hop 1 (10.0.1.1) to hop 4 (10.0.4.1): 2 wide, 3 long, per flow.\n" SURE
                      "?: too few flows to be sure that no next hop was missed: 3a.\n"
                      "-> ?: no next hop was seen: 3a.\n");
    is_shape("refusal", " 1   10.0.1.1        1.000 ms\n"
                        " 2a  |- 10.0.2.1     2.001 ms   50 %\n"
                        " 3a  |  10.0.2.1     3.003 ms   50 %  refuses\n"
                        " 2b  `- 10.0.2.2     2.002 ms   50 %\n"
                        " 3b     10.0.3.2     3.004 ms   50 %\n"
                        " 4      192.0.2.80   4.005 ms\n"
                        "\n"
                        "1 path to the target, 1 that ends before it.\n"
                        "Diamond from hop 1 (10.0.1.1) to the target: 2 wide, 3 long, per flow.\n" SURE
                        "refuses: flows end at 3a, which rejects them or cannot deliver them.\n");
    is_shape("no target", " 1   10.0.1.1      1.000 ms\n"
                          " 2a  |- 10.0.2.1   2.001 ms   50 %\n"
                          " 2b  `- 10.0.2.2   2.002 ms   50 %\n"
                          "\n"
                          "2 paths, none of which was seen to reach the target.\n" SURE);
    is_shape("empty", " 1  *\n"
                      "2-10 silent as well\n"
                      "\n"
                      "Nothing answered.\n"
                      "It is unknown whether next hops were missed; 214 probes in 96 flows.\n");
}

static void test_silent_end(void)
{
    struct made_graph made;
    graphs_make(&made, "192.0.2.80", "1 10.0.1.1 > 1\n4 10.0.4.1 >\n");
    made.graph.last_ttl = 6;
    is_graph(&made, &plain,
             " 1  10.0.1.1   1.000 ms\n"
             " 2  *\n"
             " 3  *\n"
             " 4  10.0.4.1   4.001 ms\n"
             " 5  *\n"
             " 6  *\n"
             "\n"
             "1 path, none of which was seen to reach the target.\n" SURE,
             "hops without a node");
    graphs_free(&made);
}

static void test_sentences(void)
{
    struct made_graph made;
    graphs_make_shape(&made, "loose");
    made.graph.diamond_count = 0;
    made.graph.loose_flows = made.graph.flows = 9;
    made.graph.missed_probability = 1;
    is_graph(&made, &plain,
             " 1   10.0.1.1        1.000 ms  ?\n"
             " 2a  ?- 10.0.2.1     2.001 ms   50 %  ?\n"
             " 2b  ?- 10.0.2.2     2.002 ms   50 %  ?\n"
             " 3   ?- 192.0.2.80   3.003 ms\n"
             "\n"
             "No flow was seen along its whole path.\n"
             "It is unknown whether next hops were missed; 214 probes in 9 flows.\n"
             "Every flow was seen at one hop only, so no hops can be linked.\n"
             "?: too few flows to be sure that no next hop was missed: 1, 2a, 2b.\n"
             "?-: no previous hop was seen: 2a, 2b, target.\n",
             "loose flows only");
    graphs_free(&made);
    graphs_make_shape(&made, "chain");
    made.graph.loose_flows = 1;
    made.graph.missed_probability = 0.75;
    made.graph.changes = 2;
    made.graph.changed_at = FAKE_START;
    is_graph(&made, &(struct graph_text){.width = 80, .verbose = true},
             " 1  10.0.1.1     1.000 ms\n"
             " 2  10.0.2.1     2.001 ms\n"
             " 3  192.0.2.80   3.002 ms\n"
             "\n"
             "At least 1 path to the target.\n"
             "    1 flow: 1 2 target\n"
             "A next hop was probably missed (probability 0.75); 214 probes in 96 flows.\n"
             "The route changed 2 times, the last time at 2026-01-02 03:04:05 UTC: the graph\n"
             "    shows what was seen since then.\n"
             "1 flow was seen at one hop only and links nothing.\n",
             "a change, a loose flow, -v");
    made.graph.missed_probability = 0;
    is_graph(&made, &(struct graph_text){.width = 80, .quiet = true},
             " 1  10.0.1.1     1.000 ms\n"
             " 2  10.0.2.1     2.001 ms\n"
             " 3  192.0.2.80   3.002 ms\n"
             "With 99.99 % confidence no next hop was missed; 214 probes in 96 flows.\n",
             "--quiet; nothing is quite sure");
    graphs_free(&made);
}

static void test_colours(void)
{
    struct made_graph made;
    graphs_make(&made, "192.0.2.80", "1 10.0.1.1 > 1 2\n2 10.0.1.1 r >\n2 * n >\n");
    struct strbuf text;
    strbuf_init(&text);
    graph_text_add(&text, &made.graph, &(struct graph_text){.width = 80, .color = true, .quiet = true});
    is_text(text.text,
            "\033[2m 1\033[0m   \033[1m10.0.1.1\033[0m      1.000 ms\n"
            "\033[2m 2a\033[0m  |- \033[1m10.0.1.1\033[0m   2.001 ms   50 %  \033[31mrefuses\033[0m\n"
            "\033[2m 2b\033[0m  `- \033[2m*\033[0m                     50 %\n" SURE,
            "colours");
    strbuf_free(&text);
    graphs_free(&made);
}

/* --- every shape --- */

static bool fits(const char *text, size_t columns)
{
    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (length > columns || (length && text[length - 1] == ' '))
            return printf("# %.*s|\n", (int)length, text), false;
    }
    return true;
}

static unsigned count(const char *text, const char *what)
{
    unsigned count = 0;
    for (; (text = strstr(text, what)); text++)
        count++;
    return count;
}

static void test_width(void)
{
    struct made_graph made;
    struct strbuf text;
    strbuf_init(&text);
    for (const struct graph_shape *shape = graph_shapes; shape->name; shape++) {
        graphs_make_shape(&made, shape->name);
        strbuf_clear(&text);
        graph_text_add(&text, &made.graph, &(struct graph_text){.width = 80, .verbose = true});
        ok(fits(text.text, 80), "%s: 80 columns", shape->name);
        graphs_free(&made);
    }
    for (unsigned wide = 16; wide <= 96; wide += 80) {
        graphs_make_wide(&made, wide);
        strbuf_clear(&text);
        graph_text_add(&text, &made.graph, &plain);
        ok(fits(text.text, 80) && count(text.text, "- 10.0.2.") == wide, "%u wide: a line each, 80 columns", wide);
        graphs_free(&made);
        graphs_make_wide6(&made, wide);
        strbuf_clear(&text);
        graph_text_add(&text, &made.graph, &plain);
        ok(fits(text.text, 80) && count(text.text, "- 2001:db8:2222") == wide, "the same of IPv6");
        graphs_free(&made);
    }
    strbuf_free(&text);
}

/* Diamonds in diamonds, with nodes that have many next hops: long lists continue below. */
static void test_long_lists(void)
{
    struct made_graph made;
    struct strbuf lines, text;
    strbuf_init(&lines);
    strbuf_init(&text);
    strbuf_add(&lines, "1 2001:db8:1111:1111:1111:1111:1111:1111 > 1 2\n");
    for (unsigned i = 0; i < 2; i++) {
        strbuf_addf(&lines, "2 2001:db8:2222:2222:2222:2222:2222:222%u >", i);
        for (unsigned k = i; k < 40; k += 2)
            strbuf_addf(&lines, " %u", 3 + k);
        strbuf_addf(&lines, " %u\n", 3 + 1 - i);
    }
    for (unsigned k = 0; k < 40; k++)
        strbuf_addf(&lines, "3 2001:db8:3333:3333:3333:3333:3333:33%02u > 43\n", k);
    strbuf_add(&lines, "4 2001:db8::80 t >\n");
    graphs_make(&made, "2001:db8::80", lines.text);
    ok(graph_text_add(&text, &made.graph, &plain) && fits(text.text, 80), "long lists: 80 columns");
    ok(strstr(text.text, " 2a   |- 2001:db8:2222:2222:2222:2222:2222:2220      2.001 ms   50 %\n"
                         "            -> 3a-3s, 3am, 3an\n"),
       "and continue below the address");
    graphs_free(&made);
    strbuf_free(&lines);
    strbuf_free(&text);
}

/* Seven diamonds within each other: numbers that do not fit beside an address are below it. */
static void test_deep(void)
{
    struct made_graph made;
    struct strbuf lines, text;
    unsigned last = 14;
    strbuf_init(&lines);
    strbuf_init(&text);
    strbuf_add(&lines, "1 2001:db8:1111:1111:1111:1111:1111:1111 > 1 2\n");
    for (unsigned i = 1; i < last; i += 2) {
        unsigned ttl = 2 + i / 2;
        strbuf_addf(&lines, "%u 2001:db8:2222:2222:2222:2222:2222:2%03u >", ttl, i);
        strbuf_addf(&lines, i + 2 < last ? " %u %u\n" : "\n", i + 2, i + 3);
        strbuf_addf(&lines, "%u 2001:db8:2222:2222:2222:2222:2222:2%03u >\n", ttl, i + 1);
    }
    graphs_make(&made, "2001:db8::80", lines.text);
    ok(graph_text_add(&text, &made.graph, &plain) && fits(text.text, 80), "deep: 80 columns");
    ok(strstr(text.text, " 8a  |  |  |  |  |  |  |- 2001:db8:2222:2222:2222:2222:2222:2013\n"
                         "                                8.013 ms   <1 %\n"),
       "numbers below an address");
    graphs_free(&made);
    strbuf_free(&lines);
    strbuf_free(&text);
}

/* --- the number of paths --- */

static const char *paths_of(struct made_graph *made, struct strbuf *text)
{
    strbuf_clear(text);
    graph_words_add_paths(text, &made->graph);
    return text->text;
}

/* The flows of a test graph take every path; here some of the paths are forgotten. */
static void test_bounds(void)
{
    struct made_graph made;
    struct strbuf text;
    strbuf_init(&text);
    graphs_make_shape(&made, "meshed");
    unsigned all = made.graph.path_count;
    char want[80];
    snprintf(want, sizeof want, "%u paths to the target", all);
    is_text(paths_of(&made, &text), want, "flows took all paths that the links make");
    made.graph.path_count = 1;
    snprintf(want, sizeof want, "At least 1 path to the target (the links make %u)", all);
    is_text(paths_of(&made, &text), want, "flows took one of them");
    made.graph.path_count = all;
    made.graph.missed_probability = 0.6;
    snprintf(want, sizeof want, "At least %u paths to the target", all);
    is_text(paths_of(&made, &text), want, "a next hop was probably missed");
    graphs_free(&made);
    strbuf_free(&text);
}

/* 21 TTLs of two routers each, all linked: more paths than are counted. */
static void test_many_paths(void)
{
    enum { PAIRS = 21, NODES = 2 * PAIRS + 1 };
    static struct graph_node nodes[NODES];
    static struct graph_edge edges[4 * PAIRS];
    struct graph_path path = {.complete = true};
    struct graph graph = {.nodes = nodes, .edges = edges, .paths = &path, .path_count = 1};
    struct strbuf text;
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i] = (struct graph_node){.ttl = (uint8_t)(i / 2 + 1), .is_target = i == NODES - 1};
        for (unsigned k = 0; k < 2 && i < NODES - 1; k++)
            if (i / 2 * 2 + 2 + k < NODES)
                edges[graph.edge_count++] = (struct graph_edge){.from = i, .to = i / 2 * 2 + 2 + k};
    }
    graph.node_count = NODES;
    strbuf_init(&text);
    graph_words_add_paths(&text, &graph);
    is_text(text.text, "At least 1 path to the target (the links make over 1000000)", "not all are counted");
    strbuf_free(&text);
}

/* --- the tree --- */

static void test_view(void)
{
    struct made_graph made;
    struct graph_view view;
    graphs_make_shape(&made, "lengths");
    ok(graph_view_make(&made.graph, &view), "view: made");
    const struct view_node *target = &view.nodes[view.target];
    ok(target->parent == 0 && target->depth == 1 && target->level == 5,
       "the target comes after all nodes that lead to it");
    ok(target->share > 0.999 && target->share < 1.001, "and all flows get there");
    graph_view_free(&view);
    made.graph.edges[0].known = 12; /* the other link has 4 */
    ok(graph_view_make(&made.graph, &view) && view.nodes[1].share > 0.749 && view.nodes[1].share < 0.751,
       "all flows that are known to have crossed a link count for the shares");
    graph_view_free(&view);
    graphs_free(&made);
}

/* --- the report --- */

static void test_report(void)
{
    struct made_graph made[2];
    struct fake fake;
    struct render r;
    graphs_make_shape(&made[0], "chain");
    graphs_make_shape(&made[1], "empty");
    struct graph graphs[] = {made[0].graph, made[1].graph};
    fake_init(&fake, "web.example", "192.0.2.80", "udp");
    fake.session.config.strategy = &strategy_paths;
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    render_begin(&r, "text", &fake, NULL);
    render_hop(&r, &fake, 1);
    r.report.first.result.graphs = graphs;
    r.report.first.result.graph_count = 2;
    is_text(render_end(&r, &fake, NULL, NULL),
            "hopsonde paths to web.example (192.0.2.80), udp, 30 hops max\n"
            "udp from 10.0.0.2 to web.example (192.0.2.80)\n"
            " 1  10.0.1.1   1.000 ms\n"
            " 2  10.0.2.1   2.001 ms\n"
            " 3  web.example (192.0.2.80)   3.002 ms\n"
            "\n"
            "1 path to the target.\n" SURE "\n"
            "udp from 10.0.0.2 to web.example (192.0.2.80)\n"
            " 1  *\n"
            "2-10 silent as well\n"
            "\n"
            "Nothing answered.\n"
            "It is unknown whether next hops were missed; 214 probes in 96 flows.\n",
            "a report of two graphs");
    render_free(&r);
    fake_free(&fake);
    graphs_free(&made[0]);
    graphs_free(&made[1]);
}

/* --- names --- */

static void test_names(void)
{
    struct made_graph made;
    struct result result = {.book = NULL};
    struct output out = {.options = {.networks = true}, .result = &result};
    struct address_book *book = address_book_new();
    book_put(book, "10.0.1.1", ADDRESS_NAME_KNOWN, "gw.example");
    book_put(book, "10.0.2.1", ADDRESS_NAME_UNCONFIRMED, "a.rather.long.name.of.a.router.in.some.city.example.net")
        ->asn = 64500;
    book_put(book, "198.51.100.7", ADDRESS_NAME_NONE, "")->asn = 4200000000;
    struct address_facts *target = book_put(book, "192.0.2.80", ADDRESS_NAME_KNOWN, "server.example");
    result.book = book;
    graphs_make(&made, "192.0.2.80", "1 10.0.1.1 > 1 2\n2 10.0.2.1 > 3\n2 198.51.100.7 > 3\n3 192.0.2.80 t >\n");
    struct graph_text how = {.width = 80, .quiet = true, .out = &out};
    is_graph(&made, &how,
             " 1   gw.example (10.0.1.1) [private]                             1.000 ms\n"
             " 2a  |- a.rather.long.name.. (unconfirmed, 10.0.2.1) [AS64500]   2.001 ms   50 %\n"
             " 2b  `- 198.51.100.7 [AS4200000000]                              2.002 ms   50 %\n"
             " 3   server.example (192.0.2.80) [documentation]                 3.003 ms\n" SURE,
             "names, cut so that the numbers have room");
    out.options.networks = false;
    how.target_name = "web.example";
    target->name_state = ADDRESS_NAME_UNCONFIRMED;
    is_graph(&made, &how,
             " 1   gw.example (10.0.1.1)                                       1.000 ms\n"
             " 2a  |- a.rather.long.name.of.a.rout.. (unconfirmed, 10.0.2.1)   2.001 ms   50 %\n"
             " 2b  `- 198.51.100.7                                             2.002 ms   50 %\n"
             " 3   web.example (192.0.2.80)                                    3.003 ms\n" SURE,
             "the target has the name by which the user called it");
    result.book = NULL;
    is_graph(&made, &how,
             " 1   10.0.1.1          1.000 ms\n"
             " 2a  |- 10.0.2.1       2.001 ms   50 %\n"
             " 2b  `- 198.51.100.7   2.002 ms   50 %\n"
             " 3   web.example (192.0.2.80)   3.003 ms\n" SURE,
             "no names without a book");
    graphs_free(&made);
    address_book_free(book);
}

static void test_names_below(void)
{
    struct made_graph made;
    struct address_book *book = address_book_new();
    const struct result result = {.book = book};
    struct output out = {.options = {.networks = true}, .result = &result};
    struct address_facts *facts =
        book_put(book, "2001:db8:2222:2222:2222:2222:2222:2221", ADDRESS_NAME_KNOWN, "ae1.router.fra03.example.net");
    facts->asn = 64500;
    book_put(book, "2001:db8:2222:2222:2222:2222:2222:2222", ADDRESS_NAME_KNOWN, "r2.example");
    graphs_make_shape(&made, "ipv6");
    is_graph(&made, &(struct graph_text){.width = 80, .quiet = true, .out = &out},
             " 1   2001:db8:1111:1111:1111:1111:1111:1111 [documentation]      1.000 ms\n"
             " 2a  |- 2001:db8:2222:2222:2222:2222:2222:2221                   2.001 ms   50 %\n"
             "           -> 3a, 3c\n"
             "           ae1.router.fra03.example.net [AS64500]\n"
             " 3a  |  2001:db8:3333:3333:3333:3333:3333:3331 [documentation]   3.003 ms   25 %\n"
             " 2b  |- 2001:db8:2222:2222:2222:2222:2222:2222                   2.002 ms   50 %\n"
             "           -> 3b, 3c\n"
             "           r2.example [documentation]\n"
             " 3b  |  2001:db8:3333:3333:3333:3333:3333:3333 [documentation]   3.005 ms   25 %\n"
             " 3c  `- 2001:db8:3333:3333:3333:3333:3333:3332 [documentation]   3.004 ms   50 %\n"
             " 4   2001:db8:ffff:ffff:ffff:ffff:ffff:ff80 [documentation]      4.006 ms\n" SURE,
             "names that do not fit beside the address");
    graphs_free(&made);
    address_book_free(book);
}

/* Every node of every shape with the same name: no line is too long, and every address is whole. */
static void check_hostile(const struct graph *graph, const char *name, bool networks)
{
    struct address_book *book = address_book_new();
    const struct result result = {.book = book};
    struct output out = {.options = {.networks = networks}, .result = &result};
    struct strbuf text;
    char address[ADDR_TEXT_BYTES];
    bool is_whole = true;
    strbuf_init(&text);
    for (unsigned i = 0; i < graph->node_count; i++)
        if (addr_format(&graph->nodes[i].address, address))
            book_put(book, address, i % 2 ? ADDRESS_NAME_KNOWN : ADDRESS_NAME_UNCONFIRMED, name)->asn = UINT32_MAX;
    graph_text_add(&text, graph, &(struct graph_text){.width = 80, .out = &out, .target_name = networks ? name : NULL});
    for (unsigned i = 0; i < graph->node_count; i++)
        if (addr_format(&graph->nodes[i].address, address))
            is_whole = is_whole && strstr(text.text, address);
    ok(fits(text.text, 80) && is_whole, "a hostile name, 80 columns: %.4s", name);
    strbuf_free(&text);
    address_book_free(book);
}

static void test_hostile_names(void)
{
    struct made_graph made;
    for (const struct graph_shape *shape = graph_shapes; shape->name; shape++) {
        graphs_make_shape(&made, shape->name);
        for (const char *const *name = hostile_names; *name; name++) {
            check_hostile(&made.graph, *name, false);
            check_hostile(&made.graph, *name, true);
        }
        graphs_free(&made);
    }
}

int main(void)
{
    test_shapes();
    test_long_times();
    test_marks();
    test_silent_end();
    test_sentences();
    test_colours();
    test_width();
    test_long_lists();
    test_deep();
    test_bounds();
    test_many_paths();
    test_view();
    test_report();
    test_names();
    test_names_below();
    test_hostile_names();
    return tap_done();
}
