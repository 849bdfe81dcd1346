/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/trace_groups.h"

#include <stdlib.h>

/* A trace to be sorted. */
struct entry {
    const struct trace *trace;
    size_t place; /* among all */
    size_t first; /* the place of the first of its group */
};

static int compare_pairs(const struct entry *x, const struct entry *y)
{
    int targets = addr_compare(&x->trace->flow.target, &y->trace->flow.target);
    return targets ? targets : addr_compare(&x->trace->flow.source, &y->trace->flow.source);
}

static int by_pair(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int pairs = compare_pairs(x, y);
    return pairs ? pairs : (x->place > y->place) - (x->place < y->place);
}

static int by_group(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void put_in_order(struct entry *entries, size_t count)
{
    qsort(entries, count, sizeof *entries, by_pair);
    for (size_t i = 0; i < count; i++) {
        bool joins = i && compare_pairs(&entries[i - 1], &entries[i]) == 0;
        entries[i].first = joins ? entries[i - 1].first : entries[i].place;
    }
    qsort(entries, count, sizeof *entries, by_group);
}

bool trace_groups_gather(const struct trace *const *traces, size_t count, struct trace_groups *out)
{
    struct entry *entries = calloc(count + 1, sizeof *entries);
    *out = (struct trace_groups){.traces = calloc(count + 1, sizeof(struct trace *)), .count = count};
    if (!entries || !out->traces) {
        free(entries);
        trace_groups_free(out);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){.trace = traces[i], .place = i};
    put_in_order(entries, count);
    for (size_t i = 0; i < count; i++)
        out->traces[i] = entries[i].trace;
    free(entries);
    return true;
}

static bool is_of_one(const struct trace *a, const struct trace *b)
{
    return addr_equal(&a->flow.source, &b->flow.source) && addr_equal(&a->flow.target, &b->flow.target);
}

const struct trace *const *trace_groups_next(struct trace_groups *groups, size_t *count)
{
    size_t start = groups->next, end = start;
    while (end < groups->count && is_of_one(groups->traces[start], groups->traces[end]))
        end++;
    *count = end - start;
    groups->next = end;
    return *count ? &groups->traces[start] : NULL;
}

void trace_groups_free(struct trace_groups *groups)
{
    free(groups->traces);
    *groups = (struct trace_groups){0};
}
