/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/facts/responders.h"

#include "address/special.h"

/* Adds the routers that one trace shows at a TTL. */
static void add_trace(const struct trace *trace, uint8_t ttl, struct responders *out)
{
    struct addr *one = &out->one[ttl];
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        const struct reply *reply = probe_answer(p);
        if (!reply || reply->kind != REPLY_TIME_EXCEEDED || addr_equal(&reply->from, &trace->flow.target))
            continue;
        if (addr_is_none(one))
            *one = reply->from;
        out->number[ttl] = addr_equal(one, &reply->from) && out->number[ttl] != RESPONDERS_SEVERAL ? RESPONDERS_ONE
                                                                                                   : RESPONDERS_SEVERAL;
    }
}

void responders_gather(const struct trace_set *set, struct responders *out)
{
    out->most_ttl = 0;
    for (unsigned i = 0; i < set->count; i++)
        out->most_ttl =
            set->traces[i]->last_router_ttl > out->most_ttl ? set->traces[i]->last_router_ttl : out->most_ttl;
    for (unsigned ttl = 0; ttl <= out->most_ttl; ttl++) {
        out->one[ttl] = (struct addr){0};
        out->number[ttl] = RESPONDERS_NONE;
        for (unsigned i = 0; i < set->count; i++)
            add_trace(set->traces[i], (uint8_t)ttl, out);
    }
}

static bool stands_elsewhere(const struct responders *responders, unsigned ttl, unsigned up_to)
{
    for (unsigned t = 1; t <= up_to && t <= responders->most_ttl; t++)
        if (t != ttl && responders->number[t] != RESPONDERS_NONE &&
            addr_equal(&responders->one[t], &responders->one[ttl]))
            return true;
    return false;
}

bool responders_are_spread(const struct responders *responders, uint8_t ttl)
{
    unsigned before = ttl > responders->most_ttl ? responders->most_ttl : ttl - 1U;
    for (; before >= 1 && ttl; before--) {
        if (responders->number[before] == RESPONDERS_SEVERAL)
            return true;
        if (responders->number[before] == RESPONDERS_ONE && !special_is_shared(&responders->one[before]) &&
            !stands_elsewhere(responders, before, ttl))
            return false;
    }
    return false;
}
