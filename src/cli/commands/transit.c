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
#include "cli/shared/report.h"
#include "cli/terminal/progress.h"
#include "live/privileges.h"
#include "pairing/pairing.h"
#include "report/frame_fates.h"
#include "report/transit_words.h"

/* Bytes of packets that are sorted in memory, in all files together. */
#define SORTED_BYTES_MOST ((size_t)32 << 20)

struct transit {
    const struct options *options;
    const struct run_context *context;
    struct capture_file files[FILES_MOST]; /* options->read_count of them */
    struct source_file sources[FILES_MOST];
    uint8_t numbers[FILES_MOST]; /* within the point */
    bool is_late[FILES_MOST];    /* its frames are out of order */
    nstime latest[FILES_MOST];
    struct report report;
    struct bpf_filter *bpf;    /* NULL: every frame passes */
    struct dump *dump;         /* NULL: no --write */
    struct frame_fates *fates; /* the same */
    struct progress progress;
    struct overview_result overview;
    uint64_t frames_read;
    bool failed; /* a file could not be read to its end */
};

static int complain_of_memory(void)
{
    struct err err;
    err_set(&err, STATUS_SYSTEM, "out of memory");
    return run_complain(&err);
}

/* --- reading --- */

/* The files of one point, merged by their stamps, with one frame ahead. */
struct point_reader {
    struct transit *t;
    enum transit_point point;
    struct merge *merge;
    struct frame frame;
    unsigned file; /* within the point */
    nstime common; /* of `frame`: near clock */
    bool has_frame;
};

static unsigned index_of(const struct transit *t, enum transit_point point, unsigned file)
{
    unsigned index = 0;
    while (t->options->read_points[index] != point || t->numbers[index] != file)
        index++;
    return index;
}

static void reader_close(struct point_reader *r)
{
    struct transit *t = r->t;
    for (unsigned i = 0; r->merge && i < t->options->read_count; i++) {
        if (t->options->read_points[i] != r->point)
            continue;
        const struct merge_file *file = merge_file(r->merge, t->numbers[i]);
        struct err err;
        t->sources[i].frames = file->frames;
        t->sources[i].truncated = file->truncated;
        if (file->status != STATUS_OK && !t->failed) {
            err_set(&err, file->status, "%s", file->message);
            run_complain(&err);
            t->failed = true;
        }
    }
    merge_free(r->merge);
    r->merge = NULL;
}

/* Those that are out of order are sorted, as far as the memory allows. */
static bool sort_files(struct point_reader *r)
{
    const struct transit *t = r->t;
    unsigned late = 0;
    bool good = true;
    for (unsigned i = 0; i < t->options->read_count; i++)
        late += t->is_late[i];
    for (unsigned i = 0; i < t->options->read_count && good; i++)
        if (t->options->read_points[i] == r->point && t->is_late[i])
            good = merge_sort(r->merge, t->numbers[i], SORTED_BYTES_MOST / late, NSTIME_NEVER);
    return good;
}

/* Says why not, and returns false. */
static bool reader_open(struct point_reader *r, struct transit *t, enum transit_point point)
{
    struct err err;
    *r = (struct point_reader){.t = t, .point = point, .merge = merge_new(FILES_MOST)};
    if (!r->merge)
        return complain_of_memory() == EXIT_REACHED;
    for (unsigned i = 0; i < t->options->read_count; i++) {
        struct wire *wire;
        const struct saved_run *saved;
        if (t->options->read_points[i] != point)
            continue;
        if (file_wire_begin(&t->files[i], &wire, &saved, &err) != STATUS_OK) {
            merge_free(r->merge);
            r->merge = NULL;
            if (!*t->context->stop)
                run_complain(&err);
            return false;
        }
        merge_add(r->merge, wire);
    }
    return sort_files(r) || complain_of_memory() == EXIT_REACHED;
}

static nstime near_time(const struct transit *t, enum transit_point point, nstime time)
{
    return point == TRANSIT_FAR && t->overview.clock.count ? clock_correct(&t->overview.clock, time) : time;
}

/* Reads until a chosen frame is at hand, or the end. */
static void reader_next(struct point_reader *r)
{
    struct transit *t = r->t;
    r->has_frame = false;
    while (!*t->context->stop && !r->has_frame) {
        enum wire_event event = merge_next(r->merge, &r->frame, &r->file);
        if (event == WIRE_END)
            return;
        r->has_frame = event == WIRE_FRAME && (!t->bpf || bpf_filter_passes(t->bpf, &r->frame));
    }
    if (r->has_frame)
        r->common = near_time(t, r->point, r->frame.time);
}

