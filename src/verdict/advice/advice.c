/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/advice/advice.h"

#include <string.h>

#include "probe/type.h"
#include "verdict/phrase.h"

/* --- which gets furthest --- */

/* The last router that says how far it got: the rounds of a circle lead nowhere. */
static uint8_t last_hop(const struct verdict *verdict, uint8_t circle)
{
    uint8_t top = verdict->trace->last_router_ttl;
    return circle && circle < top ? circle : top;
}

/* The least hop at which any spec enters a circle; 0: none does. */
static uint8_t find_circle(const struct judgement *judgement)
{
    uint8_t least = 0;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        uint8_t first = judgement->verdicts[i].trace->loop_first;
        least = first && (!least || first < least) ? first : least;
    }
    return least;
}

/* The higher the further; what has a port says more of the way for a service than an echo. */
static unsigned distance(const struct verdict *verdict, uint8_t circle)
{
    if (verdict->state == VERDICT_OPEN)
        return verdict->trace->flow.spec.type->has_port ? 1003 : 1002;
    return verdict->state == VERDICT_CLOSED ? 1001 : last_hop(verdict, circle);
}

static void add_command(struct strbuf *out, const struct session_config *config, const struct trace *trace)
{
    strbuf_add(out, ": hopsonde -P ");
    phrase_add_spec(out, trace);
    strbuf_add(out, " ");
    if (config->target_name[0])
        strbuf_add_escaped(out, config->target_name, strlen(config->target_name));
    else
        phrase_add_address(out, &config->target);
}

static struct place place_of(const struct verdict *verdict, uint8_t ttl)
{
    return (struct place){.known = true, .ttl = ttl, .address = trace_router_address(verdict->trace, ttl)};
}

/* `alone`: no other gets there; `only`: there is no other. */
static void add_last_hop(struct strbuf *out, const struct verdict *verdict, uint8_t circle, bool alone, bool only)
{
    struct place place = place_of(verdict, last_hop(verdict, circle));
    phrase_add_spec(out, verdict->trace);
    strbuf_add(out, only ? " gets to " : alone ? " gets furthest, to " : " gets as far as any, to ");
    phrase_add_place(out, &place);
}

static bool is_split(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (strcmp(judgement->findings[i].kind, "path-dependent") == 0)
            return true;
    return false;
}

void advice_furthest(const struct session_config *config, const struct judgement *judgement, struct strbuf *out)
{
    const struct verdict *best = NULL;
    unsigned reaching = 0, alike = 0;
    uint8_t circle = find_circle(judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        reaching += verdict_reaches(verdict);
        if (!best || distance(verdict, circle) > distance(best, circle))
            best = verdict;
    }
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        alike += distance(&judgement->verdicts[i], circle) == distance(best, circle);
    if (!best || !distance(best, circle))
        return;
    if (reaching == judgement->verdict_count && reaching > 1) {
        strbuf_add(out, is_split(judgement) ? "Every probe gets to the target, but not from every source port."
                                            : "Every probe gets to the target.");
        return;
    }
    if (verdict_reaches(best)) {
        phrase_add_spec(out, best->trace);
        strbuf_addf(out, " gets %sto the target", reaching == 1 && judgement->verdict_count > 1 ? "furthest, " : "");
    } else {
        add_last_hop(out, best, circle, alike == 1, judgement->verdict_count == 1);
    }
    add_command(out, config, best->trace);
}

/* --- tickets --- */

static bool is_no_route(const char *how)
{
    return strcmp(how, "net-unreachable") == 0 || strcmp(how, "host-unreachable") == 0;
}

/* Whether it says that something is in the way, and leaves nobody in doubt that this is not the probe's own size. */
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

static bool same_how(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool fares_alike(const struct verdict *a, const struct verdict *b)
{
    return a->state == b->state && same_how(a->how, b->how) && place_equal(&a->at, &b->at) &&
           place_equal(&a->after, &b->after) && place_equal(&a->before, &b->before);
}

/* An ACK or FIN that belongs to no connection is stopped by every stateful firewall, as it should be: that is nothing
 * to complain of, unless the SYN fares like it. */
static bool is_out_of_state(const struct judgement *judgement, const struct verdict *verdict)
{
    const struct probe_spec *spec = &verdict->trace->flow.spec;
    if (spec->variant != VARIANT_ACK && spec->variant != VARIANT_FIN)
        return false;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *other = &judgement->verdicts[i];
        const struct probe_spec *syn = &other->trace->flow.spec;
        if (syn->variant == VARIANT_SYN && syn->port == spec->port && fares_alike(other, verdict))
            return false;
    }
    return true;
}

