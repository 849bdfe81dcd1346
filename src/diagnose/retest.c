/* SPDX-License-Identifier: BSD-2-Clause */
/* retest: rule 3 of a diagnosis: specs that fall silent where others go on send again beside these. */
#include "diagnose/retest.h"

#include "base/minmax.h"
#include "diagnose/idle.h"
#include "diagnose/name_turns.h"
#include "diagnose/wanted.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define ROUNDS 12
#define FLOWS_LEAST 4 /* source ports probed before a silence is a drop */

static bool is_sure(const struct session *session, unsigned index, const struct comparison *comparison, bool diverged)
{
    unsigned flows = session_rows(session, index), tried = diagnosis_of(session)->specs[index].ports + 1U;
    unsigned wanted = diverged ? flows : uint_min(flows, FLOWS_LEAST);
    return comparison->confidence * 1e6 >= session->config.confidence && tried >= wanted;
}

/* Whether another spec falls silent further on. One device there may then stop both: a silent router on the path of
 * all flows so far would hide that this spec got further. */
static bool others_stop_behind(const struct session *session, unsigned index)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *other = &session->traces[i];
        if (!trace_probe_limit(other) && other->last_router_ttl > session->traces[index].last_router_ttl &&
            other->last_router_ttl < session_last_router_ttl(session))
            return true;
    }
    return false;
}

static bool all_flows_asked(const struct session *session, unsigned index, uint8_t ttl)
{
    for (unsigned k = 0; k < session_rows(session, index); k++)
        if (!session_wanted(session, index, k, ttl)->known)
            return false;
    return true;
}

/* The specs in doubt, and the hops at which each is to be compared. */
struct retest {
    bool spread; /* each hop gets a probe from another source port */
    unsigned count;
    unsigned specs[SPECS_MOST];
    bool all_ports[SPECS_MOST]; /* its first hop gets probes from all source ports */
    struct comparison comparisons[SPECS_MOST];
};

static void find_silent_specs(const struct session *session, bool diverged, struct retest *out)
{
    *out = (struct retest){0};
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        struct comparison *comparison = &out->comparisons[out->count];
        if (name_turns_wait(session, i) || idle_waits(session, i) || trace_probe_limit(trace) ||
            trace->last_router_ttl >= session_last_router_ttl(session) ||
            diagnosis_of(session)->specs[i].compared >= ROUNDS || wanted_is_refused_locally(trace) ||
            wanted_loops(session, i))
            continue;
        session_compare_silence(session, trace, comparison);
        if (!comparison->hop_count)
            continue;
        bool all_ports = others_stop_behind(session, i) && !all_flows_asked(session, i, comparison->hops[0]);
        if (!all_ports && is_sure(session, i, comparison, diverged))
            continue;
        out->all_ports[out->count] = all_ports;
        out->specs[out->count++] = i;
    }
}

/* Index of the hop among those to be compared; -1: none. */
static int compared_as(const struct comparison *comparison, unsigned ttl)
{
    for (unsigned i = 0; i < comparison->hop_count; i++)
        if (comparison->hops[i] == ttl)
            return (int)i;
    return -1;
}

static bool retest_is_pending(const struct session *session, const struct retest *round)
{
    for (unsigned n = 0; n < round->count; n++)
        for (unsigned i = 0; i < round->comparisons[n].hop_count; i++)
            if (wanted_is_open_at(session, round->comparisons[n].hops[i]))
                return true;
    return false;
}

/* The specs to be compared there send, each from its next source port. Right behind them sends the spec that went
 * on. Returns the number of specs. */
static unsigned probe_round_at(struct session *session, const struct retest *round, uint8_t ttl, nstime at)
{
    unsigned other = session->trace_count, asked = 0;
    for (unsigned n = 0; n < round->count; n++) {
        unsigned index = round->specs[n];
        int hop = compared_as(&round->comparisons[n], ttl);
        if (hop < 0)
            continue;
        unsigned port = diagnosis_of(session)->specs[index].ports + 1U + (round->spread ? (unsigned)hop : 0);
        unsigned flow = port % session_rows(session, index);
        wanted_another(session, index, flow, ttl, at);
        for (unsigned k = 0; !hop && round->all_ports[n] && k < session_rows(session, index); k++)
            wanted_at_least(session, index, k, ttl, 1, at);
        other = session_other_at(session, index, ttl);
        asked++;
    }
    if (asked)
        wanted_another(session, other, 0, ttl, at + asked * session->config.send_gap + wanted_token_gap(session, ttl));
    return asked;
}

/* Behind them, a probe to each last router of these specs, which may be the one that refuses. If that is a hop of
 * another spec's, the round has probed it already, behind this one's. */
static void probe_last_routers(struct session *session, const struct retest *round, bool asked[256], nstime later)
{
    for (unsigned n = 0; n < round->count; n++) {
        unsigned index = round->specs[n];
        uint8_t top = session->traces[index].last_router_ttl;
        if (!top || asked[top])
            continue;
        asked[top] = true;
        wanted_another(session, session_other_at(session, index, top), 0, top, later + wanted_token_gap(session, top));
    }
}

/* Whether a router left out the reply that was to show its token. */
static nstime spacing_of(const struct session *session, const struct retest *round)
{
    bool limited = false;
    for (unsigned n = 0; n < round->count && !limited; n++) {
        limited = wanted_is_limited(session, session->traces[round->specs[n]].last_router_ttl);
        for (unsigned i = 0; i < round->comparisons[n].hop_count; i++)
            limited = limited || wanted_is_limited(session, round->comparisons[n].hops[i]);
    }
    return limited ? RATE_LIMIT_REFILL : SAMPLE_SPAN;
}

/* When all routers of a round may be probed: probes sent apart show nothing of each other. */
static nstime start_of(const struct session *session, const struct retest *round, nstime spacing)
{
    nstime start = session->now;
    for (unsigned n = 0; n < round->count; n++) {
        nstime at = wanted_earliest(session, session->traces[round->specs[n]].last_router_ttl, spacing);
        start = at > start ? at : start;
        for (unsigned i = 0; i < round->comparisons[n].hop_count; i++) {
            at = wanted_earliest(session, round->comparisons[n].hops[i], spacing);
            start = at > start ? at : start;
        }
    }
    return start;
}

/* From the last hop to the first, so that a spec's last router is probed behind the hops of that spec. */
void retest_update(struct session *session, bool diverged)
{
    struct retest round;
    bool asked[256] = {false};
    find_silent_specs(session, diverged, &round);
    if (!round.count || retest_is_pending(session, &round))
        return;
    nstime spacing = spacing_of(session, &round), at = start_of(session, &round, spacing);
    round.spread = diverged && spacing == RATE_LIMIT_REFILL; /* all source ports are due, and rounds are slow */
    for (unsigned ttl = session_last_router_ttl(session); ttl >= session->config.first_ttl; ttl--) {
        unsigned specs = probe_round_at(session, &round, (uint8_t)ttl, at);
        asked[ttl] = specs > 0;
        at += specs ? (specs + 2) * session->config.send_gap : 0;
    }
    probe_last_routers(session, &round, asked, at);
    for (unsigned n = 0; n < round.count; n++) {
        struct spec_rounds *rounds = &diagnosis_of(session)->specs[round.specs[n]];
        rounds->compared++;
        rounds->ports = (uint16_t)(rounds->ports + (round.spread ? round.comparisons[n].hop_count : 1));
    }
}
