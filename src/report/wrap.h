/* SPDX-License-Identifier: BSD-2-Clause */
/* wrap: lines of text, broken at words to fit a terminal. Floor: report; pure. It must not know what the lines say. */
#ifndef HOPSONDE_REPORT_WRAP_H
#define HOPSONDE_REPORT_WRAP_H

#include "report/format.h"

/* Adds `lines`. A line with more than `columns` columns breaks before a word; its next lines are indented. Colours take
 * no column. "ms" and a mark ("!X") stay with the word before them. A longer word is left whole. `columns` 0: no line
 * breaks. */
void wrap_add(struct strbuf *text, const char *lines, unsigned columns);
/* Writes `lines`, broken at the columns of the output. */
void wrap_print(const struct output *out, const char *lines);
/* The argument of strbuf_add_wrapped() for this output. */
unsigned wrap_limit(const struct output *out);

#endif
