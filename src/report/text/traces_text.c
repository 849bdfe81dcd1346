/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/traces_text.h"

#include <string.h>

#include "report/address_text.h"
#include "report/summary.h"
#include "report/text/graph/graph_text.h"
#include "report/text/notes/errors.h"
#include "report/text/notes/networks.h"
#include "report/text/notes/tickets.h"
#include "report/text/notes/trace_end_text.h"
#include "report/text/notes/trace_notes.h"
#include "report/text/notes/verdicts.h"
#include "report/text/table/hop_line.h"
#include "report/text/table/trace_heading.h"
#include "report/wrap.h"

#define TAIL_HOPS_MOST 2 /* up to so many silent hops at the end have a line each */
#define FILES_NAMED_MOST 4
#define ERROR_LINES_MOST 20
#define STRAY_KINDS_SHORT 5 /* more kinds are listed only with -v */

static void add_clock(struct strbuf *text, const char *of, const char *name, const struct clock_estimate *clock)
{
    if (!clock)
        return;
    strbuf_addf(text, "clock of %s", of);
    summary_add_file_name(text, name);
    strbuf_add(text, " ");
    clock_add_text(text, clock);
    strbuf_add(text, ": corrected\n");
}

/* A line for each clock whose stamps were corrected. */
static void add_clocks(struct strbuf *text, const struct result_source *source)
{
    for (unsigned i = 0; i < source->file_count; i++) {
        add_clock(text, "", source->files[i].name, source->files[i].clock);
        add_clock(text, "the second machine in ", source->files[i].name, source->files[i].second_clock);
    }
}

void traces_text_begin(struct output *out)
{
    const struct result_source *source = &out->result->source;
    struct strbuf text;
    if (out->options.quiet)
        return;
    strbuf_init(&text);
    strbuf_add(&text, strcmp(source->command, "paths") == 0 ? "hopsonde paths in " : "hopsonde replay of ");
    for (unsigned i = 0; i < source->file_count && i < FILES_NAMED_MOST; i++) {
        strbuf_add(&text, i ? ", " : "");
        summary_add_file_name(&text, source->files[i].name);
    }
    if (source->file_count > FILES_NAMED_MOST)
        strbuf_addf(&text, " and %u more", source->file_count - FILES_NAMED_MOST);
    strbuf_add(&text, "\n");
    add_clocks(&text, source);
    wrap_print(out, text.text);
    strbuf_free(&text);
}

/* --- the table of a trace --- */

static bool is_rows(const struct trace *trace)
{
    for (unsigned ttl = trace_shown_ttl(trace); ttl; ttl--)
        if (trace_asked(trace, ttl) > HOP_LINE_PROBES_MOST)
            return true;
    return false;
}

static void add_hop(struct strbuf *text, const struct output *out, const struct trace *trace, uint8_t ttl, bool rows)
{
    struct strbuf marked;
    const struct hop_line line = {.trace = trace_asked(trace, ttl) ? trace : NULL,
                                  .ttl = ttl,
                                  .color = out->options.color,
                                  .marks = out->result->book != NULL};
    strbuf_init(&marked);
    if (rows)
        hop_line_add_row(&marked, &line);
    else
        hop_line_add_hop(&marked, &line);
    address_text_expand(text, marked.text, HOP_LINE_ROW_INDENT, HOP_LINE_ROW_COLUMNS, out);
    strbuf_add(text, "\n");
    strbuf_free(&marked);
}

static void add_table(struct strbuf *text, const struct output *out, const struct trace *trace)
{
    bool rows = is_rows(trace);
    unsigned ttl = 0, last = trace_shown_ttl(trace), answered = trace_end_text_last_answered(trace);
    unsigned whole = last > answered + TAIL_HOPS_MOST ? answered + 1 : last; /* the last TTL with a line of its own */
    while (ttl < last && !trace_asked(trace, ttl))
        ttl++;
    if (whole < ttl)
        whole = ttl;
    if (out->options.one_per_line)
        whole = last;
    if (rows) {
        hop_line_add_row_heading(text);
        strbuf_add(text, "\n");
    }
    for (; ttl <= whole && ttl <= last; ttl++)
        add_hop(text, out, trace, (uint8_t)ttl, rows);
    if (whole < last)
        strbuf_addf(text, "%u-%u silent as well\n", whole + 1, last);
}

/* --- a trace --- */

/* True: the trace was not probed to its end. The verdict does not say so. */
static bool ends_early(const struct trace *trace)
{
    return trace->end == END_INTERRUPTED || trace->end == END_RUNNING;
}

