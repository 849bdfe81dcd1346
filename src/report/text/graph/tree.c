/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/graph/tree.h"

#include <stdlib.h>

#include "report/address_text.h"
#include "report/columns.h"
#include "report/graph/node_name.h"
#include "report/paint.h"

#define BRANCH_COLUMNS 3
#define TIME_COLUMNS 8 /* " 123.456"; " ms" follows */
#define WIDTH_LEAST 60
#define NAME_LEAST 16 /* least columns for a name below its address */
#define ALL_LEAST 4   /* so many next hops are "-> all 4 of hop 5" instead of labels */

/* --- branches --- */

/* From the bottom up: finds for each node whether a parallel branch follows. */
static bool find_rows(struct tree *tree)
{
    enum { NONE, BRANCH, WAY };
    unsigned count = tree->graph->node_count;
    unsigned char *below =
        calloc((size_t)count + 1, 1); /* for each node, whether a child follows; the source's is last */
    tree->rows = calloc((size_t)count + 1, sizeof *tree->rows);
    for (unsigned i = count; below && tree->rows && i-- > 0;) {
        const struct view_node *node = &tree->view.nodes[tree->view.rows[i]];
        unsigned char *next = &below[node->parent == GRAPH_NO_NODE ? count : node->parent];
        tree->rows[tree->view.rows[i]].is_last = *next != BRANCH;
        *next = node->alone ? WAY : BRANCH;
    }
    for (unsigned i = 0; below && tree->rows && i < count; i++) {
        const struct view_node *node = &tree->view.nodes[tree->view.rows[i]];
        unsigned indent = node->parent == GRAPH_NO_NODE ? 0 : tree->rows[node->parent].indent;
        tree->rows[tree->view.rows[i]].indent = indent + !node->alone;
    }
    free(below);
    return below && tree->rows;
}

/* The branches before the address: "|  |- ". */
static void add_branches(struct strbuf *text, const struct tree *tree, unsigned node)
{
    const struct view_node *nodes = tree->view.nodes;
    const char *parts[256];
    unsigned count = 0;
    bool loose = graph_view_is_loose(&tree->view, node);
    if (!nodes[node].alone)
        parts[count++] = loose ? "?- " : tree->rows[node].is_last ? "`- " : "|- ";
    else if (loose)
        parts[count++] = "?- ";
    for (unsigned at = nodes[node].parent; at != GRAPH_NO_NODE && count < 256; at = nodes[at].parent)
        if (!nodes[at].alone)
            parts[count++] = tree->rows[at].is_last ? "   " : "|  ";
    while (count-- > 0)
        strbuf_add(text, parts[count]);
}

static bool knows_names(const struct tree *tree)
{
    return tree->options->out && tree->options->out->result->book;
}

/* The target has the name by which the user called it. */
static void make_name(struct node_name *made, const struct tree *tree, unsigned node)
{
    const char *target_name = tree->options->target_name;
    node_name_make(made, &tree->graph->nodes[node], tree->options->out);
    if (node != tree->view.target || !target_name)
        return;
    strbuf_clear(&made->name);
    strbuf_add_foreign(&made->name, target_name);
    made->is_unconfirmed = false;
}

static unsigned room_of(const struct tree *tree, unsigned branches)
{
    return tree->node_room > branches ? tree->node_room - branches : 0;
}

/* The address with its facts, after `used` columns of branches. */
static void add_address(struct strbuf *text, const struct tree *tree, unsigned node, unsigned branches)
{
    const struct graph_node *what = &tree->graph->nodes[node];
    if (knows_names(tree)) {
        struct node_name made;
        make_name(&made, tree, node);
        node_name_add_beside(text, &made, room_of(tree, branches));
        node_name_free(&made);
    } else if (what->is_target) {
        address_text_add_target(text, &what->address, &what->address, tree->options->target_name);
    } else {
        graph_view_add_address(text, what);
    }
}

