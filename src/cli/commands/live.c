/* SPDX-License-Identifier: BSD-2-Clause */
/* The live run of trace, diagnose, paths and watch: opens, drives the loop, reports. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "capture/dump.h"
#include "cli/commands/confine.h"
#include "cli/commands/dry_run.h"
#include "cli/commands/far_point.h"
#include "cli/commands/lookup.h"
#include "cli/commands/run.h"
#include "cli/commands/target.h"
#include "cli/shared/expect_rounds.h"
#include "cli/shared/happenings.h"
#include "cli/shared/loop.h"
#include "cli/shared/refresh.h"
#include "cli/shared/report.h"
#include "cli/terminal/fullscreen.h"
#include "cli/terminal/watched.h"
#include "live/filter.h"
#include "live/keeper.h"
#include "live/live.h"
#include "live/privileges.h"
#include "session/strategy.h"

/* Bytes of the trace's longest packet: the ports of a list have different payloads. */
static uint16_t largest_of_trace(const struct session *session, const struct trace *trace)
{
    uint16_t largest = trace->flow.size, given = session_config(session)->size;
    for (unsigned port = trace->ports && !given ? trace->first_port : 0; port && port <= trace->last_port;
         port = port_list_next(trace->ports, port + 1)) {
        const struct probe_spec spec = port_list_spec(trace->ports, (uint16_t)port);
        uint16_t size = flow_default_size(&spec, trace->flow.target.family);
        largest = size > largest ? size : largest;
    }
    return largest;
}

static enum status check_size(const struct session *session, const struct route *route, struct err *err)
{
    for (unsigned i = 0; i < session_all_count(session); i++) {
        uint16_t size = largest_of_trace(session, session_trace(session, i));
        if (route->mtu && size > route->mtu)
            return err_set(err, STATUS_SYSTEM,
                           "%s: a packet of %u bytes does not fit its MTU of %u (give a smaller SIZE)",
                           route->interface, size, route->mtu);
    }
    return STATUS_OK;
}

struct live_run {
    struct options *options;
    const struct run_context *context;
    struct far_point far;
    struct capture_file written; /* the file of --write, to be read again; with far files */
    struct report report;
    struct lookup *lookup; /* NULL: nothing is asked about addresses */
    struct result_source source;
    struct session_config config;
    struct session_events events;
    struct session *sessions[TARGETS_MOST]; /* owned; one for each target */
    unsigned session_count;
    struct targets targets; /* the same */
    struct refresh refresh;
    struct happenings happenings;
    struct expect_rounds expected;
    struct clock_look clock;           /* of the last look */
    struct companion companions[3];    /* the parts of this one: */
    const struct companion *companion; /* NULL: nothing is served */
    unsigned companion_count;
    bool missing; /* a target has no address, or no route: it was told, and is left out */
    struct wire *wire;
    struct fullscreen screen; /* the same of watch, on a terminal */
    struct watched watched;   /* `wire`, where progress is to be shown */
    struct dump *dump;
    struct keeper *keeper;    /* owned; opens the parts of the capture; NULL: it has none */
    char *first_part;         /* owned; its name; NULL: there are no parts */
    char egress[IF_NAMESIZE]; /* "": as routed */
};

/* Largest size of the file of --write unless the user sets one.
 * Unit: bytes. Source: chosen: ten million packets of a run. Effect: a smaller one cuts long runs; a larger one lets
 * those who answer fill the disk. */
#define WRITE_MAX (UINT64_C(1) << 30)

static int open_part(void *context, unsigned part)
{
    const struct live_run *run = context;
    return keeper_open_part(run->keeper, 0, part, run->options->rotate_keep);
}

static enum status open_dump(struct live_run *run, const char *path, struct err *err)
{
    enum status status = dump_open(path, &run->dump, err);
    if (status != STATUS_OK)
        return status;
    if (run->options->rotate_bytes)
        dump_divide(run->dump,
                    &(struct dump_parts){.bytes = run->options->rotate_bytes, .open = open_part, .context = run});
    else
        dump_limit(run->dump, run->options->write_max ? run->options->write_max : WRITE_MAX);
    return STATUS_OK;
}

