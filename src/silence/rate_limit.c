/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/rate_limit.h"

#include "silence/sample.h"

static nstime slack_of(const struct trace_set *set, const struct probe *answered)
{
    return set->is_diagnose ? rate_limit_slack(answered->replies[0].time - answered->sent) : 0;
}

static bool is_just_after(const struct trace_set *set, const struct probe *answered, const struct probe *silent,
                          nstime within)
{
    return answered->reply_count && answered->sent >= silent->sent &&
           answered->sent - silent->sent <= within + slack_of(set, answered);
}

bool rate_limit_shows_token(const struct trace_set *set, const struct probe *answered, const struct probe *silent,
                            nstime within)
{
    return is_just_after(set, answered, silent, within) && answered->sent - silent->sent >= slack_of(set, answered);
}

/* Whether the router at this TTL answered another trace just after the silent probe; `surely`: by the slack at least.
 */
static bool answered_another(const struct trace_set *set, const struct trace *trace, const struct probe *silent,
                             uint8_t ttl, nstime within, bool surely)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *other = set->traces[i];
        if (other == trace)
            continue;
        for (const struct probe *p = trace_first_at(other, ttl); p; p = trace_next_at(other, p))
            if (surely ? rate_limit_shows_token(set, p, silent, within) : is_just_after(set, p, silent, within))
                return true;
    }
    return false;
}

/* Whether the router at the probe's TTL had replied to nothing for a whole refill when the probe came. */
static bool is_refilled_at(const struct trace_set *set, const struct probe *silent)
{
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], silent->ttl); p;
             p = trace_next_at(set->traces[i], p))
            for (unsigned k = 0; k < p->reply_count; k++)
                if (p->replies[k].time <= silent->sent + sample_wait(set, silent) &&
                    !rate_limit_is_refilled(p->replies[k].time, silent->sent))
                    return false;
    return true;
}

nstime rate_limit_span(const struct trace_set *set)
{
    nstime next_sends = RATE_LIMIT_SPAN_SENDS * set->send_gap;
    return next_sends > RATE_LIMIT_SPAN ? next_sends : RATE_LIMIT_SPAN;
}

bool rate_limit_had_token_at(const struct trace_set *set, const struct trace *trace, const struct probe *silent,
                             uint8_t ttl, nstime within)
{
    return answered_another(set, trace, silent, ttl, within, true);
}

static bool had_token(const struct trace_set *set, const struct trace *trace, const struct probe *silent, bool surely)
{
    return (set->is_apart && is_refilled_at(set, silent)) ||
           answered_another(set, trace, silent, silent->ttl, rate_limit_span(set), surely);
}

bool rate_limit_had_token(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    return had_token(set, trace, silent, true);
}

bool rate_limit_may_be_loss(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    return had_token(set, trace, silent, false);
}

bool rate_limit_may_be_spent(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    unsigned answered = 0;
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], silent->ttl); p;
             p = trace_next_at(set->traces[i], p))
            answered += p->reply_count && p->sent <= silent->sent && silent->sent - p->sent < RATE_LIMIT_BURST_REFILL;
    return answered >= RATE_LIMIT_BURST && !rate_limit_may_be_loss(set, trace, silent);
}

bool rate_limit_had_token_once(const struct trace_set *set, uint8_t ttl)
{
    nstime first = NSTIME_NEVER, last = NSTIME_NONE;
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p))
            if (sample_is_silent(set, p)) {
                first = p->sent < first ? p->sent : first;
                last = p->sent > last ? p->sent : last;
            }
    return last != NSTIME_NONE && rate_limit_is_refilled(first, last);
}

bool rate_limit_is_seen(const struct trace_set *set, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
            if (sample_is_silent(set, p) && trace_flow_passed(trace, p->flow, ttl))
                return true;
    }
    return false;
}

bool rate_limit_hides(const struct trace_set *set, const struct trace *trace, uint8_t ttl)
{
    bool passed = false;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        bool goes_on = trace_flow_passed(trace, probe->flow, ttl + 1U);
        if (probe->state != PROBE_EXPIRED || (goes_on && rate_limit_had_token(set, trace, probe)))
            return false;
        passed = passed || goes_on;
    }
    return passed && trace_set_hop_trace(set, ttl) && trace_shows_hop(trace_set_hop_trace(set, ttl), ttl);
}