/* The target's name may have any length, so it does not count for the width of the column. */
static unsigned columns_of(const struct tree *tree, unsigned node)
{
    struct strbuf plain;
    strbuf_init(&plain);
    add_branches(&plain, tree, node);
    if (knows_names(tree) || node != tree->view.target || !tree->options->target_name)
        add_address(&plain, tree, node, (unsigned)plain.length);
    unsigned columns = columns_count(plain.text);
    strbuf_free(&plain);
    return columns;
}

static void add_numbers(struct strbuf *text, const struct tree *tree, unsigned node, bool color);

/* Measures the labels, and the columns that the widest numbers leave for the nodes. */
static void measure_around(struct tree *tree)
{
    struct strbuf text;
    size_t numbers = 0;
    strbuf_init(&text);
    for (unsigned i = 0; i < tree->graph->node_count; i++) {
        strbuf_clear(&text);
        graph_view_add_label(&text, &tree->view, i);
        unsigned ttl_columns = tree->graph->nodes[i].ttl < 10 ? 1 : 0; /* it is right-aligned in two */
        unsigned columns = (unsigned)text.length + ttl_columns + 2;
        tree->label_columns = columns > tree->label_columns ? columns : tree->label_columns;
        strbuf_clear(&text);
        add_numbers(&text, tree, i, false);
        numbers = text.length > numbers ? text.length : numbers;
    }
    strbuf_free(&text);
    unsigned around = tree->label_columns + (unsigned)numbers;
    tree->node_room = tree->width > around ? tree->width - around : 0;
}

static void measure(struct tree *tree)
{
    measure_around(tree);
    for (unsigned i = 0; i < tree->graph->node_count; i++) {
        unsigned columns = columns_of(tree, i);
        tree->node_columns = columns > tree->node_columns ? columns : tree->node_columns;
    }
}

/* --- a node --- */

static void add_label(struct tree *tree, unsigned node)
{
    struct strbuf label;
    strbuf_init(&label);
    strbuf_add(&label, tree->graph->nodes[node].ttl < 10 ? " " : "");
    graph_view_add_label(&label, &tree->view, node);
    paint_begin(tree->text, tree->options->color, PAINT_DIM);
    strbuf_add(tree->text, label.text);
    paint_end(tree->text, tree->options->color, PAINT_DIM);
    strbuf_addf(tree->text, "%*s", (int)(tree->label_columns - label.length), "");
    strbuf_free(&label);
}

/* Returns its columns. */
static unsigned add_node(struct tree *tree, unsigned node)
{
    const struct graph_node *what = &tree->graph->nodes[node];
    const char *sgr = addr_is_none(&what->address) ? PAINT_DIM : PAINT_BOLD;
    struct strbuf plain;
    strbuf_init(&plain);
    add_branches(&plain, tree, node);
    unsigned columns = (unsigned)plain.length;
    strbuf_add(tree->text, plain.text);
    strbuf_clear(&plain);
    add_address(&plain, tree, node, columns);
    paint_begin(tree->text, tree->options->color, sgr);
    strbuf_add(tree->text, plain.text);
    paint_end(tree->text, tree->options->color, sgr);
    columns += columns_count(plain.text);
    strbuf_free(&plain);
    return columns;
}

/* Long times have fewer decimals, so that the column stays apart from the address. */
static int decimals_of(double ms)
{
    return ms < 1000 ? 3 : ms < 10000 ? 2 : 1;
}

