/* SPDX-License-Identifier: BSD-2-Clause */
/* pair_rows: the CSV of `transit` (RFC 4180 with plain newlines): a row for each pair of packets, as it is found, and
 * at the end a row for each packet that one point alone saw. Floor: report.
 *
 * Columns: conversation, way, fate ("arrived", "lost", "forged", "midway", "unjudged"), then file, frame and time at
 * the near and at the far point, each as its capture has them, and delay_ms. The delay is positive, or as far from the
 * truth as the clock's estimate is. Then the first TCP sequence number, of the near frame, or else of the far one;
 * the bytes of payload; and the reason of "unjudged". Then the rewritten fields, joined by blanks. Unknown fields are
 * empty. Files count from 0 within their point. With more than two points, the names of the section's near and far
 * point follow. */
#ifndef HOPSONDE_REPORT_TRANSIT_PAIR_ROWS_H
#define HOPSONDE_REPORT_TRANSIT_PAIR_ROWS_H

#include <stdio.h>

#include "report/result.h"

struct pair_rows;

/* Writes the heading. `file` and `result` are borrowed. NULL: out of memory. */
struct pair_rows *pair_rows_new(FILE *file, const struct result *result);
/* A pair of result_section(). */
void pair_rows_add(struct pair_rows *rows, const struct transit_pair *pair);
/* Writes the packets of one point, and all that is buffered; frees. */
void pair_rows_end(struct pair_rows *rows);

#endif
