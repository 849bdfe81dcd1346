/* SPDX-License-Identifier: BSD-2-Clause */
/* The graphs of a capture: which traces make one together. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands/graphs.h"
#include "tap.h"

#define TRACES 6
#define MS NS_PER_MS

static const struct graphs_config even = {.confidence = 0.95};

/* A hop of a trace: one probe, answered by `from`. */
static void add_hop(struct trace *trace, uint8_t ttl, const char *from, enum reply_kind kind)
{
    struct probe *probe = trace_add_probe(trace, 0, ttl, ttl * MS);
    struct reply reply = {.kind = (uint8_t)kind, .time = ttl * MS + MS / 2, .match = MATCH_EXACT};
    addr_parse(from, &reply.from);
    probe->source_port = trace->flow.source_port;
    probe->target_port = 33434;
    trace_add_reply(trace, probe, &reply);
}

/* Another tool's: gateway, one of two routers by its port, and the target unless that is silent. */
static void make_trace(struct trace *trace, const char *spec, const char *target, uint16_t port, bool silent)
{
    struct err err;
    trace_init(trace);
    trace->origin.foreign = true;
    probe_spec_parse(spec, &trace->flow.spec, &err);
    addr_parse("10.0.0.2", &trace->flow.source);
    addr_parse(target, &trace->flow.target);
    trace->flow.source_port = port;
    add_hop(trace, 1, "10.0.1.1", REPLY_TIME_EXCEEDED);
    add_hop(trace, 2, port % 2 ? "10.0.2.1" : "10.0.2.2", REPLY_TIME_EXCEEDED);
    if (!silent)
        add_hop(trace, 3, target, REPLY_UNREACHABLE);
}

static void is_graph(const struct graph *graph, const struct trace *first, unsigned flows, unsigned nodes,
                     const char *name)
{
    ok(graph->trace == first, "%s: begins with the right trace", name);
    is_num(graph->flows, flows, "%s: flows", name);
    is_num(graph->node_count, nodes, "%s: nodes", name);
}

static void test_grouping(void)
{
    struct trace traces[TRACES];
    const struct trace *list[TRACES];
    struct graphs graphs;
    make_trace(&traces[0], "udp", "192.0.2.80", 5001, true);
    make_trace(&traces[1], "icmp", "192.0.2.80", 0, false);
    make_trace(&traces[2], "udp", "192.0.2.81", 5001, true);
    make_trace(&traces[3], "udp/53", "192.0.2.80", 5002, false);
    make_trace(&traces[4], "tcp/443", "192.0.2.80", 5003, false);
    make_trace(&traces[5], "udp", "192.0.2.81", 5001, true);
    for (unsigned i = 0; i < TRACES; i++)
        list[i] = &traces[i];
    const struct recognition found = {.traces = list, .trace_count = TRACES};
    ok(graphs_make(&found, &even, &graphs), "graphs of six traces");
    if (is_num(graphs.count, 4, "one of each protocol to each target")) {
        is_graph(&graphs.list[0], list[0], 2, 4, "UDP, any port");
        is_graph(&graphs.list[1], list[1], 1, 3, "ICMP");
        is_graph(&graphs.list[2], list[4], 1, 3, "TCP");
        is_graph(&graphs.list[3], list[2], 1, 2, "the other target, twice the same flow");
    }
    ok(graphs.reached, "a target was reached");
    graphs_free(&graphs);
    const struct recognition silent = {.traces = &list[2], .trace_count = 1};
    ok(graphs_make(&silent, &even, &graphs) && !graphs.reached, "none was by a silent one alone");
    graphs_free(&graphs);
    for (unsigned i = 0; i < TRACES; i++)
        trace_free(&traces[i]);
}

/* What tells the flows of a trace in which each probe has a sequence number of its own. */
struct flows_row {
    const char *name, *spec, *target;
    uint16_t checksums[3]; /* of the probes at each hop */
    uint32_t labels[3];
    unsigned flows, edges;
};

static const struct flows_row flows_rows[] = {
    {"echo, one checksum", "icmp", "192.0.2.80", {7, 7, 7}, {0, 0, 0}, 1, 2},
    {"echo, other checksums", "icmp", "192.0.2.80", {7, 6, 5}, {0, 0, 0}, 3, 0},
    {"echo, no checksum known", "icmp", "192.0.2.80", {0, 0, 0}, {0, 0, 0}, 3, 0},
    {"echo, one checksum and label", "icmp", "2001:db8::80", {7, 7, 7}, {9, 9, 9}, 1, 2},
    {"echo, other labels", "icmp", "2001:db8::80", {7, 7, 7}, {9, 8, 9}, 2, 0},
    {"TCP, one label", "tcp/80", "2001:db8::80", {0, 0, 0}, {9, 9, 9}, 1, 2},
    {"TCP, other labels", "tcp/80", "2001:db8::80", {0, 0, 0}, {9, 8, 7}, 3, 0},
};

static void test_flows(const struct flows_row *row)
{
    struct trace trace;
    const struct trace *list = &trace;
    struct graphs graphs;
    const struct recognition found = {.traces = &list, .trace_count = 1};
    make_trace(&trace, row->spec, row->target, 5001, false);
    for (size_t i = 0; i < trace.probe_count; i++) {
        if (trace.flow.spec.protocol == IP_ICMP)
            trace.probes[i].target_port = (uint16_t)(i + 1);
        trace.probes[i].echo_checksum = row->checksums[i];
        trace.probes[i].flow_label = row->labels[i];
    }
    ok(graphs_make(&found, &even, &graphs) && graphs.count == 1, "%s: a graph", row->name);
    is_num(graphs.list[0].flows, row->flows, "%s: flows", row->name);
    is_num(graphs.list[0].edge_count, row->edges, "%s: edges", row->name);
    graphs_free(&graphs);
    trace_free(&trace);
}

static void test_none(void)
{
    struct graphs graphs;
    const struct recognition found = {0};
    ok(graphs_make(&found, &even, &graphs) && graphs.list, "no trace makes an empty list");
    is_num(graphs.count, 0, "without a graph");
    graphs_free(&graphs);
}

int main(void)
{
    test_grouping();
    for (size_t i = 0; i < sizeof flows_rows / sizeof *flows_rows; i++)
        test_flows(&flows_rows[i]);
    test_none();
    return tap_done();
}
