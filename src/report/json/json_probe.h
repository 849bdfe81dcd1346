/* SPDX-License-Identifier: BSD-2-Clause */
/* json_probe: probes and their replies as JSON. Floor: report.
 *
 * They are formatted by hand, because captures hold millions of them and a jansson tree for each takes thirty times as
 * long. Rare members go through jansson. Keys and their order: json_value.h. The text goes into `rows`, which the
 * caller flushes. */
#ifndef HOPSONDE_REPORT_JSON_JSON_PROBE_H
#define HOPSONDE_REPORT_JSON_JSON_PROBE_H

#include "report/json/json_address.h"
#include "report/row_buffer.h"
#include "trace/trace.h"

/* Writes a probe's members, "attempt" to "replies", without braces. Each reply has the facts about its sender; `cache`
 * NULL: it has none. */
void json_probe_put(struct row_buffer *rows, struct json_facts *cache, const struct trace *trace,
                    const struct probe *probe);
/* Writes a hop with its probes, on one line without a newline. */
void json_probe_put_hop(struct row_buffer *rows, struct json_facts *cache, const struct trace *trace, uint8_t ttl);

#endif
