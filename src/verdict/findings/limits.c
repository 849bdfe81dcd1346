/* SPDX-License-Identifier: BSD-2-Clause */
/* limits: findings on routers that do not reply: to any probe, to one protocol, or to some probes. A flood may be the
 * cause of such silence. */
#include <stdio.h>

#include "silence/loss.h"
#include "silence/rate_limit.h"
#include "silence/sample.h"
#include "verdict/findings/finding.h"
#include "verdict/findings/findings.h"

/* Whether loss can hardly explain so many silences. */
static bool is_no_loss(const struct trace_set *set, const struct loss_count *others, unsigned silent)
{
    double chance = loss_chance(others->sent, others->silent, silent);
    return others->silent ? chance * trace_set_last_router_ttl(set) <= LOSS_CHANCE_SILENT_HOP_OF_ALL
                          : chance <= LOSS_CHANCE_SILENT_HOP;
}

/* Probes of the trace at a hop, of flows that pass it. */
static void count_at(const struct trace_set *set, const struct passage *passage, unsigned index, uint8_t ttl,
                     struct loss_count *count)
{
    const struct trace *trace = set->traces[index];
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        bool silent = sample_is_silent(set, p);
        bool expired = p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED;
        if ((!silent && !expired) || passage->farthest[index][p->flow] <= ttl)
            continue;
        count->sent++;
        count->silent += silent;
    }
}

/* The same of all traces of one protocol, or of all others: routers and filters look at the protocol first. */
static struct loss_count count_protocol(const struct trace_set *set, const struct passage *passage, uint8_t ttl,
                                        uint8_t protocol, bool others)
{
    struct loss_count count = {0};
    for (unsigned i = 0; i < set->count; i++)
        if ((set->traces[i]->flow.spec.protocol != protocol) == others)
            count_at(set, passage, i, ttl, &count);
    return count;
}

static struct loss_count count_hop(const struct trace_set *set, const struct passage *passage, uint8_t ttl)
{
    struct loss_count count = {0};
    for (unsigned i = 0; i < set->count; i++)
        count_at(set, passage, i, ttl, &count);
    return count;
}

static void show_hop(const struct trace_set *set, const struct trace *trace, uint8_t ttl, struct finding *finding)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (sample_is_silent(set, p) || p->reply_count)
            finding_show(finding, p, probe_answer(p));
}

static void show_hop_of_all(const struct trace_set *set, uint8_t ttl, struct finding *finding)
{
    for (unsigned i = 0; i < set->count; i++)
        show_hop(set, set->traces[i], ttl, finding);
}

/* Silences of the protocol for which the router had a token. Others show nothing. */
static unsigned count_with_token(const struct trace_set *set, const struct passage *passage, uint8_t protocol,
                                 uint8_t ttl)
{
    unsigned with_token = 0;
    for (unsigned i = 0; i < set->count; i++) {
        const struct trace *trace = set->traces[i];
        const struct probe *p = trace_first_at(trace, ttl);
        for (unsigned n = 0; p && n < SAMPLE_PROBES_MOST; p = trace_next_at(trace, p), n++)
            with_token += trace->flow.spec.protocol == protocol && passage->farthest[i][p->flow] > ttl &&
                          sample_is_silent(set, p) && rate_limit_had_token(set, trace, p);
    }
    return with_token;
}

static bool is_first_of_protocol(const struct trace_set *set, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (set->traces[i]->flow.spec.protocol == set->traces[index]->flow.spec.protocol)
            return false;
    return true;
}

static bool is_silent_to(const struct trace_set *set, const struct passage *passage, uint8_t protocol, uint8_t ttl)
{
    struct loss_count own = count_protocol(set, passage, ttl, protocol, false);
    unsigned with_token = count_with_token(set, passage, protocol, ttl);
    if (own.silent < own.sent || with_token < RATE_LIMIT_PROOFS)
        return false;
    struct loss_count others = count_protocol(set, passage, ttl, protocol, true);
    struct loss_count behind = loss_count_behind(set, passage, ttl);
    struct loss_count all = {.sent = others.sent + behind.sent, .silent = others.silent + behind.silent};
    return others.silent < others.sent && is_no_loss(set, &all, with_token);
}

/* The trace of the protocol, or NULL if there are several; the name of its spec, or "any udp". */
static const struct trace *name_protocol(const struct trace_set *set, uint8_t protocol,
                                         char name[PROBE_SPEC_TEXT_BYTES])
{
    const struct trace *only = NULL;
    unsigned specs = 0;
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->flow.spec.protocol == protocol) {
            only = set->traces[i];
            specs++;
        }
    const char *common = ip_protocol_name(protocol);
    probe_spec_format(&only->flow.spec, name);
    if (specs == 1)
        return only;
    if (common)
        snprintf(name, PROBE_SPEC_TEXT_BYTES, "any %s", common);
    return NULL;
}

