/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/screen_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/minmax.h"
#include "report/address_text.h"
#include "report/columns.h"
#include "report/paint.h"

/* Columns of the hop number and of the numbers; what is left is for names, and for sparklines if it suffices.
 * Unit: columns. Source: the formats below. */
#define COUNT_COLUMNS 12
#define TIME_COLUMNS 7
#define TIMES_ALL 5
#define TIMES_FEW 3 /* beside sparklines on a narrow screen */
#define NARROW 100  /* columns */
#define NAME_LEAST 16
#define NAME_MOST 48
#define SPARKS_LEAST 8

/* A page that is being written. */
struct page {
    const struct screen_view *view;
    struct screen_view *changed; /* the same, to keep the selected row on the screen */
    const struct output *out;
    const struct monitor *monitor;
    struct strbuf *text;
    unsigned line;  /* that comes next, from 0 */
    unsigned width; /* columns of names */
    unsigned sparks;
    unsigned times; /* columns of times: TIMES_ALL, TIMES_FEW or none */
};

/* --- lines --- */

/* Adds a line of printable text in one colour, cut to the width of the screen. NULL: no colour. */
static void add_line(struct page *page, const char *sgr, const char *line)
{
    if (page->line >= page->view->lines)
        return;
    strbuf_add(page->text, page->line++ ? "\n" : "");
    paint_begin(page->text, page->view->color, sgr);
    columns_add_cut(page->text, line, page->view->columns);
    paint_end(page->text, page->view->color, sgr);
}

__attribute__((format(printf, 3, 4))) static void add_linef(struct page *page, const char *sgr, const char *format, ...)
{
    struct strbuf line;
    va_list args;
    strbuf_init(&line);
    va_start(args, format);
    strbuf_addfv(&line, format, args);
    va_end(args);
    add_line(page, sgr, line.text);
    strbuf_free(&line);
}

/* Empty lines, until `left` lines are left. */
static void fill(struct page *page, unsigned left)
{
    while (page->line + left < page->view->lines)
        add_line(page, NULL, "");
}

static void add_millis(struct strbuf *line, double ms)
{
    strbuf_addf(line, " %6.*f", ms < 10 ? 2 : ms < 1000 ? 1 : 0, ms);
}

/* "12:34:56" in UTC. */
static const char *clock_of(nstime time, char text[NSTIME_TEXT_BYTES])
{
    nstime_format(time, text);
    if (strlen(text) < 19)
        return "";
    text[19] = '\0';
    return text + 11;
}

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
static void add_sparks(struct strbuf *line, const struct screen_view *view, const struct router_row *row, unsigned most)
{
    unsigned count = uint_min(uint_min(row->time_count, ROW_TIMES_MOST), most);
    const char *last = NULL;
    for (unsigned i = row->time_count - count; i < row->time_count; i++) {
        float ms = row->times[i % ROW_TIMES_MOST];
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

static void add_name(struct page *page, struct strbuf *line, const struct addr *address)
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

static void add_numbers(const struct page *page, struct strbuf *line, const struct router_row *row,
                        const struct row_stats *stats)
{
    const double usual[TIMES_ALL] = {stats->last_ms, stats->avg_ms, stats->worst_ms, stats->best_ms, stats->stdev_ms};
    const double others[TIMES_ALL] = {sketch_quantile(&row->sketch, 0.5), sketch_quantile(&row->sketch, 0.95),
                                      stats->jitter_ms, sketch_quantile(&row->sketch, 0.99), stats->stdev_ms};
    strbuf_addf(line, " %4.0f%% %5" PRIu64, 100 * stats->loss, stats->sent);
    for (unsigned i = 0; i < page->times; i++)
        if (page->view->percentiles ? row->sketch.count : stats->timed)
            add_millis(line, (page->view->percentiles ? others : usual)[i]);
        else
            strbuf_add(line, "      -");
}

/* A line of the table: cut where it is plain, and then the sparkline, which fits. */
static void add_row(struct page *page, unsigned ttl, unsigned number)
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
        add_sparks(&line, view, row, page->sparks);
    }
    strbuf_add(page->text, line.text);
    strbuf_free(&plain);
    strbuf_free(&line);
}

