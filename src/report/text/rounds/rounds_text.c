/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/rounds/rounds_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "report/address_text.h"
#include "report/columns.h"
#include "report/paint.h"
#include "report/text/notes/verdicts.h"
#include "report/wrap.h"

/* Columns of the routers' names in a table: as the longest one needs, within these.
 * Unit: columns. Source: an IPv4 address; mtr's. Effect: longer names move the numbers. */
#define NAME_LEAST 15
#define NAME_MOST 36

/* Lines that wait for the end of a full screen.
 * Unit: bytes. Source: chosen; some thousand events. Effect: bounds the memory of a run of months. */
#define HELD_MOST (1U << 20)

struct rounds_page {
    struct strbuf held;                               /* lines of events, while a full screen is shown */
    unsigned left_out;                                /* events beyond */
    const struct judgement *judgements[TARGETS_MOST]; /* by target; NULL: nothing was judged */
};

static void add_specs(struct strbuf *text, const struct session_config *config)
{
    strbuf_add(text, config->automatic ? ", auto (" : ", ");
    for (unsigned i = 0; i < config->spec_count; i++) {
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&config->specs[i], spec);
        strbuf_addf(text, "%s%s", i ? ", " : "", spec);
    }
    strbuf_add(text, config->automatic ? ")" : "");
}

static void add_target(struct strbuf *text, const struct result *result)
{
    const struct addr *target = &result->config->target;
    address_text_add_target(text, target, target, result_target_name(result));
}

static void add_targets(struct strbuf *text, const struct result *result)
{
    for (unsigned k = 0; k < result_target_count(result); k++) {
        strbuf_add(text, k ? ", " : "");
        add_target(text, result_target(result, k));
    }
}

/* Before what concerns one of several targets: "web.example (192.0.2.80): ". */
static void add_target_if_several(struct strbuf *text, const struct result *result)
{
    if (result_target_count(result) == 1)
        return;
    add_target(text, result);
    strbuf_add(text, ": ");
}

bool rounds_text_begin(struct output *out)
{
    const struct session_config *config = out->result->config;
    struct strbuf line;
    struct rounds_page *page = calloc(1, sizeof *page);
    out->state = page;
    if (page)
        strbuf_init(&page->held);
    if (!page || out->options.quiet)
        return page != NULL;
    strbuf_init(&line);
    strbuf_addf(&line, "%s ", config->strategy->heading);
    add_targets(&line, out->result);
    add_specs(&line, config);
    strbuf_addf(&line, ", every %g s, %u hops max\n", nstime_ms(config->interval) / 1000, config->max_ttl);
    fputs(line.text, out->file);
    fflush(out->file);
    strbuf_free(&line);
    return true;
}

/* "2026-01-02 03:04:05". */
static void add_time(struct strbuf *text, nstime time)
{
    char full[NSTIME_TEXT_BYTES];
    nstime_format(time, full);
    strbuf_addf(text, "%.10s %.8s", full, strlen(full) > 11 ? full + 11 : "");
}

static const char *colour_of(enum event_kind kind)
{
    return kind == EVENT_LOSS_END ? PAINT_GREEN : PAINT_YELLOW;
}

static void print_or_hold(struct output *out, const char *line)
{
    struct rounds_page *page = out->state;
    bool fits = page->held.length + strlen(line) < HELD_MOST;
    if (out->options.on_screen && fits)
        strbuf_add(&page->held, line);
    if (out->options.on_screen) {
        page->left_out += !fits;
        return;
    }
    wrap_print(out, line);
    fflush(out->file);
}

void rounds_text_event(struct output *out, const struct event *event)
{
    struct strbuf line;
    if (out->options.report_only)
        return;
    strbuf_init(&line);
    add_time(&line, event->time);
    strbuf_add(&line, " ");
    paint_begin(&line, out->options.color, colour_of(event->kind));
    strbuf_add(&line, event_kind_name(event->kind));
    paint_end(&line, out->options.color, colour_of(event->kind));
    strbuf_add(&line, ": ");
    add_target_if_several(&line, out->result);
    strbuf_addf(&line, "%s\n", event->text);
    print_or_hold(out, line.text);
    strbuf_free(&line);
}

void rounds_text_judged(struct output *out, const struct judged_group *group)
{
    struct rounds_page *page = out->state;
    for (unsigned k = 0; k < result_target_count(out->result); k++)
        if (result_target(out->result, k) == out->result)
            page->judgements[k] = group->judgement;
}

/* --- the tables --- */

/* Adds the name, and returns its columns. */
static unsigned add_name(struct strbuf *line, const struct output *out, const struct addr *address)
{
    struct strbuf name;
    strbuf_init(&name);
    if (addr_is_none(address))
        strbuf_add(&name, "*");
    else
        address_text_add(&name, address, out);
    unsigned columns = columns_count(name.text);
    strbuf_add(line, name.text);
    strbuf_free(&name);
    return columns;
}

