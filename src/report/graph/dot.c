/* SPDX-License-Identifier: BSD-2-Clause */
/* dot: the graph of all paths for Graphviz. Several graphs follow each other in one file, and Graphviz draws each.
 *
 * Nodes of a TTL are side by side. Balancing per packet is dashed, silent nodes are grey. All text is in quoted
 * strings; names are foreign text. */
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/format.h"
#include "report/graph/graph_words.h"
#include "report/graph/node_name.h"

#define NAME_COLUMNS_MOST 48 /* longer names would make boxes too wide */
#define UNCONFIRMED " (unconfirmed)"

/* Text within double quotes. Graphviz gives "\l" and the like and "&lt;" a meaning of their own. */
static void add_quoted(struct strbuf *text, const char *plain)
{
    for (; *plain; plain++) {
        strbuf_add(text, *plain == '"' || *plain == '\\' ? "\\" : "");
        strbuf_add_bytes(text, plain, 1);
        strbuf_add(text, *plain == '&' ? "amp;" : "");
    }
}

/* "gw.example\n10.0.3.1 [AS64500]". */
static void add_name(struct strbuf *text, const struct node_name *name)
{
    struct strbuf cut;
    strbuf_init(&cut);
    columns_add_cut(&cut, name->name.text, NAME_COLUMNS_MOST);
    add_quoted(text, cut.text);
    strbuf_add(text, name->is_unconfirmed ? UNCONFIRMED : "");
    strbuf_addf(text, "%s%s%s", cut.length ? "\\n" : "", name->address, name->tag.length ? " " : "");
    add_quoted(text, name->tag.text);
    strbuf_free(&cut);
}

/* "gw.example\n10.0.3.1 [AS64500]\n2.310 ms". */
static void add_label(struct strbuf *text, const struct graph_view *view, unsigned id, const struct node_name *name)
{
    const struct graph_node *node = &view->graph->nodes[id];
    add_name(text, name);
    if (node->best_rtt != NSTIME_NEVER)
        strbuf_addf(text, "\\n%.3f ms", nstime_ms(node->best_rtt));
    if (node->is_refusal)
        strbuf_add(text, "\\nrefuses");
}

static void add_texts(struct strbuf *text, const struct graph_view *view, unsigned id, const struct output *out)
{
    const struct graph_node *node = &view->graph->nodes[id];
    struct node_name name;
    node_name_make(&name, node, out);
    strbuf_addf(text, "    n%u [label=\"", id);
    add_label(text, view, id, &name);
    strbuf_add(text, "\", tooltip=\"hop ");
    graph_view_add_label(text, view, id);
    strbuf_add(text, name.name.length ? ", " : "");
    add_quoted(text, name.name.text);
    strbuf_add(text, name.is_unconfirmed ? UNCONFIRMED : "");
    node_name_free(&name);
    strbuf_addf(text, ", %.1f %% of the flows%s%s\"", view->nodes[id].share * 100,
                node->per_packet ? ", balances per packet" : "",
                node->unsure ? ", too few flows to be sure that no next hop was missed" : "");
}

static void add_node(struct strbuf *text, const struct graph_view *view, unsigned id, const struct output *out)
{
    const struct graph_node *node = &view->graph->nodes[id];
    bool silent = addr_is_none(&node->address);
    add_texts(text, view, id, out);
    if (silent)
        strbuf_add(text, ", color=\"gray60\", fontcolor=\"gray60\"");
    else if (node->is_refusal)
        strbuf_add(text, ", color=\"#b3261e\", fontcolor=\"#b3261e\"");
    else if (node->is_target)
        strbuf_add(text, ", penwidth=2");
    if (node->per_packet || node->unsure)
        strbuf_addf(text, ", style=\"rounded,filled,%s\"", node->per_packet ? "dashed" : "dotted");
    strbuf_add(text, "];\n");
}

