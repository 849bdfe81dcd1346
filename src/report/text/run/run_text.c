/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/run/run_text.h"

#include <stdlib.h>

#include "probe/type.h"
#include "report/address_text.h"
#include "report/text/graph/graph_text.h"
#include "report/text/notes/networks.h"
#include "report/text/notes/tickets.h"
#include "report/text/notes/verdicts.h"
#include "report/text/run/run_notes.h"
#include "report/text/run/run_page.h"
#include "report/text/run/run_table.h"
#include "report/text/table/matrix.h"
#include "report/wrap.h"
#include "verdict/advice/advice.h"

static void add_specs(struct strbuf *line, const struct session_config *config)
{
    for (unsigned i = 0; i < config->spec_count; i++) {
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&config->specs[i], spec);
        strbuf_addf(line, "%s%s", i ? ", " : "", spec);
    }
}

static void add_port_lists(struct strbuf *line, const struct session_config *config)
{
    for (unsigned i = 0; i < config->port_list_count; i++) {
        const struct port_list *list = &config->port_lists[i];
        strbuf_addf(line, ", %u %s ports", list->count, list->spec.type->name);
    }
}

/* The matrix of a diagnosis names the specs. */
static void add_probes(struct strbuf *line, const struct result *result)
{
    const struct session_config *config = result->config;
    if (result->config->strategy->side_by_side) {
        strbuf_addf(line, config->spec_count == 1 ? ", %u probe" : ", %u probes side by side", config->spec_count);
        add_port_lists(line, config);
        return;
    }
    strbuf_add(line, config->automatic ? ", auto (" : ", ");
    add_specs(line, config);
    strbuf_add(line, config->automatic ? ")" : "");
}

static void add_gateway(struct strbuf *line, const struct session_config *config)
{
    char address[ADDR_TEXT_BYTES];
    addr_format(&config->through, address);
    if (config->through_ttl)
        strbuf_addf(line, ", through hop %u", config->through_ttl);
    else if (*address)
        strbuf_addf(line, ", through %s", address);
}

/* Above lines as those of traceroute, the address stands in brackets, and before it again if the target has no name:
 * programs that read traceroute look for it there. */
static void add_target(struct strbuf *line, const struct result *result)
{
    const struct addr *target = &result->config->target;
    const char *name = result_target_name(result);
    address_text_add_target(line, target, target, name);
    if (name || !result->config->strategy->merges_hops)
        return;
    strbuf_add(line, " (");
    address_text_add_target(line, target, target, NULL);
    strbuf_add(line, ")");
}

bool run_text_begin(struct output *out)
{
    const struct result *result = out->result;
    struct run_page *state = calloc(1, sizeof *state);
    if (!state)
        return false;
    strbuf_init(&state->line);
    out->state = state;
    if (out->options.quiet)
        return true;
    strbuf_addf(&state->line, "%s ", result->config->strategy->heading);
    add_target(&state->line, result);
    add_probes(&state->line, result);
    add_gateway(&state->line, result->config);
    strbuf_addf(&state->line, ", %u hops max", result->config->max_ttl);
    run_page_print_line(out);
    return true;
}

void run_text_hop(struct output *out, uint8_t ttl)
{
    run_table_hop(out, ttl);
}

/* --- the end --- */

static void print_matrix(struct output *out)
{
    struct run_page *state = out->state;
    if (!trace_set_last_ttl(&out->result->specs) || out->options.verdicts_only)
        return;
    matrix_add(&state->line, out, state->judgement);
    fputs(state->line.text, out->file);
    strbuf_clear(&state->line);
    state->started = true;
}

static void print_furthest(struct output *out, const struct judgement *judgement)
{
    struct advice advice;
    struct strbuf line;
    strbuf_init(&line);
    advice_init(&advice, result_target_name(out->result), judgement);
    if (advice.text.length) {
        const struct strbuf *command = advice.compare.length ? &advice.compare : &advice.command;
        strbuf_addf(&line, "%s%s%s\n", advice.text.text, command->length ? ": " : "", command->text);
        fputs("\n", out->file);
        wrap_print(out, line.text);
    }
    advice_free(&advice);
    strbuf_free(&line);
}

static void print_judgement(struct output *out, const struct judgement *judgement)
{
    struct strbuf lines;
    strbuf_init(&lines);
    if (judgement->gateway[0])
        strbuf_addf(&lines, "%s\n", judgement->gateway);
    if (judgement->ports)
        verdicts_add_ports(&lines, judgement->ports, out);
    verdicts_add(&lines, judgement, out, out->options.verbose);
    if (judgement->ports && !out->options.quiet)
        verdicts_add_port_notes(&lines, judgement->ports);
    if (!out->options.quiet)
        verdicts_add_findings(&lines, judgement, out->result->mtu != NULL);
    run_page_print_lines(out, &lines);
}

static void print_graphs(struct output *out)
{
    struct run_page *state = out->state;
    graph_text_add_all(&state->line, out, false);
    fputs(state->line.text, out->file);
    strbuf_clear(&state->line);
    state->started = true;
}

/* A paragraph of its own. */
static void print_networks(struct output *out)
{
    struct run_page *state = out->state;
    struct strbuf lines;
    strbuf_init(&lines);
    if (out->result->config->strategy->finds_graph)
        networks_add_graphs(&lines, out);
    else
        networks_add_run(&lines, out);
    bool any = lines.length > 0;
    run_page_print_lines(out, &lines);
    state->separated = state->separated && !any;
}

static void print_mtu(struct output *out)
{
    const struct path_mtu *mtu = out->result->mtu;
    char text[SENTENCE_BYTES];
    struct strbuf lines;
    if (!mtu)
        return;
    strbuf_init(&lines);
    verdict_describe_mtu(mtu, text);
    strbuf_addf(&lines, "%s\n", text);
    for (unsigned i = 0; i < mtu->lie_count; i++) {
        verdict_describe_mtu_lie(&mtu->lies[i], text);
        strbuf_addf(&lines, "%s\n", text);
    }
    run_page_print_lines(out, &lines);
}

void run_text_judged(struct output *out, const struct judged_group *group)
{
    struct run_page *state = out->state;
    state->judgement = group->judgement;
}

void run_text_end(struct output *out)
{
    struct run_page *state = out->state;
    const struct strategy *strategy = out->result->config->strategy;
    held_lines_end(&state->hold, out);
    if (strategy->finds_graph)
        print_graphs(out);
    else if (strategy->side_by_side)
        print_matrix(out);
    else
        run_table_end(out);
    print_networks(out);
    print_mtu(out);
    if (state->judgement)
        print_judgement(out, state->judgement);
    if (!out->options.quiet)
        run_notes_print(out);
    if (!out->options.quiet && state->judgement && result_wants_advice(out->result, state->judgement))
        print_furthest(out, state->judgement);
    if (!out->options.quiet && state->judgement)
        tickets_print(out, state->judgement);
    held_lines_free(&state->hold);
    strbuf_free(&state->line);
    free(state);
    out->state = NULL;
}

bool run_text_release(struct output *out, nstime now, bool all)
{
    struct run_page *state = out->state;
    return held_lines_release(&state->hold, out, now, all);
}
