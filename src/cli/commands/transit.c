/* SPDX-License-Identifier: BSD-2-Clause */
/* transit: the captures of two points, read twice: an overview of clocks and times, and then the pairs. With --write
 * they are read once more, because the fates of packets are known last. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/bpf_filter.h"
#include "capture/dump.h"
#include "capture/file.h"
#include "capture/merge.h"
#include "cli/commands/confine.h"
#include "cli/commands/run.h"
#include "cli/reading/points.h"
#include "cli/shared/report.h"
#include "cli/terminal/progress.h"
#include "live/privileges.h"
#include "pairing/missed.h"
#include "pairing/pairing.h"
#include "report/frame_fates.h"
#include "report/transit_words.h"

#define SECTIONS_MOST (POINTS_MOST - 1)

struct transit {
    const struct options *options;
    const struct run_context *context;
    struct capture_file files[FILES_MOST]; /* options->read_count of them */
    struct source_file sources[FILES_MOST];
    struct points points;
    /* Each point and the next one: */
    struct point_pair pairs[SECTIONS_MOST];
    struct pairing *pairings[SECTIONS_MOST];      /* owned */
    struct transit_result results[SECTIONS_MOST]; /* their lists are the pairing's; until they are known, the clock */
    struct transit_section sections[SECTIONS_MOST];
    unsigned section_count;
    struct report report;
    struct bpf_filter *bpf;    /* NULL: every frame passes */
    struct dump *dump;         /* NULL: no --write */
    struct frame_fates *fates; /* the same */
    struct strbuf comment;     /* scratch, with `dump` */
    struct progress progress;
    uint64_t frames_read;
};

static int complain_of_memory(void)
{
    struct err err;
    err_set(&err, STATUS_SYSTEM, "out of memory");
    return run_complain(&err);
}

static void show_progress(void *context, const struct merge *merge)
{
    struct transit *t = context;
    uint64_t done, total;
    if (++t->frames_read % PROGRESS_FRAMES || !merge_progress(merge, &done, &total))
        return;
    progress_show(&t->progress, t->frames_read, done, total);
}

/* Says why a reading failed, unless a signal ended it. */
static bool is_read(const struct transit *t, enum status status, const struct err *err)
{
    if (status != STATUS_OK && !*t->context->stop)
        run_complain(err);
    return status == STATUS_OK;
}

/* --- both points in one capture --- */

static bool write_frame(void *context, const struct point_frame *point)
{
    struct transit *t = context;
    struct frame frame = point->frame;
    frame.time = point->common;
    strbuf_clear(&t->comment);
    frame_fates_add_comment(t->fates, point->point, point->file, frame.number, &t->comment);
    dump_point_frame(t->dump, point->point, t->sections[0].names[point->point], &frame, t->comment.text);
    return !t->comment.failed;
}

/* The report is complete without it. Returns the exit status. */
static int write_points(struct transit *t, int code)
{
    struct err err;
    bool good = !*t->context->stop;
    strbuf_init(&t->comment);
    if (good) {
        dump_begin_points(t->dump);
        good = (frame_fates_note_alone(t->fates, t->sections[0].transit) || complain_of_memory() == EXIT_REACHED) &&
               is_read(t, points_visit(&t->pairs[0], write_frame, t, &err), &err);
        progress_erase(&t->progress);
    }
    strbuf_free(&t->comment);
    enum status status = dump_close_points(t->dump, &err);
    t->dump = NULL;
    if (status != STATUS_OK)
        return run_complain(&err);
    return good || *t->context->stop ? code : EXIT_SYSTEM;
}

/* --- the report --- */

static void complain_of_cut(const struct point_file *file)
{
    struct err err;
    if (!file->truncated)
        return;
    err_set(&err, STATUS_OK, "%s: the file is cut; what came before is reported", file->file->path);
    run_complain(&err);
}

/* False: a file could not be read to its end. */
static bool complain_of_files(const struct transit *t)
{
    struct err err;
    bool good = true;
    while (t->bpf && bpf_filter_problem(t->bpf, &err))
        run_complain(&err);
    for (unsigned i = 0; i < t->points.count; i++) {
        const struct point_file *file = &t->points.files[i];
        complain_of_cut(file);
        if (file->status == STATUS_OK)
            continue;
        err_set(&err, file->status, "%s", file->message);
        run_complain(&err);
        good = false;
    }
    return good;
}

