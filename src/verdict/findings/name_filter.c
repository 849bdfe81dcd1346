/* SPDX-License-Identifier: BSD-2-Clause */
/* name_filter: the finding that a device stops a spec because of its name, where the control passes. */
#include <math.h>

#include "silence/names.h"
#include "verdict/facts/reasons.h"
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* Whether it ends the connection without data. A last segment with data has PSH set (RFC 9293 3.9.1.2). */
static bool is_fin(const struct reply *reply)
{
    return reply->kind == REPLY_TCP && (reply->tcp_flags & (TCP_FIN | TCP_PSH)) == TCP_FIN;
}

static enum verdict_how how_of(const struct name_comparison *names)
{
    if (names->fate == NAME_SILENT)
        return HOW_SILENT;
    bool is_refusal = names->fate == NAME_REFUSED || names->reply->kind == REPLY_RST;
    return is_refusal ? how_of_reply(names->reply) : is_fin(names->reply) ? HOW_FIN : HOW_REPLY;
}

/* Whether it is a packet in the target's name. */
static bool is_forged(enum verdict_how how)
{
    return how == HOW_TCP_RESET || how == HOW_REPLY || how == HOW_FIN;
}

/* A device that refuses by ICMP does so in its own name. One that is silent or forges a reply stands behind the last
 * router that lets the named spec expire, or it is that router behind its TTL check. */
static void place(const struct facts *facts, const struct name_comparison *names, struct finding *out)
{
    const struct trace_set *set = facts->set;
    if (names->fate == NAME_REFUSED) {
        uint8_t hop = facts_hop_of(set, &names->reply->from);
        out->at = (struct place){.known = true, .ttl = hop ? hop : names->ttl, .address = names->reply->from};
        return;
    }
    uint8_t before = (uint8_t)(names->ttl - 1);
    if (before)
        out->after = facts_place(set, facts->trace, before);
    struct place next = {.known = true, .ttl = names->ttl, .address = place_of_hop(set, names->ttl).address};
    if (!addr_is_none(&next.address))
        out->before = next;
}

/* Adds probes from this TTL on, with their first replies, until the finding has `most` frames. */
static void show_some(const struct trace *trace, uint8_t ttl, bool only_answered, unsigned most, struct finding *out)
{
    for (size_t i = 0; i < trace->probe_count && out->frame_count + 2 <= most; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *answer = probe_answer(probe);
        if (probe->ttl >= ttl && (answer || !only_answered))
            finding_show(out, probe, answer);
    }
}

/* First the probe whose reply, or silence, the sentence is about. */
static void show(const struct facts *facts, const struct trace *control, const struct name_comparison *names,
                 struct finding *out)
{
    finding_show(out, names->shown, names->reply);
    show_some(facts->trace, names->ttl, false, VERDICT_FRAMES_MOST / 2, out);
    show_some(control, names->ttl, true, VERDICT_FRAMES_MOST, out);
}

static const char *act_of(enum verdict_how how)
{
    switch (how) {
    case HOW_SILENT:
        return "drops";
    case HOW_TCP_RESET:
        return "resets";
    case HOW_FIN:
        return "closes";
    case HOW_REPLY:
        return "forges the reply to";
    default:
        return "rejects";
    }
}

static const char *effect_of(enum verdict_how how)
{
    return how == HOW_SILENT ? "were dropped" : is_forged(how) ? "drew it" : "were rejected";
}

static void add_place(const struct finding *finding, char text[SENTENCE_BYTES])
{
    if (finding->at.known)
        phrase_add(text, "%s", PLACE_TEXT(&finding->at));
    else if (finding->after.known)
        phrase_add(text, "%s or a device behind it", PLACE_TEXT(&finding->after));
    else
        phrase_add(text, "a device before hop %u", finding->before.known ? finding->before.ttl : 1);
}

/* How long the device refused the control as well, by the samples that were stopped and the next one that passed. */
static void add_block(const struct name_block *block, char text[SENTENCE_BYTES])
{
    bool has_ended = block->until != NSTIME_NEVER;
    double least = nstime_ms(block->last - block->since) / 1000, most = nstime_ms(block->until - block->since) / 1000;
    phrase_add(text, "; afterwards the control was stopped, too");
    if (least >= 1 || has_ended)
        phrase_add(text, ", for %.0f s%s", least, has_ended ? "" : " at least");
    if (has_ended)
        phrase_add(text, " to %.0f s", most);
}

static void say(const struct trace *named, const struct trace *control, const struct name_comparison *names,
                enum verdict_how how, struct finding *out)
{
    *out->text = '\0';
    add_place(out, out->text);
    phrase_add(out->text, " %s %s", act_of(how), SPEC_TEXT(named));
    if (how != HOW_SILENT && !is_forged(how))
        phrase_add(out->text, " (%s)", phrase_how(how, "ICMP"));
    phrase_add(out->text, " by its name: %u of %u samples %s, %u of %u with %s",
               how == HOW_SILENT ? names->stopped : names->told, names->passed + names->stopped, effect_of(how),
               names->control_stopped, names->control_passed + names->control_stopped, control->flow.spec.name);
    if (is_forged(how) && (names->goes_on || names->is_tried))
        phrase_add(out->text, names->goes_on ? "; it stands beside the path, because the probe itself went on"
                                             : "; it stands in the path, because no probe went on");
    if (names->is_refused_later)
        add_block(&names->block, out->text);
}

static void tell(const struct facts *facts, const struct trace *control, const struct name_comparison *names,
                 struct judgement *out)
{
    enum verdict_how how = how_of(names);
    struct finding *finding = finding_add(out, FINDING_NAME_FILTER, facts->trace);
    if (!finding)
        return;
    place(facts, names, finding);
    show(facts, control, names, finding);
    finding_text(finding, "name", facts->trace->flow.spec.name);
    finding_text(finding, "control", control->flow.spec.name);
    finding_text(finding, "how", phrase_how(how, "other"));
    finding_flag(finding, "on_path", names->goes_on);
    if (names->is_refused_later)
        finding_number(finding, "residual_s", floor(nstime_ms(names->block.last - names->block.since) / 1000));
    say(facts->trace, control, names, how, finding);
}

void find_name_filters(const struct set_facts *all, struct judgement *out)
{
    for (unsigned i = 0; i < all->set->count; i++) {
        const struct facts *facts = &all->of[i];
        const struct trace *control = names_control(all->set, facts->trace);
        struct name_comparison names;
        if (!control || trace_set_is_flooded(all->set))
            continue;
        names_compare(all->set, facts->trace, control, &names);
        if (names.fate != NAME_PASSES && names.confidence >= all->set->claim)
            tell(facts, control, &names, out);
    }
}

bool finding_is_of_name(const struct set_facts *all, const struct judgement *out, const struct trace *trace)
{
    for (unsigned i = 0; i < out->finding_count; i++) {
        const struct finding *finding = &out->findings[i];
        if (finding->kind == FINDING_NAME_FILTER &&
            (finding->trace == trace || names_control(all->set, finding->trace) == trace))
            return true;
    }
    return false;
}
