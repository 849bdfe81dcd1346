/* SPDX-License-Identifier: BSD-2-Clause */
/* apart: what is added to a verdict on a trace that somebody else made: what was not asked, or not at that time. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "silence/sample.h"
#include "verdict/facts.h"

__attribute__((format(printf, 2, 3))) static void append(struct verdict *out, const char *format, ...)
{
    size_t used = strlen(out->text);
    va_list args;
    va_start(args, format);
    vsnprintf(out->text + used, sizeof out->text - used, format, args);
    va_end(args);
}

static bool is_of_silence(const struct verdict *verdict)
{
    return verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_INCONCLUSIVE ||
           verdict->state == VERDICT_UNANSWERED;
}

/* How long after the one trace had sent its last the other sent its first; 0: they overlap, or it is not known. */
static nstime span_between(const struct trace *first, const struct trace *second)
{
    bool known = first->last_sent != NSTIME_NONE && second->first_sent != NSTIME_NONE;
    return known && second->first_sent > first->last_sent ? second->first_sent - first->last_sent : 0;
}

/* What dropped one may have been put there, or taken away, in between. */
static void say_when(const struct trace *trace, const struct trace *other, struct verdict *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    nstime later = span_between(trace, other), earlier = span_between(other, trace);
    double seconds = nstime_ms(later ? later : earlier) / 1000;
    if (!later && !earlier)
        return;
    probe_spec_format(&other->flow.spec, spec);
    append(out, seconds < 10 ? "; %s was asked %.1f s %s" : "; %s was asked %.0f s %s", spec, seconds,
           later ? "later" : "before");
}

void caveats_say(const struct facts *facts, const struct trace *went_on, struct verdict *out)
{
    const struct trace_set *set = facts->set;
    if (!set->is_apart || !is_of_silence(out))
        return;
    if (out->state == VERDICT_UNANSWERED && set->count < 2)
        append(out, "; no other protocol was asked, so a filter and a silent host cannot be told apart");
    else if (facts->trace->most_ttl < facts->last_router)
        append(out, "; it was not asked beyond hop %u", facts->trace->most_ttl);
    else if (out->state == VERDICT_DROPPED)
        say_when(facts->trace, went_on, out);
    if (out->state == VERDICT_DROPPED && !trace_ports_vary(facts->trace))
        append(out, "; it was one flow, and others may fare better");
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
