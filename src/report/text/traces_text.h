/* SPDX-License-Identifier: BSD-2-Clause */
/* traces_text: the text report of captures of any origin: a table for each trace. Floor: report; part of the format
 * text.
 *
 * Each trace has a heading, its table, a sentence on how it ended, and notes. Traces from one source to one target
 * stand together, with their verdicts and findings below them. Then come the ICMP errors about other traffic, and what
 * was read. It claims nothing that the packets do not show. */
#ifndef HOPSONDE_REPORT_TEXT_TRACES_TEXT_H
#define HOPSONDE_REPORT_TEXT_TRACES_TEXT_H

#include "report/format.h"

/* What struct output_format says of each. */
void traces_text_begin(struct output *out);
void traces_text_judged(struct output *out, const struct judged_group *group);
void traces_text_end(struct output *out);

#endif