/* The keeper is started first: it must hold no part open, which it may have to remove. */
static enum status start_parts(struct live_run *run, struct err *err)
{
    const char *path = run->options->write_file;
    run->first_part = keeper_part_name(path, 1);
    return run->first_part ? keeper_start(&path, 1, &run->keeper, err) : err_set(err, STATUS_SYSTEM, "out of memory");
}

/* With the rights of the user who called. */
static enum status open_files(void *context, struct err *err)
{
    struct live_run *run = context;
    const char *written = run->options->write_file;
    struct stat saved;
    enum status status = lookup_find(run->options, getenv("HOPSONDE_DB_PATH"), &run->lookup, err);
    if (status == STATUS_OK && run->lookup)
        status = lookup_open(run->lookup, err); /* a failure leaves no files */
    if (status == STATUS_OK)
        status = report_open(&run->report, run->options, err);
    if (!written)
        run->report.stop = run->context->stop;
    if (status == STATUS_OK && written && run->options->rotate_bytes) {
        status = start_parts(run, err);
        written = run->first_part;
    }
    if (status == STATUS_OK && written)
        status = open_dump(run, written, err);
    if (run->dump && stat(written, &saved) == 0)
        status = report_check_apart(&run->report, &saved, written, err);
    far_point_open(&run->far, run->options, run->context->stop);
    run->written.fd = -1;
    if (run->dump && run->far.count)
        capture_file_open(&run->written, written, run->context->stop);
    if (status == STATUS_OK && run->far.count)
        status = far_point_check(&run->far, &run->written, 1, &run->report, err);
    return status;
}

/* Makes the session of a target whose address is known. */
static enum status make_session(struct live_run *run, struct session_config *config, struct err *err)
{
    struct route route;
    enum status status = target_route(run->options, config, &config->source, run->egress, &route, err);
    if (status != STATUS_OK)
        return status;
    if (addr_is_none(&config->source))
        config->source = route.source;
    if (run->options->measures_mtu) {
        config->interface_mtu = route.mtu && route.mtu < UINT16_MAX ? (uint16_t)route.mtu : UINT16_MAX;
        config->gap_is_mean = !run->options->pace.send_gap_given;
    }
    config->seed = run->config.seed + run->session_count;
    struct session *session = session_new(config, false, &run->events, err);
    if (!session)
        return err->status;
    run->sessions[run->session_count++] = session;
    return check_size(session, &route, err);
}

/* A name that stands for the same address as an earlier one is left out. */
static bool is_repeated(const struct live_run *run, const struct session_config *config)
{
    for (unsigned i = 0; i < run->session_count; i++) {
        const struct session_config *other = session_config(run->sessions[i]);
        if (!addr_equal(&other->target, &config->target))
            continue;
        if (!run->options->quiet)
            fprintf(stderr, "hopsonde: %s: it has the address of %s, and is watched once\n", config->target_name,
                    other->target_name);
        return true;
    }
    return false;
}

/* The interface of a link-local target is that of the wire. */
static enum status check_link(const struct live_run *run, const char *egress, const char *host, struct err *err)
{
    if (!run->session_count || strcmp(egress, run->egress) == 0)
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "%s: all targets of a run must have the same link (start another run)", host);
}

static enum status add_target(struct live_run *run, unsigned index, uint8_t family, struct err *err)
{
    const char *host = target_host(run->options, index);
    struct session_config config = run->config;
    char egress[IF_NAMESIZE];
    enum status status = target_find(run->options, host, family, &config, egress, err);
    if (status == STATUS_OK)
        status = check_link(run, egress, host, err);
    if (status != STATUS_OK || is_repeated(run, &config))
        return status;
    memcpy(run->egress, egress, sizeof egress);
    return make_session(run, &config, err);
}

