/* SPDX-License-Identifier: BSD-2-Clause */
/* tree: the nodes of a graph, a line each, in branches. Floor: report; pure; internal to text/graph/. */
#ifndef HOPSONDE_REPORT_TEXT_GRAPH_TREE_H
#define HOPSONDE_REPORT_TEXT_GRAPH_TREE_H

#include "report/graph/graph_view.h"
#include "report/text/graph/graph_text.h"

/* The beginning of a node's line. */
struct row {
    unsigned indent; /* number of branches around it */
    bool is_last;    /* of the parallel branches */
};

/* The text of a graph under construction. */
struct tree {
    struct strbuf *text;
    const struct graph *graph;
    const struct graph_text *options;
    struct graph_view view;
    struct row *rows;       /* owned; by node */
    unsigned label_columns; /* TTL, letters and two blanks */
    unsigned node_columns;  /* branches, and address with name */
    unsigned node_room;     /* the most that node_columns may be if names are known */
    unsigned width;
    unsigned told; /* the largest TTL that has a line */
};

/* False: no memory. Call tree_free() after either. */
bool tree_init(struct tree *tree, struct strbuf *text, const struct graph *graph, const struct graph_text *options);
void tree_free(struct tree *tree);
/* Adds the lines of all nodes, and of silent hops between them. False: no memory, and some are missing. */
bool tree_add(struct tree *tree);

#endif