static void decode(const struct transit *t, const struct frame *frame, struct packet *packet)
{
    packet_decode(frame, packet);
    if (!t->options->no_decap)
        packet_open_tunnels(packet);
}

static void show_progress(struct transit *t, const struct merge *merge)
{
    uint64_t done, total;
    if (++t->frames_read % PROGRESS_FRAMES || !merge_progress(merge, &done, &total))
        return;
    progress_show(&t->progress, t->frames_read, done, total);
}

static void overview_point(struct transit *t, struct overview *overview, struct point_reader *r)
{
    struct packet packet;
    for (reader_next(r); r->has_frame; reader_next(r)) {
        unsigned index = index_of(t, r->point, r->file);
        t->is_late[index] = t->is_late[index] || r->frame.time < t->latest[index];
        t->latest[index] = r->frame.time > t->latest[index] ? r->frame.time : t->latest[index];
        decode(t, &r->frame, &packet);
        overview_take(overview, r->point, &r->frame, &packet);
        show_progress(t, r->merge);
    }
}

static bool make_overview(struct transit *t)
{
    struct overview *overview = overview_new();
    bool good = overview || complain_of_memory() == EXIT_REACHED;
    for (unsigned point = 0; good && point < TRANSIT_POINTS; point++) {
        struct point_reader reader;
        good = reader_open(&reader, t, point);
        if (good)
            overview_point(t, overview, &reader);
        reader_close(&reader);
    }
    good = good && (overview_finish(overview, &t->overview) || complain_of_memory() == EXIT_REACHED);
    overview_free(overview);
    return good;
}

/* What to do with the frame at hand. False: out of memory. */
typedef bool (*frame_visit)(struct transit *t, const struct point_reader *reader, void *context);

/* Both points in the order of the near clock. False: out of memory. */
static bool visit_frames(struct transit *t, struct point_reader readers[TRANSIT_POINTS], frame_visit visit,
                         void *context)
{
    struct point_reader *near = &readers[TRANSIT_NEAR], *far = &readers[TRANSIT_FAR];
    reader_next(near);
    reader_next(far);
    while (near->has_frame || far->has_frame) {
        bool is_near = near->has_frame && (!far->has_frame || near->common <= far->common);
        struct point_reader *r = is_near ? near : far;
        if (!visit(t, r, context))
            return false;
        show_progress(t, r->merge);
        reader_next(r);
    }
    return true;
}

static bool pair_frame(struct transit *t, const struct point_reader *r, void *context)
{
    struct packet packet;
    decode(t, &r->frame, &packet);
    return pairing_take(context, r->point, r->file, &r->frame, &packet);
}

/* Says why not, and returns false. */
static bool read_points(struct transit *t, frame_visit visit, void *context)
{
    struct point_reader readers[TRANSIT_POINTS] = {{.merge = NULL}};
    bool good = true;
    for (unsigned point = 0; good && point < TRANSIT_POINTS; point++)
        good = reader_open(&readers[point], t, point);
    if (good)
        good = visit_frames(t, readers, visit, context) || complain_of_memory() == EXIT_REACHED;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        readers[point].t = t;
        reader_close(&readers[point]);
    }
    return good;
}

/* --- both points in one capture --- */

static bool write_frame(struct transit *t, const struct point_reader *r, void *context)
{
    struct strbuf *comment = context;
    struct frame frame = r->frame;
    frame.time = r->common;
    strbuf_clear(comment);
    frame_fates_add_comment(t->fates, r->point, r->file, frame.number, comment);
    dump_point_frame(t->dump, r->point, transit_point_name(r->point), &frame, comment->text);
    return !comment->failed;
}

/* The report is complete without it. Returns the exit status. */
static int write_points(struct transit *t, const struct transit_result *result, int code)
{
    struct strbuf comment;
    struct err err;
    bool good = !*t->context->stop;
    strbuf_init(&comment);
    if (good) {
        dump_begin_points(t->dump);
        good = (frame_fates_note_alone(t->fates, result) || complain_of_memory() == EXIT_REACHED) &&
               read_points(t, write_frame, &comment);
        progress_erase(&t->progress);
    }
    strbuf_free(&comment);
    enum status status = dump_close_points(t->dump, &err);
    t->dump = NULL;
    if (status != STATUS_OK)
        return run_complain(&err);
    return good || *t->context->stop ? code : EXIT_SYSTEM;
}

