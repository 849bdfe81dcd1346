/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/run.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "capture/dump.h"
#include "cli/commands/dry_run.h"
#include "cli/lookup.h"
#include "cli/loop.h"
#include "cli/options/probe_list.h"
#include "cli/report.h"
#include "cli/watched.h"
#include "live/filter.h"
#include "live/live.h"
#include "live/privileges.h"
#include "live/route.h"
#include "lookup/resolve.h"
#include "session/strategy.h"

int run_complain(const struct err *err)
{
    fprintf(stderr, "hopsonde: %s\n", err->message);
    return (int)err->status;
}

static int exit_of_judgement(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        if (verdict_reaches(&judgement->verdicts[i]))
            return EXIT_REACHED;
    return EXIT_NOT_REACHED;
}

/* --- what is expected --- */

enum status run_read_expected(struct options *options, struct expect *out, struct err *err)
{
    struct probe_spec specs[SPECS_MOST];
    struct privileges_user user;
    struct err resume_err;
    enum status status = privileges_become_user(&user, err);
    if (status != STATUS_OK)
        return status;
    status = expect_read(options->expect_file, out, err);
    if (privileges_resume(&user, &resume_err) != STATUS_OK && status == STATUS_OK) {
        *err = resume_err;
        status = resume_err.status;
    }
    if (status != STATUS_OK || !options->default_specs)
        return status;
    for (unsigned i = 0; i < out->count; i++)
        specs[i] = out->rows[i].spec;
    return probe_list_of_specs(&options->session, specs, out->count, options->only, err);
}

/* Where standard output has another format it goes to standard error. */
static void print_compared(FILE *text, const char *lines)
{
    if (text)
        fprintf(text, "\n%s", lines);
    for (const char *end; !text && (end = strchr(lines, '\n')); lines = end + 1)
        fprintf(stderr, "hopsonde: %.*s\n", (int)(end - lines), lines);
}

int run_compare(const struct run_context *context, const struct judgement *judgement, const struct report *report)
{
    struct strbuf lines;
    strbuf_init(&lines);
    unsigned differing = expect_compare(context->expect, judgement, &lines);
    print_compared(report_text(report), lines.text);
    strbuf_free(&lines);
    return differing ? EXIT_NOT_REACHED : EXIT_REACHED;
}

/* --- the end of a report --- */

static int end_judged(const struct run_context *context, struct report *report, const struct session *session)
{
    struct judgement *judgement = calloc(1, sizeof *judgement);
    if (!judgement)
        return EXIT_SYSTEM;
    verdict_judge(session, judgement);
    report_judged(report, &(struct judged_group){report->result.traces, report->result.trace_count, judgement});
    report_end(report);
    int code = context->expect ? run_compare(context, judgement, report) : exit_of_judgement(judgement);
    free(judgement);
    return code;
}

/* Where the target is in the graph, it answered; nothing else is judged there. */
static int end_paths(struct report *report, const struct session *session)
{
    const struct session_config *config = session_config(session);
    const struct trace *trace = session_trace(session, 0);
    struct graph graph;
    bool drawn = graph_build(&trace, 1, config->confidence / 1e6, config->lite, &graph);
    report_graphs(report, &graph, drawn);
    report_end(report);
    report_graphs(report, NULL, 0);
    graph_free(&graph);
    if (!drawn)
        return EXIT_SYSTEM;
    return trace->reached_ttl ? EXIT_REACHED : EXIT_NOT_REACHED;
}

int run_report_end(const struct run_context *context, struct report *report, const struct session *session)
{
    report_take_session(report, session);
    if (session_config(session)->strategy->finds_graph)
        return end_paths(report, session);
    return end_judged(context, report, session);
}

/* --- who, where from, by which way --- */

uint64_t run_random(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)(uintptr_t)&seed; /* early boot: any value that differs a little between runs */
    return seed;
}