static void add_table_head(struct page *page)
{
    static const char *const usual[TIMES_ALL] = {"Last", "Avg", "Wrst", "Best", "StDev"};
    static const char *const others[TIMES_ALL] = {"p50", "p95", "Jttr", "p99", "StDev"};
    struct strbuf line;
    strbuf_init(&line);
    strbuf_addf(&line, " hop %-*s%s", (int)page->width - 1, "router", page->times ? "  Loss   Snt" : "");
    for (unsigned i = 0; i < page->times; i++)
        strbuf_addf(&line, " %6s", (page->view->percentiles ? others : usual)[i]);
    add_line(page, PAINT_BOLD, line.text);
    strbuf_free(&line);
}

/* A hop whose first probes are not settled yet. */
static void add_young_row(struct page *page, unsigned ttl)
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
    add_line(page, NULL, line.text);
    strbuf_free(&line);
}

static bool is_shown(const struct page *page, unsigned line, unsigned most)
{
    return line >= page->view->first && line < page->view->first + most;
}

/* The rows of all hops: how many lines they take, and with `most` > 0 those from view->first on. */
static unsigned add_rows(struct page *page, unsigned most)
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
    return count;
}

static void find_widths(struct page *page)
{
    const struct screen_view *view = page->view;
    bool is_narrow = view->mode == SCREEN_TABLE && view->columns < NARROW;
    page->times = view->mode == SCREEN_TIMES ? 0 : is_narrow ? TIMES_FEW : TIMES_ALL;
    unsigned fixed = 4 + 8 + (page->times ? COUNT_COLUMNS + page->times * TIME_COLUMNS : 0);
    unsigned left = view->columns > fixed ? view->columns - fixed : 0;
    unsigned name = uint_min(NAME_MOST, uint_max(NAME_LEAST, left / (view->mode == SCREEN_NUMBERS ? 1 : 2)));
    bool has_sparks = view->mode != SCREEN_NUMBERS && left > name + SPARKS_LEAST;
    page->width = has_sparks ? name : uint_min(NAME_MOST, uint_max(NAME_LEAST, left));
    page->sparks = has_sparks ? left - name - 1 : 0;
}

/* --- what stands around it --- */

static void add_heading(struct page *page, nstime now)
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
    strbuf_addf(&line, "  round %u  %s UTC%s", monitor_rounds(page->monitor), clock_of(now, time),
                view->paused ? "  paused" : "");
    add_line(page, PAINT_BOLD, line.text);
    strbuf_free(&line);
}

static const char *colour_of_verdict(const struct verdict *verdict)
{
    bool stops = verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_REJECTED;
    return verdict_passes(verdict) ? PAINT_GREEN : stops ? PAINT_RED : PAINT_YELLOW;
}

static unsigned count_verdicts(const struct page *page)
{
    unsigned count = 0;
    for (unsigned i = 0; monitor_trace(page->monitor, i); i++)
        count += monitor_follows(page->monitor, i) && monitor_verdict(page->monitor, i);
    return count;
}

static void add_verdicts(struct page *page)
{
    for (unsigned i = 0; monitor_trace(page->monitor, i); i++) {
        const struct verdict *verdict = monitor_verdict(page->monitor, i);
        if (monitor_follows(page->monitor, i) && verdict)
            add_line(page, colour_of_verdict(verdict), verdict->text);
    }
}

static void add_events(struct page *page, unsigned most)
{
    char time[NSTIME_TEXT_BYTES];
    for (unsigned i = uint_min(most, monitor_recent_count(page->monitor)); i-- > 0;) {
        const struct recent_event *event = monitor_recent(page->monitor, i);
        add_linef(page, PAINT_YELLOW, "%s %s: %s", clock_of(event->time, time), event_kind_name(event->kind),
                  event->text);
    }
}

static void add_keys(struct page *page)
{
    bool several = result_target_count(page->out->result) > 1;
    fill(page, 1);
    add_line(page, PAINT_DIM,
             several ? "q quit  p pause  r reset  d display  j columns  tab probe  enter hop  esc back  ? help"
                     : "q quit  p pause  r reset  n names  d display  j columns  tab probe  enter hop  ? help");
}

/* --- pages --- */

