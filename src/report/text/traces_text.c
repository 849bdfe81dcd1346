/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/traces_text.h"

#include <string.h>

#include "probe/type.h"
#include "report/address_text.h"
#include "report/paint.h"
#include "report/summary.h"
#include "report/text/graph/graph_text.h"
#include "report/text/notes/errors.h"
#include "report/text/notes/networks.h"
#include "report/text/notes/tickets.h"
#include "report/text/notes/trace_end_text.h"
#include "report/text/notes/verdicts.h"
#include "report/text/table/hop_line.h"
#include "report/text/table/ttl_list.h"
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

/* --- the heading of a trace --- */

/* Pieces with commas between them, wrapped into lines. */
struct heading {
    struct strbuf *text;
    struct strbuf piece; /* under construction */
    size_t start;        /* of the current line */
    unsigned width;
};

static void end_piece(struct heading *heading)
{
    size_t column = heading->text->length - heading->start;
    if (column && column + strlen(", ") + heading->piece.length > heading->width) {
        strbuf_add(heading->text, ",\n");
        heading->start = heading->text->length;
        strbuf_add(heading->text, "    ");
    } else if (column) {
        strbuf_add(heading->text, ", ");
    }
    strbuf_add(heading->text, heading->piece.text);
    strbuf_clear(&heading->piece);
}

static void end_line(struct heading *heading)
{
    strbuf_add(heading->text, "\n");
    heading->start = heading->text->length;
}

struct ports {
    uint16_t least, most;
};

static void widen(struct ports *ports, uint16_t port)
{
    ports->least = port < ports->least ? port : ports->least;
    ports->most = port > ports->most ? port : ports->most;
}

static void find_ports(const struct trace *trace, struct ports *source, struct ports *target)
{
    *source = *target = (struct ports){UINT16_MAX, 0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        widen(source, trace->probes[i].source_port);
        widen(target, trace->probes[i].target_port);
    }
    if (!trace->origin.source_port_varies)
        *source = (struct ports){trace->flow.source_port, trace->flow.source_port};
    if (!trace->origin.target_port_varies)
        *target = (struct ports){trace->flow.target_port, trace->flow.target_port};
}

/* "port 53" or "ports 33434-33463". */
static void add_ports(struct strbuf *text, const struct ports *ports)
{
    if (ports->least == ports->most)
        strbuf_addf(text, "port %u", ports->least);
    else
        strbuf_addf(text, "ports %u-%u", ports->least, ports->most);
}

/* "udp to ports 33434-33463", "tcp/443", "icmp". */
static void add_probe(struct strbuf *text, const struct trace *trace, const struct ports *target)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    const struct probe_type *type = trace->flow.spec.type;
    bool varies = trace->origin.target_port_varies;
    probe_spec_format(&trace->flow.spec, spec);
    strbuf_add(text, varies ? type->name : spec);
    if (type->has_port && (varies || !strchr(spec, '/'))) {
        strbuf_add(text, " to ");
        add_ports(text, target);
    }
}

/* RFC 3339 to the millisecond. */
static void add_time(struct strbuf *text, nstime time)
{
    char whole[NSTIME_TEXT_BYTES];
    nstime_format(time, whole);
    strbuf_addf(text, "%.23sZ", whole);
}

/* The time of the first reply; NSTIME_NONE: there is none. */
static nstime first_answered(const struct trace *trace)
{
    nstime first = NSTIME_NONE;
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            if (first == NSTIME_NONE || trace->probes[i].replies[k].time < first)
                first = trace->probes[i].replies[k].time;
    return first;
}

static void add_duration(struct strbuf *text, double ms)
{
    if (ms < 1000)
        strbuf_addf(text, "took %.1f ms", ms);
    else
        strbuf_addf(text, "took %.3f s", ms / 1000);
}

/* The time of the first probe and the duration; for an inferred trace, the time of the first reply. */
static void add_start(struct heading *heading, const struct trace *trace)
{
    nstime answered = first_answered(trace);
    if (trace->first_sent != NSTIME_NONE) {
        add_time(&heading->piece, trace->first_sent);
        end_piece(heading);
        add_duration(&heading->piece, nstime_ms(summary_duration(trace)));
        end_piece(heading);
    } else if (answered != NSTIME_NONE) {
        strbuf_add(&heading->piece, "first answer at ");
        add_time(&heading->piece, answered);
        end_piece(heading);
    }
}

static void add_file(struct heading *heading, const struct trace *trace, const struct result_source *source)
{
    unsigned file;
    if (source->file_count < 2 || !trace->probe_count || !summary_file(&trace->probes[0], &file) ||
        file >= source->file_count)
        return;
    strbuf_add(&heading->piece, "in ");
    summary_add_file_name(&heading->piece, source->files[file].name);
    end_piece(heading);
}

