/* treatment: findings on who answers what: limited and silent routers, flows and segments that fare differently, and
 * what answers in the target's name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verdict/findings.h"

#define CHANCE_OF_SILENCE 0.01 /* what is less likely is not loss; at every hop it is asked */
#define CHANCE_OF_LIMIT 0.001
#define CHANCE_OF_PARTING 0.05 /* of one flow; and of all together */

/* --- limited and silent routers --- */

struct tally {
    unsigned asked, silent;
};

/* The farthest TTL at which each flow was answered, other than by a refusal: it passes the routers before. */
struct passage {
    uint8_t farthest[SPECS_MOST][UINT8_MAX + 1]; /* by trace of the cohort, and flow */
};

static void passage_gather(const struct cohort *cohort, struct passage *out)
{
    *out = (struct passage){0};
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *trace = cohort->traces[i];
        for (size_t n = 0; n < trace->probe_count; n++) {
            const struct probe *probe = &trace->probes[n];
            uint8_t *farthest = &out->farthest[i][probe->flow];
            for (unsigned k = 0; k < probe->reply_count; k++)
                if (!reply_refuses(trace, &probe->replies[k]) && probe->ttl > *farthest)
                    *farthest = probe->ttl;
        }
    }
}

/* Probes of the trace at a hop that passed it, or would have had they not expired. */
static void count_at(const struct cohort *cohort, const struct passage *passage, unsigned index, uint8_t ttl,
                     struct tally *tally)
{
    const struct trace *trace = cohort->traces[index];
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        bool silent = cohort_is_silent(cohort, p);
        bool expired = p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED;
        if ((!silent && !expired) || passage->farthest[index][p->flow] <= ttl)
            continue;
        tally->asked++;
        tally->silent += silent;
    }
}

/* Of the specs of one protocol, or of all the others: routers and filters look at that first. */
static struct tally count_protocol(const struct cohort *cohort, const struct passage *passage, uint8_t ttl,
                                   uint8_t protocol, bool others)
{
    struct tally tally = {0};
    for (unsigned i = 0; i < cohort->count; i++)
        if ((cohort->traces[i]->flow.spec.protocol != protocol) == others)
            count_at(cohort, passage, i, ttl, &tally);
    return tally;
}

static struct tally count_hop(const struct cohort *cohort, const struct passage *passage, uint8_t ttl)
{
    struct tally tally = {0};
    for (unsigned i = 0; i < cohort->count; i++)
        count_at(cohort, passage, i, ttl, &tally);
    return tally;
}

/* The last TTL at which the path is asked to any purpose: the target's, where that is known. */
static uint8_t end_of_path(const struct cohort *cohort)
{
    uint8_t last = last_router(cohort), end = 0;
    for (unsigned i = 0; i < cohort->count; i++) {
        uint8_t reached = cohort->traces[i]->reached_ttl;
        end = reached > last && (!end || reached < end) ? reached : end;
    }
    return end ? end : last;
}

/* What became of one flow between two TTLs, both excluded and included, but for the one answer by which it is known to
 * get there: chosen for that, it says nothing of the loss. */
static void count_flow(const struct cohort *cohort, const struct trace *trace, unsigned flow, uint8_t from, uint8_t to,
                       struct tally *tally)
{
    unsigned asked = 0, silent = 0;
    for (size_t n = 0; n < trace->probe_count; n++) {
        const struct probe *probe = &trace->probes[n];
        bool in_vain = cohort_is_silent(cohort, probe);
        if (probe->flow != flow || probe->ttl <= from || probe->ttl > to || (!in_vain && !probe->reply_count))
            continue;
        asked++;
        silent += in_vain;
    }
    tally->asked += asked > silent ? asked - 1 : 0;
    tally->silent += asked > silent ? silent : 0;
}

/* What became, further on, of flows that pass this TTL: loss on the way there is theirs as well. */
static struct tally count_behind(const struct cohort *cohort, const struct passage *passage, uint8_t ttl)
{
    struct tally all = {0};
    uint8_t end = end_of_path(cohort);
    for (unsigned i = 0; i < cohort->count; i++)
        for (unsigned flow = 0; flow < cohort->traces[i]->flow_count; flow++)
            if (passage->farthest[i][flow] > ttl)
                count_flow(cohort, cohort->traces[i], flow, ttl, end, &all);
    return all;
}

