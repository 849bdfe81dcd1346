/* SPDX-License-Identifier: BSD-2-Clause */
/* latencies: whether round trips take longer, or less long, than before, from a hop on to the end of the path. A router
 * that answers slowly delays its own replies alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitor/state.h"
#include "verdict/words/phrase.h"

/* The last replies of a hop that are compared with those before: RECENT, and more of them, up to RECENT_MOST. And how
 * many there must be before.
 * Unit: replies. Source: chosen. Effect: with more recent ones, a step is told later; with fewer, nothing changes, as
 * DEVIATIONS asks for seven. A smaller RECENT_MOST misses steps of round trips that vary more than they step. */
#define RECENT 10
#define RECENT_MOST 30
#define BEFORE_LEAST 16

/* How far the ranks of the recent round trips at the end of the path are from chance, in standard deviations (Mann,
 * Whitney 1947).
 * Unit: standard deviations. Source: chosen: 10 replies that are all slower than 30 before have 4.7. Effect: a smaller
 * one tells steps by chance; a larger one misses true steps. */
#define DEVIATIONS 4.4

/* Smaller steps are not told. Unit: ns; share of the round trip before. Source: chosen. Effect: smaller ones tell what
 * no user minds. */
#define STEP_LEAST_MS 1.0
#define STEP_LEAST_SHARE 0.1

#define TIMES_MOST 512

/* The round trips of a hop in ms, in order of sending. */
struct times {
    double ms[TIMES_MOST];
    const struct probe *probes[TIMES_MOST];
    unsigned count;
};

struct step {
    bool is_known;      /* there are enough replies */
    unsigned first_new; /* the first reply behind it */
    double before, now; /* medians */
    double deviations;  /* positive: slower */
};

/* A refusal on the way may be late, since a neighbour did not answer. That of the target itself is not. */
static nstime time_of(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    bool counts = reply && (reply->kind != REPLY_UNREACHABLE || reply_reaches(trace, reply));
    return counts ? reply_rtt(probe, reply) : NSTIME_NONE;
}

/* Adds those of a trace. */
static void gather(const struct trace *trace, uint8_t ttl, nstime since, struct times *out)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        nstime rtt = p->sent >= since ? time_of(trace, p) : NSTIME_NONE;
        if (rtt == NSTIME_NONE || out->count == TIMES_MOST)
            continue;
        out->probes[out->count] = p;
        out->ms[out->count++] = nstime_ms(rtt);
    }
}

/* Those of all specs, as a router takes as long for each. */
static void gather_all(const struct monitor *monitor, const struct session *session, uint8_t ttl, struct times *out)
{
    out->count = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++)
        if (watch_follows(session, i))
            gather(session_trace(session, i), ttl, monitor->times_since[i][ttl], out);
    for (unsigned i = 1; i < out->count; i++)
        for (unsigned k = i; k > 0 && out->probes[k]->sent < out->probes[k - 1]->sent; k--) {
            const struct probe *probe = out->probes[k];
            double ms = out->ms[k];
            out->probes[k] = out->probes[k - 1];
            out->ms[k] = out->ms[k - 1];
            out->probes[k - 1] = probe;
            out->ms[k - 1] = ms;
        }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* `count`: at most TIMES_MOST. */
static double median(const double *values, unsigned count)
{
    double sorted[TIMES_MOST];
    for (unsigned i = 0; i < count && i < TIMES_MOST; i++)
        sorted[i] = values[i];
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[count / 2];
}

static struct step compare_last(const struct times *times, unsigned recent)
{
    struct step step = {.is_known = times->count >= BEFORE_LEAST + recent};
    if (!step.is_known)
        return step;
    unsigned before = step.first_new = times->count - recent;
    double wins = 0, n = recent, m = before;
    for (unsigned i = before; i < times->count; i++)
        for (unsigned k = 0; k < before; k++)
            wins += times->ms[i] > times->ms[k] ? 1 : times->ms[i] < times->ms[k] ? 0 : 0.5;
    step.before = median(times->ms, before);
    step.now = median(times->ms + before, recent);
    step.deviations = (wins - n * m / 2) / sqrt(n * m * (n + m + 1) / 12);
    return step;
}

/* Late replies, and round trips that vary much, hide a step among RECENT replies, and less among more of them. */
static void find_step(const struct times *times, struct step *out)
{
    *out = compare_last(times, RECENT);
    for (unsigned recent = 2 * RECENT; recent <= RECENT_MOST; recent += RECENT) {
        const struct step longer = compare_last(times, recent);
        if (longer.is_known && fabs(longer.deviations) > fabs(out->deviations))
            *out = longer;
    }
}

static bool is_step(const struct step *step)
{
    double size = fabs(step->now - step->before);
    return step->is_known && fabs(step->deviations) >= DEVIATIONS && size >= STEP_LEAST_MS &&
           size >= STEP_LEAST_SHARE * step->before;
}

