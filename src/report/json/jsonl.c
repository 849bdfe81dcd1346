/* SPDX-License-Identifier: BSD-2-Clause */
/* jsonl: one object a line, each with its "type", so that a reader needs no more memory than a line. Keys:
 * json_value.h.
 *
 * A probe is written as soon as it settles, with the number of its trace ("trace"), its spec and its TTL. Probes beyond
 * the target's hop are left out as in json. A reply that comes after its probe has settled counts only in its trace's
 * "replies".
 *
 * Facts about addresses may become known after the probes were written. They have lines of their own, one an address,
 * before the "run".
 *
 * A trace of a capture is written when it is over. There may be millions, so nothing is flushed before the end.
 * Verdicts and findings are written only if another format of the report keeps the traces. */
#include <stdlib.h>

#include "report/json/json_address.h"
#include "report/json/json_graph.h"
#include "report/json/json_probe.h"
#include "report/json/json_value.h"
#include "report/summary.h"
#include "verdict/port_verdicts.h"

struct jsonl_state {
    struct row_buffer *rows;
    struct spec_text spec;
};

static bool jsonl_begin(struct output *out)
{
    json_prepare();
    struct jsonl_state *state = calloc(1, sizeof *state);
    struct row_buffer *rows = state ? row_buffer_new(out->file) : NULL;
    if (!rows) {
        free(state);
        return false;
    }
    state->rows = rows;
    out->state = state;
    return true;
}

static json_t *new_line(const char *type)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(type));
    return object;
}

/* Appends and frees `members`. */
static json_t *extend(json_t *object, json_t *members)
{
    json_object_update(object, members);
    json_decref(members);
    return object;
}

/* Flushes the probes before it. */
static void write_line(struct output *out, json_t *object)
{
    struct jsonl_state *state = out->state;
    row_buffer_flush(state->rows);
    json_write(out->file, object);
    putc('\n', out->file);
}

static void put_probe(struct jsonl_state *state, uint32_t number, const struct trace *trace, const struct probe *probe)
{
    struct row_buffer *rows = state->rows;
    char *at = put_number(put_text(row_buffer_begin(rows), "{\"type\": \"probe\", \"trace\": "), number);
    const struct probe_spec spec = trace_probe_spec(trace, probe);
    at = put_text(put_text(at, ", \"probe\": \""), summary_spec(&state->spec, &spec));
    at = put_number(put_text(at, "\", \"ttl\": "), probe->ttl);
    row_buffer_end(rows, put_text(at, ", "));
    json_probe_put(rows, NULL, trace, probe);
    row_buffer_end(rows, put_text(row_buffer_begin(rows), "}\n"));
}

/* In a live run each line is flushed, because a reader may wait for it. */
static void jsonl_probe(struct output *out, const struct trace *trace, const struct probe *probe)
{
    struct jsonl_state *state = out->state;
    if (out->result->monitor || probe->ttl > trace_last_ttl(trace))
        return;
    put_probe(state, result_trace_number(out->result, trace), trace, probe);
    if (!out->result->source.live)
        return;
    row_buffer_flush(state->rows);
    fflush(out->file);
}

/* --- watch --- */

static json_t *json_millis(bool known, double ms)
{
    return known ? json_decimal(ms) : json_null();
}

static json_t *json_round_hop(const struct monitor *monitor, unsigned index, uint8_t ttl)
{
    struct row_stats stats;
    const struct addr address = trace_newest_address(monitor_trace(monitor, index), ttl);
    json_t *hop = json_object();
    monitor_hop_stats(monitor, index, ttl, &stats);
    json_object_set_new(hop, "ttl", json_integer(ttl));
    json_object_set_new(hop, "address", json_address(&address));
    json_object_set_new(hop, "sent", json_count(stats.sent));
    json_object_set_new(hop, "received", json_count(stats.received));
    json_object_set_new(hop, "last_ms", json_millis(stats.timed, stats.last_ms));
    json_object_set_new(hop, "avg_ms", json_millis(stats.timed, stats.avg_ms));
    json_object_set_new(hop, "word", json_text(row_word_name(monitor_word(monitor, index, ttl))));
    return hop;
}

static json_t *json_round_trace(const struct monitor *monitor, unsigned index)
{
    const struct trace *trace = monitor_trace(monitor, index);
    json_t *object = json_object(), *hops = json_array();
    json_object_set_new(object, "probe", json_spec(&trace->flow.spec));
    for (unsigned ttl = 1, last = monitor_last_ttl(monitor, index); ttl <= last; ttl++)
        if (trace_asked(trace, ttl))
            json_array_append_new(hops, json_round_hop(monitor, index, (uint8_t)ttl));
    json_object_set_new(object, "hops", hops);
    return object;
}

