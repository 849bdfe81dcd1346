/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/advice/advice.h"

#include <string.h>

#include "probe/type.h"
#include "verdict/advice/flow_tickets.h"
#include "verdict/words/phrase.h"

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

static void add_target(struct strbuf *out, const char *target_name, const struct trace *trace)
{
    if (target_name)
        strbuf_add_escaped(out, target_name, strlen(target_name));
    else
        strbuf_add(out, ADDRESS_TEXT(&trace->flow.target));
}

static void add_command(struct strbuf *out, const char *target_name, const struct trace *trace)
{
    strbuf_addf(out, "hopsonde -P %s ", SPEC_TEXT(trace));
    add_target(out, target_name, trace);
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

static const struct verdict *find_furthest(const struct judgement *judgement, uint8_t loop)
{
    const struct verdict *best = NULL;
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        if (!verdict->trace->is_control && !trace_is_idle(verdict->trace) &&
            (!best || distance(verdict, loop) > distance(best, loop)))
            best = verdict;
    }
    return best && distance(best, loop) ? best : NULL;
}

static unsigned count_reaching(const struct judgement *judgement)
{
    unsigned reaching = 0;
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        reaching += verdict_reaches(&judgement->verdicts[i]);
    return reaching;
}

bool advice_is_to_compare(const struct judgement *judgement)
{
    const struct verdict *only = &judgement->verdicts[0];
    return judgement->verdict_count == 1 && only->trace->end != END_INTERRUPTED &&
           (only->state == VERDICT_UNANSWERED ||
            (only->state == VERDICT_INCONCLUSIVE && only->trace->most_ttl > only->trace->last_router_ttl));
}

/* A diagnosis adds icmp to the probes that are named. */
static void advise_comparison(struct advice *out, const char *target_name, const struct trace *trace)
{
    bool is_icmp = trace->flow.spec.protocol == IP_ICMP || trace->flow.spec.protocol == IP_ICMP6;
    strbuf_clear(&out->text);
    strbuf_addf(&out->text, "Only %s was probed; diagnose compares it with %s", SPEC_TEXT(trace),
                is_icmp ? "other protocols" : "icmp");
    strbuf_add(&out->compare, "hopsonde diagnose ");
    add_target(&out->compare, target_name, trace);
    if (!is_icmp)
        strbuf_addf(&out->compare, " %s", SPEC_TEXT(trace));
}

static void fill_advice(struct advice *out, const char *target_name, const struct judgement *judgement)
{
    unsigned reaching = count_reaching(judgement), alike = 0;
    uint8_t loop = find_loop(judgement);
    const struct verdict *best = find_furthest(judgement, loop);
    if (!best)
        return;
    if (reaching == judgement->verdict_count && reaching > 1) {
        strbuf_add(&out->text, is_split(judgement) ? "Every probe reaches the target, but not from every source port."
                                                   : "Every probe reaches the target.");
        return;
    }
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        alike += distance(&judgement->verdicts[i], loop) == distance(best, loop);
    if (verdict_reaches(best))
        strbuf_addf(&out->text, "%s gets %sto the target", SPEC_TEXT(best->trace),
                    reaching == 1 && judgement->verdict_count > 1 ? "furthest, " : "");
    else
        add_last_hop(&out->text, best, loop, alike == 1, judgement->verdict_count == 1);
    out->trace = best->trace;
    add_command(&out->command, target_name, best->trace);
}

void advice_init(struct advice *advice, const char *target_name, const struct judgement *judgement)
{
    advice->trace = NULL;
    strbuf_init(&advice->text);
    strbuf_init(&advice->command);
    strbuf_init(&advice->compare);
    fill_advice(advice, target_name, judgement);
    if (advice_is_to_compare(judgement))
        advise_comparison(advice, target_name, judgement->verdicts[0].trace);
}

