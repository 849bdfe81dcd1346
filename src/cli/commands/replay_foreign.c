/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/replay_foreign.h"

#include <stdlib.h>
#include <string.h>

#include "capture/file.h"
#include "cli/commands/graphs.h"
#include "cli/commands/judge.h"
#include "cli/reading/bpf_host.h"
#include "cli/reading/first_look.h"
#include "cli/reading/read_ahead.h"
#include "cli/terminal/progress.h"

/* One pass over all files. */
struct reading {
    const struct options *options;
    const struct run_context *context;
    struct report *report;
    struct lookup *lookup; /* may be NULL */
    struct bpf_filter *bpf;
    struct merge *merge;
    struct recogniser *recogniser;
    struct first_look *look;
    struct progress progress;
    uint64_t check_at; /* number of frames after which progress and writes are checked */
};

bool foreign_add(struct foreign *foreign, struct wire *wire, const struct capture_file *file)
{
    if (!foreign->merge)
        foreign->merge = merge_new(FILES_MOST);
    if (!foreign->merge) {
        wire->ops->close(wire);
        return false;
    }
    uint64_t done, total = 0;
    foreign->is_pipe[foreign->count] = !file_wire_progress(wire, &done, &total);
    foreign->bytes[foreign->count] = total;
    merge_add(foreign->merge, wire);
    foreign->files[foreign->count++] = file;
    return true;
}

void foreign_free(struct foreign *foreign)
{
    merge_free(foreign->merge);
    foreign->merge = NULL;
}

/* --- frames --- */

static void take_batch(struct reading *reading, const struct read_ahead_batch *batch)
{
    bool watches = first_look_watches(reading->look);
    for (unsigned i = 0; i < batch->count; i++) {
        recogniser_prefetch(reading->recogniser, &batch->looks[i], batch->count - i);
        recogniser_take(reading->recogniser, &batch->looks[i]);
        if (watches)
            first_look_take(reading->look, &batch->looks[i]);
    }
    if (batch->read < reading->check_at)
        return;
    reading->check_at = batch->read + PROGRESS_FRAMES; /* too expensive for each batch */
    progress_show(&reading->progress, batch->read, batch->done, batch->total);
    report_check(reading->report);
}

/* Reads to the end, or until a signal or a closed pipe. False: out of memory. */
static bool read_all(struct reading *reading)
{
    struct read_ahead_source source = {.merge = reading->merge,
                                       .filter = reading->bpf,
                                       .choice = &reading->options->replay_filter,
                                       .recogniser = reading->recogniser,
                                       .opens_tunnels = !reading->options->no_decap};
    struct read_ahead *ahead = read_ahead_start(&source);
    struct read_ahead_batch batch;
    while (ahead && !*reading->context->stop && read_ahead_next(ahead, &batch))
        take_batch(reading, &batch);
    read_ahead_stop(ahead);
    return ahead != NULL;
}

/* --- the report --- */

static bool wants_progress(const struct reading *reading)
{
    return !reading->options->quiet && !report_streams(reading->report);
}

static void fill_files(const struct foreign *foreign, struct source_file *files)
{
    for (unsigned i = 0; i < foreign->count; i++) {
        const struct merge_file *file = merge_file(foreign->merge, i);
        files[i].frames = file->frames;
        files[i].truncated = file->truncated;
    }
}

static bool is_input(const char *name)
{
    return strcmp(name, "-") == 0;
}

static const char *shown_name(const char *name)
{
    return is_input(name) ? "standard input" : name;
}

/* A file that was not sorted far enough. */
static void complain_of_order(const struct foreign *foreign, unsigned i)
{
    const struct merge_file *file = merge_file(foreign->merge, i);
    struct err err;
    if (file->late_most <= LATE_TOLD)
        return;
    err_set(
        &err, STATUS_OK,
        "%s: out of order by up to %.3f s beyond what was sorted: traces may be wrong (sort it first: reordercap, or "
        "mergecap without -a)",
        shown_name(foreign->files[i]->path), nstime_ms(file->late_most) / 1000);
    run_complain(&err);
}

