/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/advice/advice.h"

#include <string.h>

#include "probe/type.h"
#include "verdict/advice/flow_tickets.h"
#include "verdict/phrase.h"

/* --- which gets furthest --- */

/* The last router that shows progress: a loop leads nowhere. */
static uint8_t last_hop(const struct verdict *verdict, uint8_t loop)
{
    uint8_t last = verdict->trace->last_router_ttl;
    return loop && loop < last ? loop : last;
}

/* The least hop at which any spec enters a loop; 0: none does. */
static uint8_t find_loop(const struct judgement *judgement)
{
    uint8_t least = 0;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        uint8_t first = judgement->verdicts[i].trace->loop_first;
        least = first && (!least || first < least) ? first : least;
    }
    return least;
}

/* Higher is further. At the target, a probe with a port comes before an echo: it shows more about a service. */
static unsigned distance(const struct verdict *verdict, uint8_t loop)
{
    if (verdict->state == VERDICT_OPEN)
        return verdict->trace->flow.spec.type->has_port ? 1003 : 1002;
    return verdict->state == VERDICT_CLOSED ? 1001 : last_hop(verdict, loop);
}

static void add_command(struct strbuf *out, const struct session_config *config, const struct trace *trace)
{
    strbuf_addf(out, ": hopsonde -P %s ", SPEC_TEXT(trace));
    if (config->target_name[0])
        strbuf_add_escaped(out, config->target_name, strlen(config->target_name));
    else
        strbuf_add(out, ADDRESS_TEXT(&config->target));
}

static struct place place_of(const struct verdict *verdict, uint8_t ttl)
{
    return (struct place){.known = true, .ttl = ttl, .address = trace_router_address(verdict->trace, ttl)};
}

/* `alone`: no other spec gets there; `only`: there is no other spec. */
static void add_last_hop(struct strbuf *out, const struct verdict *verdict, uint8_t loop, bool alone, bool only)
{
    struct place place = place_of(verdict, last_hop(verdict, loop));
    strbuf_addf(out, "%s %s%s", SPEC_TEXT(verdict->trace),
                only    ? "gets to "
                : alone ? "gets furthest, to "
                        : "gets as far as any, to ",
                DEVICE_TEXT(&place));
}

static bool is_split(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_PATH_DEPENDENT)
            return true;
    return false;
}

void advice_furthest(const struct session_config *config, const struct judgement *judgement, struct strbuf *out)
{
    const struct verdict *best = NULL;
    unsigned reaching = 0, alike = 0;
    uint8_t loop = find_loop(judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        reaching += verdict_reaches(verdict);
        if (!best || distance(verdict, loop) > distance(best, loop))
            best = verdict;
    }
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        alike += distance(&judgement->verdicts[i], loop) == distance(best, loop);
    if (!best || !distance(best, loop))
        return;
    if (reaching == judgement->verdict_count && reaching > 1) {
        strbuf_add(out, is_split(judgement) ? "Every probe reaches the target, but not from every source port."
                                            : "Every probe reaches the target.");
        return;
    }
    if (verdict_reaches(best)) {
        strbuf_addf(out, "%s gets %sto the target", SPEC_TEXT(best->trace),
                    reaching == 1 && judgement->verdict_count > 1 ? "furthest, " : "");
    } else {
        add_last_hop(out, best, loop, alike == 1, judgement->verdict_count == 1);
    }
    add_command(out, config, best->trace);
}

/* --- tickets --- */

static bool is_no_route(enum verdict_how how)
{
    return how == HOW_NET_UNREACHABLE || how == HOW_HOST_UNREACHABLE;
}

/* Whether a device stops the spec, at a known place, and not for the size of its probes. */
static bool is_obstacle(const struct verdict *verdict)
{
    switch (verdict->state) {
    case VERDICT_DROPPED:
        return true;
    case VERDICT_REJECTED:
        return verdict->how && (verdict->at.known || verdict->after.known || verdict->before.known);
    case VERDICT_INTERCEPTED:
    case VERDICT_UNREACHABLE:
    case VERDICT_LOOPING:
        return verdict->at.known;
    default:
        return false;
    }
}

static bool stop_alike(const struct verdict *a, const struct verdict *b)
{
    return a->state == b->state && a->how == b->how && place_equal(&a->at, &b->at) &&
           place_equal(&a->after, &b->after) && place_equal(&a->before, &b->before);
}

/* Every stateful firewall stops an ACK or FIN outside a connection, as it should. That is worth a ticket only if the
 * SYN is stopped as well. */
static bool is_out_of_state(const struct judgement *judgement, const struct verdict *verdict)
{
    const struct probe_spec *spec = &verdict->trace->flow.spec;
    if (spec->variant != VARIANT_ACK && spec->variant != VARIANT_FIN)
        return false;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *other = &judgement->verdicts[i];
        const struct probe_spec *syn = &other->trace->flow.spec;
        if (syn->variant == VARIANT_SYN && syn->port == spec->port && stop_alike(other, verdict))
            return false;
    }
    return true;
}

/* The place of a hidden device: the last hop that answered, or between that and the next. */
static void add_range(struct strbuf *out, const struct session_config *config, const struct verdict *verdict)
{
    if (verdict->after.known)
        strbuf_addf(out, "at or after %s", DEVICE_TEXT(&verdict->after));
    else if (verdict->before.known)
        strbuf_addf(out, "at or before %s", DEVICE_TEXT(&verdict->before));
    else
        strbuf_addf(out, "of %s itself", ADDRESS_TEXT(&config->source));
}

