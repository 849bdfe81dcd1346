/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "cli/shared/expect_rounds.h"
#include "cli/shared/report_files.h"

static void note_begin(struct report *report, unsigned index, bool begun)
{
    report->dead[index] = !begun;
    if (begun) {
        report_files_check(report, index);
        return;
    }
    errno = ENOMEM;
    report_files_note(report, index);
}

/* True: the output is written, and its format has the callback. */
#define TAKES(report, index, callback) (!(report)->dead[index] && (report)->outputs[index].format->callback)

/* From here on the outputs are told about this target. */
static void select_target(struct report *report, const struct report_target *target)
{
    for (unsigned i = 0; i < report->count; i++)
        report->outputs[i].result = &target->result;
}

static void tell_event(void *context, const struct event *event)
{
    struct report_target *target = context;
    struct report *report = target->report;
    select_target(report, target);
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, event)) {
            report->outputs[i].format->event(&report->outputs[i], event);
            report_files_check(report, i);
        }
}

struct report_target *report_target(struct report *report, const struct session *session)
{
    for (unsigned i = 1; i < report->target_count; i++)
        if (report->others[i - 1].session == session)
            return &report->others[i - 1];
    return &report->first;
}

static unsigned index_of(const struct report *report, const struct report_target *target)
{
    return target == &report->first ? 0 : (unsigned)(target - report->others) + 1;
}

void report_move(struct report *report, const struct session *from, const struct session *to, nstime at)
{
    struct report_target *target = report_target(report, from);
    const struct session_config *before = session_config(from);
    if (target->monitor)
        monitor_move(target->monitor, before->target_name, &before->target, &session_config(to)->target, at);
    target->session = to;
    result_of_session(&target->result, to);
}

static void begin_target(struct report *report, unsigned index, const struct session *session)
{
    static const struct recognition nothing_yet;
    struct report_target *target = report_target_at(report, index);
    if (index)
        target->result = report->first.result;
    target->report = report;
    target->session = session;
    report->results[index] = &target->result;
    target->result.targets = report->results;
    target->result.target_count = report->target_count;
    if (session)
        result_of_session(&target->result, session);
    else
        result_of_recognition(&target->result, &nothing_yet);
    if (session && session_config(session)->strategy->is_endless)
        target->monitor = monitor_new(tell_event, target);
    target->result.monitor = target->monitor;
}

/* The targets are known: the formats begin with the first one. */
static void begin_formats(struct report *report)
{
    select_target(report, &report->first);
    for (unsigned i = 0; i < report->count; i++) {
        report_files_empty(report, i);
        const struct output_format *format = report->outputs[i].format;
        note_begin(report, i, !format->begin || format->begin(&report->outputs[i]));
    }
}

void report_begin(struct report *report, const struct result_source *source, const struct session *session)
{
    report->first.result.source = *source;
    report->target_count = 1;
    begin_target(report, 0, session);
    begin_formats(report);
}

bool report_begin_targets(struct report *report, const struct result_source *source, struct session *const *sessions,
                          unsigned count)
{
    report->others = count > 1 ? calloc(count - 1, sizeof *report->others) : NULL;
    if (count > 1 && !report->others)
        return false;
    report->first.result.source = *source;
    report->target_count = count;
    for (unsigned i = 0; i < count; i++)
        begin_target(report, i, sessions[i]);
    begin_formats(report);
    return true;
}

static void end_targets(struct report *report)
{
    for (unsigned i = 0; i < report->target_count; i++) {
        struct report_target *target = report_target_at(report, i);
        monitor_free(target->monitor);
        target->monitor = NULL;
        target->result.monitor = NULL;
    }
    free(report->others);
    report->others = NULL;
    report->target_count = 0;
}

/* --- parts that become final --- */

static void tell_probe(struct report *report, unsigned index, const struct trace *trace, const struct probe *probe)
{
    report->outputs[index].format->probe(&report->outputs[index], trace, probe);
}

static void tell_trace(struct report *report, const struct trace *trace)
{
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, trace))
            report->outputs[i].format->trace(&report->outputs[i], trace);
}

static void tell_error(struct report *report, const struct other_error *error)
{
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, error))
            report->outputs[i].format->error(&report->outputs[i], error);
}

static void on_run_probe(void *context, const struct session *session, const struct trace *trace,
                         const struct probe *probe)
{
    struct report *report = context;
    const struct report_target *target = report_target(report, session);
    if (target->monitor)
        monitor_probe_settled(target->monitor, session, trace, probe);
    select_target(report, target);
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, probe) && (!report->outputs[i].format->probes_after_run || target->monitor)) {
            tell_probe(report, i, trace, probe);
            report_files_check(report, i);
        }
}