/* Of several targets, one that cannot be reached from here is told and left out. */
static enum status make_sessions(struct live_run *run, struct err *err)
{
    run->config = run->options->session;
    if (!run->options->seed_given)
        run->config.seed = run_random();
    run->events = report_session_events(&run->report);
    uint8_t family = target_family(run->options);
    for (unsigned i = 0; i <= run->options->other_count; i++) {
        enum status status = add_target(run, i, family, err);
        bool is_left_out = status == STATUS_SYSTEM && run->options->other_count;
        if (status != STATUS_OK && !is_left_out)
            return status;
        if (is_left_out && (run->session_count || i < run->options->other_count)) /* else the caller does */
            run_complain(err);
        run->missing = run->missing || is_left_out;
        if (run->session_count)
            family = session_config(run->sessions[0])->target.family;
    }
    if (!run->session_count)
        return err->status;
    run->config = *session_config(run->sessions[0]);
    targets_init(&run->targets, run->sessions, run->session_count);
    if (run->options->pace.send_gap_given || run->options->pace.rate_gap)
        run->targets.send_gap = run->config.send_gap;
    return STATUS_OK;
}

/* Whether an earlier trace has the port of this flow. `count` traces of the session are. */
static bool is_held_by(const struct session *session, unsigned count, const struct flow *flow)
{
    for (unsigned i = 0; i < count; i++) {
        const struct flow *other = &session_trace(session, i)->flow;
        if (other->spec.protocol == flow->spec.protocol && other->source_port == flow->source_port)
            return true;
    }
    return false;
}

static bool is_held(const struct live_run *run, unsigned target, unsigned index, const struct flow *flow)
{
    for (unsigned i = 0; i < target; i++)
        if (is_held_by(run->sessions[i], session_all_count(run->sessions[i]), flow))
            return true;
    return is_held_by(run->sessions[target], index, flow);
}

/* True: a port is in use that the user gave. */
static bool hold_ports_of(const struct live_run *run, unsigned target, const struct live_options *live)
{
    const struct session *session = run->sessions[target];
    bool in_use = false;
    for (unsigned i = 0; i < session_all_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (unsigned k = 0; k < trace->flow_count && k < FLOWS_COMPARED_MOST; k++) {
            const struct flow *flow = trace_flow(trace, k);
            if (is_held(run, target, i, flow))
                continue;
            int failure = flow_needs_connection(flow)
                              ? live_wire_hold_connection(run->wire, live, flow)
                              : live_wire_hold_port(run->wire, flow->spec.protocol, flow->source_port);
            if (failure == EADDRINUSE)
                in_use = in_use || flow->source_port == run->config.source_port;
        }
    }
    return in_use;
}

/* Best effort: without it our own kernel refuses the target's datagrams, which costs the target an error and no result.
 */
static void hold_ports(const struct live_run *run, const struct live_options *live)
{
    bool in_use = false;
    for (unsigned i = 0; i < run->session_count; i++)
        in_use = hold_ports_of(run, i, live) || in_use;
    if (in_use && !run->options->quiet)
        fprintf(stderr, "hopsonde: --sport %u: another program here has this port, and gets the answers too\n",
                run->config.source_port);
}

static uint32_t largest_packet(const struct session *session)
{
    uint32_t largest = session_config(session)->interface_mtu;
    for (unsigned i = 0; i < session_all_count(session); i++) {
        uint16_t size = largest_of_trace(session, session_trace(session, i));
        largest = size > largest ? size : largest;
    }
    return largest;
}

