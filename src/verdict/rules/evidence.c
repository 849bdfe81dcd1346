/* SPDX-License-Identifier: BSD-2-Clause */
/* evidence: shows the frames behind a rule, and how sure they make it. */
#include "verdict/rules/rules.h"

double evidence_sureness(const struct reply *reply)
{
    return reply->match == MATCH_WEAK ? SURE_WEAK : SURE;
}

void evidence_show(struct verdict *out, const struct evidence *evidence)
{
    frames_add(out->frames, &out->frame_count, frame_of_probe(evidence->probe));
    frames_add(out->frames, &out->frame_count, frame_of_reply(evidence->reply));
}

void evidence_show_beyond(const struct facts *facts, uint8_t ttl, struct verdict *out)
{
    for (unsigned next = ttl; next <= facts->last_router; next++)
        for (unsigned i = 0; i < facts->set->count; i++) {
            const struct trace *other = facts->set->traces[i];
            for (const struct probe *p = trace_first_at(other, (uint8_t)next); p; p = trace_next_at(other, p))
                if (other != facts->trace && p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED) {
                    evidence_show(out, &(struct evidence){p, &p->replies[0]});
                    return;
                }
        }
    const struct trace *witness = facts->target_witness;
    const struct probe *p = witness ? trace_first_at(witness, witness->reached_ttl) : NULL;
    for (; p; p = trace_next_at(witness, p))
        if (p->reply_count && reply_reaches(witness, &p->replies[0])) {
            evidence_show(out, &(struct evidence){p, &p->replies[0]});
            return;
        }
}

void evidence_show_last(const struct facts *facts, struct verdict *out)
{
    const struct trace *trace = facts->trace;
    for (const struct probe *p = trace_first_at(trace, facts->last_hop); p; p = trace_next_at(trace, p))
        if (p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED) {
            evidence_show(out, &(struct evidence){p, &p->replies[0]});
            return;
        }
}
