#include "session/compare.h"

#include "session/internal.h"

double compare_chance(unsigned others_asked, unsigned others_silent, unsigned silent)
{
    double chance = 1;
    for (unsigned i = 0; i < silent; i++)
        chance *= (others_silent + 1.0 + i) / (others_asked + 2.0 + i);
    return chance;
}

static bool has_router(const struct trace *trace, uint8_t ttl, const struct addr *address)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (probe->replies[i].kind == REPLY_TIME_EXCEEDED &&
                (!address || addr_equal(&probe->replies[i].from, address)))
                return true;
    return false;
}

/* Among the first of `a`; most are of one router, which is looked for once. */
static bool share_router(const struct trace *a, const struct trace *b, uint8_t ttl)
{
    struct addr last = {0};
    unsigned looked_at = 0;
    const struct probe *probe = trace_first_at(a, ttl);
    for (; probe && looked_at < PROBES_COMPARED; probe = trace_next_at(a, probe), looked_at++)
        for (unsigned i = 0; i < probe->reply_count; i++) {
            const struct reply *reply = &probe->replies[i];
            if (reply->kind != REPLY_TIME_EXCEEDED || addr_equal(&reply->from, &last))
                continue;
            last = reply->from;
            if (has_router(b, ttl, &last))
                return true;
        }
    return false;
}

bool compare_parted(const struct trace *a, const struct trace *b, unsigned ttl)
{
    while (ttl-- > 1)
        if (has_router(a, (uint8_t)ttl, NULL) && has_router(b, (uint8_t)ttl, NULL))
            return !share_router(a, b, (uint8_t)ttl);
    return false;
}

bool compare_goes_round(const struct trace *trace, const struct trace *circling)
{
    unsigned first = circling->loop_first, length = circling->loop_length;
    if (!first || trace->top < first + length)
        return false;
    unsigned stands = first + (trace->top - first) % length; /* where it stands first, if it is in the circle */
    struct addr router = trace_router_address(circling, (uint8_t)stands);
    return !addr_is_none(&router) && has_router(trace, trace->top, &router);
}

struct cohort cohort_of_session(const struct session *session, const struct trace **traces)
{
    const struct session_config *config = &session->config;
    for (unsigned i = 0; i < session->trace_count; i++)
        traces[i] = &session->traces[i];
    bool asked_more = config->purpose == PURPOSE_DIAGNOSE && config->confidence;
    return (struct cohort){
        .traces = traces,
        .count = session->trace_count,
        .max_ttl = config->max_ttl,
        .send_gap = config->send_gap,
        .claim = asked_more ? config->confidence / 1e6 : CONFIDENCE_TO_CLAIM,
        .is_diagnose = config->purpose == PURPOSE_DIAGNOSE,
    };
}

static nstime wait_of(const struct cohort *cohort, const struct probe *probe)
{
    if (probe->ttl > cohort->timed_ttl || cohort->slowest > WAITED_ENOUGH / 10)
        return WAITED_ENOUGH;
    nstime wait = 10 * cohort->slowest;
    return wait > WAITED_LEAST ? wait : WAITED_LEAST;
}

bool cohort_is_silent(const struct cohort *cohort, const struct probe *probe)
{
    if (!cohort->is_apart)
        return probe->state == PROBE_EXPIRED;
    return !probe->reply_count && probe->sent != NSTIME_NONE &&
           probe->sent + wait_of(cohort, probe) <= cohort->ends[probe->file];
}

/* Whether the router at this TTL answered another spec right behind the probe: then it had a token left for this one,
 * too. */
static bool is_backed_at(const struct cohort *cohort, const struct trace *trace, const struct probe *silent,
                         uint8_t ttl, nstime within)
{
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *other = cohort->traces[i];
        if (other == trace)
            continue;
        for (const struct probe *p = trace_first_at(other, ttl); p; p = trace_next_at(other, p))
            if (p->reply_count && p->sent >= silent->sent && p->sent - silent->sent <= within)
                return true;
    }
    return false;
}

/* Whether whoever lets probes of this TTL expire had answered nobody for long when the probe came. */
static bool is_rested_at(const struct cohort *cohort, const struct probe *silent, uint8_t ttl)
{
    for (unsigned i = 0; i < cohort->count; i++)
        for (const struct probe *p = trace_first_at(cohort->traces[i], ttl); p; p = trace_next_at(cohort->traces[i], p))
            for (unsigned k = 0; k < p->reply_count; k++)
                if (p->replies[k].time <= silent->sent + wait_of(cohort, silent) &&
                    p->replies[k].time + RESTED_AFTER > silent->sent)
                    return false;
    return true;
}

nstime cohort_backing_span(const struct cohort *cohort)
{
    nstime next_sends = BACKED_BY_SENDS * cohort->send_gap;
    return next_sends > BACKED_WITHIN ? next_sends : BACKED_WITHIN;
}

