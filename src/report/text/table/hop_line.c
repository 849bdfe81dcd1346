/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/hop_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/address_text.h"
#include "report/paint.h"
#include "report/text/table/marks.h"
#include "verdict/findings/balance.h"

/* A line under construction. */
struct line {
    struct strbuf *text;
    const struct trace *trace;
    const struct hop_cells *cells;
    const char *target_name;
    uint8_t ttl;
    uint16_t mtu;
    bool names_spec, color, marks;
};

/* The target keeps the name by which the user called it, so it has no mark. */
static bool is_marked(const struct line *line, const struct addr *address)
{
    return line->marks && !(line->target_name && addr_equal(address, &line->trace->flow.target));
}

static void add_plain_address(const struct line *line, const struct addr *address)
{
    if (is_marked(line, address))
        address_text_mark(line->text, address);
    else
        address_text_add_target(line->text, address, &line->trace->flow.target, line->target_name);
}

static void add_address(const struct line *line, const struct addr *address)
{
    paint_begin(line->text, line->color, PAINT_BOLD);
    add_plain_address(line, address);
    paint_end(line->text, line->color, PAINT_BOLD);
}

static void add_ttl(const struct line *line)
{
    paint_begin(line->text, line->color, PAINT_DIM);
    strbuf_addf(line->text, "%2u", line->ttl);
    paint_end(line->text, line->color, PAINT_DIM);
    strbuf_add(line->text, " ");
}

static unsigned mpls_count(const struct reply *reply)
{
    return reply->extension ? reply->extension->mpls_count : 0;
}

static bool same_labels(const struct reply *a, const struct reply *b)
{
    if (mpls_count(a) != mpls_count(b))
        return false;
    for (unsigned i = 0; i < mpls_count(a); i++) {
        const struct mpls_label *x = &a->extension->mpls[i], *y = &b->extension->mpls[i];
        if (x->label != y->label || x->tc != y->tc || x->bottom != y->bottom || x->ttl != y->ttl)
            return false;
    }
    return true;
}

static void add_labels(const struct line *line, const struct reply *reply)
{
    for (unsigned i = 0; i < mpls_count(reply); i++) {
        const struct mpls_label *label = &reply->extension->mpls[i];
        strbuf_addf(line->text, "%sL=%u TC=%u S=%u TTL=%u", i ? " / " : "  [mpls ", (unsigned)label->label, label->tc,
                    label->bottom ? 1U : 0U, label->ttl);
    }
    if (mpls_count(reply))
        strbuf_add(line->text, "]");
}

static void add_mark(const struct line *line, const struct reply *reply)
{
    char mark[MARK_BYTES];
    mark_format(line->trace, reply, mark);
    if (!mark[0])
        return;
    strbuf_add(line->text, " ");
    paint_begin(line->text, line->color, PAINT_RED);
    strbuf_add(line->text, mark);
    paint_end(line->text, line->color, PAINT_RED);
}

static void add_silence(const struct line *line)
{
    strbuf_add(line->text, " ");
    paint_begin(line->text, line->color, PAINT_DIM);
    strbuf_add(line->text, "*");
    paint_end(line->text, line->color, PAINT_DIM);
}

/* "?": the reply fits probes of other hops as well, or shows too little of the probe's identity to count. */
static bool is_doubtful(const struct probe *probe, const struct reply *reply)
{
    return reply->hop_is_doubtful || probe_is_unproven(probe, reply);
}

/* "? ms": both frames were captured, but their stamps do not show the time between them. */
static void add_time(const struct line *line, const struct probe *probe, const struct reply *reply)
{
    nstime rtt = reply_rtt(probe, reply);
    if (rtt != NSTIME_NONE)
        strbuf_addf(line->text, "  %.3f ms", nstime_ms(rtt));
    else if (probe->sent != NSTIME_NONE)
        strbuf_add(line->text, "  ? ms");
}