static void add_first_line(struct heading *heading, const struct trace *trace, const struct ports *target_ports)
{
    char from[ADDR_TEXT_BYTES], to[ADDR_TEXT_BYTES];
    addr_format(&trace->flow.source, from);
    addr_format(&trace->flow.target, to);
    strbuf_addf(&heading->piece, "trace %u: %s to %s", (unsigned)trace->number, from, to);
    end_piece(heading);
    add_probe(&heading->piece, trace, target_ports);
    end_piece(heading);
    if (trace->origin.tool) {
        strbuf_addf(&heading->piece, "by %s", trace->origin.tool);
        end_piece(heading);
    }
    end_line(heading);
}

/* "inside VXLAN 4097 from 10.9.9.1 to 10.9.9.2". */
static void add_tunnels(struct heading *heading, const struct tunnels *inside)
{
    for (unsigned i = 0; i < inside->count; i++) {
        const struct tunnel *tunnel = &inside->at[i];
        char from[ADDR_TEXT_BYTES], to[ADDR_TEXT_BYTES];
        addr_format(&tunnel->source, from);
        addr_format(&tunnel->target, to);
        strbuf_addf(&heading->piece, "%s%s", i ? "" : "inside ", encapsulation_title(tunnel->encapsulation));
        if (tunnel->has_id)
            strbuf_addf(&heading->piece, " %lu", (unsigned long)tunnel->id);
        strbuf_addf(&heading->piece, " from %s to %s", from, to);
        end_piece(heading);
    }
    end_line(heading);
}

static void add_heading(struct strbuf *text, const struct output *out, const struct trace *trace)
{
    struct heading heading = {.text = text, .width = out->options.width};
    struct ports source_ports, target_ports;
    strbuf_init(&heading.piece);
    find_ports(trace, &source_ports, &target_ports);
    end_line(&heading);
    add_first_line(&heading, trace, &target_ports);
    if (!out->options.quiet) {
        add_start(&heading, trace);
        if (trace->flow.spec.type->has_port) {
            strbuf_add(&heading.piece, "from ");
            add_ports(&heading.piece, &source_ports);
            end_piece(&heading);
        }
        add_file(&heading, trace, &out->result->source);
        end_line(&heading);
        if (trace->inside)
            add_tunnels(&heading, trace->inside);
    }
    strbuf_free(&heading.piece);
}

/* --- its table --- */

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

/* --- notes below the table --- */

struct probe_counts {
    unsigned late, duplicates, translated, weak, doubtful, unseen, beyond;
    unsigned target_expires;       /* the first TTL that drew a time exceeded from the target's address; 0: none */
    unsigned target_expires_again; /* the last such; 0: there is no other */
};

static bool is_translated(const struct reply *reply)
{
    bool translated = reply->match == MATCH_REWRITTEN;
    for (unsigned i = 0; i < reply->rewrite_count; i++) {
        enum rewrite_field field = reply->rewrites[i].field;
        translated = translated || field == REWRITE_IP_SOURCE || field == REWRITE_IP_TARGET ||
                     field == REWRITE_SOURCE_PORT || field == REWRITE_TARGET_PORT;
    }
    return translated;
}

static bool expires_at_target(const struct trace *trace, const struct reply *reply)
{
    return reply->kind == REPLY_TIME_EXCEEDED && addr_equal(&reply->from, &trace->flow.target);
}

static void note_expiry(struct probe_counts *counts, uint8_t ttl)
{
    unsigned first = counts->target_expires;
    if (!first || ttl < first)
        counts->target_expires = ttl;
    if (first && ttl != first)
        counts->target_expires_again = ttl > first ? ttl : first;
}

static struct probe_counts count_replies(const struct trace *trace)
{
    struct probe_counts counts = {0};
    uint8_t shown = trace_shown_ttl(trace);
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        counts.unseen += probe->sent == NSTIME_NONE;
        counts.beyond += probe->ttl > shown;
        for (unsigned k = 0; k < probe->reply_count; k++) {
            counts.late += probe->replies[k].late;
            counts.duplicates += probe->replies[k].duplicate;
            counts.translated += is_translated(&probe->replies[k]);
            counts.doubtful += probe->replies[k].hop_is_doubtful;
            counts.weak += probe->replies[k].match == MATCH_WEAK && !probe->replies[k].hop_is_doubtful;
            if (expires_at_target(trace, &probe->replies[k]))
                note_expiry(&counts, probe->ttl);
        }
    }
    return counts;
}

static void add_count(struct strbuf *text, unsigned count, const char *what)
{
    if (count)
        strbuf_addf(text, ", %u %s", count, what);
}