/* A device that does not show itself: at the last hop that answered, or between it and the next. */
static void add_bracket(struct strbuf *out, const struct session_config *config, const struct verdict *verdict)
{
    if (verdict->after.known) {
        strbuf_add(out, "at or behind ");
        phrase_add_place(out, &verdict->after);
    } else if (verdict->before.known) {
        strbuf_add(out, "at or before ");
        phrase_add_place(out, &verdict->before);
    } else {
        strbuf_add(out, "of ");
        phrase_add_address(out, &config->source);
        strbuf_add(out, " itself");
    }
}

static void add_request(struct strbuf *out, const struct session_config *config, const struct verdict *verdict)
{
    bool no_route = verdict->how && is_no_route(verdict->how);
    strbuf_add(out, "Please check the ");
    if (verdict->state == VERDICT_UNREACHABLE || verdict->state == VERDICT_LOOPING) {
        strbuf_add(out, "route to ");
        phrase_add_address(out, &config->target);
    } else if (verdict->state == VERDICT_INTERCEPTED) {
        strbuf_add(out, "proxy or filter");
    } else {
        strbuf_add(out, no_route ? "route or filter" : "filter");
    }
    strbuf_add(out, " ");
    if (!verdict->at.known) {
        add_bracket(out, config, verdict);
        return;
    }
    strbuf_add(out, "at ");
    phrase_add_place(out, &verdict->at);
}

/* "41022 > 443": source ports and the target's. */
static void add_ports(struct strbuf *out, const struct trace *trace)
{
    unsigned least = trace->flow.source_port, most = least;
    for (size_t i = 0; trace->origin.source_port_varies && i < trace->probe_count; i++) {
        unsigned port = trace->probes[i].source_port;
        least = port < least ? port : least;
        most = port > most ? port : most;
    }
    if (!trace->flow.spec.type->has_port)
        return;
    strbuf_addf(out, " (port %u", least);
    if (most > least)
        strbuf_addf(out, "-%u", most);
    strbuf_addf(out, " > %u)", trace->flow.spec.port);
}

/* What they fare like, for one and for several. */
static void add_fate(struct strbuf *out, const struct verdict *verdict, bool several)
{
    const char *are = several ? "are" : "is";
    bool reset = verdict->how && strcmp(verdict->how, "tcp-reset") == 0;
    switch (verdict->state) {
    case VERDICT_DROPPED:
        strbuf_addf(out, " %s dropped there", are);
        break;
    case VERDICT_INTERCEPTED:
        strbuf_addf(out, " %s answered there in the target's name", are);
        break;
    case VERDICT_UNREACHABLE:
        strbuf_addf(out, " find%s no way there (%s)", several ? "" : "s", verdict->how ? verdict->how : "unreachable");
        break;
    case VERDICT_LOOPING:
        strbuf_addf(out, " go%s round in a circle from there on", several ? "" : "es");
        break;
    default:
        strbuf_addf(out, " %s rejected there (%s%s)", are, verdict->how,
                    reset && !verdict->at.known ? " in the target's name" : "");
    }
}

/* The least TTL that shows that a spec has passed the place. */
static unsigned beyond(const struct verdict *verdict)
{
    if (verdict->before.known && verdict->before.ttl)
        return verdict->before.ttl;
    return (verdict->at.known ? verdict->at.ttl : verdict->after.ttl) + 1U;
}

static void add_contrast(struct strbuf *out, const struct judgement *judgement, const struct verdict *verdict)
{
    const struct verdict *best = NULL;
    uint8_t circle = find_circle(judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *other = &judgement->verdicts[i];
        bool passes = verdict_reaches(other) || last_hop(other, circle) >= beyond(verdict);
        if (passes && !fares_alike(other, verdict) && (!best || distance(other, circle) > distance(best, circle)))
            best = other;
    }
    if (!best)
        return;
    strbuf_add(out, ", while ");
    phrase_add_spec(out, best->trace);
    if (verdict_reaches(best)) {
        strbuf_add(out, " reaches the target");
        return;
    }
    struct place place = place_of(best, last_hop(best, circle));
    strbuf_add(out, " goes on to ");
    phrase_add_place(out, &place);
}

/* Those that fare like the one at `first`, in their order. */
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
        if (!fares_alike(verdict, &judgement->verdicts[first]) || is_out_of_state(judgement, verdict))
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
        phrase_add_spec(out, group->members[i]->trace);
        add_ports(out, group->members[i]->trace);
    }
    strbuf_add(out, " from ");
    phrase_add_address(out, &config->source);
    strbuf_add(out, " to ");
    phrase_add_address(out, &config->target);
    add_fate(out, group->members[0], group->count > 1);
    add_contrast(out, judgement, group->members[0]);
    if (group->from <= group->to)
        phrase_add_times(out, group->from, group->to);
    strbuf_add(out, ".\n");
}

static bool is_told(const struct judgement *judgement, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (fares_alike(&judgement->verdicts[i], &judgement->verdicts[index]) &&
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
