/* compare_end: the silence at the end of the path, beside what is lost on the way there and at the target. */
#include "session/compare.h"
#include "session/path.h"

/* Linux answers six expired packets at once and then one a second. */
#define BURST 6
#define BURST_REFILLS (BURST * NS_PER_S)

/* A target that lets others pass answers far more often than it does not: where all may be loss, the odds before the
 * probes are not even. Over simulated networks with 30 % loss each way, even odds were wrong in 40 of 100 claims. */
#define ODDS_OF_ANSWER 16

/* Where the path ends, as far as the traces tell. */
struct end {
    uint8_t router;  /* the last TTL at which a router let a probe expire; 0: at none */
    uint8_t silence; /* the least TTL whose silence is at the end, whichever answers are forged on the way there */
    nstime within;   /* as for cohort_shows_token() */
};

static struct end end_of(const struct cohort *cohort)
{
    struct end end = {.router = cohort_last_router(cohort), .within = COMPARE_HOPS * cohort_backing_span(cohort)};
    end.silence = (uint8_t)(end.router < UINT8_MAX ? end.router + 1 : UINT8_MAX);
    for (unsigned i = 0; i < cohort->count; i++)
        if (cohort->traces[i]->reached_ttl > end.silence)
            end.silence = cohort->traces[i]->reached_ttl;
    return end;
}

uint8_t cohort_end_ttl(const struct cohort *cohort)
{
    return end_of(cohort).silence;
}

static const struct reply *time_exceeded(const struct probe *probe)
{
    return probe->reply_count && probe->replies[0].kind == REPLY_TIME_EXCEEDED ? &probe->replies[0] : NULL;
}

/* --- whether the silence could have been an answer --- */

static bool is_sole_router(const struct cohort *cohort, const struct addr *address, uint8_t ttl)
{
    for (unsigned i = 0; i < cohort->count; i++)
        for (const struct probe *p = trace_first_at(cohort->traces[i], ttl); p; p = trace_next_at(cohort->traces[i], p))
            if (time_exceeded(p) && !addr_equal(&time_exceeded(p)->from, address))
                return false;
    return true;
}

/* Whether the last router, which may refuse what it does not forward, had a token for the silent probe: it answered a
 * later one of the same flow, which cannot have overtaken it, or any that is not known to have met another. */
static bool router_could_refuse(const struct cohort *cohort, const struct trace *trace, const struct probe *silent,
                                const struct end *end)
{
    const struct addr *own = trace_flow_router(trace, silent->flow, end->router);
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *other = cohort->traces[i];
        for (const struct probe *p = trace_first_at(other, end->router); p; p = trace_next_at(other, p)) {
            const struct reply *reply = time_exceeded(p);
            if (!reply || p->sent < silent->sent)
                continue;
            bool same_flow = other == trace && p->flow == silent->flow;
            bool met = own ? addr_equal(own, &reply->from) : is_sole_router(cohort, &reply->from, end->router);
            if ((same_flow && p->sent - silent->sent <= end->within) ||
                (met && cohort_shows_token(cohort, p, silent, end->within)))
                return true;
        }
    }
    return false;
}

/* The same of the target, where it is known to answer some spec by an ICMP error. */
static bool target_could_refuse(const struct cohort *cohort, const struct probe *silent, const struct end *end)
{
    bool refuses = false;
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *other = cohort->traces[i];
        for (size_t n = 0; n < other->probe_count && other->reached_ttl; n++) {
            const struct probe *p = &other->probes[n];
            if (p->ttl < end->silence || !p->reply_count || !reply_is_limited(&p->replies[0]))
                continue;
            if (cohort_shows_token(cohort, p, silent, end->within))
                return true;
            refuses = refuses || reply_reaches(other, &p->replies[0]);
        }
    }
    return !refuses;
}

/* --- counting --- */

/* Probes of a flow that are sent close together share their fate. */
static unsigned count_silent_flow(const struct cohort *cohort, const struct trace *trace, unsigned flow,
                                  const struct end *end)
{
    unsigned count = 0, looked_at = 0;
    nstime last = NSTIME_NONE;
    for (size_t i = 0; i < trace->probe_count && looked_at < PROBES_COMPARED; i++) {
        const struct probe *p = &trace->probes[i];
        bool soon = last != NSTIME_NONE && p->sent >= last && p->sent - last < INDEPENDENT_AFTER;
        if (p->flow != flow || p->ttl < end->silence || soon || !cohort_is_silent(cohort, p))
            continue;
        looked_at++;
        if (!target_could_refuse(cohort, p, end) || (end->router && !router_could_refuse(cohort, trace, p, end)))
            continue;
        last = p->sent;
        count++;
    }
    return count;
}