/* All packets are accounted for, and none is lost. */
static bool is_whole(const struct transit_result *result)
{
    uint64_t bad = 0;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        bad += result->lost[way] + result->forged[way];
    for (unsigned reason = 0; reason < TRANSIT_REASONS; reason++)
        if (reason != TRANSIT_NOT_COVERED && reason != TRANSIT_UNPAIRED && reason != TRANSIT_MISSED &&
            reason != TRANSIT_EXPIRED)
            bad += result->unjudged_because[reason];
    return result->paired && !bad;
}

static int exit_of(const struct transit *t)
{
    for (unsigned k = 0; k < t->section_count; k++)
        if (!is_whole(t->sections[k].transit))
            return EXIT_NOT_REACHED;
    return EXIT_REACHED;
}

static void take_pair(void *context, const struct transit_pair *pair)
{
    struct transit *t = context;
    report_pair(&t->report, pair);
    if (t->fates)
        frame_fates_note_pair(t->fates, pair); /* frame_fates_note_alone() says if memory was short */
}

/* --- more than two points: what a capture between two others lacks --- */

/* The points around one, with what became of their frames. */
struct around {
    struct frame_fates *fates;
    enum transit_point point; /* whose frames are looked up */
};

static void note_pair(void *context, const struct transit_pair *pair)
{
    frame_fates_note_pair(context, pair); /* a pair that is not noted excuses nothing */
}

static bool passes(void *context, const struct transit_frame *frame)
{
    const struct around *around = context;
    struct frame_found found;
    return frame_fates_find(around->fates, around->point, frame, &found) && found.paired;
}

/* Packets cross no more routers up to a point than up to one behind it. */
static void complain_of_order(const struct transit *t, unsigned k, const struct transit_result *around)
{
    struct err err;
    const int hops[] = {t->results[k].hops, t->results[k + 1].hops};
    if (around->hops < 0 || (hops[0] <= around->hops && hops[1] <= around->hops))
        return;
    err_set(&err, STATUS_OK,
            "--at: by the TTLs, %s does not lie between %s and %s (name the points in the order of the path)",
            t->sections[k].names[TRANSIT_FAR], t->sections[k].names[TRANSIT_NEAR],
            t->sections[k + 1].names[TRANSIT_FAR]);
    run_complain(&err);
}

/* Pairs the points on both sides of the point behind section `k`. */
static bool pair_around(struct transit *t, unsigned k, struct frame_fates *fates)
{
    struct point_pair pair = {.points = &t->points, .index = {(uint8_t)k, (uint8_t)(k + 2)}};
    struct pairing_config config = {.events = {.context = fates, .pair = note_pair}, .secret = run_random()};
    struct err err;
    bool good = is_read(t, points_overview(&pair, &err), &err);
    config.overview = pair.overview;
    struct pairing *pairing = good ? pairing_new(&config) : NULL;
    if (good && !pairing)
        return complain_of_memory() == EXIT_REACHED;
    good = good && is_read(t, points_pair(&pair, pairing, &err), &err);
    const struct transit_result *around;
    if (good && !pairing_finish(pairing, &around))
        good = complain_of_memory() == EXIT_REACHED;
    if (good)
        complain_of_order(t, k, around);
    pairing_free(pairing);
    return good;
}

static bool excuse_point(struct transit *t, unsigned k)
{
    struct frame_fates *fates = frame_fates_new();
    if (!fates)
        return complain_of_memory() == EXIT_REACHED;
    bool good = pair_around(t, k, fates);
    for (unsigned point = 0; good && point < TRANSIT_POINTS; point++) {
        struct around around = {.fates = fates, .point = (enum transit_point)point};
        transit_excuse_missed(&t->results[k + point], around.point, passes, &around);
    }
    frame_fates_free(fates);
    return good;
}

