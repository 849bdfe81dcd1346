/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_end_text: how a trace of a capture ended, as a sentence. Floor: report; pure. It states only what the packets
 * show and must not judge. */
#ifndef HOPSONDE_REPORT_TEXT_NOTES_TRACE_END_TEXT_H
#define HOPSONDE_REPORT_TEXT_NOTES_TRACE_END_TEXT_H

#include "base/strbuf.h"
#include "trace/trace.h"

/* Adds a sentence without a full stop: "reached at hop 6: 192.0.2.80 answered port unreachable". The trace must have
 * its probes. */
void trace_end_text_add(struct strbuf *text, const struct trace *trace);

/* Adds the name of an ICMP message: "port unreachable", "ICMP type 3 code 77". */
void trace_end_text_add_icmp(struct strbuf *text, uint8_t version, uint8_t type, uint8_t code);

/* The last TTL that drew any reply; 0: none did. */
uint8_t trace_end_text_last_answered(const struct trace *trace);

#endif
