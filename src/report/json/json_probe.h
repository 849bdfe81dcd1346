/* SPDX-License-Identifier: BSD-2-Clause */
/* jsonprobe: probes and their replies as JSON. Floor 5.
 *
 * By hand, since captures hold millions of them and a tree for each costs thirty times as much; all that is rare goes
 * through jansson. Keys and their order: jsonvalue.h. What is written goes into `rows`, which the caller flushes. */
#ifndef HOPSONDE_REPORT_JSON_JSON_PROBE_H
#define HOPSONDE_REPORT_JSON_JSON_PROBE_H

#include "report/json/json_address.h"
#include "report/row_buffer.h"
#include "trace/trace.h"

/* A probe's own members, "attempt" to "replies", without the braces around them. Each reply has what is known of who
 * sent it; `cache` NULL: nothing is. */
void json_probe_put(struct row_buffer *rows, struct json_facts *cache, const struct trace *trace,
                    const struct probe *probe);
/* A hop with its probes, on one line without the line's end. */
void json_probe_put_hop(struct row_buffer *rows, struct json_facts *cache, const struct trace *trace, uint8_t ttl);

#endif
