/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/address_text.h"
#include "report/paint.h"
#include "report/text/table/matrix_cells.h"
#include "report/text/table/port_columns.h"

#define ADDRESS_COLUMNS 18
#define LEFT_COLUMNS (4 + ADDRESS_COLUMNS) /* TTL and address */
#define HEADING_LINES 4                    /* "tcp", "/33434", ":name", "[1]" */
#define TAIL_ROWS_MOST 2                   /* up to so many silent hops at the end have a row each */

struct matrix {
    struct strbuf *text;
    const struct result *result;
    struct matrix_view view;
    const struct port_columns *ports; /* the last columns are groups of ports; NULL: none is */
    bool color, one_per_line;
    bool has_limited;      /* a cell is MATRIX_LIMITED */
    unsigned first, count; /* the specs of the current block */
    unsigned pending;      /* blanks before the next cell; dropped at the end of a line */
};

/* --- rows --- */

static void end_line(struct matrix *matrix)
{
    strbuf_add(matrix->text, "\n");
    matrix->pending = 0;
}

/* Right-aligned, after at least one blank. */
static void add_cell(struct matrix *matrix, const char *text, const char *sgr)
{
    unsigned length = (unsigned)strlen(text);
    matrix->pending += 1 + (length < MATRIX_CELL_COLUMNS ? MATRIX_CELL_COLUMNS - length : 0);
    if (!length)
        return;
    strbuf_addf(matrix->text, "%*s", (int)matrix->pending, "");
    matrix->pending = 0;
    paint_begin(matrix->text, matrix->color, sgr);
    strbuf_add(matrix->text, text);
    paint_end(matrix->text, matrix->color, sgr);
}

static void add_address(struct matrix *matrix, const struct addr *address)
{
    struct strbuf plain;
    strbuf_init(&plain);
    address_text_add_target(&plain, address, &matrix->result->config->target, result_target_name(matrix->result));
    paint_begin(matrix->text, matrix->color, PAINT_BOLD);
    strbuf_add(matrix->text, plain.text);
    paint_end(matrix->text, matrix->color, PAINT_BOLD);
    matrix->pending = plain.length < ADDRESS_COLUMNS ? ADDRESS_COLUMNS - (unsigned)plain.length : 0;
    if (plain.length > ADDRESS_COLUMNS) {
        end_line(matrix);
        matrix->pending = LEFT_COLUMNS;
    }
    strbuf_free(&plain);
}

static void add_ttl(struct matrix *matrix, uint8_t ttl, bool first_row)
{
    paint_begin(matrix->text, matrix->color, first_row ? PAINT_DIM : NULL);
    if (first_row)
        strbuf_addf(matrix->text, "%2u", ttl);
    paint_end(matrix->text, matrix->color, first_row ? PAINT_DIM : NULL);
    strbuf_add(matrix->text, first_row ? "  " : "    ");
}

/* `shown`: the address in front of the row. */
static void add_row(struct matrix *matrix, uint8_t ttl, const struct addr *shown, const struct matrix_owners *owners,
                    unsigned row)
{
    add_ttl(matrix, ttl, row == 0);
    matrix->pending = ADDRESS_COLUMNS;
    if (!addr_is_none(shown))
        add_address(matrix, shown);
    for (unsigned i = 0; i < matrix->count; i++) {
        struct matrix_cell cell =
            matrix_make_cell(&matrix->view, matrix->view.specs->traces[matrix->first + i], ttl, owners, row);
        matrix->has_limited = matrix->has_limited || cell.is_limited;
        add_cell(matrix, cell.text, cell.sgr);
    }
    end_line(matrix);
}

static void add_hop(struct matrix *matrix, uint8_t ttl)
{
    struct matrix_owners owners;
    matrix_find_owners(matrix->view.specs, matrix->first, matrix->count, ttl, &owners);
    if (!owners.count) {
        struct addr other = matrix_address_at(&matrix->view, ttl);
        add_row(matrix, ttl, &other, &owners, 0);
    }
    for (unsigned i = 0; i < owners.count; i++)
        add_row(matrix, ttl, &owners.address[i], &owners, i);
}

/* --- the heading --- */