static double log_choose(unsigned n, unsigned k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

static double log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* The chance that as many or more of `here` are lost, had they the loss of `others`: compare_chance() is the same where
 * all are. */
static double chance_of(const struct tally *here, const struct tally *others)
{
    double lost = others->silent + 1.0, kept = others->asked - others->silent + 1.0, chance = 0;
    for (unsigned k = here->silent; k <= here->asked; k++)
        chance += exp(log_choose(here->asked, k) + log_beta(lost + k, kept + here->asked - k) - log_beta(lost, kept));
    return chance;
}

static void show_hop(const struct cohort *cohort, const struct trace *trace, uint8_t ttl, struct finding *finding)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (cohort_is_silent(cohort, p) || p->reply_count)
            finding_show(finding, p, probe_answer(p));
}

static void show_hop_of_all(const struct cohort *cohort, uint8_t ttl, struct finding *finding)
{
    for (unsigned i = 0; i < cohort->count; i++)
        show_hop(cohort, cohort->traces[i], ttl, finding);
}

/* Whether the router answered another probe right behind each silence, so that it had a token left. */
static bool all_backed(const struct cohort *cohort, uint8_t protocol, uint8_t ttl)
{
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *trace = cohort->traces[i];
        for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
            if (trace->flow.spec.protocol == protocol && cohort_is_silent(cohort, p) &&
                !cohort_is_backed(cohort, trace, p))
                return false;
    }
    return true;
}

static bool is_deaf_to(const struct cohort *cohort, const struct passage *passage, uint8_t protocol, uint8_t ttl)
{
    struct tally own = count_protocol(cohort, passage, ttl, protocol, false);
    struct tally others = count_protocol(cohort, passage, ttl, protocol, true);
    struct tally behind = count_behind(cohort, passage, ttl);
    double chance = compare_chance(others.asked + behind.asked, others.silent + behind.silent, own.silent);
    return own.asked >= 2 && own.silent == own.asked && others.silent < others.asked && chance <= CHANCE_OF_SILENCE &&
           all_backed(cohort, protocol, ttl);
}

