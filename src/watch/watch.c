/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch/watch.h"

#include <stdlib.h>

#include "base/minmax.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "watch/end_of_path.h"

/* Hops over which the first round is spread: the path is not known yet.
 * Unit: hops. Source: most paths are shorter. Effect: a smaller number sends the probes of longer paths in a burst at
 * the end of the round; a larger one sends the others sooner than needed. */
#define FIRST_LENGTH 16

/* Probes that follow a first silence at the end of the path, each once the one before has timed out, as samples of
 * their own.
 * Unit: probes. Source: with those of three rounds, as many losses in a row have a chance of 0.5 % where 70 % are lost.
 * Effect: with fewer, a filter is told rounds later, and heavy loss that begins as an outage; more press a target that
 * is down. */
#define RETESTS 12

/* The replies of so many rounds say where a path ends.
 * Unit: rounds. Source: one lost reply must not move the end. Effect: with one, each lost reply lengthens a round. */
#define END_ROUNDS 2

/* Rounds in which a silence at the end of the path is sought. Behind them the target is down, and has its probe a
 * round. Unit: rounds. Source: chosen. Effect: with fewer, less than RETESTS probes follow; more cost time. */
#define SILENCE_ROUNDS 4

struct watch_plan {
    nstime began;   /* the stamp of the first probe; NSTIME_NONE: none is known */
    uint32_t ended; /* rounds */
    bool is_chosen; /* `left_out` is final */
    bool left_out[SPECS_MOST];

    /* Of live runs alone: */
    nstime first_wish;           /* NSTIME_NONE before */
    uint32_t begun;              /* rounds for which probes were wanted */
    uint8_t length;              /* hops over which this round is spread */
    uint8_t farthest;            /* largest TTL that any probe of the run was answered at */
    uint8_t others_end;          /* so far go the paths of other targets; 0: not known */
    bool is_limited[SPECS_MOST]; /* the answer at `end` is one that its sender may limit */
    uint8_t end[SPECS_MOST];     /* the last known end of the spec's path; 0: none was known yet */
    uint8_t wanted_to[SPECS_MOST];
    bool is_silent[SPECS_MOST];       /* its end has gone silent; */
    uint8_t silent_after[SPECS_MOST]; /* the last router that answers it still */
    uint8_t turn[256], turns[256];    /* by TTL: which round of how many probes it; 0: each does */
};

static struct watch_plan *plan_of(const struct session *session)
{
    return session->plan;
}

uint32_t watch_rounds(const struct session *session)
{
    return plan_of(session)->ended;
}

bool watch_follows(const struct session *session, unsigned trace)
{
    return !plan_of(session)->left_out[trace];
}

static bool start(struct session *session)
{
    struct watch_plan *plan = calloc(1, sizeof *plan);
    session->plan = plan;
    if (plan) {
        plan->began = plan->first_wish = NSTIME_NONE;
        plan->length = FIRST_LENGTH;
    }
    return plan != NULL;
}

static nstime round_start(const struct session *session, uint32_t round)
{
    const struct watch_plan *plan = plan_of(session);
    nstime base = plan->began == NSTIME_NONE ? plan->first_wish : plan->began;
    return base + (nstime)round * session->config.interval;
}

/* --- rounds end: live and in a replay --- */

static bool is_over(const struct session *session)
{
    return session->config.rounds && plan_of(session)->ended >= session->config.rounds;
}

static void note_begin(struct session *session)
{
    struct watch_plan *plan = plan_of(session);
    for (unsigned i = 0; i < session->trace_count && plan->began == NSTIME_NONE; i++)
        if (session->traces[i].started)
            plan->began = session->traces[i].first_sent;
}

/* Keeps to the first spec that reached the target, and to icmp. All go on if none reached it. */
static void choose(struct session *session)
{
    struct watch_plan *plan = plan_of(session);
    unsigned first = 0;
    if (!session->config.automatic || plan->is_chosen || plan->ended < WATCH_SCOUTS)
        return;
    plan->is_chosen = true;
    while (first < session->trace_count && !session->traces[first].reached_ttl)
        first++;
    for (unsigned i = 0; i < session->trace_count && first < session->trace_count; i++)
        plan->left_out[i] = i != first && session->traces[i].flow.spec.protocol != IP_ICMP;
}

