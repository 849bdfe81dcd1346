/* SPDX-License-Identifier: BSD-2-Clause */
/* ended: how a foreign trace ended, in words. Floor 5; pure.
 *
 * It says what the packets show and claims no more: no verdict, no blame. */
#ifndef HOPSONDE_REPORT_TEXT_TRACE_END_TEXT_H
#define HOPSONDE_REPORT_TEXT_TRACE_END_TEXT_H

#include "base/strbuf.h"
#include "trace/trace.h"

/* "reached at hop 6: 192.0.2.80 answered port unreachable": a sentence without a full stop. The trace has its probes.
 */
void trace_end_text_add(struct strbuf *text, const struct trace *trace);

/* "port unreachable", "ICMP type 3 code 77": what an ICMP message says. */
void trace_end_text_add_icmp(struct strbuf *text, uint8_t version, uint8_t type, uint8_t code);

/* The last TTL that drew any answer; 0: none did. */
uint8_t trace_end_text_last_answered(const struct trace *trace);

#endif