/* `alone`: the judgement is about this trace only, and its verdict says how it ended. */
static void add_trace(struct strbuf *text, const struct output *out, const struct trace *trace,
                      const struct judgement *judgement, bool alone)
{
    trace_heading_add(text, out, trace);
    add_table(text, out, trace);
    if (!alone || !judgement->verdict_count || ends_early(trace)) {
        trace_end_text_add(text, trace);
        strbuf_add(text, "\n");
    }
    if (out->options.quiet)
        return;
    trace_notes_add(text, out, trace, judgement);
    networks_add_trace(text, trace, out);
}

/* --- the end of the report --- */

static uint64_t count_strays(const struct frame_counters *counters)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < counters->stray_kinds; i++)
        count += counters->strays[i].count;
    return count;
}

static void add_strays(struct strbuf *text, const struct frame_counters *counters, unsigned verbose)
{
    if (!verbose && counters->stray_kinds > STRAY_KINDS_SHORT)
        return;
    for (unsigned i = 0; i < counters->stray_kinds; i++) {
        unsigned long long count = counters->strays[i].count;
        strbuf_addf(text, "other: %llu frame%s: %s\n", count, plural(count), counters->strays[i].reason);
    }
}

static void add_summary(struct strbuf *text, const struct recognition_counters *counters, unsigned verbose)
{
    unsigned long long frames = counters->common.frames, probes = counters->probes, replies = counters->replies;
    strbuf_addf(text, "%llu frame%s read: %llu probe%s, %llu repl%s, %llu error%s about other traffic, %llu other%s",
                frames, plural(frames), probes, plural(probes), replies, replies == 1 ? "y" : "ies",
                (unsigned long long)counters->errors, plural(counters->errors),
                (unsigned long long)count_strays(&counters->common), plural(count_strays(&counters->common)));
    if (counters->common.malformed)
        strbuf_addf(text, ", %llu malformed", (unsigned long long)counters->common.malformed);
    strbuf_add(text, "\n");
    if (counters->cut_errors)
        strbuf_addf(text,
                    "%llu error%s cut before the packet %s: hops that look silent may have answered (record with a "
                    "larger snaplen)\n",
                    (unsigned long long)counters->cut_errors, counters->cut_errors == 1 ? " is" : "s are",
                    counters->cut_errors == 1 ? "it quotes" : "they quote");
    add_strays(text, &counters->common, verbose);
    if (counters->given_up)
        strbuf_addf(text, "%llu packet%s classified early for lack of memory: something may be missing\n",
                    (unsigned long long)counters->given_up, counters->given_up == 1 ? " was" : "s were");
}

static void add_end(struct strbuf *text, const struct output *out)
{
    const struct result *result = out->result;
    strbuf_add(text, "\n");
    if (result->error_count) {
        strbuf_add(text, "ICMP errors about other traffic:\n");
        errors_add(text, result->errors, result->error_count, out->options.verbose ? SIZE_MAX : ERROR_LINES_MOST);
        strbuf_add(text, "\n");
    }
    if (!result->trace_count)
        strbuf_add(text, "no trace found\n");
    add_summary(text, &result->counters, out->options.verbose);
    summary_add_cut_files(text, &result->source);
    if (result->source.interrupted)
        strbuf_add(text, "interrupted: the report covers only what was read by then\n");
}

static void print(struct output *out, struct strbuf *text)
{
    wrap_print(out, text->text);
    strbuf_clear(text);
}

static void print_traces(struct output *out, const struct judged_group *group)
{
    struct strbuf text;
    strbuf_init(&text);
    for (size_t i = 0; i < group->count; i++) {
        add_trace(&text, out, group->traces[i], group->judgement, group->count == 1);
        print(out, &text);
    }
    if (group->judgement->verdict_count)
        strbuf_add(&text, "\n");
    print(out, &text);
    strbuf_free(&text);
}

/* "10.0.0.2 to 192.0.2.80": whom the verdicts below are about. */
static void print_ends(struct output *out, const struct flow *flow)
{
    char source[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&flow->source, source);
    addr_format(&flow->target, target);
    fprintf(out->file, "%s to %s\n", source, target);
}

void traces_text_judged(struct output *out, const struct judged_group *group)
{
    struct strbuf text;
    strbuf_init(&text);
    if (!out->options.verdicts_only || !group->judgement->verdict_count)
        print_traces(out, group);
    else if (group->several)
        print_ends(out, &group->traces[0]->flow);
    verdicts_add(&text, group->judgement, out, out->options.verbose);
    if (!out->options.quiet)
        verdicts_add_findings(&text, group->judgement, false);
    print(out, &text);
    if (!out->options.quiet)
        tickets_print(out, group->judgement);
    strbuf_free(&text);
}

void traces_text_end(struct output *out)
{
    struct strbuf text;
    strbuf_init(&text);
    graph_text_add_all(&text, out, true);
    networks_add_graphs(&text, out);
    print(out, &text);
    if (!out->options.quiet) {
        add_end(&text, out);
        print(out, &text);
    }
    fflush(out->file);
    strbuf_free(&text);
}
