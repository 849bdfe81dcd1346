/* SPDX-License-Identifier: BSD-2-Clause */
/* rounds_text: the text report of watch: a line for each event as it comes; at the end a table for each spec, and the
 * verdicts. Floor: report; part of the format text. */
#ifndef HOPSONDE_REPORT_TEXT_ROUNDS_ROUNDS_TEXT_H
#define HOPSONDE_REPORT_TEXT_ROUNDS_ROUNDS_TEXT_H

#include "report/format.h"

/* What struct output_format says of each. */
bool rounds_text_begin(struct output *out);
void rounds_text_event(struct output *out, const struct event *event);
void rounds_text_judged(struct output *out, const struct judged_group *group);
void rounds_text_end(struct output *out);

#endif