static void on_run_answer(void *context, const struct session *session, const struct trace *trace,
                          const struct probe *probe)
{
    const struct report_target *target = report_target(context, session);
    if (target->monitor)
        monitor_probe_answered(target->monitor, session, trace, probe);
}

static void take_mtu(struct report_target *target, const struct session *session)
{
    bool is_measured = path_mtu_find(session, session_now(session), &target->mtu);
    target->result.mtu = is_measured ? &target->mtu : NULL;
}

static void on_run_hop(void *context, const struct session *session, uint8_t ttl)
{
    struct report *report = context;
    struct report_target *target = report_target(report, session);
    take_mtu(target, session);
    select_target(report, target);
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, hop)) {
            report->outputs[i].format->hop(&report->outputs[i], ttl);
            report_files_check(report, i);
        }
}

/* A file that is replaced has all targets: the rounds of the first one are enough. */
static bool takes_round(const struct report *report, unsigned index, const struct report_target *target)
{
    return !report->outputs[index].options.replaces || target == &report->first;
}

bool report_next_failure(struct report *report, char text[CLAIM_NOTE_BYTES])
{
    struct err err;
    if (report->failed && !report->failure_told) {
        report->failure_told = true;
        escape_copy(text, CLAIM_NOTE_BYTES, report->error.message);
        return true;
    }
    if (!report->dump || report->dump_told)
        return false;
    if (dump_failed(report->dump, &err))
        escape_copy(text, CLAIM_NOTE_BYTES, err.message);
    else if (dump_left_out(report->dump))
        snprintf(text, CLAIM_NOTE_BYTES,
                 "the file of --write is full: later packets are not in it (--write-max allows more).");
    else
        return false;
    return report->dump_told = true;
}

static void on_run_round(void *context, const struct session *session, uint32_t rounds)
{
    struct report *report = context;
    const struct report_target *target = report_target(report, session);
    if (target->monitor)
        monitor_round_ended(target->monitor, session, rounds);
    if (target->monitor && report->expected)
        expect_rounds_look(report->expected, index_of(report, target), target->monitor);
    select_target(report, target);
    for (unsigned i = 0; i < report->count && target->monitor; i++)
        if (TAKES(report, i, round) && takes_round(report, i, target) && report_files_begin(report, i)) {
            report->outputs[i].format->round(&report->outputs[i], rounds);
            report_files_check(report, i);
            report_files_end(report, i);
        }
}

struct session_events report_session_events(struct report *report)
{
    return (struct session_events){.context = report,
                                   .probe_settled = on_run_probe,
                                   .probe_answered = on_run_answer,
                                   .hop_settled = on_run_hop,
                                   .round_ended = on_run_round};
}

static void on_probe(void *context, const struct trace *trace, const struct probe *probe)
{
    struct report *report = context;
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, probe))
            tell_probe(report, i, trace, probe);
}

static void on_trace(void *context, const struct trace *trace)
{
    tell_trace(context, trace);
}

static void on_error(void *context, const struct other_error *error)
{
    tell_error(context, error);
}

static bool wants_trace(void *context, const struct trace *trace)
{
    const struct report *report = context;
    const struct flow *flow = &trace->flow;
    return replay_filter_wants(report->filter, &flow->source, &flow->target, NULL, &flow->spec);
}

static bool wants_error(void *context, const struct other_error *error)
{
    const struct report *report = context;
    return replay_filter_wants_error(report->filter, error);
}

/* False, for example, for --list alone. */
static bool wants_probes(const struct report *report)
{
    for (unsigned i = 0; i < report->count; i++)
        if (report->outputs[i].format->probe)
            return true;
    return false;
}

struct recogniser_events report_recogniser_events(struct report *report, const struct replay_filter *filter)
{
    report->filter = filter;
    return (struct recogniser_events){
        .context = report,
        .wants_trace = wants_trace,
        .wants_error = wants_error,
        .probe = wants_probes(report) ? on_probe : NULL,
        .trace = on_trace,
        .error = on_error,
    };
}

void report_check(struct report *report)
{
    for (unsigned i = 0; i < report->count; i++)
        report_files_check(report, i);
}

/* --- all is read --- */

/* By TTL and attempt, up to the last TTL of the trace's table. */
static void tell_run_probes(struct report *report, unsigned index, const struct trace *trace)
{
    for (unsigned ttl = 1, last = trace_last_ttl(trace); ttl <= last; ttl++)
        for (const struct probe *probe = trace_first_at(trace, (uint8_t)ttl); probe;
             probe = trace_next_at(trace, probe))
            tell_probe(report, index, trace, probe);
}

