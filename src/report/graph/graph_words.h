/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_words: sentences about a graph of paths that text, dot and svg share. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_GRAPH_GRAPH_WORDS_H
#define HOPSONDE_REPORT_GRAPH_GRAPH_WORDS_H

#include "report/graph/graph_view.h"

/* "udp from 10.0.0.2 to web.example (192.0.2.80)"; escapes the name. `target_name` NULL: none. */
void graph_words_add_title(struct strbuf *text, const struct graph *graph, const char *target_name);
/* "Diamond from hop 2 (10.0.2.1) to hop 5 (10.0.5.1): 4 wide, 3 long, symmetric, per flow". */
void graph_words_add_diamond(struct strbuf *text, const struct graph_view *view, const struct graph_diamond *diamond);
/* "4 paths to the target, 1 that ends before it". */
void graph_words_add_paths(struct strbuf *text, const struct graph *graph);
/* "With 97.12 % confidence no next hop was missed; 214 probes in 96 flows". */
void graph_words_add_sureness(struct strbuf *text, const struct graph *graph);

#endif
