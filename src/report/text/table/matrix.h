/* SPDX-License-Identifier: BSD-2-Clause */
/* matrix: the replies to every spec of a diagnosis at every hop, side by side. Floor: report; pure.
 *
 * Rows are hops; columns are specs, 7 wide. A block has as many specs as the output's width takes, 7 of 80 columns. A
 * hop with several addresses has a row for each. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_MATRIX_H
#define HOPSONDE_REPORT_TEXT_TABLE_MATRIX_H

#include "base/strbuf.h"
#include "report/format.h"

/* Adds whole lines. A cell is the RTT of the first reply in milliseconds, "*" for silence, the mark of a refusal,
 * "open" or "closed" for a reply of the probed port, or "-" if no probe of the spec got there. The mark stands in the
 * row of the device that refused, as in the verdict. `judgement` NULL: nothing was judged. */
void matrix_add(struct strbuf *text, const struct output *out, const struct judgement *judgement);

#endif