static void add_edge(struct strbuf *text, const struct graph *graph, const struct graph_edge *edge)
{
    bool silent = addr_is_none(&graph->nodes[edge->from].address) || addr_is_none(&graph->nodes[edge->to].address);
    strbuf_addf(text, "    n%u -> n%u [label=\"%u\", tooltip=\"%u flow%s\"%s%s];\n", edge->from, edge->to, edge->flows,
                edge->flows, edge->flows == 1 ? "" : "s",
                graph->nodes[edge->from].per_packet ? ", style=\"dashed\"" : "", silent ? ", color=\"gray60\"" : "");
}

/* The nodes of each TTL get the same rank. The target has none: it comes after the longest path. */
static void add_ranks(struct strbuf *text, const struct graph_view *view)
{
    const struct graph *graph = view->graph;
    for (unsigned first = 0, end; first < graph->node_count; first = end) {
        strbuf_add(text, "    {rank=same;");
        for (end = first; end < graph->node_count && graph->nodes[end].ttl == graph->nodes[first].ttl; end++)
            if (view->nodes[end].level == graph->nodes[end].ttl)
                strbuf_addf(text, " n%u;", end);
        strbuf_add(text, "}\n");
    }
}

/* Invisible edges keep TTLs in order that no flow links. */
static void add_order(struct strbuf *text, const struct graph_view *view)
{
    for (unsigned i = 0; i < view->graph->node_count; i++)
        if (graph_view_is_loose(view, i) && view->nodes[i].parent != GRAPH_NO_NODE)
            strbuf_addf(text, "    n%u -> n%u [style=\"invis\", minlen=%u];\n", view->nodes[i].parent, i,
                        view->nodes[i].level - view->nodes[view->nodes[i].parent].level);
}

static void add_title(struct strbuf *text, const struct graph *graph, const struct result *result)
{
    struct strbuf title;
    strbuf_init(&title);
    graph_words_add_title(&title, graph, result_target_name(result));
    add_quoted(text, title.text);
    strbuf_add(text, "\\n");
    strbuf_clear(&title);
    graph_words_add_sureness(&title, graph);
    add_quoted(text, title.text);
    strbuf_add(text, result->graph_verdict ? "\\n" : "");
    add_quoted(text, result->graph_verdict ? result->graph_verdict : "");
    strbuf_free(&title);
}

static void add_graph(struct strbuf *text, const struct graph_view *view, const struct output *out)
{
    const struct graph *graph = view->graph;
    strbuf_add(text, "digraph paths {\n    graph [rankdir=\"TB\", labelloc=\"t\", fontname=\"sans-serif\", label=\"");
    add_title(text, graph, out->result);
    strbuf_add(text, "\"];\n    node [shape=\"box\", style=\"rounded,filled\", fillcolor=\"white\", "
                     "fontname=\"sans-serif\", fontsize=11];\n"
                     "    edge [fontname=\"sans-serif\", fontsize=9];\n");
    for (unsigned i = 0; i < graph->node_count; i++)
        add_node(text, view, i, out);
    add_ranks(text, view);
    for (unsigned i = 0; i < graph->edge_count; i++)
        add_edge(text, graph, &graph->edges[i]);
    add_order(text, view);
    strbuf_add(text, "}\n");
}

static void dot_end(struct output *out)
{
    const struct result *result = out->result;
    struct strbuf text;
    strbuf_init(&text);
    for (unsigned i = 0; i < result->graph_count; i++) {
        struct graph_view view;
        if (graph_view_make(&result->graphs[i], &view))
            add_graph(&text, &view, out);
        graph_view_free(&view);
        fputs(text.text, out->file);
        strbuf_clear(&text);
    }
    fflush(out->file);
    strbuf_free(&text);
}

const struct output_format output_dot = {
    .name = "dot",
    .help = "paths: the graph, for Graphviz",
    .draws = true,
    .keeps = true,
    .end = dot_end,
};
