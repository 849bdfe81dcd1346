#include "verdict/crowds.h"

/* What one trace shows at a TTL, beside what others did. */
static void add_trace(const struct trace *trace, uint8_t ttl, struct crowds *out)
{
    struct addr *one = &out->one[ttl];
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        const struct reply *reply = probe_answer(p);
        if (!reply || reply->kind != REPLY_TIME_EXCEEDED || addr_equal(&reply->from, &trace->flow.target))
            continue;
        if (addr_is_none(one))
            *one = reply->from;
        out->crowd[ttl] = addr_equal(one, &reply->from) && out->crowd[ttl] != CROWD_SEVERAL ? CROWD_ONE : CROWD_SEVERAL;
    }
}

void crowds_gather(const struct cohort *cohort, struct crowds *out)
{
    out->most_ttl = 0;
    for (unsigned i = 0; i < cohort->count; i++)
        out->most_ttl = cohort->traces[i]->top > out->most_ttl ? cohort->traces[i]->top : out->most_ttl;
    for (unsigned ttl = 0; ttl <= out->most_ttl; ttl++) {
        out->one[ttl] = (struct addr){0};
        out->crowd[ttl] = CROWD_NOBODY;
        for (unsigned i = 0; i < cohort->count; i++)
            add_trace(cohort->traces[i], (uint8_t)ttl, out);
    }
}

static bool stands_elsewhere(const struct crowds *crowds, unsigned ttl, unsigned up_to)
{
    for (unsigned t = 1; t <= up_to && t <= crowds->most_ttl; t++)
        if (t != ttl && crowds->crowd[t] != CROWD_NOBODY && addr_equal(&crowds->one[t], &crowds->one[ttl]))
            return true;
    return false;
}

bool crowds_are_spread(const struct crowds *crowds, uint8_t ttl)
{
    unsigned before = ttl > crowds->most_ttl ? crowds->most_ttl : ttl - 1U;
    for (; before >= 1 && ttl; before--) {
        if (crowds->crowd[before] == CROWD_SEVERAL)
            return true;
        if (crowds->crowd[before] == CROWD_ONE && !stands_elsewhere(crowds, before, ttl))
            return false;
    }
    return false;
}
