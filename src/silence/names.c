/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/names.h"

#include "base/minmax.h"
#include "silence/comparison.h"
#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

const struct trace *names_control(const struct trace_set *set, const struct trace *trace)
{
    if (!trace->flow.spec.name || trace->is_control)
        return NULL;
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->is_control && probe_spec_same_but_name(&set->traces[i]->flow.spec, &trace->flow.spec))
            return set->traces[i];
    return NULL;
}

/* The first reply of this kind; NULL: none. */
static const struct reply *find_reply(const struct probe *probe, enum reply_kind kind)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (probe->replies[i].kind == kind)
            return &probe->replies[i];
    return NULL;
}

/* The first reply to the probe in the target's name; NULL: none. */
static const struct reply *find_answer(const struct trace *trace, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (probe->replies[i].kind != REPLY_TIME_EXCEEDED && reply_reaches(trace, &probe->replies[i]))
            return &probe->replies[i];
    return NULL;
}

/* A refusal as too big concerns a length, and not a name. */
static const struct reply *find_refusal(const struct trace *trace, const struct probe *probe)
{
    for (unsigned i = 0; i < probe->reply_count; i++)
        if (probe->replies[i].kind != REPLY_TOO_BIG && reply_rejects(trace, &probe->replies[i]))
            return &probe->replies[i];
    return NULL;
}

/* The smallest TTL with a reply in the target's name, whatever else the probe drew; 0: none. */
static uint8_t first_answered(const struct trace *trace)
{
    uint8_t first = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (find_answer(trace, probe) && (!first || probe->ttl < first))
            first = probe->ttl;
    }
    return first;
}

enum { NO_TARGET = UINT8_MAX + 1 }; /* a TTL that no probe has */

/* What the control shows of the target. */
struct target {
    unsigned ttl;      /* from this TTL on a reply in its name may be its own. NO_TARGET: nothing shows it */
    uint8_t reply_ttl; /* that of all of its replies; 0: they differ, or there are none */
};

/* Behind the last router of all traces the target may stand, although the control's probe there was lost. */
static struct target find_target(const struct trace_set *set, const struct trace *control)
{
    unsigned first = first_answered(control), behind = trace_set_last_router_ttl(set) + 1U;
    struct target target = {.ttl = first > control->last_router_ttl ? uint_min(first, behind) : NO_TARGET};
    for (size_t i = 0; i < control->probe_count; i++) {
        const struct reply *reply = find_answer(control, &control->probes[i]);
        if (!reply || control->probes[i].ttl < target.ttl)
            continue;
        if (target.reply_ttl && reply->reply_ttl != target.reply_ttl) {
            target.reply_ttl = 0;
            break;
        }
        target.reply_ttl = reply->reply_ttl;
    }
    return target;
}

/* Whether the probe drew replies in the target's name both from the target, as the control does, and from elsewhere. */
static bool is_answered_twice(const struct trace *trace, const struct probe *probe, const struct target *target)
{
    bool own = false, other = false;
    for (unsigned i = 0; i < probe->reply_count && target->reply_ttl; i++) {
        const struct reply *reply = &probe->replies[i];
        bool counts = reply->kind != REPLY_TIME_EXCEEDED && reply_reaches(trace, reply);
        own = own || (counts && reply->reply_ttl == target->reply_ttl);
        other = other || (counts && reply->reply_ttl != target->reply_ttl);
    }
    return own && other;
}

/* A reply in the target's name that is not its own: one from short of the target, or one of two. NULL: none. */
static const struct reply *find_forged(const struct trace *trace, const struct probe *probe,
                                       const struct target *target)
{
    const struct reply *reply = find_answer(trace, probe);
    if (!reply || (probe->ttl >= target->ttl && !is_answered_twice(trace, probe, target)))
        return NULL;
    while (probe->ttl >= target->ttl && reply->reply_ttl == target->reply_ttl)
        reply++;
    return reply;
}

static uint8_t first_forged(const struct trace *named, const struct target *target)
{
    uint8_t first = 0;
    for (size_t i = 0; i < named->probe_count; i++) {
        const struct probe *probe = &named->probes[i];
        if ((!first || probe->ttl < first) && find_forged(named, probe, target))
            first = probe->ttl;
    }
    return first;
}