/* --- the report --- */

static void complain_of_files(struct transit *t)
{
    struct err err;
    while (t->bpf && bpf_filter_problem(t->bpf, &err))
        run_complain(&err);
    for (unsigned i = 0; i < t->options->read_count; i++) {
        if (!t->sources[i].truncated)
            continue;
        err_set(&err, STATUS_OK, "%s: the file is cut; what came before is reported", t->files[i].path);
        run_complain(&err);
    }
}

/* All packets are accounted for, and none is lost. */
static int exit_of(const struct transit_result *result)
{
    uint64_t bad = 0;
    for (unsigned way = 0; way < TRANSIT_WAYS; way++)
        bad += result->lost[way] + result->forged[way];
    for (unsigned reason = 0; reason < TRANSIT_REASONS; reason++)
        if (reason != TRANSIT_NOT_COVERED && reason != TRANSIT_UNPAIRED && reason != TRANSIT_MISSED)
            bad += result->unjudged_because[reason];
    return result->paired && !bad ? EXIT_REACHED : EXIT_NOT_REACHED;
}

static void take_pair(void *context, const struct transit_pair *pair)
{
    struct transit *t = context;
    report_pair(&t->report, pair);
    if (t->fates)
        frame_fates_note_pair(t->fates, pair); /* frame_fates_note_alone() says if memory was short */
}

static int report_pairs(struct transit *t)
{
    const struct transit_result nothing_yet = {.clock = t->overview.clock};
    const struct result_source source = {
        .command = "transit", .files = t->sources, .file_count = t->options->read_count};
    const struct pairing_config config = {
        .overview = t->overview, .events = {.context = t, .pair = take_pair}, .secret = run_random()};
    const struct transit_result *result;
    struct pairing *pairing = pairing_new(&config);
    if (!pairing)
        return complain_of_memory();
    t->report.result.transit = &nothing_yet;
    for (unsigned i = 0; i < t->options->read_count; i++)
        t->report.result.near_files += t->options->read_points[i] == TRANSIT_NEAR;
    report_begin(&t->report, &source, NULL);
    bool good = read_points(t, pair_frame, pairing);
    progress_erase(&t->progress);
    t->report.result.source.interrupted = *t->context->stop && !t->report.pipe_closed;
    if (good && !pairing_finish(pairing, &result)) {
        complain_of_memory();
        good = false;
    }
    if (good)
        t->report.result.transit = result;
    report_end(&t->report);
    int code = good ? exit_of(result) : EXIT_SYSTEM;
    if (good && t->dump)
        code = write_points(t, result, code);
    pairing_free(pairing);
    return code;
}

static int compare_points(struct transit *t)
{
    progress_start(&t->progress, !t->options->quiet);
    bool good = make_overview(t);
    progress_erase(&t->progress);
    if (!good)
        return *t->context->stop ? EXIT_INTERRUPTED : EXIT_SYSTEM;
    int code = report_pairs(t);
    complain_of_files(t);
    return t->failed ? EXIT_SYSTEM : run_quiet_end(&t->report, t->context, code);
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

static void number_files(struct transit *t)
{
    uint8_t counts[TRANSIT_POINTS] = {0};
    for (unsigned i = 0; i < t->options->read_count; i++) {
        t->sources[i].name = t->options->read_files[i];
        t->numbers[i] = counts[t->options->read_points[i]]++;
        t->latest[i] = NSTIME_NONE;
    }
}

int run_transit(struct options *options, const struct run_context *context)
{
    static struct transit t; /* too large for the stack */
    struct err err = {0};
    t = (struct transit){.options = options, .context = context};
    number_files(&t);
    if (options->write_file && !(t.fates = frame_fates_new()))
        return complain_of_memory();
    enum status status = prepare(&t, &err);
    int code = status == STATUS_OK ? EXIT_REACHED : run_complain(&err);
    if (status == STATUS_OK) {
        t.report.stop = context->stop;
        *context->stop = 0;
        code = compare_points(&t);
    }
    if (report_close(&t.report, &err) != STATUS_OK && status == STATUS_OK)
        code = run_complain(&err);
    for (unsigned i = 0; i < options->read_count; i++)
        capture_file_close(&t.files[i]);
    bpf_filter_free(t.bpf);
    frame_fates_free(t.fates);
    if (t.dump && dump_close_points(t.dump, &err) != STATUS_OK)
        code = run_complain(&err);
    return code;
}
