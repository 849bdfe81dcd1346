/* SPDX-License-Identifier: BSD-2-Clause */
/* doubts: rules 2, 14 and 15: silence or a refusal that may have another reason. */
#include "silence/names.h"
#include "verdict/rules/rules.h"

/* The first unproven reply behind the last router of this spec, and how many there are. */
static struct evidence unproven_behind(const struct facts *facts, unsigned *count)
{
    const struct trace *trace = facts->trace;
    struct evidence first = {0};
    *count = 0;
    for (size_t i = 0; trace->unproven_count && i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->ttl <= facts->last_hop)
            continue;
        *count += probe->unproven_count;
        if (probe->unproven_count && (!first.reply || probe->ttl < first.probe->ttl))
            first = (struct evidence){probe, &probe->replies[probe->reply_count]};
    }
    return first;
}

static void place_doubt(const struct facts *facts, struct verdict *out)
{
    out->state = VERDICT_INCONCLUSIVE;
    out->confidence = facts->comparison.confidence;
    out->after = facts_place(facts->set, facts->trace, facts->last_hop);
    out->before = facts_next_router(facts, facts->last_hop);
    evidence_show_last(facts, out);
}

/* --- 2 --- */

static bool compare(const struct facts *facts, struct name_comparison *out)
{
    const struct trace *control = names_control(facts->set, facts->trace);
    if (control)
        names_compare(facts->set, facts->trace, control, out);
    return control;
}

bool holds_blocked(const struct facts *facts)
{
    struct name_comparison names;
    return compare(facts, &names) && names.is_blocked;
}

void explain_blocked(const struct facts *facts, struct verdict *out)
{
    place_doubt(facts, out);
    phrase_set_verdict(out, "%s%s: %s is stopped there as well since another name was sent; retry in some minutes",
                       out->after.known ? " after " : "", out->after.known ? PLACE_TEXT(&out->after) : "",
                       SPEC_TEXT(names_control(facts->set, facts->trace)));
}

/* --- 14, 15 --- */

bool holds_unproven(const struct facts *facts)
{
    unsigned count;
    return unproven_behind(facts, &count).reply != NULL;
}

void explain_unproven(const struct facts *facts, struct verdict *out)
{
    unsigned count;
    const struct evidence first = unproven_behind(facts, &count);
    place_doubt(facts, out);
    evidence_show(out, &first);
    phrase_set_verdict(out,
                       "%s%s: %u repl%s, the nearest from %s at hop %u, with too little of a probe's identity to count",
                       out->after.known ? " after " : "", out->after.known ? PLACE_TEXT(&out->after) : "", count,
                       count == 1 ? "y" : "ies", ADDRESS_TEXT(&first.reply->from), first.probe->ttl);
}

/* A capture that loses so much of what arrives may have lost the reply to each probe.
 * Unit: probability. Source: chosen. Effect: a smaller one makes a run inconclusive for few lost frames; with a larger
 * one, frames that the kernel dropped look like packets that the network dropped. */
#define CAPTURE_LOSS_MOST 0.01

bool holds_lost_frames(const struct facts *facts)
{
    const struct frame_counters *counters = facts->set->counters;
    if (!counters || !facts->silent)
        return false;
    if (trace_set_is_flooded(facts->set))
        return true;
    double lost = (double)counters->dropped_by_kernel, all = lost + (double)counters->frames;
    return lost >= facts->silent && lost > all * CAPTURE_LOSS_MOST;
}

void explain_lost_frames(const struct facts *facts, struct verdict *out)
{
    const struct frame_counters *counters = facts->set->counters;
    place_doubt(facts, out);
    if (trace_set_is_flooded(facts->set)) {
        phrase_set_verdict(out, "%s%s: up to %u forged replies a second arrive, and may displace genuine ones",
                           out->after.known ? " after " : "", out->after.known ? PLACE_TEXT(&out->after) : "",
                           counters_flood(counters));
        return;
    }
    phrase_set_verdict(out, "%s%s: the kernel dropped %llu of %llu frames, and replies may be among them",
                       out->after.known ? " after " : "", out->after.known ? PLACE_TEXT(&out->after) : "",
                       (unsigned long long)counters->dropped_by_kernel,
                       (unsigned long long)(counters->dropped_by_kernel + counters->frames));
}