void advice_free(struct advice *advice)
{
    strbuf_free(&advice->text);
    strbuf_free(&advice->command);
    strbuf_free(&advice->compare);
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

/* What silences count as a stop. */
struct terms {
    const struct judgement *judgement;
    bool (*is_named)(const struct trace *trace, const void *of);
    const void *of;
    bool reaches; /* a spec reaches the target */
};

/* The target, or a filter before it. Most hosts leave out some ports, so it counts only where it was asked for. */
static bool is_silence_that_counts(const struct terms *terms, const struct verdict *verdict)
{
    return verdict->state == VERDICT_UNANSWERED && verdict->after.known &&
           (!terms->reaches || (terms->is_named && terms->is_named(verdict->trace, terms->of)));
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
static void add_range(struct strbuf *out, const struct verdict *verdict)
{
    const struct flow *flow = &verdict->trace->flow;
    if (verdict->how == HOW_REPLY_LOST)
        strbuf_addf(out, "on the way back from %s to %s", ADDRESS_TEXT(&flow->target), ADDRESS_TEXT(&flow->source));
    else if (verdict->state == VERDICT_UNANSWERED)
        strbuf_addf(out, "at %s or at %s itself", DEVICE_TEXT(&verdict->after), ADDRESS_TEXT(&flow->target));
    else if (verdict->after.known)
        strbuf_addf(out, "at %s or the next device", DEVICE_TEXT(&verdict->after));
    else if (verdict->before.known)
        strbuf_addf(out, "at %s or a device before it", DEVICE_TEXT(&verdict->before));
    else
        strbuf_addf(out, "of %s itself", ADDRESS_TEXT(&flow->source));
}

static void add_request(struct strbuf *out, const struct verdict *verdict)
{
    strbuf_add(out, "Please check the ");
    if (verdict->state == VERDICT_UNREACHABLE || verdict->state == VERDICT_LOOPING)
        strbuf_addf(out, "route to %s ", ADDRESS_TEXT(&verdict->trace->flow.target));
    else if (verdict->state == VERDICT_INTERCEPTED)
        strbuf_add(out, "proxy or filter ");
    else
        strbuf_add(out, is_no_route(verdict->how) ? "route or filter " : "filter ");
    if (verdict->at.known)
        strbuf_addf(out, "at %s", DEVICE_TEXT(&verdict->at));
    else
        add_range(out, verdict);
}

/* "UDP destination port 53 (source ports 41022-41025)", or the spec for probes without ports. */
static void add_service(struct strbuf *out, const struct trace *trace)
{
    phrase_add_service(out, trace);
    if (!trace->flow.spec.type->has_port)
        return;
    phrase_add_ports(out, " (source", trace, false);
    strbuf_add(out, ")");
}

/* What happens to the specs, one or several. */
static void add_end(struct strbuf *out, const struct verdict *verdict, bool several)
{
    const char *are = several ? "are" : "is";
    bool reset = verdict->how == HOW_TCP_RESET;
    switch (verdict->state) {
    case VERDICT_DROPPED:
        if (verdict->how == HOW_REPLY_LOST)
            strbuf_addf(out, " reach%s the other end, and the replies are dropped there", several ? "" : "es");
        else
            strbuf_addf(out, " %s dropped there", are);
        break;
    case VERDICT_UNANSWERED:
        strbuf_addf(out, " get%s no reply", several ? "" : "s");
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

/* The control differs in the name alone, so no other spec is as good a contrast. */
static bool is_control_of(const struct trace *control, const struct trace *trace)
{
    return control->is_control && !trace->is_control && trace->flow.spec.name &&
           probe_spec_same_but_name(&control->flow.spec, &trace->flow.spec);
}

static void add_contrast(struct strbuf *out, const struct judgement *judgement, const struct verdict *verdict)
{
    const struct verdict *best = NULL;
    uint8_t loop = find_loop(judgement);
    bool is_control = false;
    for (unsigned i = 0; i < judgement->verdict_count && !is_control; i++) {
        const struct verdict *other = &judgement->verdicts[i];
        bool passes = verdict_reaches(other) || last_hop(other, loop) >= beyond(verdict);
        if (!passes || stop_alike(other, verdict))
            continue;
        is_control = is_control_of(other->trace, verdict->trace);
        if (!best || is_control || distance(other, loop) > distance(best, loop))
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

static bool is_stopped(const struct terms *terms, const struct verdict *verdict)
{
    return (is_obstacle(verdict) || is_silence_that_counts(terms, verdict)) &&
           !is_out_of_state(terms->judgement, verdict);
}

/* Adds the verdicts that are stopped like the first, in their order, and the times of their probes. */
static void gather(const struct terms *terms, const struct verdict *first, struct ticket *out, nstime *from, nstime *to)
{
    for (unsigned i = 0; i < terms->judgement->verdict_count; i++) {
        const struct verdict *verdict = &terms->judgement->verdicts[i];
        if (!stop_alike(verdict, first) || !is_stopped(terms, verdict))
            continue;
        out->traces[out->count++] = verdict->trace;
        phrase_stretch(verdict->trace, from, to);
    }
}

static void write_ticket(const struct terms *terms, const struct verdict *verdict, struct ticket *out)
{
    const struct flow *flow = &verdict->trace->flow;
    nstime from = NSTIME_NEVER, to = NSTIME_NONE;
    gather(terms, verdict, out, &from, &to);
    add_request(&out->text, verdict);
    strbuf_add(&out->text, ": ");
    for (unsigned i = 0; i < out->count; i++) {
        if (i)
            strbuf_add(&out->text, i + 1 < out->count ? ", " : " and ");
        add_service(&out->text, out->traces[i]);
    }
    strbuf_addf(&out->text, " from %s to %s", ADDRESS_TEXT(&flow->source), ADDRESS_TEXT(&flow->target));
    add_end(&out->text, verdict, out->count > 1);
    add_contrast(&out->text, terms->judgement, verdict);
    if (from <= to)
        phrase_add_times(&out->text, from, to);
    strbuf_add(&out->text, ".");
}

static bool is_told(const struct terms *terms, unsigned index)
{
    const struct verdict *verdicts = terms->judgement->verdicts;
    for (unsigned i = 0; i < index; i++)
        if (stop_alike(&verdicts[i], &verdicts[index]) && is_stopped(terms, &verdicts[i]))
            return true;
    return false;
}

void advice_tickets(const struct judgement *judgement, bool (*is_named)(const struct trace *trace, const void *of),
                    const void *of, ticket_sink *sink, void *context)
{
    const struct terms terms = {judgement, is_named, of, count_reaching(judgement) > 0};
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        if (!is_stopped(&terms, verdict) || is_told(&terms, i))
            continue;
        struct ticket ticket = {.at = verdict->at, .after = verdict->after};
        strbuf_init(&ticket.text);
        write_ticket(&terms, verdict, &ticket);
        sink(context, &ticket);
        strbuf_free(&ticket.text);
    }
    flow_tickets_add(judgement, sink, context);
}
