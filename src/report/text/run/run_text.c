/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/run/run_text.h"

#include <stdlib.h>
#include <string.h>

#include "probe/type.h"
#include "report/address_text.h"
#include "report/summary.h"
#include "report/text/graph/graph_text.h"
#include "report/text/notes/networks.h"
#include "report/text/notes/tickets.h"
#include "report/text/notes/verdicts.h"
#include "report/text/table/held_lines.h"
#include "report/text/table/hop_line.h"
#include "report/text/table/matrix.h"
#include "report/text/table/ttl_list.h"
#include "report/wrap.h"
#include "verdict/advice/advice.h"

#define TAIL_HOPS_MOST 2 /* up to so many silent hops at the end have a line each */

/* The content of a printed line, to find replies that came after it. */
struct printed_line {
    const struct trace *shown;   /* NULL: no line was printed or stands for it, or no probe had this TTL */
    uint16_t silent[SPECS_MOST]; /* per trace, a bit for each of the first 16 probes at this hop that was silent */
};

struct run_text {
    bool started;   /* the table has begun: `rows` is decided */
    bool rows;      /* -q asked for so many that these are rows as in mtr, not lines as in traceroute */
    bool separated; /* the blank line below the table is printed */
    uint8_t held_first;
    unsigned held_count; /* silent hops from held_first on that wait for a later reply */
    struct printed_line lines[256];
    struct held_lines hold;
    struct strbuf line;                /* scratch */
    const struct judgement *judgement; /* NULL: nothing was judged */
};

static void print_scratch(struct output *out, bool whole)
{
    struct run_text *state = out->state;
    strbuf_add(&state->line, "\n");
    held_lines_print(&state->hold, out, state->line.text, whole);
    strbuf_clear(&state->line);
}

static void print_line(struct output *out)
{
    print_scratch(out, false);
}

/* A line of the table. */
static void print_table_line(struct output *out)
{
    print_scratch(out, out->options.one_per_line);
}

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
    struct run_text *state = calloc(1, sizeof *state);
    if (!state)
        return false;
    strbuf_init(&state->line);
    out->state = state;
    if (out->options.quiet)
        return true;
    strbuf_addf(&state->line, "%s ", result->config->strategy->heading);
    add_target(&state->line, result);
    add_probes(&state->line, result);
    strbuf_addf(&state->line, ", %u hops max", result->config->max_ttl);
    print_line(out);
    return true;
}

static void remember_line(struct run_text *state, const struct result *result, uint8_t ttl)
{
    struct printed_line *line = &state->lines[ttl];
    line->shown = trace_set_hop_trace(&result->specs, ttl);
    for (unsigned i = 0; i < result->specs.count && i < SPECS_MOST; i++) {
        const struct trace *trace = result->specs.traces[i];
        const struct probe *probe = trace_first_at(trace, ttl);
        for (unsigned bit = 0; probe && bit < 16; bit++, probe = trace_next_at(trace, probe))
            if (!probe_answer(probe))
                line->silent[i] |= (uint16_t)(1U << bit);
    }
}

/* The MTU that the hop reported; 0: none. */
static uint16_t told_mtu(const struct result *result, uint8_t ttl)
{
    for (unsigned i = 0; result->mtu && i < result->mtu->step_count; i++)
        if (result->mtu->steps[i].after_ttl == ttl && !result->mtu->steps[i].is_hole)
            return result->mtu->steps[i].mtu;
    return 0;
}

/* The first spec is not named: it is in the heading. */
static struct hop_line hop_line_of(const struct output *out, uint8_t ttl, struct hop_cells *cells)
{
    const struct result *result = out->result;
    const struct trace *trace = trace_set_hop_trace(&result->specs, ttl);
    if (trace)
        hop_cells_of_run(&result->specs, trace, ttl, result->config->queries, cells);
    return (struct hop_line){
        .trace = trace,
        .cells = trace ? cells : NULL,
        .target_name = result_target_name(result),
        .ttl = ttl,
        .mtu = told_mtu(result, ttl),
        .names_spec = trace != result->specs.traces[0],
        .color = out->options.color,
        .marks = result->book != NULL,
    };
}