/* "18 probes in 3 rounds: 16 answered, 2 silent, 1 late". */
static void add_counts(struct strbuf *text, const struct trace *trace, const struct probe_counts *counts)
{
    unsigned sent = summary_probes_sent(trace);
    if (trace->origin.inferred) {
        strbuf_addf(text, "%u answer%s", sent, plural(sent));
    } else {
        strbuf_addf(text, "%u probe%s", sent, plural(sent));
        if (trace->origin.rounds > 1)
            strbuf_addf(text, " in %u rounds", (unsigned)trace->origin.rounds);
        strbuf_addf(text, ": %u answered", (unsigned)trace->answered_count);
    }
    if (sent > trace->answered_count)
        strbuf_addf(text, ", %u silent", sent - (unsigned)trace->answered_count);
    add_count(text, counts->late, "late");
    add_count(text, counts->duplicates, counts->duplicates == 1 ? "duplicate" : "duplicates");
    if (counts->beyond)
        strbuf_addf(text, ", %u sent beyond hop %u", counts->beyond, trace_shown_ttl(trace));
    strbuf_add(text, "\n");
    if (trace->origin.grouped_by)
        strbuf_addf(text, "grouped by %s\n", trace->origin.grouped_by);
}

/* Adds the hops for whose replies `is` is true: "hop 1", "hops 2-5,7". False: there are none. */
static bool add_hops(struct strbuf *text, const struct trace *trace,
                     bool (*is)(const struct probe *probe, const struct reply *reply))
{
    bool ttls[256] = {false};
    struct strbuf list;
    strbuf_init(&list);
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            ttls[trace->probes[i].ttl] |= is(&trace->probes[i], &trace->probes[i].replies[k]);
    unsigned count = ttl_list_add(&list, ttls, ",");
    if (count)
        strbuf_addf(text, "hop%s %s", plural(count), list.text);
    strbuf_free(&list);
    return count > 0;
}

static bool is_of_other_clock(const struct probe *probe, const struct reply *reply)
{
    (void)probe;
    return reply->other_clock;
}

/* Why the stamps do not show some of the round-trip times. */
static void add_time_caveats(struct strbuf *text, const struct trace *trace)
{
    struct strbuf hops;
    strbuf_init(&hops);
    if (add_hops(&hops, trace, reply_is_early))
        strbuf_addf(text, "the capture stamps replies of %s before their probes: the times of %s are doubtful\n",
                    hops.text, hops.text);
    strbuf_clear(&hops);
    if (add_hops(&hops, trace, is_of_other_clock))
        strbuf_addf(text, "replies of %s are in another file than their probes: their times are unknown\n", hops.text);
    strbuf_free(&hops);
}

/* True: a finding says that the target is behind a NAT. */
static bool has_nat_finding(const struct judgement *judgement, const struct trace *trace)
{
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        if (finding->kind == FINDING_NAT && (!finding->trace || finding->trace == trace) &&
            addr_equal(&finding->at.address, &trace->flow.target))
            return true;
    }
    return false;
}

/* Reservations about the figures. */
static void add_caveats(struct strbuf *text, const struct output *out, const struct trace *trace,
                        const struct probe_counts *counts, const struct judgement *judgement)
{
    if (trace->origin.inferred)
        strbuf_add(text, "inferred from replies: the probes are not in the capture, so there are no times\n");
    else if (counts->unseen)
        strbuf_addf(text, "%u probe%s known only from replies, without times\n", counts->unseen,
                    counts->unseen == 1 ? " is" : "s are");
    add_time_caveats(text, trace);
    if (trace->origin.captured_at_ttl)
        strbuf_addf(text, "captured behind hop %u, not at the source: times count from there\n",
                    trace->origin.captured_at_ttl);
    if (counts->target_expires && !has_nat_finding(judgement, trace))
        strbuf_addf(text, "at hop %u%s, time-exceeded replies have the target's address\n", counts->target_expires,
                    counts->target_expires_again ? " and others" : "");
    if (counts->translated)
        strbuf_addf(text, "%u answer%s translated addresses or ports (NAT)\n", counts->translated,
                    counts->translated == 1 ? " quotes" : "s quote");
    if (counts->doubtful)
        strbuf_addf(text, "%u answer%s probes of several hops: the hop is the likeliest (?)\n", counts->doubtful,
                    counts->doubtful == 1 ? " fits" : "s fit");
    paint_begin(text, out->options.color, counts->weak ? PAINT_YELLOW : NULL);
    if (counts->weak)
        strbuf_addf(text, "%u answer%s matched by little more than an IP ID", counts->weak,
                    counts->weak == 1 ? " is" : "s are");
    paint_end(text, out->options.color, counts->weak ? PAINT_YELLOW : NULL);
    strbuf_add(text, counts->weak ? "\n" : "");
}

/* True: the trace was not probed to its end. The verdict does not say so. */
static bool ends_early(const struct trace *trace)
{
    return trace->end == END_INTERRUPTED || trace->end == END_RUNNING;
}

/* `alone`: the judgement is about this trace only, and its verdict says how it ended. */
static void add_trace(struct strbuf *text, const struct output *out, const struct trace *trace,
                      const struct judgement *judgement, bool alone)
{
    struct probe_counts counts = count_replies(trace);
    add_heading(text, out, trace);
    add_table(text, out, trace);
    if (!alone || !judgement->verdict_count || ends_early(trace)) {
        trace_end_text_add(text, trace);
        strbuf_add(text, "\n");
    }
    if (out->options.quiet)
        return;
    add_counts(text, trace, &counts);
    add_caveats(text, out, trace, &counts, judgement);
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
