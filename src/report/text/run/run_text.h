/* SPDX-License-Identifier: BSD-2-Clause */
/* run_text: the text report of a run of our own: one table for all its probes. Floor: report; part of the format text.
 *
 * A line a hop, printed as soon as the hop is settled; below the table the verdicts, the findings, and notes on what
 * the lines do not show. A printed line is final. Silent hops wait until a later hop answers, so that a silent end of
 * the path takes two lines. The table of a diagnosis is a matrix, printed at the end, and advice follows; that of a
 * search for all paths is a tree. */
#ifndef HOPSONDE_REPORT_TEXT_RUN_RUN_TEXT_H
#define HOPSONDE_REPORT_TEXT_RUN_RUN_TEXT_H

#include "report/format.h"

/* What struct output_format says of each. */
bool run_text_begin(struct output *out);
void run_text_hop(struct output *out, uint8_t ttl);
void run_text_judged(struct output *out, const struct judged_group *group);
bool run_text_release(struct output *out, nstime now, bool all);
void run_text_end(struct output *out);

#endif