static unsigned width_of(const struct output *out, unsigned index)
{
    const struct spec_rows *rows = monitor_rows(out->result->monitor, index);
    unsigned width = NAME_LEAST;
    struct strbuf ignored;
    strbuf_init(&ignored);
    for (unsigned ttl = 1, last = monitor_last_ttl(out->result->monitor, index); ttl <= last; ttl++)
        for (unsigned row = 0; row < rows->hops[ttl].count; row++)
            width = uint_max(width, add_name(&ignored, out, &rows->hops[ttl].rows[row].address));
    strbuf_free(&ignored);
    return uint_min(width, NAME_MOST);
}

/* With as many decimals as a column has room for. */
static void add_millis(struct strbuf *line, double ms)
{
    strbuf_addf(line, " %5.*f", ms < 10 ? 3 : ms < 100 ? 2 : ms < 1000 ? 1 : 0, ms);
}

static void add_numbers(struct strbuf *line, const struct row_stats *stats)
{
    const double times[] = {stats->last_ms,  stats->avg_ms,   stats->best_ms,
                            stats->worst_ms, stats->stdev_ms, stats->jitter_ms};
    strbuf_addf(line, " %5.1f%% %5" PRIu64, 100 * stats->loss, stats->sent);
    for (unsigned i = 0; stats->timed && i < sizeof times / sizeof *times; i++)
        add_millis(line, times[i]);
}

static void print_row(const struct output *out, unsigned index, uint8_t ttl, unsigned row, unsigned width)
{
    const struct monitor *monitor = out->result->monitor;
    const char *word = row ? NULL : row_word_name(monitor_word(monitor, index, ttl));
    struct row_stats stats;
    struct strbuf line;
    strbuf_init(&line);
    monitor_row_stats(monitor, index, ttl, row, &stats);
    if (row)
        strbuf_add(&line, "   ");
    else
        strbuf_addf(&line, "%2u ", ttl);
    unsigned columns = add_name(&line, out, &monitor_rows(monitor, index)->hops[ttl].rows[row].address);
    strbuf_addf(&line, "%*s", columns < width ? (int)(width - columns) : 0, "");
    add_numbers(&line, &stats);
    if (word)
        strbuf_addf(&line, " %s", word);
    fprintf(out->file, "%s\n", line.text);
    strbuf_free(&line);
}

static void print_table(const struct output *out, unsigned index)
{
    const struct monitor *monitor = out->result->monitor;
    const struct spec_rows *rows = monitor_rows(monitor, index);
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&monitor_trace(monitor, index)->flow.spec, spec);
    unsigned width = width_of(out, index);
    fprintf(out->file, "\n%-*s  Loss%%   Snt  Last   Avg  Best  Wrst StDev  Jttr\n", (int)width + 3, spec);
    for (unsigned ttl = out->result->config->first_ttl, last = monitor_last_ttl(monitor, index); ttl <= last; ttl++) {
        if (!rows->hops[ttl].count)
            fprintf(out->file, "%2u *\n", ttl);
        for (unsigned row = 0; row < rows->hops[ttl].count; row++)
            print_row(out, index, (uint8_t)ttl, row, width);
    }
}

/* "12 rounds; events: 1 route-change, 2 verdict-change". */
static void print_counts(const struct output *out)
{
    const struct monitor *monitor = out->result->monitor;
    unsigned any = 0;
    fprintf(out->file, "\n%u round%s", monitor_rounds(monitor), plural(monitor_rounds(monitor)));
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        uint32_t count = monitor_event_count(monitor, (enum event_kind)kind);
        if (count)
            fprintf(out->file, "%s%u %s", any++ ? ", " : "; ", count, event_kind_name((enum event_kind)kind));
    }
    fputs(any ? "\n" : "; nothing changed\n", out->file);
}

/* The tables, counts and verdicts of one target. `out` has its result. */
static void print_target(const struct output *out, const struct judgement *judgement)
{
    const struct monitor *monitor = out->result->monitor;
    struct strbuf lines;
    strbuf_init(&lines);
    if (result_target_count(out->result) > 1) {
        add_target(&lines, out->result);
        fprintf(out->file, "\n%s\n", lines.text);
        strbuf_clear(&lines);
    }
    for (unsigned i = 0; monitor_trace(monitor, i) && !out->options.verdicts_only; i++)
        if (monitor_follows(monitor, i))
            print_table(out, i);
    if (!out->options.quiet)
        print_counts(out);
    if (judgement)
        verdicts_add(&lines, judgement, out, out->options.verbose);
    if (lines.length)
        fputs("\n", out->file);
    wrap_print(out, lines.text);
    strbuf_free(&lines);
}

void rounds_text_end(struct output *out)
{
    struct rounds_page *page = out->state;
    struct output of_target = *out;
    wrap_print(out, page->held.text);
    if (page->left_out)
        fprintf(out->file, "and %u more events\n", page->left_out);
    for (unsigned k = 0; k < result_target_count(out->result); k++) {
        of_target.result = result_target(out->result, k);
        print_target(&of_target, page->judgements[k]);
    }
    strbuf_free(&page->held);
    free(page);
    out->state = NULL;
}
