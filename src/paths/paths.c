/* SPDX-License-Identifier: BSD-2-Clause */
/* paths: what the search for all paths (multipath/mda.h) wants, sent at a pace that routers bear.
 *
 * The wants are computed anew as replies come. At each TTL only as many probes are in flight as the routers there
 * have shown to answer: more with each reply, half as many after a loss. If many are lost although some were
 * answered, the router limits its rate; the TTL then gets one probe for each new token. The last router keeps its
 * tokens while it may be about to report that its neighbour does not answer (session_reserve()). */
#include "paths/paths.h"

#include <stdlib.h>

#include "multipath/mda.h"
#include "multipath/stopping_rule.h"
#include "session/state.h"
#include "silence/rate_limit.h"

#define FIRST_WINDOW                                                                                                   \
    12 /* probes in flight at a TTL; as many as one next hop takes, so that a plain path takes two round trips */
#define WINDOW_MOST 128
#define LOSSES_OF_LIMIT 3 /* losses, with at most twice as many replies, that show a rate limit */
#define LATELY 24         /* recent replies and losses that decide this */
#define LEAST_SPACING (20 * NS_PER_MS)
/* One part in this many of all probes in flight may be answered before the next plan. */
#define PLANS_PER_WINDOW 4
/* A plan reads every known probe: for each so many probes, one more reply may wait for it. */
#define PROBES_PER_EVENT 256

/* Between two plans there is this many times as much time as the first of them took to compute: a search takes this
 * part of a core at most, whatever the routers answer.
 * Unit: 1. Source: chosen: 5 % of a core. Effect: a smaller number takes more of a core; a larger one makes searches of
 * wide networks longer. */
#define PLAN_REST 20
/* Plans may take their rests so much later.
 * Unit: ns. Source: chosen: it is 50 ms of computing, more than a search of an ordinary network takes in all. Effect: a
 * smaller one slows ordinary searches; a larger one lets a hostile network take a core for longer. */
#define PLAN_AHEAD NS_PER_S
/* A step of a plan takes about this long.
 * Unit: ns. Source: measured on a core of 2 GHz. Effect: as above. */
#define PLAN_STEP 4

/* What is known of the routers of one TTL. */
struct pace {
    unsigned window;         /* probes in flight at most */
    unsigned under_way;      /* at the last plan, plus the sends since */
    unsigned answered, lost; /* at the last plan */
    unsigned lately_answered, lately_lost;
    nstime spacing;   /* least time between two probes; 0: as fast as the window allows */
    nstime cut_until; /* losses up to then were sent before the last cut */
    nstime last_sent;
};

struct search {
    struct mda_wants wants;
    size_t first; /* of the wants: all before it were sent */
    struct pace paces[256];
    unsigned under_way; /* at the last plan */
    unsigned events;    /* replies and expired probes since */
    nstime since;       /* time of the last route change that was seen: survey.h */
    nstime rested;      /* when the rests after all plans so far are over */
    bool planned;
    bool awaits_plan; /* a plan is due as soon as it has rested */
    struct stopping_table *stopping;
};

static struct search *search_of(const struct session *session)
{
    return session->plan;
}

static bool start(struct session *session)
{
    struct search *search = calloc(1, sizeof *search);
    session->plan = search;
    if (!search)
        return false;
    for (unsigned ttl = 0; ttl < 256; ttl++)
        search->paces[ttl].window = FIRST_WINDOW;
    search->since = NSTIME_NONE;
    search->rested = 0;
    search->stopping = stopping_table_new();
    return search->stopping;
}

static void stop(struct session *session)
{
    mda_wants_free(&search_of(session)->wants);
    stopping_table_free(search_of(session)->stopping);
}

/* --- pace --- */

static void note_loss(const struct session *session, struct pace *pace)
{
    if (!pace->answered || session->now < pace->cut_until)
        return; /* no node there answers, or the loss is known already */
    pace->cut_until = session->now + session->worst_rtt * 2;
    if (pace->lately_lost >= LOSSES_OF_LIMIT && pace->lately_lost * 2 >= pace->lately_answered) {
        pace->window = 1;
        pace->spacing = RATE_LIMIT_REFILL;
    } else {
        pace->window = pace->window > 2 ? pace->window / 2 : 1;
    }
}

