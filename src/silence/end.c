/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/end.h"

#include "silence/comparison.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

/* Where the path ends. */
struct end {
    uint8_t router;  /* the last TTL with a time exceeded; 0: none */
    uint8_t silence; /* as silence_end_ttl() */
    nstime within;   /* for rate_limit_shows_token() */
};

static struct end end_of(const struct trace_set *set)
{
    struct end end = {.router = trace_set_last_router_ttl(set), .within = COMPARE_HOPS * rate_limit_span(set)};
    end.silence = (uint8_t)(end.router < UINT8_MAX ? end.router + 1 : UINT8_MAX);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->reached_ttl > end.silence)
            end.silence = set->traces[i]->reached_ttl;
    return end;
}

uint8_t silence_end_ttl(const struct trace_set *set)
{
    return end_of(set).silence;
}

static const struct reply *time_exceeded(const struct probe *probe)
{
    return probe->reply_count && probe->replies[0].kind == REPLY_TIME_EXCEEDED ? &probe->replies[0] : NULL;
}

/* --- whether a refusal could have been sent --- */

static bool is_sole_router(const struct trace_set *set, const struct addr *address, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p))
            if (time_exceeded(p) && !addr_equal(&time_exceeded(p)->from, address))
                return false;
    return true;
}

/* Whether the last router, which may refuse what it does not forward, had a token for the silent probe. A reply to a
 * later probe of the same flow shows that, as it cannot have overtaken the silent one; so does a reply to any other
 * probe, unless the two are known to pass different routers. */
static bool router_could_refuse(const struct trace_set *set, const struct trace *trace, const struct probe *silent,
                                const struct end *end)
{
    const struct addr *own = trace_flow_router(trace, silent->flow, end->router);
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *other = set->traces[i];
        for (const struct probe *p = trace_first_at(other, end->router); p; p = trace_next_at(other, p)) {
            const struct reply *reply = time_exceeded(p);
            if (!reply || p->sent < silent->sent)
                continue;
            bool same_flow = other == trace && p->flow == silent->flow;
            bool met = own ? addr_equal(own, &reply->from) : is_sole_router(set, &reply->from, end->router);
            if ((same_flow && p->sent - silent->sent <= end->within) ||
                (met && rate_limit_shows_token(set, p, silent, end->within)))
                return true;
        }
    }
    return false;
}

/* The same for a target that is known to answer some spec by an ICMP error. */
static bool target_could_refuse(const struct trace_set *set, const struct probe *silent, const struct end *end)
{
    bool refuses = false;
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *other = set->traces[i];
        for (size_t n = 0; n < other->probe_count && other->reached_ttl; n++) {
            const struct probe *p = &other->probes[n];
            if (p->ttl < end->silence || !p->reply_count || !reply_is_limited(&p->replies[0]))
                continue;
            if (rate_limit_shows_token(set, p, silent, end->within))
                return true;
            refuses = refuses || reply_reaches(other, &p->replies[0]);
        }
    }
    return !refuses;
}

/* --- counting --- */

static unsigned count_silent_flow(const struct trace_set *set, const struct trace *trace, unsigned flow,
                                  const struct end *end)
{
    unsigned count = 0, looked_at = 0;
    nstime last = NSTIME_NONE;
    for (size_t i = 0; i < trace->probe_count && looked_at < SAMPLE_PROBES_MOST; i++) {
        const struct probe *p = &trace->probes[i];
        if (p->flow != flow || p->ttl < end->silence || sample_is_same(last, p->sent) || !sample_is_silent(set, p))
            continue;
        looked_at++;
        if (!target_could_refuse(set, p, end) || (end->router && !router_could_refuse(set, trace, p, end)))
            continue;
        last = p->sent;
        count++;
    }
    return count;
}

static unsigned count_silent(const struct trace_set *set, const struct trace *trace, const struct end *end)
{
    unsigned count = 0;
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        count += count_silent_flow(set, trace, flow, end);
    return count;
}

/* Counts probes on the way that are known to get further, at hops with a reply: a router without any is silent. */
static void count_way(const struct trace_set *set, struct end_comparison *out)
{
    bool shows[UINT8_MAX + 1] = {false};
    for (unsigned i = 0; i < set->count; i++)
        for (size_t n = 0; n < set->traces[i]->probe_count; n++)
            if (time_exceeded(&set->traces[i]->probes[n]))
                shows[set->traces[i]->probes[n].ttl] = true;
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++) {
            const struct probe *p = &trace->probes[n];
            bool silent = sample_is_silent(set, p);
            if (p->ttl >= trace->last_router_ttl || !shows[p->ttl] ||
                (silent && rate_limit_may_be_spent(set, trace, p)))
                continue;
            out->way.sent++;
            out->way.silent += silent;
            out->loses = out->loses || (silent && rate_limit_may_be_loss(set, trace, p));
        }
    }
}

/* Counts probes of a spec that the target answers, without silences that its own rate limit explains. */
static void count_target(const struct trace_set *set, const struct trace *trace, const struct end *end,
                         struct loss_count *out)
{
    const struct probe *first = trace->reached_ttl ? trace_answered_at(trace, trace->reached_ttl) : NULL;
    bool limited = first && set->is_diagnose && reply_is_limited(&first->replies[0]);
    unsigned looked_at = 0;
    for (size_t i = 0; first && i < trace->probe_count && looked_at < SAMPLE_PROBES_MOST; i++) {
        const struct probe *p = &trace->probes[i];
        bool silent = sample_is_silent(set, p);
        if (p->ttl < trace->reached_ttl || (!silent && !p->reply_count))
            continue;
        looked_at++;
        if (silent && limited && !target_could_refuse(set, p, end))
            continue;
        out->sent++;
        out->silent += silent;
    }
}

static struct loss_count compare_target(const struct trace_set *set, const struct trace *except)
{
    struct end end = end_of(set);
    struct loss_count all = {0};
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i] != except)
            count_target(set, set->traces[i], &end, &all);
    return all;
}

/* For sets that are no diagnosis. */
static void compare_plainly(const struct trace_set *set, const struct trace *trace, struct end_comparison *out)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        out->silent += trace->probes[i].ttl > trace->last_router_ttl && sample_is_silent(set, &trace->probes[i]);
    out->confidence = 1 - 1.0 / (out->silent + 2);
}

double silence_end_confidence(const struct end_comparison *end, unsigned silent)
{
    double way = loss_chance(end->way.sent, end->way.silent, silent);
    double target = end->target.sent ? loss_chance(end->target.sent, end->target.silent, silent) : 0;
    double chance = target > way ? target : way;
    double confidence = 1 / (1 + (end->target.silent || end->loses ? ODDS_OF_ANSWER : 1) * chance);
    return confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}

void silence_compare_end(const struct trace_set *set, const struct trace *trace, struct end_comparison *out)
{
    *out = (struct end_comparison){.target = compare_target(set, trace)};
    if (!set->is_diagnose) {
        compare_plainly(set, trace, out);
        return;
    }
    struct end end = end_of(set);
    out->silent = count_silent(set, trace, &end);
    count_way(set, out);
    out->confidence = silence_end_confidence(out, out->silent);
}