static void print_hop(struct output *out, uint8_t ttl)
{
    struct run_text *state = out->state;
    struct hop_cells cells;
    struct hop_line line = hop_line_of(out, ttl, &cells);
    if (state->rows) {
        hop_line_add_row(&state->line, &line);
        state->lines[ttl].shown = line.trace;
    } else {
        hop_line_add_hop(&state->line, &line);
        remember_line(state, out->result, ttl);
    }
    print_table_line(out);
}

static bool is_silent(const struct result *result, uint8_t ttl)
{
    const struct trace *trace = trace_set_hop_trace(&result->specs, ttl);
    struct addr from = trace ? trace_hop_address(trace, ttl) : (struct addr){0};
    return addr_is_none(&from);
}

static void print_held(struct output *out, unsigned count)
{
    struct run_text *state = out->state;
    for (; count > 0 && state->held_count > 0; count--, state->held_count--)
        print_hop(out, state->held_first++);
}

static void start_table(struct output *out)
{
    struct run_text *state = out->state;
    state->started = true;
    state->rows = out->result->config->queries > HOP_LINE_PROBES_MOST;
    if (state->rows) {
        hop_line_add_row_heading(&state->line);
        print_table_line(out);
    }
}

void run_text_hop(struct output *out, uint8_t ttl)
{
    struct run_text *state = out->state;
    if (!out->result->config->strategy->merges_hops || out->options.verdicts_only)
        return;
    if (!state->started)
        start_table(out);
    if (is_silent(out->result, ttl)) {
        if (state->held_count++ == 0)
            state->held_first = ttl;
        return;
    }
    print_held(out, state->held_count);
    print_hop(out, ttl);
}

/* The reason why the path ends in silence; nothing if the lines say enough. */
static void add_tail_reason(struct strbuf *line, const struct result *result, unsigned silent_hops, unsigned last)
{
    const struct session_config *config = result->config;
    if (result->source.interrupted)
        return;
    if (silent_hops >= config->gap)
        strbuf_addf(line, "gave up after %u silent hop%s in a row", config->gap, config->gap == 1 ? "" : "s");
    else if (last == config->max_ttl)
        strbuf_addf(line, "stopped at the maximum of %u hops", config->max_ttl);
}

/* Late replies may have answered held hops. Returns the number of held hops up to the last of these. */
static unsigned count_answered_held(const struct run_text *state, const struct result *result)
{
    unsigned count = 0;
    for (unsigned i = 0; i < state->held_count; i++)
        if (!is_silent(result, (uint8_t)(state->held_first + i)))
            count = i + 1;
    return count;
}

/* Prints the blank line below the table, once. */
static void separate(struct output *out)
{
    struct run_text *state = out->state;
    if (state->started && !state->separated)
        fputs("\n", out->file);
    state->separated = true;
}

/* `reason` may be empty. */
static void fold_tail(struct output *out, unsigned last, const struct strbuf *reason)
{
    struct run_text *state = out->state;
    for (unsigned ttl = state->held_first; state->held_count && ttl <= last; ttl++)
        state->lines[ttl].shown = trace_set_hop_trace(&out->result->specs, (uint8_t)ttl);
    if (state->held_count)
        strbuf_addf(&state->line, "%u-%u silent as well%s", state->held_first, last, reason->length ? "; " : "");
    strbuf_add(&state->line, reason->text);
    if (state->line.length)
        print_line(out);
}

/* A sentence in the table would disturb programs that read it. */
static void print_reason_below(struct output *out, const struct strbuf *reason)
{
    struct run_text *state = out->state;
    if (!reason->length)
        return;
    separate(out);
    strbuf_add(&state->line, reason->text);
    print_line(out);
}

/* The silent hops at the end of the path: a line each if they are few or each is to have one, else one line and a
 * sentence. */
