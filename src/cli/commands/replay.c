/* SPDX-License-Identifier: BSD-2-Clause */
/* replay: reports of saved runs, each from its own capture. One report of all other captures follows
 * (replay_foreign.h). */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/file.h"
#include "cli/commands/confine.h"
#include "cli/commands/lookup.h"
#include "cli/commands/replay_foreign.h"
#include "cli/reading/parts.h"
#include "cli/shared/expect_rounds.h"
#include "cli/shared/happenings.h"
#include "cli/shared/loop.h"
#include "live/confined.h"
#include "live/privileges.h"
#include "strategies/strategies.h"

/* A run whose end was cut off counts as interrupted: its silence proves nothing. */
static void finish_replay(struct targets *targets, const struct saved_run *saved, const volatile sig_atomic_t *stop)
{
    loop_run_deadlines(targets, saved->ended ? saved->ended_at : NSTIME_NONE, stop);
    enum session_end end = saved->ended && !*stop ? saved->end : SESSION_INTERRUPTED;
    for (unsigned i = 0; i < targets->count; i++)
        session_finish(targets_session(targets, i), end, saved->ended_at, saved->dropped_by_kernel);
}

static bool shows_a_trace(const struct targets *targets)
{
    for (unsigned k = 0; k < targets->count; k++)
        for (unsigned i = 0; i < session_all_count(targets_session(targets, k)); i++)
            if (session_trace(targets_session(targets, k), i)->started)
                return true;
    return false;
}

static int report_replay(const struct targets *targets, struct report *report, struct far_point *far,
                         const struct run_context *context)
{
    int code = run_report_end(context, report, targets, far, NULL);
    if (context->expect || code == EXIT_SYSTEM)
        return code;
    return shows_a_trace(targets) ? EXIT_REACHED : EXIT_NOT_REACHED;
}

/* A part that is not the last one has no end. */
static void warn_of_cut(const char *name, bool is_part)
{
    struct err err;
    err_set(&err, STATUS_OK,
            is_part ? "%s: the run may go on in another part; what is here is reported (name all parts in their order)"
                    : "%s: the file is cut; what came before is reported",
            name);
    run_complain(&err);
}

struct replay {
    struct options *options;
    const struct run_context *context;
    struct capture_file files[FILES_MOST]; /* near_count of them */
    unsigned near_count;                   /* options->read_count without those of --far */
    struct far_point far;
    struct report report;
    struct lookup *lookup; /* NULL: -n, and no other facts are requested */
    struct foreign foreign;
    struct bpf_filter *bpf; /* NULL: no --bpf */
    bool found;             /* a requested trace was found */
    bool unexpected;        /* --expect: a file had no result, or another than expected */
    int failure;            /* the worst exit status of the files that could not be read; 0: none */
};

/* Returns how many were made: fewer than the run has targets if `err` says why. */
static unsigned make_sessions(const struct saved_run *saved, struct report *report, struct session **out,
                              struct err *err)
{
    const struct session_events events = report_session_events(report);
    unsigned count = 0;
    for (; count <= saved->other_count; count++) {
        const struct session_config config = saved_run_config(saved, count);
        out[count] = session_new_with_flows(&config, saved_run_flows(saved, count), true, &events, err);
        if (!out[count])
            break;
    }
    return count;
}