static enum status open_wire(struct live_run *run, struct err *err)
{
    struct strbuf filter, short_filter;
    strbuf_init(&filter);
    strbuf_init(&short_filter);
    uint32_t largest = 0;
    for (unsigned i = 0; i < run->session_count; i++) {
        uint32_t own = largest_packet(run->sessions[i]);
        bool moves = refresh_is_on(&run->refresh);
        (moves ? filter_any_target : filter_of_session)(run->sessions[i], &filter);
        (moves ? filter_any_target : filter_short)(run->sessions[i], &short_filter);
        largest = own > largest ? own : largest;
    }
    struct live_options live = {
        .family = run->config.target.family,
        .interface = run->options->interface,
        .egress = *run->egress ? run->egress : NULL,
        .source = &run->options->session.source,
        .fwmark = run->options->fwmark,
        .largest_packet = largest,
        .filter = filter.text,
        .short_filter = short_filter.text,
        .gathers_frames = run->config.strategy->is_endless,
        .waits_for_interface = run->config.strategy->is_endless,
    };
    enum status status = live_wire_open(&live, &run->wire, err);
    strbuf_free(&filter);
    strbuf_free(&short_filter);
    if (status == STATUS_OK)
        hold_ports(run, &live);
    return status;
}

static enum status start_refresh(struct live_run *run, struct err *err)
{
    nstime every = run->options->refresh ? run->options->refresh : REFRESH_EVERY;
    if (!run->config.strategy->is_endless || every == NSTIME_NEVER)
        return STATUS_OK;
    return refresh_start(&run->refresh, every, run->sessions, run->session_count, err);
}

/* Everything that needs a privilege, in the order that gives each one up as soon as it can be. */
static enum status open_live(struct live_run *run, struct err *err)
{
    enum status status = privileges_check(run->context->program, err);
    if (status == STATUS_OK)
        status = run_read_expected(run->options, run->context, err);
    if (status == STATUS_OK)
        status = confine_as_caller(open_files, run, err);
    if (status == STATUS_OK)
        status = privileges_reduce(run->options->fwmark != 0, err);
    if (status == STATUS_OK)
        status = make_sessions(run, err);
    if (status == STATUS_OK)
        status = start_refresh(run, err);
    if (status == STATUS_OK)
        status = open_wire(run, err);
    if (status == STATUS_OK)
        status = confine_drop(run->options, err);
    return status;
}

static void close_live(struct live_run *run)
{
    for (unsigned i = 0; i < run->session_count; i++)
        session_free(run->sessions[i]);
    far_point_close(&run->far);
    if (run->written.path)
        capture_file_close(&run->written);
    lookup_free(run->lookup);
    if (run->wire)
        run->wire->ops->close(run->wire);
    keeper_end(run->keeper);
    refresh_end(&run->refresh);
    free(run->first_part);
}

/* Lines about one port list for which a saved capture keeps room.
 * Unit: lines. Source: chosen; most firewalls treat ports in fewer ways. Effect: with fewer, the last groups are
 * missing in the comment of the capture; more lengthen each capture of a list. */
#define LIST_LINES_SAVED 12

static size_t verdict_bytes(const struct session_config *config)
{
    return (size_t)(config->spec_count + config->port_list_count * LIST_LINES_SAVED) * SENTENCE_BYTES;
}

static enum status begin_live(struct live_run *run, struct err *err)
{
    *run->context->stop = 0;
    run->source = (struct result_source){.command = command_of(run->options->command)->name,
                                         .live = true,
                                         .interface = run->options->interface ? run->options->interface : "any"};
    if (run->dump) {
        struct dump_run about = {.command = run->source.command,
                                 .options = run->context->command_line,
                                 .interface = run->source.interface,
                                 .networks = lookup_has_networks(run->lookup),
                                 .places = lookup_has_places(run->lookup),
                                 .verdict_bytes = run->session_count * verdict_bytes(&run->config),
                                 .sessions = run->sessions,
                                 .target_count = run->session_count,
                                 .linktype = live_wire_linktype(run->wire)};
        run->report.dump = run->dump;
        dump_begin(run->dump, &about, run->sessions[0]);
    }
    run->expected.expect = run->context->expect;
    run->report.expected = run->context->expect ? &run->expected : NULL;
    if (run->lookup)
        report_book(&run->report, lookup_book(run->lookup), lookup_is_settled, run->lookup);
    report_show(&run->report, lookup_has_networks(run->lookup), lookup_has_places(run->lookup));
    if (!report_begin_targets(&run->report, &run->source, run->sessions, run->session_count))
        return err_set(err, STATUS_SYSTEM, "cannot report on so many targets: out of memory");
    return STATUS_OK;
}

