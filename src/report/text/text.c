/* SPDX-License-Identifier: BSD-2-Clause */
/* text: the report as people read it. A heading, a line a hop as soon as the hop is settled, and below the table the
 * verdicts, the findings, and notes on what the lines could not say. Of a diagnosis the table is a matrix, which stands
 * when all is known, and advice follows. Of all paths it is a tree, at the end too.
 *
 * A printed line is final. The report of captures that are not our own is in textreplay.c. Silent hops are held back
 * until a later hop answers, so that a silent end of the path is told in two lines and is no wall of stars. */
#include <stdlib.h>
#include <string.h>

#include "report/format.h"
#include "report/summary.h"
#include "report/text/graph_text.h"
#include "report/text/held_lines.h"
#include "report/text/hop_line.h"
#include "report/text/matrix.h"
#include "report/text/networks.h"
#include "report/text/replay.h"
#include "report/text/verdicts.h"
#include "verdict/advice/advice.h"

#define TAIL_HOPS_MOST 2 /* so many silent hops at the end still get a line each */

/* What a hop's line said, to tell later what has changed since. */
struct printed_line {
    const struct trace *shown;   /* NULL: no line was printed, or nobody had asked */
    uint16_t silent[SPECS_MOST]; /* per trace, a bit for each of the first 16 probes at this hop: silent so far */
};

struct text_state {
    bool started;   /* a hop came up: `rows` is decided */
    bool rows;      /* mtr's table instead of traceroute's lines */
    bool separated; /* the blank line below the table is printed */
    uint8_t held_first;
    unsigned held_count; /* silent hops from held_first on that wait for a later one */
    struct printed_line lines[256];
    struct held_lines hold;
    struct strbuf line; /* scratch */
};

static void print_line(struct output *out)
{
    struct text_state *state = out->state;
    strbuf_add(&state->line, "\n");
    held_lines_print(&state->hold, out, state->line.text);
    strbuf_clear(&state->line);
}

static void add_specs(struct strbuf *line, const struct session_config *config)
{
    for (unsigned i = 0; i < config->spec_count; i++) {
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&config->specs[i], spec);
        strbuf_addf(line, "%s%s", i ? ", " : "", spec);
    }
}

/* The matrix names the specs. */
static void add_what(struct strbuf *line, const struct session_config *config)
{
    if (config->purpose == PURPOSE_DIAGNOSE) {
        strbuf_addf(line, config->spec_count == 1 ? ", %u probe" : ", %u probes side by side", config->spec_count);
        return;
    }
    strbuf_add(line, config->automatic ? ", auto (" : ", ");
    add_specs(line, config);
    strbuf_add(line, config->automatic ? ")" : "");
}

static const char *const commands[] = {
    [PURPOSE_TRACE] = "hopsonde to ",
    [PURPOSE_DIAGNOSE] = "hopsonde diagnose to ",
    [PURPOSE_PATHS] = "hopsonde paths to ",
};

static bool text_begin(struct output *out, const struct session *session, const struct report_source *source)
{
    (void)source;
    struct text_state *state = calloc(1, sizeof *state);
    if (!state)
        return false;
    strbuf_init(&state->line);
    out->state = state;
    if (out->options.quiet)
        return true;
    const struct session_config *config = session_config(session);
    strbuf_add(&state->line, commands[config->purpose]);
    hop_line_add_address(&state->line, &config->target, &config->target, summary_target_name(config));
    add_what(&state->line, config);
    strbuf_addf(&state->line, ", %u hops max", config->max_ttl);
    print_line(out);
    return true;
}

static void remember_line(struct text_state *state, const struct session *session, uint8_t ttl)
{
    struct printed_line *line = &state->lines[ttl];
    line->shown = session_hop_trace(session, ttl);
    for (unsigned i = 0; i < session_trace_count(session) && i < SPECS_MOST; i++) {
        const struct trace *trace = session_trace(session, i);
        const struct probe *probe = trace_first_at(trace, ttl);
        for (unsigned bit = 0; probe && bit < 16; bit++, probe = trace_next_at(trace, probe))
            if (!probe_answer(probe))
                line->silent[i] |= (uint16_t)(1U << bit);
    }
}

/* The first spec of the chain goes without saying. */
static struct hop_line hop_line_of(const struct output *out, const struct session *session, uint8_t ttl)
{
    const struct trace *trace = session_hop_trace(session, ttl);
    return (struct hop_line){
        .trace = trace,
        .target_name = summary_target_name(session_config(session)),
        .ttl = ttl,
        .names_spec = trace != session_trace(session, 0),
        .color = out->options.color,
        .marks = out->book != NULL,
    };
}

static void print_hop(struct output *out, const struct session *session, uint8_t ttl)
{
    struct text_state *state = out->state;
    struct hop_line line = hop_line_of(out, session, ttl);
    if (state->rows) {
        hop_line_add_row(&state->line, &line);
    } else {
        hop_line_add_hop(&state->line, &line);
        remember_line(state, session, ttl);
    }
    print_line(out);
}