void report_take_session(struct report *report, const struct session *session)
{
    struct report_target *target = report_target(report, session);
    const struct result *result = &target->result;
    result_of_session(&target->result, session);
    take_mtu(target, session);
    select_target(report, target);
    for (size_t i = 0; i < result->trace_count; i++) {
        for (unsigned k = 0; k < report->count; k++)
            if (TAKES(report, k, probe) && report->outputs[k].format->probes_after_run && !target->monitor)
                tell_run_probes(report, k, result->traces[i]);
        tell_trace(report, result->traces[i]);
    }
    report_check(report);
}

void report_take_recognition(struct report *report, const struct recognition *found)
{
    result_of_recognition(&report->first.result, found);
    for (size_t i = 0; i < found->trace_count; i++) {
        const struct trace *trace = found->traces[i];
        for (size_t k = 0; k < trace->probe_count; k++)
            on_probe(report, trace, &trace->probes[k]);
        tell_trace(report, trace);
    }
    for (size_t i = 0; i < found->error_count; i++)
        tell_error(report, &found->errors[i]);
}

void report_judged(struct report *report, const struct judged_group *group)
{
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, judged))
            report->outputs[i].format->judged(&report->outputs[i], group);
}

void report_judged_session(struct report *report, const struct session *session, const struct judgement *judgement)
{
    const struct report_target *target = report_target(report, session);
    const struct result *result = &target->result;
    select_target(report, target);
    report_judged(report, &(struct judged_group){.traces = result->traces,
                                                 .count = result->trace_count,
                                                 .judgement = judgement,
                                                 .several = report->target_count > 1});
}

void report_pair(struct report *report, const struct transit_pair *pair)
{
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, pair))
            report->outputs[i].format->pair(&report->outputs[i], pair);
}

void report_expected(struct report *report, const struct result_expectation *results, unsigned count)
{
    report->first.result.expectations = results;
    report->first.result.expectation_count = count;
}

void report_graphs(struct report *report, const struct graph *graphs, unsigned count, const char *verdict)
{
    report->first.result.graphs = graphs;
    report->first.result.graph_count = count;
    report->first.result.graph_verdict = verdict;
}

void report_end(struct report *report)
{
    select_target(report, &report->first);
    for (unsigned i = 0; i < report->count; i++) {
        if (report->dead[i] || !report_files_begin(report, i))
            continue;
        report->outputs[i].format->end(&report->outputs[i]);
        fflush(report->outputs[i].file);
        report_files_check(report, i);
        report_files_end(report, i);
    }
    end_targets(report);
}

/* --- facts about addresses --- */

void report_book(struct report *report, const struct address_book *book,
                 bool (*is_settled)(void *context, const struct addr *address), void *context)
{
    report->first.result.book = book;
    report->first.result.is_settled = is_settled;
    report->first.result.settled_context = context;
}

void report_show(struct report *report, bool networks, bool places)
{
    for (unsigned i = 0; i < report->count; i++) {
        report->outputs[i].options.networks = networks;
        report->outputs[i].options.places = places;
    }
}

bool report_release(struct report *report, nstime now, bool all)
{
    bool waits = false;
    for (unsigned i = 0; i < report->count; i++)
        if (TAKES(report, i, release)) {
            waits = report->outputs[i].format->release(&report->outputs[i], now, all) || waits;
            report_files_check(report, i);
        }
    return waits;
}

/* --- the needs of the formats --- */

bool report_keeps(const struct report *report)
{
    for (unsigned i = 0; i < report->count; i++)
        if (report->outputs[i].format->keeps)
            return true;
    return false;
}

bool report_streams(const struct report *report)
{
    return !report_keeps(report) && isatty(STDOUT_FILENO);
}

void report_on_screen(struct report *report)
{
    for (unsigned i = 0; i < report->count; i++)
        report->outputs[i].options.on_screen = !report->names[i];
}

const struct output *report_text(const struct report *report)
{
    for (unsigned i = 0; i < report->count; i++)
        if (!report->names[i])
            return report->outputs[i].format == &output_text ? &report->outputs[i] : NULL;
    return NULL;
}

enum status report_close(struct report *report, struct err *err)
{
    report_files_close(report);
    end_targets(report);
    if (report->failed)
        *err = report->error;
    return report->failed ? STATUS_SYSTEM : STATUS_OK;
}
