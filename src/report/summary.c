/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/summary.h"

#include <string.h>

const char *summary_spec(struct spec_text *cache, const struct probe_spec *spec)
{
    if (!cache->spec.type || !probe_spec_equal(&cache->spec, spec)) {
        cache->spec = *spec;
        probe_spec_format(spec, cache->text);
    }
    return cache->text;
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

void summary_add_endpoint(struct strbuf *text, const struct addr *address, bool has_port, uint16_t port)
{
    char plain[ADDR_TEXT_BYTES];
    addr_format(address, plain);
    if (!has_port)
        strbuf_add(text, plain);
    else
        strbuf_addf(text, address->family == 6 ? "[%s]:%u" : "%s:%u", plain, port);
}

void summary_add_file_name(struct strbuf *text, const char *name)
{
    if (strcmp(name, "-") == 0)
        strbuf_add(text, "standard input");
    else
        strbuf_add_foreign(text, name);
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
    return error->has_ports;
}

bool summary_add_cut_files(struct strbuf *text, const struct result_source *source)
{
    bool any = false;
    for (unsigned i = 0; !source->live && i < source->file_count; i++) {
        if (!source->files[i].truncated)
            continue;
        summary_add_file_name(text, source->files[i].name);
        strbuf_add(text, " is cut short: the report covers only what came before the cut\n");
        any = true;
    }
    return any;
}
