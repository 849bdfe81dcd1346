/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/rounds/rounds_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/address_text.h"
#include "report/columns.h"
#include "report/paint.h"
#include "report/text/notes/verdicts.h"
#include "report/wrap.h"

/* Columns of the router's name in a table. Unit: columns. Source: mtr's. Effect: longer names move the numbers. */
#define NAME_COLUMNS 36

struct rounds_page {
    const struct judgement *judgement; /* NULL: nothing was judged */
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

bool rounds_text_begin(struct output *out)
{
    const struct session_config *config = out->result->config;
    struct strbuf line;
    out->state = calloc(1, sizeof(struct rounds_page));
    if (!out->state || out->options.quiet)
        return out->state != NULL;
    strbuf_init(&line);
    strbuf_addf(&line, "%s ", config->strategy->heading);
    address_text_add_target(&line, &config->target, &config->target, result_target_name(out->result));
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

void rounds_text_event(struct output *out, const struct event *event)
{
    struct strbuf line;
    strbuf_init(&line);
    add_time(&line, event->time);
    strbuf_add(&line, " ");
    paint_begin(&line, out->options.color, colour_of(event->kind));
    strbuf_add(&line, event_kind_name(event->kind));
    paint_end(&line, out->options.color, colour_of(event->kind));
    strbuf_addf(&line, ": %s\n", event->text);
    wrap_print(out, line.text);
    fflush(out->file);
    strbuf_free(&line);
}

void rounds_text_judged(struct output *out, const struct judged_group *group)
{
    struct rounds_page *page = out->state;
    page->judgement = group->judgement;
}

/* --- the tables --- */

static void add_name(struct strbuf *line, const struct output *out, const struct addr *address)
{
    struct strbuf name;
    strbuf_init(&name);
    if (addr_is_none(address))
        strbuf_add(&name, "*");
    else
        address_text_add(&name, address, out);
    unsigned columns = columns_count(name.text);
    strbuf_addf(line, "%s%*s", name.text, columns < NAME_COLUMNS ? (int)(NAME_COLUMNS - columns) : 0, "");
    strbuf_free(&name);
}

/* With as many decimals as a column has room for. */
static void add_millis(struct strbuf *line, double ms)
{
    strbuf_addf(line, " %7.*f", ms < 100 ? 3 : ms < 10000 ? 1 : 0, ms);
}

static void add_numbers(struct strbuf *line, const struct row_stats *stats)
{
    const double times[] = {stats->last_ms,  stats->avg_ms,   stats->best_ms,
                            stats->worst_ms, stats->stdev_ms, stats->jitter_ms};
    strbuf_addf(line, " %6.1f%% %6" PRIu64, 100 * stats->loss, stats->sent);
    for (unsigned i = 0; stats->timed && i < sizeof times / sizeof *times; i++)
        add_millis(line, times[i]);
}

static void print_row(const struct output *out, unsigned index, uint8_t ttl, unsigned row)
{
    const struct monitor *monitor = out->result->monitor;
    const char *word = row ? NULL : row_word_name(monitor_word(monitor, index, ttl));
    struct row_stats stats;
    struct strbuf line;
    strbuf_init(&line);
    monitor_row_stats(monitor, index, ttl, row, &stats);
    if (row)
        strbuf_add(&line, "    ");
    else
        strbuf_addf(&line, "%2u  ", ttl);
    add_name(&line, out, &monitor_rows(monitor, index)->hops[ttl].rows[row].address);
    add_numbers(&line, &stats);
    if (word)
        strbuf_addf(&line, "  %s", word);
    fprintf(out->file, "%s\n", line.text);
    strbuf_free(&line);
}

static void print_table(const struct output *out, unsigned index)
{
    const struct monitor *monitor = out->result->monitor;
    const struct spec_rows *rows = monitor_rows(monitor, index);
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&monitor_trace(monitor, index)->flow.spec, spec);
    fprintf(out->file, "\n%-40s %7s %6s %7s %7s %7s %7s %7s %7s\n", spec, "Loss%", "Snt", "Last", "Avg", "Best", "Wrst",
            "StDev", "Jttr");
    for (unsigned ttl = out->result->config->first_ttl, last = monitor_last_ttl(monitor, index); ttl <= last; ttl++) {
        if (!rows->hops[ttl].count)
            fprintf(out->file, "%2u  *\n", ttl);
        for (unsigned row = 0; row < rows->hops[ttl].count; row++)
            print_row(out, index, (uint8_t)ttl, row);
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

void rounds_text_end(struct output *out)
{
    struct rounds_page *page = out->state;
    const struct monitor *monitor = out->result->monitor;
    struct strbuf lines;
    for (unsigned i = 0; monitor_trace(monitor, i) && !out->options.verdicts_only; i++)
        if (monitor_follows(monitor, i))
            print_table(out, i);
    if (!out->options.quiet)
        print_counts(out);
    strbuf_init(&lines);
    if (page->judgement)
        verdicts_add(&lines, page->judgement, out, out->options.verbose);
    if (lines.length)
        fputs("\n", out->file);
    wrap_print(out, lines.text);
    strbuf_free(&lines);
    free(page);
    out->state = NULL;
}
