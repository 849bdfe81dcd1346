/* SPDX-License-Identifier: BSD-2-Clause */
/* caveats: limits of a verdict on a trace that another tool made: probes that it did not send, or not at that time. */

#include "silence/sample.h"
#include "verdict/facts/reasons.h"
#include "verdict/rules/rules.h"

static bool is_of_silence(const struct verdict *verdict)
{
    return verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_INCONCLUSIVE ||
           verdict->state == VERDICT_UNANSWERED;
}

/* From the last probe of the one trace to the first of the other; 0: they overlap, or it is not known. */
static nstime span_between(const struct trace *first, const struct trace *second)
{
    bool known = first->last_sent != NSTIME_NONE && second->first_sent != NSTIME_NONE;
    return known && second->first_sent > first->last_sent ? second->first_sent - first->last_sent : 0;
}

/* The filter that dropped one may have been added, or removed, in between. */
static void add_when(const struct trace *trace, const struct trace *other, struct verdict *out)
{
    nstime later = span_between(trace, other), earlier = span_between(other, trace);
    double seconds = nstime_ms(later ? later : earlier) / 1000;
    if (!later && !earlier)
        return;
    phrase_add(out->text, "; %s was probed %.*f s %s", SPEC_TEXT(other), seconds < 10 ? 1 : 0, seconds,
               later ? "later" : "before");
}

/* A router that refused some probes of a trace, while others passed it. */
static void add_outlived(const struct facts *facts, struct verdict *out)
{
    const struct reply *reply = facts->outlived.reply;
    unsigned count = 0;
    if (!reply || reply->kind == REPLY_TOO_BIG) /* which is a finding */
        return;
    for (size_t i = 0; i < facts->trace->probe_count; i++) {
        const struct reply *other = probe_answer(&facts->trace->probes[i]);
        count += other && addr_equal(&other->from, &reply->from) && reply_rejects(facts->trace, other);
    }
    uint8_t hop = facts_hop_of(facts->set, &reply->from);
    struct place place = {.known = true, .ttl = hop ? hop : facts->outlived.probe->ttl, .address = reply->from};
    evidence_show(out, &facts->outlived);
    phrase_add(out->text, "; %s rejects %u of its probes: %s", PLACE_TEXT(&place), count,
               phrase_how(how_of_reply(reply), "an ICMP error"));
}

void caveats_add(const struct facts *facts, const struct trace *went_on, struct verdict *out)
{
    const struct trace_set *set = facts->set;
    if (!set->is_apart || !is_of_silence(out))
        return;
    add_outlived(facts, out);
    if (out->state == VERDICT_UNANSWERED && set->count < 2)
        phrase_add(out->text, "; no other protocol was probed, so this may be a filter or a silent host");
    else if (facts->trace->most_ttl < facts->last_router)
        phrase_add(out->text, "; it was not probed beyond hop %u", facts->trace->most_ttl);
    else if (out->state == VERDICT_DROPPED)
        add_when(facts->trace, went_on, out);
    if (out->state == VERDICT_DROPPED && !trace_ports_vary(facts->trace))
        phrase_add(out->text, "; this is one flow, and others may get through");
}

unsigned caveats_count_unwaited(const struct facts *facts)
{
    unsigned count = 0;
    const struct trace *trace = facts->trace;
    for (size_t i = 0; facts->set->is_apart && i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        count += probe->ttl > trace->last_router_ttl && !probe->reply_count && !sample_is_silent(facts->set, probe);
    }
    return count;
}
