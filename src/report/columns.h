/* SPDX-License-Identifier: BSD-2-Clause */
/* columns: the width of text on a terminal or in a drawing. Floor: report; pure. Wide characters, as Han, take two
 * columns, all others one, combining marks too. */
#ifndef HOPSONDE_REPORT_COLUMNS_H
#define HOPSONDE_REPORT_COLUMNS_H

#include "base/strbuf.h"

/* The width of printable text (escape.h). */
unsigned columns_count(const char *printable);
/* The number of bytes of printable text that fit into `columns`. */
size_t columns_fit(const char *printable, unsigned columns);
/* Adds printable text, cut to `columns`; dots stand for the rest. Returns the columns used. */
unsigned columns_add_cut(struct strbuf *text, const char *printable, unsigned columns);

#endif