static void tell_silent_to(const struct trace_set *set, const struct passage *passage, uint8_t protocol, uint8_t ttl,
                           struct judgement *out)
{
    char name[PROBE_SPEC_TEXT_BYTES];
    struct loss_count own = count_protocol(set, passage, ttl, protocol, false);
    struct loss_count others = count_protocol(set, passage, ttl, protocol, true);
    struct finding *finding = finding_add(out, FINDING_SILENT_HOP, name_protocol(set, protocol, name));
    if (!finding)
        return;
    finding->at = place_of_hop(set, ttl);
    finding_number(finding, "silent", own.silent);
    finding_number(finding, "others_answered", others.sent - others.silent);
    finding_number(finding, "others_sent", others.sent);
    for (unsigned i = 0; i < set->count; i++)
        if (set->traces[i]->flow.spec.protocol == protocol)
            show_hop(set, set->traces[i], ttl, finding);
    show_hop_of_all(set, ttl, finding);
    phrase_set(finding->text,
               "%s forwards %s but sends no time-exceeded for it: 0 of %u probes answered, %u of %u of other probes%s",
               PLACE_TEXT(&finding->at), name, own.sent, others.sent - others.silent, others.sent,
               set->is_apart ? "; unless another router stands there for it" : "");
}

static void tell_silent(const struct trace_set *set, uint8_t ttl, unsigned silent, struct judgement *out)
{
    struct finding *finding = finding_add(out, FINDING_SILENT_HOP, NULL);
    if (!finding)
        return;
    finding->at = (struct place){.known = true, .ttl = ttl};
    finding_number(finding, "silent", silent);
    show_hop_of_all(set, ttl, finding);
    phrase_set(finding->text, "hop %u is silent (%u probe%s) but forwards", ttl, silent, phrase_plural(silent));
}

/* Whether a router leaves probes unanswered that it forwards. */
static bool has_limits(const struct trace_set *set, const struct passage *passage)
{
    for (unsigned ttl = 1; ttl <= trace_set_last_router_ttl(set); ttl++)
        if (trace_set_shows_router(set, (uint8_t)ttl) && count_hop(set, passage, (uint8_t)ttl).silent)
            return true;
    return false;
}

void find_silent_hops(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    if (trace_set_is_flooded(set))
        return;
    bool limits = set->is_diagnose && has_limits(set, &all->passage);
    for (unsigned ttl = 1; ttl <= trace_set_last_router_ttl(set); ttl++) {
        struct loss_count here = count_hop(set, &all->passage, (uint8_t)ttl),
                          others = loss_count_behind(set, &all->passage, (uint8_t)ttl);
        bool to_all = here.sent && here.silent == here.sent && !trace_set_shows_router(set, (uint8_t)ttl);
        if (to_all && is_no_loss(set, &others, here.silent) &&
            (!limits || rate_limit_had_token_once(set, (uint8_t)ttl)))
            tell_silent(set, (uint8_t)ttl, here.silent, out);
        for (unsigned i = 0; i < set->count && !to_all; i++) {
            uint8_t protocol = set->traces[i]->flow.spec.protocol;
            if (is_first_of_protocol(set, i) && is_silent_to(set, &all->passage, protocol, (uint8_t)ttl))
                tell_silent_to(set, &all->passage, protocol, (uint8_t)ttl, out);
        }
    }
}

static void tell_limit(const struct trace_set *set, uint8_t ttl, const struct loss_count *here, struct judgement *out)
{
    struct finding *finding = finding_add(out, FINDING_RATE_LIMIT, NULL);
    if (!finding)
        return;
    finding->at = place_of_hop(set, ttl);
    finding_number(finding, "answered", here->sent - here->silent);
    finding_number(finding, "sent", here->sent);
    show_hop_of_all(set, ttl, finding);
    phrase_set(finding->text,
               "%s replies to %u of %u probes, far fewer than later hops do: it rate-limits its replies%s",
               PLACE_TEXT(&finding->at), here->sent - here->silent, here->sent,
               set->is_apart ? ", or one of several routers there is silent" : "");
}

/* Whether some flow was both answered and not. Of two flows one may pass another router, which is silent. */
static bool answers_now_and_then(const struct trace_set *set, uint8_t ttl)
{
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned flow = 0; flow < set->traces[i]->flow_count; flow++) {
            bool answered = false, silent = false;
            for (const struct probe *p = trace_first_at(set->traces[i], ttl); p; p = trace_next_at(set->traces[i], p)) {
                answered = answered || (p->flow == flow && p->reply_count);
                silent = silent || (p->flow == flow && sample_is_silent(set, p));
            }
            if (answered && silent)
                return true;
        }
    return false;
}

/* A router that never replies to a protocol does not rate-limit it. */
void find_limits(const struct set_facts *all, struct judgement *out)
{
    const struct trace_set *set = all->set;
    if (trace_set_is_flooded(set))
        return;
    for (unsigned ttl = 1; ttl <= trace_set_last_router_ttl(set); ttl++) {
        struct loss_count here = {0}, others = loss_count_behind(set, &all->passage, (uint8_t)ttl);
        for (unsigned i = 0; i < set->count; i++)
            if (!is_silent_to(set, &all->passage, set->traces[i]->flow.spec.protocol, (uint8_t)ttl))
                count_at(set, &all->passage, i, (uint8_t)ttl, &here);
        bool one_router = set->is_apart || answers_now_and_then(set, (uint8_t)ttl);
        if (here.silent >= 2 && here.silent < here.sent && one_router &&
            loss_chance_at_least(&here, &others) <= LOSS_CHANCE_LIMIT)
            tell_limit(set, (uint8_t)ttl, &here, out);
    }
}
