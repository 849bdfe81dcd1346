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
/* Samples of the control, one soon after the other, after a name was stopped: whether it passes still.
 * Unit: samples. Source: four that are all stopped, behind NAME_SAMPLES and one that passed, show residual blocking
 * with a confidence of 0.99; the rest may be lost. Effect: with fewer, the run takes no notice of it. */
#define CHECKS_MOST 6

/* Samples of the control in a row that pass, before the next name is sent.
 * Unit: samples. Source: chosen; a device's replies to two may be lost. Effect: with fewer, loss lets a name be sent
 * while residual blocking lasts; with more, runs with a name that is stopped are longer. */
#define CLEAR_SAMPLES 3

/* While residual blocking lasts, the control is probed again after this time, and then after twice as long each time.
 * Unit: ns. Source: the shortest such time that is known of is some seconds. Effect: a shorter one sends more packets
 * to a device that may start its time again with each; a longer one makes runs longer. */
#define BLOCK_WAIT_FIRST (10 * NS_PER_S)
/* The longest time that a run waits so, in all.
 * Unit: ns. Source: most of such devices refuse a pair of hosts for 60 to 180 s. Effect: with less, names behind a
 * blocked one are inconclusive; with more, runs are longer. */
#define BLOCK_WAITS_MOST (180 * NS_PER_S)

/* The index of the spec's control; the number of traces: it has none. */
static unsigned control_of(const struct session *session, unsigned index)
{
    const struct trace_set set = session_trace_set(session);
    const struct trace *control = names_control(&set, &session->traces[index]);
    return control ? (unsigned)(control - session->traces) : session->trace_count;
}

bool name_turns_wait(const struct session *session, unsigned index)
{
    return control_of(session, index) < session->trace_count && !diagnosis_of(session)->specs[index].has_begun;
}

bool name_turns_include(const struct session *session, unsigned index)
{
    return session->traces[index].is_control || control_of(session, index) < session->trace_count;
}

/* The TTL of the control's farthest reply; 0: none. */
static uint8_t farthest_of(const struct trace *control)
{
    return control->reached_ttl ? control->reached_ttl : control->last_router_ttl;
}

/* From as many source ports, and from as many again in place of those that draw no reply. */
static void want_samples(struct session *session, unsigned index)
{
    unsigned ttl = farthest_of(&session->traces[index]), replies = 0, sent = 0;
    unsigned most = uint_min(2 * NAME_SAMPLES, session_rows(session, index) - 1);
    while (ttl && sent < most && session_wanted(session, index, sent + 1, ttl)->known)
        replies += !wanted_is_unanswered(session, index, ++sent, (uint8_t)ttl);
    unsigned wanted = ttl && replies < NAME_SAMPLES ? uint_min(NAME_SAMPLES - replies, most - sent) : 0;
    for (unsigned k = 0; k < wanted; k++)
        wanted_at_least(session, index, sent + 1 + k, ttl, 1, session->now + k * SAMPLE_SPAN);
}

/* The next source port for a sample of the spec with a name, or of its control. */
static unsigned next_row(const struct session *session, unsigned index, const struct spec_rounds *rounds)
{
    unsigned rows = session_rows(session, index),
             row = (unsigned)(NAME_SAMPLES + rounds->turns + rounds->checks) % rows;
    for (unsigned n = 0; n < rows && connections_are_spent(session, index, row); n++)
        row = (row + 1) % rows;
    return row;
}

static nstime earliest(const struct session *session, uint8_t ttl)
{
    return wanted_earliest(session, ttl, wanted_is_limited(session, ttl) ? RATE_LIMIT_REFILL : SAMPLE_SPAN);
}

/* A sample of the control, and behind it a spec with a reply from there, which shows that the router had a token. */
static void want_control(struct session *session, unsigned index, unsigned control, uint8_t ttl, nstime at)
{
    unsigned other = session_other_at(session, control, ttl);
    wanted_another(session, control, next_row(session, control, &diagnosis_of(session)->specs[index]), ttl, at);
    if (other != index && other != control)
        wanted_another(session, other, 0, ttl, at + session->config.send_gap + wanted_token_gap(session, ttl));
}

