/* SPDX-License-Identifier: BSD-2-Clause */
/* ttl_rewrites: findings on TTLs that a device changed, as quotes and repeated routers show. */
#include "silence/sample.h"
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* Whether a probe of the same flow with a TTL one less expired one hop before: then this one arrived with TTL 1. An
 * exception is a router that finds the packet too big: it does so before it decrements the TTL, and quotes 2. */
static bool expired_before(const struct trace *trace, const struct probe *probe, const struct reply *reply)
{
    unsigned looked_at = 0;
    const struct probe *p = trace_first_at(trace, (uint8_t)(probe->ttl - 1));
    for (; p && looked_at < SAMPLE_PROBES_MOST; p = trace_next_at(trace, p), looked_at++)
        if (p->flow == probe->flow && p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED &&
            p->replies[0].quoted_ttl == 1)
            return reply->quoted_ttl != 2 || !addr_equal(&reply->from, &p->replies[0].from);
    return false;
}

static struct finding *tell_ttl(const struct trace *trace, const struct evidence *shown, const char *why,
                                struct judgement *out)
{
    struct place at = {.known = true, .ttl = shown->probe->ttl, .address = shown->reply->from};
    struct finding *finding = finding_at(out, FINDING_TTL_REWRITE, trace, &at);
    if (!finding)
        return NULL;
    if (at.ttl > 1)
        finding->after = (struct place){
            .known = true, .ttl = (uint8_t)(at.ttl - 1), .address = trace_router_address(trace, (uint8_t)(at.ttl - 1))};
    finding_text(finding, "field", "ip.ttl");
    finding_number(finding, "sent", shown->probe->ttl);
    finding_number(finding, "quoted", shown->reply->quoted_ttl);
    finding_show(finding, shown->probe, shown->reply);
    phrase_set(finding->text, "the TTL of %s is changed before %s: sent %u, quoted %d, %s", SPEC_TEXT(trace),
               PLACE_TEXT(&at), shown->probe->ttl, shown->reply->quoted_ttl, why);
    return finding;
}

/* One router at three TTLs or more, with no TTL left at any: a device before it lowers the TTL to a fixed value. */
static void find_lowered(const struct trace *trace, struct judgement *out)
{
    for (unsigned ttl = 1; ttl + 2U <= trace->last_router_ttl && !trace->loop_first; ttl++) {
        struct evidence shown[3];
        struct addr routers[3];
        for (unsigned i = 0; i < 3; i++)
            routers[i] = sole_router(trace, (uint8_t)(ttl + i), &shown[i]);
        bool known = !addr_is_none(&routers[0]) && !addr_is_none(&routers[1]) && !addr_is_none(&routers[2]);
        bool alike = known && is_one_router(&shown[0], &shown[1]) && is_one_router(&shown[0], &shown[2]);
        if (!alike || shown[1].reply->quoted_ttl > 1 || shown[2].reply->quoted_ttl > 1)
            continue;
        struct finding *finding = tell_ttl(trace, &shown[2], "and the same router replies two hops earlier", out);
        for (unsigned i = 0; finding && i < 2; i++)
            finding_show(finding, shown[i].probe, shown[i].reply);
        return;
    }
}

/* The hop before some replies, and whether all paths to it are seen to have one length. */
struct approach {
    struct evidence before; /* its sole router */
    bool is_one_length;
};

static struct approach approach_of(const struct trace_set *set, const struct responders *responders,
                                   const struct trace *trace, uint8_t ttl)
{
    struct approach approach = {.is_one_length = !responders_are_spread(responders, ttl)};
    sole_router(trace, (uint8_t)(ttl - 1), &approach.before);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->reached_ttl && set->traces[i]->reached_ttl < ttl)
            approach.is_one_length = false;
    return approach;
}

static bool quotes_one_less(const struct approach *approach, int quoted)
{
    return approach->before.reply && approach->before.reply->quoted_ttl == quoted - 1;
}

/* Why a quoted TTL must have been raised; NULL: it need not. Rising quoted TTLs show a tunnel (topology.c). */
static const char *raised(const struct approach *approach, const struct trace *trace, const struct probe *probe,
                          const struct reply *reply)
{
    if (!reply->is_icmp || reply->quoted_ttl < 0)
        return NULL;
    if (reply->quoted_ttl > probe->ttl)
        return "more than was sent";
    if (reply->kind == REPLY_TIME_EXCEEDED)
        return reply->quoted_ttl > 1 && !reply->extension && !quotes_one_less(approach, reply->quoted_ttl)
                   ? "although a packet expires at 1"
                   : NULL;
    return reply->quoted_ttl > 1 && approach->is_one_length && expired_before(trace, probe, reply)
               ? "although a TTL one less expired one hop earlier"
               : NULL;
}

/* Whether there is one: then later hops follow from it. */
static bool find_raised_at(const struct approach *approach, const struct trace *trace, uint8_t ttl,
                           struct judgement *out)
{
    unsigned looked_at = 0;
    const struct probe *p = trace_first_at(trace, ttl);
    for (; p && looked_at < SAMPLE_PROBES_MOST; p = trace_next_at(trace, p), looked_at++)
        for (unsigned k = 0; k < p->reply_count; k++) {
            const char *why = raised(approach, trace, p, &p->replies[k]);
            if (!why)
                continue;
            tell_ttl(trace, &(struct evidence){p, &p->replies[k]}, why, out);
            return true;
        }
    return false;
}

static void find_raised(const struct trace_set *set, const struct responders *responders, const struct trace *trace,
                        struct judgement *out)
{
    for (unsigned ttl = 1; ttl <= trace->most_ttl; ttl++) {
        struct approach approach = approach_of(set, responders, trace, (uint8_t)ttl);
        if (find_raised_at(&approach, trace, (uint8_t)ttl, out))
            return;
    }
}

void find_ttl_rewrites(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    for (unsigned i = 0; i < set->count; i++) {
        find_lowered(set->traces[i], out);
        find_raised(set, &all->responders, set->traces[i], out);
    }
}