static bool pair_section(struct transit *t, unsigned k)
{
    const struct pairing_config config = {.overview = t->pairs[k].overview,
                                          .events = {.context = t, .pair = take_pair},
                                          .secret = run_random(),
                                          .has_third = t->section_count > 1};
    const struct transit_result *result;
    struct err err;
    t->report.first.result.section_now = k;
    t->pairings[k] = pairing_new(&config);
    if (!t->pairings[k])
        return complain_of_memory() == EXIT_REACHED;
    if (!is_read(t, points_pair(&t->pairs[k], t->pairings[k], &err), &err))
        return false;
    if (!pairing_finish(t->pairings[k], &result))
        return complain_of_memory() == EXIT_REACHED;
    t->results[k] = *result;
    transit_excuse_expired(&t->results[k]);
    if (!transit_excuse_reused(&t->results[k]))
        return complain_of_memory() == EXIT_REACHED;
    t->sections[k].transit = &t->results[k];
    return true;
}

static void fill_sources(struct transit *t)
{
    for (unsigned i = 0; i < t->points.count; i++) {
        t->sources[i].frames = t->points.files[i].frames;
        t->sources[i].truncated = t->points.files[i].truncated;
    }
}

static int report_pairs(struct transit *t)
{
    const struct result_source source = {
        .command = "transit", .files = t->sources, .file_count = t->options->read_count};
    bool good = true;
    t->report.first.result.sections = t->sections;
    t->report.first.result.section_count = t->section_count;
    report_begin(&t->report, &source, NULL);
    for (unsigned k = 0; k < t->section_count && good; k++)
        good = pair_section(t, k);
    for (unsigned k = 0; k + 1 < t->section_count && good; k++)
        good = excuse_point(t, k);
    progress_erase(&t->progress);
    t->report.first.result.source.interrupted = *t->context->stop && !t->report.pipe_closed;
    fill_sources(t);
    report_end(&t->report);
    int code = good ? exit_of(t) : EXIT_SYSTEM;
    return good && t->dump ? write_points(t, code) : code;
}

static bool make_overviews(struct transit *t)
{
    bool good = true;
    for (unsigned k = 0; k < t->section_count && good; k++) {
        struct err err;
        good = is_read(t, points_overview(&t->pairs[k], &err), &err);
        t->results[k].clock = t->pairs[k].overview.clock;
        t->sections[k].transit = &t->results[k];
    }
    return good;
}

static int compare_points(struct transit *t)
{
    progress_start(&t->progress, !t->options->quiet);
    bool good = make_overviews(t);
    progress_erase(&t->progress);
    if (!good)
        return *t->context->stop ? EXIT_INTERRUPTED : EXIT_SYSTEM;
    int code = report_pairs(t);
    return complain_of_files(t) ? run_quiet_end(&t->report, t->context, code) : EXIT_SYSTEM;
}

/* --- files --- */

static enum status check_file(const struct transit *t, unsigned index, struct err *err)
{
    const struct capture_file *file = &t->files[index];
    struct stat status, other;
    if (file->fd < 0 || fstat(file->fd, &status) != 0)
        return STATUS_OK; /* the reader complains */
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || S_ISSOCK(status.st_mode))
        return err_set(err, STATUS_USAGE, "%s: captures of two points are read twice (save it to a file first)",
                       file->path);
    for (unsigned i = 0; i < index; i++)
        if (t->files[i].fd >= 0 && fstat(t->files[i].fd, &other) == 0 && other.st_dev == status.st_dev &&
            other.st_ino == status.st_ino)
            return err_set(err, STATUS_USAGE, "%s: the same file as %s (name each file once, and one of each point)",
                           file->path, t->files[i].path);
    return report_check_apart(&t->report, &status, file->path, err);
}

/* With the rights of the user who called. */
static enum status open_inputs(void *context, struct err *err)
{
    struct transit *t = context;
    (void)err;
    capture_file_raise_limit(t->options->read_count);
    for (unsigned i = 0; i < t->options->read_count; i++)
        capture_file_open(&t->files[i], t->options->read_files[i], t->context->stop);
    return STATUS_OK;
}