static void end_round(struct session *session)
{
    struct watch_plan *plan = plan_of(session);
    plan->ended++;
    choose(session);
    if (session->events.round_ended)
        session->events.round_ended(session->events.context, session, plan->ended);
    if (plan->ended > WATCH_ROUNDS_KEPT)
        session_forget(session, round_start(session, plan->ended - WATCH_ROUNDS_KEPT));
}

static bool is_in_flight(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (session->in_flight[i])
            return true;
    return false;
}

static void update(struct session *session)
{
    struct watch_plan *plan = plan_of(session);
    note_begin(session);
    while (plan->began != NSTIME_NONE && !is_over(session) && session->now >= round_start(session, plan->ended + 1))
        end_round(session);
    session->complete = is_over(session) && !is_in_flight(session);
}

static nstime timer(const struct session *session)
{
    const struct watch_plan *plan = plan_of(session);
    bool runs = plan->began != NSTIME_NONE && !session->over && !is_over(session);
    return runs ? round_start(session, plan->ended + 1) : NSTIME_NEVER;
}

/* --- probes are wanted: live --- */

static unsigned flow_of_round(const struct session *session, unsigned index)
{
    return plan_of(session)->begun % session->traces[index].flow_count;
}

/* The end of the spec's path, or of that of another. If neither is known, the climb looks a few hops further in each
 * round: it covers config.gap hops behind the last one, one after another. At first, and whenever it looks farthest, it
 * goes on as far as the paths of other targets: routers that all of them press answer few probes. */
static uint8_t last_wanted(struct session *session, unsigned index, const struct end_of_path *ends)
{
    struct watch_plan *plan = plan_of(session);
    uint8_t of_others = 0;
    if (ends[index].stop)
        return ends[index].stop;
    for (unsigned i = 0; i < session->trace_count; i++)
        of_others = uint8_max(of_others, ends[i].stop);
    if (of_others > ends[index].router)
        return of_others;
    unsigned ahead = plan->begun <= WATCH_SCOUTS ? session->config.gap : 1 + plan->begun % session->config.gap;
    bool looks_far = plan->begun <= 2 * WATCH_SCOUTS || ahead == session->config.gap;
    unsigned known = uint_max(plan->farthest, looks_far ? plan->others_end : 0);
    unsigned last = uint_max(known, session->config.first_ttl - 1U) + ahead;
    return (uint8_t)uint_min(last, session->max_ttl);
}

static void find_ends(struct session *session, struct end_of_path *ends)
{
    struct watch_plan *plan = plan_of(session);
    uint32_t rounds = plan->begun < END_ROUNDS ? plan->begun : END_ROUNDS;
    nstime since = round_start(session, plan->begun - rounds);
    for (unsigned i = 0; i < session->trace_count; i++) {
        ends[i] = end_of_path_since(&session->traces[i], since);
        plan->farthest = uint8_max(plan->farthest, uint8_max(ends[i].stop, ends[i].router));
        if (ends[i].stop) {
            plan->end[i] = ends[i].stop;
            plan->is_limited[i] = ends[i].is_limited;
        }
    }
}

/* The hop behind which some spec is silent, if its silence is measured at this hop: together with the last router that
 * answers it, and the hops that the rules of silence/ compare. 0: none. */
static uint8_t silence_around(const struct session *session, uint8_t ttl)
{
    const struct watch_plan *plan = plan_of(session);
    for (unsigned i = 0; i < session->trace_count; i++)
        if (plan->is_silent[i] && ttl >= plan->silent_after[i] && ttl <= plan->silent_after[i] + COMPARE_HOPS)
            return uint8_max(plan->silent_after[i], session->config.first_ttl);
    return 0;
}

/* So much later than the silent probes another one shows that the router had a token: rate_limit_shows_token(). Before
 * it the silent probes of all hops leave, as far as the span allows it. */