static int replay_targets(struct replay *replay, struct parts *parts, const struct capture_file *near,
                          struct session **sessions, unsigned count)
{
    const struct saved_run *saved = parts->saved[0], *last = parts_last(parts);
    struct lookup *lookup = replay->lookup;
    struct report *report = &replay->report;
    const struct run_context *context = replay->context;
    struct err err = {0};
    struct source_file file = {.name = near->path};
    const struct result_source source = {.command = saved->command, .files = &file, .file_count = 1};
    struct targets targets;
    struct happenings happenings = {.report = report, .targets = &targets, .sessions = sessions, .stop = context->stop};
    targets_init(&targets, sessions, count);
    targets.happened = happenings_take;
    targets.context = &happenings;
    struct companion companion = {0};
    struct expect_rounds expected = {.expect = context->expect};
    report->expected = context->expect ? &expected : NULL;
    if (lookup)
        companion = lookup_begin_saved(lookup, report);
    if (!report_begin_targets(report, &source, sessions, count)) {
        err_set(&err, STATUS_SYSTEM, "%s: cannot replay: out of memory", near->path);
        return run_complain(&err);
    }
    enum status status =
        loop_run_targets(&targets, &parts->wire, NULL, lookup ? &companion : NULL, context->stop, &err);
    file.frames = parts_frames(parts);
    file.truncated = parts_truncated(parts);
    finish_replay(&targets, last, context->stop);
    if (lookup)
        lookup_tell_saved(lookup, report, last, context->stop);
    far_point_read_session(&replay->far, replay->options, near, sessions[0], report, context);
    int code = report_replay(&targets, report, &replay->far, context);
    far_point_forget(&replay->far);
    report->expected = NULL;
    if (file.truncated)
        warn_of_cut(near->path, last->part > 0);
    return status == STATUS_OK ? code : run_complain(&err);
}

static int replay_run(struct replay *replay, struct parts *parts, const struct capture_file *near)
{
    struct session *sessions[TARGETS_MOST];
    const struct saved_run *saved = parts->saved[0];
    struct err err = {0};
    unsigned count = make_sessions(saved, &replay->report, sessions, &err);
    int code;
    if (count > saved->other_count) {
        code = replay_targets(replay, parts, near, sessions, count);
    } else {
        err.status = STATUS_SYSTEM;
        code = run_complain(&err);
    }
    while (count)
        session_free(sessions[--count]);
    return code;
}

#define CODE_LATER (-1) /* the file's exit status is known when all files are read */

static void note_code(struct replay *replay, int code)
{
    bool failed = code == EXIT_SYSTEM || code == EXIT_USAGE;
    replay->found = replay->found || code == EXIT_REACHED;
    replay->unexpected = replay->unexpected || (replay->context->expect && code == EXIT_NOT_REACHED);
    replay->failure = failed && code > replay->failure ? code : replay->failure;
}

/* One target of the run is enough. */
static bool is_wanted(const struct replay_filter *choice, const struct saved_run *saved)
{
    bool is_wanted = false;
    for (unsigned i = 0; i <= saved->other_count && !is_wanted; i++) {
        const struct session_config config = saved_run_config(saved, i);
        is_wanted = replay_filter_wants(choice, &config.source, &config.target, config.target_name, &config.specs[0]);
    }
    return is_wanted;
}

static int replay_saved(struct replay *replay, struct parts *parts, const struct capture_file *file)
{
    const char *name = file->path;
    const struct replay_filter *choice = &replay->options->replay_filter;
    struct err err = {0};
    if (is_wanted(choice, parts->saved[0]))
        return replay_run(replay, parts, file);
    if (*choice->host)
        err_set(&err, STATUS_OK, "%s: no trace to %s in it (leave HOST out to see all)", name, choice->host);
    else
        err_set(&err, STATUS_OK, "%s: no such trace in it", name);
    run_complain(&err);
    return EXIT_NOT_REACHED;
}

/* False: the saved run is read like any capture, because only a part of it is requested, or its paths although it did
 * not search for them. */
static bool is_same_run(const struct options *options, const struct saved_run *saved)
{
    return saved->present && !replay_filter_is_of_parts(&options->replay_filter) &&
           (!options->graphs || saved->config.strategy->finds_graph);
}

/* Adds the parts of the same run among the next files. Pipes are read once, so they are no parts. */
static void add_parts(struct replay *replay, struct parts *parts, unsigned *index)
{
    while (parts_last(parts)->part && *index + 1 < replay->near_count) {
        const struct capture_file *file = &replay->files[*index + 1];
        struct wire *wire = NULL;
        const struct saved_run *saved = NULL;
        struct err ignored = {0};
        struct stat status;
        bool is_file = fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode);
        if (!is_file || file_wire_begin(file, &wire, &saved, &ignored) != STATUS_OK)
            return;
        if (!parts_add(parts, wire, saved)) {
            wire->ops->close(wire);
            return;
        }
        if (replay->lookup)
            file_wire_set_book(wire, lookup_book_of_capture(replay->lookup));
        ++*index;
    }
}

