/* SPDX-License-Identifier: BSD-2-Clause */
/* outcome: what a single probe shows, and what all files of monitor/ do alike. */
#include "monitor/state.h"

#include <stdio.h>

#include "verdict/frames.h"

enum outcome_kind outcome_of(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    if (probe->state == PROBE_EXPIRED)
        return OUTCOME_SILENT;
    if (!reply)
        return OUTCOME_NONE;
    if (reply->kind == REPLY_TIME_EXCEEDED)
        return OUTCOME_PASSED;
    if (reply_rejects(trace, reply))
        return OUTCOME_REFUSED;
    if (!reply_reaches(trace, reply))
        return OUTCOME_NONE;
    return reply_accepts(reply) ? OUTCOME_OPEN : OUTCOME_CLOSED;
}

bool outcome_reaches(enum outcome_kind outcome)
{
    return outcome == OUTCOME_OPEN || outcome == OUTCOME_CLOSED;
}

void event_show(struct event *event, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    frames_add(event->frames, &event->frame_count, frame_of_probe(probe));
    if (reply)
        frames_add(event->frames, &event->frame_count, frame_of_reply(reply));
}

/* The newest address at the hop. */
struct place monitor_place(const struct session *session, uint8_t ttl)
{
    struct place place = {.known = ttl > 0, .ttl = ttl};
    nstime newest = NSTIME_NONE;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
            if (p->reply_count && p->sent >= newest && !reply_refuses(trace, &p->replies[0])) {
                newest = p->sent;
                place.address = p->replies[0].from;
            }
    }
    return place;
}

void monitor_tell(struct monitor *monitor, struct event *event)
{
    event->round = monitor->round;
    if (event->confidence > CONFIDENCE_MOST)
        event->confidence = CONFIDENCE_MOST;
    monitor->counts[event->kind]++;
    struct recent_event *kept = &monitor->recent[monitor->recent_count++ % RECENT_EVENTS];
    kept->time = event->time;
    kept->kind = event->kind;
    snprintf(kept->text, sizeof kept->text, "%s", event->text);
    monitor->told(monitor->context, event);
}

bool monitor_spec_is_up(const struct monitor *monitor, const struct session *session, unsigned trace)
{
    const struct told_verdict *told = &monitor->verdicts[trace];
    return watch_follows(session, trace) && told->is_told && verdict_reaches(&told->verdict) &&
           told->streak < STREAK_OF_CHANGE;
}