/* "   2.310 ms   25 %  per packet  ?". */
static void add_numbers(struct strbuf *text, const struct tree *tree, unsigned node, bool color)
{
    const struct graph_node *what = &tree->graph->nodes[node];
    const struct view_node *view = &tree->view.nodes[node];
    if (what->best_rtt != NSTIME_NEVER)
        strbuf_addf(text, "%*.*f ms", TIME_COLUMNS, decimals_of(nstime_ms(what->best_rtt)), nstime_ms(what->best_rtt));
    else if (view->beside > 1)
        strbuf_addf(text, "%*s", TIME_COLUMNS + 3, "");
    if (view->beside > 1)
        strbuf_addf(text, view->share < 0.01 ? "   <1 %%" : "  %3.0f %%", view->share * 100);
    strbuf_add(text, what->per_packet ? "  per packet" : "");
    strbuf_add(text, what->unsure ? "  ?" : "");
    if (what->is_target && view->level > what->ttl)
        strbuf_addf(text, "  (hops %u to %u)", what->ttl, view->level);
    if (!what->is_refusal)
        return;
    strbuf_add(text, "  ");
    paint_begin(text, color, PAINT_RED);
    strbuf_add(text, "refuses");
    paint_end(text, color, PAINT_RED);
}

/* True: the position of the lines shows the next hops. */
static bool is_plain(const struct tree *tree, unsigned from, unsigned to)
{
    const struct view_node *node = &tree->view.nodes[to];
    return node->parent == from || (node->alone && node->level == tree->view.nodes[from].level + 1);
}

static bool shows_next(const struct tree *tree, unsigned node)
{
    const struct view_node *view = &tree->view.nodes[node];
    for (unsigned i = view->first_out; i < view->first_out + view->out; i++)
        if (!is_plain(tree, node, tree->graph->edges[i].to))
            return true;
    return graph_view_is_dead_end(&tree->view, node);
}

/* True: it leads to all nodes of the next TTL, and these are so many that a sentence is shorter. */
static bool leads_to_all(const struct tree *tree, unsigned node)
{
    const struct view_node *view = &tree->view.nodes[node];
    if (view->out < ALL_LEAST)
        return false;
    unsigned first = tree->graph->edges[view->first_out].to;
    unsigned last = tree->graph->edges[view->first_out + view->out - 1].to;
    bool one_ttl = tree->graph->nodes[first].ttl == tree->graph->nodes[last].ttl;
    return one_ttl && last != tree->view.target && tree->view.nodes[first].beside == view->out;
}

/* "-> 4a-4c, 5". */
static bool add_next(struct strbuf *text, const struct tree *tree, unsigned node)
{
    const struct view_node *view = &tree->view.nodes[node];
    unsigned *next = calloc((size_t)view->out + 1, sizeof *next);
    if (!next)
        return false;
    for (unsigned i = 0; i < view->out; i++)
        next[i] = tree->graph->edges[view->first_out + i].to;
    strbuf_add(text, "-> ");
    if (leads_to_all(tree, node))
        strbuf_addf(text, "all %u of hop %u", view->out, tree->graph->nodes[next[0]].ttl);
    else if (view->out)
        graph_view_add_labels(text, &tree->view, next, view->out);
    else
        strbuf_add(text, "?");
    free(next);
    return true;
}

/* Starts a continuation line. */
static unsigned hang(const struct tree *tree, unsigned node)
{
    return tree->label_columns + BRANCH_COLUMNS * (tree->rows[node].indent + 1);
}

/* Adds the next hops after the address, which ends at `column`. Returns the new column. */
static unsigned add_aligned_numbers(struct tree *tree, unsigned node, unsigned column)
{
    struct strbuf numbers;
    unsigned start = tree->label_columns + tree->node_columns, length;
    strbuf_init(&numbers);
    add_numbers(&numbers, tree, node, false);
    length = (unsigned)numbers.length;
    strbuf_clear(&numbers);
    if (!length)
        return column;
    add_numbers(&numbers, tree, node, tree->options->color);
    start = start > column ? start : column;
    if (start + length > tree->width) {
        strbuf_add(tree->text, "\n");
        column = 0;
        start = hang(tree, node);
    }
    strbuf_addf(tree->text, "%*s%s", (int)(start - column), "", numbers.text);
    strbuf_free(&numbers);
    return start + length;
}

