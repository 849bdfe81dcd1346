/* SPDX-License-Identifier: BSD-2-Clause */
/* Graphs of paths as JSON: read back, key by key. */
#include "report/json/json_graph.h"
#include <math.h>

#include <stdlib.h>

#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/books.h"
#include "unit/support/graphs.h"
#include "unit/support/render.h"

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool is_null(const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const struct result no_result;
static const struct output nothing_known = {.result = &no_result};

static json_t *make(struct made_graph *made, const char *shape)
{
    graphs_make_shape(made, shape);
    return json_graph(&made->graph, &nothing_known);
}

static void test_nested(void)
{
    struct made_graph made;
    json_t *graph = make(&made, "nested"), *nodes = json_object_get(graph, "nodes");
    is_text(text_of(graph, "target"), "192.0.2.80", "target");
    is_text(text_of(graph, "source"), "10.0.0.2", "source");
    is_text(text_of(graph, "probe"), "udp", "probe");
    is_num(json_array_size(nodes), 10, "nodes");
    const json_t *node = json_array_get(nodes, 3);
    ok(number_of(node, "id") == 3 && number_of(node, "ttl") == 3, "a node: id and TTL");
    is_text(text_of(node, "address"), "10.0.3.1", "its address");
    ok(number_of(node, "best_ms") == 3.003 && number_of(node, "share") == 0.25, "its time and share");
    ok(number_of(node, "frame") == 4 && number_of(node, "file") == 0, "its frame");
    ok(number_of(node, "next_hops") == 1 && number_of(node, "next_flows") == 4 && number_of(node, "flows") == 4 &&
           number_of(node, "missed_probability") == 0.01 && !is_true(node, "unsure"),
       "its flows");
    ok(!is_true(node, "target") && is_true(json_array_get(nodes, 9), "target"), "the target is marked");
    const json_t *edge = json_array_get(json_object_get(graph, "edges"), 0);
    ok(number_of(edge, "from") == 0 && number_of(edge, "to") == 1 && number_of(edge, "flows") == 4, "an edge");
    is_num(json_array_size(json_object_get(graph, "edges")), made.graph.edge_count, "edges");
    const json_t *path = json_array_get(json_object_get(graph, "paths"), 2);
    is_text(json_string_value(json_array_get(json_object_get(path, "addresses"), 1)), "10.0.2.2", "a path's addresses");
    ok(json_integer_value(json_array_get(json_object_get(path, "nodes"), 1)) == 2 && number_of(path, "flows") == 1 &&
           is_true(path, "complete"),
       "its nodes and flows");
    const json_t *diamond = json_array_get(json_object_get(graph, "diamonds"), 0);
    ok(number_of(diamond, "from") == 0 && number_of(diamond, "to") == 8 && number_of(diamond, "width") == 3 &&
           number_of(diamond, "length") == 4 && number_of(diamond, "least_length") == 4,
       "a diamond");
    ok(!is_true(diamond, "symmetric") && !is_true(diamond, "meshed"), "its shape");
    is_text(text_of(diamond, "kind"), "per-flow", "its kind");
    ok(number_of(graph, "missed_probability") == 0.0288 && number_of(graph, "probes_sent") == 214 &&
           number_of(graph, "flows") == 96,
       "numbers");
    const json_t *hop = json_array_get(json_object_get(graph, "hops"), 5);
    ok(number_of(hop, "ttl") == 6 && number_of(hop, "flows_asked") == 96 && number_of(hop, "flows_answered") == 96,
       "a hop");
    ok(number_of(graph, "route_changes") == 0 && is_null(graph, "route_changed"), "no change");
    json_decref(graph);
    graphs_free(&made);
}

static void test_unknown(void)
{
    struct made_graph made;
    json_t *graph = make(&made, "stars");
    const json_t *silent = json_array_get(json_object_get(graph, "nodes"), 2);
    ok(is_null(silent, "address") && is_null(silent, "best_ms"), "a silent node has no address and no time");
    const json_t *path = json_array_get(json_object_get(graph, "paths"), 1);
    ok(json_is_null(json_array_get(json_object_get(path, "addresses"), 1)), "and is null in paths");
    json_decref(graph);
    graphs_free(&made);
    graphs_make_shape(&made, "from the source");
    made.graph.steps[0] = GRAPH_NO_NODE;
    made.graph.nodes[0].frame = 0;
    made.graph.changes = 2;
    made.graph.changed_at = FAKE_START;
    made.graph.missed_probability = 1e-9;
    graph = json_graph(&made.graph, &nothing_known);
    path = json_array_get(json_object_get(graph, "paths"), 0);
    ok(json_is_null(json_array_get(json_object_get(path, "addresses"), 0)) &&
           json_is_null(json_array_get(json_object_get(path, "nodes"), 0)),
       "an unknown step of a path is null");
    ok(is_null(json_array_get(json_object_get(graph, "diamonds"), 0), "from"), "a diamond from the source");
    const json_t *node = json_array_get(json_object_get(graph, "nodes"), 0);
    ok(is_null(node, "frame") && is_null(node, "file"), "no frame is kept");
    ok(number_of(graph, "route_changes") == 2, "changes");
    is_text(text_of(graph, "route_changed"), "2026-01-02T03:04:05.123456789Z", "the last change");
    ok(number_of(graph, "missed_probability") == 1e-6, "a probability is rounded up");
    const json_t *target = json_array_get(json_object_get(graph, "nodes"), made.graph.node_count - 1);
    ok(number_of(target, "missed_probability") == 0 && !signbit(number_of(target, "missed_probability")),
       "and 0 has no sign");
    json_decref(graph);
    graphs_free(&made);
}

static void test_marks(void)
{
    struct made_graph made;
    json_t *graph = make(&made, "per packet"), *nodes = json_object_get(graph, "nodes");
    ok(is_true(json_array_get(nodes, 0), "per_packet") && !is_true(json_array_get(nodes, 1), "per_packet"),
       "per packet");
    ok(is_true(json_array_get(nodes, 4), "unsure") && !is_true(json_array_get(nodes, 3), "unsure"), "unsure");
    is_text(text_of(json_array_get(json_object_get(graph, "diamonds"), 0), "kind"), "per-packet", "a diamond's kind");
    json_decref(graph);
    graphs_free(&made);
    graph = make(&made, "refusal");
    ok(is_true(json_array_get(json_object_get(graph, "nodes"), 3), "refusal"), "a refusal");
    json_decref(graph);
    graphs_free(&made);
}

static void test_names(void)
{
    struct made_graph made;
    struct address_book *book = address_book_new();
    const struct result result = {.book = book};
    const struct output out = {.options = {.networks = true}, .result = &result};
    book_put(book, "10.0.1.1", ADDRESS_NAME_KNOWN, "bad\xff\"name")->asn = 64500;
    graphs_make_shape(&made, "stars");
    json_t *graph = json_graph(&made.graph, &out), *nodes = json_object_get(graph, "nodes");
    const json_t *node = json_array_get(nodes, 0), *silent = json_array_get(nodes, 2);
    is_text(text_of(node, "name"), "bad\\xff\"name", "a node's name");
    ok(number_of(node, "asn") == 64500 && !json_object_get(node, "place"),
       "its network, and no facts that were not requested");
    ok(is_null(json_array_get(nodes, 1), "name"), "a node without facts");
    ok(!json_object_get(silent, "name"), "a silent node has no name");
    json_decref(graph);
    graph = json_graph(&made.graph, &nothing_known);
    ok(!json_object_get(json_array_get(json_object_get(graph, "nodes"), 0), "name"), "no names without a book");
    json_decref(graph);
    graphs_free(&made);
    address_book_free(book);
}

/* --- in the reports --- */

static const char *render(struct render *r, const char *format, const struct graph *graphs, unsigned count)
{
    struct fake fake;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake.session.config.strategy = &strategy_paths;
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    render_begin(r, format, &fake, NULL);
    r->report.first.result.graphs = graphs;
    r->report.first.result.graph_count = count;
    render_end(r, &fake, NULL, NULL);
    fake_free(&fake);
    return r->text;
}

static void test_every_shape(void)
{
    struct made_graph made;
    struct render r;
    for (const struct graph_shape *shape = graph_shapes; shape->name; shape++) {
        graphs_make(&made, shape->target, shape->lines);
        json_t *document = json_loads(render(&r, "json", &made.graph, 1), JSON_REJECT_DUPLICATES, NULL);
        const json_t *graph = json_array_get(json_object_get(document, "graphs"), 0);
        ok(json_array_size(json_object_get(document, "traces")) == 1 &&
               json_array_size(json_object_get(graph, "nodes")) == made.graph.node_count &&
               json_array_size(json_object_get(graph, "hops")) == (size_t)made.graph.last_ttl,
           "json: %s", shape->name);
        json_decref(document);
        render_free(&r);
        graphs_free(&made);
    }
}

static void test_jsonl(void)
{
    struct made_graph made[2];
    struct render r;
    graphs_make_shape(&made[0], "meshed");
    graphs_make_shape(&made[1], "chain");
    struct graph graphs[] = {made[0].graph, made[1].graph};
    unsigned found = 0, lines = 0;
    char *rest = NULL, *text = strdup(render(&r, "jsonl", graphs, 2));
    const char *last = "";
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), lines++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        found += object && strcmp(text_of(object, "type"), "graph") == 0 && json_object_get(object, "diamonds");
        last = strstr(line, "\"run\"") ? "run" : "";
        json_decref(object);
    }
    ok(found == 2 && lines == 4 && strcmp(last, "run") == 0, "jsonl: one line a graph, before the run");
    free(text);
    render_free(&r);
    ok(!strstr(render(&r, "json", NULL, 0), "\"graphs\""), "json: no graphs without a search");
    render_free(&r);
    ok(strstr(render(&r, "json", graphs, 0), "\"graphs\": []"), "json: a search may find none");
    render_free(&r);
    graphs_free(&made[0]);
    graphs_free(&made[1]);
}

int main(void)
{
    test_nested();
    test_unknown();
    test_marks();
    test_names();
    test_every_shape();
    test_jsonl();
    return tap_done();
}
