/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/address_text.h"
#include "report/paint.h"
#include "report/text/table/hop_line.h"
#include "report/text/table/marks.h"
#include "report/text/table/port_columns.h"
#include "silence/rate_limit.h"

#define CELL_COLUMNS 7
#define ADDRESS_COLUMNS 18
#define LEFT_COLUMNS (4 + ADDRESS_COLUMNS) /* TTL and address */
#define HEADING_LINES 3                    /* "tcp", "/33434", ":ack" */
#define OWNERS_MOST 16                     /* addresses of one hop; JSON has the others */
#define LIMITED "~"                        /* no reply, but the probe went on, and a rate limit may explain it */
#define TAIL_ROWS_MOST 2                   /* up to so many silent hops at the end have a row each */

struct matrix {
    struct strbuf *text;
    const struct result *result;
    const struct judgement *judgement; /* NULL: nothing was judged */
    const struct trace_set *specs;
    const struct port_columns *ports; /* the last columns are groups of ports; NULL: none is */
    bool color, one_per_line;
    bool has_limited;      /* a cell is LIMITED */
    unsigned first, count; /* the specs of the current block */
    unsigned pending;      /* blanks before the next cell; dropped at the end of a line */
};

struct cell {
    char text[MARK_BYTES];
    const char *sgr;
};

/* The addresses of one hop. */
struct owners {
    struct addr address[OWNERS_MOST];
    unsigned count;
};

/* --- refusals --- */

static unsigned first_asked(const struct trace_set *specs)
{
    unsigned first = 255;
    for (unsigned i = 0; i < specs->count; i++) {
        const struct trace *trace = specs->traces[i];
        if (trace->started && trace->least_ttl < first)
            first = trace->least_ttl;
    }
    return first;
}

/* Whether the verdict gives the hop of a device that refuses. */
static bool places_refusal(const struct verdict *verdict)
{
    return (verdict->state == VERDICT_REJECTED || verdict->state == VERDICT_UNREACHABLE) && verdict->at.ttl;
}

/* The nearest hop at which this router lets probes of any spec expire; `otherwise`: none before `end`. */
static unsigned row_of_router(const struct matrix *matrix, unsigned end, const struct addr *router, unsigned otherwise)
{
    for (unsigned ttl = 1; ttl < end; ttl++)
        for (unsigned i = 0; i < matrix->specs->count; i++) {
            struct addr here = trace_router_address(matrix->specs->traces[i], (uint8_t)ttl);
            if (addr_equal(&here, router))
                return ttl;
        }
    return otherwise;
}

/* A device refuses what it is to forward, so the probe's TTL is that of a hop behind it. The refusal stands in the row
 * of the device: of the hop that the verdicts give, or else of the smallest TTL that this refusal answers. If that row
 * is not shown, it stays at the probe's TTL. */
static uint8_t refusal_row(const struct matrix *matrix, const struct trace *trace, const struct probe *probe,
                           const struct reply *reply)
{
    unsigned row = trace_refused_from(trace, probe, reply);
    if (matrix->ports)
        row = row_of_router(matrix, probe->ttl, &reply->from, row);
    for (unsigned i = 0; matrix->judgement && i < matrix->judgement->verdict_count; i++) {
        const struct verdict *verdict = &matrix->judgement->verdicts[i];
        if (!places_refusal(verdict) || verdict->at.ttl > probe->ttl || !addr_equal(&verdict->at.address, &reply->from))
            continue;
        row = verdict->at.ttl;
        if (verdict->trace == trace)
            break;
    }
    return (uint8_t)(row < first_asked(matrix->specs) ? probe->ttl : row);
}

/* The refusal by another device that answered this probe; NULL: none. */
static const struct reply *refusal_of(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    return reply && reply_refuses(trace, reply) ? reply : NULL;
}

/* Whether the refusal that answered this probe stands in another row. */
static bool is_displaced(const struct matrix *matrix, const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = refusal_of(trace, probe);
    return reply && refusal_row(matrix, trace, probe, reply) != probe->ttl;
}

