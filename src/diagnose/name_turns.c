/* SPDX-License-Identifier: BSD-2-Clause */
/* name_turns: rule 11: specs with a name, in turns with their controls. */
#include "diagnose/name_turns.h"

#include "base/minmax.h"
#include "diagnose/wanted.h"
#include "silence/names.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

/* Samples at the end of the path: of the control before the spec with the name begins, and of that one if it is
 * answered. Unit: probes, from as many source ports. Source: with these, four samples of the named spec that are all
 * stopped make a confidence of 0.99. Effect: with fewer, a device that refuses the pair of hosts afterwards hides the
 * difference, and a reply that follows a forged one comes after the run. */
#define NAME_SAMPLES 3
/* Unit: turns. Source: as ROUNDS of rule 3. Effect: with fewer, nothing is found on paths that lose packets; with more,
 * a diagnosis of these takes longer. */
#define TURNS_MOST 12

/* The index of the spec's control; the number of traces: it has none. */
static unsigned control_of(const struct session *session, unsigned index)
{
    const struct trace_set set = session_trace_set(session);
    const struct trace *control = names_control(&set, &session->traces[index]);
    return control ? (unsigned)(control - session->traces) : session->trace_count;
}

/* The TTL of the control's farthest reply; 0: none. */
static uint8_t farthest_of(const struct trace *control)
{
    return control->reached_ttl ? control->reached_ttl : control->last_router_ttl;
}

static bool has_samples(const struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    unsigned ttl = farthest_of(trace), samples = uint_min(NAME_SAMPLES, trace->flow_count - 1);
    return !ttl || !samples || session_wanted(session, index, samples, ttl)->known;
}

static bool is_done(const struct session *session, unsigned control)
{
    const struct trace *trace = &session->traces[control];
    return trace->started && !wanted_is_open_of(session, control) &&
           (has_samples(session, control) || wanted_is_refused_locally(trace));
}

bool name_turns_wait(const struct session *session, unsigned index)
{
    unsigned control = control_of(session, index);
    return control < session->trace_count && !session->traces[index].started && !is_done(session, control);
}

static void want_samples(struct session *session, unsigned index)
{
    const struct trace *trace = &session->traces[index];
    if (has_samples(session, index))
        return;
    for (unsigned k = 1; k <= uint_min(NAME_SAMPLES, trace->flow_count - 1); k++)
        wanted_at_least(session, index, k, farthest_of(trace), 1, session->now + (k - 1) * SAMPLE_SPAN);
}

/* From the next source port of each, the control right behind; and behind that a spec with a reply from there, which
 * shows that the router had a token for both. */
static void want_turn(struct session *session, unsigned index, unsigned control, uint8_t ttl)
{
    struct spec_rounds *rounds = &diagnosis_of(session)->specs[index];
    nstime spacing = wanted_is_limited(session, ttl) ? RATE_LIMIT_REFILL : SAMPLE_SPAN;
    nstime at = wanted_earliest(session, ttl, spacing), gap = session->config.send_gap;
    unsigned other = session_other_at(session, control, ttl);
    rounds->turns++;
    wanted_another(session, index, (NAME_SAMPLES + rounds->turns) % session->traces[index].flow_count, ttl, at);
    wanted_another(session, control, (NAME_SAMPLES + rounds->turns) % session->traces[control].flow_count, ttl,
                   at + gap);
    if (other < session->trace_count && other != index && other != control)
        wanted_another(session, other, 0, ttl, at + 2 * gap + wanted_token_gap(session, ttl));
}

void name_turns_update(struct session *session)
{
    const struct trace_set set = session_trace_set(session);
    for (unsigned i = 0; i < session->trace_count; i++) {
        unsigned control = control_of(session, i);
        if (control == session->trace_count || wanted_is_open_of(session, control))
            continue;
        want_samples(session, control);
        bool is_quick = !flow_needs_connection(&session->traces[i].flow); /* new connections take a second each */
        if (session->traces[i].reached_ttl && is_quick && !wanted_is_open_of(session, i))
            want_samples(session, i);
        if (!session->traces[i].started || wanted_is_open_of(session, i) || wanted_is_open_of(session, control) ||
            diagnosis_of(session)->specs[i].turns >= TURNS_MOST)
            continue;
        struct name_comparison comparison;
        names_compare(&set, &session->traces[i], &session->traces[control], &comparison);
        if (comparison.fate != NAME_PASSES && comparison.answer &&
            (comparison.fate != NAME_SILENT || !comparison.passed) &&
            comparison.confidence * 1e6 < session->config.confidence)
            want_turn(session, i, control, comparison.answer);
    }
}
