/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/graph/svg_layout.h"

#include <stdlib.h>
#include <string.h>

#define SWEEPS 6

/* --- items and links --- */

/* The number of layers that the edge passes. */
static unsigned count_bends(const struct graph_view *view, const struct graph_edge *edge)
{
    return view->nodes[edge->to].level - view->nodes[edge->from].level - 1;
}

static bool make_room(struct svg_layout *layout)
{
    const struct graph *graph = layout->view->graph;
    size_t bends = 0;
    for (unsigned i = 0; i < graph->edge_count; i++)
        bends += count_bends(layout->view, &graph->edges[i]);
    layout->items = calloc(graph->node_count + bends + 1, sizeof *layout->items);
    layout->links = calloc(graph->edge_count + bends + 1, sizeof *layout->links);
    return layout->items && layout->links;
}

static unsigned add_item(struct svg_layout *layout, unsigned node, unsigned level)
{
    unsigned slot = layout->slots[level]++;
    layout->items[layout->item_count] = (struct svg_item){.node = node, .level = level, .slot = slot};
    return layout->item_count++;
}

static void add_links(struct svg_layout *layout, unsigned index)
{
    const struct graph_view *view = layout->view;
    const struct graph_edge *edge = &view->graph->edges[index];
    unsigned from = edge->from, level = view->nodes[from].level;
    for (unsigned bends = count_bends(view, edge); bends > 0; bends--) {
        unsigned bend = add_item(layout, GRAPH_NO_NODE, ++level);
        layout->links[layout->link_count++] = (struct svg_link){from, bend, index};
        from = bend;
    }
    layout->links[layout->link_count++] = (struct svg_link){from, edge->to, index};
}

static void add_items(struct svg_layout *layout)
{
    const struct graph_view *view = layout->view;
    for (unsigned i = 0; i < view->graph->node_count; i++)
        add_item(layout, i, view->nodes[i].level);
    memset(layout->slots, 0, sizeof layout->slots);
    for (unsigned i = 0; i < view->graph->node_count; i++) {
        struct svg_item *item = &layout->items[view->rows[i]];
        item->slot = layout->slots[item->level]++;
    }
    for (unsigned i = 0; i < view->graph->edge_count; i++)
        add_links(layout, i);
}

static void measure(struct svg_layout *layout)
{
    layout->first_level = layout->item_count ? 257 : 1;
    for (unsigned i = 0; i < layout->item_count; i++) {
        unsigned level = layout->items[i].level;
        layout->first_level = level < layout->first_level ? level : layout->first_level;
        layout->last_level = level > layout->last_level ? level : layout->last_level;
        layout->widest = layout->slots[level] > layout->widest ? layout->slots[level] : layout->widest;
    }
}

/* --- the order --- */

static double place_of(const struct svg_layout *layout, const struct svg_item *item)
{
    return (item->slot + 0.5) / layout->slots[item->level];
}

/* Sets each item's key to the mean place of its neighbours in the next layer, or with `down` in the previous one. */
static void find_keys(struct svg_layout *layout, unsigned level, bool down, unsigned *counts)
{
    for (unsigned i = 0; i < layout->item_count; i++)
        if (layout->items[i].level == level) {
            layout->items[i].key = 0;
            counts[i] = 0;
        }
    for (unsigned i = 0; i < layout->link_count; i++) {
        const struct svg_link *link = &layout->links[i];
        unsigned own = down ? link->to : link->from, other = down ? link->from : link->to;
        if (layout->items[own].level != level)
            continue;
        layout->items[own].key += place_of(layout, &layout->items[other]);
        counts[own]++;
    }
    for (unsigned i = 0; i < layout->item_count; i++)
        if (layout->items[i].level == level) {
            struct svg_item *item = &layout->items[i];
            item->key = counts[i] ? item->key / counts[i] : place_of(layout, item);
        }
}

static int compare_items(const void *left, const void *right)
{
    const struct svg_item *a = *(struct svg_item *const *)left, *b = *(struct svg_item *const *)right;
    if (a->key < b->key - 1e-9 || a->key > b->key + 1e-9)
        return a->key < b->key ? -1 : 1;
    return a->slot < b->slot ? -1 : a->slot > b->slot;
}

static void sort_level(struct svg_layout *layout, unsigned level, struct svg_item **sorted)
{
    unsigned count = 0;
    for (unsigned i = 0; i < layout->item_count; i++)
        if (layout->items[i].level == level)
            sorted[count++] = &layout->items[i];
    qsort(sorted, count, sizeof *sorted, compare_items);
    for (unsigned i = 0; i < count; i++)
        sorted[i]->slot = i;
}

/* The barycentre method (Sugiyama, Tagawa, Toda 1981), alternately downwards and upwards. */
static bool order_items(struct svg_layout *layout)
{
    unsigned *counts = calloc((size_t)layout->item_count + 1, sizeof *counts);
    struct svg_item **sorted = calloc((size_t)layout->item_count + 1, sizeof *sorted);
    for (unsigned sweep = 0; counts && sorted && sweep < SWEEPS; sweep++)
        for (unsigned i = layout->first_level; i <= layout->last_level; i++) {
            bool down = sweep % 2 == 0;
            unsigned level = down ? i : layout->last_level - (i - layout->first_level);
            find_keys(layout, level, down, counts);
            sort_level(layout, level, sorted);
        }
    free(counts);
    free(sorted);
    return counts && sorted;
}

bool svg_layout_make(const struct graph_view *view, struct svg_layout *layout)
{
    *layout = (struct svg_layout){.view = view};
    if (!make_room(layout))
        return false;
    add_items(layout);
    measure(layout);
    return order_items(layout);
}

void svg_layout_free(struct svg_layout *layout)
{
    free(layout->items);
    free(layout->links);
    *layout = (struct svg_layout){0};
}
