/* SPDX-License-Identifier: BSD-2-Clause */
/* jsonvalue: the objects that json and jsonl share, built with jansson; but probes are put down by hand (jsonprobe.h).
 * Floor 5.
 *
 * Keys stand in one order always. What is unknown is null; a key that makes no sense is absent:
 * - "source_port", "destination_port" where the probe's protocol has no ports; a trace along which one varies has null
 *   there, and each of its probes has its own;
 * - "icmp" in a reply that is no ICMP message, "quoted_ttl" and "rewritten" in one that quotes nothing,
 *   "mtu" in all but a too-big, "mpls" where the reply bore no label stack;
 * - "source_address" in a verdict or finding, and "target" in a finding, where the whole run has one of each;
 * - "send_error" (the cause, as strerror() has it) in all but a probe that our own host refused to send; such a probe
 *   counts neither in "probes_sent" nor in "stats".
 * "files" in a verdict or finding tells of each of its "frames" which file it lies in; absent where all lie in the
 * first.
 * "name" (but the target's), "asn", "as_name", "place" and their like are absent where they were not asked for:
 * json_facts.h.
 * "file" counts from 0, and is null where no frame of the probe is kept; a reply has it only where its frame lies in
 * another file than its probe's. "protocol" is the IP protocol's name, else its number as text.
 *
 * Of an inferred trace nobody knows what was lost, so "loss" is null; so are "sent" and the times of its probes.
 *
 * Each function returns a new reference, NULL where memory is short; NULL may be handed on to jansson's `_new`
 * functions. Foreign text that is no UTF-8 is escaped as strbuf_add_escaped() does, so that every document is
 * well-formed. */
#ifndef HOPSONDE_REPORT_JSON_JSON_VALUE_H
#define HOPSONDE_REPORT_JSON_JSON_VALUE_H

#include <jansson.h>
#include <stdio.h>

#include "report/format.h"

#define JSON_FORMAT_VERSION 1

json_t *json_text(const char *text); /* null for NULL */
json_t *json_count(uint64_t count);
json_t *json_count_or_null(uint64_t count); /* null for 0 */
json_t *json_time(nstime time);             /* null for NSTIME_NONE */
json_t *json_spec(const struct probe_spec *spec);
json_t *json_decimal(double number);                  /* not negative, to six decimals */
json_t *json_address(const struct addr *address);     /* null for none */
json_t *json_labels(const struct icmp_extension *of); /* its MPLS stack */
json_t *json_stats(const struct trace *trace, uint8_t ttl);
/* Fields of the run that stand before the traces, and the counters that stand behind. */
json_t *json_run_head(const struct result_source *source);
json_t *json_capture(const struct result *result);
/* All of a trace but its hops. `target_name`: NULL where the user gave none. */
json_t *json_trace_head(const struct trace *trace, const char *target_name);
json_t *json_error(const struct other_error *error);
json_t *json_verdict(const struct verdict *verdict);
json_t *json_finding(const struct finding *finding, const struct judgement *judgement); /* whose it is */

/* Writes `value` on one line without the line's end, and frees it; `members`: only what is between its braces. */
void json_write(FILE *file, json_t *value);
void json_write_members(FILE *file, json_t *value);
/* The text of any value, to be freed by the caller; frees `value`. NULL: memory is short. */
char *json_text_of(json_t *value);

#endif
