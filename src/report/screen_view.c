/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/screen_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "report/address_text.h"
#include "report/columns.h"
#include "report/paint.h"
#include "report/screen_page.h"
#include "report/screen_targets.h"

/* Columns of the hop number and of the numbers; what is left is for names, and for sparklines if it suffices.
 * Unit: columns. Source: the formats below. */
#define COUNT_COLUMNS 12
#define TIME_COLUMNS 7
#define TIMES_ALL 5
#define TIMES_FEW 3 /* beside sparklines on a narrow screen */
#define NARROW 100  /* columns */
#define NAME_MOST 48
#define SPARKS_LEAST 8
#define BAR_LABEL 28 /* columns before the bars of a histogram */
#define BAR_MOST 40

/* --- sparklines --- */

static const char *const levels_utf8[] = {"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
                                          "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
static const char *const levels_ascii[] = {"_", ".", "-", "~", "=", "+", "*", "#"};
#define LEVELS 8

/* From the best time to the 95th percentile; the slowest ones have the highest level. */
static unsigned level_of(const struct router_row *row, double ms)
{
    double best = row->running.best_ms, slow = sketch_quantile(&row->sketch, 0.95);
    double share = slow > best ? (ms - best) / (slow - best) : 0;
    return share >= 1 ? LEVELS - 1 : share <= 0 ? 0 : (unsigned)(share * (LEVELS - 1));
}

static const char *colour_of_time(const struct router_row *row, double ms)
{
    return ms > sketch_quantile(&row->sketch, 0.95)   ? PAINT_RED
           : ms > sketch_quantile(&row->sketch, 0.75) ? PAINT_YELLOW
                                                      : PAINT_GREEN;
}

/* The last times of the row, the newest on the right; `x` is a probe without a reply. */
static void add_sparks(const struct screen_page *page, struct strbuf *line, uint8_t ttl, unsigned number)
{
    const struct screen_view *view = page->view;
    const struct router_row *row = &monitor_rows(page->monitor, view->spec)->hops[ttl].rows[number];
    float times[ROW_TIMES_MOST];
    unsigned count = monitor_row_times(page->monitor, view->spec, ttl, number, times);
    const char *last = NULL;
    for (unsigned i = count - uint_min(count, page->sparks); i < count; i++) {
        float ms = times[i];
        const char *sgr = ms < 0 ? PAINT_RED : colour_of_time(row, (double)ms);
        if (!last || strcmp(sgr, last) != 0) {
            paint_end(line, view->color, last);
            paint_begin(line, view->color, sgr);
        }
        last = sgr;
        strbuf_add(line, ms < 0 ? "x" : (view->utf8 ? levels_utf8 : levels_ascii)[level_of(row, (double)ms)]);
    }
    paint_end(line, view->color, last);
}

/* --- the table --- */

static void add_name(struct screen_page *page, struct strbuf *line, const struct addr *address)
{
    struct strbuf name;
    char text[ADDR_TEXT_BYTES];
    strbuf_init(&name);
    addr_format(address, text);
    if (addr_is_none(address))
        strbuf_add(&name, "*");
    else if (page->view->no_names)
        strbuf_add(&name, text);
    else
        address_text_add(&name, address, page->out);
    unsigned used = columns_add_cut(line, name.text, page->width);
    strbuf_addf(line, "%*s", (int)(page->width - used), "");
    strbuf_free(&name);
}

static void add_numbers(const struct screen_page *page, struct strbuf *line, const struct router_row *row,
                        const struct row_stats *stats)
{
    const double usual[TIMES_ALL] = {stats->last_ms, stats->avg_ms, stats->worst_ms, stats->best_ms, stats->stdev_ms};
    const double others[TIMES_ALL] = {sketch_quantile(&row->sketch, 0.5), sketch_quantile(&row->sketch, 0.95),
                                      stats->jitter_ms, sketch_quantile(&row->sketch, 0.99), stats->stdev_ms};
    strbuf_addf(line, " %4.0f%% %5" PRIu64, 100 * stats->loss, stats->sent);
    for (unsigned i = 0; i < page->times; i++)
        if (page->view->percentiles ? row->sketch.count : stats->timed)
            screen_add_millis(line, (page->view->percentiles ? others : usual)[i]);
        else
            strbuf_add(line, "      -");
}

/* A line of the table: cut where it is plain, and then the sparkline, which fits. */
static void add_row(struct screen_page *page, unsigned ttl, unsigned number)
{
    const struct screen_view *view = page->view;
    const struct router_row *row = &monitor_rows(page->monitor, view->spec)->hops[ttl].rows[number];
    enum row_word word = number ? WORD_NONE : monitor_word(page->monitor, view->spec, (uint8_t)ttl);
    bool is_selected = ttl == view->selected && !number;
    struct row_stats stats;
    struct strbuf plain, line;
    if (page->line >= view->lines)
        return;
    strbuf_init(&plain);
    strbuf_init(&line);
    monitor_row_stats(page->monitor, view->spec, (uint8_t)ttl, number, &stats);
    strbuf_addf(&plain, number ? "    " : "%c%2u ", is_selected ? '>' : ' ', ttl);
    add_name(page, &plain, &row->address);
    if (page->times)
        add_numbers(page, &plain, row, &stats);
    strbuf_addf(&plain, " %-7s", word == WORD_NONE ? "" : row_word_name(word));
    strbuf_add(page->text, page->line++ ? "\n" : "");
    const char *sgr = is_selected ? PAINT_BOLD : word == WORD_LOSS ? PAINT_RED : word ? PAINT_YELLOW : NULL;
    paint_begin(&line, view->color, sgr);
    columns_add_cut(&line, plain.text, view->columns);
    paint_end(&line, view->color, sgr);
    if (page->sparks) {
        strbuf_add(&line, " ");
        add_sparks(page, &line, (uint8_t)ttl, number);
    }
    strbuf_add(page->text, line.text);
    strbuf_free(&plain);
    strbuf_free(&line);
}

static void add_table_head(struct screen_page *page)
{
    static const char *const usual[TIMES_ALL] = {"Last", "Avg", "Wrst", "Best", "StDev"};
    static const char *const others[TIMES_ALL] = {"p50", "p95", "Jttr", "p99", "StDev"};
    struct strbuf line;
    strbuf_init(&line);
    strbuf_addf(&line, " hop %-*s%s", (int)page->width - 1, "router", page->times ? "  Loss   Snt" : "");
    for (unsigned i = 0; i < page->times; i++)
        strbuf_addf(&line, " %6s", (page->view->percentiles ? others : usual)[i]);
    screen_add_line(page, PAINT_BOLD, line.text);
    strbuf_free(&line);
}

/* A hop whose first probes are not settled yet. */
static void add_young_row(struct screen_page *page, unsigned ttl)
{
    static const struct router_row none;
    const struct trace *trace = monitor_trace(page->monitor, page->view->spec);
    const struct addr address = trace_newest_address(trace, (uint8_t)ttl);
    struct row_stats stats;
    struct strbuf line;
    strbuf_init(&line);
    monitor_hop_stats(page->monitor, page->view->spec, (uint8_t)ttl, &stats);
    strbuf_addf(&line, " %2u ", ttl);
    add_name(page, &line, &address);
    if (page->times)
        add_numbers(page, &line, &none, &stats);
    screen_add_line(page, NULL, line.text);
    strbuf_free(&line);
}

static bool is_shown(const struct screen_page *page, unsigned line, unsigned most)
{
    return line >= page->view->first && line < page->view->first + most;
}

/* The line of the table at which this hop begins, from 0. */
static unsigned line_of(const struct screen_page *page, unsigned ttl)
{
    const struct spec_rows *rows = monitor_rows(page->monitor, page->view->spec);
    unsigned line = 0;
    for (unsigned t = page->out->result->config->first_ttl; t < ttl; t++)
        line += uint_max(rows->hops[t].count, 1);
    return line;
}

/* Scrolls `most` lines so that the selected row is one of them, and none is empty while others are scrolled away. */
static void scroll(struct screen_page *page, unsigned most)
{
    struct screen_view *view = page->changed;
    unsigned all = line_of(page, monitor_last_ttl(page->monitor, view->spec) + 1U);
    unsigned selected = line_of(page, view->selected);
    view->first = uint_min(view->first, all > most ? all - most : 0);
    view->first = uint_min(view->first, selected);
    if (selected >= view->first + most)
        view->first = selected - most + 1;
}

/* The rows of all hops from view->first on, `most` of them. */
static void add_rows(struct screen_page *page, unsigned most)
{
    unsigned count = 0, last = monitor_last_ttl(page->monitor, page->view->spec);
    const struct spec_rows *rows = monitor_rows(page->monitor, page->view->spec);
    for (unsigned ttl = page->out->result->config->first_ttl; ttl <= last; ttl++) {
        if (!rows->hops[ttl].count && is_shown(page, count++, most))
            add_young_row(page, ttl);
        for (unsigned row = 0; row < rows->hops[ttl].count; row++)
            if (is_shown(page, count++, most))
                add_row(page, ttl, row);
    }
}

static void find_widths(struct screen_page *page)
{
    const struct screen_view *view = page->view;
    bool is_narrow = view->mode == SCREEN_TABLE && view->columns < NARROW;
    page->times = view->mode == SCREEN_TIMES ? 0 : is_narrow ? TIMES_FEW : TIMES_ALL;
    unsigned fixed = 4 + 8 + (page->times ? COUNT_COLUMNS + page->times * TIME_COLUMNS : 0);
    for (; page->times > 1 && fixed + SCREEN_NAME_LEAST > view->columns; page->times--)
        fixed -= TIME_COLUMNS;
    unsigned left = view->columns > fixed ? view->columns - fixed : 0;
    unsigned name = uint_min(NAME_MOST, uint_max(SCREEN_NAME_LEAST, left / (view->mode == SCREEN_NUMBERS ? 1 : 2)));
    bool has_sparks = view->mode != SCREEN_NUMBERS && left > name + SPARKS_LEAST;
    page->width = has_sparks ? name : uint_min(NAME_MOST, uint_max(SCREEN_NAME_LEAST, left));
    page->sparks = has_sparks ? left - name - 1 : 0;
}

/* --- what stands around it --- */

static void add_heading(struct screen_page *page, nstime now)
{
    const struct session_config *config = page->out->result->config;
    const struct screen_view *view = page->view;
    char time[NSTIME_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES];
    struct strbuf line;
    strbuf_init(&line);
    strbuf_add(&line, "hopsonde watch to ");
    address_text_add_target(&line, &config->target, &config->target, result_target_name(page->out->result));
    strbuf_add(&line, "  ");
    for (unsigned i = 0; monitor_trace(page->monitor, i); i++) {
        probe_spec_format(&monitor_trace(page->monitor, i)->flow.spec, spec);
        if (monitor_follows(page->monitor, i))
            strbuf_addf(&line, i == view->spec ? " [%s]" : " %s ", spec);
    }
    strbuf_addf(&line, "  round %u  %s UTC%s", monitor_rounds(page->monitor), screen_clock(now, time),
                view->paused ? "  paused" : "");
    screen_add_line(page, PAINT_BOLD, line.text);
    strbuf_free(&line);
}

static const char *colour_of_verdict(const struct verdict *verdict)
{
    bool stops = verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_REJECTED;
    return verdict_passes(verdict) ? PAINT_GREEN : stops ? PAINT_RED : PAINT_YELLOW;
}

static unsigned count_verdicts(const struct screen_page *page)
{
    unsigned count = 0;
    for (unsigned i = 0; monitor_trace(page->monitor, i); i++)
        count += monitor_follows(page->monitor, i) && monitor_verdict(page->monitor, i);
    return count;
}

static void add_verdicts(struct screen_page *page)
{
    for (unsigned i = 0; monitor_trace(page->monitor, i); i++) {
        const struct verdict *verdict = monitor_verdict(page->monitor, i);
        if (monitor_follows(page->monitor, i) && verdict)
            screen_add_line(page, colour_of_verdict(verdict), verdict->text);
    }
}

static void add_events(struct screen_page *page, unsigned most)
{
    char time[NSTIME_TEXT_BYTES];
    for (unsigned i = uint_min(most, monitor_recent_count(page->monitor)); i-- > 0;) {
        const struct recent_event *event = monitor_recent(page->monitor, i);
        screen_add_linef(page, PAINT_YELLOW, "%s %s: %s", screen_clock(event->time, time), event_kind_name(event->kind),
                         event->text);
    }
}

static void add_keys(struct screen_page *page)
{
    bool several = result_target_count(page->out->result) > 1;
    screen_fill(page, 1);
    screen_add_line(page, PAINT_DIM,
                    several ? "q quit  p pause  r reset  d display  j columns  tab probe  enter hop  esc back  ? help"
                            : "q quit  p pause  r reset  n names  d display  j columns  tab probe  enter hop  ? help");
}

/* --- pages --- */

static void add_main(struct screen_page *page, nstime now)
{
    unsigned verdicts = count_verdicts(page), lines = page->view->lines;
    unsigned events = uint_min(monitor_recent_count(page->monitor), lines > 30 ? 8 : 3);
    unsigned around = 3U + (verdicts > 0) + verdicts + (events > 0) + events;
    unsigned rows = lines > around + 3 ? lines - around : 3;
    scroll(page, rows);
    add_heading(page, now);
    add_table_head(page);
    add_rows(page, rows);
    if (verdicts)
        screen_add_line(page, NULL, "");
    add_verdicts(page);
    if (events)
        screen_add_line(page, NULL, "");
    add_events(page, events);
    add_keys(page);
}

static void add_help(struct screen_page *page)
{
    static const char *const lines[] = {
        "q  end the run and print its report",
        "p  pause the screen, as the space bar does; the run goes on",
        "r  count anew; the report at the end counts the whole run",
        "n  names, or addresses alone",
        "d  the table with times, without them, or the times alone",
        "j  jitter and percentiles in place of last, average, best and worst",
        "tab, left, right   the table of another probe",
        "up, down           select a hop; enter shows it, and goes back",
        "1 to 64            of several targets: show this one; escape shows all",
        "?  this page, and back",
        "",
        "limited  the router limits its replies, and nothing is lost behind it",
        "loss     the loss goes on to the end of the path",
        "Each mark is a round trip, the newest on the right; x is a probe without a reply.",
    };
    screen_add_line(page, PAINT_BOLD, "Keys");
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
        screen_add_line(page, NULL, lines[i]);
    screen_fill(page, 0);
}

/* A bar for each share of a tenth between the best and the worst time. */
static void add_histogram(struct screen_page *page, const struct router_row *row)
{
    unsigned most = uint_min(BAR_MOST, page->view->columns - BAR_LABEL);
    for (unsigned i = 1; i <= 10; i++) {
        double ms = sketch_quantile(&row->sketch, i / 10.0), worst = row->running.worst_ms;
        unsigned bar = worst > 0 ? (unsigned)(ms / worst * most) : 0;
        screen_add_linef(page, NULL, "  %3u %% within %9.3f ms  %.*s", i * 10, ms, (int)uint_min(bar, most),
                         "########################################");
    }
}

static void add_detail(struct screen_page *page, nstime now)
{
    const struct screen_view *view = page->view;
    const struct hop_rows *hop = &monitor_rows(page->monitor, view->spec)->hops[view->selected];
    struct row_stats all;
    uint64_t settled = 0;
    for (unsigned row = 0; row < hop->count; row++)
        settled += hop->rows[row].running.received;
    monitor_hop_stats(page->monitor, view->spec, (uint8_t)view->selected, &all);
    add_heading(page, now);
    screen_add_linef(page, PAINT_BOLD, "Hop %u: %" PRIu64 " probes, %" PRIu64 " replies", view->selected, all.sent,
                     all.received);
    add_table_head(page);
    for (unsigned row = 0; row < hop->count; row++) {
        add_row(page, view->selected, row);
        if (settled)
            screen_add_linef(page, NULL, "    %.1f %% of the replies",
                             100.0 * (double)hop->rows[row].running.received / (double)settled);
    }
    if (hop->count && hop->rows[0].sketch.count)
        add_histogram(page, &hop->rows[0]);
    add_keys(page);
}

/* --- the view --- */

static void correct(struct screen_view *view, const struct monitor *monitor)
{
    for (unsigned i = 0;
         i < SPECS_MOST && !(monitor_trace(monitor, view->spec) && monitor_follows(monitor, view->spec)); i++)
        view->spec = monitor_trace(monitor, view->spec + 1) ? view->spec + 1 : 0;
    unsigned last = monitor_trace(monitor, 0) ? monitor_last_ttl(monitor, view->spec) : 0;
    view->selected = uint_min(view->selected, last);
    view->detail = view->detail && view->selected;
}

/* The selected target as if it were the only one. */
static void add_one(struct screen_page *page, nstime now)
{
    struct output of_target = *page->out;
    of_target.result = result_target(page->out->result, page->view->target);
    page->out = &of_target;
    page->monitor = of_target.result->monitor;
    if (!monitor_trace(page->monitor, 0)) {
        screen_add_line(page, NULL, "no probe has been answered yet");
        screen_fill(page, 0);
        return;
    }
    find_widths(page);
    (page->view->detail ? add_detail : add_main)(page, now);
}

void screen_view_render(struct screen_view *view, const struct output *out, nstime now, struct strbuf *text)
{
    struct screen_page page = {.view = view, .changed = view, .out = out, .text = text};
    unsigned targets = result_target_count(out->result);
    view->target = uint_min(view->target, targets - 1);
    if (monitor_trace(result_target(out->result, view->target)->monitor, 0))
        correct(view, result_target(out->result, view->target)->monitor);
    if (view->columns < SCREEN_COLUMNS_LEAST || view->lines < SCREEN_LINES_LEAST)
        screen_add_linef(&page, NULL, "%ux%u: too small, %ux%u needed", view->columns, view->lines,
                         SCREEN_COLUMNS_LEAST, SCREEN_LINES_LEAST);
    else if (view->help)
        add_help(&page);
    else if (targets > 1 && !view->one_target)
        screen_add_targets(&page, now);
    else
        add_one(&page, now);
    screen_fill(&page, 0);
}

static void select_spec(struct screen_view *view, const struct monitor *monitor, bool back)
{
    unsigned count = 0;
    while (monitor_trace(monitor, count))
        count++;
    for (unsigned i = 0; i < count; i++) {
        view->spec = (view->spec + (back ? count - 1 : 1)) % count;
        if (monitor_follows(monitor, view->spec))
            return;
    }
}

static void open_target(struct screen_view *view, unsigned target)
{
    view->one_target = true;
    view->target = target;
    view->detail = false;
    view->selected = view->first = view->spec = 0;
}

/* Digits in a row spell one number, as long as there are so many targets. */
static void press_digit(struct screen_view *view, unsigned digit, unsigned targets)
{
    unsigned number = view->typed * 10 + digit;
    if (number > targets)
        number = digit;
    view->typed = number;
    if (number && number <= targets && targets > 1)
        open_target(view, number - 1);
}

static void go_back(struct screen_view *view)
{
    if (view->help)
        view->help = false;
    else if (view->detail)
        view->detail = false;
    else
        view->one_target = false;
}

/* Keys of the rows of targets. */
static void press_at_targets(struct screen_view *view, unsigned targets, unsigned key)
{
    if (key == SCREEN_KEY_ENTER || key == '\n')
        open_target(view, view->target);
    else if (key == SCREEN_KEY_UP)
        view->target -= view->target > 0;
    else if (key == SCREEN_KEY_DOWN)
        view->target += view->target + 1 < targets;
    else if (key == SCREEN_KEY_NEXT_SPEC)
        view->target = (view->target + 1) % targets;
}

/* Keys of the table of one target. */
static void press_at_table(struct screen_view *view, const struct monitor *monitor, unsigned key)
{
    switch (key) {
    case SCREEN_KEY_MODE:
        view->mode = (view->mode + 1) % SCREEN_MODES;
        break;
    case SCREEN_KEY_COLUMNS:
        view->percentiles = !view->percentiles;
        break;
    case SCREEN_KEY_NEXT_SPEC:
    case SCREEN_KEY_RIGHT:
        select_spec(view, monitor, false);
        break;
    case SCREEN_KEY_LEFT:
        select_spec(view, monitor, true);
        break;
    case SCREEN_KEY_ENTER:
    case '\n':
        view->detail = !view->detail;
        break;
    case SCREEN_KEY_UP:
        view->selected -= view->selected > 0;
        break;
    case SCREEN_KEY_DOWN:
        view->selected++;
        break;
    default:
        break;
    }
}

void screen_view_press(struct screen_view *view, const struct result *result, unsigned key)
{
    unsigned targets = result_target_count(result);
    if (key >= '0' && key <= '9') {
        press_digit(view, key - '0', targets);
        return;
    }
    view->typed = 0;
    switch (key) {
    case SCREEN_KEY_PAUSE:
    case ' ':
        view->paused = !view->paused;
        break;
    case SCREEN_KEY_NAMES:
        view->no_names = !view->no_names;
        break;
    case SCREEN_KEY_HELP:
        view->help = !view->help;
        break;
    case SCREEN_KEY_BACK:
        go_back(view);
        break;
    default:
        if (targets > 1 && !view->one_target)
            press_at_targets(view, targets, key);
        else
            press_at_table(view, result_target(result, view->target)->monitor, key);
    }
}