static bool is_silent(const struct session *session, uint8_t ttl)
{
    const struct trace *trace = session_hop_trace(session, ttl);
    struct addr from = trace ? trace_hop_address(trace, ttl) : (struct addr){0};
    return addr_is_none(&from);
}

static void print_held(struct output *out, const struct session *session, unsigned count)
{
    struct text_state *state = out->state;
    for (; count > 0 && state->held_count > 0; count--, state->held_count--)
        print_hop(out, session, state->held_first++);
}

static void start_table(struct output *out, const struct session *session, uint8_t ttl)
{
    struct text_state *state = out->state;
    const struct trace *trace = session_hop_trace(session, ttl);
    state->started = true;
    state->rows = session_config(session)->queries > HOP_LINE_PROBES_MOST ||
                  (trace && trace_asked(trace, ttl) > HOP_LINE_PROBES_MOST);
    if (state->rows) {
        hop_line_add_row_heading(&state->line);
        print_line(out);
    }
}

static void text_hop(struct output *out, const struct session *session, uint8_t ttl)
{
    struct text_state *state = out->state;
    if (session_config(session)->purpose != PURPOSE_TRACE)
        return;
    if (!state->started)
        start_table(out, session, ttl);
    if (is_silent(session, ttl)) {
        if (state->held_count++ == 0)
            state->held_first = ttl;
        return;
    }
    print_held(out, session, state->held_count);
    print_hop(out, session, ttl);
}

/* Why the path ends in silence; false where there is nothing to say beyond the lines themselves. */
static bool add_tail_reason(struct strbuf *line, const struct session *session, unsigned silent_hops, unsigned last)
{
    const struct session_config *config = session_config(session);
    if (session_was_interrupted(session))
        return false;
    if (silent_hops >= config->gap)
        strbuf_addf(line, "gave up after %u silent hop%s in a row", config->gap, config->gap == 1 ? "" : "s");
    else if (last == config->max_ttl)
        strbuf_addf(line, "%u hops are the most asked for", config->max_ttl);
    return line->length > 0;
}

/* Held hops may have been answered since, by late replies: all up to the last such get their lines. */
static unsigned count_answered_held(const struct text_state *state, const struct session *session)
{
    unsigned count = 0;
    for (unsigned i = 0; i < state->held_count; i++)
        if (!is_silent(session, (uint8_t)(state->held_first + i)))
            count = i + 1;
    return count;
}

/* The silent hops at the end of the path: a line each where they are few, else the first one's and a sentence. */
static void print_tail(struct output *out, const struct session *session)
{
    struct text_state *state = out->state;
    print_held(out, session, count_answered_held(state, session));
    unsigned silent_hops = state->held_count;
    if (!silent_hops)
        return;
    unsigned last = state->held_first + silent_hops - 1;
    print_held(out, session, silent_hops > TAIL_HOPS_MOST ? 1 : silent_hops);
    struct strbuf reason;
    strbuf_init(&reason);
    bool has_reason = add_tail_reason(&reason, session, silent_hops, last);
    if (state->held_count)
        strbuf_addf(&state->line, "%u-%u silent as well%s", state->held_first, last, has_reason ? "; " : "");
    strbuf_add(&state->line, reason.text);
    if (state->line.length)
        print_line(out);
    strbuf_free(&reason);
}

/* A blank line stands between the table and what is below it. */
static void separate(struct output *out)
{
    struct text_state *state = out->state;
    if (state->started && !state->separated)
        fputs("\n", out->file);
    state->separated = true;
}

__attribute__((format(printf, 2, 3))) static void print_below(struct output *out, const char *format, ...)
{
    struct text_state *state = out->state;
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

/* Answers to probes that the hop's line shows as silent, and late ones of the specs that it does not show. */
static void print_late(struct output *out, const struct session *session, uint8_t ttl)
{
    const struct text_state *state = out->state;
    const struct printed_line *line = &state->lines[ttl];
    for (unsigned i = 0; i < session_trace_count(session) && i < SPECS_MOST; i++) {
        const struct trace *trace = session_trace(session, i);
        const struct probe *probe = trace_first_at(trace, ttl);
        for (unsigned bit = 0; probe && bit < 16; bit++, probe = trace_next_at(trace, probe)) {
            const struct reply *reply = probe_answer(probe);
            bool was_silent = line->silent[i] >> bit & 1;
            if (was_silent && reply && (trace == line->shown || reply->late))
                print_late_probe(out, trace, probe);
        }
    }
}

static unsigned count_duplicates(const struct session *session)
{
    unsigned count = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (size_t k = 0; k < trace->probe_count; k++)
            for (unsigned j = 0; j < trace->probes[k].reply_count; j++)
                count += trace->probes[k].replies[j].duplicate;
    }
    return count;
}

static const char *plural(unsigned long long count)
{
    return count == 1 ? "" : "s";
}

