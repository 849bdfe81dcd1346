/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/dry_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands/confine.h"
#include "cli/commands/target.h"
#include "cli/shared/report.h"
#include "packet/packet.h"

#define HEX_BYTES_A_LINE 16

/* Where the probes go instead. */
struct dry_wire {
    const struct session *session;
    FILE *file;        /* borrowed */
    struct dump *dump; /* NULL: none is kept */
    bool hex;
    nstime time; /* of the next probe */
};

static void print_endpoint(FILE *file, const struct addr *address, const struct transport *transport, uint16_t port)
{
    char text[ADDR_TEXT_BYTES];
    addr_format(address, text);
    if (!(transport->have & HAVE_PORTS))
        fprintf(file, "%s", text);
    else
        fprintf(file, address->family == 6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void print_ip(FILE *file, const struct headers *seen)
{
    const struct ip_header *ip = &seen->ip;
    print_endpoint(file, &ip->source, &seen->transport, seen->transport.source_port);
    fputs(" > ", file);
    print_endpoint(file, &ip->target, &seen->transport, seen->transport.target_port);
    const char *protocol = ip_protocol_name(ip->protocol);
    if (protocol)
        fprintf(file, "  %s", protocol);
    else
        fprintf(file, "  ip/%u", ip->protocol);
    fprintf(file, "  length %" PRIu32, ip->total_length);
    if (ip->version == 4)
        fprintf(file, " id 0x%04x%s", ip->id, ip->dont_fragment ? " df" : "");
    else
        fprintf(file, " label 0x%05" PRIx32, ip->flow_label);
    if (ip->tos)
        fprintf(file, " tos 0x%02x", ip->tos);
}

static void print_tcp_flags(FILE *file, uint8_t flags)
{
    static const char letters[] = "FSRPAUEC"; /* from TCP_FIN on */
    fputs(" flags ", file);
    for (unsigned bit = 0; letters[bit]; bit++) {
        if (flags & 1u << bit)
            fputc(letters[bit], file);
    }
}

static void print_tcp_options(FILE *file, const struct tcp_options *options)
{
    if (options->has_mss)
        fprintf(file, " mss %u", options->mss);
    if (options->has_sack_permitted)
        fputs(" sack", file);
    if (options->has_timestamps)
        fputs(" timestamps", file);
    if (options->has_window_scale)
        fprintf(file, " wscale %u", options->window_scale);
}

/* Whatever of the transport header is there, whichever protocol it belongs to. */
static void print_transport(FILE *file, const struct transport *transport)
{
    uint32_t have = transport->have;
    if (have & HAVE_TYPE)
        fprintf(file, " type %u", transport->type);
    if (have & HAVE_ECHO)
        fprintf(file, " id %u seq %u", transport->echo_id, transport->echo_seq);
    if (have & HAVE_FLAGS)
        print_tcp_flags(file, transport->flags);
    if (have & HAVE_SEQ)
        fprintf(file, " seq %" PRIu64, transport->seq);
    if ((have & HAVE_ACK) && transport->ack)
        fprintf(file, " ack %" PRIu64, transport->ack);
    if (have & HAVE_WINDOW)
        fprintf(file, " window %u", transport->window);
    if (have & HAVE_OPTIONS)
        print_tcp_options(file, &transport->tcp_options);
    if (have & HAVE_INIT_TAG)
        fprintf(file, " tag 0x%08" PRIx32, transport->init_tag);
    if ((have & HAVE_CHECKSUM) && (have & HAVE_TAG)) /* SCTP: a CRC32c */
        fprintf(file, " checksum 0x%08" PRIx32, transport->crc);
    else if (have & HAVE_CHECKSUM)
        fprintf(file, " checksum 0x%04x", transport->checksum);
}

static void print_hex(FILE *file, const uint8_t *bytes, size_t length)
{
    for (size_t line = 0; line < length; line += HEX_BYTES_A_LINE) {
        fprintf(file, "      0x%04zx ", line);
        for (size_t i = line; i < length && i < line + HEX_BYTES_A_LINE; i++)
            fprintf(file, "%s%02x", i % 2 ? "" : " ", bytes[i]);
        fputc('\n', file);
    }
}

static void print_probe(FILE *file, const uint8_t *bytes, size_t length)
{
    struct headers seen;
    const char *malformed = NULL;
    headers_decode(bytes, length, false, &seen, &malformed);
    fprintf(file, "ttl %3u  ", seen.ip.ttl);
    print_ip(file, &seen);
    print_transport(file, &seen.transport);
    fprintf(file, "%s%s\n", malformed ? " malformed: " : "", malformed ? malformed : "");
}

static void save_probe(const struct dry_wire *wire, const struct frame_note *note, const uint8_t *bytes, size_t length)
{
    const struct frame frame = {
        .bytes = bytes,
        .captured = (uint32_t)length,
        .length = (uint32_t)length,
        .linktype = LINKTYPE_RAW,
        .direction = FRAME_OUT,
        .time = wire->time,
    };
    dump_frame(wire->dump, &frame, note, wire->session);
}

static void send_probe(struct dry_wire *wire, const struct frame_note *note, const uint8_t *bytes, size_t length)
{
    print_probe(wire->file, bytes, length);
    if (wire->hex)
        print_hex(wire->file, bytes, length);
    if (wire->dump)
        save_probe(wire, note, bytes, length);
    wire->time += session_config(wire->session)->send_gap;
}

static enum status send_trace(struct dry_wire *wire, unsigned index, struct err *err)
{
    const struct session_config *config = session_config(wire->session);
    const struct flow *flow = &session_trace(wire->session, index)->flow;
    uint8_t *bytes = malloc(flow->size);
    struct frame_note note = {.role = FRAME_PROBE, .trace = index};
    if (!bytes)
        return err_set(err, STATUS_SYSTEM, "dry run: no memory for a probe of %u bytes", flow->size);
    for (unsigned ttl = config->first_ttl; ttl <= config->max_ttl; ttl++) {
        for (unsigned attempt = 1; attempt <= config->queries; attempt++) {
            note.ttl = (uint8_t)ttl;
            note.attempt = (uint8_t)attempt;
            flow_stamp(flow, ++note.serial, note.ttl, bytes);
            send_probe(wire, &note, bytes, flow->size);
        }
    }
    free(bytes);
    return STATUS_OK;
}

static void print_heading(const struct dry_wire *wire, unsigned index)
{
    const struct session_config *config = session_config(wire->session);
    const struct flow *flow = &session_trace(wire->session, index)->flow;
    char spec[PROBE_SPEC_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    probe_spec_format(&flow->spec, spec);
    addr_format(&flow->target, target);
    unsigned probes = (config->max_ttl - config->first_ttl + 1u) * config->queries;
    fprintf(wire->file, "%s to %s: %u probe%s, TTL %u to %u, not sent\n", spec, target, probes, probes == 1 ? "" : "s",
            config->first_ttl, config->max_ttl);
    if (flow_needs_connection(flow))
        fprintf(wire->file, "seq, ack, window and timestamps will be those of the connection; zeros stand for them\n");
}

/* The first round of a list: each port at the end of the path, which a dry run does not know. A run sends them in
 * random order. */
static enum status send_list(struct dry_wire *wire, unsigned index, struct err *err)
{
    const struct session_config *config = session_config(wire->session);
    const struct trace *trace = session_trace(wire->session, index);
    struct frame_note note = {.role = FRAME_PROBE, .trace = index, .ttl = config->max_ttl, .attempt = 1};
    struct wish wish = {.kind = WISH_SEND, .trace = index, .ttl = config->max_ttl};
    struct strbuf heading;
    strbuf_init(&heading);
    port_list_add_text(trace->ports, trace->first_port, trace->last_port, &heading);
    fprintf(wire->file, "%s: each port at the target, here with TTL %u, not sent\n", heading.text, config->max_ttl);
    strbuf_free(&heading);
    for (unsigned port = trace->first_port; port && port <= trace->last_port;
         port = port_list_next(trace->ports, port + 1)) {
        wish.port = (uint16_t)port;
        const struct flow *flow = session_flow(wire->session, &wish);
        uint8_t *bytes = flow ? malloc(flow->size) : NULL;
        if (!bytes)
            return err_set(err, STATUS_SYSTEM, "dry run: no memory for a probe of port %u", port);
        flow_stamp(flow, ++note.serial, note.ttl, bytes);
        send_probe(wire, &note, bytes, flow->size);
        free(bytes);
    }
    return STATUS_OK;
}

static enum status send_all(struct dry_wire *wire, struct err *err)
{
    const struct session *session = wire->session;
    unsigned count = session_config(session)->automatic ? 1 : session_trace_count(session);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        print_heading(wire, i);
        status = send_trace(wire, i, err);
    }
    for (unsigned i = count; i < session_all_count(session) && status == STATUS_OK; i++)
        if (session_trace(session, i)->ports)
            status = send_list(wire, i, err);
    return status == STATUS_OK ? report_flush(wire->file, err) : status;
}

enum status dry_run_print(const struct session *session, const struct options *options, FILE *file, struct dump *dump,
                          struct err *err)
{
    const struct dump_run about = {.command = command_of(options->command)->name,
                                   .options = "--dry-run",
                                   .interface = "none",
                                   .linktype = LINKTYPE_RAW};
    struct dry_wire wire = {.session = session, .file = file, .dump = dump, .hex = options->verbose > 0};
    if (!dump)
        return send_all(&wire, err);
    dump_begin(dump, &about, session);
    enum status status = send_all(&wire, err);
    enum status closed = dump_close(dump, SESSION_COMPLETE, NSTIME_NONE, 0, status == STATUS_OK ? err : NULL);
    return status == STATUS_OK ? closed : status;
}

/* Fills the source: the address of -s, even if it is not ours; else the route's; else, without a network, one that is
 * kept for documentation (RFC 5737, RFC 3849). */
static enum status find_dry_source(const struct options *options, struct session_config *config, const char *interface,
                                   struct err *err)
{
    struct route route;
    enum status status = target_route(options, config, NULL, interface, &route, err);
    if (status != STATUS_OK && !route.unrouted)
        return status;
    if (!addr_is_none(&config->source))
        return STATUS_OK;
    config->source = route.source;
    if (status != STATUS_OK) {
        const char *source = config->target.family == 6 ? "2001:db8::1" : "192.0.2.1";
        addr_parse(source, &config->source);
        fprintf(stderr, "hopsonde: no route to the target; the source address is %s, for documentation\n", source);
    }
    return STATUS_OK;
}

struct dry_run {
    struct options *options;
    const struct run_context *context;
    struct session_config config;
    struct dump *dump; /* owned; NULL: no --write */
};

static enum status open_dump(void *context, struct err *err)
{
    struct dry_run *run = context;
    return run->options->write_file ? dump_open(run->options->write_file, &run->dump, err) : STATUS_OK;
}

/* All that needs files, the resolver or the kernel's routes; the seal follows. */
static enum status prepare(struct dry_run *run, struct err *err)
{
    char interface[IF_NAMESIZE];
    run->config = run->options->session;
    enum status status = confine_as_caller(open_dump, run, err);
    if (status == STATUS_OK)
        status = confine_drop(run->options, err);
    if (status == STATUS_OK)
        status = target_find(run->options, run->options->host, 0, &run->config, interface, err);
    if (status == STATUS_OK)
        status = find_dry_source(run->options, &run->config, interface, err);
    if (status == STATUS_OK)
        confine_seal(run->options, 0);
    return status;
}

/* What the options and the file of --expect say, with the target that prepare() has found. */
static struct session_config complete(const struct dry_run *run)
{
    struct session_config config = run->options->session;
    config.target = run->config.target;
    config.source = run->config.source;
    memcpy(config.target_name, run->config.target_name, sizeof config.target_name);
    if (!run->options->seed_given)
        config.seed = run_random();
    if (config.automatic)
        config.spec_count = 1;
    return config;
}

int dry_run(struct options *options, const struct run_context *context)
{
    struct err err = {0};
    struct dry_run run = {.options = options, .context = context};
    struct session *session = NULL;
    enum status status = prepare(&run, &err);
    if (status == STATUS_OK)
        status = run_read_expected(options, context, &err);
    if (status == STATUS_OK) {
        run.config = complete(&run);
        session = session_new(&run.config, true, NULL, &err);
        status = session ? dry_run_print(session, options, stdout, run.dump, &err) : err.status;
    }
    if (!session && run.dump)
        dump_close(run.dump, SESSION_INTERRUPTED, NSTIME_NONE, 0, NULL);
    session_free(session);
    return status == STATUS_OK ? EXIT_REACHED : run_complain(&err);
}
