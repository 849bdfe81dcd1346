/* SPDX-License-Identifier: BSD-2-Clause */
/* json_value: the objects that json and jsonl share, built with jansson. Probes are formatted by hand (json_probe.h).
 * Floor: report.
 *
 * Keys have a fixed order. An unknown value is null; a key that does not apply is absent:
 * - "source_port" and "destination_port" if the probe's protocol has no ports. If a port varies along a trace, the
 *   trace has null and each probe has its own.
 * - "icmp" in a reply other than an ICMP message; "quoted_ttl" and "rewritten" in a reply without a quote; "mtu" in all
 *   replies but a too-big; "mpls" in a reply without a label stack.
 * - "source_address" in a verdict or finding, and "target" in a finding, of a run of our own, which has one of each.
 * - "inside" of a trace that came in no tunnel, and a tunnel's "id" if its encapsulation has none.
 * - "send_error" (the text of strerror()) unless the send failed. Such a probe counts neither in "probes_sent" nor in
 *   "stats".
 * - "source_address" and "target" in a ticket of a run of our own, as in a verdict.
 * - "files" in a verdict or finding unless a frame is in another file than the first. It has the file of each of
 * "frames".
 * - "name" (but the target's), "asn", "as_name", "place" and the like unless they were requested: json_address.h.
 * "file" counts from 0 and is null if no frame of the probe is kept. A reply has it only if its frame is in another
 * file than its probe's. "protocol" is the IP protocol's name, or else its number as text.
 *
 * The losses of an inferred trace are unknown: "loss", and "sent" and the times of its probes, are null.
 *
 * Each function returns a new reference, NULL if memory runs out; jansson's `_new` functions accept NULL. Foreign text
 * that is not UTF-8 is escaped as strbuf_add_escaped() does, so that every document is well-formed. */
#ifndef HOPSONDE_REPORT_JSON_JSON_VALUE_H
#define HOPSONDE_REPORT_JSON_JSON_VALUE_H

#include <jansson.h>
#include <stdio.h>

#include "report/format.h"
#include "verdict/advice/advice.h"

#define JSON_FORMAT_VERSION 1

/* Call it before the others. Otherwise jansson opens /dev/urandom, which a sealed process cannot. */
void json_prepare(void);
json_t *json_text(const char *text); /* null for NULL */
json_t *json_count(uint64_t count);
json_t *json_count_or_null(uint64_t count); /* null for 0 */
json_t *json_time(nstime time);             /* null for NSTIME_NONE */
json_t *json_spec(const struct probe_spec *spec);
json_t *json_decimal(double number);                  /* not negative, to six decimals */
json_t *json_address(const struct addr *address);     /* null for none */
json_t *json_labels(const struct icmp_extension *of); /* its MPLS stack */
json_t *json_stats(const struct trace *trace, uint8_t ttl);
/* The members of the report before the traces, and the counters after them. */
json_t *json_run_head(const struct result_source *source);
json_t *json_capture(const struct result *result);
/* The members of a trace but its hops. `target_name`: NULL if the user gave none. */
json_t *json_trace_head(const struct trace *trace, const struct path_mtu *mtu, const char *target_name);
json_t *json_error(const struct other_error *error);
json_t *json_verdict(const struct verdict *verdict);
json_t *json_finding(const struct finding *finding, const struct judgement *judgement); /* one of the judgement's */

json_t *json_event(const struct event *event, const struct addr *target);
json_t *json_ticket(const struct ticket *ticket);
json_t *json_advice(const struct advice *advice); /* null if there is nothing to say */
/* The gateway of --through, as the run found it. */
json_t *json_through(const struct gateway *gateway, const struct judgement *judgement);
json_t *json_expectation(const struct result_expectation *expectation);

/* Writes `value` on one line without a newline, and frees it; `members`: without its braces. */
void json_write(FILE *file, json_t *value);
void json_write_members(FILE *file, json_t *value);
/* The text of any value, which the caller frees; frees `value`. NULL: out of memory. */
char *json_text_of(json_t *value);

#endif
