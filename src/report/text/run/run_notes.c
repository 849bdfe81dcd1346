/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/run/run_notes.h"

#include "report/summary.h"
#include "report/text/run/run_page.h"
#include "report/text/table/hop_cells.h"
#include "report/text/table/ttl_list.h"

#define UNPROVEN_SHOWN 4 /* senders that a line names */

static void print_late_probe(struct output *out, const struct trace *trace, const struct probe *probe)
{
    char from[ADDR_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES];
    const struct reply *reply = probe_answer(probe);
    addr_format(&reply->from, from);
    probe_spec_format(&trace->flow.spec, spec);
    run_page_print_below(out, "late: hop %u (%s) answered %s attempt %u after %.0f ms", probe->ttl, from, spec,
                         probe->attempt, nstime_ms(reply_rtt(probe, reply)));
}

/* Replies to probes that the hop's line shows as silent, and late replies to specs that it does not show. */
static void print_late(struct output *out, uint8_t ttl)
{
    const struct result *result = out->result;
    const struct run_page *state = out->state;
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

/* Replies that the table marks with "?", and who sent them. */
static void print_unproven(struct output *out)
{
    const struct result *result = out->result;
    unsigned count = 0, senders = 0;
    struct addr shown[UNPROVEN_SHOWN];
    for (unsigned i = 0; i < result->specs.count; i++) {
        const struct trace *trace = result->specs.traces[i];
        for (size_t k = 0; trace->unproven_count && k < trace->probe_count; k++)
            for (unsigned j = trace->probes[k].reply_count; j < probe_listed(&trace->probes[k]); j++) {
                const struct addr *from = &trace->probes[k].replies[j].from;
                unsigned known = 0;
                while (known < senders && !addr_equal(&shown[known], from))
                    known++;
                if (known == senders && senders < UNPROVEN_SHOWN)
                    shown[senders++] = *from;
                count++;
            }
    }
    struct strbuf from;
    strbuf_init(&from);
    for (unsigned i = 0; i < senders; i++) {
        char text[ADDR_TEXT_BYTES];
        addr_format(&shown[i], text);
        strbuf_addf(&from, "%s%s", i ? ", " : "", text);
    }
    if (count)
        run_page_print_below(out, "?: %u repl%s from %s, with too little of a probe's identity to count", count,
                             count == 1 ? "y" : "ies", from.text);
    strbuf_free(&from);
}

/* True: a file is cut. */
static bool print_cut_files(struct output *out)
{
    struct strbuf lines;
    strbuf_init(&lines);
    bool any = summary_add_cut_files(&lines, &out->result->source);
    run_page_print_lines(out, &lines);
    return any;
}

static void print_strays(struct output *out, const struct frame_counters *counters)
{
    for (unsigned i = 0; i < counters->stray_kinds; i++) {
        unsigned long long count = counters->strays[i].count;
        run_page_print_below(out, "stray: %llu frame%s: %s", count, plural(count), counters->strays[i].reason);
    }
    if (counters->malformed)
        run_page_print_below(out, "malformed: %llu frame%s", (unsigned long long)counters->malformed,
                             plural(counters->malformed));
}

/* --- what was sent again --- */

struct retries {
    unsigned probes, answered;
    bool at[256]; /* by TTL */
};

static void count_retries(const struct output *out, struct retries *retries)
{
    const struct run_page *state = out->state;
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
        run_page_print_below(out, "sent again: %u probe%s at hop%s %s, %s answered", retries.probes,
                             plural(retries.probes), plural(hops), at.text, answered);
    strbuf_free(&at);
}

void run_notes_print(struct output *out)
{
    const struct result *result = out->result;
    const struct frame_counters *counters = &result->counters.common;
    print_retries(out);
    for (unsigned ttl = 1; ttl < 256; ttl++)
        print_late(out, (uint8_t)ttl);
    unsigned duplicates = count_duplicates(result);
    if (duplicates)
        run_page_print_below(out, "duplicates: %u repl%s to probes that had already been answered", duplicates,
                             duplicates == 1 ? "y" : "ies");
    print_unproven(out);
    if (counters->dropped_by_kernel)
        run_page_print_below(out, "the kernel dropped %llu frame%s: hops that look silent may have answered",
                             (unsigned long long)counters->dropped_by_kernel, plural(counters->dropped_by_kernel));
    unsigned unseen = result->unseen_probes;
    if (unseen)
        run_page_print_below(out, "unseen: %u probe%s not in the capture, and %s used instead", unseen,
                             unseen == 1 ? " is" : "s are", unseen == 1 ? "its send time is" : "their send times are");
    if (!print_cut_files(out) && result->source.interrupted)
        run_page_print_below(out, "interrupted: the report covers only what was captured by then");
    if (out->options.verbose)
        print_strays(out, counters);
}
