/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/heard.h"

#include <stdio.h>

static void told(void *context, const struct event *event)
{
    struct heard *heard = context;
    char time[NSTIME_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES] = "all";
    if (event->trace)
        probe_spec_format(&event->trace->flow.spec, spec);
    nstime_format(event->time, time);
    printf("# round %u, %.3f s: %s %s: %s > %s, at %u after %u before %u, %.6f: %s\n", event->round,
           (double)(event->time - SIM_START) / 1e9, event_kind_name(event->kind), spec, event->from, event->to,
           event->at.ttl, event->after.ttl, event->before.ttl, event->confidence, event->text);
    if (heard->count < EVENTS_MOST)
        heard->events[heard->count] = *event;
    heard->count++;
}

static void settled(void *context, const struct session *session, const struct trace *trace, const struct probe *probe)
{
    struct heard *heard = context;
    monitor_probe_settled(heard->monitor, session, trace, probe);
}

static void answered(void *context, const struct session *session, const struct trace *trace, const struct probe *probe)
{
    struct heard *heard = context;
    monitor_probe_answered(heard->monitor, session, trace, probe);
}

static uint64_t sent_to_all(const struct monitor *monitor)
{
    uint64_t sent = 0;
    for (unsigned ttl = 1; ttl <= monitor_last_ttl(monitor, 0); ttl++) {
        struct row_stats stats;
        monitor_hop_stats(monitor, 0, (uint8_t)ttl, &stats);
        sent += stats.sent;
    }
    return sent;
}

static void round_ended(void *context, const struct session *session, uint32_t rounds)
{
    struct heard *heard = context;
    monitor_round_ended(heard->monitor, session, rounds);
    if (rounds != heard->reset_after)
        return;
    monitor_reset(heard->monitor);
    monitor_show_fresh(heard->monitor, true);
    heard->sent_then = sent_to_all(heard->monitor);
    monitor_show_fresh(heard->monitor, false);
}

void heard_run(struct heard *heard, struct watching *w)
{
    *heard = (struct heard){.reset_after = w->reset_after};
    heard->monitor = monitor_new(told, heard);
    const struct session_events events = {
        .context = heard, .probe_settled = settled, .probe_answered = answered, .round_ended = round_ended};
    watching_run(w, &events);
}

void heard_free(struct heard *heard, struct watching *w)
{
    monitor_free(heard->monitor);
    watching_free(w);
}