static void complain_of_clock(const struct reading *reading, const struct foreign *foreign)
{
    struct clock_estimate clock;
    struct strbuf text;
    struct err err;
    unsigned file;
    if (!first_look_uncorrected(reading->look, &file, &clock))
        return;
    strbuf_init(&text);
    clock_add_text(&text, &clock);
    err_set(
        &err, STATUS_OK,
        "%s: its clock is %s, which is not corrected, because input from a pipe is read only once (give all captures as files)",
        shown_name(foreign->files[file]->path), text.text ? text.text : "");
    strbuf_free(&text);
    run_complain(&err);
}

/* Prints the problems of the files, one line each. STATUS_SYSTEM: a file could not be read to its end. */
static enum status complain_of_files(const struct foreign *foreign, struct bpf_filter *bpf)
{
    enum status worst = STATUS_OK;
    struct err err;
    while (bpf && bpf_filter_problem(bpf, &err))
        run_complain(&err);
    for (unsigned i = 0; i < foreign->count; i++) {
        const struct merge_file *file = merge_file(foreign->merge, i);
        if (file->truncated) {
            err_set(&err, STATUS_OK, "%s: the file is cut; what came before is reported", foreign->files[i]->path);
            run_complain(&err);
        }
        complain_of_order(foreign, i);
        if (file->status != STATUS_OK) {
            err_set(&err, file->status, "%s", file->message);
            run_complain(&err);
            worst = file->status;
        }
    }
    return worst;
}

/* True: no router replied to any trace. */
static bool lacks_routers(const struct recognition *found)
{
    for (size_t i = 0; i < found->trace_count; i++)
        if (found->traces[i]->last_router_ttl)
            return false;
    return found->trace_count == found->traces_found;
}

/* Users of tcpdump filter by host, but routers reply from addresses of their own. */
static void hint_at_target(const struct reading *reading)
{
    const char *expression = reading->options->replay_filter.bpf;
    char text[ADDR_TEXT_BYTES];
    struct addr host;
    struct err err;
    if (!expression || reading->options->quiet || !bpf_host_find(expression, &host) ||
        !lacks_routers(recogniser_result(reading->recogniser)))
        return;
    addr_format(&host, text);
    err_set(&err, STATUS_OK, "--bpf: a filter by host drops the replies of routers (to choose a target: --target %s)",
            *text ? text : "ADDRESS");
    run_complain(&err);
}

/* True: the captures may continue beyond what was read. */
static bool is_broken_off(const struct reading *reading, const struct source_file *files, unsigned count)
{
    bool broken_off = reading->options->replay_filter.until.kind != INSTANT_NONE;
    for (unsigned i = 0; i < count; i++)
        broken_off = broken_off || files[i].truncated || merge_file(reading->merge, i)->status != STATUS_OK;
    return broken_off;
}

static int complain_of_memory(void)
{
    struct err err;
    err_set(&err, STATUS_SYSTEM, "out of memory");
    return run_complain(&err);
}

/* Expectations are about one path. */
static int complain_of_paths(const struct judged *judged, const char *name)
{
    struct err err;
    if (judged->several_targets)
        err_set(&err, STATUS_USAGE,
                "%s: nothing to compare with --expect: there are traces to several targets (name one: "
                "--target ADDRESS)",
                name);
    else
        err_set(&err, STATUS_USAGE,
                "%s: nothing to compare with --expect: there are traces from several sources (name one: "
                "--source ADDRESS)",
                name);
    return run_complain(&err);
}

/* Reports and judges the traces, and compares them with --expect. */
static int report_found(struct reading *reading, const struct foreign *foreign)
{
    const struct recognition *found = recogniser_result(reading->recogniser);
    int code = found->traces_found ? EXIT_REACHED : EXIT_NOT_REACHED;
    report_take_recognition(reading->report, found);
    far_point_read(foreign->far, reading->options, foreign->files, foreign->count, found->traces, found->trace_count,
                   reading->report, reading->context);
    struct judged *judged = judge_report(reading->report, found, foreign->far);
    struct result_expectation results[EXPECT_ROWS_MOST];
    bool compares = judged && reading->context->expect && judged->groups <= 1;
    if (compares) {
        expect_compare(reading->context->expect, &judged->judgement, NULL, results);
        report_expected(reading->report, results, reading->context->expect->count);
    }
    report_end(reading->report);
    if (!judged)
        return complain_of_memory();
    if (reading->context->expect)
        code = compares ? run_print_compared(reading->report) : complain_of_paths(judged, foreign->files[0]->path);
    free(judged);
    return code;
}

