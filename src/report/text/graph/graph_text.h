/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_text: a graph of paths as text. Floor: report; pure.
 *
 * Each node has a line with its TTL. Several nodes of one TTL have letters, which other lines use to refer to them. The
 * nodes within a diamond are branches below the node where it begins:
 *      2   10.0.2.1        1.102 ms
 *      3a  |- 10.0.3.1     2.310 ms   50 %
 *      3b  `- 10.0.3.2     2.294 ms   50 %
 *      4   10.0.4.1        3.310 ms
 * A node leads to the node or to the branches directly below it. Otherwise "-> 4a-4c, 5" lists its next hops.
 *
 * A name is beside its address, "gw.example (10.0.3.1) [AS64500]", cut so that the numbers fit on the line. If too
 * little of it would be left, it is on the next line.
 *
 * Sentences follow the tree: paths, diamonds, the confidence, and what could not be seen. */
#ifndef HOPSONDE_REPORT_TEXT_GRAPH_GRAPH_TEXT_H
#define HOPSONDE_REPORT_TEXT_GRAPH_GRAPH_TEXT_H

#include "report/format.h"

struct graph_text {
    const char *target_name;  /* the name by which the user called the target: foreign text; NULL: none */
    const struct output *out; /* its result's book names the nodes; NULL: no names */
    unsigned width;           /* columns; only an address may make a line longer */
    bool whole_sentences;     /* sentences do not break */
    bool one_per_line;        /* silent hops are not folded */
    bool color;
    bool quiet;   /* only the tree and the confidence */
    bool verbose; /* lists each path */
};

/* Adds whole lines. False: out of memory. */
bool graph_text_add(struct strbuf *text, const struct graph *graph, const struct graph_text *options);
/* Adds all graphs of the output's result. Each has a title if there are several or if `headed`. */
void graph_text_add_all(struct strbuf *text, const struct output *out, bool headed);

#endif