/* The times of the probes. An address precedes the first time of consecutive replies from it. */
static void add_probes(const struct line *line, const struct hop_cells *cells)
{
    const struct reply *last = NULL; /* the last reply on the line */
    bool after_time = false, last_is_doubtful = false;
    for (unsigned i = 0; i < cells->count; i++) {
        const struct probe *probe = cells->probes[i];
        const struct reply *reply = probe_shown(probe);
        if (!reply) {
            add_silence(line);
            after_time = false;
            continue;
        }
        bool same_router =
            last && addr_equal(&last->from, &reply->from) && last_is_doubtful == is_doubtful(probe, reply);
        if (last && !(same_router && same_labels(last, reply))) {
            add_labels(line, last);
            after_time = true;
        }
        if (!same_router) {
            strbuf_add(line->text, after_time ? "  " : " ");
            add_address(line, &reply->from);
            strbuf_add(line->text, is_doubtful(probe, reply) ? "?" : "");
        }
        add_time(line, probe, reply);
        add_mark(line, reply);
        last = reply;
        last_is_doubtful = is_doubtful(probe, reply);
        after_time = true;
    }
    if (last)
        add_labels(line, last);
    for (unsigned i = 0; i < cells->stars; i++)
        add_silence(line);
}

static bool is_answered(const struct trace *trace, uint8_t ttl)
{
    struct addr from = trace_hop_address(trace, ttl);
    return !addr_is_none(&from);
}

/* "[icmp]", "[tcp/443 open]"; only "[open]" or "[closed]" if the spec is not named. */
static void add_bracket(const struct line *line)
{
    if (!is_answered(line->trace, line->ttl))
        return;
    const char *state = mark_hop_port_state(line->trace, line->ttl);
    char spec[PROBE_SPEC_TEXT_BYTES] = "";
    if (line->names_spec)
        probe_spec_format(&line->trace->flow.spec, spec);
    if (!spec[0] && !state)
        return;
    strbuf_add(line->text, "  ");
    paint_begin(line->text, line->color, state ? PAINT_GREEN : NULL);
    strbuf_addf(line->text, "[%s%s%s]", spec, spec[0] && state ? " " : "", state ? state : "");
    paint_end(line->text, line->color, state ? PAINT_GREEN : NULL);
}

static void add_brackets(const struct line *line)
{
    if (line->mtu)
        strbuf_addf(line->text, "  F-%u", line->mtu);
    add_bracket(line);
    if (balance_is_per_packet(line->trace, line->ttl))
        strbuf_add(line->text, "  [per packet]");
}

static struct line line_init(struct strbuf *text, const struct hop_line *line)
{
    return (struct line){.text = text,
                         .trace = line->trace,
                         .cells = line->cells,
                         .target_name = line->target_name,
                         .ttl = line->ttl,
                         .mtu = line->mtu,
                         .names_spec = line->names_spec,
                         .color = line->color,
                         .marks = line->marks};
}

void hop_line_add_hop(struct strbuf *text, const struct hop_line *what)
{
    struct line line = line_init(text, what);
    add_ttl(&line);
    if (!line.trace) {
        strbuf_add(text, " -");
        return;
    }
    struct hop_cells all;
    if (!line.cells)
        hop_cells_of_trace(line.trace, line.ttl, 0, &all);
    add_probes(&line, line.cells ? line.cells : &all);
    add_brackets(&line);
}

void hop_line_add_row_heading(struct strbuf *text)
{
    strbuf_addf(text, "%*s  Loss%%   Snt   Best    Avg   Wrst  StDev   Jttr",
                HOP_LINE_ROW_INDENT + HOP_LINE_ROW_COLUMNS, "");
}

static void add_row_address(const struct line *line, const struct addr *address)
{
    size_t before = line->text->length;
    if (is_marked(line, address)) {
        address_text_mark_column(line->text, address);
        return;
    }
    add_plain_address(line, address);
    size_t columns = line->text->length - before;
    if (columns < HOP_LINE_ROW_COLUMNS)
        strbuf_addf(line->text, "%*s", (int)(HOP_LINE_ROW_COLUMNS - columns), "");
}

static void add_row_numbers(const struct line *line, const struct hop_stats *stats)
{
    if (line->trace->origin.inferred) /* its losses are unknown */
        strbuf_addf(line->text, "      - %5u", stats->sent);
    else
        strbuf_addf(line->text, " %5.1f%% %5u", stats->loss * 100, stats->sent);
    if (stats->timed > 0)
        strbuf_addf(line->text, " %6.2f %6.2f %6.2f %6.2f %6.2f", stats->best_ms, stats->avg_ms, stats->worst_ms,
                    stats->stdev_ms, stats->jitter_ms);
}

/* Addresses of a hop that stand below its row; the others are counted. */
#define ADDRESSES_SHOWN 16

