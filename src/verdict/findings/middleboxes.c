/* SPDX-License-Identifier: BSD-2-Clause */
/* middleboxes: findings on proxies, and on firewalls that pass some segments of a connection only. */
#include <string.h>

#include "silence/end.h"
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* --- in the target's name --- */

void find_proxies(const struct set_facts *all, struct judgement *out)
{
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct verdict *verdict = &out->verdicts[i];
        const struct facts *facts = set_facts_of(all, verdict->trace);
        if (finding_is_of_name(all, out, verdict->trace))
            continue;
        if (verdict->state != VERDICT_INTERCEPTED || !facts->positive.reply) /* no proxy sends a reset */
            continue;
        struct finding *finding = finding_add(out, FINDING_PROXY, verdict->trace);
        if (!finding)
            return;
        finding->at = verdict->at;
        finding_number(finding, "ttl", facts->positive.probe->ttl);
        finding_number(finding, "reply_ttl", facts->positive.reply->reply_ttl);
        memcpy(finding->frames, verdict->frames, sizeof finding->frames);
        finding->frame_count = verdict->frame_count;
        phrase_set(finding->text,
                   "a proxy at or before %s intercepts %s: it replies with TTL %u, from nearer than the target",
                   PLACE_TEXT(&finding->at), SPEC_TEXT(verdict->trace), facts->positive.reply->reply_ttl);
    }
}

/* --- segments of a connection --- */

static const struct verdict *verdict_of(const struct judgement *out, uint16_t port, enum probe_variant variant)
{
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct probe_spec *spec = &out->verdicts[i].trace->flow.spec;
        if (spec->protocol == IP_TCP && spec->port == port && spec->variant == variant && !spec->idle_s)
            return &out->verdicts[i];
    }
    return NULL;
}

static bool is_stopped_on_the_way(const struct verdict *verdict)
{
    return verdict && (verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_REJECTED);
}

/* An open port answers a lone ACK with a reset (RFC 9293 3.10.7.2), so a silence comes from a filter, before the target
 * or its own. An open port leaves a lone FIN unanswered. Loss is judged by what the target answered to other specs. */
static bool is_kept_from_target(const struct trace_set *set, const struct verdict *verdict)
{
    if (!verdict || verdict->state != VERDICT_UNANSWERED || verdict->trace->flow.spec.variant != VARIANT_ACK)
        return false;
    struct end_comparison end;
    silence_compare_end(set, verdict->trace, &end);
    return end.target.sent && loss_chance(end.target.sent, end.target.silent, end.silent) <= 1 - set->claim;
}

static void tell_state(enum finding_kind kind, const struct verdict *through, const struct verdict *stopped,
                       struct judgement *out)
{
    const struct place *shown = stopped->at.known ? &stopped->at : &stopped->after;
    struct finding *finding = finding_add(out, kind, stopped->trace);
    if (!finding)
        return;
    finding->at = stopped->at;
    finding->after = stopped->after;
    for (unsigned i = 0; i < through->frame_count && i < VERDICT_FRAMES_MOST / 2; i++)
        frames_add(finding->frames, &finding->frame_count, through->frames[i]);
    for (unsigned i = 0; i < stopped->frame_count; i++)
        frames_add(finding->frames, &finding->frame_count, stopped->frames[i]);
    finding_number(finding, "port", through->trace->flow.spec.port);
    phrase_set(finding->text, "%s gets through, %s %s %s %s: ", SPEC_TEXT(through->trace), SPEC_TEXT(stopped->trace),
               stopped->state == VERDICT_REJECTED ? "is rejected" : "gets no reply", stopped->at.known ? "at" : "after",
               shown->known ? PLACE_TEXT(shown) : "this host");
    if (stopped->trace->flow.spec.variant == VARIANT_DATA)
        phrase_add(finding->text, "a firewall there lets the connection open, and stops its data");
    else if (kind == FINDING_STATEFUL_FIREWALL)
        phrase_add(finding->text,
                   "a stateful firewall there, or the target's own, requires that a connection begins with SYN");
    else
        phrase_add(finding->text,
                   "a stateless filter there blocks new connections but passes packets that look like part of one");
}

void find_statefulness(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    static const enum probe_variant others[] = {VARIANT_DATA, VARIANT_ACK, VARIANT_FIN};
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct verdict *syn = &out->verdicts[i];
        const struct probe_spec *spec = &syn->trace->flow.spec;
        if (spec->protocol != IP_TCP || spec->variant != VARIANT_SYN)
            continue;
        for (unsigned k = 0; k < sizeof others / sizeof *others; k++) {
            const struct verdict *other = verdict_of(out, spec->port, others[k]);
            bool kept = is_stopped_on_the_way(other) || (syn->state == VERDICT_OPEN && is_kept_from_target(set, other));
            if (verdict_reaches(syn) && kept)
                tell_state(FINDING_STATEFUL_FIREWALL, syn, other, out);
            else if (is_stopped_on_the_way(syn) && other && verdict_reaches(other))
                tell_state(FINDING_STATELESS_FIREWALL, other, syn, out);
            else
                continue;
            break;
        }
    }
}