/* Whether the options can be about this target. */
static enum status check_target(const struct options *options, const struct addr *target, struct err *err)
{
    const struct addr *source = &options->session.source;
    if (!addr_is_none(source) && source->family != target->family)
        return err_set(err, STATUS_USAGE, "-s: the source address is IPv%u, the target IPv%u", source->family,
                       target->family);
    if (options->session.flow_label >= 0 && target->family != 6)
        return err_set(err, STATUS_USAGE, "--flow-label: %s is no IPv6 target", options->host);
    return STATUS_OK;
}

/* What makes no sense is told before privileges are looked at and files are opened, as far as no resolver is needed. */
static enum status check_literal(const struct options *options, struct err *err)
{
    struct addr target;
    uint32_t zone;
    enum status status = resolve_literal(options->host, options->family, &target, &zone, err);
    return status != STATUS_OK || addr_is_none(&target) ? status : check_target(options, &target, err);
}

/* Fills target and interface: -i, or what the zone of a link-local target names; "": neither. */
static enum status find_target(const struct options *options, struct session_config *config,
                               char interface[IF_NAMESIZE], struct err *err)
{
    uint32_t zone = 0;
    uint8_t family = options->family ? options->family : config->source.family;
    enum status status = resolve_host(options->host, family, &config->target, &zone, err);
    if (status != STATUS_OK)
        return status;
    if (options->interface)
        snprintf(interface, IF_NAMESIZE, "%s", options->interface);
    else if (!zone || !if_indextoname(zone, interface))
        *interface = '\0';
    snprintf(config->target_name, sizeof config->target_name, "%s", options->host);
    return check_target(options, &config->target, err);
}

static enum status find_route(const struct options *options, const struct session_config *config,
                              const struct addr *source, const char *interface, struct route *route, struct err *err)
{
    return route_lookup(&config->target, source, *interface ? interface : NULL, options->fwmark, route, err);
}

static enum status check_size(const struct session *session, const struct route *route, struct err *err)
{
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        uint16_t size = session_trace(session, i)->flow.size;
        if (route->mtu && size > route->mtu)
            return err_set(err, STATUS_SYSTEM,
                           "%s: a packet of %u bytes does not fit its MTU of %u (give a smaller SIZE)",
                           route->interface, size, route->mtu);
    }
    return STATUS_OK;
}

/* --- a live run --- */

struct live_run {
    const struct options *options;
    const struct run_context *context;
    struct report report;
    struct lookup *lookup; /* NULL: nothing is asked about addresses */
    struct result_source source;
    struct session_config config;
    struct session_events events;
    struct session *session;
    struct wire *wire;
    struct watched watched; /* `wire`, where progress is to be shown */
    struct dump *dump;
    char egress[IF_NAMESIZE]; /* "": as routed */
};

/* Files belong to, and are opened with the rights of, who called. */
static enum status open_files(struct live_run *run, struct err *err)
{
    struct privileges_user user;
    enum status status = privileges_become_user(&user, err);
    if (status != STATUS_OK)
        return status;
    status = report_open(&run->report, run->options, err);
    if (!run->options->write_file)
        run->report.stop = run->context->stop;
    if (status == STATUS_OK && run->options->write_file)
        status = dump_open(run->options->write_file, &run->dump, err);
    if (run->dump)
        status = report_check_apart(&run->report, run->options->write_file, err);
    if (status == STATUS_OK)
        status = lookup_open(run->options, getenv("HOPSONDE_DB_PATH"), &run->lookup, err);
    struct err resume_err;
    if (privileges_resume(&user, &resume_err) != STATUS_OK && status == STATUS_OK) {
        *err = resume_err;
        status = resume_err.status;
    }
    return status;
}

static enum status make_session(struct live_run *run, struct route *route, struct err *err)
{
    run->config = run->options->session;
    if (!run->options->seed_given)
        run->config.seed = run_random();
    enum status status = find_target(run->options, &run->config, run->egress, err);
    if (status == STATUS_OK)
        status = find_route(run->options, &run->config, &run->config.source, run->egress, route, err);
    if (status != STATUS_OK)
        return status;
    if (addr_is_none(&run->config.source))
        run->config.source = route->source;
    run->events = report_session_events(&run->report);
    run->session = session_new(&run->config, false, &run->events, err);
    return run->session ? check_size(run->session, route, err) : err->status;
}