/* Its specs: their one trace, or NULL where there are several; the spec's or the protocol's name. */
static const struct trace *name_protocol(const struct cohort *cohort, uint8_t protocol,
                                         char name[PROBE_SPEC_TEXT_BYTES])
{
    const struct trace *only = NULL;
    unsigned specs = 0;
    for (unsigned i = 0; i < cohort->count; i++)
        if (cohort->traces[i]->flow.spec.protocol == protocol) {
            only = cohort->traces[i];
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

static void tell_deaf(const struct cohort *cohort, const struct passage *passage, uint8_t protocol, uint8_t ttl,
                      struct judgement *out)
{
    char name[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    struct tally own = count_protocol(cohort, passage, ttl, protocol, false);
    struct tally others = count_protocol(cohort, passage, ttl, protocol, true);
    struct finding *finding = finding_add(out, "silent-hop", name_protocol(cohort, protocol, name));
    if (!finding)
        return;
    finding->at = place_of_hop(cohort, ttl);
    finding_number(finding, "silent", own.silent);
    finding_number(finding, "others_answered", others.asked - others.silent);
    finding_number(finding, "others_sent", others.asked);
    for (unsigned i = 0; i < cohort->count; i++)
        if (cohort->traces[i]->flow.spec.protocol == protocol)
            show_hop(cohort, cohort->traces[i], ttl, finding);
    show_hop_of_all(cohort, ttl, finding);
    snprintf(finding->text, sizeof finding->text,
             "%s lets %s pass but tells nothing of it: 0 of %u answered, of other probes %u of %u",
             place_format(&finding->at, place), name, own.asked, others.asked - others.silent, others.asked);
}

static void tell_silent(const struct cohort *cohort, uint8_t ttl, unsigned silent, struct judgement *out)
{
    struct finding *finding = finding_add(out, "silent-hop", NULL);
    if (!finding)
        return;
    finding->at = (struct place){.known = true, .ttl = ttl};
    finding_number(finding, "silent", silent);
    show_hop_of_all(cohort, ttl, finding);
    snprintf(finding->text, sizeof finding->text, "hop %u answers nothing (%u probe%s), but lets pass", ttl, silent,
             silent == 1 ? "" : "s");
}

void find_silent_hops(const struct cohort *cohort, struct judgement *out)
{
    struct passage passage;
    passage_gather(cohort, &passage);
    for (unsigned ttl = 1; ttl <= last_router(cohort); ttl++) {
        struct tally here = count_hop(cohort, &passage, (uint8_t)ttl),
                     others = count_behind(cohort, &passage, (uint8_t)ttl);
        bool all = here.asked && here.silent == here.asked;
        if (all && compare_chance(others.asked, others.silent, here.silent) <= CHANCE_OF_SILENCE)
            tell_silent(cohort, (uint8_t)ttl, here.silent, out);
        for (unsigned protocol = 0; protocol <= UINT8_MAX && !all; protocol++)
            if (is_deaf_to(cohort, &passage, (uint8_t)protocol, (uint8_t)ttl))
                tell_deaf(cohort, &passage, (uint8_t)protocol, (uint8_t)ttl, out);
    }
}

static void tell_limit(const struct cohort *cohort, uint8_t ttl, const struct tally *here, struct judgement *out)
{
    char place[PLACE_TEXT_BYTES];
    struct finding *finding = finding_add(out, "rate-limit", NULL);
    if (!finding)
        return;
    finding->at = place_of_hop(cohort, ttl);
    finding_number(finding, "answered", here->asked - here->silent);
    finding_number(finding, "sent", here->asked);
    show_hop_of_all(cohort, ttl, finding);
    snprintf(finding->text, sizeof finding->text,
             "%s answers %u of %u probes, far fewer than are answered behind it: it limits its answers",
             place_format(&finding->at, place), here->asked - here->silent, here->asked);
}

/* Where a router is deaf to a spec, that is no limit. */
void find_limits(const struct cohort *cohort, struct judgement *out)
{
    struct passage passage;
    passage_gather(cohort, &passage);
    for (unsigned ttl = 1; ttl <= last_router(cohort); ttl++) {
        struct tally here = {0}, others = count_behind(cohort, &passage, (uint8_t)ttl);
        for (unsigned i = 0; i < cohort->count; i++)
            if (!is_deaf_to(cohort, &passage, cohort->traces[i]->flow.spec.protocol, (uint8_t)ttl))
                count_at(cohort, &passage, i, (uint8_t)ttl, &here);
        if (here.silent >= 2 && here.silent < here.asked && chance_of(&here, &others) <= CHANCE_OF_LIMIT)
            tell_limit(cohort, (uint8_t)ttl, &here, out);
    }
}

/* --- flows of one spec --- */

/* How one flow fares. */
struct fate {
    uint8_t top, refused; /* as of a trace; 0: none */
    bool reached, forged; /* by the target's own answer; by one in its name */
    struct addr last;     /* who let its probe expire at `top` */
    const struct probe *shown;
    const struct reply *reply;
};

static struct fate fate_of(const struct facts *facts, unsigned flow)
{
    const struct trace *trace = facts->trace;
    struct fate fate = {0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe_answer(probe);
        if (probe->flow != flow || !reply)
            continue;
        if (reply->kind == REPLY_TIME_EXCEEDED && probe->ttl > fate.top) {
            fate.top = probe->ttl;
            fate.last = reply->from;
        }
        bool genuine = facts_is_genuine(facts, probe, reply);
        fate.reached = fate.reached || genuine;
        if (reply_reaches(trace, reply) && !genuine && !fate.forged) {
            fate.forged = true;
            fate.shown = probe;
            fate.reply = reply;
        }
        if (reply_refuses(trace, reply) && (!fate.refused || probe->ttl < fate.refused)) {
            fate.refused = probe->ttl;
            fate.shown = probe;
            fate.reply = reply;
        }
    }
    return fate;
}

/* Whether another answer shows that the silent probe could have been answered: routers, and a target that refuses by
 * ICMP, answer a few at once only. A router's answer to any probe right behind it does; at the target's hop only one to
 * the same spec. Connections and echoes are not limited so. */
static bool could_be_answered(const struct cohort *cohort, const struct trace *trace, const struct probe *silent)
{
    const nstime within =
        BACKED_WITHIN > BACKED_BY_SENDS * cohort->send_gap ? BACKED_WITHIN : BACKED_BY_SENDS * cohort->send_gap;
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *other = cohort->traces[i];
        for (const struct probe *p = trace_first_at(other, silent->ttl); p; p = trace_next_at(other, p)) {
            const struct reply *reply = probe_answer(p);
            bool near = p->sent >= silent->sent && p->sent - silent->sent <= within;
            bool direct = reply && other == trace && reply_reaches(trace, reply);
            if ((direct && (near || !reply->is_icmp || reply->kind == REPLY_ECHO)) ||
                (reply && near && reply->kind == REPLY_TIME_EXCEEDED))
                return true;
        }
    }
    return false;
}

/* Silences of a flow at a TTL that do not share their fate. */
static unsigned count_silences(const struct cohort *cohort, const struct trace *trace, unsigned flow, uint8_t ttl)
{
    unsigned count = 0;
    nstime last = NSTIME_NONE;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        if (p->flow != flow || !cohort_is_silent(cohort, p) || !could_be_answered(cohort, trace, p) ||
            (last != NSTIME_NONE && p->sent - last < INDEPENDENT_AFTER))
            continue;
        count++;
        last = p->sent;
    }
    return count;
}

/* Silences of the flow behind its last answer, if they are hardly by chance; else 0. */
static unsigned silences_of(const struct cohort *cohort, const struct passage *passage, const struct trace *trace,
                            unsigned flow, const struct fate *fate)
{
    struct tally others = count_behind(cohort, passage, fate->top);
    unsigned silent = 0;
    if (fate->reached || fate->refused || fate->forged)
        return 0;
    for (unsigned ttl = fate->top + 1U; ttl <= end_of_path(cohort); ttl++)
        silent += count_silences(cohort, trace, flow, (uint8_t)ttl);
    return compare_chance(others.asked, others.silent, silent) <= CHANCE_OF_PARTING ? silent : 0;
}

/* Whether so many silences of so many flows are none by chance, whichever flows and whichever spec they might have been
 * of. */
static bool are_stopped(const struct cohort *cohort, const struct passage *passage, const struct trace *trace,
                        unsigned flows, unsigned silences, uint8_t top)
{
    struct tally others = count_behind(cohort, passage, top);
    double chance = compare_chance(others.asked, others.silent, silences);
    return chance * exp(log_choose(trace->flow_count, flows)) * cohort->count <= CHANCE_OF_PARTING;
}

/* The flows that stopped, and those that got through. */
struct parting {
    unsigned stopped, passed;
    bool elsewhere;    /* not all stopped at one place */
    struct fate first; /* of those that stopped, and are placed if any is */
    unsigned first_flow;
};

static void tell_parting(const struct cohort *cohort, const struct trace *trace, const struct parting *parting,
                         struct judgement *out)
{
    char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
    const struct fate *fate = &parting->first;
    struct finding *finding = finding_add(out, "path-dependent", trace);
    if (!finding)
        return;
    if (fate->refused) {
        uint8_t hop = facts_hop_of(cohort, &fate->reply->from);
        finding->at = (struct place){.known = true, .ttl = hop ? hop : fate->refused, .address = fate->reply->from};
        finding_show(finding, fate->shown, fate->reply);
    } else if (fate->top) {
        if (fate->forged)
            finding_show(finding, fate->shown, fate->reply);
        finding->after = (struct place){.known = true, .ttl = fate->top, .address = fate->last};
    }
    finding_number(finding, "stopped", parting->stopped);
    finding_number(finding, "passed", parting->passed);
    finding_number(finding, "flows", trace->flow_count);
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *p = &trace->probes[i];
        if (p->flow == parting->first_flow && p->ttl >= fate->top)
            finding_show(finding, p, probe_answer(p));
        else if (probe_answer(p) && reply_reaches(trace, probe_answer(p)))
            finding_show(finding, p, probe_answer(p));
    }
    const struct place *shown = fate->refused ? &finding->at : &finding->after;
    const char *where = !shown->known ? "on the way" : fate->refused ? "at " : "after ";
    probe_spec_format(&trace->flow.spec, spec);
    snprintf(finding->text, sizeof finding->text,
             "%s fares by its way: of %u flows (source ports) %u stop%s %s%s%s, %u get through", spec,
             trace->flow_count, parting->stopped, parting->stopped == 1 ? "s" : "", where,
             shown->known ? place_format(shown, place) : "", parting->elsewhere ? " or elsewhere" : "",
             parting->passed);
}

