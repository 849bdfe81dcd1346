/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence/comparison.h"

#include "address/special.h"
#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"

/* --- whether two traces take the same path --- */

static bool has_router(const struct trace *trace, uint8_t ttl, const struct addr *address)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        for (unsigned i = 0; i < probe->reply_count; i++)
            if (probe->replies[i].kind == REPLY_TIME_EXCEEDED &&
                (!address || addr_equal(&probe->replies[i].from, address)))
                return true;
    return false;
}

/* What the routers of two traces at one TTL show. */
enum meeting {
    MEETING_NONE,   /* all differ */
    MEETING_LIKELY, /* they have a shared address in common, which may be of two routers */
    MEETING_SURE,
};

/* Looks at the first probes of `a` only. Most replies come from one router, which is looked up once. */
static enum meeting meet_at(const struct trace *a, const struct trace *b, uint8_t ttl)
{
    struct addr last = {0};
    unsigned looked_at = 0;
    enum meeting meeting = MEETING_NONE;
    const struct probe *probe = trace_first_at(a, ttl);
    for (; probe && looked_at < SAMPLE_PROBES_MOST; probe = trace_next_at(a, probe), looked_at++)
        for (unsigned i = 0; i < probe->reply_count; i++) {
            const struct reply *reply = &probe->replies[i];
            if (reply->kind != REPLY_TIME_EXCEEDED || addr_equal(&reply->from, &last))
                continue;
            last = reply->from;
            if (has_router(b, ttl, &last) && !special_is_shared(&last))
                return MEETING_SURE;
            meeting = has_router(b, ttl, &last) ? MEETING_LIKELY : meeting;
        }
    return meeting;
}

bool traces_diverge(const struct trace *a, const struct trace *b, unsigned ttl)
{
    while (ttl-- > 1) {
        if (!has_router(a, (uint8_t)ttl, NULL) || !has_router(b, (uint8_t)ttl, NULL))
            continue;
        enum meeting meeting = meet_at(a, b, (uint8_t)ttl);
        if (meeting != MEETING_LIKELY)
            return meeting == MEETING_NONE;
    }
    return false;
}

bool trace_follows_loop(const struct trace *trace, const struct trace *looping)
{
    unsigned first = looping->loop_first, length = looping->loop_length;
    if (!first || trace->last_router_ttl < first + length)
        return false;
    unsigned place = first + (trace->last_router_ttl - first) % length; /* in the first round */
    struct addr router = trace_router_address(looping, (uint8_t)place);
    return !addr_is_none(&router) && !special_is_shared(&router) && has_router(trace, trace->last_router_ttl, &router);
}

/* --- counting --- */

static bool had_tokens(const struct trace_set *set, const struct trace *trace, const struct probe *silent)
{
    bool also_last = set->is_diagnose && trace->last_router_ttl;
    nstime within = COMPARE_HOPS * rate_limit_span(set); /* a round probes the last router after all of its hops */
    return rate_limit_had_token(set, trace, silent) &&
           (!also_last || rate_limit_had_token_at(set, trace, silent, trace->last_router_ttl, within));
}

/* Which silences are counted, beside all that was answered. */
enum silences { SILENCES_ALL, SILENCES_WITH_TOKEN, SILENCES_BY_LOSS };

static bool is_counted(const struct trace_set *set, const struct trace *trace, const struct probe *probe,
                       enum silences which)
{
    if (!sample_is_silent(set, probe))
        return probe->reply_count && probe->sent != NSTIME_NONE;
    if (which == SILENCES_BY_LOSS)
        return rate_limit_may_be_loss(set, trace, probe);
    return which == SILENCES_ALL || had_tokens(set, trace, probe);
}

struct sample {
    nstime first; /* when its first probe was sent; NSTIME_NONE: there is none */
    bool answered;
};

static void close_sample(const struct sample *sample, struct loss_count *count)
{
    count->silent += sample->first != NSTIME_NONE && !sample->answered;
}

