#include "session/compare.h"

#include "session/internal.h"

double compare_chance(unsigned others_sent, unsigned others_lost, unsigned silent)
{
    double chance = 1;
    for (unsigned i = 0; i < silent; i++)
        chance *= (others_lost + 1.0 + i) / (others_sent + 2.0 + i);
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

static bool share_router(const struct trace *a, const struct trace *b, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(a, ttl); probe; probe = trace_next_at(a, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (probe->replies[i].kind == REPLY_TIME_EXCEEDED && has_router(b, ttl, &probe->replies[i].from))
                return true;
    return false;
}

bool compare_parted(const struct trace *a, const struct trace *b, unsigned ttl)
{
    while (ttl-- > 1)
        if (has_router(a, (uint8_t)ttl, NULL) && has_router(b, (uint8_t)ttl, NULL))
            return !share_router(a, b, (uint8_t)ttl);
    return false;
}

/* Whether the router at this TTL answered another spec right behind the probe: then it had a token left for this one,
 * too. */
static bool is_backed_at(const struct session *session, const struct trace *trace, const struct probe *silent,
                         uint8_t ttl, nstime within)
{
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *other = &session->traces[i];
        if (other == trace)
            continue;
        for (const struct probe *p = trace_first_at(other, ttl); p; p = trace_next_at(other, p))
            if (p->reply_count && p->sent >= silent->sent && p->sent - silent->sent <= within)
                return true;
    }
    return false;
}

/* In a diagnosis the last router that answered this spec must have had a token as well: it may refuse what it does not
 * forward, and without a token its refusal is a silence. A trace asks it hardly more than its tokens allow. */
static bool is_backed(const struct session *session, const struct trace *trace, const struct probe *silent)
{
    nstime next_sends = BACKED_BY_SENDS * session->config.send_gap;
    nstime within = next_sends > BACKED_WITHIN ? next_sends : BACKED_WITHIN;
    bool also_last = session->config.diagnose && trace->top; /* which is asked behind all the hops of a round */
    return is_backed_at(session, trace, silent, silent->ttl, within) &&
           (!also_last || is_backed_at(session, trace, silent, trace->top, COMPARE_HOPS * within));
}

struct tally {
    unsigned sent, lost;
};

/* Sendings of a trace at a hop that do not share their fate, and how many of them were in vain. For `backed`, silences
 * count only as far as they are. */
static void count_independent(const struct session *session, const struct trace *trace, uint8_t ttl, bool backed,
                              struct tally *tally)
{
    nstime unit_start = 0;
    bool unit_open = false, unit_answered = false;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        bool known = probe->state == PROBE_ANSWERED || probe->state == PROBE_EXPIRED;
        if (!known || (backed && !probe->reply_count && !is_backed(session, trace, probe)))
            continue;
        if (!unit_open || probe->sent - unit_start >= INDEPENDENT_AFTER) {
            tally->lost += unit_open && !unit_answered;
            tally->sent++;
            unit_start = probe->sent;
            unit_open = true;
            unit_answered = false;
        }
        unit_answered = unit_answered || probe->reply_count > 0;
    }
    tally->lost += unit_open && !unit_answered;
}

/* One hop's factor; false where no router answered another spec there or this one did not ask. */
static bool compare_hop(const struct session *session, const struct trace *trace, uint8_t ttl, double *chance)
{
    struct tally own = {0}, others = {0};
    if (!trace_asked(trace, ttl))
        return false;
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *other = &session->traces[i];
        if (other != trace && has_router(other, ttl, NULL) && !compare_parted(trace, other, trace->top + 1U))
            count_independent(session, other, ttl, false, &others);
    }
    if (!others.sent)
        return false;
    count_independent(session, trace, ttl, true, &own);
    *chance = compare_chance(others.sent, others.lost, own.lost);
    return true;
}

void compare_silence(const struct session *session, const struct trace *trace, struct comparison *out)
{
    *out = (struct comparison){.chance = 1};
    for (unsigned ttl = trace->top + 1U; ttl <= session->config.max_ttl && out->hop_count < COMPARE_HOPS; ttl++) {
        double chance;
        if (!compare_hop(session, trace, (uint8_t)ttl, &chance))
            continue;
        out->hops[out->hop_count++] = (uint8_t)ttl;
        out->chance *= chance;
    }
    double confidence = 1 / (1 + out->chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}
