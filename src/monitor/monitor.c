/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "monitor/state.h"
#include "verdict/words/phrase.h"

struct monitor *monitor_new(void (*told)(void *context, const struct event *event), void *context)
{
    struct monitor *monitor = calloc(1, sizeof *monitor);
    if (!monitor)
        return NULL;
    monitor->told = told;
    monitor->context = context;
    return monitor;
}

static void free_rows(struct spec_rows **rows)
{
    if (*rows)
        rows_free(*rows);
    free(*rows);
    *rows = NULL;
}

void monitor_free(struct monitor *monitor)
{
    for (unsigned i = 0; monitor && i < SPECS_MOST; i++) {
        free_rows(&monitor->rows[i]);
        free_rows(&monitor->fresh[i]);
    }
    free(monitor);
}

void monitor_reset(struct monitor *monitor)
{
    for (unsigned i = 0; i < SPECS_MOST; i++)
        free_rows(&monitor->fresh[i]);
    for (unsigned i = 0; monitor_trace(monitor, i); i++)
        monitor->fresh_from[i] = monitor_trace(monitor, i)->forgotten + monitor_trace(monitor, i)->probe_count;
    monitor->is_reset = true;
}

void monitor_note(struct monitor *monitor, enum event_kind kind, const char *text)
{
    struct event event = {.kind = kind, .time = monitor->time, .confidence = 1};
    escape_copy(event.text, sizeof event.text, text);
    monitor_tell(monitor, &event);
}

/* The verdict that holds of this spec; NULL: none. */
static const struct told_verdict *told_of(const struct monitor *monitor, const struct probe_spec *spec)
{
    for (unsigned i = 0; monitor_trace(monitor, i); i++)
        if (monitor->verdicts[i].is_told && probe_spec_equal(&monitor_trace(monitor, i)->flow.spec, spec))
            return &monitor->verdicts[i];
    return NULL;
}

void monitor_expect(struct monitor *monitor, const struct probe_spec *spec, const char *expected, const char *found,
                    const char *text)
{
    const struct told_verdict *told = spec ? told_of(monitor, spec) : NULL;
    struct event event = {.kind = EVENT_EXPECTATION, .time = monitor->time, .confidence = 1};
    if (told) {
        event.time = told->since ? told->since : event.time;
        event.trace = told->verdict.trace;
        event.at = told->verdict.at;
        event.after = told->verdict.after;
        event.before = told->verdict.before;
        event.confidence = told->verdict.confidence;
        event.frame_count = told->verdict.frame_count;
        memcpy(event.frames, told->verdict.frames, sizeof event.frames);
    }
    escape_copy(event.from, sizeof event.from, expected);
    escape_copy(event.to, sizeof event.to, found);
    escape_copy(event.text, sizeof event.text, text);
    monitor_tell(monitor, &event);
}

/* Only what was told stays. */
void monitor_move(struct monitor *monitor, const char *name, const struct addr *from, const struct addr *to, nstime at)
{
    struct event event = {.kind = EVENT_TARGET_CHANGE, .time = at, .confidence = 1};
    char shown[TARGET_NAME_BYTES];
    escape_copy(shown, sizeof shown, name);
    addr_format(from, event.from);
    addr_format(to, event.to);
    phrase_set(event.text, "%s has the address %s now, and no more %s: the watch goes on there.", shown, event.to,
               event.from);
    monitor_tell(monitor, &event);
    for (unsigned i = 0; i < SPECS_MOST; i++) {
        free_rows(&monitor->rows[i]);
        free_rows(&monitor->fresh[i]);
    }
    struct monitor *before = malloc(sizeof *before);
    if (!before)
        return;
    *before = *monitor;
    *monitor = (struct monitor){.told = before->told, .context = before->context, .recent_count = before->recent_count};
    memcpy(monitor->recent, before->recent, sizeof monitor->recent);
    memcpy(monitor->counts, before->counts, sizeof monitor->counts);
    free(before);
}

void monitor_show_fresh(struct monitor *monitor, bool fresh)
{
    monitor->shows_fresh = fresh && monitor->is_reset;
}

static void count_settled(struct spec_rows **rows, const struct probe *probe)
{
    *rows = *rows ? *rows : calloc(1, sizeof **rows);
    if (*rows)
        rows_add(*rows, probe);
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
    monitor->session = session;
    bool is_fresh = monitor->is_reset && monitor->settled[index] >= monitor->fresh_from[index];
    monitor->settled[index]++;
    count_settled(&monitor->rows[index], probe);
    if (is_fresh)
        count_settled(&monitor->fresh[index], probe);
    losses_settled(monitor, session, index, probe);
}

