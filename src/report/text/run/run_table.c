/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/run/run_table.h"

#include "report/text/run/run_page.h"
#include "report/text/table/hop_line.h"

#define TAIL_HOPS_MOST 2 /* up to so many silent hops at the end have a line each */

static void remember_line(struct run_page *state, const struct result *result, uint8_t ttl)
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
    struct run_page *state = out->state;
    struct hop_cells cells;
    struct hop_line line = hop_line_of(out, ttl, &cells);
    if (state->rows) {
        hop_line_add_row(&state->line, &line);
        state->lines[ttl].shown = line.trace;
    } else {
        hop_line_add_hop(&state->line, &line);
        remember_line(state, out->result, ttl);
    }
    run_page_print_table_line(out);
}

static bool is_silent(const struct result *result, uint8_t ttl)
{
    const struct trace *trace = trace_set_hop_trace(&result->specs, ttl);
    struct addr from = trace ? trace_hop_address(trace, ttl) : (struct addr){0};
    return addr_is_none(&from);
}

static void print_held(struct output *out, unsigned count)
{
    struct run_page *state = out->state;
    for (; count > 0 && state->held_count > 0; count--, state->held_count--)
        print_hop(out, state->held_first++);
}

static void start_table(struct output *out)
{
    struct run_page *state = out->state;
    state->started = true;
    state->rows = out->result->config->queries > HOP_LINE_PROBES_MOST;
    if (state->rows) {
        hop_line_add_row_heading(&state->line);
        run_page_print_table_line(out);
    }
}

void run_table_hop(struct output *out, uint8_t ttl)
{
    struct run_page *state = out->state;
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
static unsigned count_answered_held(const struct run_page *state, const struct result *result)
{
    unsigned count = 0;
    for (unsigned i = 0; i < state->held_count; i++)
        if (!is_silent(result, (uint8_t)(state->held_first + i)))
            count = i + 1;
    return count;
}

/* `reason` may be empty. */
static void fold_tail(struct output *out, unsigned last, const struct strbuf *reason)
{
    struct run_page *state = out->state;
    for (unsigned ttl = state->held_first; state->held_count && ttl <= last; ttl++)
        state->lines[ttl].shown = trace_set_hop_trace(&out->result->specs, (uint8_t)ttl);
    if (state->held_count)
        strbuf_addf(&state->line, "%u-%u silent as well%s", state->held_first, last, reason->length ? "; " : "");
    strbuf_add(&state->line, reason->text);
    if (state->line.length)
        run_page_print_line(out);
}

/* A sentence in the table would disturb programs that read it. */
static void print_reason_below(struct output *out, const struct strbuf *reason)
{
    struct run_page *state = out->state;
    if (!reason->length)
        return;
    run_page_separate(out);
    strbuf_add(&state->line, reason->text);
    run_page_print_line(out);
}

void run_table_end(struct output *out)
{
    struct run_page *state = out->state;
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
