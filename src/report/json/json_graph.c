/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/json/json_graph.h"

#include <math.h>

#include "report/graph/graph_view.h"
#include "report/json/json_address.h"
#include "report/json/json_value.h"

/* Rounded up to six decimals. */
static json_t *json_bound(double probability)
{
    double millionths = ceil(probability * 1e6 - 1e-6);
    return json_real(millionths > 0 ? millionths / 1e6 : 0); /* and never -0 */
}

static json_t *json_node_or_null(unsigned node)
{
    return node == GRAPH_NO_NODE ? json_null() : json_integer(node);
}

static json_t *json_node(const struct graph_view *view, unsigned id, const struct output *out)
{
    const struct graph_node *node = &view->graph->nodes[id];
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer(id));
    json_object_set_new(object, "ttl", json_integer(node->ttl));
    json_object_set_new(object, "address", json_address(&node->address));
    json_facts_set(object, &node->address, out);
    json_object_set_new(object, "target", json_boolean(node->is_target));
    json_object_set_new(object, "refusal", json_boolean(node->is_refusal));
    json_object_set_new(object, "per_packet", json_boolean(node->per_packet));
    json_object_set_new(object, "flows", json_integer(node->flows));
    json_object_set_new(object, "share", json_decimal(view->nodes[id].share));
    bool timed = node->best_rtt != NSTIME_NEVER;
    json_object_set_new(object, "best_ms", timed ? json_decimal(nstime_ms(node->best_rtt)) : json_null());
    json_object_set_new(object, "next_hops", json_integer(node->next_count));
    json_object_set_new(object, "next_flows", json_integer(node->next_flows));
    json_object_set_new(object, "missed_probability", json_bound(node->missed));
    json_object_set_new(object, "unsure", json_boolean(node->unsure));
    json_object_set_new(object, "file", node->frame ? json_integer(node->file) : json_null());
    json_object_set_new(object, "frame", json_count_or_null(node->frame));
    return object;
}

static json_t *json_nodes(const struct graph_view *view, const struct output *out)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < view->graph->node_count; i++)
        json_array_append_new(array, json_node(view, i, out));
    return array;
}

static json_t *json_edges(const struct graph *graph)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < graph->edge_count; i++) {
        json_t *edge = json_object();
        json_object_set_new(edge, "from", json_integer(graph->edges[i].from));
        json_object_set_new(edge, "to", json_integer(graph->edges[i].to));
        json_object_set_new(edge, "flows", json_integer(graph->edges[i].flows));
        json_array_append_new(array, edge);
    }
    return array;
}

static json_t *json_path(const struct graph *graph, const struct graph_path *path)
{
    json_t *object = json_object(), *addresses = json_array(), *nodes = json_array();
    for (unsigned i = path->first; i < path->first + path->length; i++) {
        unsigned step = graph->steps[i];
        bool known = step != GRAPH_NO_NODE;
        json_array_append_new(addresses, known ? json_address(&graph->nodes[step].address) : json_null());
        json_array_append_new(nodes, json_node_or_null(step));
    }
    json_object_set_new(object, "addresses", addresses);
    json_object_set_new(object, "nodes", nodes);
    json_object_set_new(object, "flows", json_integer(path->flows));
    json_object_set_new(object, "complete", json_boolean(path->complete));
    return object;
}

static json_t *json_paths(const struct graph *graph)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < graph->path_count; i++)
        json_array_append_new(array, json_path(graph, &graph->paths[i]));
    return array;
}

static json_t *json_diamonds(const struct graph *graph)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < graph->diamond_count; i++) {
        const struct graph_diamond *diamond = &graph->diamonds[i];
        json_t *object = json_object();
        json_object_set_new(object, "from", json_node_or_null(diamond->from));
        json_object_set_new(object, "to", json_node_or_null(diamond->to));
        json_object_set_new(object, "width", json_integer(diamond->width));
        json_object_set_new(object, "length", json_integer(diamond->length));
        json_object_set_new(object, "least_length", json_integer(diamond->least_length));
        json_object_set_new(object, "symmetric", json_boolean(diamond->symmetric));
        json_object_set_new(object, "meshed", json_boolean(diamond->meshed));
        json_object_set_new(object, "kind", json_string(diamond->per_packet ? "per-packet" : "per-flow"));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *json_hops(const struct graph *graph)
{
    json_t *array = json_array();
    for (unsigned ttl = graph->first_ttl; ttl <= graph->last_ttl; ttl++) {
        json_t *hop = json_object();
        json_object_set_new(hop, "ttl", json_integer(ttl));
        json_object_set_new(hop, "flows_asked", json_integer(graph->hops[ttl].asked));
        json_object_set_new(hop, "flows_answered", json_integer(graph->hops[ttl].answered));
        json_object_set_new(hop, "routers", json_integer(graph->hops[ttl].routers));
        json_object_set_new(hop, "boundless", json_boolean(graph->hops[ttl].is_boundless));
        json_array_append_new(array, hop);
    }
    return array;
}

static json_t *json_view(const struct graph_view *view, const struct output *out)
{
    const struct graph *graph = view->graph;
    const struct flow *flow = graph->trace ? &graph->trace->flow : NULL;
    json_t *object = json_object();
    json_object_set_new(object, "source", flow ? json_address(&flow->source) : json_null());
    json_object_set_new(object, "target", flow ? json_address(&flow->target) : json_null());
    json_object_set_new(object, "probe", flow ? json_spec(&flow->spec) : json_null());
    json_object_set_new(object, "nodes", json_nodes(view, out));
    json_object_set_new(object, "edges", json_edges(graph));
    json_object_set_new(object, "paths", json_paths(graph));
    json_object_set_new(object, "diamonds", json_diamonds(graph));
    json_object_set_new(object, "hops", json_hops(graph));
    json_object_set_new(object, "missed_probability", json_bound(graph->missed_probability));
    json_object_set_new(object, "flows", json_integer(graph->flows));
    json_object_set_new(object, "loose_flows", json_integer(graph->loose_flows));
    json_object_set_new(object, "route_changes", json_integer(graph->changes));
    bool changed = graph->changes && graph->changed_at != NSTIME_NEVER;
    json_object_set_new(object, "route_changed", changed ? json_time(graph->changed_at) : json_null());
    json_object_set_new(object, "probes_sent", json_count(graph->probes_sent));
    return object;
}

json_t *json_graph(const struct graph *graph, const struct output *out)
{
    struct graph_view view;
    json_t *object = graph_view_make(graph, &view) ? json_view(&view, out) : NULL;
    graph_view_free(&view);
    return object;
}