static unsigned count_silent(const struct cohort *cohort, const struct trace *trace, const struct end *end)
{
    unsigned count = 0;
    for (unsigned flow = 0; flow < trace->flow_count; flow++)
        count += count_silent_flow(cohort, trace, flow, end);
    return count;
}

/* Whether the router had answered so many by then that it may have had no token left. */
static bool may_be_limited(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    unsigned answered = 0;
    for (unsigned i = 0; i < cohort->count; i++)
        for (const struct probe *p = trace_first_at(cohort->traces[i], silent->ttl); p;
             p = trace_next_at(cohort->traces[i], p))
            answered += p->reply_count && p->sent <= silent->sent && silent->sent - p->sent < BURST_REFILLS;
    return answered >= BURST && !cohort_may_be_lost(cohort, trace, silent);
}

/* What becomes on the way of probes that are known to get further, where anybody is answered: else that router is
 * silent. */
static void count_way(const struct cohort *cohort, struct end_comparison *out)
{
    bool shows[UINT8_MAX + 1] = {false};
    for (unsigned i = 0; i < cohort->count; i++)
        for (size_t n = 0; n < cohort->traces[i]->probe_count; n++)
            if (time_exceeded(&cohort->traces[i]->probes[n]))
                shows[cohort->traces[i]->probes[n].ttl] = true;
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *trace = cohort->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++) {
            const struct probe *p = &trace->probes[n];
            bool silent = cohort_is_silent(cohort, p);
            if (p->ttl >= trace->top || !shows[p->ttl] || (silent && may_be_limited(cohort, trace, p)))
                continue;
            out->way.asked++;
            out->way.silent += silent;
            out->loses = out->loses || (silent && cohort_may_be_lost(cohort, trace, p));
        }
    }
}

/* And of probes of a spec that the target answers: there where no limit of its errors explains it. */
static void count_target(const struct cohort *cohort, const struct trace *trace, const struct end *end,
                         struct tally *out)
{
    const struct probe *first = trace->reached_ttl ? trace_answered_at(trace, trace->reached_ttl) : NULL;
    bool limited = first && cohort->is_diagnose && reply_is_limited(&first->replies[0]);
    unsigned looked_at = 0;
    for (size_t i = 0; first && i < trace->probe_count && looked_at < PROBES_COMPARED; i++) {
        const struct probe *p = &trace->probes[i];
        bool silent = cohort_is_silent(cohort, p);
        if (p->ttl < trace->reached_ttl || (!silent && !p->reply_count))
            continue;
        looked_at++;
        if (silent && limited && !target_could_refuse(cohort, p, end))
            continue;
        out->asked++;
        out->silent += silent;
    }
}

static struct tally compare_target(const struct cohort *cohort, const struct trace *except)
{
    struct end end = end_of(cohort);
    struct tally all = {0};
    for (unsigned i = 0; i < cohort->count; i++)
        if (cohort->traces[i] != except)
            count_target(cohort, cohort->traces[i], &end, &all);
    return all;
}

/* What was not asked in rounds, with that in mind. */
static void compare_plainly(const struct cohort *cohort, const struct trace *trace, struct end_comparison *out)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        out->silent += trace->probes[i].ttl > trace->top && cohort_is_silent(cohort, &trace->probes[i]);
    out->confidence = 1 - 1.0 / (out->silent + 2);
}

void compare_end_among(const struct cohort *cohort, const struct trace *trace, struct end_comparison *out)
{
    *out = (struct end_comparison){.target = compare_target(cohort, trace)};
    if (!cohort->is_diagnose) {
        compare_plainly(cohort, trace, out);
        return;
    }
    struct end end = end_of(cohort);
    out->silent = count_silent(cohort, trace, &end);
    count_way(cohort, out);
    double way = compare_chance(out->way.asked, out->way.silent, out->silent);
    double target = out->target.asked ? compare_chance(out->target.asked, out->target.silent, out->silent) : 0;
    double chance = target > way ? target : way;
    double confidence = 1 / (1 + (out->target.silent || out->loses ? ODDS_OF_ANSWER : 1) * chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}

void compare_end(const struct session *session, const struct trace *trace, struct end_comparison *out)
{
    const struct trace *traces[SPECS_MOST];
    struct cohort cohort = cohort_of_session(session, traces);
    compare_end_among(&cohort, trace, out);
}
