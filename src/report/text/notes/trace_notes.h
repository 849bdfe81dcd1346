/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_notes: the counts of a trace from a capture, and the reservations about its figures. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_TRACE_NOTES_H
#define HOPSONDE_REPORT_TEXT_NOTES_TRACE_NOTES_H

#include "report/format.h"

/* Adds a line each. `judgement` is the one about the trace: what its findings say is not said again. */
void trace_notes_add(struct strbuf *text, const struct output *out, const struct trace *trace,
                     const struct judgement *judgement);

#endif
