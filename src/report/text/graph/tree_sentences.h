/* SPDX-License-Identifier: BSD-2-Clause */
/* tree_sentences: what is said below the lines of a graph: how many paths it has and how sure that is, its diamonds,
 * and what the marks in the lines mean. Floor: report; pure; internal to text/graph/. */
#ifndef HOPSONDE_REPORT_TEXT_GRAPH_TREE_SENTENCES_H
#define HOPSONDE_REPORT_TEXT_GRAPH_TREE_SENTENCES_H

#include "report/text/graph/tree.h"

void tree_sentences_add(const struct tree *tree);
/* The sentence on how sure it is, alone. */
void tree_sentences_add_sureness(const struct tree *tree);

#endif
