/* doubt: rule 3 of a diagnosis: specs that fall silent where others go on are asked again beside these. */
#include "session/compare.h"
#include "session/diagnose.h"

#define ROUNDS 12
#define FLOWS_LEAST 4 /* source ports asked before a silence is a drop */

static bool is_sure(const struct session *session, unsigned index, const struct comparison *comparison, bool parted)
{
    unsigned flows = session->traces[index].flow_count, tried = session->plan.traces[index].compared + 1U;
    unsigned wanted = parted ? flows : least(flows, FLOWS_LEAST);
    return comparison->confidence * 1e6 >= session->config.confidence && tried >= wanted;
}

/* The specs in doubt, and the hops at which each is to be compared. */
struct doubt {
    unsigned count;
    unsigned specs[SPECS_MOST];
    struct comparison comparisons[SPECS_MOST];
};

static void find_doubt(const struct session *session, bool parted, struct doubt *out)
{
    out->count = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *trace = &session->traces[i];
        struct comparison *comparison = &out->comparisons[out->count];
        if (plan_end_of(trace) || trace->top >= session_last_router(session) ||
            session->plan.traces[i].compared >= ROUNDS || need_is_kept_back(trace))
            continue;
        compare_silence(session, trace, comparison);
        if (comparison->hop_count && !is_sure(session, i, comparison, parted))
            out->specs[out->count++] = i;
    }
}

static bool is_compared_at(const struct comparison *comparison, unsigned ttl)
{
    for (unsigned i = 0; i < comparison->hop_count; i++)
        if (comparison->hops[i] == ttl)
            return true;
    return false;
}

static bool doubt_is_pending(const struct session *session, const struct doubt *doubt)
{
    for (unsigned n = 0; n < doubt->count; n++)
        for (unsigned i = 0; i < doubt->comparisons[n].hop_count; i++)
            if (need_is_pending_at(session, doubt->comparisons[n].hops[i]))
                return true;
    return false;
}

/* The specs that are compared there, each from its next source port, and right behind them the one that went on.
 * Returns how many there are. */
static unsigned ask_round_at(struct session *session, const struct doubt *doubt, uint8_t ttl, nstime at)
{
    unsigned other = session->trace_count, asked = 0;
    for (unsigned n = 0; n < doubt->count; n++) {
        unsigned index = doubt->specs[n];
        unsigned flow = session->plan.traces[index].compared % session->traces[index].flow_count;
        if (!is_compared_at(&doubt->comparisons[n], ttl))
            continue;
        need_another(session, index, flow, ttl, at);
        other = plan_other_with_router(session, index, ttl);
        asked++;
    }
    if (asked)
        need_another(session, other, 0, ttl, at + (asked + 1) * session->config.send_gap);
    return asked;
}

/* Behind them, a probe to each router that answered one of them last: it may be the one that refuses. */
static void ask_last_routers(struct session *session, const struct doubt *doubt, nstime later)
{
    bool asked[256] = {false};
    for (unsigned n = 0; n < doubt->count; n++) {
        unsigned index = doubt->specs[n];
        uint8_t top = session->traces[index].top;
        if (!top || asked[top])
            continue;
        asked[top] = true;
        need_another(session, plan_other_with_router(session, index, top), 0, top, later);
    }
}

/* Whether a router left its probe unanswered that was to show that it had a token. */
static nstime spacing_at(const struct session *session, const struct doubt *doubt, uint8_t ttl)
{
    bool limited = need_is_limited(session, ttl);
    for (unsigned n = 0; n < doubt->count; n++)
        limited = limited || need_is_limited(session, session->traces[doubt->specs[n]].top);
    return limited ? NEW_TOKEN : INDEPENDENT_AFTER;
}

/* A round for all specs in doubt; hop after hop, so that what belongs together leaves together. */
void doubt_settle(struct session *session, bool parted)
{
    struct doubt doubt;
    nstime later = 0, last = 0;
    find_doubt(session, parted, &doubt);
    if (!doubt.count || doubt_is_pending(session, &doubt))
        return;
    for (unsigned n = 0; n < doubt.count; n++)
        session->plan.traces[doubt.specs[n]].compared++;
    for (unsigned ttl = session->config.first_ttl; ttl <= session_last_router(session); ttl++) {
        nstime at = need_soonest(session, (uint8_t)ttl, spacing_at(session, &doubt, (uint8_t)ttl)) + later;
        unsigned asked = ask_round_at(session, &doubt, (uint8_t)ttl, at);
        later += asked ? (asked + 2) * session->config.send_gap : 0;
        last = asked && at > last ? at : last;
    }
    ask_last_routers(session, &doubt, last + (doubt.count + 2) * session->config.send_gap);
}
