/* SPDX-License-Identifier: BSD-2-Clause */
/* json: one document a report, written at its end. Objects are built one hop at a time, which bounds the memory, and
 * each hop has a line of its own; the text between objects is written by hand. Keys: json_value.h. */
#include <stdlib.h>

#include "report/json/json_graph.h"
#include "report/json/json_probe.h"
#include "report/json/json_transit.h"
#include "report/json/json_value.h"
#include "report/summary.h"
#include "verdict/port_verdicts.h"

/* The text of an array's elements, kept until the end: verdicts come before findings, but each judged group brings
 * both. */
struct part {
    FILE *file;
    char *text;
    size_t length;
};

struct json_state {
    struct row_buffer *rows;
    struct json_facts cache;
    struct part verdicts, findings, tickets;
    json_t *advice;  /* owned; NULL: none */
    json_t *through; /* owned; NULL: the run tests no gateway */
};

static bool part_open(struct part *part)
{
    return (part->file = open_memstream(&part->text, &part->length)) != NULL;
}

static void part_free(struct part *part)
{
    if (part->file)
        fclose(part->file);
    free(part->text);
}

static void state_free(struct json_state *state)
{
    row_buffer_free(state->rows);
    json_facts_free(&state->cache);
    part_free(&state->verdicts);
    part_free(&state->findings);
    part_free(&state->tickets);
    json_decref(state->advice);
    json_decref(state->through);
    free(state);
}

static bool json_begin(struct output *out)
{
    json_prepare();
    struct json_state *state = calloc(1, sizeof *state);
    if (!state)
        return false;
    state->rows = row_buffer_new(out->file);
    state->cache.out = out;
    if (!state->rows || !part_open(&state->verdicts) || !part_open(&state->findings) || !part_open(&state->tickets)) {
        state_free(state);
        return false;
    }
    out->state = state;
    return true;
}

static void write_trace(struct json_state *state, const struct result *result, const struct trace *trace)
{
    FILE *file = state->rows->file;
    const char *between = "";
    fputs("\n  {", file);
    json_write_members(file, json_trace_head(trace, result->mtu, result_target_name(result)));
    fputs(",\n   \"hops\": [", file);
    for (unsigned ttl = trace_asked(trace, 0) ? 0 : 1, last = trace_last_ttl(trace); ttl <= last; ttl++) {
        if (!*between && !trace_asked(trace, ttl))
            continue;
        fprintf(file, "%s\n    ", between);
        json_probe_put_hop(state->rows, &state->cache, trace, (uint8_t)ttl);
        row_buffer_flush(state->rows);
        between = ",";
    }
    fputs("]}", file);
}

static void write_traces(struct json_state *state, const struct result *result)
{
    FILE *file = state->rows->file;
    fputs(",\n \"traces\": [", file);
    const struct result *of;
    const struct trace *trace;
    for (unsigned i = 0; (trace = result_trace(result, i, &of)); i++) {
        fputs(i ? "," : "", file);
        write_trace(state, of, trace);
    }
    fputs("]", file);
}

/* Appends to the array. */
static void part_add(struct part *part, json_t *object)
{
    fputs(ftell(part->file) ? ",\n  " : "\n  ", part->file);
    json_write(part->file, object);
}

static void add_ticket(void *context, const struct ticket *ticket)
{
    part_add(context, json_ticket(ticket));
}

static void add_advice(struct output *out, const struct judgement *judgement)
{
    struct json_state *state = out->state;
    const struct result *result = out->result;
    advice_tickets(judgement, result_names_spec, result, add_ticket, &state->tickets);
    if (!result_wants_advice(result, judgement))
        return;
    struct advice advice;
    advice_init(&advice, result_target_name(result), judgement);
    json_decref(state->advice);
    state->advice = json_advice(&advice);
    advice_free(&advice);
}

static void add_port_verdicts(struct json_state *state, const struct portmap *ports)
{
    struct verdict verdict;
    for (uint32_t i = 0; ports && i < ports->count; i++)
        if (ports_judge(ports, &ports->entries[i], &verdict))
            part_add(&state->verdicts, json_verdict(&verdict));
}