static int replay_parts(struct replay *replay, struct parts *parts, unsigned *index)
{
    const struct capture_file *first = &replay->files[*index];
    add_parts(replay, parts, index);
    int code = replay_saved(replay, parts, first);
    parts_end(parts);
    return code;
}

/* `index` of the file; that of the last part, if there are several. */
static int replay_wire(struct replay *replay, struct wire *wire, const struct saved_run *saved, unsigned *index)
{
    const struct capture_file *file = &replay->files[*index];
    const char *name = file->path;
    const struct replay_filter *choice = &replay->options->replay_filter;
    struct err err = {0};
    struct parts parts;
    if (is_same_run(replay->options, saved) && parts_begin(&parts, wire, saved))
        return replay_parts(replay, &parts, index);
    if (replay_filter_has_name(choice)) {
        wire->ops->close(wire);
        err_set(&err, STATUS_OK, "%s: it holds addresses, and no name as %s (give the target's address)", name,
                choice->host);
        run_complain(&err);
        return EXIT_NOT_REACHED;
    }
    if (foreign_add(&replay->foreign, wire, file))
        return CODE_LATER;
    err_set(&err, STATUS_SYSTEM, "%s: cannot read the capture: out of memory", name);
    return run_complain(&err);
}

static int replay_file(struct replay *replay, unsigned *index)
{
    const struct capture_file *file = &replay->files[*index];
    struct err err = {0};
    struct wire *wire = NULL;
    const struct saved_run *saved = NULL;
    struct stat status;
    if (fstat(file->fd, &status) == 0 && strcmp(file->path, "-") != 0 &&
        report_check_apart(&replay->report, &status, file->path, &err) != STATUS_OK)
        return run_complain(&err);
    if (file_wire_begin(file, &wire, &saved, &err) != STATUS_OK)
        return *replay->context->stop ? EXIT_INTERRUPTED : run_complain(&err);
    if (replay->lookup && lookup_check_capture(replay->lookup, saved, &err) != STATUS_OK) {
        wire->ops->close(wire);
        return run_complain(&err);
    }
    if (replay->lookup)
        file_wire_set_book(wire, lookup_book_of_capture(replay->lookup));
    return replay_wire(replay, wire, saved, index);
}

static void replay_files(struct replay *replay)
{
    const struct options *options = replay->options;
    replay->foreign.far = &replay->far;
    for (unsigned i = 0; i < replay->near_count && !*replay->context->stop; i++)
        note_code(replay, replay_file(replay, &i));
    if (replay->foreign.count)
        note_code(replay, foreign_report(&replay->foreign, options, replay->bpf, replay->lookup, &replay->report,
                                         replay->context));
    foreign_free(&replay->foreign);
}

/* --list succeeds also if there is no trace. */
static int exit_of(const struct replay *replay)
{
    if (replay->failure || replay->far.failed)
        return replay->failure ? replay->failure : EXIT_SYSTEM;
    bool done = (replay->found || replay->options->list) && !replay->unexpected;
    return run_quiet_end(&replay->report, replay->context, done ? EXIT_REACHED : EXIT_NOT_REACHED);
}

/* With the rights of the user who called. */
static enum status open_inputs(void *context, struct err *err)
{
    struct replay *replay = context;
    const struct options *options = replay->options;
    capture_file_raise_limit(options->read_count);
    for (unsigned i = 0; i < replay->near_count; i++)
        capture_file_open(&replay->files[i], options->read_files[i], replay->context->stop);
    far_point_open(&replay->far, options, replay->context->stop);
    return lookup_find(options, getenv("HOPSONDE_DB_PATH"), &replay->lookup, err);
}

static enum status open_outputs(void *context, struct err *err)
{
    struct replay *replay = context;
    return report_open(&replay->report, replay->options, err);
}