/* Whether the control got behind this TTL. */
static bool goes_behind(const struct trace *control, const struct target *target, unsigned ttl)
{
    return control->last_router_ttl >= ttl || target->ttl < NO_TARGET;
}

/* Where the named trace is stopped, and how. */
static void find_stop(const struct trace *named, const struct trace *control, const struct target *target,
                      struct name_comparison *out)
{
    uint8_t forged = first_forged(named, target), answered = first_answered(named);
    if (forged && goes_behind(control, target, forged)) {
        out->fate = NAME_ANSWERED;
        out->ttl = forged;
    } else if (named->refused_ttl && !answered && goes_behind(control, target, named->refused_ttl)) {
        out->fate = NAME_REFUSED;
        out->ttl = named->refused_ttl;
    } else if (!answered && !named->refused_ttl && goes_behind(control, target, named->last_router_ttl + 1U)) {
        out->fate = NAME_SILENT;
        out->ttl = (uint8_t)(named->last_router_ttl + 1);
    }
}

/* --- counting --- */

/* What became of a probe. */
enum end { END_UNKNOWN, END_STOPPED, END_PASSED };

/* What is the same for all probes of a comparison. */
struct count {
    const struct trace_set *set;
    const struct name_comparison *at;
    struct target target;
};

/* A probe that the router at its TTL may have left unanswered for another reason says nothing. */
static enum end end_of_silence(const struct count *count, const struct trace *trace, const struct probe *probe)
{
    bool counts = probe->ttl >= count->target.ttl || rate_limit_had_token(count->set, trace, probe);
    return sample_is_silent(count->set, probe) && counts ? END_STOPPED : END_UNKNOWN;
}

/* Whether a reset ended the probe's connection. It may have answered the probe, or our kernel's acknowledgement of what
 * the target sent. */
static bool was_reset(const struct trace *trace, const struct probe *probe)
{
    const struct connection *connection = trace_flow(trace, probe->flow)->connection;
    return connection && connection->state == CONNECTION_RESET;
}

/* `reply`: the one that stopped it. NULL: none did. */
static enum end end_of(const struct count *count, const struct trace *trace, const struct probe *probe,
                       const struct reply **reply)
{
    *reply = find_refusal(trace, probe);
    if (!*reply)
        *reply = find_forged(trace, probe, &count->target);
    if (*reply)
        return END_STOPPED;
    if (was_reset(trace, probe))
        return END_UNKNOWN;
    if (find_answer(trace, probe) || find_reply(probe, REPLY_TIME_EXCEEDED))
        return END_PASSED;
    return end_of_silence(count, trace, probe);
}

/* Samples of one trace. Probes of one flow sent close together are one sample. A reply that stops a probe decides for
 * its sample, and else one that shows that a probe passed. */
struct samples {
    unsigned stopped, passed;
    unsigned told;                     /* of those stopped: by a reply */
    nstime last_passed, first_stopped; /* NSTIME_NONE: none */
    const struct probe *shown;         /* one that was stopped, by a reply if any was */
    const struct reply *reply;         /* to that one */
};

/* The latest sample of a flow. */
struct sample {
    nstime begun;
    enum end end;
    bool is_told; /* a reply stopped one of its probes */
};

static void count_end(struct samples *samples, enum end was, enum end is)
{
    samples->passed -= was == END_PASSED;
    samples->stopped -= was == END_STOPPED;
    samples->passed += is == END_PASSED;
    samples->stopped += is == END_STOPPED;
}

/* Adds a probe that ended so. */
static void add_to_sample(struct sample *sample, nstime sent, enum end end, bool is_told, struct samples *out)
{
    if (!sample_is_same(sample->begun, sent))
        *sample = (struct sample){.begun = sent, .end = END_UNKNOWN};
    bool decides = is_told || sample->end == END_UNKNOWN || (end == END_PASSED && !sample->is_told);
    out->told += is_told && !sample->is_told;
    sample->is_told = sample->is_told || is_told;
    if (!decides)
        return;
    count_end(out, sample->end, end);
    sample->end = end;
}

