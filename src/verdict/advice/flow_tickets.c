/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/advice/flow_tickets.h"

#include "probe/type.h"
#include "verdict/findings/finding.h"
#include "verdict/words/phrase.h"

static bool is_split(const struct finding *finding)
{
    return finding->kind == FINDING_PATH_DEPENDENT && finding->trace;
}

static unsigned number_of(const struct finding *finding, const char *name)
{
    const struct finding_detail *detail = finding_detail(finding, name);
    return detail ? (unsigned)detail->number : 0;
}

static bool stop_alike(const struct finding *a, const struct finding *b)
{
    return is_split(a) && is_split(b) && place_equal(&a->at, &b->at) && place_equal(&a->after, &b->after);
}

/* A stateful firewall stops segments outside a connection, as it should, and not every path has one. That is worth a
 * ticket only if the SYN is stopped as well. */
static bool is_out_of_state(const struct judgement *judgement, const struct finding *finding)
{
    const struct probe_spec *spec = &finding->trace->flow.spec;
    if (spec->variant != VARIANT_ACK && spec->variant != VARIANT_FIN)
        return false;
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *other = &judgement->findings[i];
        if (stop_alike(other, finding) && other->trace->flow.spec.variant == VARIANT_SYN &&
            other->trace->flow.spec.port == spec->port)
            return false;
    }
    return true;
}

static bool is_told(const struct judgement *judgement, const struct finding *finding)
{
    for (const struct finding *before = judgement->findings; before < finding; before++)
        if (stop_alike(before, finding) && !is_out_of_state(judgement, before))
            return true;
    return false;
}

static void add_request(struct strbuf *out, const struct finding *finding)
{
    const struct flow *flow = &finding->trace->flow;
    strbuf_add(out, "Please check the filters ");
    if (finding->at.known)
        strbuf_addf(out, "at %s, ", DEVICE_TEXT(&finding->at));
    else if (finding->after.known)
        strbuf_addf(out, "at %s or the next device, ", DEVICE_TEXT(&finding->after));
    strbuf_addf(out, "on one of several balanced paths: from %s to %s", ADDRESS_TEXT(&flow->source),
                ADDRESS_TEXT(&flow->target));
}

/* "TCP destination port 443 is stopped there from 9 of 12 source ports (41022 is one)"; shorter after the first. */
static void add_share(struct strbuf *out, const struct finding *finding, bool first)
{
    bool has_port = finding->trace->flow.spec.type->has_port;
    const char *there = number_of(finding, "elsewhere") ? " is stopped there or elsewhere" : " is stopped there";
    phrase_add_service(out, finding->trace);
    strbuf_addf(out, "%s %s %u of %u", first ? there : "", has_port ? "from" : "on", number_of(finding, "stopped"),
                number_of(finding, "flows"));
    if (has_port)
        strbuf_addf(out, "%s (%u%s)", first ? " source ports" : "", number_of(finding, "source_port"),
                    first ? " is one" : "");
    else if (first)
        strbuf_add(out, " flows");
}

static void write_ticket(const struct judgement *judgement, const struct finding *finding, struct ticket *out)
{
    nstime from = NSTIME_NEVER, to = NSTIME_NONE;
    const struct finding *end = &judgement->findings[judgement->finding_count];
    add_request(&out->text, finding);
    for (const struct finding *other = finding; other < end && out->count < SPECS_MOST; other++) {
        if (!stop_alike(other, finding) || is_out_of_state(judgement, other))
            continue;
        strbuf_add(&out->text, ", ");
        add_share(&out->text, other, other == finding);
        out->traces[out->count++] = other->trace;
        phrase_stretch(other->trace, &from, &to);
    }
    strbuf_add(&out->text, ", while others get through");
    if (from <= to)
        phrase_add_times(&out->text, from, to);
    strbuf_add(&out->text, ".");
}

void flow_tickets_add(const struct judgement *judgement, ticket_sink *sink, void *context)
{
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        if (!is_split(finding) || is_out_of_state(judgement, finding) || is_told(judgement, finding))
            continue;
        struct ticket ticket = {.at = finding->at, .after = finding->after};
        strbuf_init(&ticket.text);
        write_ticket(judgement, finding, &ticket);
        sink(context, &ticket);
        strbuf_free(&ticket.text);
    }
}
