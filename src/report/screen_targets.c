/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/screen_targets.h"

#include <string.h>

#include "base/minmax.h"
#include "report/address_text.h"
#include "report/columns.h"
#include "report/paint.h"

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
        screen_add_millis(line, stats.last_ms);
        screen_add_millis(line, stats.avg_ms);
    } else {
        strbuf_addf(line, " %6s %6s", "-", "-");
    }
    strbuf_add(line, " ");
}

static void add_target_name(struct screen_page *page, struct strbuf *line, const struct result *result)
{
    struct strbuf name;
    strbuf_init(&name);
    const char *known = page->view->no_names ? NULL : result_target_name(result);
    address_text_add_target(&name, &result->config->target, &result->config->target, known);
    unsigned used = columns_add_cut(line, name.text, page->width);
    strbuf_addf(line, "%*s", (int)(page->width - used), "");
    strbuf_free(&name);
}

static void add_target_row(struct screen_page *page, unsigned number)
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
        strbuf_addf(&line, "  %s %s", screen_clock(event->time, time), event_kind_name(event->kind));
    }
    screen_add_line(page, is_selected ? PAINT_BOLD : colour_of_target(monitor), line.text);
    strbuf_free(&line);
}

/* The newest events of all targets, the oldest of them first. */
static void add_events_of_all(struct screen_page *page, unsigned most)
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
        screen_add_linef(page, PAINT_YELLOW, "%s %s: %s: %s", screen_clock(chosen[count].event->time, time),
                         name ? name : address, event_kind_name(chosen[count].event->kind), chosen[count].event->text);
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
    unsigned widest = SCREEN_NAME_LEAST;
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

void screen_add_targets(struct screen_page *page, nstime now)
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
    unsigned left = view->columns > 4 + TARGET_NUMBERS + SCREEN_NAME_LEAST
                        ? view->columns - 4 - TARGET_NUMBERS - SCREEN_NAME_LEAST
                        : 0;
    page->width = uint_min(widest_target(result), SCREEN_NAME_LEAST + left / 2);
    screen_add_linef(page, PAINT_BOLD, "hopsonde watch to %u targets  round %u  %s UTC%s", count,
                     monitor_rounds(result->monitor), screen_clock(now, time), view->paused ? "  paused" : "");
    screen_add_linef(page, PAINT_BOLD, "    %-*s Hops  Loss   Last    Avg State", (int)page->width, "target");
    for (unsigned i = view->first_target; i < count && i < view->first_target + rows; i++)
        add_target_row(page, i);
    if (events)
        screen_add_line(page, NULL, "");
    add_events_of_all(page, events);
    screen_fill(page, 1);
    screen_add_line(page, PAINT_DIM, "q quit  p pause  r reset  n names  number, enter show a target  ? help");
}
