/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_heading: the lines above the table of a trace from a capture. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_TABLE_TRACE_HEADING_H
#define HOPSONDE_REPORT_TEXT_TABLE_TRACE_HEADING_H

#include "report/format.h"

/* Adds a blank line, "trace 1: 10.0.0.2 to 192.0.2.80, tcp/443, by tcptraceroute", and, if the output is not quiet,
 * when it began, how long it took, its source ports, its file and the tunnels that it came in. Pieces are wrapped
 * between them. */
void trace_heading_add(struct strbuf *text, const struct output *out, const struct trace *trace);

#endif