static void jsonl_round(struct output *out, uint32_t rounds)
{
    const struct monitor *monitor = out->result->monitor;
    json_t *line = new_line("round"), *traces = json_array();
    json_object_set_new(line, "round", json_count(rounds));
    json_object_set_new(line, "time", json_time(monitor_time(monitor)));
    json_object_set_new(line, "target", json_address(&out->result->config->target));
    for (unsigned i = 0; monitor_trace(monitor, i); i++)
        if (monitor_follows(monitor, i))
            json_array_append_new(traces, json_round_trace(monitor, i));
    json_object_set_new(line, "traces", traces);
    write_line(out, line);
    fflush(out->file);
}

static void jsonl_event(struct output *out, const struct event *event)
{
    write_line(out, extend(new_line("event"), json_event(event, &out->result->config->target)));
    fflush(out->file);
}

static void jsonl_trace(struct output *out, const struct trace *trace)
{
    if (out->result->monitor) /* it holds the last rounds alone */
        return;
    json_t *object = new_line("trace");
    json_object_set_new(object, "trace", json_integer(result_trace_number(out->result, trace)));
    write_line(out, extend(object, json_trace_head(trace, out->result->mtu, result_target_name(out->result))));
}

static void jsonl_error(struct output *out, const struct other_error *error)
{
    write_line(out, extend(new_line("error"), json_error(error)));
}

static void write_ticket(void *context, const struct ticket *ticket)
{
    write_line(context, extend(new_line("ticket"), json_ticket(ticket)));
}

static void write_advice(struct output *out, const struct judgement *judgement)
{
    const struct result *result = out->result;
    advice_tickets(judgement, result_names_spec, result, write_ticket, out);
    if (!result_wants_advice(result, judgement))
        return;
    struct advice advice;
    advice_init(&advice, result_target_name(result), judgement);
    if (advice.text.length)
        write_line(out, extend(new_line("advice"), json_advice(&advice)));
    advice_free(&advice);
}

static void write_port_verdicts(struct output *out, const struct portmap *ports)
{
    struct verdict verdict;
    for (uint32_t i = 0; ports && i < ports->count; i++)
        if (ports_judge(ports, &ports->entries[i], &verdict))
            write_line(out, extend(new_line("verdict"), json_verdict(&verdict)));
}

static void jsonl_judged(struct output *out, const struct judged_group *group)
{
    const struct judgement *judgement = group->judgement;
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        write_line(out, extend(new_line("verdict"), json_verdict(&judgement->verdicts[i])));
    write_port_verdicts(out, judgement->ports);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        write_line(out, extend(new_line("finding"), json_finding(&judgement->findings[i], judgement)));
    if (!out->result->monitor)
        write_advice(out, judgement);
    if (out->result->config && session_config_is_through(out->result->config))
        write_line(out, extend(new_line("through"), json_through(&out->result->specs.gateway, judgement)));
}

static void write_graphs(struct output *out)
{
    for (unsigned i = 0; i < out->result->graph_count; i++) {
        json_t *graph = json_graph(&out->result->graphs[i], out);
        if (graph)
            write_line(out, extend(new_line("graph"), graph));
    }
}

static void write_addresses(struct output *out)
{
    const struct address_book *book = out->result->book;
    size_t count = book ? address_book_count(book) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct addr *address = &address_book_at(book, i)->address;
        json_t *line = new_line("address");
        json_object_set_new(line, "address", json_address(address));
        json_facts_set(line, address, out);
        write_line(out, line);
    }
}

/* ICMP errors have lines of their own. A run of our own has none, and an empty array here. */
static void jsonl_end(struct output *out)
{
    struct jsonl_state *state = out->state;
    for (unsigned i = 0; i < out->result->expectation_count; i++)
        write_line(out, extend(new_line("expectation"), json_expectation(&out->result->expectations[i])));
    write_graphs(out);
    write_addresses(out);
    json_t *run = extend(new_line("run"), json_run_head(&out->result->source));
    if (out->result->config)
        json_object_set_new(run, "errors", json_array());
    json_object_set_new(run, "capture", json_capture(out->result));
    write_line(out, run);
    fflush(out->file);
    row_buffer_free(state->rows);
    free(state);
    out->state = NULL;
}

const struct output_format output_jsonl = {
    .name = "jsonl",
    .help = "JSON, one object per line, written as it becomes known (also: ndjson)",
    .begin = jsonl_begin,
    .probe = jsonl_probe,
    .trace = jsonl_trace,
    .has_rounds = true,
    .round = jsonl_round,
    .event = jsonl_event,
    .error = jsonl_error,
    .judged = jsonl_judged,
    .end = jsonl_end,
};
