/* SPDX-License-Identifier: BSD-2-Clause */
/* splits: tickets for specs that are stopped on some of their ways only. */
#include <string.h>

#include "probe/type.h"
#include "verdict/phrase.h"

static bool is_split(const struct finding *finding)
{
    return strcmp(finding->kind, "path-dependent") == 0 && finding->trace;
}

static unsigned number_of(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < sizeof finding->detail / sizeof *finding->detail && finding->detail[i].name; i++)
        if (strcmp(finding->detail[i].name, name) == 0)
            return (unsigned)finding->detail[i].number;
    return 0;
}

static bool stop_alike(const struct finding *a, const struct finding *b)
{
    return is_split(a) && is_split(b) && place_equal(&a->at, &b->at) && place_equal(&a->after, &b->after);
}

/* What belongs to no connection is stopped by a stateful firewall, as it should be, and not every way has one; where
 * the SYN fares like it there is more to it. */
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

static void add_request(struct strbuf *out, const struct session_config *config, const struct finding *finding)
{
    strbuf_add(out, "Please check the filters ");
    if (finding->at.known || finding->after.known) {
        strbuf_add(out, finding->at.known ? "at " : "at or behind ");
        phrase_add_place(out, finding->at.known ? &finding->at : &finding->after);
        strbuf_add(out, ", on one of several ways: from ");
    } else {
        strbuf_add(out, "on one of several ways: from ");
    }
    phrase_add_address(out, &config->source);
    strbuf_add(out, " to ");
    phrase_add_address(out, &config->target);
}

/* "tcp/443 is stopped from 9 of 12 source ports (41022 > 443 is one)". */
static void add_share(struct strbuf *out, const struct finding *finding, bool first)
{
    bool has_port = finding->trace->flow.spec.type->has_port;
    const char *there = number_of(finding, "elsewhere") ? " is stopped there or elsewhere" : " is stopped there";
    phrase_add_spec(out, finding->trace);
    strbuf_addf(out, "%s %s %u of %u", first ? there : "", has_port ? "from" : "on", number_of(finding, "stopped"),
                number_of(finding, "flows"));
    if (has_port)
        strbuf_addf(out, "%s (%u > %u%s)", first ? " source ports" : "", number_of(finding, "source_port"),
                    finding->trace->flow.spec.port, first ? " is one" : "");
    else if (first)
        strbuf_add(out, " flows");
}

static void add_ticket(struct strbuf *out, const struct session_config *config, const struct judgement *judgement,
                       const struct finding *finding)
{
    nstime from = NSTIME_NEVER, to = NSTIME_NONE;
    const struct finding *end = &judgement->findings[judgement->finding_count];
    add_request(out, config, finding);
    for (const struct finding *other = finding; other < end; other++) {
        if (!stop_alike(other, finding) || is_out_of_state(judgement, other))
            continue;
        strbuf_add(out, ", ");
        add_share(out, other, other == finding);
        phrase_stretch(other->trace, &from, &to);
    }
    strbuf_add(out, ", while others get through");
    if (from <= to)
        phrase_add_times(out, from, to);
    strbuf_add(out, ".\n");
}

void flow_tickets_add(struct strbuf *out, const struct session_config *config, const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        if (is_split(finding) && !is_out_of_state(judgement, finding) && !is_told(judgement, finding))
            add_ticket(out, config, judgement, finding);
    }
}