/* Whole lines, if any, below the table; frees them. */
static void print_lines(struct output *out, struct strbuf *lines)
{
    if (lines->length)
        separate(out);
    fputs(lines->text, out->file);
    strbuf_free(lines);
}

/* Whether any was cut. */
static bool print_cut_files(struct output *out, const struct report_source *source)
{
    struct strbuf lines;
    strbuf_init(&lines);
    bool any = text_add_cut_files(&lines, source);
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

static void print_notes(struct output *out, const struct session *session, const struct report_source *source)
{
    const struct frame_counters *counters = session_counters(session);
    for (unsigned ttl = 1; ttl < 256; ttl++)
        print_late(out, session, (uint8_t)ttl);
    unsigned duplicates = count_duplicates(session);
    if (duplicates)
        print_below(out, "duplicates: %u repl%s to probes that had been answered", duplicates,
                    duplicates == 1 ? "y" : "ies");
    if (counters->dropped_by_kernel)
        print_below(out, "the kernel dropped %llu frame%s: what looks silent may have been answered",
                    (unsigned long long)counters->dropped_by_kernel, plural(counters->dropped_by_kernel));
    unsigned unseen = session_unseen_probes(session);
    if (unseen)
        print_below(out, "the send time stands in for %u probe%s whose own frame was not seen", unseen, plural(unseen));
    if (!print_cut_files(out, source) && session_was_interrupted(session))
        print_below(out, "interrupted: this is what was known by then");
    if (out->options.verbose)
        print_strays(out, counters);
}

/* --- a diagnosis --- */

static void print_matrix(struct output *out, const struct session *session)
{
    struct text_state *state = out->state;
    if (!session_last_ttl(session))
        return;
    matrix_add(&state->line, session, out->options.color);
    fputs(state->line.text, out->file);
    strbuf_clear(&state->line);
    state->started = true;
}

/* Which probe to use, and a paragraph for those who look after what is in the way. */
static void print_advice(struct output *out, const struct session *session, const struct judgement *judgement)
{
    struct strbuf furthest, tickets;
    strbuf_init(&furthest);
    strbuf_init(&tickets);
    advice_furthest(session, judgement, &furthest);
    advice_tickets(session, judgement, &tickets);
    if (furthest.length)
        fprintf(out->file, "\n%s\n", furthest.text);
    if (tickets.length)
        fprintf(out->file, "\n%s", tickets.text);
    strbuf_free(&furthest);
    strbuf_free(&tickets);
}

static void print_judgement(struct output *out, const struct session *session, const struct judgement *judgement,
                            const struct report_source *source)
{
    struct strbuf lines;
    strbuf_init(&lines);
    text_verdicts_add_verdicts(&lines, judgement, source,
                               out->options.verbose && session_config(session)->purpose == PURPOSE_DIAGNOSE);
    if (!out->options.quiet)
        text_verdicts_add_findings(&lines, judgement);
    print_lines(out, &lines);
}

static void print_graphs(struct output *out, const struct session *session)
{
    struct text_state *state = out->state;
    graph_text_add_all(&state->line, out, summary_target_name(session_config(session)), false);
    fputs(state->line.text, out->file);
    strbuf_clear(&state->line);
}

/* A paragraph of its own. */
static void print_networks(struct output *out, const struct session *session)
{
    struct text_state *state = out->state;
    struct strbuf lines;
    strbuf_init(&lines);
    if (session_config(session)->purpose == PURPOSE_PATHS)
        networks_add_graphs(&lines, out);
    else
        networks_add_session(&lines, session, out);
    bool any = lines.length > 0;
    print_lines(out, &lines);
    state->separated = state->separated && !any;
}

static void text_end(struct output *out, const struct session *session, const struct judgement *judgement,
                     const struct report_source *source)
{
    struct text_state *state = out->state;
    enum session_purpose purpose = session_config(session)->purpose;
    bool diagnose = purpose == PURPOSE_DIAGNOSE;
    out->is_settled = NULL; /* what is not known by now will not be */
    held_lines_release(&state->hold, out, 0, true);
    if (purpose == PURPOSE_PATHS)
        print_graphs(out, session);
    else if (diagnose)
        print_matrix(out, session);
    else
        print_tail(out, session);
    print_networks(out, session);
    print_judgement(out, session, judgement, source);
    if (!out->options.quiet)
        print_notes(out, session, source);
    if (!out->options.quiet && diagnose)
        print_advice(out, session, judgement);
    held_lines_free(&state->hold);
    strbuf_free(&state->line);
    free(state);
    out->state = NULL;
}

static bool text_release(struct output *out, nstime now, bool all)
{
    struct text_state *state = out->state;
    return state && held_lines_release(&state->hold, out, now, all);
}

const struct output_format output_text = {
    .name = "text",
    .help = "the table that traceroute's users know, and what it means",
    .begin = text_begin,
    .hop = text_hop,
    .release = text_release,
    .end = text_end,
    .keeps = true,
    .replay_begin = text_replay_begin,
    .replay_judged = text_replay_judged,
    .replay_end = text_replay_end,
};
