/* SPDX-License-Identifier: BSD-2-Clause */
/* matrix: the replies to every spec of a diagnosis at every hop, side by side. Floor: report; pure.
 *
 * Rows are hops; columns are specs, 7 wide. More than 7 specs have a second block, so that each fits into 80 columns. A
 * hop with several addresses has a row for each. */
#ifndef HOPSONDE_REPORT_TEXT_MATRIX_H
#define HOPSONDE_REPORT_TEXT_MATRIX_H

#include "base/strbuf.h"
#include "report/result.h"

/* Adds whole lines. A cell is the RTT of the first reply in milliseconds, "*" for silence, the mark of a refusal,
 * "open" or "closed" for a reply of the probed port, or "-" if the spec was not probed there. */
void matrix_add(struct strbuf *text, const struct result *result, bool color);

#endif
