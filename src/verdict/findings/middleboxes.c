/* SPDX-License-Identifier: BSD-2-Clause */
/* segments: findings on what answers in the target's name, and on which segments of a connection get through. */
#include <stdio.h>
#include <string.h>

#include "silence/end.h"
#include "verdict/findings/findings.h"

/* --- in the target's name --- */

void find_proxies(const struct trace_set *set, struct judgement *out)
{
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct verdict *verdict = &out->verdicts[i];
        char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
        struct facts facts;
        if (verdict->state != VERDICT_INTERCEPTED)
            continue;
        facts_gather(set, verdict->trace, &facts);
        if (!facts.positive.reply)
            continue; /* a reset is no proxy's */
        struct finding *finding = finding_add(out, "proxy", verdict->trace);
        if (!finding)
            return;
        finding->at = verdict->at;
        finding_number(finding, "ttl", facts.positive.probe->ttl);
        finding_number(finding, "reply_ttl", facts.positive.reply->reply_ttl);
        memcpy(finding->frames, verdict->frames, sizeof finding->frames);
        finding->frame_count = verdict->frame_count;
        probe_spec_format(&verdict->trace->flow.spec, spec);
        snprintf(finding->text, sizeof finding->text,
                 "a proxy at or before %s takes %s: it answers with TTL %u, nearer than the target",
                 place_format(&finding->at, place), spec, facts.positive.reply->reply_ttl);
    }
}

/* --- segments of a connection --- */

static const struct verdict *verdict_of(const struct judgement *out, uint16_t port, enum probe_variant variant)
{
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct probe_spec *spec = &out->verdicts[i].trace->flow.spec;
        if (spec->protocol == IP_TCP && spec->port == port && spec->variant == variant)
            return &out->verdicts[i];
    }
    return NULL;
}

static bool is_stopped_on_the_way(const struct verdict *verdict)
{
    return verdict && (verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_REJECTED);
}

/* An open port answers a lone ACK with a reset (RFC 9293 3.10.7.2): silence is a filter's, before the target or its
 * own. It leaves a lone FIN unanswered. Chance is judged by what the target answered to others. */
static bool is_kept_from_target(const struct trace_set *set, const struct verdict *verdict)
{
    if (!verdict || verdict->state != VERDICT_UNANSWERED || verdict->trace->flow.spec.variant != VARIANT_ACK)
        return false;
    struct end_comparison end;
    silence_compare_end(set, verdict->trace, &end);
    return end.target.asked && loss_chance(end.target.asked, end.target.silent, end.silent) <= 1 - set->claim;
}

static void tell_state(const char *kind, const struct verdict *through, const struct verdict *stopped,
                       struct judgement *out)
{
    char one[PROBE_SPEC_TEXT_BYTES], other[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    bool stateful = strcmp(kind, "stateful-firewall") == 0;
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
    probe_spec_format(&through->trace->flow.spec, one);
    probe_spec_format(&stopped->trace->flow.spec, other);
    finding_number(finding, "port", through->trace->flow.spec.port);
    snprintf(finding->text, sizeof finding->text, "%s gets through, %s %s %s %s: %s", one, other,
             stopped->state == VERDICT_REJECTED ? "is rejected" : "draws no answer", stopped->at.known ? "at" : "after",
             shown->known ? place_format(shown, place) : "this host",
             stateful ? "a firewall there, or the target's own, keeps state and wants a connection to begin with SYN"
                      : "a filter there keeps no state: it stops what begins a connection and lets by what seems to "
                        "belong to one");
}

void find_statefulness(const struct trace_set *set, struct judgement *out)
{
    static const enum probe_variant others[] = {VARIANT_ACK, VARIANT_FIN};
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct verdict *syn = &out->verdicts[i];
        const struct probe_spec *spec = &syn->trace->flow.spec;
        if (spec->protocol != IP_TCP || spec->variant != VARIANT_SYN)
            continue;
        for (unsigned k = 0; k < sizeof others / sizeof *others; k++) {
            const struct verdict *other = verdict_of(out, spec->port, others[k]);
            bool kept = is_stopped_on_the_way(other) || (syn->state == VERDICT_OPEN && is_kept_from_target(set, other));
            if (verdict_reaches(syn) && kept)
                tell_state("stateful-firewall", syn, other, out);
            else if (is_stopped_on_the_way(syn) && other && verdict_reaches(other))
                tell_state("stateless-firewall", other, syn, out);
            else
                continue;
            break;
        }
    }
}