static nstime token_gap(const struct session *session, uint8_t ttl)
{
    const struct trace_set set = session_trace_set(session);
    nstime longest = 0, silent = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        silent += plan_of(session)->is_silent[i] ? (COMPARE_HOPS + 1) * session->config.send_gap : 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        for (const struct probe *p = trace_first_at(&session->traces[i], ttl); p;
             p = trace_next_at(&session->traces[i], p))
            if (p->reply_count && p->replies[0].time - p->sent > longest)
                longest = p->replies[0].time - p->sent;
    nstime most = rate_limit_span(&set) / 2;
    return rate_limit_slack(longest) + (silent < most ? silent : most);
}

/* All specs probe a hop at the same time, each round with another one first, as a router may have one token alone. The
 * order shifts after all have been first, so that none keeps step with the refills of a router.
 * Where a spec has gone silent, it probes first, and the others right behind it; and so is the last router that answers
 * it: their replies show that the routers could have answered the silent probes, or refused them. */
static nstime slot_of(const struct session *session, unsigned index, uint8_t ttl)
{
    const struct watch_plan *plan = plan_of(session);
    uint8_t after = silence_around(session, ttl), hop = after ? after : ttl;
    unsigned place = uint_min(hop - session->config.first_ttl, plan->length - 1U);
    unsigned round = plan->turns[ttl] ? plan->begun / plan->turns[ttl] : plan->begun;
    unsigned turn = (index + round + round / session->trace_count) % session->trace_count;
    nstime slot = round_start(session, plan->begun - 1) + session->config.interval / plan->length * place;
    if (after && plan->is_silent[index] && ttl > plan->silent_after[index])
        return slot;
    return slot + turn * session->config.send_gap + (after ? token_gap(session, ttl) : 0);
}

void watch_look_to(struct session *session, uint8_t ttl)
{
    plan_of(session)->others_end = ttl;
}

void watch_take_turns(struct session *session, uint8_t ttl, unsigned turn, unsigned of)
{
    plan_of(session)->turn[ttl] = (uint8_t)turn;
    plan_of(session)->turns[ttl] = (uint8_t)of;
}

bool watch_seldom_probes(const struct session *session, uint8_t ttl)
{
    uint32_t rounds = watch_rounds(session) < WATCH_ROUNDS_KEPT ? watch_rounds(session) : WATCH_ROUNDS_KEPT;
    for (unsigned i = 0; i < session->trace_count; i++)
        if (watch_follows(session, i) && trace_asked(&session->traces[i], ttl) * 4 >= rounds * 3)
            return false;
    return true;
}

/* Whether this round leaves the hop to another target. */
static bool is_left_to_others(const struct session *session, unsigned ttl, uint8_t last)
{
    const struct watch_plan *plan = plan_of(session);
    bool is_turn = plan->turns[ttl] < 2 || plan->begun % plan->turns[ttl] == plan->turn[ttl];
    return !is_turn && ttl != last && !silence_around(session, (uint8_t)ttl);
}

static void want_up_to(struct session *session, unsigned index, uint8_t last)
{
    struct watch_plan *plan = plan_of(session);
    unsigned flow = flow_of_round(session, index);
    for (unsigned ttl = plan->wanted_to[index] + 1U; ttl <= last; ttl++) {
        struct wanted *cell = session_wanted(session, index, flow, ttl);
        if (is_left_to_others(session, ttl, last))
            continue;
        cell->want = (uint16_t)(cell->commanded + 1);
        cell->not_before = slot_of(session, index, (uint8_t)ttl);
    }
    for (unsigned ttl = last + 1U; ttl <= plan->wanted_to[index]; ttl++) {
        struct wanted *cell = session_wanted(session, index, flow, ttl);
        cell->want = cell->commanded;
    }
    plan->wanted_to[index] = last;
}

/* Where silences are measured, a probe that pacing held back for so long is left out: its reply would take the token
 * that the first probe of the next round needs.
 * Unit: ns. Source: a group takes less. Effect: a smaller one leaves out probes of the group itself. */
#define GROUP_SPAN (50 * NS_PER_MS)

static bool any_is_silent(const struct session *session)
{
    for (unsigned i = 0; i < session->trace_count; i++)
        if (plan_of(session)->is_silent[i])
            return true;
    return false;
}