void monitor_probe_answered(struct monitor *monitor, const struct session *session, const struct trace *trace,
                            const struct probe *probe)
{
    monitor->session = session;
    routes_answered(monitor, session, index_of(session, trace), probe);
}

/* Verdicts come first: a spec that is filtered has no loss, and a new route makes other round-trip times. */
void monitor_round_ended(struct monitor *monitor, const struct session *session, uint32_t rounds)
{
    monitor->round = rounds;
    monitor->time = session_now(session);
    monitor->session = session;
    refusals_look(monitor, session);
    verdicts_look(monitor, session);
    routes_look(monitor, session);
    losses_look(monitor, session);
    latencies_look(monitor, session);
    for (unsigned i = 0; i < session_trace_count(session); i++)
        monitor->last_ttl[i] = monitor_last_ttl(monitor, i);
}

const struct spec_rows *monitor_rows(const struct monitor *monitor, unsigned trace)
{
    static const struct spec_rows none;
    const struct spec_rows *rows = (monitor->shows_fresh ? monitor->fresh : monitor->rows)[trace];
    return rows ? rows : &none;
}

uint8_t last_ttl_of(const struct session *session, unsigned index)
{
    const struct trace *trace = session_trace(session, index);
    uint8_t limit = trace_probe_limit(trace), last = session_target_ttl(session);
    last = last ? last : session_last_router_ttl(session);
    return limit ? limit : last;
}

uint8_t monitor_last_ttl(const struct monitor *monitor, unsigned trace)
{
    uint8_t last = last_ttl_of(monitor->session, trace);
    return last ? last : monitor->last_ttl[trace];
}

const struct trace *monitor_trace(const struct monitor *monitor, unsigned trace)
{
    bool exists = monitor->session && trace < session_trace_count(monitor->session);
    return exists ? session_trace(monitor->session, trace) : NULL;
}

bool monitor_follows(const struct monitor *monitor, unsigned trace)
{
    return watch_follows(monitor->session, trace);
}

uint32_t monitor_rounds(const struct monitor *monitor)
{
    return monitor->round;
}

nstime monitor_time(const struct monitor *monitor)
{
    return monitor->time;
}

/* Probes behind this index are not settled yet. */
static size_t settled_of(const struct monitor *monitor, unsigned index)
{
    uint64_t settled = monitor->settled[index];
    if (monitor->shows_fresh && settled < monitor->fresh_from[index])
        settled = monitor->fresh_from[index];
    return (size_t)(settled - session_trace(monitor->session, index)->forgotten);
}

void monitor_row_stats(const struct monitor *monitor, unsigned index, uint8_t ttl, unsigned row, struct row_stats *out)
{
    rows_stats(monitor_rows(monitor, index), ttl, row, monitor_trace(monitor, index), settled_of(monitor, index), out);
}

unsigned monitor_row_times(const struct monitor *monitor, unsigned index, uint8_t ttl, unsigned row,
                           float out[ROW_TIMES_MOST])
{
    return rows_times(monitor_rows(monitor, index), ttl, row, monitor_trace(monitor, index), settled_of(monitor, index),
                      out);
}

void monitor_hop_stats(const struct monitor *monitor, unsigned index, uint8_t ttl, struct row_stats *out)
{
    rows_hop_stats(monitor_rows(monitor, index), ttl, monitor_trace(monitor, index), settled_of(monitor, index), out);
}

void monitor_settle_verdicts(const struct monitor *monitor, struct judgement *judgement)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        unsigned index = index_of(monitor->session, judgement->verdicts[i].trace);
        const struct verdict *holds = monitor_verdict(monitor, index);
        if (monitor_follows(monitor, index))
            judgement->verdicts[kept++] = holds ? *holds : judgement->verdicts[i];
    }
    judgement->verdict_count = kept;
}

const struct verdict *monitor_verdict(const struct monitor *monitor, unsigned trace)
{
    const struct told_verdict *told = &monitor->verdicts[trace];
    return told->is_told ? &told->verdict : NULL;
}

unsigned monitor_recent_count(const struct monitor *monitor)
{
    return monitor->recent_count < RECENT_EVENTS ? monitor->recent_count : RECENT_EVENTS;
}

const struct recent_event *monitor_recent(const struct monitor *monitor, unsigned number)
{
    return &monitor->recent[(monitor->recent_count - 1 - number) % RECENT_EVENTS];
}

uint32_t monitor_event_count(const struct monitor *monitor, enum event_kind kind)
{
    return monitor->counts[kind];
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[] = {"route-change",   "loss-begin", "loss-end",      "latency-shift",
                                        "verdict-change", "local-drop", "target-change", "write-failed",
                                        "clock-step",     "expectation"};
    return names[kind];
}

const char *row_word_name(enum row_word word)
{
    static const char *const names[] = {NULL, "limited", "loss"};
    return names[word];
}
