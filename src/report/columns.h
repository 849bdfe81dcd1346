/* SPDX-License-Identifier: BSD-2-Clause */
/* columns: how wide text is on a terminal or in a drawing. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_COLUMNS_H
#define HOPSONDE_REPORT_COLUMNS_H

#include "base/strbuf.h"

/* How many columns printable text takes: its characters. */
unsigned columns_count(const char *printable);
/* As much of printable text as fits into so many columns; dots stand for the rest. Returns how many it took. */
unsigned columns_add_cut(struct strbuf *text, const char *printable, unsigned columns);

#endif