static void add_main(struct page *page, nstime now)
{
    unsigned verdicts = count_verdicts(page), lines = page->view->lines;
    unsigned events = uint_min(monitor_recent_count(page->monitor), lines > 30 ? 8 : 3);
    unsigned around = 3U + (verdicts > 0) + verdicts + (events > 0) + events;
    add_heading(page, now);
    add_table_head(page);
    add_rows(page, lines > around + 3 ? lines - around : 3);
    if (verdicts)
        add_line(page, NULL, "");
    add_verdicts(page);
    if (events)
        add_line(page, NULL, "");
    add_events(page, events);
    add_keys(page);
}

static void add_help(struct page *page)
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
    add_line(page, PAINT_BOLD, "Keys");
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
        add_line(page, NULL, lines[i]);
    fill(page, 0);
}

/* A bar for each share of a tenth between the best and the worst time. */
static void add_histogram(struct page *page, const struct router_row *row)
{
    for (unsigned i = 1; i <= 10; i++) {
        double ms = sketch_quantile(&row->sketch, i / 10.0), worst = row->running.worst_ms;
        unsigned bar = worst > 0 ? (unsigned)(ms / worst * 40) : 0;
        add_linef(page, NULL, "  %3u %% within %9.3f ms  %.*s", i * 10, ms, (int)uint_min(bar, 40),
                  "########################################");
    }
}

static void add_detail(struct page *page, nstime now)
{
    const struct screen_view *view = page->view;
    const struct hop_rows *hop = &monitor_rows(page->monitor, view->spec)->hops[view->selected];
    struct row_stats all;
    uint64_t settled = 0;
    for (unsigned row = 0; row < hop->count; row++)
        settled += hop->rows[row].running.received;
    monitor_hop_stats(page->monitor, view->spec, (uint8_t)view->selected, &all);
    add_heading(page, now);
    add_linef(page, PAINT_BOLD, "Hop %u: %" PRIu64 " probes, %" PRIu64 " replies", view->selected, all.sent,
              all.received);
    add_table_head(page);
    for (unsigned row = 0; row < hop->count; row++) {
        add_row(page, view->selected, row);
        if (settled)
            add_linef(page, NULL, "    %.1f %% of the replies",
                      100.0 * (double)hop->rows[row].running.received / (double)settled);
    }
    if (hop->count && hop->rows[0].sketch.count)
        add_histogram(page, &hop->rows[0]);
    add_keys(page);
}

/* --- several targets --- */

/* Columns of the numbers of a target: hops, loss, last and mean round trip. */
#define TARGET_NUMBERS 26
#define TARGET_NAME_MOST 40

/* The spec whose answers show the target: the first that reaches it, else the first one. */
static unsigned spec_of_target(const struct monitor *monitor)
{
    unsigned first = 0;
    while (monitor_trace(monitor, first) && !monitor_follows(monitor, first))
        first++;
    for (unsigned i = first; monitor_trace(monitor, i); i++) {
        const struct verdict *verdict = monitor_verdict(monitor, i);
        if (monitor_follows(monitor, i) && verdict && verdict_passes(verdict))
            return i;
    }
    return first;
}

static void add_states_of(struct strbuf *line, const struct monitor *monitor, bool passing)
{
    for (unsigned i = 0; monitor_trace(monitor, i); i++) {
        const struct verdict *verdict = monitor_follows(monitor, i) ? monitor_verdict(monitor, i) : NULL;
        char spec[PROBE_SPEC_TEXT_BYTES];
        if (!verdict || verdict_passes(verdict) != passing)
            continue;
        probe_spec_format(&monitor_trace(monitor, i)->flow.spec, spec);
        strbuf_addf(line, "%s %s, ", spec, verdict_state_name(verdict->state));
    }
}

/* "tcp/443 dropped, icmp open", what does not pass first, or "open" if that is the state of all. */
static void add_states(struct strbuf *line, const struct monitor *monitor)
{
    const struct verdict *first = NULL;
    bool differ = false;
    for (unsigned i = 0; monitor_trace(monitor, i); i++) {
        const struct verdict *verdict = monitor_follows(monitor, i) ? monitor_verdict(monitor, i) : NULL;
        differ = differ || (first && verdict && verdict->state != first->state);
        first = first ? first : verdict;
    }
    if (!differ) {
        strbuf_add(line, first ? verdict_state_name(first->state) : "");
        return;
    }
    struct strbuf states;
    strbuf_init(&states);
    add_states_of(&states, monitor, false);
    add_states_of(&states, monitor, true);
    strbuf_add_bytes(line, states.text, states.length - strlen(", "));
    strbuf_free(&states);
}