/* `until`: probes sent after it do not count. */
static void count_samples(const struct count *count, const struct trace *trace, nstime until, struct samples *out)
{
    struct sample of_flow[FLOWS_COMPARED_MOST];
    *out = (struct samples){.last_passed = NSTIME_NONE, .first_stopped = NSTIME_NONE};
    for (unsigned i = 0; i < FLOWS_COMPARED_MOST; i++)
        of_flow[i] = (struct sample){.begun = NSTIME_NONE, .end = END_UNKNOWN};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply;
        if (probe->ttl < count->at->ttl || probe->flow >= FLOWS_COMPARED_MOST || probe->sent > until)
            continue;
        enum end end = end_of(count, trace, probe, &reply);
        if (end == END_UNKNOWN)
            continue;
        add_to_sample(&of_flow[probe->flow], probe->sent, end, reply != NULL, out);
        if (end == END_PASSED) {
            out->last_passed = probe->sent > out->last_passed ? probe->sent : out->last_passed;
            continue;
        }
        if (out->first_stopped == NSTIME_NONE || probe->sent < out->first_stopped)
            out->first_stopped = probe->sent;
        if (!out->shown || (reply && !out->reply)) {
            out->shown = probe;
            out->reply = reply;
        }
    }
}

static uint8_t first_answered_from(const struct trace *control, uint8_t ttl)
{
    for (unsigned at = ttl; at <= 255; at++)
        if (trace_answered_at(control, (uint8_t)at))
            return (uint8_t)at;
    return 0;
}

/* Whether a probe that was stopped by a reply went on nevertheless. */
static bool goes_on(const struct count *count, const struct trace *named)
{
    for (size_t i = 0; i < named->probe_count; i++) {
        const struct probe *probe = &named->probes[i];
        if (probe->ttl >= count->at->ttl && find_forged(named, probe, &count->target) &&
            (find_reply(probe, REPLY_TIME_EXCEEDED) || is_answered_twice(named, probe, &count->target)))
            return true;
    }
    return false;
}

/* Whether the control passed until the named spec was stopped, and then so often not that loss does not explain it. */
static bool is_refused_later(const struct trace_set *set, const struct samples *named, const struct samples *control)
{
    return control->passed && control->stopped && named->stopped && control->first_stopped > control->last_passed &&
           control->first_stopped > named->first_stopped &&
           loss_chance(control->passed, 0, control->stopped) <= 1 - set->claim;
}

void names_compare(const struct trace_set *set, const struct trace *named, const struct trace *control,
                   struct name_comparison *out)
{
    struct count count = {.set = set, .at = out, .target = find_target(set, control)};
    struct samples of_named, of_control;
    *out = (struct name_comparison){.fate = NAME_PASSES, .confidence = 0.5};
    find_stop(named, control, &count.target, out);
    if (!out->ttl || traces_diverge(named, control, out->ttl))
        return;
    out->answer = first_answered_from(control, out->ttl);
    if (out->fate == NAME_SILENT && out->answer >= count.target.ttl)
        return; /* it may be the target that is silent to the name */
    count_samples(&count, named, NSTIME_NEVER, &of_named);
    count_samples(&count, control, NSTIME_NEVER, &of_control);
    out->is_refused_later = is_refused_later(set, &of_named, &of_control);
    if (out->is_refused_later)
        count_samples(&count, control, of_control.last_passed, &of_control);
    out->stopped = of_named.stopped;
    out->told = of_named.told;
    out->passed = of_named.passed;
    out->control_stopped = of_control.stopped;
    out->control_passed = of_control.passed;
    out->goes_on = goes_on(&count, named);
    out->shown = of_named.shown;
    out->reply = of_named.reply;
    bool is_seen = out->fate == NAME_SILENT || out->reply;
    bool is_mixed = out->fate == NAME_SILENT && of_named.passed;
    if (!of_named.stopped || !of_control.passed || of_control.told || !is_seen || is_mixed)
        return;
    const struct loss_count here = {of_named.stopped + of_named.passed, of_named.stopped},
                            others = {of_control.stopped + of_control.passed, of_control.stopped};
    double chance = loss_chance_at_least(&here, &others);
    double confidence = 1 / (1 + chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}
