/* SPDX-License-Identifier: BSD-2-Clause */
/* svglayout: where the nodes of a graph of paths stand in a drawing. Floor 5; pure.
 *
 * Layers are the TTLs; in each, nodes are ordered so that few lines cross. A line that passes a layer bends there, so
 * that it is drawn through no node. */
#ifndef HOPSONDE_REPORT_GRAPH_SVG_LAYOUT_H
#define HOPSONDE_REPORT_GRAPH_SVG_LAYOUT_H

#include "report/graph/graph_view.h"

struct svg_item {
    unsigned node; /* GRAPH_NO_NODE: a bend */
    unsigned level;
    unsigned slot; /* from 0, within its layer */
    double key;    /* where it would like to stand: 0 to 1 */
};

/* From layer to layer. */
struct svg_link {
    unsigned from, to; /* items */
    unsigned edge;     /* of the graph */
};

struct svg_layout {
    const struct graph_view *view; /* borrowed */
    struct svg_item *items;        /* the nodes, as the graph has them, and then the bends */
    unsigned item_count;
    struct svg_link *links; /* those of an edge follow each other */
    unsigned link_count;
    unsigned slots[258]; /* of each layer */
    unsigned first_level, last_level;
    unsigned widest; /* slots */
};

/* False: memory is short. To be freed in any case. */
bool svg_layout_make(const struct graph_view *view, struct svg_layout *layout);
void svg_layout_free(struct svg_layout *layout);

#endif