/* Adds the samples of one flow; of all flows as if they were one where `flow` is negative. In a foreign trace whose
 * ports vary each probe is a flow. */
static void count_flow(const struct trace_set *set, const struct trace *trace, uint8_t ttl, int flow,
                       enum silences which, struct loss_count *count)
{
    struct sample sample = {.first = NSTIME_NONE};
    unsigned looked_at = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe && looked_at < SAMPLE_PROBES_MOST;
         probe = trace_next_at(trace, probe), looked_at++) {
        if ((flow >= 0 && probe->flow != flow) || !is_counted(set, trace, probe, which))
            continue;
        if (!sample_is_same(sample.first, probe->sent) || (flow >= 0 && trace_ports_vary(trace))) {
            close_sample(&sample, count);
            count->sent++;
            sample = (struct sample){.first = probe->sent};
        }
        sample.answered = sample.answered || probe->reply_count > 0;
    }
    close_sample(&sample, count);
}

/* Adds a trace's samples at a hop. Each flow is a sample of its own where a token shows that its silence counts;
 * otherwise nothing shows that flows are independent. */
static void count_samples(const struct trace_set *set, const struct trace *trace, uint8_t ttl, enum silences which,
                          struct loss_count *count)
{
    if (which == SILENCES_ALL)
        count_flow(set, trace, ttl, -1, which, count);
    for (unsigned flow = 0; which != SILENCES_ALL && flow < trace->flow_count; flow++)
        count_flow(set, trace, ttl, (int)flow, which, count);
}

static bool is_comparable(const struct trace *trace, const struct trace *other, uint8_t ttl)
{
    return other != trace && has_router(other, ttl, NULL) && !traces_diverge(trace, other, trace->last_router_ttl + 1U);
}

/* False if no router answered another trace at this hop, or this one sent nothing there. */
static bool count_hop(const struct trace_set *set, const struct trace *trace, uint8_t ttl, struct loss_count *own,
                      struct loss_count *others)
{
    *own = *others = (struct loss_count){0};
    if (!trace_asked(trace, ttl))
        return false;
    for (unsigned i = 0; i < set->count; i++)
        if (is_comparable(trace, set->traces[i], ttl))
            count_samples(set, set->traces[i], ttl, SILENCES_ALL, others);
    count_samples(set, trace, ttl, SILENCES_WITH_TOKEN, own);
    return others->sent > 0;
}

/* Others' losses from this hop on that no rate limit explains. Only traces that get further than a hop count there. */
static struct loss_count count_losses(const struct trace_set *set, const struct trace *trace, unsigned ttl)
{
    struct loss_count losses = {0};
    for (; ttl <= set->max_ttl; ttl++)
        for (unsigned i = 0; i < set->count; i++) {
            const struct trace *other = set->traces[i];
            bool passes = other->last_router_ttl > ttl || other->reached_ttl > ttl;
            if (other != trace && passes && !traces_diverge(trace, other, trace->last_router_ttl + 1U))
                count_samples(set, other, (uint8_t)ttl, SILENCES_BY_LOSS, &losses);
        }
    return losses;
}

/* --- the comparison --- */

/* The chance that the silence at the first hop alone is loss: then that hop did not drop the spec, and the drop may be
 * further on. */
static double chance_at_first(const struct trace_set *set, const struct trace *trace, const struct comparison *all,
                              const struct loss_count *first)
{
    if (!first->silent)
        return 1;
    struct loss_count losses = count_losses(set, trace, all->hops[0]);
    return losses.silent ? loss_chance(losses.sent, losses.silent, first->silent) : 0;
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
        out->chance *= loss_chance(others.sent, others.silent, own.silent);
    }
    double at_first = set->is_diagnose && out->hop_count ? chance_at_first(set, trace, out, &first) : 0;
    out->chance = at_first > out->chance ? at_first : out->chance;
    double confidence = 1 / (1 + out->chance);
    out->confidence = confidence < CONFIDENCE_MOST ? confidence : CONFIDENCE_MOST;
}
