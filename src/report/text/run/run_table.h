/* SPDX-License-Identifier: BSD-2-Clause */
/* run_table: the table of a run, a line a hop. Floor: report; internal to text/run/. */
#ifndef HOPSONDE_REPORT_TEXT_RUN_RUN_TABLE_H
#define HOPSONDE_REPORT_TEXT_RUN_RUN_TABLE_H

#include "report/format.h"

/* Prints the hop, which is settled, or keeps it back while it is silent. */
void run_table_hop(struct output *out, uint8_t ttl);
/* Prints the silent hops at the end of the path: a line each if they are few or each is to have one, else one line and
 * a sentence. */
void run_table_end(struct output *out);

#endif