/* Sealed with SEAL_PREPARE. */
static enum status read_inputs(struct replay *replay, struct err *err)
{
    const struct options *options = replay->options;
    enum status status = STATUS_OK;
    if (options->replay_filter.bpf)
        status = bpf_filter_new(options->replay_filter.bpf, &replay->bpf, err);
    if (status == STATUS_OK && replay->lookup)
        status = lookup_open(replay->lookup, err);
    return status;
}

/* In another process, which tells nothing but an error. */
static void try_inputs(const void *context, void *out)
{
    struct replay replay = *(const struct replay *)context;
    struct err *err = out;
    FILE *expected = replay.context->expect_file;
    fclose(stderr);
    enum status status = read_inputs(&replay, err);
    if (status == STATUS_OK && expected && fseek(expected, 0, SEEK_SET) == 0) /* it fails for a pipe, which stays */
        status = run_read_expected(replay.options, replay.context, err);
    err->status = status;
}

static bool creates_files(const struct options *options)
{
    for (unsigned i = 0; i < options->output_count; i++)
        if (options->outputs[i].file)
            return true;
    return false;
}

/* A replay that cannot start creates no file. Outputs are opened with rights that must be gone when databases, filter
 * and expectations are parsed. So these are tried before. */
static enum status check_inputs(struct replay *replay, struct err *err)
{
    const struct options *options = replay->options;
    bool reads =
        options->replay_filter.bpf || options->lookup.networks || options->lookup.places || options->expect_file;
    struct err found;
    if (!reads || !creates_files(options))
        return STATUS_OK;
    enum status status = confined_run(try_inputs, replay, &found, sizeof found, err);
    if (replay->context->expect_file)
        rewind(replay->context->expect_file);
    if (status != STATUS_OK || found.status == STATUS_OK)
        return status;
    found.message[sizeof found.message - 1] = '\0';
    return err_set(err, found.status == STATUS_USAGE ? STATUS_USAGE : STATUS_SYSTEM, "%s", found.message);
}

/* Opens everything and gives up what that took. From the end of this function on, the process only computes, and reads
 * and writes open files; with --resolve and --whois it asks servers. */
static enum status prepare(struct replay *replay, struct err *err)
{
    struct options *options = replay->options;
    enum status status = confine_as_caller(open_inputs, replay, err);
    if (status == STATUS_OK)
        status = check_inputs(replay, err);
    if (status == STATUS_OK)
        status = confine_as_caller(open_outputs, replay, err);
    if (status == STATUS_OK)
        status = far_point_check(&replay->far, replay->files, replay->near_count, &replay->report, err);
    if (status == STATUS_OK)
        status = confine_drop(options, err);
    if (status != STATUS_OK)
        return status;
    confine_prepare();
    status = read_inputs(replay, err);
    if (status != STATUS_OK)
        return status;
    confine_seal(options, SEAL_THREADS | (replay->report.keeper ? SEAL_KEEPER : 0) |
                              (lookup_asks(replay->lookup) ? SEAL_ASK : 0));
    return run_read_expected(options, replay->context, err);
}

static void close_files(struct replay *replay)
{
    for (unsigned i = 0; i < replay->near_count; i++)
        capture_file_close(&replay->files[i]);
    far_point_close(&replay->far);
    lookup_free(replay->lookup);
    bpf_filter_free(replay->bpf);
}

int run_replay(struct options *options, const struct run_context *context)
{
    struct err err = {0};
    static struct replay replay; /* too large for the stack */
    replay = (struct replay){.options = options, .context = context};
    while (replay.near_count < options->read_count && options->read_points[replay.near_count] == TRANSIT_NEAR)
        replay.near_count++;
    if (prepare(&replay, &err) != STATUS_OK) {
        struct err ignored;
        report_close(&replay.report, &ignored);
        close_files(&replay);
        return run_complain(&err);
    }
    replay.report.stop = context->stop;
    *context->stop = 0;
    replay_files(&replay);
    if (report_close(&replay.report, &err) != STATUS_OK)
        note_code(&replay, run_complain(&err));
    close_files(&replay);
    return exit_of(&replay);
}
