/* SPDX-License-Identifier: BSD-2-Clause */
/* matrix: what became of every spec of a diagnosis at every hop, side by side. Floor 5; pure.
 *
 * Rows are hops, columns specs, 7 wide; over 7 specs there is a second block, so that it fits 80 columns. A hop at
 * which several answered has a row for each. */
#ifndef HOPSONDE_REPORT_TEXT_MATRIX_H
#define HOPSONDE_REPORT_TEXT_MATRIX_H

#include "base/strbuf.h"
#include "report/result.h"

/* Whole lines. A cell is the round-trip time in milliseconds of the first answer, "*" where nothing answered, the mark
 * of a refusal, "open" or "closed" where the probed port answered, "-" where it was not asked. */
void matrix_add(struct strbuf *text, const struct result *result, bool color);

#endif
