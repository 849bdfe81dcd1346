/* SPDX-License-Identifier: BSD-2-Clause */
/* doubt: rule 3 of a diagnosis: specs that fall silent where others go on are asked again beside these. */
#include "diagnose/retest.h"

#include "diagnose/wanted.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

#define ROUNDS 12
#define FLOWS_LEAST 4 /* source ports asked before a silence is a drop */

static bool is_sure(const struct session *session, unsigned index, const struct comparison *comparison, bool parted)
{
    unsigned flows = session->traces[index].flow_count, tried = diagnosis_of(session)->specs[index].ports + 1U;
    unsigned wanted = parted ? flows : least(flows, FLOWS_LEAST);
    return comparison->confidence * 1e6 >= session->config.confidence && tried >= wanted;
}

/* Whether another spec falls silent further on. Then what stops both may stand there, and a silent router on a way that
 * all flows asked so far went by hides that they came further as well. */
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
    for (unsigned k = 0; k < session->traces[index].flow_count; k++)
        if (!session_wanted(session, index, k, ttl)->known)
            return false;
    return true;
}

/* The specs in doubt, and the hops at which each is to be compared. */
struct retest {
    bool spread; /* each hop is asked from another source port */
    unsigned count;
    unsigned specs[SPECS_MOST];
    bool widely[SPECS_MOST]; /* its first hop is asked from all source ports */
    struct comparison comparisons[SPECS_MOST];
};

static void find_doubt(const struct session *session, bool parted, struct retest *out)
{
    *out = (struct retest){0};
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        struct comparison *comparison = &out->comparisons[out->count];
        if (trace_probe_limit(trace) || trace->last_router_ttl >= session_last_router_ttl(session) ||
            diagnosis_of(session)->specs[i].compared >= ROUNDS || wanted_is_kept_back(trace) ||
            wanted_goes_round(session, i))
            continue;
        session_compare_silence(session, trace, comparison);
        if (!comparison->hop_count)
            continue;
        bool widely = others_stop_behind(session, i) && !all_flows_asked(session, i, comparison->hops[0]);
        if (!widely && is_sure(session, i, comparison, parted))
            continue;
        out->widely[out->count] = widely;
        out->specs[out->count++] = i;
    }
}

/* Which of the hops to be compared it is; -1: none. */
static int compared_as(const struct comparison *comparison, unsigned ttl)
{
    for (unsigned i = 0; i < comparison->hop_count; i++)
        if (comparison->hops[i] == ttl)
            return (int)i;
    return -1;
}

static bool retest_is_pending(const struct session *session, const struct retest *doubt)
{
    for (unsigned n = 0; n < doubt->count; n++)
        for (unsigned i = 0; i < doubt->comparisons[n].hop_count; i++)
            if (wanted_is_pending_at(session, doubt->comparisons[n].hops[i]))
                return true;
    return false;
}

/* The specs that are compared there, each from its next source port, and right behind them the one that went on.
 * Returns how many specs there are. */
static unsigned ask_round_at(struct session *session, const struct retest *doubt, uint8_t ttl, nstime at)
{
    unsigned other = session->trace_count, asked = 0;
    for (unsigned n = 0; n < doubt->count; n++) {
        unsigned index = doubt->specs[n];
        int hop = compared_as(&doubt->comparisons[n], ttl);
        if (hop < 0)
            continue;
        unsigned port = diagnosis_of(session)->specs[index].ports + 1U + (doubt->spread ? (unsigned)hop : 0);
        unsigned flow = port % session->traces[index].flow_count;
        wanted_another(session, index, flow, ttl, at);
        for (unsigned k = 0; !hop && doubt->widely[n] && k < session->traces[index].flow_count; k++)
            wanted_at_least(session, index, k, ttl, 1, at);
        other = session_other_at(session, index, ttl);
        asked++;
    }
    if (asked)
        wanted_another(session, other, 0, ttl, at + asked * session->config.send_gap + wanted_behind(session, ttl));
    return asked;
}

/* Behind them, a probe to each router that answered one of them last: it may be the one that refuses. Where it is a hop
 * of another spec's the round has asked it already, behind this one's. */
static void ask_last_routers(struct session *session, const struct retest *doubt, bool asked[256], nstime later)
{
    for (unsigned n = 0; n < doubt->count; n++) {
        unsigned index = doubt->specs[n];
        uint8_t top = session->traces[index].last_router_ttl;
        if (!top || asked[top])
            continue;
        asked[top] = true;
        wanted_another(session, session_other_at(session, index, top), 0, top, later + wanted_behind(session, top));
    }
}

/* Whether a router left its probe unanswered that was to show that it had a token. */
static nstime spacing_of(const struct session *session, const struct retest *doubt)
{
    bool limited = false;
    for (unsigned n = 0; n < doubt->count && !limited; n++) {
        limited = wanted_is_limited(session, session->traces[doubt->specs[n]].last_router_ttl);
        for (unsigned i = 0; i < doubt->comparisons[n].hop_count; i++)
            limited = limited || wanted_is_limited(session, doubt->comparisons[n].hops[i]);
    }
    return limited ? RATE_LIMIT_REFILL : SAMPLE_SPAN;
}

/* When all the routers of a round may be asked: what is sent apart shows nothing of each other. */
static nstime start_of(const struct session *session, const struct retest *doubt, nstime spacing)
{
    nstime start = session->now;
    for (unsigned n = 0; n < doubt->count; n++) {
        nstime at = wanted_soonest(session, session->traces[doubt->specs[n]].last_router_ttl, spacing);
        start = at > start ? at : start;
        for (unsigned i = 0; i < doubt->comparisons[n].hop_count; i++) {
            at = wanted_soonest(session, doubt->comparisons[n].hops[i], spacing);
            start = at > start ? at : start;
        }
    }
    return start;
}

/* From the last hop to the first, so that each router that answered a spec last comes behind the hops of that spec. */
void retest_settle(struct session *session, bool parted)
{
    struct retest doubt;
    bool asked[256] = {false};
    find_doubt(session, parted, &doubt);
    if (!doubt.count || retest_is_pending(session, &doubt))
        return;
    nstime spacing = spacing_of(session, &doubt), at = start_of(session, &doubt, spacing);
    doubt.spread = parted && spacing == RATE_LIMIT_REFILL; /* all source ports are to be asked, and rounds are dear */
    for (unsigned ttl = session_last_router_ttl(session); ttl >= session->config.first_ttl; ttl--) {
        unsigned specs = ask_round_at(session, &doubt, (uint8_t)ttl, at);
        asked[ttl] = specs > 0;
        at += specs ? (specs + 2) * session->config.send_gap : 0;
    }
    ask_last_routers(session, &doubt, asked, at);
    for (unsigned n = 0; n < doubt.count; n++) {
        struct spec_rounds *rounds = &diagnosis_of(session)->specs[doubt.specs[n]];
        rounds->compared++;
        rounds->ports = (uint16_t)(rounds->ports + (doubt.spread ? doubt.comparisons[n].hop_count : 1));
    }
}