/* Splits "tcp/33434:ack", "tcp/135+5" or "udp/53:name[1]" before `/`, `:`, `+` and `[` into as few lines of at most
 * MATRIX_CELL_COLUMNS as possible. Returns their number. */
static unsigned wrap_spec(const char *spec, char lines[HEADING_LINES][PROBE_SPEC_TEXT_BYTES])
{
    unsigned count = 0;
    *lines[0] = '\0';
    while (*spec) {
        size_t piece = 1 + strcspn(spec + 1, "/:+[@"), held = strlen(lines[count]);
        if (held && held + piece > MATRIX_CELL_COLUMNS && count + 1 < HEADING_LINES) {
            *lines[++count] = '\0';
            held = 0;
        }
        memcpy(lines[count] + held, spec, piece);
        lines[count][held + piece] = '\0';
        spec += piece;
    }
    return count + 1;
}

/* Which of the specs with a name this is, from 1. A name is too long for a column: add_names() tells it. */
static unsigned name_number(const struct trace_set *specs, unsigned index)
{
    unsigned number = 0;
    for (unsigned i = 0; i <= index; i++)
        number += specs->traces[i]->flow.spec.name != NULL;
    return number;
}

static void name_column(const struct matrix *matrix, unsigned index, char name[PROBE_SPEC_TEXT_BYTES])
{
    unsigned specs = matrix->result->specs.count;
    const struct probe_spec *spec = index < specs ? &matrix->view.specs->traces[index]->flow.spec : NULL;
    if (spec)
        probe_spec_format(spec, name);
    if (spec && spec->name) {
        size_t length = strcspn(name, "=");
        snprintf(name + length, PROBE_SPEC_TEXT_BYTES - length, "[%u]", name_number(matrix->view.specs, index));
    }
    if (!spec)
        memcpy(name, matrix->ports->names[index - specs], PROBE_SPEC_TEXT_BYTES);
}

static void add_heading(struct matrix *matrix)
{
    char lines[SPECS_MOST][HEADING_LINES][PROBE_SPEC_TEXT_BYTES];
    unsigned counts[SPECS_MOST], height = 0;
    for (unsigned i = 0; i < matrix->count; i++) {
        char spec[PROBE_SPEC_TEXT_BYTES];
        name_column(matrix, matrix->first + i, spec);
        counts[i] = wrap_spec(spec, lines[i]);
        height = counts[i] > height ? counts[i] : height;
    }
    for (unsigned line = 0; line < height; line++) {
        matrix->pending = LEFT_COLUMNS;
        for (unsigned i = 0; i < matrix->count; i++) {
            bool there = line + counts[i] >= height; /* short specs are at the bottom */
            add_cell(matrix, there ? lines[i][line + counts[i] - height] : "", NULL);
        }
        end_line(matrix);
    }
}

/* --- the last row --- */

static bool is_answered(const struct matrix *matrix, unsigned ttl)
{
    for (unsigned i = 0; i < matrix->view.specs->count; i++)
        if (matrix_is_shown(&matrix->view, matrix->view.specs->traces[i], (uint8_t)ttl))
            return true;
    return false;
}

/* The last row with a reply to any spec; 0: there is none. TTLs beyond the target's hop do not count. */
static unsigned last_answered(const struct matrix *matrix)
{
    unsigned target_ttl = trace_set_target_ttl(matrix->view.specs), last = target_ttl ? target_ttl : 255;
    while (last > 0 && !is_answered(matrix, last))
        last--;
    return last;
}

/* The last row: rows at the end that no probe reached are left out. */
static unsigned last_row(const struct matrix *matrix, unsigned answered)
{
    unsigned last = trace_set_last_ttl(matrix->view.specs), silent = 0;
    for (; last > answered && !silent; last -= !silent)
        for (unsigned i = 0; i < matrix->view.specs->count; i++)
            silent += matrix_is_silent(&matrix->view, matrix->view.specs->traces[i], (uint8_t)last);
    return last > answered ? last : answered;
}

/* --- routing loops --- */

static bool is_of_circle(const struct trace *looping, const struct addr *address)
{
    for (unsigned ttl = looping->loop_first; ttl <= trace_loop_end(looping); ttl++) {
        struct addr router = trace_router_address(looping, (uint8_t)ttl);
        if (addr_equal(&router, address))
            return true;
    }
    return false;
}