/* As far as it was asked where it came to. */
static bool same_end(const struct fate *a, const struct fate *b)
{
    return !a->top || !b->top || (a->top == b->top && a->refused == b->refused && addr_equal(&a->last, &b->last));
}

static void note_stop(struct parting *parting, unsigned flow, const struct fate *fate)
{
    bool placed = parting->first.top || parting->first.refused;
    if (!parting->stopped++ || !placed) {
        parting->first = *fate;
        parting->first_flow = flow;
    } else if (!same_end(fate, &parting->first)) {
        parting->elsewhere = true;
    }
}

static void find_parting(const struct cohort *cohort, const struct passage *passage, const struct trace *trace,
                         struct judgement *out)
{
    struct parting parting = {0};
    struct facts facts;
    unsigned silences[UINT8_MAX + 1] = {0}, total = 0, flows = 0;
    uint8_t nearest = UINT8_MAX;
    facts_gather(cohort, trace, &facts);
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        struct fate fate = fate_of(&facts, flow);
        silences[flow] = silences_of(cohort, passage, trace, flow, &fate);
        flows += silences[flow] > 0;
        total += silences[flow];
        nearest = silences[flow] && fate.top < nearest ? fate.top : nearest;
    }
    bool by_silence = flows && are_stopped(cohort, passage, trace, flows, total, nearest);
    for (unsigned flow = 0; flow < trace->flow_count; flow++) {
        struct fate fate = fate_of(&facts, flow);
        bool stopped = (!fate.reached && (fate.refused || fate.forged)) || (by_silence && silences[flow]);
        parting.passed += fate.reached || (!stopped && fate.top == trace->top && trace->top);
        if (stopped)
            note_stop(&parting, flow, &fate);
    }
    if (parting.stopped && parting.passed)
        tell_parting(cohort, trace, &parting, out);
}