/* Green: each probe gets through; red: none does. */
static const char *colour_of_target(const struct monitor *monitor)
{
    unsigned passing = 0, all = 0;
    for (unsigned i = 0; monitor_trace(monitor, i); i++) {
        const struct verdict *verdict = monitor_follows(monitor, i) ? monitor_verdict(monitor, i) : NULL;
        all += verdict != NULL;
        passing += verdict && verdict_passes(verdict);
    }
    return !all ? NULL : passing == all ? PAINT_GREEN : passing ? PAINT_YELLOW : PAINT_RED;
}

static void add_target_numbers(struct strbuf *line, const struct monitor *monitor)
{
    unsigned spec = spec_of_target(monitor);
    uint8_t last = monitor_trace(monitor, spec) ? monitor_last_ttl(monitor, spec) : 0;
    struct row_stats stats = {0};
    if (last)
        monitor_hop_stats(monitor, spec, last, &stats);
    if (!last || !stats.sent) {
        strbuf_addf(line, " %4s %5s %6s %6s ", "-", "-", "-", "-");
        return;
    }
    strbuf_addf(line, " %4u %4.0f%%", last, 100 * stats.loss);
    if (stats.timed) {
        add_millis(line, stats.last_ms);
        add_millis(line, stats.avg_ms);
    } else {
        strbuf_addf(line, " %6s %6s", "-", "-");
    }
    strbuf_add(line, " ");
}

static void add_target_name(struct page *page, struct strbuf *line, const struct result *result)
{
    struct strbuf name;
    strbuf_init(&name);
    const char *known = page->view->no_names ? NULL : result_target_name(result);
    address_text_add_target(&name, &result->config->target, &result->config->target, known);
    unsigned used = columns_add_cut(line, name.text, page->width);
    strbuf_addf(line, "%*s", (int)(page->width - used), "");
    strbuf_free(&name);
}

static void add_target_row(struct page *page, unsigned number)
{
    const struct result *result = result_target(page->out->result, number);
    const struct monitor *monitor = result->monitor;
    bool is_selected = number == page->view->target;
    char time[NSTIME_TEXT_BYTES];
    struct strbuf line;
    strbuf_init(&line);
    strbuf_addf(&line, "%c%2u ", is_selected ? '>' : ' ', number + 1);
    add_target_name(page, &line, result);
    add_target_numbers(&line, monitor);
    add_states(&line, monitor);
    if (monitor_recent_count(monitor)) {
        const struct recent_event *event = monitor_recent(monitor, 0);
        strbuf_addf(&line, "  %s %s", clock_of(event->time, time), event_kind_name(event->kind));
    }
    add_line(page, is_selected ? PAINT_BOLD : colour_of_target(monitor), line.text);
    strbuf_free(&line);
}

/* The newest events of all targets, the oldest of them first. */
static void add_events_of_all(struct page *page, unsigned most)
{
    const struct result *result = page->out->result;
    unsigned taken[TARGETS_MOST] = {0}, count = 0;
    struct chosen {
        const struct recent_event *event;
        unsigned target;
    } chosen[8];
    for (; count < most; count++) {
        const struct recent_event *newest = NULL;
        unsigned of = 0;
        for (unsigned k = 0; k < result_target_count(result); k++) {
            const struct monitor *monitor = result_target(result, k)->monitor;
            const struct recent_event *next =
                taken[k] < monitor_recent_count(monitor) ? monitor_recent(monitor, taken[k]) : NULL;
            if (next && (!newest || next->time > newest->time)) {
                newest = next;
                of = k;
            }
        }
        if (!newest)
            break;
        taken[of]++;
        chosen[count] = (struct chosen){newest, of};
    }
    while (count-- > 0) {
        char time[NSTIME_TEXT_BYTES], address[ADDR_TEXT_BYTES];
        const struct result *target = result_target(result, chosen[count].target);
        const char *name = page->view->no_names ? NULL : result_target_name(target);
        addr_format(&target->config->target, address);
        add_linef(page, PAINT_YELLOW, "%s %s: %s: %s", clock_of(chosen[count].event->time, time), name ? name : address,
                  event_kind_name(chosen[count].event->kind), chosen[count].event->text);
    }
}

