/* SPDX-License-Identifier: BSD-2-Clause */
/* list: one line a trace, for captures with up to hundreds of thousands of them: number, start, source > target, probe,
 * tool, TTLs, probes, answered probes, how the trace ended, and at which hop.
 *
 * Fields contain no blanks, so that programs can split the lines; `-` is unknown. Columns are aligned unless a field is
 * too long. */
#include <stdlib.h>
#include <string.h>

#include "report/format.h"
#include "report/row_buffer.h"
#include "report/summary.h"

/* The end of each column; at least one blank follows. */
enum stop {
    STOP_NUMBER = 5,
    STOP_START = STOP_NUMBER + 1 + 20,
    STOP_ADDRESSES = STOP_START + 1 + 31,
    STOP_PROBE = STOP_ADDRESSES + 1 + 7,
    STOP_TOOL = STOP_PROBE + 1 + 16,
    STOP_TTLS = STOP_TOOL + 1 + 5,
};
#define COUNT_COLUMNS 5

static const char heading[] =
    "    # started (UTC)        source > target                 probe   tool             TTLs   sent  ansd ended\n";

#define HELD_MOST 512
#define LINE_MOST 320 /* bytes: two IPv6 addresses and the longest fields take 220 */

/* The traces of a capture end in any order. Up to HELD_MOST lines are held and then written in the order of their
 * numbers. */
struct held_line {
    uint32_t number;
    uint32_t length;
    char text[LINE_MOST];
};

struct list_state {
    struct row_buffer *rows;
    struct spec_text spec;
    unsigned held_count;
    struct held_line held[HELD_MOST];
};

static bool list_begin(struct output *out)
{
    struct list_state *state = calloc(1, sizeof *state);
    struct row_buffer *rows = state ? row_buffer_new(out->file) : NULL;
    if (!rows) {
        free(state);
        return false;
    }
    state->rows = rows;
    out->state = state;
    if (!out->headed && !out->options.quiet)
        row_buffer_end(rows, put_text(row_buffer_begin(rows), heading));
    out->headed = true;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct held_line *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void release_held(struct list_state *state)
{
    qsort(state->held, state->held_count, sizeof *state->held, by_number);
    for (unsigned i = 0; i < state->held_count; i++) {
        char *at = row_buffer_begin(state->rows);
        memcpy(at, state->held[i].text, state->held[i].length);
        row_buffer_end(state->rows, at + state->held[i].length);
    }
    state->held_count = 0;
}

static void list_end(struct output *out)
{
    struct list_state *state = out->state;
    release_held(state);
    row_buffer_flush(state->rows);
    fflush(out->file);
    row_buffer_free(state->rows);
    free(state);
    out->state = NULL;
}

/* "traceroute (Linux)" becomes traceroute-Linux: one word. */
static char *put_word(char *at, const char *text)
{
    for (; *text; text++)
        if (*text != '(' && *text != ')')
            *at++ = *text == ' ' ? '-' : *text;
    return at;
}

static char *put_ttls(char *at, const struct trace *trace)
{
    uint8_t first = trace->least_ttl, last = trace_last_ttl(trace);
    at = put_number(at, first < last ? first : last);
    return first < last ? put_number(put_char(at, '-'), last) : at;
}

/* The hop at which the trace ended. */
static uint8_t end_hop(const struct trace *trace)
{
    switch (trace->end) {
    case END_REACHED:
        return trace->reached_ttl;
    case END_REJECTED:
    case END_UNREACHABLE:
        return trace->refused_ttl;
    case END_LOOPING:
        return trace->loop_first;
    case END_SILENT:
        return trace->last_router_ttl ? (uint8_t)(trace->last_router_ttl + 1) : trace->least_ttl;
    case END_MAX_TTL:
    case END_INTERRUPTED:
    case END_RUNNING:
        break;
    }
    return trace_last_ttl(trace);
}

static char *put_addresses(struct row_buffer *rows, char *at, const struct flow *flow)
{
    at = put_address(rows, at, &flow->source);
    return put_address(rows, put_text(at, " > "), &flow->target);
}

/* Pads up to the end of a column, and adds a blank. */
static char *put_stop(char *at, const char *start, size_t columns)
{
    return put_char(put_blanks(at, start, columns), ' ');
}

/* "tcp/443"; of a port list "tcp/1+1023": the first port, and how many more. */
static char *put_spec(struct list_state *state, char *at, const struct trace *trace)
{
    uint32_t more = 0;
    at = put_text(at, summary_spec(&state->spec, &trace->flow.spec));
    if (!trace->ports)
        return at;
    for (unsigned port = port_list_next(trace->ports, trace->first_port + 1U); port && port <= trace->last_port;
         port = port_list_next(trace->ports, port + 1))
        more++;
    return put_number(put_char(at, '+'), more);
}

/* Writes the line at `start`, the start of a row; returns its end. */
static char *put_trace(struct list_state *state, char *start, uint64_t number, const struct trace *trace)
{
    struct row_buffer *rows = state->rows;
    char *at = put_number_right(start, number, STOP_NUMBER);
    at = put_stop(at, start, STOP_NUMBER);
    at = trace->first_sent == NSTIME_NONE ? put_char(at, '-') : put_second(rows, at, trace->first_sent);
    at = put_addresses(rows, put_stop(at, start, STOP_START), &trace->flow);
    at = put_spec(state, put_stop(at, start, STOP_ADDRESSES), trace);
    at = put_word(put_stop(at, start, STOP_PROBE), trace->origin.tool ? trace->origin.tool : "-");
    at = put_ttls(put_stop(at, start, STOP_TOOL), trace);
    at = put_number_right(put_stop(at, start, STOP_TTLS), summary_probes_sent(trace), COUNT_COLUMNS);
    at = put_number_right(put_char(at, ' '), trace->answered_count, COUNT_COLUMNS);
    at = put_text(put_char(at, ' '), trace_end_name(trace->end));
    return put_char(put_number(put_char(at, ' '), end_hop(trace)), '\n');
}

static void list_trace(struct output *out, const struct trace *trace)
{
    struct list_state *state = out->state;
    if (state->held_count == HELD_MOST)
        release_held(state);
    char *start = row_buffer_begin(state->rows); /* scratch: the row is not ended */
    struct held_line *line = &state->held[state->held_count++];
    line->number = result_trace_number(out->result, trace);
    line->length = (uint32_t)(put_trace(state, start, line->number, trace) - start);
    memcpy(line->text, start, line->length);
}

const struct output_format output_list = {
    .name = "list",
    .help = "a line a trace",
    .begin = list_begin,
    .trace = list_trace,
    .end = list_end,
};