/* The written file must be none of those that are read. */
static enum status check_written(const struct transit *t, struct err *err)
{
    struct stat written, read;
    if (stat(t->options->write_file, &written) != 0)
        return STATUS_OK;
    for (unsigned i = 0; i < t->options->read_count; i++)
        if (t->files[i].fd >= 0 && fstat(t->files[i].fd, &read) == 0 && read.st_dev == written.st_dev &&
            read.st_ino == written.st_ino)
            return err_set(err, STATUS_USAGE, "--write '%s': it is a capture that is read (name another)",
                           t->options->write_file);
    return STATUS_OK;
}

static enum status open_outputs(void *context, struct err *err)
{
    struct transit *t = context;
    enum status status = t->options->write_file ? check_written(t, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = report_open(&t->report, t->options, err);
    if (status == STATUS_OK && t->options->write_file)
        status = dump_open(t->options->write_file, &t->dump, err);
    return status;
}

/* Opens everything and gives up what that took. From the end of this function on, the process only computes, and reads
 * and writes open files. */
static enum status prepare(struct transit *t, struct err *err)
{
    enum status status = confine_as_caller(open_inputs, t, err);
    if (status == STATUS_OK)
        status = confine_as_caller(open_outputs, t, err);
    for (unsigned i = 0; i < t->options->read_count && status == STATUS_OK; i++)
        status = check_file(t, i, err);
    if (status == STATUS_OK)
        status = confine_drop(t->options, err);
    if (status != STATUS_OK)
        return status;
    confine_prepare();
    if (t->options->replay_filter.bpf)
        status = bpf_filter_new(t->options->replay_filter.bpf, &t->bpf, err);
    if (status == STATUS_OK)
        confine_seal(t->options, SEAL_THREADS);
    return status;
}

static void name_section(struct transit *t, unsigned k)
{
    static const char *const names[TRANSIT_POINTS] = {"near", "far"};
    struct transit_section *section = &t->sections[k];
    section->is_named = t->options->point_count > 0;
    t->pairs[k].points = &t->points;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        section->names[point] = section->is_named ? t->options->point_names[k + point] : names[point];
        t->pairs[k].index[point] = (uint8_t)(k + point);
        for (unsigned i = 0; i < t->options->read_count; i++) {
            section->first_file[point] += t->options->read_points[i] < k + point;
            section->file_count[point] += t->options->read_points[i] == k + point;
        }
    }
}

static void arrange(struct transit *t)
{
    const struct options *options = t->options;
    t->points.opens_tunnels = !options->no_decap;
    t->points.stop = t->context->stop;
    t->points.progress = show_progress;
    t->points.context = t;
    for (unsigned i = 0; i < options->read_count; i++) {
        t->sources[i].name = options->read_files[i];
        points_add(&t->points, &t->files[i], options->read_points[i]);
    }
    t->section_count = options->point_count ? options->point_count - 1 : 1;
    for (unsigned k = 0; k < t->section_count; k++)
        name_section(t, k);
}

static void close_all(struct transit *t)
{
    for (unsigned k = 0; k < t->section_count; k++)
        pairing_free(t->pairings[k]);
    for (unsigned i = 0; i < t->options->read_count; i++)
        capture_file_close(&t->files[i]);
    bpf_filter_free(t->bpf);
    frame_fates_free(t->fates);
}

int run_transit(struct options *options, const struct run_context *context)
{
    static struct transit t; /* too large for the stack */
    struct err err = {0};
    t = (struct transit){.options = options, .context = context};
    arrange(&t);
    if (options->write_file && !(t.fates = frame_fates_new()))
        return complain_of_memory();
    enum status status = prepare(&t, &err);
    int code = status == STATUS_OK ? EXIT_REACHED : run_complain(&err);
    if (status == STATUS_OK) {
        t.points.bpf = t.bpf;
        t.report.stop = context->stop;
        *context->stop = 0;
        code = compare_points(&t);
    }
    if (report_close(&t.report, &err) != STATUS_OK && status == STATUS_OK)
        code = run_complain(&err);
    if (t.dump && dump_close_points(t.dump, &err) != STATUS_OK)
        code = run_complain(&err);
    close_all(&t);
    return code;
}