static void add_request(struct strbuf *out, const struct session_config *config, const struct verdict *verdict)
{
    strbuf_add(out, "Please check the ");
    if (verdict->state == VERDICT_UNREACHABLE || verdict->state == VERDICT_LOOPING)
        strbuf_addf(out, "route to %s ", ADDRESS_TEXT(&config->target));
    else if (verdict->state == VERDICT_INTERCEPTED)
        strbuf_add(out, "proxy or filter ");
    else
        strbuf_add(out, is_no_route(verdict->how) ? "route or filter " : "filter ");
    if (verdict->at.known)
        strbuf_addf(out, "at %s", DEVICE_TEXT(&verdict->at));
    else
        add_range(out, config, verdict);
}

/* "UDP destination port 53 (source ports 41022-41025)", or the spec for probes without ports. */
static void add_service(struct strbuf *out, const struct trace *trace)
{
    unsigned least = trace->flow.source_port, most = least;
    for (size_t i = 0; trace->origin.source_port_varies && i < trace->probe_count; i++) {
        unsigned port = trace->probes[i].source_port;
        least = port < least ? port : least;
        most = port > most ? port : most;
    }
    phrase_add_service(out, trace);
    if (!trace->flow.spec.type->has_port)
        return;
    strbuf_addf(out, " (source port%s %u", phrase_plural(most - least + 1), least);
    if (most > least)
        strbuf_addf(out, "-%u", most);
    strbuf_add(out, ")");
}

/* What happens to the specs, one or several. */
static void add_end(struct strbuf *out, const struct verdict *verdict, bool several)
{
    const char *are = several ? "are" : "is";
    bool reset = verdict->how == HOW_TCP_RESET;
    switch (verdict->state) {
    case VERDICT_DROPPED:
        strbuf_addf(out, " %s dropped there", are);
        break;
    case VERDICT_INTERCEPTED:
        strbuf_addf(out, " %s answered there in the target's name", are);
        break;
    case VERDICT_UNREACHABLE:
        strbuf_addf(out, " ha%s no route there (%s)", several ? "ve" : "s", phrase_how(verdict->how, "unreachable"));
        break;
    case VERDICT_LOOPING:
        strbuf_addf(out, " loop%s from there on", several ? "" : "s");
        break;
    default:
        strbuf_addf(out, " %s rejected there (%s%s)", are, phrase_how(verdict->how, "ICMP"),
                    reset && !verdict->at.known ? " in the target's name" : "");
    }
}

/* The least TTL at which a reply shows that a spec has passed the place. */
static unsigned beyond(const struct verdict *verdict)
{
    if (verdict->before.known && verdict->before.ttl)
        return verdict->before.ttl;
    return (verdict->at.known ? verdict->at.ttl : verdict->after.ttl) + 1U;
}

static void add_contrast(struct strbuf *out, const struct judgement *judgement, const struct verdict *verdict)
{
    const struct verdict *best = NULL;
    uint8_t loop = find_loop(judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *other = &judgement->verdicts[i];
        bool passes = verdict_reaches(other) || last_hop(other, loop) >= beyond(verdict);
        if (passes && !stop_alike(other, verdict) && (!best || distance(other, loop) > distance(best, loop)))
            best = other;
    }
    if (!best)
        return;
    struct place place = place_of(best, last_hop(best, loop));
    if (verdict_reaches(best))
        strbuf_addf(out, ", while %s reaches the target", SPEC_TEXT(best->trace));
    else
        strbuf_addf(out, ", while %s gets to %s", SPEC_TEXT(best->trace), DEVICE_TEXT(&place));
}

/* Verdicts that stop alike, in their order. */
struct group {
    const struct verdict *members[SPECS_MOST];
    unsigned count;
    nstime from, to;
};

static void gather(const struct judgement *judgement, unsigned first, struct group *out)
{
    *out = (struct group){.from = NSTIME_NEVER, .to = NSTIME_NONE};
    for (unsigned i = first; i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        if (!stop_alike(verdict, &judgement->verdicts[first]) || is_out_of_state(judgement, verdict))
            continue;
        out->members[out->count++] = verdict;
        phrase_stretch(verdict->trace, &out->from, &out->to);
    }
}

static void add_ticket(struct strbuf *out, const struct session_config *config, const struct judgement *judgement,
                       const struct group *group)
{
    add_request(out, config, group->members[0]);
    strbuf_add(out, ": ");
    for (unsigned i = 0; i < group->count; i++) {
        if (i)
            strbuf_add(out, i + 1 < group->count ? ", " : " and ");
        add_service(out, group->members[i]->trace);
    }
    strbuf_addf(out, " from %s to %s", ADDRESS_TEXT(&config->source), ADDRESS_TEXT(&config->target));
    add_end(out, group->members[0], group->count > 1);
    add_contrast(out, judgement, group->members[0]);
    if (group->from <= group->to)
        phrase_add_times(out, group->from, group->to);
    strbuf_add(out, ".\n");
}

static bool is_told(const struct judgement *judgement, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (stop_alike(&judgement->verdicts[i], &judgement->verdicts[index]) &&
            !is_out_of_state(judgement, &judgement->verdicts[i]))
            return true;
    return false;
}

void advice_tickets(const struct session_config *config, const struct judgement *judgement, struct strbuf *out)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        struct group group;
        const struct verdict *verdict = &judgement->verdicts[i];
        if (!is_obstacle(verdict) || is_out_of_state(judgement, verdict) || is_told(judgement, i))
            continue;
        gather(judgement, i, &group);
        add_ticket(out, config, judgement, &group);
    }
    flow_tickets_add(out, config, judgement);
}
