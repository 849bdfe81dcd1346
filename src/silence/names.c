/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/names.h"

#include <stdlib.h>

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

/* The smallest TTL behind `before` with a reply in the target's name, whatever else the probe drew; 0: none. */
static uint8_t first_answered(const struct trace *trace, uint8_t before)
{
    uint8_t first = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->ttl > before && find_answer(trace, probe) && (!first || probe->ttl < first))
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

/* When the first probe left that has a name with this control; NSTIME_NEVER: none did. */
static nstime first_named(const struct trace_set *set, const struct trace *control)
{
    nstime first = NSTIME_NEVER;
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        if (names_control(set, trace) == control && trace->started && trace->first_sent < first)
            first = trace->first_sent;
    }
    return first;
}

/* Behind the last router of all traces the target may stand, although the control's probe there was lost. Once a name
 * was sent, a device may reply to the control as well. */
static struct target find_target(const struct trace_set *set, const struct trace *control)
{
    unsigned first = first_answered(control, control->last_router_ttl), behind = trace_set_last_router_ttl(set) + 1U;
    struct target target = {.ttl = first ? uint_min(first, behind) : NO_TARGET};
    nstime named_from = first_named(set, control);
    for (size_t i = 0; i < control->probe_count && control->probes[i].sent < named_from; i++) {
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
    uint8_t forged = first_forged(named, target), answered = first_answered(named, 0);
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

/* What is the same for all probes of a comparison. */
struct count {
    const struct trace_set *set;
    const struct name_comparison *at;
    struct target target;
};

/* A probe that the router at its TTL may have left unanswered for another reason says nothing. */
static enum name_end end_of_silence(const struct count *count, const struct trace *trace, const struct probe *probe)
{
    bool counts = probe->ttl >= count->target.ttl || rate_limit_had_token(count->set, trace, probe);
    return sample_is_silent(count->set, probe) && counts ? END_STOPPED : END_UNKNOWN;
}

/* Whether a reset ended the connection soon after the probe. It may have answered the probe, or our kernel's
 * acknowledgement of what the target sent. A later one answers something else. */
static bool was_reset(const struct trace *trace, const struct probe *probe)
{
    const struct connection *connection = trace_flow(trace, probe->flow)->connection;
    return connection && connection->state == CONNECTION_RESET && connection->ended_at - probe->sent <= SAMPLE_WAIT;
}

/* `reply`: the one that stopped it. NULL: none did. */
static enum name_end end_of(const struct count *count, const struct trace *trace, const struct probe *probe,
                            const struct reply **reply)
{
    *reply = find_refusal(trace, probe);
    if (!*reply)
        *reply = find_forged(trace, probe, &count->target);
    if (*reply)
        return END_STOPPED;
    const struct reply *answer = find_answer(trace, probe);
    bool may_be_devices = trace->is_control && answer && count->target.reply_ttl &&
                          answer->reply_ttl != count->target.reply_ttl; /* residual blocking by replies */
    if (was_reset(trace, probe) || may_be_devices)
        return trace->is_control ? END_DOUBTFUL : END_UNKNOWN;
    if (answer || find_reply(probe, REPLY_TIME_EXCEEDED))
        return END_PASSED;
    return end_of_silence(count, trace, probe);
}

/* NULL: there is no room. */
static struct name_sample *begin_sample(struct name_samples *samples, nstime sent)
{
    if (samples->count == NAME_SAMPLES_KEPT)
        return NULL;
    struct name_sample *sample = &samples->all[samples->count++];
    *sample = (struct name_sample){.sent = sent};
    return sample;
}

/* Adds a probe that ended so. */
static void add_to_sample(struct name_sample *sample, const struct probe *probe, enum name_end end,
                          const struct reply *reply)
{
    if (reply || sample->end < END_STOPPED || (end == END_PASSED && !sample->is_told))
        sample->end = (uint8_t)end;
    if (end == END_STOPPED && (!sample->shown || (reply && !sample->reply))) {
        sample->shown = probe;
        sample->reply = reply;
    }
    sample->is_told = sample->is_told || reply;
}

static bool was_connected(const struct trace *trace)
{
    for (unsigned k = 0; k < trace->flow_count; k++)
        if (trace_flow(trace, k)->connection && connection_was_open(trace_flow(trace, k)->connection))
            return true;
    return false;
}

/* A handshake that fails after another one of the trace did not is stopped as well as data are. */
static void add_handshakes(const struct trace *trace, struct name_samples *out)
{
    for (unsigned k = 0; k < trace->flow_count && was_connected(trace); k++) {
        const struct connection *connection = trace_flow(trace, k)->connection;
        bool counts = connection && connection_failed(connection) && connection->opened_at != NSTIME_NONE;
        struct name_sample *sample = counts ? begin_sample(out, connection->opened_at) : NULL;
        if (!sample)
            continue;
        sample->end = END_STOPPED;
        sample->is_told = connection->state == CONNECTION_REFUSED;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct name_sample *x = a, *y = b;
    return x->sent < y->sent ? -1 : x->sent > y->sent;
}

/* Probes of one flow sent close together are one sample. A reply that stops a probe decides for its sample, and else
 * one that shows that a probe passed. */
static void collect(const struct count *count, const struct trace *trace, struct name_samples *out)
{
    struct name_sample *of_flow[FLOWS_COMPARED_MOST] = {NULL}; /* the latest of each flow */
    out->count = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply;
        if (probe->ttl < count->at->ttl || probe->flow >= FLOWS_COMPARED_MOST)
            continue;
        enum name_end end = end_of(count, trace, probe, &reply);
        if (end == END_UNKNOWN)
            continue;
        struct name_sample **latest = &of_flow[probe->flow];
        if (!*latest || !sample_is_same((*latest)->sent, probe->sent))
            *latest = begin_sample(out, probe->sent);
        if (!*latest)
            break;
        add_to_sample(*latest, probe, end, reply);
    }
    add_handshakes(trace, out);
    qsort(out->all, out->count, sizeof *out->all, by_time);
}

/* What became of the samples that count. */
struct sums {
    unsigned stopped, passed;
    unsigned told;             /* of those stopped: by a reply */
    unsigned excluded;         /* samples that do not count, as they were sent during a block */
    const struct probe *shown; /* one that was stopped, by a reply if any was */
    const struct reply *reply; /* to that one */
};

/* `from`: of a named trace its first send; only blocks that began before count. NSTIME_NEVER: of a control, all do.
 * `doubts`: blocks that count in any case; NULL: none. */
static void sum_up(const struct name_samples *samples, const struct name_blocks *blocks, nstime from,
                   const struct name_blocks *doubts, struct sums *out)
{
    *out = (struct sums){0};
    for (unsigned i = 0; i < samples->count; i++) {
        const struct name_sample *sample = &samples->all[i];
        const struct name_block *block = name_blocks_at(blocks, sample->sent);
        if ((block && block->since < from) || (doubts && name_blocks_at(doubts, sample->sent))) {
            out->excluded++;
            continue;
        }
        out->passed += sample->end == END_PASSED;
        out->stopped += sample->end == END_STOPPED;
        out->told += sample->is_told;
        if (sample->end == END_STOPPED && sample->shown && (!out->shown || (sample->reply && !out->reply))) {
            out->shown = sample->shown;
            out->reply = sample->reply;
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

/* Whether a reply in the target's name, or a reset that named no probe, stopped the flow. */
static bool is_stopped(const struct count *count, const struct trace *named, unsigned flow)
{
    const struct connection *connection = trace_flow(named, flow)->connection;
    bool stopped = connection && connection->state == CONNECTION_RESET;
    for (size_t i = 0; i < named->probe_count && !stopped; i++)
        stopped = named->probes[i].flow == flow && named->probes[i].ttl >= count->at->ttl &&
                  find_forged(named, &named->probes[i], &count->target);
    return stopped;
}

/* Whether a flow that was stopped by a reply went on nevertheless. A router at the TTL of the device itself does not
 * show that: it replies to an expired TTL before it drops. */
static void find_behind(const struct count *count, const struct trace *named, struct name_comparison *out)
{
    for (size_t i = 0; i < named->probe_count; i++) {
        const struct probe *probe = &named->probes[i];
        bool is_behind = probe->ttl > count->at->ttl && is_stopped(count, named, probe->flow);
        bool is_twice = probe->ttl >= count->at->ttl && is_answered_twice(named, probe, &count->target);
        out->is_tried = out->is_tried || is_behind;
        out->goes_on = out->goes_on || is_twice || (is_behind && find_reply(probe, REPLY_TIME_EXCEEDED));
    }
}

/* Those of all names with this control that were sent before `until`. */
static void collect_named(const struct count *count, const struct trace *control, nstime until, struct name_times *out)
{
    struct name_samples samples;
    *out = (struct name_times){.first = first_named(count->set, control)};
    for (unsigned i = 0; i < count->set->count; i++) {
        const struct trace *named = count->set->traces[i];
        if (names_control(count->set, named) != control || !named->started || named->first_sent >= until)
            continue;
        collect(count, named, &samples);
        for (unsigned k = 0; k < samples.count && out->count < NAME_SAMPLES_KEPT; k++)
            if (samples.all[k].end == END_STOPPED)
                out->stopped[out->count++] = samples.all[k].sent;
    }
}

/* The smallest TTL at which any name with this control is stopped; 0: none is. */
static uint8_t first_stop(const struct trace_set *set, const struct trace *control, const struct target *target)
{
    uint8_t first = 0;
    for (unsigned i = 0; i < set->count; i++) {
        struct name_comparison stop = {0};
        if (names_control(set, set->traces[i]) == control)
            find_stop(set->traces[i], control, target, &stop);
        if (stop.ttl && (!first || stop.ttl < first))
            first = stop.ttl;
    }
    return first;
}

/* The blocks in the samples of the control, and of `trace` if that is another one. A name draws blocks of its control,
 * and of names that were sent later. */
static void find_blocks(const struct trace_set *set, const struct trace *control, const struct trace *trace,
                        const struct name_chances *most, struct name_blocks *out)
{
    const struct target target = find_target(set, control);
    const struct name_comparison at = {.ttl = first_stop(set, control, &target)};
    const struct count count = {.set = set, .at = &at, .target = target};
    struct name_samples samples, own = {.count = 0};
    struct name_times named;
    out->count = 0;
    if (!at.ttl)
        return;
    collect(&count, control, &samples);
    if (trace != control)
        collect(&count, trace, &own);
    for (unsigned i = 0; i < own.count && samples.count < NAME_SAMPLES_KEPT; i++)
        samples.all[samples.count++] = own.all[i];
    qsort(samples.all, samples.count, sizeof *samples.all, by_time);
    collect_named(&count, control, trace == control ? NSTIME_NEVER : trace->first_sent, &named);
    name_blocks_find(&samples, &named, most, out);
}

void names_doubts(const struct trace_set *set, const struct trace *trace, struct name_blocks *out)
{
    const struct trace *control = trace->is_control ? trace : names_control(set, trace);
    /* A long run of a name may be its own doing. */
    const struct name_chances most = {.by_length = trace == control ? 1 - set->claim : 0, .by_pattern = 1};
    out->count = 0;
    if (control && trace->started)
        find_blocks(set, control, trace, &most, out);
}

/* What the control shows: whether it passes now, and the block that the name drew, if it did. */
static void tell_blocks(const struct trace *named, const struct name_samples *control, const struct name_blocks *blocks,
                        struct name_comparison *out)
{
    nstime since = named->probes[named->probe_count - 1].sent;
    for (unsigned i = control->count;
         i > 0 && control->all[i - 1].end == END_PASSED && control->all[i - 1].sent > since; i--)
        out->control_passes++;
    for (unsigned i = 0; i < blocks->count; i++) {
        const struct name_block *block = &blocks->all[i];
        out->is_blocked_now = out->is_blocked_now || block->until == NSTIME_NEVER;
        if (block->since < named->first_sent)
            continue;
        out->is_refused_later = true;
        out->block = *block;
    }
}

void names_compare(const struct trace_set *set, const struct trace *named, const struct trace *control,
                   struct name_comparison *out)
{
    struct count count = {.set = set, .at = out, .target = find_target(set, control)};
    struct name_samples of_named, of_control;
    struct name_blocks blocks, doubts;
    struct sums named_sums, control_sums;
    *out = (struct name_comparison){.fate = NAME_PASSES, .confidence = 0.5};
    find_stop(named, control, &count.target, out);
    if (!out->ttl || traces_diverge(named, control, out->ttl))
        return;
    out->answer = first_answered_from(control, out->ttl);
    collect(&count, named, &of_named);
    collect(&count, control, &of_control);
    find_blocks(set, control, control, &(struct name_chances){1 - set->claim, 1 - set->claim}, &blocks);
    names_doubts(set, named, &doubts);
    tell_blocks(named, &of_control, &blocks, out);
    sum_up(&of_named, &blocks, named->first_sent, &doubts, &named_sums);
    sum_up(&of_control, &blocks, NSTIME_NEVER, NULL, &control_sums);
    out->is_blocked = named_sums.excluded && !named_sums.stopped && !named_sums.passed;
    if (out->fate == NAME_SILENT && out->answer >= count.target.ttl)
        return; /* it may be the target that is silent to the name */
    out->stopped = named_sums.stopped;
    out->told = named_sums.told;
    out->passed = named_sums.passed;
    out->control_stopped = control_sums.stopped;
    out->control_passed = control_sums.passed;
    find_behind(&count, named, out);
    out->shown = named_sums.shown;
    out->reply = named_sums.reply;
    bool is_seen = out->shown && (out->fate == NAME_SILENT || out->reply);
    bool is_mixed = out->fate == NAME_SILENT && named_sums.passed;
    if (!named_sums.stopped || !control_sums.passed || control_sums.told || !is_seen || is_mixed)
        return;
    const struct loss_count here = {named_sums.stopped + named_sums.passed, named_sums.stopped},
                            others = {control_sums.stopped + control_sums.passed, control_sums.stopped};
    double chance = loss_chance_at_least(&here, &others);
    double confidence = 1 / (1 + chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}