/* From the next source port of each, the control right behind. */
static void want_turn(struct session *session, unsigned index, unsigned control, uint8_t ttl)
{
    struct spec_rounds *rounds = &diagnosis_of(session)->specs[index];
    nstime at = earliest(session, ttl);
    rounds->turns++;
    wanted_another(session, index, next_row(session, index, rounds), ttl, at);
    want_control(session, index, control, ttl, at + session->config.send_gap);
}

/* --- residual blocking --- */

static void want_check(struct session *session, unsigned index, unsigned control, uint8_t ttl, nstime at)
{
    diagnosis_of(session)->specs[index].checks++;
    want_control(session, index, control, ttl, at);
}

/* Whether another spec with a name is still to be probed. */
static bool another_waits(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (name_turns_wait(session, i))
            return true;
    return false;
}

/* Whether the next name has begun: then this one is sent no more, as a device would stop the next for it. */
static bool is_followed(const struct session *session, unsigned index)
{
    for (unsigned i = index + 1; i < session->trace_count; i++)
        if (control_of(session, i) < session->trace_count && diagnosis_of(session)->specs[i].has_begun)
            return true;
    return false;
}

/* Waits until the control may pass again. Once the run has waited for long enough, it does not. */
static void wait_for_end(struct session *session, unsigned index, unsigned control, uint8_t ttl)
{
    struct diagnosis *diagnosis = diagnosis_of(session);
    nstime left = BLOCK_WAITS_MOST - diagnosis->block_waited;
    nstime next = diagnosis->block_wait ? 2 * diagnosis->block_wait : BLOCK_WAIT_FIRST;
    diagnosis->block_wait = next < left ? next : left;
    diagnosis->block_waited += diagnosis->block_wait;
    if (!diagnosis->block_wait)
        return;
    diagnosis->specs[index].unclear = 0;
    session->wants[control].waits_until = session->now + diagnosis->block_wait;
    want_check(session, index, control, ttl, session->now + diagnosis->block_wait);
}

/* A device that replies soon may end each flow before a probe with a larger TTL has left. Then nothing shows whether it
 * stands in the path. */
static bool is_unshown(const struct name_comparison *comparison)
{
    return comparison->fate == NAME_ANSWERED && !comparison->goes_on && !comparison->is_tried && comparison->ttl < 255;
}

/* A name was stopped: what becomes of the control, turns of both, and the end of residual blocking if another name
 * waits. */
static void settle(struct session *session, unsigned index, unsigned control, const struct name_comparison *comparison)
{
    struct diagnosis *diagnosis = diagnosis_of(session);
    struct spec_rounds *rounds = &diagnosis->specs[index];
    bool waits = another_waits(session), is_followed_now = is_followed(session, index);
    bool is_open = !is_followed_now && rounds->turns < TURNS_MOST &&
                   (comparison->fate != NAME_SILENT || !comparison->passed) &&
                   comparison->confidence * 1e6 < session->config.confidence;
    bool is_clear = comparison->control_passes >= (!is_open && waits ? CLEAR_SAMPLES : 1);
    if (!comparison->answer)
        return;
    if (comparison->control_passes)
        diagnosis->block_wait = 0;
    if (!is_clear && !comparison->is_blocked_now && rounds->unclear < CHECKS_MOST) {
        rounds->unclear++;
        want_check(session, index, control, comparison->answer, earliest(session, comparison->answer));
    } else if (is_open) {
        rounds->unclear = 0;
        want_turn(session, index, control, comparison->answer);
    } else if (is_unshown(comparison) && !comparison->is_blocked_now && !is_followed_now && !rounds->looks_on) {
        rounds->looks_on = true;
        rounds->unclear = 0;
        rounds->turns++;
        wanted_another(session, index, next_row(session, index, rounds), comparison->ttl + 1U,
                       earliest(session, comparison->answer));
    } else if (!is_clear && waits) {
        wait_for_end(session, index, control, comparison->answer);
    }
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
        if (!session->traces[i].started || wanted_is_open_of(session, i) || wanted_is_open_of(session, control))
            continue;
        struct name_comparison comparison;
        names_compare(&set, &session->traces[i], &session->traces[control], &comparison);
        session->wants[control].waits_until = 0;
        if (comparison.fate != NAME_PASSES)
            settle(session, i, control, &comparison);
    }
}

bool name_turns_begin(struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (name_turns_wait(session, i)) {
            diagnosis_of(session)->specs[i].has_begun = true;
            return true;
        }
    return false;
}