void find_path_dependence(const struct cohort *cohort, struct judgement *out)
{
    struct passage passage;
    passage_gather(cohort, &passage);
    for (unsigned i = 0; i < cohort->count; i++)
        if (cohort->traces[i]->flow_count > 1)
            find_parting(cohort, &passage, cohort->traces[i], out);
}

/* --- in the target's name --- */

void find_proxies(const struct cohort *cohort, struct judgement *out)
{
    (void)cohort;
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct verdict *verdict = &out->verdicts[i];
        char spec[PROBE_SPEC_TEXT_BYTES], place[PLACE_TEXT_BYTES];
        struct facts facts;
        if (verdict->state != VERDICT_INTERCEPTED)
            continue;
        facts_gather(cohort, verdict->trace, &facts);
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

static bool gets_through(const struct verdict *verdict)
{
    return verdict && (verdict->state == VERDICT_OPEN || verdict->state == VERDICT_CLOSED);
}

static bool is_stopped_on_the_way(const struct verdict *verdict)
{
    return verdict && (verdict->state == VERDICT_DROPPED || verdict->state == VERDICT_REJECTED);
}

/* An open port answers a lone ACK with a reset (RFC 9293 3.10.7.2): silence is a filter's, before the target or its
 * own. It leaves a lone FIN unanswered. Chance is judged by what the target answered to others. */
static bool is_kept_from_target(const struct cohort *cohort, const struct verdict *verdict)
{
    if (!verdict || verdict->state != VERDICT_UNANSWERED || verdict->trace->flow.spec.variant != VARIANT_ACK)
        return false;
    struct facts facts;
    struct tally others = {0};
    facts_gather(cohort, verdict->trace, &facts);
    for (unsigned i = 0; i < cohort->count; i++) {
        const struct trace *trace = cohort->traces[i];
        for (size_t n = 0; trace->reached_ttl && n < trace->probe_count; n++) {
            const struct probe *probe = &trace->probes[n];
            bool silent = cohort_is_silent(cohort, probe);
            if (probe->ttl < trace->reached_ttl || (!silent && !probe->reply_count))
                continue;
            others.asked++;
            others.silent += silent;
        }
    }
    return others.asked && compare_chance(others.asked, others.silent, facts.silent) <= 1 - cohort->claim;
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

void find_statefulness(const struct cohort *cohort, struct judgement *out)
{
    static const enum probe_variant others[] = {VARIANT_ACK, VARIANT_FIN};
    for (unsigned i = 0; i < out->verdict_count; i++) {
        const struct verdict *syn = &out->verdicts[i];
        const struct probe_spec *spec = &syn->trace->flow.spec;
        if (spec->protocol != IP_TCP || spec->variant != VARIANT_SYN)
            continue;
        for (unsigned k = 0; k < sizeof others / sizeof *others; k++) {
            const struct verdict *other = verdict_of(out, spec->port, others[k]);
            bool kept =
                is_stopped_on_the_way(other) || (syn->state == VERDICT_OPEN && is_kept_from_target(cohort, other));
            if (gets_through(syn) && kept)
                tell_state("stateful-firewall", syn, other, out);
            else if (is_stopped_on_the_way(syn) && gets_through(other))
                tell_state("stateless-firewall", other, syn, out);
            else
                continue;
            break;
        }
    }
}