struct addresses {
    struct addr list[ADDRESSES_SHOWN];
    unsigned count;
};

static bool is_listed(const struct addresses *addresses, const struct addr *address)
{
    for (unsigned i = 0; i < addresses->count; i++)
        if (addr_equal(&addresses->list[i], address))
            return true;
    return false;
}

static int compare_addresses(const void *left, const void *right)
{
    return addr_compare(left, right);
}

/* The number of different addresses. */
static size_t count_different(struct addr *list, size_t count)
{
    size_t different = 0;
    qsort(list, count, sizeof *list, compare_addresses);
    for (size_t i = 0; i < count; i++)
        different += i == 0 || !addr_equal(&list[i - 1], &list[i]);
    return different;
}

/* The addresses that answered the probes from `probe` on and are not listed; 0: memory is short, too. */
static size_t count_others(const struct line *line, const struct addresses *shown, const struct probe *probe)
{
    struct addr *others = NULL;
    size_t count = 0, capacity = 0;
    for (; probe; probe = trace_next_at(line->trace, probe)) {
        const struct reply *reply = probe_answer(probe);
        void *array = others;
        if (!reply || is_listed(shown, &reply->from))
            continue;
        if (!array_reserve(&array, &capacity, count + 1, sizeof *others))
            break;
        others = array;
        others[count++] = reply->from;
    }
    count = count ? count_different(others, count) : 0;
    free(others);
    return count;
}

/* The addresses beside that of the row, each on a line of its own. */
static void add_other_addresses(const struct line *line)
{
    struct addresses known = {.list = {trace_hop_address(line->trace, line->ttl)}, .count = 1};
    const struct probe *p = trace_first_at(line->trace, line->ttl);
    for (; p && known.count < ADDRESSES_SHOWN; p = trace_next_at(line->trace, p)) {
        const struct reply *reply = probe_answer(p);
        if (!reply || is_listed(&known, &reply->from))
            continue;
        known.list[known.count++] = reply->from;
        strbuf_add(line->text, "\n    ");
        add_plain_address(line, &reply->from);
    }
    size_t others = count_others(line, &known, p);
    if (others)
        strbuf_addf(line->text, "\n    and %zu more address%s: --json lists %s", others, others == 1 ? "" : "es",
                    others == 1 ? "it" : "them");
}

static void add_row_answers(const struct line *line)
{
    const struct reply *first = NULL;
    for (const struct probe *p = trace_first_at(line->trace, line->ttl); p && !first; p = trace_next_at(line->trace, p))
        first = probe_answer(p);
    if (first) {
        strbuf_add(line->text, first->hop_is_doubtful ? " ?" : "");
        add_mark(line, first);
        add_labels(line, first);
    }
    add_brackets(line);
    add_other_addresses(line);
}

/* The first unproven reply of a hop without others; NULL: there is none. */
static const struct reply *unproven_at(const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *p = trace ? trace_first_at(trace, ttl) : NULL; p; p = trace_next_at(trace, p))
        if (probe_shown(p))
            return probe_answer(p) ? NULL : probe_shown(p);
    return NULL;
}

void hop_line_add_row(struct strbuf *text, const struct hop_line *what)
{
    struct line line = line_init(text, what);
    add_ttl(&line);
    strbuf_add(text, " ");
    const struct reply *unproven = unproven_at(line.trace, line.ttl);
    if (unproven) {
        add_row_address(&line, &unproven->from);
    } else if (!line.trace || !is_answered(line.trace, line.ttl)) {
        paint_begin(line.text, line.color, PAINT_DIM);
        strbuf_addf(text, "%-*s", HOP_LINE_ROW_COLUMNS, "*");
        paint_end(line.text, line.color, PAINT_DIM);
    } else {
        struct addr address = trace_hop_address(line.trace, line.ttl);
        paint_begin(line.text, line.color, PAINT_BOLD);
        add_row_address(&line, &address);
        paint_end(line.text, line.color, PAINT_BOLD);
    }
    if (!line.trace)
        return;
    struct hop_stats stats;
    if (line.cells)
        probes_stats(line.cells->probes, line.cells->count, &stats);
    else
        trace_hop_stats(line.trace, line.ttl, &stats);
    add_row_numbers(&line, &stats);
    strbuf_add(text, unproven ? " ?" : "");
    add_row_answers(&line);
}
