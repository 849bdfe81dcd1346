/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_groups: the traces of a capture, grouped by source and target: each group is judged as a set. Floor 4; pure. */
#ifndef HOPSONDE_VERDICT_TRACE_GROUPS_H
#define HOPSONDE_VERDICT_TRACE_GROUPS_H

#include "trace/trace.h"

/* All traces: group after group in the order of their first traces, and those of a group in their own order. */
struct trace_groups {
    const struct trace **traces; /* owned; `count` of them */
    size_t count;
    size_t next; /* where the next group begins */
};

/* The traces must outlive `out`; the caller frees it. False: out of memory, and nothing to free. O(n log n): a capture
 * may hold a hundred thousand traces. */
bool trace_groups_gather(const struct trace *const *traces, size_t count, struct trace_groups *out);
/* The next group and its number of traces; NULL: no more. */
const struct trace *const *trace_groups_next(struct trace_groups *groups, size_t *count);
void trace_groups_free(struct trace_groups *groups);

#endif