/* Whether an earlier trace has the port of this flow. */
static bool is_held(const struct session *session, unsigned index, const struct flow *flow)
{
    for (unsigned i = 0; i < index; i++) {
        const struct flow *other = &session_trace(session, i)->flow;
        if (other->spec.protocol == flow->spec.protocol && other->source_port == flow->source_port)
            return true;
    }
    return false;
}

/* Best effort: without it our own kernel refuses the target's datagrams, which costs the target an error and no result.
 */
static void hold_ports(const struct live_run *run)
{
    bool in_use = false;
    for (unsigned i = 0; i < session_trace_count(run->session); i++) {
        const struct trace *trace = session_trace(run->session, i);
        for (unsigned k = 0; k < trace->flow_count && k < FLOWS_COMPARED_MOST; k++) {
            const struct flow *flow = trace_flow(trace, k);
            if (!is_held(run->session, i, flow) &&
                live_wire_hold_port(run->wire, flow->spec.protocol, flow->source_port) == EADDRINUSE)
                in_use = in_use || flow->source_port == run->config.source_port;
        }
    }
    if (in_use && !run->options->quiet)
        fprintf(stderr, "hopsonde: --sport %u: another program here has this port, and gets the answers too\n",
                run->config.source_port);
}

static uint32_t largest_packet(const struct session *session)
{
    uint32_t largest = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        uint16_t size = session_trace(session, i)->flow.size;
        largest = size > largest ? size : largest;
    }
    return largest;
}

static enum status open_wire(struct live_run *run, struct err *err)
{
    struct strbuf filter, short_filter;
    strbuf_init(&filter);
    strbuf_init(&short_filter);
    filter_of_session(run->session, &filter);
    filter_short(run->session, &short_filter);
    struct live_options live = {
        .family = run->config.target.family,
        .interface = run->options->interface,
        .egress = *run->egress ? run->egress : NULL,
        .source = &run->options->session.source,
        .fwmark = run->options->fwmark,
        .largest_packet = largest_packet(run->session),
        .filter = filter.text,
        .short_filter = short_filter.text,
    };
    enum status status = live_wire_open(&live, &run->wire, err);
    strbuf_free(&filter);
    strbuf_free(&short_filter);
    if (status == STATUS_OK)
        hold_ports(run);
    return status;
}

/* Everything that needs a privilege, in the order that gives each one up as soon as it can be. */
static enum status open_live(struct live_run *run, struct err *err)
{
    struct route route;
    enum status status = privileges_check(run->context->program, err);
    if (status == STATUS_OK)
        status = open_files(run, err);
    if (status == STATUS_OK)
        status = privileges_reduce(run->options->fwmark != 0, err);
    if (status == STATUS_OK)
        status = make_session(run, &route, err);
    if (status == STATUS_OK)
        status = open_wire(run, err);
    if (status == STATUS_OK)
        status = privileges_drop(err);
    return status;
}

static void close_live(struct live_run *run)
{
    session_free(run->session);
    lookup_free(run->lookup);
    if (run->wire)
        run->wire->ops->close(run->wire);
}

static void begin_live(struct live_run *run)
{
    *run->context->stop = 0;
    run->source = (struct result_source){.command = command_name(run->options->command),
                                         .live = true,
                                         .interface = run->options->interface ? run->options->interface : "any"};
    if (run->dump) {
        struct dump_run about = {.command = run->source.command,
                                 .options = run->context->command_line,
                                 .interface = run->source.interface,
                                 .networks = run->options->lookup.networks,
                                 .places = run->options->lookup.places,
                                 .linktype = live_wire_linktype(run->wire)};
        dump_begin(run->dump, &about, run->session);
    }
    if (run->lookup)
        report_book(&run->report, lookup_book(run->lookup), lookup_is_settled, run->lookup);
    report_show(&run->report, run->options->lookup.networks, run->options->lookup.places);
    report_begin(&run->report, &run->source, run->session);
}

