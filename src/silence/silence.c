/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/silence.h"

double silence_chance(unsigned others_asked, unsigned others_silent, unsigned silent)
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

bool traces_diverge(const struct trace *a, const struct trace *b, unsigned ttl)
{
    while (ttl-- > 1)
        if (has_router(a, (uint8_t)ttl, NULL) && has_router(b, (uint8_t)ttl, NULL))
            return !share_router(a, b, (uint8_t)ttl);
    return false;
}

bool trace_follows_loop(const struct trace *trace, const struct trace *circling)
{
    unsigned first = circling->loop_first, length = circling->loop_length;
    if (!first || trace->last_router_ttl < first + length)
        return false;
    unsigned stands =
        first + (trace->last_router_ttl - first) % length; /* where it stands first, if it is in the circle */
    struct addr router = trace_router_address(circling, (uint8_t)stands);
    return !addr_is_none(&router) && has_router(trace, trace->last_router_ttl, &router);
}

static nstime wait_of(const struct trace_set *set, const struct probe *probe)
{
    if (probe->ttl > set->timed_ttl || set->slowest > WAITED_ENOUGH / 10)
        return WAITED_ENOUGH;
    nstime wait = 10 * set->slowest;
    return wait > WAITED_LEAST ? wait : WAITED_LEAST;
}

bool trace_set_is_silent(const struct trace_set *set, const struct probe *probe)
{
    if (!set->is_apart)
        return probe->state == PROBE_EXPIRED;
    return !probe->reply_count && probe->sent != NSTIME_NONE &&
           probe->sent + wait_of(set, probe) <= set->ends[probe->file];
}

static nstime slack_of(const struct trace_set *set, const struct probe *answered)
{
    if (!set->is_diagnose)
        return 0;
    nstime round_trip = answered->replies[0].time - answered->sent;
    return round_trip > 0 ? round_trip / SLACK_OF_ROUND_TRIP : 0;
}

static bool is_soon_behind(const struct trace_set *set, const struct probe *answered, const struct probe *silent,
                           nstime within)
{
    return answered->reply_count && answered->sent >= silent->sent &&
           answered->sent - silent->sent <= within + slack_of(set, answered);
}

bool trace_set_shows_token(const struct trace_set *set, const struct probe *answered, const struct probe *silent,
                           nstime within)
{
    return is_soon_behind(set, answered, silent, within) && answered->sent - silent->sent >= slack_of(set, answered);
}

/* Whether the router at this TTL answered another spec right behind the probe: then it had a token left for this one,
 * too, if that came first (`surely`). */
static bool is_backed_at(const struct trace_set *set, const struct trace *trace, const struct probe *silent,
                         uint8_t ttl, nstime within, bool surely)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *other = set->traces[i];
        if (other == trace)
            continue;
        for (const struct probe *p = trace_first_at(other, ttl); p; p = trace_next_at(other, p))
            if (surely ? trace_set_shows_token(set, p, silent, within) : is_soon_behind(set, p, silent, within))
                return true;
    }
    return false;
}

/* Whether whoever lets probes of this TTL expire had answered nobody for long when the probe came. */
static bool is_rested_at(const struct trace_set *set, const struct probe *silent, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++)
        for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p))
            for (unsigned k = 0; k < p->reply_count; k++)
                if (p->replies[k].time <= silent->sent + wait_of(set, silent) &&
                    p->replies[k].time + RESTED_AFTER > silent->sent)
                    return false;
    return true;
}

nstime trace_set_backing_span(const struct trace_set *set)
{
    nstime next_sends = BACKED_BY_SENDS * set->send_gap;
    return next_sends > BACKED_WITHIN ? next_sends : BACKED_WITHIN;
}

static bool is_backed_or_rested(const struct trace_set *set, const struct trace *trace, const struct probe *silent,
                                bool surely)
{
    return (set->is_apart && is_rested_at(set, silent, silent->ttl)) ||
           is_backed_at(set, trace, silent, silent->ttl, trace_set_backing_span(set), surely);
}

bool trace_set_is_backed(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    return is_backed_or_rested(set, trace, silent, true);
}

bool trace_set_may_be_lost(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    return is_backed_or_rested(set, trace, silent, false);
}

/* In a diagnosis the last router that answered this spec must have had a token as well: it may refuse what it does not
 * forward, and without a token its refusal is a silence. A trace asks it hardly more than its tokens allow. */
static bool is_backed(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    bool also_last = set->is_diagnose && trace->last_router_ttl; /* which is asked behind all the hops of a round */
    return trace_set_is_backed(set, trace, silent) &&
           (!also_last ||
            is_backed_at(set, trace, silent, trace->last_router_ttl, COMPARE_HOPS * trace_set_backing_span(set), true));
}

/* What shares its fate: probes of a flow at a hop that were sent close together. */
struct unit {
    nstime start;
    bool open, answered;
};

static void close_unit(struct unit *unit, struct loss_count *tally)
{
    tally->silent += unit->open && !unit->answered;
    unit->open = false;
}

/* Which silences are counted, beside all that was answered. */
enum silences { SILENCES_ALL, SILENCES_BACKED, SILENCES_BY_LOSS };