/* Replies of a hop, behind the step and before it, that show whether the hop took it.
 * Unit: replies. Source: chosen. Effect: with fewer, one slow reply moves the place; with more, hops whose routers
 * limit their replies are left out. */
#define AFTER_LEAST 2

/* The first reply behind the step: those from there on are nearer to the new median than to the old one, by their sum.
 * So a late reply counts no more than others. */
static unsigned first_new(const struct times *times, const struct step *step)
{
    unsigned first = times->count - 1;
    double sum = 0, most = 0;
    for (unsigned i = times->count; i-- > 0;) {
        sum += fabs(times->ms[i] - step->before) - fabs(times->ms[i] - step->now);
        first = sum > most ? i : first;
        most = sum > most ? sum : most;
    }
    return first;
}

/* The step may be younger than RECENT replies, or older. Then old replies are among the new ones, or the other way
 * round, until both medians are taken anew. */
static void place_step(const struct times *times, struct step *step)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned first = first_new(times, step);
        if (!first)
            return;
        step->first_new = first;
        step->before = median(times->ms, first);
        step->now = median(times->ms + first, times->count - first);
    }
}

/* Half of the step of the end, or more: 1; less: 0; too few replies to say: -1. `since`: when the step came. */
static int takes_step(const struct times *times, nstime since, const struct step *end)
{
    unsigned before = 0;
    while (before < times->count && times->probes[before]->sent < since)
        before++;
    if (before < AFTER_LEAST || times->count - before < AFTER_LEAST)
        return -1;
    double step = median(times->ms + before, times->count - before) - median(times->ms, before);
    return step / (end->now - end->before) >= 0.5;
}

/* The first hop from which on all hops with enough replies took the step of the end. */
static uint8_t first_of_step(const struct monitor *monitor, const struct session *session, uint8_t last, nstime since,
                             const struct step *end)
{
    uint8_t first = last;
    struct times times;
    for (unsigned ttl = last; ttl-- > 1;) {
        gather_all(monitor, session, (uint8_t)ttl, &times);
        int takes = takes_step(&times, since, end);
        if (takes == 0)
            break;
        first = takes > 0 ? (uint8_t)ttl : first;
    }
    return first;
}

/* Replies of another spec that show whether it took the same step. Unit: replies. Source: chosen. Effect: with one, a
 * single slow reply counts; with more, specs seem to differ that do not. */
#define FOLLOWING 3

/* Whether the last replies of another spec, at the end of its path, took the step as well: it is told once. */
static bool has_step(const struct monitor *monitor, const struct session *session, unsigned index,
                     const struct step *end)
{
    struct times times = {.count = 0};
    uint8_t last = last_ttl_of(session, index);
    gather(session_trace(session, index), last, monitor->times_since[index][last], &times);
    if (times.count <= RECENT)
        return false;
    double before = median(times.ms, times.count - RECENT), now = median(times.ms + times.count - FOLLOWING, FOLLOWING);
    return (now - before) / (end->now - end->before) >= 0.5;
}

static void tell(struct monitor *monitor, const struct session *session, unsigned index, const struct times *times,
                 const struct step *end, uint8_t last)
{
    struct event event = {.kind = EVENT_LATENCY_SHIFT, .trace = session_trace(session, index)};
    unsigned at = end->first_new;
    uint8_t first = first_of_step(monitor, session, last, times->probes[at]->sent, end);
    event.time = times->probes[at]->sent;
    event.at = monitor_place(session, first);
    event.confidence = 1 - erfc(fabs(end->deviations) / sqrt(2.0));
    snprintf(event.from, sizeof event.from, "%.3f ms", end->before);
    snprintf(event.to, sizeof event.to, "%.3f ms", end->now);
    for (unsigned i = at ? at - 1 : 0; i < times->count; i++)
        event_show(&event, times->probes[i]);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        if (i != index && monitor_spec_is_up(monitor, session, i) && has_step(monitor, session, i, end))
            event.trace = NULL;
        for (unsigned ttl = first; ttl < 256; ttl++)
            monitor_renew(&monitor->times_since[i][ttl], event.time);
    }
    phrase_set(event.text, "from %s on, round trips take %.1f ms %s: %.1f ms to the end of the path, %.1f ms before",
               PLACE_TEXT(&event.at), fabs(end->now - end->before), end->now > end->before ? "longer" : "less",
               end->now, end->before);
    phrase_end(event.text);
    monitor_tell(monitor, &event);
}

void latencies_look(struct monitor *monitor, const struct session *session)
{
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        struct times times = {.count = 0};
        struct step end;
        uint8_t last = last_ttl_of(session, i);
        if (!monitor_spec_is_up(monitor, session, i) || !last)
            continue;
        gather(session_trace(session, i), last, monitor->times_since[i][last], &times);
        find_step(&times, &end);
        if (!is_step(&end))
            continue;
        place_step(&times, &end);
        tell(monitor, session, i, &times, &end, last);
        return;
    }
}