/* Reports the traces and their graphs of paths. */
static int report_paths(struct reading *reading)
{
    const struct recognition *found = recogniser_result(reading->recogniser);
    const struct session_config *asked = &reading->options->session;
    const struct graphs_config config = {.confidence = asked->confidence / 1e6, .lite = asked->lite};
    struct graphs graphs;
    report_take_recognition(reading->report, found);
    bool made = graphs_make(found, &config, &graphs);
    report_graphs(reading->report, graphs.list, graphs.count, NULL);
    report_end(reading->report);
    report_graphs(reading->report, NULL, 0, NULL);
    int code = graphs.reached ? EXIT_REACHED : EXIT_NOT_REACHED;
    graphs_free(&graphs);
    return made ? code : complain_of_memory();
}

static int report_reading(struct reading *reading, const struct foreign *foreign)
{
    struct source_file files[FILES_MOST] = {{0}};
    const struct result_source source = {
        .command = reading->options->graphs ? "paths" : "replay", .files = files, .file_count = foreign->count};
    for (unsigned i = 0; i < foreign->count; i++) {
        files[i].name = foreign->files[i]->path;
        files[i].clock = first_look_clock(reading->look, i);
        files[i].second_clock = first_look_second_clock(reading->look, i);
    }
    if (reading->lookup)
        lookup_begin_found(reading->lookup, reading->report);
    report_begin(reading->report, &source, NULL);
    progress_start(&reading->progress, wants_progress(reading));
    bool read = read_all(reading);
    progress_erase(&reading->progress);
    if (!read)
        return complain_of_memory();
    bool interrupted = *reading->context->stop && !reading->report->pipe_closed;
    reading->report->first.result.source.interrupted = interrupted;
    fill_files(foreign, files);
    if (interrupted || is_broken_off(reading, files, foreign->count))
        recogniser_break_off(reading->recogniser);
    recogniser_finish(reading->recogniser);
    if (reading->lookup)
        lookup_tell_found(reading->lookup, reading->report, recogniser_result(reading->recogniser),
                          reading->context->stop);
    int code = reading->options->graphs ? report_paths(reading) : report_found(reading, foreign);
    hint_at_target(reading);
    return code;
}

/* False: out of memory. */
static bool look_first(struct reading *reading, const struct foreign *foreign, struct look_file *files)
{
    const struct look_input input = {
        .files = files, .count = foreign->count, .recogniser = reading->recogniser, .stop = reading->context->stop};
    for (unsigned i = 0; i < foreign->count; i++)
        files[i] = (struct look_file){.file = foreign->files[i],
                                      .bytes = foreign->bytes[i],
                                      .is_once = is_input(foreign->files[i]->path) || foreign->is_pipe[i],
                                      .is_live = foreign->is_pipe[i]};
    reading->look = first_look_new(&input);
    return reading->look && first_look_apply(reading->look, foreign->merge);
}

int foreign_report(struct foreign *foreign, const struct options *options, struct bpf_filter *bpf,
                   struct lookup *lookup, struct report *report, const struct run_context *context)
{
    struct err err = {0};
    struct reading reading = {.options = options,
                              .context = context,
                              .report = report,
                              .lookup = lookup,
                              .bpf = bpf,
                              .merge = foreign->merge};
    const struct recogniser_config config = {.keep = report_keeps(report) || context->expect || options->graphs ||
                                                     foreign->far->count || lookup_finds(lookup),
                                             .secret = run_random()};
    const struct recogniser_events events = report_recogniser_events(report, &options->replay_filter);
    reading.recogniser = recogniser_new(&config, &events, &err);
    if (!reading.recogniser) {
        err.status = STATUS_SYSTEM;
        return run_complain(&err);
    }
    struct look_file files[FILES_MOST];
    int code = look_first(&reading, foreign, files) ? report_reading(&reading, foreign) : complain_of_memory();
    if (reading.look)
        complain_of_clock(&reading, foreign);
    first_look_free(reading.look);
    recogniser_free(reading.recogniser);
    return complain_of_files(foreign, bpf) == STATUS_OK ? code : EXIT_SYSTEM;
}
