/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "multipath/graph_work.h"

#define FLOWS 4 /* per edge */
#define SIZE_MOST 4096

const struct graph_shape graph_shapes[] = {
    {"chain", "192.0.2.80",
     "1 10.0.1.1 > 1\n"
     "2 10.0.2.1 > 2\n"
     "3 192.0.2.80 t >\n"},
    {"two diamonds", "192.0.2.80",
     "1 10.0.1.1 > 1 2 3 4\n"
     "2 10.0.2.1 > 5\n"
     "2 10.0.2.2 > 5\n"
     "2 10.0.2.3 > 5\n"
     "2 10.0.2.4 > 5\n"
     "3 10.0.3.1 > 6\n"
     "4 10.0.4.1 > 7 8 9 10\n"
     "5 10.0.5.1 > 11\n"
     "5 10.0.5.2 > 11\n"
     "5 10.0.5.3 > 11\n"
     "5 10.0.5.4 > 11\n"
     "6 192.0.2.80 t >\n"},
    {"nested", "192.0.2.80",
     "1 10.0.1.1 > 1 2\n"
     "2 10.0.2.1 > 3 4\n"
     "2 10.0.2.2 > 5\n"
     "3 10.0.3.1 > 6\n"
     "3 10.0.3.2 > 6\n"
     "3 10.0.3.3 > 7\n"
     "4 10.0.4.1 > 8\n"
     "4 10.0.4.2 > 8\n"
     "5 10.0.5.1 > 9\n"
     "6 192.0.2.80 t >\n"},
    {"meshed", "192.0.2.80",
     "1 10.0.1.1 > 1 2 3\n"
     "2 10.0.2.1 > 4 5 6 7\n"
     "2 10.0.2.2 > 5 6\n"
     "2 10.0.2.3 > 4 7\n"
     "3 10.0.3.1 > 8\n"
     "3 10.0.3.2 > 8\n"
     "3 10.0.3.3 > 8\n"
     "3 10.0.3.4 > 8\n"
     "4 192.0.2.80 t >\n"},
    {"per packet", "192.0.2.80",
     "1 10.0.1.1 p > 1 2\n"
     "2 10.0.2.1 b >\n"
     "2 10.0.2.2 b >\n"
     "3 10.0.3.1 b >\n"
     "3 10.0.3.2 bu >\n"
     "4 192.0.2.80 t >\n"},
    {"stars", "192.0.2.80",
     "1 10.0.1.1 > 1 2\n"
     "2 10.0.2.1 > 3\n"
     "2 * n > 4\n"
     "3 10.0.3.1 u >\n"
     "3 * n > 5\n"
     "4 10.0.4.1 > 6\n"
     "5 * n > 7\n"
     "6 192.0.2.80 t >\n"},
    {"refusal", "192.0.2.80",
     "1 10.0.1.1 > 1 2\n"
     "2 10.0.2.1 > 3\n"
     "2 10.0.2.2 > 4\n"
     "3 10.0.2.1 r >\n"
     "3 10.0.3.2 > 5\n"
     "4 192.0.2.80 t >\n"},
    {"lengths", "192.0.2.80",
     "1 10.0.1.1 > 1 2\n"
     "2 10.0.2.1 > 4\n"
     "2 10.0.2.2 > 3\n"
     "3 10.0.3.2 > 5\n"
     "3 192.0.2.80 t >\n"
     "4 10.0.4.2 > 4\n"},
    {"from the source", "192.0.2.80",
     "1 10.0.1.1 > 2\n"
     "1 10.0.1.2 > 2\n"
     "2 192.0.2.80 t >\n"},
    {"no target", "192.0.2.80",
     "1 10.0.1.1 > 1 2\n"
     "2 10.0.2.1 >\n"
     "2 10.0.2.2 >\n"},
    {"loose", "192.0.2.80",
     "1 10.0.1.1 bu >\n"
     "2 10.0.2.1 bu >\n"
     "2 10.0.2.2 bu >\n"
     "3 192.0.2.80 t >\n"},
    {"empty", "192.0.2.80", ""},
    {"ipv6", "2001:db8:ffff:ffff:ffff:ffff:ffff:ff80",
     "1 2001:db8:1111:1111:1111:1111:1111:1111 > 1 2\n"
     "2 2001:db8:2222:2222:2222:2222:2222:2221 > 3 4\n"
     "2 2001:db8:2222:2222:2222:2222:2222:2222 > 4 5\n"
     "3 2001:db8:3333:3333:3333:3333:3333:3331 > 6\n"
     "3 2001:db8:3333:3333:3333:3333:3333:3332 > 6\n"
     "3 2001:db8:3333:3333:3333:3333:3333:3333 > 6\n"
     "4 2001:db8:ffff:ffff:ffff:ffff:ffff:ff80 t >\n"},
    {NULL, NULL, NULL},
};