/* The far files grow during the run, as the written one does, and are read behind it. */
static void read_far(struct live_run *run)
{
    if (!run->far.count)
        return;
    dump_flush(run->dump);
    far_point_wait(&run->far, run->context->stop);
    far_point_read_session(&run->far, run->options, &run->written, run->sessions[0], &run->report, run->context);
}

/* Ends the run and reports; the wire's own failure, if any, is told by the caller. */
static int finish_live(struct live_run *run, bool interrupted)
{
    struct err err;
    enum session_end end = interrupted ? SESSION_INTERRUPTED : SESSION_COMPLETE;
    uint64_t dropped = run->wire->ops->dropped(run->wire);
    nstime ended = targets_now(&run->targets);
    while (ended != NSTIME_NONE && targets_step(&run->targets, ended))
        continue;
    for (unsigned i = 0; i < run->session_count; i++)
        session_finish(run->sessions[i], end, ended, dropped);
    loop_keep_claims(&run->targets, run->dump);
    if (run->lookup)
        lookup_wait(run->lookup, &run->report, run->context->stop);
    if (run->lookup && run->dump)
        dump_about(run->dump, lookup_book(run->lookup));
    struct strbuf verdicts;
    strbuf_init(&verdicts);
    read_far(run);
    int code = run_report_end(run->context, &run->report, &run->targets, &run->far, &verdicts);
    if (run->far.failed || run->missing)
        code = EXIT_SYSTEM;
    if (run->dump)
        dump_verdicts(run->dump, verdicts.text, ended);
    strbuf_free(&verdicts);
    if (run->dump && dump_left_out(run->dump))
        fprintf(stderr,
                "hopsonde: %s: it is full: the last %" PRIu64 " packets are not in it, and its replay lacks them "
                "(--write-max allows more)\n",
                run->options->write_file, dump_left_out(run->dump));
    if (run->dump && dump_close(run->dump, end, ended, dropped, &err) != STATUS_OK)
        code = run_complain(&err);
    if (report_close(&run->report, &err) != STATUS_OK)
        code = run_complain(&err);
    return code;
}

/* Packets of a run that the user is told of before they are sent.
 * Unit: packets. Source: chosen; at 1000 a second they take 20 s. Effect: a smaller number is told of ordinary runs. */
#define PACKETS_ANNOUNCED 20000

static void announce_packets(const struct live_run *run)
{
    const struct session_config *config = &run->config;
    if (config->port_list_count && config->budget > PACKETS_ANNOUNCED && !run->options->quiet)
        fprintf(stderr, "hopsonde: up to %u packets will be sent (--budget allows fewer)\n", config->budget);
}

/* A trace prints its hops as they settle; what tells all in the end shows meanwhile that it is at work. */
static struct wire *watch(struct live_run *run)
{
    const struct output *text = report_text(&run->report);
    bool is_plain = run->options->quiet || run->options->report_only;
    if (run->report.first.monitor && text && !is_plain && fullscreen_is_possible()) {
        report_on_screen(&run->report);
        struct monitor *monitors[TARGETS_MOST];
        for (unsigned i = 0; i < run->report.target_count; i++)
            monitors[i] = report_target_at(&run->report, i)->monitor;
        fullscreen_start(&run->screen, run->wire, text, monitors, run->report.target_count, run->context->stop);
        return &run->screen.wire;
    }
    if (run->config.strategy->merges_hops || run->config.strategy->is_endless || run->options->quiet ||
        report_streams(&run->report))
        return run->wire;
    watched_start(&run->watched, run->wire, run->sessions[0]);
    return &run->watched.wire;
}

/* --- what a long run sees of its machine --- */

static void tell(struct live_run *run, enum claim_kind kind, const char *note)
{
    happenings_tell(&run->happenings, (struct session_claim){.kind = kind, .note = note});
}

