/* SPDX-License-Identifier: BSD-2-Clause */
/* svg_layout: the places of a graph's nodes in a drawing. Floor: report; pure.
 *
 * The layers are the TTLs. Within a layer the nodes are ordered so that few lines cross. A line that passes a layer has
 * a bend there, so that it crosses no node. */
#ifndef HOPSONDE_REPORT_GRAPH_SVG_LAYOUT_H
#define HOPSONDE_REPORT_GRAPH_SVG_LAYOUT_H

#include "report/graph/graph_view.h"

struct svg_item {
    unsigned node; /* GRAPH_NO_NODE: a bend */
    unsigned level;
    unsigned slot; /* from 0, within its layer */
    double key;    /* the preferred place: 0 to 1 */
};

/* A piece of an edge, from a layer to the next. */
struct svg_link {
    unsigned from, to; /* items */
    unsigned edge;     /* of the graph */
};

struct svg_layout {
    const struct graph_view *view; /* borrowed */
    struct svg_item *items;        /* the nodes in the order of the graph, then the bends */
    unsigned item_count;
    struct svg_link *links; /* grouped by edge */
    unsigned link_count;
    unsigned slots[258]; /* of each layer */
    unsigned first_level, last_level;
    unsigned widest; /* slots */
};

/* False: out of memory. The caller frees the layout in any case. */
bool svg_layout_make(const struct graph_view *view, struct svg_layout *layout);
void svg_layout_free(struct svg_layout *layout);

#endif