static void print_tail(struct output *out)
{
    struct run_text *state = out->state;
    print_held(out, count_answered_held(state, out->result));
    unsigned silent_hops = state->held_count;
    if (!silent_hops)
        return;
    bool folds = silent_hops > TAIL_HOPS_MOST && !out->options.one_per_line;
    unsigned last = state->held_first + silent_hops - 1;
    print_held(out, folds ? 1 : silent_hops);
    struct strbuf reason;
    strbuf_init(&reason);
    add_tail_reason(&reason, out->result, silent_hops, last);
    if (out->options.one_per_line)
        print_reason_below(out, &reason);
    else
        fold_tail(out, last, &reason);
    strbuf_free(&reason);
}

__attribute__((format(printf, 2, 3))) static void print_below(struct output *out, const char *format, ...)
{
    struct run_text *state = out->state;
    separate(out);
    va_list args;
    va_start(args, format);
    strbuf_addfv(&state->line, format, args);
    va_end(args);
    print_line(out);
}

static void print_late_probe(struct output *out, const struct trace *trace, const struct probe *probe)
{
    char from[ADDR_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES];
    const struct reply *reply = probe_answer(probe);
    addr_format(&reply->from, from);
    probe_spec_format(&trace->flow.spec, spec);
    print_below(out, "late: hop %u (%s) answered %s attempt %u after %.0f ms", probe->ttl, from, spec, probe->attempt,
                nstime_ms(reply_rtt(probe, reply)));
}

/* Replies to probes that the hop's line shows as silent, and late replies to specs that it does not show. */
static void print_late(struct output *out, uint8_t ttl)
{
    const struct result *result = out->result;
    const struct run_text *state = out->state;
    const struct printed_line *line = &state->lines[ttl];
    for (unsigned i = 0; i < result->specs.count && i < SPECS_MOST; i++) {
        const struct trace *trace = result->specs.traces[i];
        const struct probe *probe = trace_first_at(trace, ttl);
        for (unsigned bit = 0; probe && bit < 16; bit++, probe = trace_next_at(trace, probe)) {
            const struct reply *reply = probe_answer(probe);
            bool was_silent = line->silent[i] >> bit & 1;
            if (was_silent && reply && (trace == line->shown || reply->late))
                print_late_probe(out, trace, probe);
        }
    }
}

static unsigned count_duplicates(const struct result *result)
{
    unsigned count = 0;
    for (unsigned i = 0; i < result->specs.count; i++) {
        const struct trace *trace = result->specs.traces[i];
        for (size_t k = 0; k < trace->probe_count; k++)
            for (unsigned j = 0; j < trace->probes[k].reply_count; j++)
                count += trace->probes[k].replies[j].duplicate;
    }
    return count;
}

/* Prints and frees whole lines, if any, below the table. */
static void print_lines(struct output *out, struct strbuf *lines)
{
    if (lines->length)
        separate(out);
    wrap_print(out, lines->text);
    strbuf_free(lines);
}

/* True: a file is cut. */
static bool print_cut_files(struct output *out)
{
    struct strbuf lines;
    strbuf_init(&lines);
    bool any = summary_add_cut_files(&lines, &out->result->source);
    print_lines(out, &lines);
    return any;
}

static void print_strays(struct output *out, const struct frame_counters *counters)
{
    for (unsigned i = 0; i < counters->stray_kinds; i++) {
        unsigned long long count = counters->strays[i].count;
        print_below(out, "stray: %llu frame%s: %s", count, plural(count), counters->strays[i].reason);
    }
    if (counters->malformed)
        print_below(out, "malformed: %llu frame%s", (unsigned long long)counters->malformed,
                    plural(counters->malformed));
}

/* --- what was sent again --- */

struct retries {
    unsigned probes, answered;
    bool at[256]; /* by TTL */
};

