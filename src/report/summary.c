/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/summary.h"

#include <stdlib.h>
#include <string.h>

const char *summary_spec(struct spec_text *known, const struct probe_spec *spec)
{
    if (!known->spec.type || !probe_spec_equal(&known->spec, spec)) {
        known->spec = *spec;
        probe_spec_format(spec, known->text);
    }
    return known->text;
}

const struct trace **summary_traces(const struct session *session, size_t *count)
{
    *count = 0;
    unsigned total = session_trace_count(session);
    const struct trace **traces = malloc((total + 1) * sizeof *traces);
    for (unsigned i = 0; traces && i < total; i++) {
        const struct trace *trace = session_trace(session, i);
        if (!trace->started)
            continue;
        size_t place = (*count)++;
        for (; place > 0 && traces[place - 1]->first_sent > trace->first_sent; place--)
            traces[place] = traces[place - 1];
        traces[place] = trace;
    }
    return traces;
}

unsigned summary_trace_number(const struct session *session, const struct trace *trace)
{
    unsigned number = 0;
    bool passed = false; /* those of equal time stand in the order of the chain */
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *other = session_trace(session, i);
        passed = passed || other == trace;
        if (!other->started || other == trace)
            continue;
        number += other->first_sent < trace->first_sent || (other->first_sent == trace->first_sent && !passed);
    }
    return number;
}

/* An address literal may bear a zone, which the address itself does not know. */
static bool is_literal(const char *name)
{
    char text[ADDR_TEXT_BYTES];
    struct addr ignored;
    size_t length = strcspn(name, "%");
    if (length >= sizeof text)
        return false;
    memcpy(text, name, length);
    text[length] = '\0';
    return addr_parse(text, &ignored);
}

const char *summary_target_name(const struct session_config *config)
{
    return config->target_name[0] && !is_literal(config->target_name) ? config->target_name : NULL;
}

unsigned summary_probes_sent(const struct trace *trace)
{
    unsigned sent = trace->origin.foreign ? trace->sent_count : 0;
    for (size_t i = 0; !trace->origin.foreign && i < trace->probe_count; i++)
        sent += trace->probes[i].state != PROBE_REFUSED;
    return sent;
}

nstime summary_duration(const struct trace *trace)
{
    nstime last = trace->last_sent > trace->last_seen ? trace->last_sent : trace->last_seen;
    for (size_t i = 0; i < trace->probe_count; i++)
        last = trace->probes[i].sent > last ? trace->probes[i].sent : last;
    return trace->first_sent != NSTIME_NONE && last > trace->first_sent ? last - trace->first_sent : 0;
}

void summary_add_file_name(struct strbuf *text, const char *name)
{
    if (strcmp(name, "-") == 0)
        strbuf_add(text, "standard input");
    else
        strbuf_add_escaped(text, name, strlen(name));
}

bool summary_file(const struct probe *probe, unsigned *file)
{
    *file = probe->file;
    for (unsigned i = 0; !probe->frame && i < probe->reply_count; i++)
        if (probe->replies[i].frame) {
            *file = probe->replies[i].file;
            return true;
        }
    return probe->frame != 0;
}

bool summary_error_has_port(const struct other_error *error)
{
    return error->has_ports && error->protocol != IP_ICMP && error->protocol != IP_ICMP6;
}
