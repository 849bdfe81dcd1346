/* cohorts: the traces of a capture, put together as they are to be judged: those from one source to one target.
 * Floor 4; pure. */
#ifndef HOPSONDE_VERDICT_COHORTS_H
#define HOPSONDE_VERDICT_COHORTS_H

#include "session/path.h"

/* All traces: cohort after cohort in the order of their first traces, and those of a cohort in their own order. */
struct cohorts {
    const struct trace **traces; /* owned; `count` of them */
    size_t count;
    size_t next; /* where the next cohort begins */
};

/* The traces must outlive `out`; whoever asks frees. False: memory is short, and there is nothing to free. Takes
 * O(n log n): a capture may hold a hundred thousand. */
bool cohorts_gather(const struct trace *const *traces, size_t count, struct cohorts *out);
/* The next cohort, and how many traces it has; NULL: there is none. */
const struct trace *const *cohorts_next(struct cohorts *cohorts, size_t *count);
void cohorts_free(struct cohorts *cohorts);

#endif