/* The end of the second round of the first loop, if only routers of the loop answer beyond it; else `last`. */
static unsigned end_of_circle(const struct trace_set *specs, unsigned last)
{
    const struct trace *looping = NULL;
    for (unsigned i = 0; i < specs->count; i++) {
        const struct trace *trace = specs->traces[i];
        if (trace->loop_first && (!looping || trace_loop_end(trace) < trace_loop_end(looping)))
            looping = trace;
    }
    for (unsigned ttl = looping ? trace_loop_end(looping) + 1U : last + 1; ttl <= last; ttl++) {
        struct matrix_owners owners;
        matrix_find_owners(specs, 0, specs->count, (uint8_t)ttl, &owners);
        for (unsigned i = 0; i < owners.count; i++)
            if (!is_of_circle(looping, &owners.address[i]))
                return last;
    }
    /* One more row is no longer than the line that would replace it. */
    return looping && trace_loop_end(looping) + 1U < last ? trace_loop_end(looping) : last;
}

static void add_hops(struct matrix *matrix)
{
    unsigned answered = last_answered(matrix), last = last_row(matrix, answered);
    unsigned end = matrix->one_per_line ? last : end_of_circle(matrix->view.specs, last);
    unsigned ttl = matrix_first_asked(matrix->view.specs);
    bool cut = !matrix->one_per_line && end == last && last > TAIL_ROWS_MOST + (answered < ttl ? ttl - 1 : answered);
    unsigned shown = cut ? (answered < ttl ? ttl : answered + 1) : end;
    for (; ttl <= shown; ttl++)
        add_hop(matrix, (uint8_t)ttl);
    if (cut)
        strbuf_addf(matrix->text, "%u-%u silent as well\n", shown + 1, last);
    else if (end < last)
        strbuf_addf(matrix->text, "%u-%u the same loop\n", shown + 1, last);
}

static void add_names(struct strbuf *text, const struct trace_set *specs)
{
    for (unsigned i = 0; i < specs->count; i++) {
        char spec[PROBE_SPEC_TEXT_BYTES];
        if (!specs->traces[i]->flow.spec.name)
            continue;
        probe_spec_format(&specs->traces[i]->flow.spec, spec);
        strbuf_addf(text, "[%u] %s%s\n", name_number(specs, i), spec,
                    specs->traces[i]->is_control ? ", the control" : "");
    }
}

/* The specs of a block: as many as fit beside the address. */
static unsigned block_specs(unsigned width)
{
    unsigned room = width > LEFT_COLUMNS ? width - LEFT_COLUMNS : 0;
    return room > MATRIX_CELL_COLUMNS ? room / (MATRIX_CELL_COLUMNS + 1) : 1;
}

static void add_blocks(struct strbuf *text, const struct output *out, const struct judgement *judgement,
                       const struct port_columns *ports)
{
    struct matrix matrix = {
        .text = text,
        .result = out->result,
        .view = {.specs = ports ? &ports->set : &out->result->specs,
                 .judgement = judgement,
                 .has_ports = ports != NULL},
        .ports = ports,
        .color = out->options.color,
        .one_per_line = out->options.one_per_line,
    };
    unsigned total = matrix.view.specs->count, block = block_specs(out->options.width);
    for (; matrix.first < total; matrix.first += block) {
        unsigned left = total - matrix.first;
        matrix.count = left < block ? left : block;
        if (matrix.first)
            strbuf_add(text, "\n");
        add_heading(&matrix);
        add_hops(&matrix);
    }
    add_names(text, matrix.view.specs);
    if (matrix.has_limited)
        strbuf_add(text,
                   MATRIX_LIMITED ": the probe got further, and the router may have used up its replies for others\n");
}

void matrix_add(struct strbuf *text, const struct output *out, const struct judgement *judgement)
{
    const struct portmap *map = judgement ? judgement->ports : NULL;
    struct port_columns *ports = map ? calloc(1, sizeof *ports) : NULL;
    bool made = ports && port_columns_make(out->result, map, ports);
    add_blocks(text, out, judgement, made ? ports : NULL);
    if (ports)
        port_columns_free(ports);
    free(ports);
}