/* Ends the run and reports; the wire's own failure, if any, is told by the caller. */
static int finish_live(struct live_run *run, bool interrupted)
{
    struct session_claim claim;
    struct err err;
    enum session_end end = interrupted ? SESSION_INTERRUPTED : SESSION_COMPLETE;
    uint64_t dropped = run->wire->ops->dropped(run->wire);
    nstime ended = session_now(run->session);
    session_finish(run->session, end, ended, dropped);
    while (run->dump && session_take_claim(run->session, &claim))
        dump_claim(run->dump, &claim);
    if (run->lookup)
        lookup_wait(run->lookup, &run->report, run->context->stop);
    if (run->lookup && run->dump)
        dump_about(run->dump, lookup_book(run->lookup));
    int code = run_report_end(run->context, &run->report, run->session);
    if (run->dump && dump_close(run->dump, end, ended, dropped, &err) != STATUS_OK)
        code = run_complain(&err);
    if (report_close(&run->report, &err) != STATUS_OK)
        code = run_complain(&err);
    return code;
}

/* The exit status of a run in which nothing failed. */
int run_quiet_end(const struct report *report, const struct run_context *context, int code)
{
    if (report->pipe_closed)
        return EXIT_REACHED;
    return *context->stop ? EXIT_INTERRUPTED : code;
}

/* A trace prints its hops as they settle; what tells all in the end shows meanwhile that it is at work. */
static struct wire *watch(struct live_run *run)
{
    if (run->config.strategy->merges_hops || run->options->quiet || report_streams(&run->report))
        return run->wire;
    watched_start(&run->watched, run->wire, run->session);
    return &run->watched.wire;
}

static int trace_live(const struct options *options, const struct run_context *context)
{
    struct err err = {0};
    struct live_run run = {.options = options, .context = context};
    if (open_live(&run, &err) != STATUS_OK) {
        struct err ignored;
        if (run.dump)
            dump_close(run.dump, SESSION_INTERRUPTED, NSTIME_NONE, 0, &ignored);
        report_close(&run.report, &ignored);
        close_live(&run);
        return run_complain(&err);
    }
    begin_live(&run);
    struct wire *wire = watch(&run);
    privileges_seal(lookup_asks(run.lookup));
    struct companion companion = {0};
    if (run.lookup)
        companion = lookup_companion(run.lookup, &run.report);
    enum status status = loop_run(run.session, wire, run.dump, run.lookup ? &companion : NULL, context->stop, &err);
    watched_end(&run.watched);
    int code = finish_live(&run, *context->stop || status != STATUS_OK);
    if (status != STATUS_OK)
        code = run_complain(&err);
    else if (code != EXIT_SYSTEM)
        code = run_quiet_end(&run.report, context, code);
    close_live(&run);
    return code;
}

/* --- --dry-run --- */

/* Fills the source: -s, whosever address that is; else what the route gives; else, without a network, one that is kept
 * for documentation (RFC 5737, RFC 3849). */
static enum status find_dry_source(const struct options *options, struct session_config *config, const char *interface,
                                   struct err *err)
{
    struct route route;
    enum status status = find_route(options, config, NULL, interface, &route, err);
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

static int trace_dry(const struct options *options)
{
    struct err err = {0};
    char interface[IF_NAMESIZE];
    struct session_config config = options->session;
    if (!options->seed_given)
        config.seed = run_random();
    if (find_target(options, &config, interface, &err) != STATUS_OK ||
        find_dry_source(options, &config, interface, &err) != STATUS_OK)
        return run_complain(&err);
    if (config.automatic)
        config.spec_count = 1;
    struct session *session = session_new(&config, true, NULL, &err);
    if (!session)
        return run_complain(&err);
    enum status status = dryrun_print(session, options, stdout, &err);
    session_free(session);
    return status == STATUS_OK ? EXIT_REACHED : run_complain(&err);
}

int run_live(const struct options *options, const struct run_context *context)
{
    struct err err = {0};
    if (check_literal(options, &err) != STATUS_OK)
        return run_complain(&err);
    if (!options->dry_run)
        return trace_live(options, context);
    if (privileges_drop(&err) != STATUS_OK)
        return run_complain(&err);
    return trace_dry(options);
}
