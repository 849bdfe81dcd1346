/* SPDX-License-Identifier: BSD-2-Clause */
/* refusals: whether our own host sends the probes. It has no route while its interface is down, or its firewall drops
 * them. Such a probe is no loss of the path, so no other file counts it. */
#include <stdio.h>
#include <string.h>

#include "monitor/state.h"
#include "verdict/words/phrase.h"

/* What became of the probes of a spec in the last round. */
struct sends {
    bool is_known;             /* there was one */
    int refused;               /* the errno of the first, if all were refused; 0: one was sent */
    const struct probe *first; /* of these */
};

static struct sends last_sends(const struct session *session, unsigned index)
{
    const struct trace *trace = session_trace(session, index);
    nstime since = session_now(session) - session_config(session)->interval;
    struct sends sends = {.is_known = false};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->sent < since || (probe->state == PROBE_REFUSED && sends.is_known))
            continue;
        sends = (struct sends){.is_known = true, .refused = probe->send_errno, .first = probe};
        if (probe->state != PROBE_REFUSED)
            return sends;
    }
    return sends;
}

static const char *word_of(int refused)
{
    return refused ? strerror(refused) : "sent";
}

/* `trace` NULL: of all specs. */
static void tell(struct monitor *monitor, const struct trace *trace, int before, const struct sends *sends)
{
    struct event event = {.kind = EVENT_LOCAL_DROP, .trace = trace, .time = sends->first->sent, .confidence = 1};
    snprintf(event.from, sizeof event.from, "%s", word_of(before));
    snprintf(event.to, sizeof event.to, "%s", word_of(sends->refused));
    phrase_set(event.text, "this host %s %s%s", sends->refused ? "cannot send" : "sends",
               trace ? "probes of " : "probes", trace ? SPEC_TEXT(trace) : "");
    if (sends->refused)
        phrase_add(event.text, ": %s", event.to);
    else
        phrase_add(event.text, " again");
    phrase_end(event.text);
    if (!sends->refused)
        event_show(&event, sends->first);
    monitor_tell(monitor, &event);
}

void refusals_look(struct monitor *monitor, const struct session *session)
{
    struct sends sends[SPECS_MOST], last = {.is_known = false};
    unsigned changed = 0, followed = 0;
    int before = 0;
    bool are_alike = true;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        sends[i] = last_sends(session, i);
        sends[i].is_known = sends[i].is_known && watch_follows(session, i);
        followed += sends[i].is_known;
        if (!sends[i].is_known || sends[i].refused == monitor->refused[i])
            continue;
        are_alike = !changed++ || (are_alike && last.refused == sends[i].refused && before == monitor->refused[i]);
        before = monitor->refused[i];
        last = last.is_known && last.first->sent <= sends[i].first->sent ? last : sends[i];
    }
    are_alike = are_alike && changed > 1 && changed == followed;
    if (are_alike)
        tell(monitor, NULL, before, &last);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        if (!sends[i].is_known || sends[i].refused == monitor->refused[i])
            continue;
        if (!are_alike)
            tell(monitor, session_trace(session, i), monitor->refused[i], &sends[i]);
        monitor->refused[i] = sends[i].refused;
    }
}
