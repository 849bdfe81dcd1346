/* SPDX-License-Identifier: BSD-2-Clause */
/* columns: the width of text on a terminal or in a drawing. Floor: report; pure. It knows no double-width characters.
 */
#ifndef HOPSONDE_REPORT_COLUMNS_H
#define HOPSONDE_REPORT_COLUMNS_H

#include "base/strbuf.h"

/* The width of printable text: its number of characters. */
unsigned columns_count(const char *printable);
/* Adds printable text, cut to `columns`; dots stand for the rest. Returns the columns used. */
unsigned columns_add_cut(struct strbuf *text, const char *printable, unsigned columns);

#endif
