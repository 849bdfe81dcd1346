/* SPDX-License-Identifier: BSD-2-Clause */
/* transit_table: the conversations of two capture points as a table: a row each way, and with -v the packets. Floor:
 * report. */
#ifndef HOPSONDE_REPORT_TEXT_TRANSIT_TRANSIT_TABLE_H
#define HOPSONDE_REPORT_TEXT_TRANSIT_TRANSIT_TABLE_H

#include "report/format.h"

/* Begins with an empty line; adds nothing if there is no conversation. */
void transit_table_add(struct strbuf *text, const struct output *out, const struct transit_section *section);

#endif