static void leave_out_late(struct session *session, nstime now)
{
    if (!any_is_silent(session))
        return;
    for (unsigned ttl = session->config.first_ttl; ttl <= session->max_ttl; ttl++)
        for (unsigned i = 0; i < session->trace_count && silence_around(session, (uint8_t)ttl); i++) {
            struct wanted *cell = session_wanted(session, i, flow_of_round(session, i), ttl);
            if (cell->want > cell->commanded && cell->not_before && now > cell->not_before + GROUP_SPAN)
                cell->want = cell->commanded;
        }
}

/* The hop of the spec's last answer. Before the first one, a filter may drop it: then the farthest of the others. */
static uint8_t sought_end(const struct session *session, unsigned index)
{
    const struct watch_plan *plan = plan_of(session);
    uint8_t farthest = 0;
    for (unsigned i = 0; i < session->trace_count; i++)
        farthest = uint8_max(farthest, plan->end[i]);
    return plan->end[index] ? plan->end[index] : farthest;
}

/* Once a round, so that its slots agree with each other. */
static void find_silences(struct session *session)
{
    struct watch_plan *plan = plan_of(session);
    nstime since = round_start(session, plan->begun) - SILENCE_ROUNDS * session->config.interval;
    for (unsigned i = 0; i < session->trace_count; i++) {
        uint8_t end = sought_end(session, i);
        struct end_silence silence = end_silence_at(&session->traces[i], end, since);
        plan->is_silent[i] = end && silence.silent && !plan->is_limited[i];
        plan->silent_after[i] = silence.router;
    }
}

/* Probes of the last round that pacing held back are not sent any more. */
static void begin_round(struct session *session)
{
    struct watch_plan *plan = plan_of(session);
    uint8_t length = 0;
    for (unsigned i = 0; i < session->trace_count; i++) {
        for (unsigned n = 0; n < 256 * session->traces[i].flow_count; n++)
            session->wants[i].cells[n].want = session->wants[i].cells[n].commanded;
        length = uint8_max(length, plan->wanted_to[i]);
        plan->wanted_to[i] = (uint8_t)(session->config.first_ttl - 1);
    }
    if (plan->begun)
        plan->length = uint8_max(1, (uint8_t)(length - session->config.first_ttl + 1));
    plan->begun = plan->ended + 1;
    find_silences(session);
}

/* Looks whether the spec's end has gone silent, which is loss, or a filter that has appeared: then it asks again. */
static void retest(struct session *session, unsigned index, nstime now)
{
    struct watch_plan *plan = plan_of(session);
    uint8_t ttl = sought_end(session, index);
    struct wanted *cell = session_wanted(session, index, flow_of_round(session, index), ttl);
    nstime since = round_start(session, plan->begun) - SILENCE_ROUNDS * session->config.interval;
    struct end_silence silence = end_silence_at(&session->traces[index], ttl, since);
    if (!ttl || cell->want > cell->commanded || !silence.silent)
        return;
    bool has_begun = silence.answered || plan->begun <= SILENCE_ROUNDS;
    if (!has_begun || silence.in_flight || plan->is_limited[index] || silence.silent > RETESTS)
        return;
    cell->want = (uint16_t)(cell->commanded + 1);
    cell->not_before = now - silence.last < SAMPLE_SPAN ? silence.last + SAMPLE_SPAN : 0;
}

static bool next(struct session *session, nstime now, struct wish *wish, nstime *again)
{
    struct watch_plan *plan = plan_of(session);
    struct end_of_path ends[SPECS_MOST];
    *again = NSTIME_NEVER;
    if (plan->first_wish == NSTIME_NONE)
        plan->first_wish = now;
    if (is_over(session))
        return false;
    if (plan->begun != plan->ended + 1)
        begin_round(session);
    find_ends(session, ends);
    for (unsigned i = 0; i < session->trace_count; i++) {
        if (plan->left_out[i])
            continue;
        want_up_to(session, i, last_wanted(session, i, ends));
        retest(session, i, now);
    }
    leave_out_late(session, now);
    return pacing_next(session, now, wish, again);
}

const struct strategy strategy_watch = {
    .name = "watch",
    .heading = "hopsonde watch to",
    .flows_most = FLOWS_COMPARED_MOST,
    .side_by_side = true,
    .is_endless = true,
    .start = start,
    .update = update,
    .timer = timer,
    .next = next,
};