static void note_answers(struct pace *pace, unsigned answers)
{
    if (pace->spacing) {
        pace->spacing = pace->spacing / 4 * 3;
        pace->spacing = pace->spacing < LEAST_SPACING ? 0 : pace->spacing;
        return;
    }
    pace->window += answers;
    pace->window = pace->window > WINDOW_MOST ? WINDOW_MOST : pace->window;
}

static void adapt_pace(const struct session *session, struct pace *pace, unsigned answered, unsigned lost)
{
    unsigned answers = answered - pace->answered, losses = lost - pace->lost;
    pace->answered = answered;
    pace->lost = lost;
    pace->lately_answered += answers;
    pace->lately_lost += losses;
    if (pace->lately_answered + pace->lately_lost > LATELY) {
        pace->lately_answered /= 2;
        pace->lately_lost /= 2;
    }
    if (losses)
        note_loss(session, pace);
    else if (answers)
        note_answers(pace, answers);
}

/* Counts anew what became of the probes of each TTL. */
static void adapt_paces(struct session *session)
{
    struct search *search = search_of(session);
    const struct trace *trace = &session->traces[0];
    unsigned answered[256] = {0}, lost[256] = {0};
    search->under_way = 0;
    for (unsigned ttl = 0; ttl < 256; ttl++)
        search->paces[ttl].under_way = 0;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        answered[probe->ttl] += probe->reply_count > 0;
        lost[probe->ttl] += probe->state == PROBE_EXPIRED && !probe->reply_count;
        search->paces[probe->ttl].under_way += probe->state == PROBE_OUTSTANDING;
    }
    for (size_t i = session->pending_first; i < session->pending_count; i++)
        if (!session->pending[i].done)
            search->paces[session->pending[i].claim.ttl].under_way++;
    for (unsigned ttl = 0; ttl < 256; ttl++) {
        adapt_pace(session, &search->paces[ttl], answered[ttl], lost[ttl]);
        search->under_way += search->paces[ttl].under_way;
    }
}

/* --- plan --- */

/* If the target has no route, the search goes on before the last router, unless it would wait for tokens there: the
 * user knows the end. */
static bool is_pointless(const struct session *session)
{
    for (unsigned ttl = session->config.first_ttl; ttl <= session_last_router_ttl(session); ttl++)
        if (search_of(session)->paces[ttl].spacing)
            return session_lacks_route(session);
    return false;
}

static bool is_over(const struct session *session)
{
    const struct trace *trace = &session->traces[0];
    size_t refused = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        refused += trace->probes[i].state == PROBE_REFUSED;
    return trace->probe_count >= session->config.budget || is_pointless(session) ||
           (trace->probe_count && refused == trace->probe_count);
}

static void make_wants(struct session *session)
{
    struct search *search = search_of(session);
    const struct session_config *config = &session->config;
    const struct trace *trace = &session->traces[0];
    const struct mda_limits limits = {.first_ttl = config->first_ttl,
                                      .max_ttl = config->max_ttl,
                                      .gap = config->gap,
                                      .flows = session_rows(session, 0),
                                      .lite = config->lite};
    const struct survey_terms terms = {.confidence = config->confidence / 1e6,
                                       .lite = config->lite,
                                       .goes_on = session_rows(session, 0) > SURVEY_HELD_BACK,
                                       .since = search->since,
                                       .stopping = search->stopping};
    struct survey survey;
    search->wants.count = 0;
    if (survey_build(&trace, 1, &terms, &survey))
        mda_plan(&survey, &limits, &search->wants);
    search->since = survey.since;
    survey_free(&survey);
}

/* A probe that was sent but not seen yet is in flight. */
static void command_wants(struct session *session)
{
    struct mda_wants *wants = &search_of(session)->wants;
    size_t kept = 0;
    for (size_t i = 0; i < wants->count; i++) {
        struct wanted *need = session_wanted(session, 0, wants->list[i].flow, wants->list[i].ttl);
        if (need->commanded > need->known)
            continue;
        need->want = (uint16_t)(need->known + 1);
        need->commanded = need->known; /* another run with the same seed may have sent it */
        wants->list[kept++] = wants->list[i];
    }
    wants->count = kept;
}