static unsigned events_of_all(const struct result *result)
{
    unsigned count = 0;
    for (unsigned k = 0; k < result_target_count(result); k++)
        count += monitor_recent_count(result_target(result, k)->monitor);
    return count;
}

static unsigned widest_target(const struct result *result)
{
    unsigned widest = NAME_LEAST;
    for (unsigned k = 0; k < result_target_count(result); k++) {
        const struct result *target = result_target(result, k);
        struct strbuf name;
        strbuf_init(&name);
        address_text_add_target(&name, &target->config->target, &target->config->target, result_target_name(target));
        widest = uint_max(widest, columns_count(name.text));
        strbuf_free(&name);
    }
    return uint_min(widest, TARGET_NAME_MOST);
}

/* A row for each target, so that the selected one is seen. */
static void add_targets(struct page *page, nstime now)
{
    const struct result *result = page->out->result;
    struct screen_view *view = page->changed;
    unsigned count = result_target_count(result), lines = view->lines;
    unsigned events = uint_min(events_of_all(result), lines > 30 ? 8 : 3);
    unsigned around = 3U + (events > 0) + events, rows = lines > around + 3 ? lines - around : 3;
    char time[NSTIME_TEXT_BYTES];
    if (view->target < view->first_target)
        view->first_target = view->target;
    if (view->target >= view->first_target + rows)
        view->first_target = view->target - rows + 1;
    unsigned left =
        view->columns > 4 + TARGET_NUMBERS + NAME_LEAST ? view->columns - 4 - TARGET_NUMBERS - NAME_LEAST : 0;
    page->width = uint_min(widest_target(result), NAME_LEAST + left / 2);
    add_linef(page, PAINT_BOLD, "hopsonde watch to %u targets  round %u  %s UTC%s", count,
              monitor_rounds(result->monitor), clock_of(now, time), view->paused ? "  paused" : "");
    add_linef(page, PAINT_BOLD, "    %-*s Hops  Loss   Last    Avg State", (int)page->width, "target");
    for (unsigned i = view->first_target; i < count && i < view->first_target + rows; i++)
        add_target_row(page, i);
    if (events)
        add_line(page, NULL, "");
    add_events_of_all(page, events);
    fill(page, 1);
    add_line(page, PAINT_DIM, "q quit  p pause  r reset  n names  number, enter show a target  ? help");
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
static void add_one(struct page *page, nstime now)
{
    struct output of_target = *page->out;
    of_target.result = result_target(page->out->result, page->view->target);
    page->out = &of_target;
    page->monitor = of_target.result->monitor;
    if (!monitor_trace(page->monitor, 0)) {
        add_line(page, NULL, "no probe has been answered yet");
        fill(page, 0);
        return;
    }
    find_widths(page);
    (page->view->detail ? add_detail : add_main)(page, now);
}

void screen_view_render(struct screen_view *view, const struct output *out, nstime now, struct strbuf *text)
{
    struct page page = {.view = view, .changed = view, .out = out, .text = text};
    unsigned targets = result_target_count(out->result);
    view->target = uint_min(view->target, targets - 1);
    if (monitor_trace(result_target(out->result, view->target)->monitor, 0))
        correct(view, result_target(out->result, view->target)->monitor);
    if (view->columns < SCREEN_COLUMNS_LEAST || view->lines < SCREEN_LINES_LEAST)
        add_linef(&page, NULL, "%ux%u: too small, %ux%u needed", view->columns, view->lines, SCREEN_COLUMNS_LEAST,
                  SCREEN_LINES_LEAST);
    else if (view->help)
        add_help(&page);
    else if (targets > 1 && !view->one_target)
        add_targets(&page, now);
    else
        add_one(&page, now);
    fill(&page, 0);
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
        view->first -= view->first > 0 && view->selected < view->first;
        break;
    case SCREEN_KEY_DOWN:
        view->selected++;
        view->first += view->selected > view->first + view->lines / 2;
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