static void tell_clock(struct live_run *run, const struct clock_change *change)
{
    char text[CLAIM_NOTE_BYTES];
    if (change->slept) {
        snprintf(text, sizeof text, "this machine slept for %.0f s, and sent nothing. Times go on from before.",
                 nstime_ms(change->slept) / 1000);
        tell(run, CLAIM_CLOCK_STEP, text);
    }
    if (change->set) {
        snprintf(text, sizeof text, "the system clock was set by %+.0f s. Times go on by the clock of the start.",
                 nstime_ms(change->set) / 1000);
        tell(run, CLAIM_CLOCK_STEP, text);
    }
}

/* The clock, and files that can be written no more. */
static nstime look_at_machine(void *context, nstime now, nstime until)
{
    struct live_run *run = context;
    struct clock_look look = live_wire_clock(run->wire);
    struct clock_change change;
    (void)now;
    if (capture_clock_changed(&run->clock, &look, &change))
        tell_clock(run, &change);
    for (char text[CLAIM_NOTE_BYTES]; report_next_failure(&run->report, text);)
        tell(run, CLAIM_WRITE_FAILED, text);
    return until;
}

static struct companion machine_companion(struct live_run *run)
{
    run->clock = live_wire_clock(run->wire);
    return (struct companion){.context = run, .serve = look_at_machine};
}

static void add_companion(struct live_run *run, struct companion companion)
{
    companion.next = run->companion;
    run->companions[run->companion_count] = companion;
    run->companion = &run->companions[run->companion_count++];
}

/* The tasks that are served while the run waits. */
static void add_companions(struct live_run *run, struct wire *wire)
{
    run->happenings = (struct happenings){.report = &run->report,
                                          .targets = &run->targets,
                                          .sessions = run->sessions,
                                          .stop = run->context->stop,
                                          .wire = wire,
                                          .dump = run->dump};
    run->refresh.happenings = &run->happenings;
    if (run->lookup)
        add_companion(run, lookup_companion(run->lookup, &run->report));
    if (refresh_is_on(&run->refresh))
        add_companion(run, refresh_companion(&run->refresh));
    if (run->config.strategy->is_endless)
        add_companion(run, machine_companion(run));
}

static int probe_live(struct options *options, const struct run_context *context)
{
    struct err err = {0};
    struct live_run run = {.options = options, .context = context};
    if (open_live(&run, &err) != STATUS_OK || begin_live(&run, &err) != STATUS_OK) {
        struct err ignored;
        if (run.dump)
            dump_close(run.dump, SESSION_INTERRUPTED, NSTIME_NONE, 0, &ignored);
        report_close(&run.report, &ignored);
        close_live(&run);
        return run_complain(&err);
    }
    announce_packets(&run);
    struct wire *wire = watch(&run);
    confine_seal(options, SEAL_WIRE | (session_connects(run.sessions[0]) ? SEAL_CONNECT : 0) |
                              (run.far.count ? SEAL_THREADS : 0) | (run.screen.is_on ? SEAL_SCREEN : 0) |
                              (lookup_asks(run.lookup) ? SEAL_ASK : 0));
    add_companions(&run, wire);
    enum status status = loop_run_targets(&run.targets, wire, run.dump, run.companion, context->stop, &err);
    watched_end(&run.watched);
    fullscreen_end(&run.screen);
    int code = finish_live(&run, *context->stop || status != STATUS_OK);
    if (run.screen.quits) /* it is the usual end of a screen, and no interrupt */
        *context->stop = 0;
    if (status != STATUS_OK)
        code = run_complain(&err);
    else if (code != EXIT_SYSTEM)
        code = run_quiet_end(&run.report, context, code);
    close_live(&run);
    return code;
}

int run_live(struct options *options, const struct run_context *context)
{
    struct err err = {0};
    if (target_check_literal(options, &err) != STATUS_OK)
        return run_complain(&err);
    return options->dry_run ? dry_run(options, context) : probe_live(options, context);
}
