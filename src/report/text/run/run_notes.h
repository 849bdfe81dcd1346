/* SPDX-License-Identifier: BSD-2-Clause */
/* run_notes: what the lines of a run's table do not show: retries, late replies, duplicates, frames that are missing.
 * Floor: report; internal to text/run/. */
#ifndef HOPSONDE_REPORT_TEXT_RUN_RUN_NOTES_H
#define HOPSONDE_REPORT_TEXT_RUN_RUN_NOTES_H

#include "report/format.h"

/* A line each. */
void run_notes_print(struct output *out);

#endif
