/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/results.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "recognise/store/extensions.h"

/* Hardly any extension has more than two labels, so only what its counts cover is allocated. The copy may be read but
 * not assigned as a whole. */
static struct icmp_extension *store_extension(struct recogniser *r, struct icmp_extension *extension)
{
    size_t bytes = extension->interface_count
                       ? sizeof *extension
                       : offsetof(struct icmp_extension, mpls) + extension->mpls_count * sizeof *extension->mpls;
    struct icmp_extension *kept = malloc(bytes);
    if (kept)
        memcpy(kept, extension, bytes);
    extension_release(r, extension);
    return kept;
}

void results_error(struct recogniser *r, const struct other_error *error)
{
    void *array = r->errors;
    bool wanted = !r->events.wants_error || r->events.wants_error(r->events.context, error);
    r->errors_told++;
    r->cut_errors += error->cut;
    if (wanted && !r->config.keep && r->events.error)
        r->events.error(r->events.context, error);
    if (wanted && r->config.keep && array_reserve(&array, &r->error_capacity, r->error_count + 1, sizeof *r->errors)) {
        r->errors = array;
        struct other_error *kept = &r->errors[r->error_count++];
        *kept = *error;
        if (kept->extension)
            kept->extension = store_extension(r, kept->extension);
        return;
    }
    free(error->extension);
}

static void store_probe(struct recogniser *r, struct trace *trace, const struct probe *probe)
{
    struct probe *kept = trace_add_probe(trace, 0, probe->ttl, probe->sent);
    struct reply *replies = probe->reply_count ? malloc(probe->reply_count * sizeof *replies) : NULL;
    if (!kept || (probe->reply_count && !replies)) {
        free(replies);
        return;
    }
    int32_t next = kept->next_at_ttl;
    *kept = *probe;
    kept->next_at_ttl = next;
    kept->replies = replies;
    kept->reply_capacity = probe->reply_count;
    for (unsigned i = 0; i < probe->reply_count; i++) {
        replies[i] = probe->replies[i];
        if (replies[i].extension)
            replies[i].extension = store_extension(r, replies[i].extension);
        probe->replies[i].extension = NULL;
        probe->replies[i].rewrites = NULL;
    }
}

static int compare_probes(const void *a, const void *b)
{
    const struct probe *x = a, *y = b;
    if (x->sent != y->sent)
        return x->sent < y->sent ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x->ttl != y->ttl ? x->ttl - y->ttl : (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

/* Probes become final in the order of their replies; the trace has them in the order of sending. */
static void put_in_order(struct trace *trace)
{
    size_t sorted = 1;
    while (sorted < trace->probe_count && compare_probes(&trace->probes[sorted - 1], &trace->probes[sorted]) < 0)
        sorted++;
    if (sorted >= trace->probe_count)
        return;
    qsort(trace->probes, trace->probe_count, sizeof *trace->probes, compare_probes);
    for (unsigned ttl = 0; ttl < trace->ttl_count; ttl++)
        trace->ttls[ttl].first = trace->ttls[ttl].last = -1;
    for (size_t i = 0; i < trace->probe_count; i++) {
        struct trace_ttl *at = &trace->ttls[trace->probes[i].ttl];
        *(at->last >= 0 ? &trace->probes[at->last].next_at_ttl : &at->first) = (int32_t)i;
        at->last = (int32_t)i;
        trace->probes[i].next_at_ttl = -1;
    }
}

void results_probe(struct recogniser *r, struct trace *trace, const struct probe *probe)
{
    if (r->config.keep) {
        store_probe(r, trace, probe);
        return;
    }
    trace_note_ttl(trace, probe->ttl);
    if (r->events.probe)
        r->events.probe(r->events.context, trace, probe);
}

static bool reserve_number(struct recogniser *r, uint32_t number)
{
    void *array = r->kept;
    size_t before = r->kept_capacity;
    if (!array_reserve(&array, &r->kept_capacity, (size_t)number + 1, sizeof(struct trace *)))
        return false;
    r->kept = array;
    memset(r->kept + before, 0, (r->kept_capacity - before) * sizeof(struct trace *));
    return true;
}

/* Without memory the trace has no name, and so another variant. */
static const char *copy_name(const char *name)
{
    size_t bytes = name ? strlen(name) + 1 : 0;
    char *copy = bytes ? malloc(bytes) : NULL;
    if (copy)
        memcpy(copy, name, bytes);
    return copy;
}

void results_trace(struct recogniser *r, struct trace *trace)
{
    if (!r->config.keep) {
        if (r->events.trace)
            r->events.trace(r->events.context, trace);
        return;
    }
    struct trace *kept = malloc(sizeof *kept);
    if (!kept || !reserve_number(r, trace->number)) {
        free(kept);
        return;
    }
    put_in_order(trace);
    *kept = *trace;
    kept->flow.spec.name = copy_name(trace->flow.spec.name);
    trace_init(trace);
    trace_fit(kept);
    r->kept[kept->number] = kept;
    r->kept_count = kept->number + 1U > r->kept_count ? kept->number + 1U : r->kept_count;
}

static int compare_errors(const void *a, const void *b)
{
    const struct other_error *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

void results_finish(struct recogniser *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->kept_count; i++) /* NULL: there was no memory */
        if (r->kept[i])
            r->kept[count++] = r->kept[i];
    r->kept_count = count;
    if (r->error_count)
        qsort(r->errors, r->error_count, sizeof *r->errors, compare_errors);
}

void results_free(struct recogniser *r)
{
    for (size_t i = 0; i < r->kept_count; i++) {
        free((void *)(uintptr_t)r->kept[i]->flow.spec.name);
        trace_free(r->kept[i]);
        free(r->kept[i]);
    }
    for (size_t i = 0; i < r->error_count; i++)
        free(r->errors[i].extension);
    free(r->kept);
    free(r->errors);
}
