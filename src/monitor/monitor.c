/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor/monitor.h"

#include <stdlib.h>

#include "monitor/state.h"

struct monitor *monitor_new(void (*told)(void *context, const struct event *event), void *context)
{
    struct monitor *monitor = calloc(1, sizeof *monitor);
    if (!monitor)
        return NULL;
    monitor->told = told;
    monitor->context = context;
    return monitor;
}

void monitor_free(struct monitor *monitor)
{
    for (unsigned i = 0; monitor && i < SPECS_MOST; i++) {
        if (monitor->rows[i])
            rows_free(monitor->rows[i]);
        free(monitor->rows[i]);
    }
    free(monitor);
}

static unsigned index_of(const struct session *session, const struct trace *trace)
{
    unsigned index = 0;
    while (session_trace(session, index) != trace)
        index++;
    return index;
}

void monitor_probe_settled(struct monitor *monitor, const struct session *session, const struct trace *trace,
                           const struct probe *probe)
{
    unsigned index = index_of(session, trace);
    if (!monitor->rows[index])
        monitor->rows[index] = calloc(1, sizeof *monitor->rows[index]);
    if (monitor->rows[index])
        rows_add(monitor->rows[index], probe);
    losses_settled(monitor, session, index, probe);
}

/* Verdicts come first: a spec that is filtered has no loss, and a new route makes other round-trip times. */
void monitor_round_ended(struct monitor *monitor, const struct session *session, uint32_t rounds)
{
    monitor->round = rounds;
    verdicts_look(monitor, session);
    routes_look(monitor, session);
    losses_look(monitor, session);
    latencies_look(monitor, session);
}

const struct spec_rows *monitor_rows(const struct monitor *monitor, unsigned trace)
{
    static const struct spec_rows none;
    return monitor->rows[trace] ? monitor->rows[trace] : &none;
}

uint8_t monitor_last_ttl(const struct session *session, unsigned index)
{
    const struct trace *trace = session_trace(session, index);
    uint8_t limit = trace_probe_limit(trace), last = session_target_ttl(session);
    last = last ? last : session_last_router_ttl(session);
    return limit ? limit : last;
}

const struct verdict *monitor_verdict(const struct monitor *monitor, unsigned trace)
{
    const struct told_verdict *told = &monitor->verdicts[trace];
    return told->is_told ? &told->verdict : NULL;
}

uint32_t monitor_event_count(const struct monitor *monitor, enum event_kind kind)
{
    return monitor->counts[kind];
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[] = {"route-change", "loss-begin", "loss-end", "latency-shift", "verdict-change"};
    return names[kind];
}

const char *row_word_name(enum row_word word)
{
    static const char *const names[] = {NULL, "limited", "loss"};
    return names[word];
}