static void die(const char *what)
{
    fprintf(stderr, "not a graph: %s\n", what);
    abort();
}

static void add_edge(struct graph *graph, unsigned from, unsigned to)
{
    graph->edges[graph->edge_count++] = (struct graph_edge){from, to, FLOWS, FLOWS};
}

static void parse_marks(struct graph_node *node, const char *marks)
{
    node->is_target = strchr(marks, 't');
    node->is_refusal = strchr(marks, 'r');
    node->per_packet = strchr(marks, 'p');
    node->unsure = strchr(marks, 'u');
    node->next_count = strchr(marks, 'b') ? 1 : 0;
    if (strchr(marks, 'n'))
        node->best_rtt = NSTIME_NEVER;
}

static void parse_node(struct graph *graph, const char *line)
{
    char address[64], marks[16] = "";
    unsigned ttl = 0, number = graph->node_count;
    const char *next = strchr(line, '>');
    if (!next || sscanf(line, "%u %63s %15[a-z]", &ttl, address, marks) < 2)
        die(line);
    struct graph_node *node = &graph->nodes[graph->node_count++];
    *node = (struct graph_node){.ttl = (uint8_t)ttl, .best_rtt = ttl * NS_PER_MS + number * 1000, .frame = number + 1};
    if (strcmp(address, "*") != 0 && !addr_parse(address, &node->address))
        die(line);
    parse_marks(node, marks);
    char *end;
    for (const char *at = next + 1;; at = end) {
        unsigned long to = strtoul(at, &end, 10);
        if (end == at)
            break;
        add_edge(graph, number, (unsigned)to);
    }
}

/* Fills in the members of nodes that follow from the edges. */
static void count_flows(struct graph *graph)
{
    unsigned in[SIZE_MOST] = {0}, out[SIZE_MOST] = {0};
    for (unsigned i = 0; i < graph->edge_count; i++) {
        if (graph->edges[i].to >= graph->node_count)
            die("an edge to nowhere");
        out[graph->edges[i].from] += FLOWS;
        in[graph->edges[i].to] += FLOWS;
        graph->nodes[graph->edges[i].from].next_count++;
    }
    for (unsigned i = 0; i < graph->node_count; i++) {
        struct graph_node *node = &graph->nodes[i];
        node->flows = in[i] > out[i] ? in[i] : out[i] ? out[i] : FLOWS;
        node->next_flows = out[i];
        node->missed = out[i] ? 0.01 : 0;
        graph->hops[node->ttl] = (struct graph_hop){.asked = graph->flows, .answered = graph->flows};
    }
}

struct walk {
    struct graph *graph;
    unsigned nodes[256], count;
};

static void keep_path(const struct walk *walk)
{
    struct graph *graph = walk->graph;
    if (graph->path_count == PATHS_MOST)
        return;
    graph->steps = realloc(graph->steps, (graph->step_count + walk->count) * sizeof *graph->steps);
    memcpy(&graph->steps[graph->step_count], walk->nodes, walk->count * sizeof *walk->nodes);
    graph->paths[graph->path_count++] = (struct graph_path){
        .first = graph->step_count,
        .length = walk->count,
        .flows = 1,
        .complete = graph->nodes[walk->nodes[walk->count - 1]].is_target,
    };
    graph->step_count += walk->count;
}

