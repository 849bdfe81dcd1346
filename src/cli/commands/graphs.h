/* SPDX-License-Identifier: BSD-2-Clause */
/* graphs: the graphs of paths in a capture, one for each source, target and protocol. Floor: cli; pure. */
#ifndef HOPSONDE_CLI_COMMANDS_GRAPHS_H
#define HOPSONDE_CLI_COMMANDS_GRAPHS_H

#include "multipath/graph.h"
#include "recognise/recognise.h"

/* Parameters of graph_build(). */
struct graphs_config {
    double confidence;
    bool lite;
};

struct graphs {
    struct graph *list; /* owned, never NULL; by group of source and target, in the order of their first traces */
    unsigned count;
    bool reached; /* at least one target answered */
};

/* The traces must outlive `out`. The caller frees it in any case. False: out of memory. */
bool graphs_make(const struct recognition *found, const struct graphs_config *config, struct graphs *out);
void graphs_free(struct graphs *graphs);

#endif
