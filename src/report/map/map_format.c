/* SPDX-License-Identifier: BSD-2-Clause */
/* map_format: the format map: the hops of one path on a map (map.h). A file contains one map:
 * - of several runs, the first;
 * - of the traces in a capture, the one that got furthest among those with the first one's source and target;
 * - of all paths, the one that most flows took. */
#include <stdlib.h>

#include "report/address_facts.h"
#include "report/format.h"
#include "report/hops.h"
#include "report/map/map.h"

/* Gives each hop whose place is guessed its own copy of the facts, in `guesses`, which has an entry for each hop. */
static void guess_places(struct hops *hops, struct address_facts *guesses)
{
    for (size_t i = 0; i < hops->count; i++) {
        struct path_hop *hop = &hops->list[i];
        struct address_place place;
        if (!address_facts_place(hop->facts, &place, &hop->is_guess) || !hop->is_guess)
            continue;
        guesses[i] = *hop->facts;
        guesses[i].place = place;
        hop->facts = &guesses[i];
    }
}

/* Frees the hops. */
static void draw(struct output *out, struct hops *hops, const struct strbuf *title)
{
    struct address_facts *guesses = calloc(hops->count + 1, sizeof *guesses);
    bool good = guesses && !hops->failed && !title->failed;
    if (good) {
        guess_places(hops, guesses);
        const struct map_view view = {.title = title->text, .hops = hops->list, .count = hops->count};
        good = map_draw(&view, out->file);
    }
    if (!good)
        fputs("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>out of memory: no map</title></svg>\n", out->file);
    fflush(out->file);
    out->headed = true;
    free(guesses);
    hops_free(hops);
}

/* --- the title --- */

/* "path from 10.0.0.2 to web.example (192.0.2.80)"; the name is foreign text. */
static void add_ends(struct strbuf *title, const struct addr *source, const struct addr *target, const char *name)
{
    char from[ADDR_TEXT_BYTES], to[ADDR_TEXT_BYTES];
    addr_format(source, from);
    addr_format(target, to);
    if (name)
        strbuf_addf(title, "path from %s to %s (%s)", from, name, to);
    else
        strbuf_addf(title, "path from %s to %s", from, to);
}

static void add_spec(struct strbuf *title, const struct trace *trace)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&trace->flow.spec, spec);
    strbuf_addf(title, ", %s", spec);
}

/* `options`: the options that choose another one. */
static void add_choice(struct strbuf *title, size_t count, const char *of_what, const char *options)
{
    if (count > 1)
        strbuf_addf(title, "; 1 of %zu %s (choose by %s)", count, of_what, options);
}

static void draw_graph(struct output *out)
{
    const struct result *result = out->result;
    const struct graph *graph = &result->graphs[0];
    struct hops hops = {0};
    struct strbuf title;
    strbuf_init(&title);
    strbuf_add(&title, "most used ");
    add_ends(&title, &graph->trace->flow.source, &graph->trace->flow.target, result_target_name(result));
    add_spec(&title, graph->trace);
    add_choice(&title, result->graph_count, "graphs", "--target, --source, -P");
    hops_add_graph(&hops, graph, result->book);
    draw(out, &hops, &title);
    strbuf_free(&title);
}

/* --- a run of our own --- */

static void draw_run(struct output *out)
{
    const struct result *result = out->result;
    const struct session_config *config = result->config;
    const struct trace *furthest = hops_furthest(&result->specs);
    struct hops hops = {0};
    struct strbuf title;
    strbuf_init(&title);
    add_ends(&title, &config->source, &config->target, result_target_name(result));
    if (result->config->strategy->side_by_side && furthest) {
        add_spec(&title, furthest);
        add_choice(&title, config->spec_count, "probes", "-P");
        hops_add_trace(&hops, furthest, result->book);
    } else {
        hops_add_run(&hops, &result->specs, result->book);
    }
    draw(out, &hops, &title);
    strbuf_free(&title);
}

/* --- captures of any other origin --- */

static bool has_ends_of(const struct trace *trace, const struct trace *other)
{
    return addr_equal(&trace->flow.source, &other->flow.source) && addr_equal(&trace->flow.target, &other->flow.target);
}

/* The trace that got furthest among those with the first one's source and target; NULL: there is none. */
static const struct trace *choose(const struct result *result)
{
    const struct trace *best = NULL;
    for (size_t i = 0; i < result->trace_count; i++)
        if (has_ends_of(result->traces[i], result->traces[0]))
            best = hops_further(best, result->traces[i]);
    return best;
}

static void draw_trace(struct output *out)
{
    const struct result *result = out->result;
    const struct trace *trace = choose(result);
    struct hops hops = {0};
    struct strbuf title;
    strbuf_init(&title);
    if (trace) {
        add_ends(&title, &trace->flow.source, &trace->flow.target, NULL);
        add_spec(&title, trace);
        add_choice(&title, result->trace_count, "traces", "--target, --source, -P");
        hops_add_trace(&hops, trace, result->book);
    } else {
        strbuf_add(&title, "no trace found");
    }
    draw(out, &hops, &title);
    strbuf_free(&title);
}

static void map_end(struct output *out)
{
    if (out->headed)
        return;
    if (out->result->graph_count)
        draw_graph(out);
    else if (out->result->config)
        draw_run(out);
    else
        draw_trace(out);
}

const struct output_format output_map = {
    .name = "map",
    .help = "the path on a map of the world",
    .keeps = true,
    .end = map_end,
};