/* The first probe whose refusal stands in this row, by `owner`; NULL: by any device. */
static const struct probe *find_refused(const struct matrix *matrix, const struct trace *trace, uint8_t row,
                                        const struct addr *owner)
{
    for (size_t i = 0; trace->refused_ttl && i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe->ttl >= row ? refusal_of(trace, probe) : NULL;
        if (reply && (!owner || addr_equal(&reply->from, owner)) && refusal_row(matrix, trace, probe, reply) == row)
            return probe;
    }
    return NULL;
}

/* Whether a device at a nearer hop refuses this spec: no probe of it came here. */
static bool is_behind_refusal(const struct matrix *matrix, const struct trace *trace, uint8_t row)
{
    for (unsigned i = 0; matrix->judgement && i < matrix->judgement->verdict_count; i++) {
        const struct verdict *verdict = &matrix->judgement->verdicts[i];
        if (verdict->trace == trace)
            return places_refusal(verdict) && verdict->at.ttl < row;
    }
    return false;
}

/* --- cells --- */

/* As many decimals as fit, at most three. */
static void set_rtt(struct cell *cell, nstime rtt)
{
    if (rtt == NSTIME_NONE) {
        snprintf(cell->text, sizeof cell->text, "?");
        return;
    }
    for (int decimals = 3; decimals >= 0; decimals--)
        if (snprintf(cell->text, sizeof cell->text, "%.*f", decimals, nstime_ms(rtt)) <= CELL_COLUMNS)
            return;
}

static bool set_mark(struct cell *cell, const struct trace *trace, const struct reply *reply)
{
    mark_format(trace, reply, cell->text);
    if (strlen(cell->text) > CELL_COLUMNS) /* the MTU is in the finding */
        cell->text[strcspn(cell->text, "-")] = '\0';
    cell->sgr = PAINT_RED;
    return cell->text[0] != '\0';
}

static void set_port_state(struct cell *cell, const char *state)
{
    snprintf(cell->text, sizeof cell->text, "%s", state);
    cell->sgr = PAINT_GREEN;
}

/* True: the reply shows its sender at this hop. A refusal by another device does not. */
static bool has_owner(const struct trace *trace, const struct reply *reply)
{
    return reply->kind == REPLY_TIME_EXCEEDED || reply_reaches(trace, reply);
}

/* The first probe at this TTL that `owner` answered; NULL: the first whose reply shows no owner and is no refusal. */
static const struct probe *find_answer(const struct trace *trace, uint8_t ttl, const struct addr *owner)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        const struct reply *reply = probe_answer(probe);
        if (!reply || reply_refuses(trace, reply) || has_owner(trace, reply) != (owner != NULL))
            continue;
        if (!owner || addr_equal(&reply->from, owner))
            return probe;
    }
    return NULL;
}

static void set_answer(struct cell *cell, const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    const char *state = reply_reaches(trace, reply) ? mark_hop_port_state(trace, probe->ttl) : NULL;
    if (state)
        set_port_state(cell, state);
    else if (mark_refuses_port(trace, reply))
        set_port_state(cell, "closed");
    else if (!set_mark(cell, trace, reply)) {
        cell->sgr = NULL;
        set_rtt(cell, reply_rtt(probe, reply));
    }
}

/* Whether one of the rows of this hop has the device that refused at it. */
static bool has_row(const struct owners *owners, const struct addr *address)
{
    for (unsigned i = 0; i < owners->count; i++)
        if (addr_equal(&owners->address[i], address))
            return true;
    return false;
}

/* The probe that the cell shows, on the row of `owner` (NULL: no address is known at this hop); NULL: none. A refusal
 * comes first: it says more than the time of an expired probe. */
static const struct probe *find_shown(const struct matrix *matrix, const struct trace *trace, uint8_t ttl,
                                      const struct owners *owners, unsigned row)
{
    const struct addr *owner = owners->count ? &owners->address[row] : NULL;
    const struct probe *probe = owner ? find_refused(matrix, trace, ttl, owner) : NULL;
    if (!probe && row == 0) {
        probe = find_refused(matrix, trace, ttl, NULL);
        if (probe && has_row(owners, &probe_answer(probe)->from))
            probe = NULL;
    }
    if (!probe && owner)
        probe = find_answer(trace, ttl, owner);
    return probe || row ? probe : find_answer(trace, ttl, NULL);
}

