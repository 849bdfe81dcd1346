/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/trace_heading.h"

#include <string.h>

#include "probe/type.h"
#include "report/summary.h"

/* Pieces with commas between them, wrapped into lines. */
struct heading {
    struct strbuf *text;
    struct strbuf piece; /* under construction */
    size_t start;        /* of the current line */
    unsigned width;
};

static void end_piece(struct heading *heading)
{
    size_t column = heading->text->length - heading->start;
    if (column && column + strlen(", ") + heading->piece.length > heading->width) {
        strbuf_add(heading->text, ",\n");
        heading->start = heading->text->length;
        strbuf_add(heading->text, "    ");
    } else if (column) {
        strbuf_add(heading->text, ", ");
    }
    strbuf_add(heading->text, heading->piece.text);
    strbuf_clear(&heading->piece);
}

static void end_line(struct heading *heading)
{
    strbuf_add(heading->text, "\n");
    heading->start = heading->text->length;
}

struct ports {
    uint16_t least, most;
};

static void widen(struct ports *ports, uint16_t port)
{
    ports->least = port < ports->least ? port : ports->least;
    ports->most = port > ports->most ? port : ports->most;
}

static void find_ports(const struct trace *trace, struct ports *source, struct ports *target)
{
    *source = *target = (struct ports){UINT16_MAX, 0};
    for (size_t i = 0; i < trace->probe_count; i++) {
        widen(source, trace->probes[i].source_port);
        widen(target, trace->probes[i].target_port);
    }
    if (!trace->origin.source_port_varies)
        *source = (struct ports){trace->flow.source_port, trace->flow.source_port};
    if (!trace->origin.target_port_varies)
        *target = (struct ports){trace->flow.target_port, trace->flow.target_port};
}

/* "port 53" or "ports 33434-33463". */
static void add_ports(struct strbuf *text, const struct ports *ports)
{
    if (ports->least == ports->most)
        strbuf_addf(text, "port %u", ports->least);
    else
        strbuf_addf(text, "ports %u-%u", ports->least, ports->most);
}

/* "udp to ports 33434-33463", "tcp/443", "icmp". */
static void add_probe(struct strbuf *text, const struct trace *trace, const struct ports *target)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    const struct probe_type *type = trace->flow.spec.type;
    bool varies = trace->origin.target_port_varies;
    probe_spec_format(&trace->flow.spec, spec);
    strbuf_add(text, varies ? type->name : spec);
    if (type->has_port && (varies || !strchr(spec, '/'))) {
        strbuf_add(text, " to ");
        add_ports(text, target);
    }
}

/* RFC 3339 to the millisecond. */
static void add_time(struct strbuf *text, nstime time)
{
    char whole[NSTIME_TEXT_BYTES];
    nstime_format(time, whole);
    strbuf_addf(text, "%.23sZ", whole);
}

/* The time of the first reply; NSTIME_NONE: there is none. */
static nstime first_answered(const struct trace *trace)
{
    nstime first = NSTIME_NONE;
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            if (first == NSTIME_NONE || trace->probes[i].replies[k].time < first)
                first = trace->probes[i].replies[k].time;
    return first;
}

static void add_duration(struct strbuf *text, double ms)
{
    if (ms < 1000)
        strbuf_addf(text, "took %.1f ms", ms);
    else
        strbuf_addf(text, "took %.3f s", ms / 1000);
}

/* The time of the first probe and the duration; for an inferred trace, the time of the first reply. */
static void add_start(struct heading *heading, const struct trace *trace)
{
    nstime answered = first_answered(trace);
    if (trace->first_sent != NSTIME_NONE) {
        add_time(&heading->piece, trace->first_sent);
        end_piece(heading);
        add_duration(&heading->piece, nstime_ms(summary_duration(trace)));
        end_piece(heading);
    } else if (answered != NSTIME_NONE) {
        strbuf_add(&heading->piece, "first answer at ");
        add_time(&heading->piece, answered);
        end_piece(heading);
    }
}

static void add_file(struct heading *heading, const struct trace *trace, const struct result_source *source)
{
    unsigned file;
    if (source->file_count < 2 || !trace->probe_count || !summary_file(&trace->probes[0], &file) ||
        file >= source->file_count)
        return;
    strbuf_add(&heading->piece, "in ");
    summary_add_file_name(&heading->piece, source->files[file].name);
    end_piece(heading);
}

static void add_first_line(struct heading *heading, const struct trace *trace, const struct ports *target_ports)
{
    char from[ADDR_TEXT_BYTES], to[ADDR_TEXT_BYTES];
    addr_format(&trace->flow.source, from);
    addr_format(&trace->flow.target, to);
    strbuf_addf(&heading->piece, "trace %u: %s to %s", (unsigned)trace->number, from, to);
    end_piece(heading);
    add_probe(&heading->piece, trace, target_ports);
    end_piece(heading);
    if (trace->origin.tool) {
        strbuf_addf(&heading->piece, "by %s", trace->origin.tool);
        end_piece(heading);
    }
    end_line(heading);
}

/* "inside VXLAN 4097 from 10.9.9.1 to 10.9.9.2". */
static void add_tunnels(struct heading *heading, const struct tunnels *inside)
{
    for (unsigned i = 0; i < inside->count; i++) {
        const struct tunnel *tunnel = &inside->at[i];
        char from[ADDR_TEXT_BYTES], to[ADDR_TEXT_BYTES];
        addr_format(&tunnel->source, from);
        addr_format(&tunnel->target, to);
        strbuf_addf(&heading->piece, "%s%s", i ? "" : "inside ", encapsulation_title(tunnel->encapsulation));
        if (tunnel->has_id)
            strbuf_addf(&heading->piece, " %lu", (unsigned long)tunnel->id);
        strbuf_addf(&heading->piece, " from %s to %s", from, to);
        end_piece(heading);
    }
    end_line(heading);
}

void trace_heading_add(struct strbuf *text, const struct output *out, const struct trace *trace)
{
    struct heading heading = {.text = text, .width = out->options.width};
    struct ports source_ports, target_ports;
    strbuf_init(&heading.piece);
    find_ports(trace, &source_ports, &target_ports);
    end_line(&heading);
    add_first_line(&heading, trace, &target_ports);
    if (!out->options.quiet) {
        add_start(&heading, trace);
        if (trace->flow.spec.type->has_port) {
            strbuf_add(&heading.piece, "from ");
            add_ports(&heading.piece, &source_ports);
            end_piece(&heading);
        }
        add_file(&heading, trace, &out->result->source);
        end_line(&heading);
        if (trace->inside)
            add_tunnels(&heading, trace->inside);
    }
    strbuf_free(&heading.piece);
}
