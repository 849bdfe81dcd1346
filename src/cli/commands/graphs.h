/* SPDX-License-Identifier: BSD-2-Clause */
/* graphs: the paths that the traces of a capture show, whatever tool made them: a graph of all that went with one
 * protocol from one source to one target. Floor 6; pure. */
#ifndef HOPSONDE_CLI_COMMANDS_GRAPHS_H
#define HOPSONDE_CLI_COMMANDS_GRAPHS_H

#include "multipath/graph.h"
#include "recognise/recognise.h"

/* How a graph is drawn: graph_build(). */
struct graphs_config {
    double confidence;
    bool lite;
};

struct graphs {
    struct graph *list; /* owned; never NULL: in the order of their first traces, but that those from one source to one
                           target stand together */
    unsigned count;
    bool reached; /* some target answered */
};

/* The traces must outlive `out`, which is to be freed in any case. False: memory is short. */
bool graphs_make(const struct recognition *found, const struct graphs_config *config, struct graphs *out);
void graphs_free(struct graphs *graphs);

#endif