/* Whether the reply to a probe of this TTL is in the hop's rows. */
static bool is_shown_here(const struct matrix *matrix, const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (probe_answer(p) && !is_displaced(matrix, trace, p))
            return true;
    return find_refused(matrix, trace, ttl, NULL) != NULL;
}

/* True: a probe got this far, and nothing answered. */
static bool is_silent(const struct matrix *matrix, const struct trace *trace, uint8_t ttl)
{
    bool sent = false; /* a send that failed does not count */
    if (is_behind_refusal(matrix, trace, ttl))
        return false;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        if (probe_answer(p))
            return false;
        sent = sent || p->state != PROBE_REFUSED;
    }
    return sent;
}

/* Refusals by a device without a row, and silence, are on the hop's first row. */
static struct cell make_cell(struct matrix *matrix, const struct trace *trace, uint8_t ttl, const struct owners *owners,
                             unsigned row)
{
    struct cell cell = {.sgr = NULL};
    const struct probe *probe = find_shown(matrix, trace, ttl, owners, row);
    if (probe) {
        set_answer(&cell, trace, probe);
    } else if (row == 0 && !is_shown_here(matrix, trace, ttl)) {
        bool silent = is_silent(matrix, trace, ttl), limited = silent && rate_limit_hides(matrix->specs, trace, ttl);
        strcpy(cell.text, limited ? LIMITED : silent ? "*" : "-");
        matrix->has_limited = matrix->has_limited || limited;
        cell.sgr = PAINT_DIM;
    }
    return cell;
}

/* --- rows --- */

static void note_owner(struct owners *owners, const struct addr *address)
{
    for (unsigned i = 0; i < owners->count; i++)
        if (addr_equal(&owners->address[i], address))
            return;
    if (owners->count < OWNERS_MOST)
        owners->address[owners->count++] = *address;
}

/* Routers come first: a reply from the target's address at a router's hop does not come from a neighbour of it. */
static void find_owners(const struct trace_set *specs, unsigned first, unsigned count, uint8_t ttl, struct owners *out)
{
    out->count = 0;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = first; i < first + count; i++) {
            const struct trace *trace = specs->traces[i];
            for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
                const struct reply *reply = probe_answer(p);
                bool router = reply && reply->kind == REPLY_TIME_EXCEEDED;
                if (reply && has_owner(trace, reply) && router == (pass == 0))
                    note_owner(out, &reply->from);
            }
        }
}

static void end_line(struct matrix *matrix)
{
    strbuf_add(matrix->text, "\n");
    matrix->pending = 0;
}

