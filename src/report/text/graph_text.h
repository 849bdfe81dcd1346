/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_text: a graph of paths as people read it. Floor 5; pure.
 *
 * A line a node, under its TTL; where several nodes stand at one TTL they have letters, by which others refer to them.
 * What lies within a diamond is drawn as branches behind the node where it begins:
 *      2   10.0.2.1        1.102 ms
 *      3a  |- 10.0.3.1     2.310 ms   50 %
 *      3b  `- 10.0.3.2     2.294 ms   50 %
 *      4   10.0.4.1        3.310 ms
 * A node leads to the one below it, or to the branches below it; where that is not all, "-> 4a-4c, 5" says what it
 * leads to.
 *
 * A name stands beside its address, "gw.example (10.0.3.1) [AS64500]", cut so that the numbers have room on the line;
 * where that leaves too little of it, it stands on the next line.
 *
 * Below the tree stand sentences: paths, diamonds, how sure that is, and what could not be seen. */
#ifndef HOPSONDE_REPORT_TEXT_GRAPH_TEXT_H
#define HOPSONDE_REPORT_TEXT_GRAPH_TEXT_H

#include "report/format.h"

struct graph_text {
    const char *target_name;  /* what the user called the target: foreign text; NULL: nothing */
    const struct output *out; /* whose book names the nodes; NULL: nothing is known */
    unsigned width;           /* columns that no line passes but by an address */
    bool color;
    bool quiet;   /* nothing but the tree and how sure it is */
    bool verbose; /* each path, too */
};

/* Whole lines. False: memory is short. */
bool graph_text_add(struct strbuf *text, const struct graph *graph, const struct graph_text *options);
/* All that an output has, as its options say. `headed`: a line that says what each is of, even where it is the only
 * one.
 */
void graph_text_add_all(struct strbuf *text, const struct output *out, bool headed);

#endif