static void count_retries(const struct output *out, struct retries *retries)
{
    const struct run_text *state = out->state;
    for (unsigned ttl = 1; ttl < 256; ttl++) {
        struct hop_cells cells;
        const struct trace *shown = state->lines[ttl].shown;
        if (!shown)
            continue;
        hop_cells_of_trace(shown, (uint8_t)ttl, out->result->config->queries, &cells);
        if (!cells.retries)
            continue;
        retries->probes += cells.retries;
        retries->answered += cells.retries_answered;
        retries->at[ttl] = true;
    }
}

/* The lines show as many probes as -q asked for, and count no retry as lost. */
static void print_retries(struct output *out)
{
    struct retries retries = {0};
    struct strbuf at;
    strbuf_init(&at);
    count_retries(out, &retries);
    unsigned hops = ttl_list_add(&at, retries.at, ", ");
    char answered[16] = "none";
    if (retries.answered)
        snprintf(answered, sizeof answered, "%u", retries.answered);
    if (retries.probes)
        print_below(out, "sent again: %u probe%s at hop%s %s, %s answered", retries.probes, plural(retries.probes),
                    plural(hops), at.text, answered);
    strbuf_free(&at);
}

static void print_notes(struct output *out)
{
    const struct result *result = out->result;
    const struct frame_counters *counters = &result->counters.common;
    print_retries(out);
    for (unsigned ttl = 1; ttl < 256; ttl++)
        print_late(out, (uint8_t)ttl);
    unsigned duplicates = count_duplicates(result);
    if (duplicates)
        print_below(out, "duplicates: %u repl%s to probes that had already been answered", duplicates,
                    duplicates == 1 ? "y" : "ies");
    if (counters->dropped_by_kernel)
        print_below(out, "the kernel dropped %llu frame%s: hops that look silent may have answered",
                    (unsigned long long)counters->dropped_by_kernel, plural(counters->dropped_by_kernel));
    unsigned unseen = result->unseen_probes;
    if (unseen)
        print_below(out, "unseen: %u probe%s not in the capture, and %s used instead", unseen,
                    unseen == 1 ? " is" : "s are", unseen == 1 ? "its send time is" : "their send times are");
    if (!print_cut_files(out) && result->source.interrupted)
        print_below(out, "interrupted: the report covers only what was captured by then");
    if (out->options.verbose)
        print_strays(out, counters);
}

/* --- a diagnosis --- */

static void print_matrix(struct output *out)
{
    struct run_text *state = out->state;
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
    if (judgement->ports)
        verdicts_add_ports(&lines, judgement->ports, out);
    verdicts_add(&lines, judgement, out, out->options.verbose);
    if (!out->options.quiet)
        verdicts_add_findings(&lines, judgement, out->result->mtu != NULL);
    print_lines(out, &lines);
}

static void print_graphs(struct output *out)
{
    struct run_text *state = out->state;
    graph_text_add_all(&state->line, out, false);
    fputs(state->line.text, out->file);
    strbuf_clear(&state->line);
}

/* A paragraph of its own. */
static void print_networks(struct output *out)
{
    struct run_text *state = out->state;
    struct strbuf lines;
    strbuf_init(&lines);
    if (out->result->config->strategy->finds_graph)
        networks_add_graphs(&lines, out);
    else
        networks_add_run(&lines, out);
    bool any = lines.length > 0;
    print_lines(out, &lines);
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
    print_lines(out, &lines);
}

void run_text_judged(struct output *out, const struct judged_group *group)
{
    struct run_text *state = out->state;
    state->judgement = group->judgement;
}

void run_text_end(struct output *out)
{
    struct run_text *state = out->state;
    const struct strategy *strategy = out->result->config->strategy;
    held_lines_end(&state->hold, out);
    if (strategy->finds_graph)
        print_graphs(out);
    else if (strategy->side_by_side)
        print_matrix(out);
    else
        print_tail(out);
    print_networks(out);
    print_mtu(out);
    if (state->judgement)
        print_judgement(out, state->judgement);
    if (!out->options.quiet)
        print_notes(out);
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
    struct run_text *state = out->state;
    return held_lines_release(&state->hold, out, now, all);
}
