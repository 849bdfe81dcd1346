/* SPDX-License-Identifier: BSD-2-Clause */
/* groups: the traces of a capture, put together as they are to be judged: those from one source to one target.
 * Floor 4; pure. */
#ifndef HOPSONDE_VERDICT_TRACE_GROUPS_H
#define HOPSONDE_VERDICT_TRACE_GROUPS_H

#include "trace/trace.h"

/* All traces: set after set in the order of their first traces, and those of a set in their own order. */
struct trace_groups {
    const struct trace **traces; /* owned; `count` of them */
    size_t count;
    size_t next; /* where the next set begins */
};

/* The traces must outlive `out`; whoever asks frees. False: memory is short, and there is nothing to free. Takes
 * O(n log n): a capture may hold a hundred thousand. */
bool trace_groups_gather(const struct trace *const *traces, size_t count, struct trace_groups *out);
/* The next set, and how many traces it has; NULL: there is none. */
const struct trace *const *trace_groups_next(struct trace_groups *groups, size_t *count);
void trace_groups_free(struct trace_groups *groups);

#endif