static void plan_again(struct session *session)
{
    struct search *search = search_of(session);
    search->planned = true;
    search->awaits_plan = false;
    search->events = 0;
    search->first = 0;
    search->wants.count = 0;
    adapt_paces(session);
    if (!is_over(session)) {
        make_wants(session);
        command_wants(session);
        nstime from = search->rested > session->now ? search->rested : session->now;
        if (session->now != NSTIME_NONE)
            search->rested = from + (nstime)search->wants.steps * PLAN_STEP * PLAN_REST;
    }
    session->complete = !search->wants.count && !search->under_way && !session_silence_is_young(session);
}

/* Some replies may wait for the next plan while plans are expensive, but none if hardly any are still to come. */
static bool is_due(const struct session *session)
{
    const struct search *search = search_of(session);
    size_t few = search->under_way / PLANS_PER_WINDOW, dear = session->traces[0].probe_count / PROBES_PER_EVENT;
    bool nothing_to_send = search->first == search->wants.count;
    return !search->planned || search->events > (nothing_to_send && dear < few ? dear : few);
}

static void update(struct session *session)
{
    struct search *search = search_of(session);
    search->events++;
    search->awaits_plan = search->awaits_plan || is_due(session);
    if (search->awaits_plan && (session->now == NSTIME_NONE || session->now >= search->rested - PLAN_AHEAD))
        plan_again(session);
}

/* --- sending --- */

static bool may_send(const struct pace *pace, bool rested, const struct token_reserve *reserve, nstime now,
                     nstime *again)
{
    nstime due = token_reserve_after(reserve, pace->last_sent + (rested ? RATE_LIMIT_REFILL : pace->spacing), now);
    if (pace->under_way >= (rested ? 1 : pace->window))
        return false;
    if (due > now && due < *again)
        *again = due;
    return due <= now;
}

static bool next(struct session *session, nstime now, struct wish *wish, nstime *again)
{
    struct search *search = search_of(session);
    struct token_reserve reserve = {0};
    session_reserve(session, &reserve);
    *again = NSTIME_NEVER;
    for (size_t i = search->first; i < search->wants.count; i++) {
        const struct mda_want *want = &search->wants.list[i];
        const struct wanted *need = session_wanted(session, 0, want->flow, want->ttl);
        bool is_sent = need->commanded >= need->want;
        search->first += is_sent && i == search->first;
        const struct token_reserve *held = want->ttl == reserve.ttl ? &reserve : &(struct token_reserve){0};
        if (is_sent || !may_send(&search->paces[want->ttl], want->rested, held, now, again))
            continue;
        nstime not_before = NSTIME_NONE;
        if (!pacing_has_connection(session, 0, want->flow, want->ttl, now, &not_before))
            continue;
        if (not_before > now) {
            *again = not_before < *again ? not_before : *again;
            continue;
        }
        wish->trace = 0;
        wish->flow = want->flow;
        wish->ttl = want->ttl;
        *again = NSTIME_NEVER;
        return true;
    }
    return false;
}

static void sent(struct session *session, const struct wish *wish, nstime at)
{
    struct pace *pace = &search_of(session)->paces[wish->ttl];
    pace->under_way++;
    pace->last_sent = at;
    search_of(session)->under_way++;
}

static nstime timer(const struct session *session)
{
    const struct search *search = search_of(session);
    if (search->awaits_plan && !session->complete)
        return search->rested - PLAN_AHEAD;
    return !session->complete && session_silence_is_young(session) ? session_silence_due(session) : NSTIME_NEVER;
}

const struct strategy strategy_paths = {
    .name = "paths",
    .heading = "hopsonde paths to",
    .flows_most = FLOW_ALTERNATES_MOST + 1,
    .one_spec = true,
    .has_budget = true,
    .finds_graph = true,
    .spares_tokens = true,
    .start = start,
    .update = update,
    .timer = timer,
    .next = next,
    .sent = sent,
    .stop = stop,
};