static void json_judged(struct output *out, const struct judged_group *group)
{
    struct json_state *state = out->state;
    const struct judgement *judgement = group->judgement;
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        part_add(&state->verdicts, json_verdict(&judgement->verdicts[i]));
    add_port_verdicts(state, judgement->ports);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        part_add(&state->findings, json_finding(&judgement->findings[i], judgement));
    add_advice(out, judgement);
    if (out->result->config && session_config_is_through(out->result->config) && !state->through)
        state->through = json_through(&out->result->specs.gateway, judgement);
}

static void write_part(FILE *file, const char *key, struct part *part)
{
    fprintf(file, ",\n \"%s\": [", key);
    fflush(part->file);
    fwrite(part->text, 1, part->length, file);
    fputs("]", file);
}

static void write_expectations(FILE *file, const struct result *result)
{
    if (!result->expectations)
        return;
    fputs(",\n \"expectations\": [", file);
    for (unsigned i = 0; i < result->expectation_count; i++) {
        fputs(i ? ",\n  " : "\n  ", file);
        json_write(file, json_expectation(&result->expectations[i]));
    }
    fputs("]", file);
}

static void write_judgements(FILE *file, struct json_state *state, const struct result *result)
{
    write_part(file, "verdicts", &state->verdicts);
    write_part(file, "findings", &state->findings);
    write_part(file, "tickets", &state->tickets);
    if (json_is_object(state->advice)) {
        fputs(",\n \"advice\": ", file);
        json_write(file, json_incref(state->advice));
    } else {
        fputs(",\n \"advice\": null", file);
    }
    if (state->through) {
        fputs(",\n \"through\": ", file);
        json_write(file, json_incref(state->through));
    }
    write_expectations(file, result);
}

/* One line a graph. Without a search for all paths there is no array. */
static void write_graphs(const struct output *out)
{
    FILE *file = out->file;
    const struct result *result = out->result;
    if (!result->graphs)
        return;
    fputs(",\n \"graphs\": [", file);
    for (unsigned i = 0; i < result->graph_count; i++) {
        fputs(i ? ",\n  " : "\n  ", file);
        json_t *graph = json_graph(&result->graphs[i], out);
        json_write(file, graph ? graph : json_null());
    }
    fputs("]", file);
}

static void write_errors(FILE *file, const struct result *result)
{
    fputs(",\n \"errors\": [", file);
    for (size_t i = 0; i < result->error_count; i++) {
        fputs(i ? ",\n  " : "\n  ", file);
        json_write(file, json_error(&result->errors[i]));
    }
    fputs("]", file);
}

static void add_transit_findings(struct json_state *state, const struct result *result)
{
    for (unsigned k = 0; k < result->section_count; k++) {
        struct transit_findings findings;
        (void)transit_findings_make(result, &result->sections[k], &findings);
        for (size_t i = 0; i < findings.count; i++)
            part_add(&state->findings, json_transit_finding(result, &result->sections[k], &findings.list[i]));
        transit_findings_free(&findings);
    }
}

static void write_transit(FILE *file, const struct result *result)
{
    if (!result->section_count)
        return;
    fputs(",\n \"transit\": ", file);
    json_transit_write(file, result);
}

static void json_end(struct output *out)
{
    FILE *file = out->file;
    struct json_state *state = out->state;
    fputs("{", file);
    json_write_members(file, json_run_head(&out->result->source));
    write_traces(state, out->result);
    add_transit_findings(state, out->result);
    write_judgements(file, state, out->result);
    write_transit(file, out->result);
    write_graphs(out);
    write_errors(file, out->result);
    fputs(",\n \"capture\": ", file);
    json_write(file, json_capture(out->result));
    fputs("}\n", file);
    fflush(file);
    state_free(state);
    out->state = NULL;
}

const struct output_format output_json = {
    .name = "json",
    .help = "one JSON document",
    .shows_transit = true,
    .keeps = true,
    .begin = json_begin,
    .judged = json_judged,
    .end = json_end,
};