/* Right-aligned, after at least one blank. */
static void add_cell(struct matrix *matrix, const char *text, const char *sgr)
{
    unsigned length = (unsigned)strlen(text);
    matrix->pending += 1 + (length < CELL_COLUMNS ? CELL_COLUMNS - length : 0);
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
static void add_row(struct matrix *matrix, uint8_t ttl, const struct addr *shown, const struct owners *owners,
                    unsigned row)
{
    add_ttl(matrix, ttl, row == 0);
    matrix->pending = ADDRESS_COLUMNS;
    if (!addr_is_none(shown))
        add_address(matrix, shown);
    for (unsigned i = 0; i < matrix->count; i++) {
        struct cell cell = make_cell(matrix, matrix->specs->traces[matrix->first + i], ttl, owners, row);
        add_cell(matrix, cell.text, cell.sgr);
    }
    end_line(matrix);
}

/* The address of a hop that no spec of the block saw: of a reply to another spec, or else of a device that refused
 * here. */
static struct addr address_at(const struct matrix *matrix, uint8_t ttl)
{
    const struct trace_set *specs = matrix->specs;
    struct owners owners;
    find_owners(specs, 0, specs->count, ttl, &owners);
    for (unsigned i = 0; !owners.count && i < specs->count; i++) {
        const struct probe *refused = find_refused(matrix, specs->traces[i], ttl, NULL);
        if (refused)
            return probe_answer(refused)->from;
    }
    return owners.count ? owners.address[0] : (struct addr){0};
}

static void add_hop(struct matrix *matrix, uint8_t ttl)
{
    struct owners owners;
    find_owners(matrix->specs, matrix->first, matrix->count, ttl, &owners);
    if (!owners.count) {
        struct addr other = address_at(matrix, ttl);
        add_row(matrix, ttl, &other, &owners, 0);
    }
    for (unsigned i = 0; i < owners.count; i++)
        add_row(matrix, ttl, &owners.address[i], &owners, i);
}

/* --- the heading --- */

/* Splits "tcp/33434:ack" or "tcp/135+5" before `/`, `:` and `+` into as few lines of at most CELL_COLUMNS as possible.
 * Returns their number. */
static unsigned wrap_spec(const char *spec, char lines[HEADING_LINES][PROBE_SPEC_TEXT_BYTES])
{
    unsigned count = 0;
    *lines[0] = '\0';
    while (*spec) {
        size_t piece = 1 + strcspn(spec + 1, "/:+"), held = strlen(lines[count]);
        if (held && held + piece > CELL_COLUMNS && count + 1 < HEADING_LINES) {
            *lines[++count] = '\0';
            held = 0;
        }
        memcpy(lines[count] + held, spec, piece);
        lines[count][held + piece] = '\0';
        spec += piece;
    }
    return count + 1;
}

static void name_column(const struct matrix *matrix, unsigned index, char name[PROBE_SPEC_TEXT_BYTES])
{
    unsigned specs = matrix->result->specs.count;
    if (index < specs)
        probe_spec_format(&matrix->specs->traces[index]->flow.spec, name);
    else
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
    for (unsigned i = 0; i < matrix->specs->count; i++)
        if (is_shown_here(matrix, matrix->specs->traces[i], (uint8_t)ttl))
            return true;
    return false;
}

/* The last row with a reply to any spec; 0: there is none. TTLs beyond the target's hop do not count. */
static unsigned last_answered(const struct matrix *matrix)
{
    unsigned target_ttl = trace_set_target_ttl(matrix->specs), last = target_ttl ? target_ttl : 255;
    while (last > 0 && !is_answered(matrix, last))
        last--;
    return last;
}

/* The last row: rows at the end that no probe reached are left out. */
static unsigned last_row(const struct matrix *matrix, unsigned answered)
{
    unsigned last = trace_set_last_ttl(matrix->specs), silent = 0;
    for (; last > answered && !silent; last -= !silent)
        for (unsigned i = 0; i < matrix->specs->count; i++)
            silent += is_silent(matrix, matrix->specs->traces[i], (uint8_t)last);
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
        struct owners owners;
        find_owners(specs, 0, specs->count, (uint8_t)ttl, &owners);
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
    unsigned end = matrix->one_per_line ? last : end_of_circle(matrix->specs, last);
    unsigned ttl = first_asked(matrix->specs);
    bool cut = !matrix->one_per_line && end == last && last > TAIL_ROWS_MOST + (answered < ttl ? ttl - 1 : answered);
    unsigned shown = cut ? (answered < ttl ? ttl : answered + 1) : end;
    for (; ttl <= shown; ttl++)
        add_hop(matrix, (uint8_t)ttl);
    if (cut)
        strbuf_addf(matrix->text, "%u-%u silent as well\n", shown + 1, last);
    else if (end < last)
        strbuf_addf(matrix->text, "%u-%u the same loop\n", shown + 1, last);
}

/* The specs of a block: as many as fit beside the address. */
static unsigned block_specs(unsigned width)
{
    unsigned room = width > LEFT_COLUMNS ? width - LEFT_COLUMNS : 0;
    return room > CELL_COLUMNS ? room / (CELL_COLUMNS + 1) : 1;
}

static void add_blocks(struct strbuf *text, const struct output *out, const struct judgement *judgement,
                       const struct port_columns *ports)
{
    struct matrix matrix = {
        .text = text,
        .result = out->result,
        .judgement = judgement,
        .specs = ports ? &ports->set : &out->result->specs,
        .ports = ports,
        .color = out->options.color,
        .one_per_line = out->options.one_per_line,
    };
    unsigned total = matrix.specs->count, block = block_specs(out->options.width);
    for (; matrix.first < total; matrix.first += block) {
        unsigned left = total - matrix.first;
        matrix.count = left < block ? left : block;
        if (matrix.first)
            strbuf_add(text, "\n");
        add_heading(&matrix);
        add_hops(&matrix);
    }
    if (matrix.has_limited)
        strbuf_add(text, LIMITED ": the probe got further, and the router may have used up its replies for others\n");
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