static bool add_next_at(struct tree *tree, unsigned node, unsigned column)
{
    struct strbuf next;
    unsigned indent = hang(tree, node);
    strbuf_init(&next);
    bool good = add_next(&next, tree, node);
    if (column + 2 + next.length <= tree->width) {
        strbuf_addf(tree->text, "  %s", next.text);
    } else {
        strbuf_addf(tree->text, "\n%*s", (int)indent, "");
        strbuf_add_wrapped(tree->text, next.text, indent, indent, tree->width + 1);
    }
    strbuf_free(&next);
    return good;
}

/* A line for a name that does not fit beside the address. */
static void add_name_below(struct tree *tree, unsigned node)
{
    struct strbuf branches;
    struct node_name made;
    unsigned indent = hang(tree, node);
    strbuf_init(&branches);
    add_branches(&branches, tree, node);
    make_name(&made, tree, node);
    if (!node_name_fits(&made, room_of(tree, (unsigned)branches.length)) && indent + NAME_LEAST < tree->width) {
        strbuf_addf(tree->text, "\n%*s", (int)indent, "");
        node_name_add_apart(tree->text, &made, tree->width - indent);
    }
    node_name_free(&made);
    strbuf_free(&branches);
}

static bool add_row(struct tree *tree, unsigned node)
{
    add_label(tree, node);
    unsigned column = add_aligned_numbers(tree, node, tree->label_columns + add_node(tree, node));
    bool good = !shows_next(tree, node) || add_next_at(tree, node, column);
    if (knows_names(tree))
        add_name_below(tree, node);
    strbuf_add(tree->text, "\n");
    return good;
}

/* --- the tree --- */

static void add_silent(struct tree *tree, unsigned ttl)
{
    paint_begin(tree->text, tree->options->color, PAINT_DIM);
    strbuf_addf(tree->text, "%2u%*s*", ttl, (int)tree->label_columns - 2, "");
    paint_end(tree->text, tree->options->color, PAINT_DIM);
    strbuf_add(tree->text, "\n");
}

/* Lines for the TTLs up to `last` that have no node. */
static void add_silence(struct tree *tree, unsigned last)
{
    unsigned first = tree->told + 1, whole = last > first + 1 && !tree->options->one_per_line ? first : last;
    for (unsigned ttl = first; ttl <= whole; ttl++)
        add_silent(tree, ttl);
    if (whole < last)
        strbuf_addf(tree->text, "%u-%u silent as well\n", first + 1, last);
    tree->told = last > tree->told ? last : tree->told;
}

/* Probes of ours that went beyond the end of a path before it was known show nothing more of it. */
static unsigned last_ttl_of(const struct graph *graph)
{
    bool is_run = graph->trace->started && !graph->trace->origin.foreign;
    return is_run ? trace_last_ttl(graph->trace) : graph->last_ttl;
}

bool tree_add(struct tree *tree)
{
    const struct graph *graph = tree->graph;
    bool good = true;
    measure(tree);
    tree->told = graph->first_ttl - 1U;
    for (unsigned i = 0; good && i < graph->node_count; i++) {
        unsigned node = tree->view.rows[i], ttl = graph->nodes[node].ttl;
        if (ttl > tree->told)
            add_silence(tree, ttl - 1);
        good = add_row(tree, node);
        tree->told = ttl > tree->told ? ttl : tree->told;
    }
    if (tree->view.target == GRAPH_NO_NODE && graph->first_ttl <= graph->last_ttl)
        add_silence(tree, last_ttl_of(graph));
    return good;
}

/* --- the whole --- */

bool tree_init(struct tree *tree, struct strbuf *text, const struct graph *graph, const struct graph_text *options)
{
    *tree = (struct tree){.text = text, .graph = graph, .options = options, .label_columns = 4};
    tree->width = options->width > WIDTH_LEAST ? options->width : WIDTH_LEAST;
    return graph_view_make(graph, &tree->view) && find_rows(tree);
}

void tree_free(struct tree *tree)
{
    free(tree->rows);
    graph_view_free(&tree->view);
}
