/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/graphs.h"

#include <stdlib.h>

#include "verdict/trace_groups.h"

/* The state of graphs_make(). */
struct making {
    const struct graphs_config *config;
    const struct trace **same; /* scratch: traces of one protocol */
    struct graphs *out;
};

static uint8_t protocol_of(const struct trace *trace)
{
    return trace->flow.spec.protocol;
}

static bool add_graph(const struct making *making, unsigned count)
{
    struct graphs *out = making->out;
    struct graph *graph = &out->list[out->count++];
    for (unsigned i = 0; i < count; i++)
        out->reached = out->reached || making->same[i]->reached_ttl;
    return graph_build(making->same, count, making->config->confidence, making->config->lite, graph);
}

static bool add_protocol(const struct making *making, const struct trace *const *traces, size_t count, uint8_t protocol)
{
    unsigned same = 0;
    for (size_t i = 0; i < count; i++)
        if (protocol_of(traces[i]) == protocol)
            making->same[same++] = traces[i];
    return add_graph(making, same);
}

static bool add_group(const struct making *making, const struct trace *const *traces, size_t count)
{
    bool done[UINT8_MAX + 1] = {false};
    for (size_t i = 0; i < count; i++) {
        uint8_t protocol = protocol_of(traces[i]);
        if (!done[protocol] && !add_protocol(making, traces, count, protocol))
            return false;
        done[protocol] = true;
    }
    return true;
}

bool graphs_make(const struct recognition *found, const struct graphs_config *config, struct graphs *out)
{
    size_t room = found->trace_count + 1;
    *out = (struct graphs){.list = calloc(room, sizeof *out->list)};
    struct making making = {.config = config, .same = calloc(room, sizeof(struct trace *)), .out = out};
    struct trace_groups groups = {0};
    const struct trace *const *traces;
    size_t count;
    bool made = out->list && making.same && trace_groups_gather(found->traces, found->trace_count, &groups);
    while (made && (traces = trace_groups_next(&groups, &count)) != NULL)
        made = add_group(&making, traces, count);
    trace_groups_free(&groups);
    free(making.same);
    return made;
}

void graphs_free(struct graphs *graphs)
{
    for (unsigned i = 0; i < graphs->count; i++)
        graph_free(&graphs->list[i]);
    free(graphs->list);
    *graphs = (struct graphs){0};
}