static void walk_from(struct walk *walk, unsigned node)
{
    const struct graph *graph = walk->graph;
    bool ends = true;
    walk->nodes[walk->count++] = node;
    for (unsigned i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].from == node) {
            ends = false;
            walk_from(walk, graph->edges[i].to);
        }
    if (ends && walk->count > 1)
        keep_path(walk);
    walk->count--;
}

static void begin(struct made_graph *made, const char *target)
{
    struct err err;
    *made = (struct made_graph){.graph = {.flows = 96, .probes_sent = 214, .missed_probability = 0.0288}};
    struct graph *graph = &made->graph;
    graph->trace = &made->trace;
    graph->changed_at = NSTIME_NEVER;
    graph->first_ttl = 1;
    graph->nodes = calloc(SIZE_MOST, sizeof *graph->nodes);
    graph->edges = calloc(SIZE_MOST, sizeof *graph->edges);
    graph->paths = calloc(PATHS_MOST, sizeof *graph->paths);
    if (probe_spec_parse("udp", &made->trace.flow.spec, &err) != STATUS_OK ||
        !addr_parse(target, &made->trace.flow.target))
        die(target);
    addr_parse(made->trace.flow.target.family == 6 ? "2001:db8::2" : "10.0.0.2", &made->trace.flow.source);
}

static void end(struct made_graph *made)
{
    struct graph *graph = &made->graph;
    struct walk walk = {.graph = graph};
    count_flows(graph);
    graph->last_ttl = graph->node_count ? graph->nodes[graph->node_count - 1].ttl : 10;
    for (unsigned i = 0; i < graph->node_count && graph->nodes[i].ttl == graph->nodes[0].ttl; i++)
        walk_from(&walk, i);
    if (!graph->node_count)
        graph->missed_probability = 1;
    if (!graph_find_diamonds(graph))
        die("memory is short");
}

void graphs_make(struct made_graph *made, const char *target, const char *lines)
{
    begin(made, target);
    for (const char *line = lines; *line; line = strchr(line, '\n') + 1) {
        char one[512];
        snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n"), line);
        parse_node(&made->graph, one);
    }
    end(made);
}

void graphs_free(struct made_graph *made)
{
    graph_free(&made->graph);
}

static void make_wide(struct made_graph *made, unsigned wide, const char *prefix, const char *target)
{
    struct strbuf lines;
    strbuf_init(&lines);
    strbuf_addf(&lines, "1 %s100 >", prefix);
    for (unsigned i = 0; i < wide; i++)
        strbuf_addf(&lines, " %u", i + 1);
    for (unsigned i = 0; i < wide; i++)
        strbuf_addf(&lines, "\n2 %s%u > %u", prefix, 101 + i, wide + 1);
    strbuf_addf(&lines, "\n3 %s t >\n", target);
    graphs_make(made, target, lines.text);
    strbuf_free(&lines);
}

void graphs_make_wide(struct made_graph *made, unsigned wide)
{
    make_wide(made, wide, "10.0.2.", "192.0.2.80");
}

void graphs_make_wide6(struct made_graph *made, unsigned wide)
{
    make_wide(made, wide, "2001:db8:2222:2222:2222:2222:2222:2", "2001:db8:ffff:ffff:ffff:ffff:ffff:ff80");
}

const struct graph_shape *graph_shape_find(const char *name)
{
    for (const struct graph_shape *shape = graph_shapes; shape->name; shape++)
        if (strcmp(shape->name, name) == 0)
            return shape;
    die(name);
    return NULL;
}

void graphs_make_shape(struct made_graph *made, const char *name)
{
    const struct graph_shape *shape = graph_shape_find(name);
    graphs_make(made, shape->target, shape->lines);
}
