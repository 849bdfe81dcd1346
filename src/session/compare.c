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

uint8_t cohort_last_router(const struct cohort *cohort)
{
    uint8_t last = 0;
    for (unsigned i = 0; i < cohort->count; i++)
        last = cohort->traces[i]->top > last ? cohort->traces[i]->top : last;
    return last;
}

bool cohort_is_silent(const struct cohort *cohort, const struct probe *probe)
{
    if (!cohort->is_apart)
        return probe->state == PROBE_EXPIRED;
    return !probe->reply_count && probe->sent != NSTIME_NONE &&
           probe->sent + wait_of(cohort, probe) <= cohort->ends[probe->file];
}

static nstime slack_of(const struct cohort *cohort, const struct probe *answered)
{
    if (!cohort->is_diagnose)
        return 0;
    nstime round_trip = answered->replies[0].time - answered->sent;
    return round_trip > 0 ? round_trip / SLACK_OF_ROUND_TRIP : 0;
}

static bool is_soon_behind(const struct cohort *cohort, const struct probe *answered, const struct probe *silent,
                           nstime within)
{
    return answered->reply_count && answered->sent >= silent->sent &&
           answered->sent - silent->sent <= within + slack_of(cohort, answered);
}

bool cohort_shows_token(const struct cohort *cohort, const struct probe *answered, const struct probe *silent,
                        nstime within)
{
    return is_soon_behind(cohort, answered, silent, within) &&
           answered->sent - silent->sent >= slack_of(cohort, answered);
}

/* Whether the router at this TTL answered another spec right behind the probe: then it had a token left for this one,
 * too, if that came first (`surely`). */
static bool is_backed_at(const struct cohort *cohort, const struct trace *trace, const struct probe *silent,
                         uint8_t ttl, nstime within, bool surely)
{
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *other = cohort->traces[i];
        if (other == trace)
            continue;
        for (const struct probe *p = trace_first_at(other, ttl); p; p = trace_next_at(other, p))
            if (surely ? cohort_shows_token(cohort, p, silent, within) : is_soon_behind(cohort, p, silent, within))
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

static bool is_backed_or_rested(const struct cohort *cohort, const struct trace *trace, const struct probe *silent,
                                bool surely)
{
    return (cohort->is_apart && is_rested_at(cohort, silent, silent->ttl)) ||
           is_backed_at(cohort, trace, silent, silent->ttl, cohort_backing_span(cohort), surely);
}

bool cohort_is_backed(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    return is_backed_or_rested(cohort, trace, silent, true);
}

bool cohort_may_be_lost(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    return is_backed_or_rested(cohort, trace, silent, false);
}

/* In a diagnosis the last router that answered this spec must have had a token as well: it may refuse what it does not
 * forward, and without a token its refusal is a silence. A trace asks it hardly more than its tokens allow. */
static bool is_backed(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    bool also_last = cohort->is_diagnose && trace->top; /* which is asked behind all the hops of a round */
    return cohort_is_backed(cohort, trace, silent) &&
           (!also_last ||
            is_backed_at(cohort, trace, silent, trace->top, COMPARE_HOPS * cohort_backing_span(cohort), true));
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

/* Which silences are counted, beside all that was answered. */
enum silences { SILENCES_ALL, SILENCES_BACKED, SILENCES_BY_LOSS };

static bool is_counted(const struct cohort *cohort, const struct trace *trace, const struct probe *probe,
                       enum silences which)
{
    if (!cohort_is_silent(cohort, probe))
        return probe->reply_count && probe->sent != NSTIME_NONE;
    if (which == SILENCES_BY_LOSS)
        return cohort_may_be_lost(cohort, trace, probe);
    return which == SILENCES_ALL || is_backed(cohort, trace, probe);
}

/* One flow's share of count_independent(); all flows count as one where `flow` is negative. A foreign trace whose ports
 * vary has a flow for each probe. */
static void count_flow(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, int flow,
                       enum silences which, struct tally *tally)
{
    struct unit unit = {0};
    unsigned looked_at = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe && looked_at < PROBES_COMPARED;
         probe = trace_next_at(trace, probe), looked_at++) {
        if ((flow >= 0 && probe->flow != flow) || !is_counted(cohort, trace, probe, which))
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
static void count_independent(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, enum silences which,
                              struct tally *tally)
{
    if (which == SILENCES_ALL)
        count_flow(cohort, trace, ttl, -1, which, tally);
    for (unsigned flow = 0; which != SILENCES_ALL && flow < trace->flow_count; flow++)
        count_flow(cohort, trace, ttl, (int)flow, which, tally);
}

/* Whether others' probes at a hop tell how this spec would fare there. */
static bool is_comparable(const struct trace *trace, const struct trace *other, uint8_t ttl)
{
    return other != trace && has_router(other, ttl, NULL) && !compare_parted(trace, other, trace->top + 1U);
}

/* One hop's; false where no router answered another spec there or this one did not ask. */
static bool count_hop(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, struct tally *own,
                      struct tally *others)
{
    *own = *others = (struct tally){0};
    if (!trace_asked(trace, ttl))
        return false;
    for (unsigned i = 0; i < cohort->count; i++)
        if (is_comparable(trace, cohort->traces[i], ttl))
            count_independent(cohort, cohort->traces[i], ttl, SILENCES_ALL, others);
    count_independent(cohort, trace, ttl, SILENCES_BACKED, own);
    return others->asked > 0;
}

/* What of the others is lost from this hop on to no limit. Of each hop only those count that are known to get further:
 * whoever is known by its answers there to get there is chosen for them. */
static struct tally count_losses(const struct cohort *cohort, const struct trace *trace, unsigned ttl)
{
    struct tally losses = {0};
    for (; ttl <= cohort->max_ttl; ttl++)
        for (unsigned i = 0; i < cohort->count; i++) {
            const struct trace *other = cohort->traces[i];
            bool passes = other->top > ttl || other->reached_ttl > ttl;
            if (other != trace && passes && !compare_parted(trace, other, trace->top + 1U))
                count_independent(cohort, other, (uint8_t)ttl, SILENCES_BY_LOSS, &losses);
        }
    return losses;
}

/* The silence at the first hop has to be one for itself: else that hop left it out, or lost it, and the drop is further
 * on. What is lost behind it tells of it: at least as much is lost there. */
static double chance_at_first(const struct cohort *cohort, const struct trace *trace, const struct comparison *all,
                              const struct tally *first)
{
    if (!first->silent)
        return 1;
    struct tally losses = count_losses(cohort, trace, all->hops[0]);
    return losses.silent ? compare_chance(losses.asked, losses.silent, first->silent) : 0;
}

void compare_silence_among(const struct cohort *cohort, const struct trace *trace, struct comparison *out)
{
    struct tally own, others, first = {0};
    *out = (struct comparison){.chance = 1};
    for (unsigned ttl = trace->top + 1U; ttl <= cohort->max_ttl && out->hop_count < COMPARE_HOPS; ttl++) {
        if (!count_hop(cohort, trace, (uint8_t)ttl, &own, &others))
            continue;
        first = out->hop_count ? first : own;
        out->hops[out->hop_count++] = (uint8_t)ttl;
        out->chance *= compare_chance(others.asked, others.silent, own.silent);
    }
    double at_first = cohort->is_diagnose && out->hop_count ? chance_at_first(cohort, trace, out, &first) : 0;
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