static bool is_counted(const struct trace_set *set, const struct trace *trace, const struct probe *probe,
                       enum silences which)
{
    if (!trace_set_is_silent(set, probe))
        return probe->reply_count && probe->sent != NSTIME_NONE;
    if (which == SILENCES_BY_LOSS)
        return trace_set_may_be_lost(set, trace, probe);
    return which == SILENCES_ALL || is_backed(set, trace, probe);
}

/* One flow's share of count_independent(); all flows count as one where `flow` is negative. A foreign trace whose ports
 * vary has a flow for each probe. */
static void count_flow(const struct trace_set *set, const struct trace *trace, uint8_t ttl, int flow,
                       enum silences which, struct loss_count *tally)
{
    struct unit unit = {0};
    unsigned looked_at = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe && looked_at < PROBES_COMPARED;
         probe = trace_next_at(trace, probe), looked_at++) {
        if ((flow >= 0 && probe->flow != flow) || !is_counted(set, trace, probe, which))
            continue;
        bool joins = unit.open && probe->sent - unit.start < INDEPENDENT_AFTER;
        if (!joins || (flow >= 0 && trace_ports_vary(trace))) {
            close_unit(&unit, tally);
            tally->asked++;
            unit = (struct unit){.start = probe->sent, .open = true};
        }
        unit.answered = unit.answered || probe->reply_count > 0;
    }
    close_unit(&unit, tally);
}

/* Sendings of a trace at a hop that do not share their fate, and how many of them were in vain. Each flow counts by
 * itself, as far as its silences are backed: that the router had a token for another spec right behind them speaks for
 * all of them. Where all count, no more is known of the flows than that they were sent. */
static void count_independent(const struct trace_set *set, const struct trace *trace, uint8_t ttl, enum silences which,
                              struct loss_count *tally)
{
    if (which == SILENCES_ALL)
        count_flow(set, trace, ttl, -1, which, tally);
    for (unsigned flow = 0; which != SILENCES_ALL && flow < trace->flow_count; flow++)
        count_flow(set, trace, ttl, (int)flow, which, tally);
}

/* Whether others' probes at a hop tell how this spec would fare there. */
static bool is_comparable(const struct trace *trace, const struct trace *other, uint8_t ttl)
{
    return other != trace && has_router(other, ttl, NULL) && !traces_diverge(trace, other, trace->last_router_ttl + 1U);
}

/* One hop's; false where no router answered another spec there or this one did not ask. */
static bool count_hop(const struct trace_set *set, const struct trace *trace, uint8_t ttl, struct loss_count *own,
                      struct loss_count *others)
{
    *own = *others = (struct loss_count){0};
    if (!trace_asked(trace, ttl))
        return false;
    for (unsigned i = 0; i < set->count; i++)
        if (is_comparable(trace, set->traces[i], ttl))
            count_independent(set, set->traces[i], ttl, SILENCES_ALL, others);
    count_independent(set, trace, ttl, SILENCES_BACKED, own);
    return others->asked > 0;
}

/* What of the others is lost from this hop on to no limit. Of each hop only those count that are known to get further:
 * whoever is known by its answers there to get there is chosen for them. */
static struct loss_count count_losses(const struct trace_set *set, const struct trace *trace, unsigned ttl)
{
    struct loss_count losses = {0};
    for (; ttl <= set->max_ttl; ttl++)
        for (unsigned i = 0; i < set->count; i++) {
            const struct trace *other = set->traces[i];
            bool passes = other->last_router_ttl > ttl || other->reached_ttl > ttl;
            if (other != trace && passes && !traces_diverge(trace, other, trace->last_router_ttl + 1U))
                count_independent(set, other, (uint8_t)ttl, SILENCES_BY_LOSS, &losses);
        }
    return losses;
}

/* The silence at the first hop has to be one for itself: else that hop left it out, or lost it, and the drop is further
 * on. What is lost behind it tells of it: at least as much is lost there. */
static double chance_at_first(const struct trace_set *set, const struct trace *trace, const struct comparison *all,
                              const struct loss_count *first)
{
    if (!first->silent)
        return 1;
    struct loss_count losses = count_losses(set, trace, all->hops[0]);
    return losses.silent ? silence_chance(losses.asked, losses.silent, first->silent) : 0;
}

void silence_compare(const struct trace_set *set, const struct trace *trace, struct comparison *out)
{
    struct loss_count own, others, first = {0};
    *out = (struct comparison){.chance = 1};
    for (unsigned ttl = trace->last_router_ttl + 1U; ttl <= set->max_ttl && out->hop_count < COMPARE_HOPS; ttl++) {
        if (!count_hop(set, trace, (uint8_t)ttl, &own, &others))
            continue;
        first = out->hop_count ? first : own;
        out->hops[out->hop_count++] = (uint8_t)ttl;
        out->chance *= silence_chance(others.asked, others.silent, own.silent);
    }
    double at_first = set->is_diagnose && out->hop_count ? chance_at_first(set, trace, out, &first) : 0;
    out->chance = at_first > out->chance ? at_first : out->chance;
    double confidence = 1 / (1 + out->chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}
