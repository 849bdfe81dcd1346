/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/graph/graph_words.h"

#include <stdlib.h>

#include "report/address_text.h"

/* Unit: paths. Source: chosen. Effect: more of them are not counted. */
#define LINKED_PATHS_MOST 1000000

void graph_words_add_title(struct strbuf *text, const struct graph *graph, const char *target_name)
{
    if (!graph->trace)
        return;
    const struct flow *flow = &graph->trace->flow;
    char spec[PROBE_SPEC_TEXT_BYTES], source[ADDR_TEXT_BYTES];
    probe_spec_format(&flow->spec, spec);
    addr_format(&flow->source, source);
    strbuf_addf(text, "%s from %s to ", spec, source);
    address_text_add_target(text, &flow->target, &flow->target, target_name);
}

static void add_corner(struct strbuf *text, const struct graph_view *view, unsigned node)
{
    strbuf_add(text, node == view->target ? "the target" : "hop ");
    if (node != view->target) {
        graph_view_add_label(text, view, node);
        strbuf_add(text, " (");
        graph_view_add_address(text, &view->graph->nodes[node]);
        strbuf_add(text, ")");
    }
}

void graph_words_add_diamond(struct strbuf *text, const struct graph_view *view, const struct graph_diamond *diamond)
{
    strbuf_add(text, "Diamond from ");
    if (diamond->from == GRAPH_NO_NODE)
        strbuf_add(text, "the source");
    else
        add_corner(text, view, diamond->from);
    strbuf_add(text, diamond->to == GRAPH_NO_NODE ? ", whose branches were not seen to rejoin" : " to ");
    if (diamond->to != GRAPH_NO_NODE)
        add_corner(text, view, diamond->to);
    strbuf_addf(text, ": %u wide, ", diamond->width);
    if (diamond->least_length < diamond->length)
        strbuf_addf(text, "%u to ", diamond->least_length);
    strbuf_addf(text, "%u long%s%s, %s", diamond->length, diamond->symmetric ? ", symmetric" : "",
                diamond->meshed ? ", meshed" : "", diamond->per_packet ? "per packet" : "per flow");
}

/* The paths to the target that the links make, whether a flow took them or not; 0: not known. Nodes are ordered by TTL,
 * and no link leaves the target. */
static unsigned count_linked_paths(const struct graph *graph)
{
    unsigned *paths = calloc((size_t)graph->node_count + 1, sizeof *paths), count = 0;
    for (unsigned i = 0; paths && i < graph->node_count; i++)
        paths[i] = graph->nodes[i].ttl == graph->nodes[0].ttl;
    for (unsigned i = 0; paths && i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        unsigned sum = paths[edge->to] + paths[edge->from];
        paths[edge->to] = sum < LINKED_PATHS_MOST ? sum : LINKED_PATHS_MOST;
    }
    for (unsigned i = 0; paths && i < graph->node_count; i++)
        count = graph->nodes[i].is_target ? paths[i] : count;
    free(paths);
    return count;
}

/* Flows may not have taken all paths that the links make, and next hops may be missing. */
static void add_complete(struct strbuf *text, const struct graph *graph, unsigned complete)
{
    unsigned linked = count_linked_paths(graph);
    bool exact = linked <= complete && graph->missed_probability <= 0.5;
    strbuf_addf(text, "%s%u path%s to the target", exact ? "" : "At least ", complete, plural(complete));
    if (linked > complete)
        strbuf_addf(text, " (the links make %s%u)", linked == LINKED_PATHS_MOST ? "over " : "", linked);
}

void graph_words_add_paths(struct strbuf *text, const struct graph *graph)
{
    unsigned complete = 0;
    for (unsigned i = 0; i < graph->path_count; i++)
        complete += graph->paths[i].complete;
    unsigned partial = graph->path_count - complete;
    const char *more = graph->path_count == PATHS_MOST ? " or more" : "";
    if (complete)
        add_complete(text, graph, complete);
    if (complete && partial)
        strbuf_addf(text, ", %u that end%s before it", partial, partial == 1 ? "s" : "");
    if (complete)
        strbuf_add(text, more);
    else if (partial)
        strbuf_addf(text, "%u path%s%s, none of which was seen to reach the target", partial, plural(partial), more);
    else
        strbuf_add(text, graph->node_count ? "No flow was seen along its whole path" : "Nothing answered");
}

/* "97.12", rounded down; 99.99 at most, because nothing is certain. */
static void add_percent(struct strbuf *text, double share)
{
    double hundredths = share * 10000 + 1e-6;
    unsigned whole = hundredths >= 9999 ? 9999 : (unsigned)hundredths;
    strbuf_addf(text, whole % 100 ? "%u.%02u" : "%u", whole / 100, whole % 100);
}

void graph_words_add_sureness(struct strbuf *text, const struct graph *graph)
{
    if (graph->missed_probability <= 0.5) {
        strbuf_add(text, "With ");
        add_percent(text, 1 - graph->missed_probability);
        strbuf_add(text, " % confidence no next hop was missed");
    } else if (graph->missed_probability < 1) {
        strbuf_addf(text, "A next hop was probably missed (probability %.2f)", graph->missed_probability);
    } else {
        strbuf_add(text, "It is unknown whether next hops were missed");
    }
    strbuf_addf(text, "; %llu probe%s in %u flow%s", (unsigned long long)graph->probes_sent, plural(graph->probes_sent),
                graph->flows, plural(graph->flows));
}