bool cohort_is_backed(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    return (cohort->is_apart && is_rested_at(cohort, silent, silent->ttl)) ||
           is_backed_at(cohort, trace, silent, silent->ttl, cohort_backing_span(cohort));
}

/* In a diagnosis the last router that answered this spec must have had a token as well: it may refuse what it does not
 * forward, and without a token its refusal is a silence. A trace asks it hardly more than its tokens allow. */
static bool is_backed(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    bool also_last = cohort->is_diagnose && trace->top; /* which is asked behind all the hops of a round */
    return cohort_is_backed(cohort, trace, silent) &&
           (!also_last || is_backed_at(cohort, trace, silent, trace->top, COMPARE_HOPS * cohort_backing_span(cohort)));
}

/* What shares its fate: probes of a flow at a hop that were sent close together. */
struct unit {
    nstime start;
    bool open, answered;
};

static void close_unit(struct unit *unit, struct tally *tally)
{
    tally->silent += unit->open && !unit->answered;
    unit->open = false;
}

/* One flow's share of count_independent(); all flows count as one where `flow` is negative. A foreign trace whose ports
 * vary has a flow for each probe. */
static void count_flow(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, int flow,
                       struct tally *tally)
{
    bool own = flow >= 0;
    struct unit unit = {0};
    unsigned looked_at = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe && looked_at < PROBES_COMPARED;
         probe = trace_next_at(trace, probe), looked_at++) {
        bool silent = cohort_is_silent(cohort, probe);
        bool known = (probe->reply_count && probe->sent != NSTIME_NONE) || silent;
        if (!known || (own && probe->flow != flow) || (own && silent && !is_backed(cohort, trace, probe)))
            continue;
        bool joins = unit.open && probe->sent - unit.start < INDEPENDENT_AFTER;
        if (!joins || (own && trace_ports_vary(trace))) {
            close_unit(&unit, tally);
            tally->asked++;
            unit = (struct unit){.start = probe->sent, .open = true};
        }
        unit.answered = unit.answered || probe->reply_count > 0;
    }
    close_unit(&unit, tally);
}

/* Sendings of a trace at a hop that do not share their fate, and how many of them were in vain. Its `own` silences
 * count only as far as they are backed, and each flow by itself: that the router had a token for another spec right
 * behind them speaks for all of them. Of the others' flows no more is known than that they were sent. */
static void count_independent(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, bool own,
                              struct tally *tally)
{
    if (!own)
        count_flow(cohort, trace, ttl, -1, tally);
    for (unsigned flow = 0; own && flow < trace->flow_count; flow++)
        count_flow(cohort, trace, ttl, (int)flow, tally);
}

/* What is counted at a hop, or at several. */
struct counts {
    struct tally own, others;
    unsigned losses; /* of the others, that no limit explains */
};

/* One hop's; false where no router answered another spec there or this one did not ask. */
static bool count_hop(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, struct counts *out)
{
    struct tally backed = {0};
    *out = (struct counts){0};
    if (!trace_asked(trace, ttl))
        return false;
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *other = cohort->traces[i];
        if (other == trace || !has_router(other, ttl, NULL) || compare_parted(trace, other, trace->top + 1U))
            continue;
        count_independent(cohort, other, ttl, false, &out->others);
        count_independent(cohort, other, ttl, true, &backed);
    }
    out->losses = backed.silent;
    count_independent(cohort, trace, ttl, true, &out->own);
    return out->others.asked > 0;
}

/* Where the way loses packets, the silence at the first hop has to be none by loss for itself: else it is that hop that
 * lost them, and the drop is further on. Others are lost no less at the hops behind, so all of theirs tell of it. */
static double chance_at_first(const struct counts *first, const struct counts *all)
{
    return all->losses ? compare_chance(all->others.asked, all->others.silent, first->own.silent) : 0;
}

void compare_silence_among(const struct cohort *cohort, const struct trace *trace, struct comparison *out)
{
    struct counts here, first = {0}, all = {0};
    *out = (struct comparison){.chance = 1};
    for (unsigned ttl = trace->top + 1U; ttl <= cohort->max_ttl && out->hop_count < COMPARE_HOPS; ttl++) {
        if (!count_hop(cohort, trace, (uint8_t)ttl, &here))
            continue;
        first = out->hop_count ? first : here;
        all.others.asked += here.others.asked;
        all.others.silent += here.others.silent;
        all.losses += here.losses;
        out->hops[out->hop_count++] = (uint8_t)ttl;
        out->chance *= compare_chance(here.others.asked, here.others.silent, here.own.silent);
    }
    double at_first = cohort->is_diagnose ? chance_at_first(&first, &all) : 0;
    out->chance = at_first > out->chance ? at_first : out->chance;
    double confidence = 1 / (1 + out->chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}

void compare_silence(const struct session *session, const struct trace *trace, struct comparison *out)
{
    const struct trace *traces[SPECS_MOST];
    struct cohort cohort = cohort_of_session(session, traces);
    compare_silence_among(&cohort, trace, out);
}
