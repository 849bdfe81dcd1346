/* SPDX-License-Identifier: BSD-2-Clause */
/* matrix_cells: what the matrix shows of a spec at a hop, and in which row. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_MATRIX_CELLS_H
#define HOPSONDE_REPORT_TEXT_TABLE_MATRIX_CELLS_H

#include "report/result.h"
#include "report/text/table/marks.h"

#define MATRIX_CELL_COLUMNS 7
#define MATRIX_OWNERS_MOST 16 /* addresses of one hop; JSON has the others */
#define MATRIX_LIMITED "~"    /* no reply, but the probe went on, and a rate limit may explain it */

/* What the cells follow from. Borrowed. */
struct matrix_view {
    const struct trace_set *specs;
    const struct judgement *judgement; /* NULL: nothing was judged */
    bool has_ports;                    /* the last specs are groups of ports */
};

struct matrix_cell {
    char text[MARK_BYTES]; /* empty: this row of the hop shows nothing of the spec */
    const char *sgr;
    bool is_limited; /* it is MATRIX_LIMITED */
};

/* The addresses of one hop. Each has a row. */
struct matrix_owners {
    struct addr address[MATRIX_OWNERS_MOST];
    unsigned count;
};

/* The addresses that answered `count` specs from `first` on at this TTL. */
void matrix_find_owners(const struct trace_set *specs, unsigned first, unsigned count, uint8_t ttl,
                        struct matrix_owners *out);
/* The address of a hop that no spec of the block saw: of a reply to another spec, or else of a device that refused
 * here. */
struct addr matrix_address_at(const struct matrix_view *view, uint8_t ttl);
/* The cell of a spec in a row of the hop. Refusals by a device without a row, and silence, are in the first row. */
struct matrix_cell matrix_make_cell(const struct matrix_view *view, const struct trace *trace, uint8_t ttl,
                                    const struct matrix_owners *owners, unsigned row);
/* Whether the reply to a probe of this TTL is in the hop's rows. */
bool matrix_is_shown(const struct matrix_view *view, const struct trace *trace, uint8_t ttl);
/* Whether a probe got this far, and nothing answered. */
bool matrix_is_silent(const struct matrix_view *view, const struct trace *trace, uint8_t ttl);
/* The smallest TTL that was probed. */
unsigned matrix_first_asked(const struct trace_set *specs);

#endif
