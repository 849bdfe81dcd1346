#include "session/compare.h"

#include "session/internal.h"

double compare_chance(unsigned others_sent, unsigned others_lost, unsigned silent)
{
    double chance = 1;
    for (unsigned i = 0; i < silent; i++)
        chance *= (others_lost + 1.0 + i) / (others_sent + 2.0 + i);
    return chance;
}

/* Sendings at a hop that do not share their fate, and how many of them were in vain. */
static void count_independent(const struct trace *trace, uint8_t ttl, unsigned *sent, unsigned *lost)
{
    nstime unit_start = 0;
    bool unit_open = false, unit_answered = false;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        if (probe->state == PROBE_REFUSED)
            continue;
        if (!unit_open || probe->sent - unit_start >= INDEPENDENT_AFTER) {
            *lost += unit_open && !unit_answered;
            ++*sent;
            unit_start = probe->sent;
            unit_open = true;
            unit_answered = false;
        }
        unit_answered = unit_answered || probe->reply_count > 0;
    }
    *lost += unit_open && !unit_answered;
}

static bool router_at(const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (probe->replies[i].kind == REPLY_TIME_EXCEEDED)
                return true;
    return false;
}

/* One hop's factor; false where no router answered another spec there or this one did not ask. */
static bool compare_hop(const struct session *session, const struct trace *trace, uint8_t ttl, double *chance)
{
    unsigned sent = 0, lost = 0, others_sent = 0, others_lost = 0;
    bool router = false;
    count_independent(trace, ttl, &sent, &lost);
    for (unsigned i = 0; i < session->trace_count; i++) {
        const struct trace *other = &session->traces[i];
        if (other == trace || !router_at(other, ttl))
            continue;
        router = true;
        count_independent(other, ttl, &others_sent, &others_lost);
    }
    if (!router || !sent)
        return false;
    *chance = compare_chance(others_sent, others_lost, lost);
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
