/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/far_point.h"

#include <sys/stat.h>
#include <time.h>

void far_point_open(struct far_point *far, const struct options *options, const volatile sig_atomic_t *stop)
{
    for (unsigned i = 0; i < options->read_count; i++) {
        if (options->read_points[i] != TRANSIT_FAR)
            continue;
        capture_file_open(&far->files[far->count], options->read_files[i], stop);
        far->sources[far->count++].name = options->read_files[i];
    }
}

static enum status check_same(const struct capture_file *file, const struct stat *status,
                              const struct capture_file *others, unsigned count, struct err *err)
{
    struct stat other;
    for (unsigned i = 0; i < count; i++)
        if (others[i].fd >= 0 && fstat(others[i].fd, &other) == 0 && other.st_dev == status->st_dev &&
            other.st_ino == status->st_ino)
            return err_set(err, STATUS_USAGE, "--far '%s': the same file as %s (name the capture of the other end)",
                           file->path, others[i].path);
    return STATUS_OK;
}

static bool is_read_once(const struct stat *status)
{
    return S_ISFIFO(status->st_mode) || S_ISCHR(status->st_mode) || S_ISSOCK(status->st_mode);
}

enum status far_point_check(const struct far_point *far, const struct capture_file *near, unsigned near_count,
                            const struct report *report, struct err *err)
{
    struct stat status;
    for (unsigned i = 0; far->count && i < near_count; i++)
        if (near[i].fd >= 0 && fstat(near[i].fd, &status) == 0 && is_read_once(&status))
            return err_set(err, STATUS_USAGE, "%s: captures of two points are read twice (save it to a file first)",
                           near[i].path);
    for (unsigned i = 0; i < far->count; i++) {
        const struct capture_file *file = &far->files[i];
        if (file->fd < 0 || fstat(file->fd, &status) != 0)
            continue; /* the reader complains */
        if (is_read_once(&status))
            return err_set(err, STATUS_USAGE,
                           "--far '%s': captures of two points are read twice (save it to a file first)", file->path);
        enum status same = check_same(file, &status, near, near_count, err);
        if (same == STATUS_OK)
            same = check_same(file, &status, far->files, i, err);
        if (same == STATUS_OK)
            same = report_check_apart(report, &status, file->path, err);
        if (same != STATUS_OK)
            return same;
    }
    return STATUS_OK;
}

/* How long the files must stay as they are, and the longest wait. Unit: steps. Source: tcpdump writes frames up to a
 * second after they came (the timeout of libpcap's buffer). Effect: with less, a live run misses the last frames. */
#define WAIT_STEP (50 * NS_PER_MS)
#define STEPS_QUIET 25
#define STEPS_MOST 100

static uint64_t bytes_of(const struct far_point *far)
{
    struct stat status;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < far->count; i++)
        if (far->files[i].fd >= 0 && fstat(far->files[i].fd, &status) == 0)
            bytes += (uint64_t)status.st_size;
    return bytes;
}

void far_point_wait(const struct far_point *far, const volatile sig_atomic_t *stop)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP};
    uint64_t bytes = bytes_of(far);
    unsigned quiet = 0;
    for (unsigned steps = 0; steps < STEPS_MOST && quiet < STEPS_QUIET && !*stop; steps++) {
        nanosleep(&step, NULL);
        uint64_t now = bytes_of(far);
        quiet = now == bytes ? quiet + 1 : 0;
        bytes = now;
    }
}

static void fill_sources(struct far_point *far, unsigned near_count, struct report *report)
{
    struct err err;
    for (unsigned i = 0; i < far->count; i++) {
        const struct point_file *file = &far->points.files[near_count + i];
        far->sources[i].frames = file->frames;
        far->sources[i].truncated = file->truncated;
        if (file->truncated) {
            err_set(&err, STATUS_OK, "%s: the file is cut; what came before is used", file->file->path);
            run_complain(&err);
        }
        if (file->status != STATUS_OK) {
            err_set(&err, file->status, "%s", file->message);
            run_complain(&err);
            far->failed = true;
        }
    }
    report->first.result.source.far = far->sources;
    report->first.result.source.far_count = far->count;
}

static void complain_of_nothing(const struct far_point *far)
{
    struct err err;
    err_set(
        &err, STATUS_OK,
        "%s: no packet of this capture is in the near one, so it changes no verdict (was it taken at the same time?)",
        far->files[0].path);
    run_complain(&err);
}

void far_point_read(struct far_point *far, const struct options *options, const struct capture_file *const *near,
                    unsigned near_count, const struct trace *const *traces, size_t count, struct report *report,
                    const struct run_context *context)
{
    struct err err;
    if (!far->count)
        return;
    far->points = (struct points){.opens_tunnels = !options->no_decap, .stop = context->stop};
    for (unsigned i = 0; i < near_count; i++)
        points_add(&far->points, near[i], TRANSIT_NEAR);
    for (unsigned i = 0; i < far->count; i++)
        points_add(&far->points, &far->files[i], TRANSIT_FAR);
    enum status status = far_end_read(&far->points, run_random(), &far->end, &err);
    if (status == STATUS_OK)
        status = far_end_find_replies(far->end, traces, count, &err);
    fill_sources(far, near_count, report);
    if (status != STATUS_OK) {
        run_complain(&err);
        far->failed = true;
        far_point_forget(far);
    } else if (!far_end_result(far->end)->paired) {
        complain_of_nothing(far);
    }
}

void far_point_read_session(struct far_point *far, const struct options *options, const struct capture_file *near,
                            const struct session *session, struct report *report, const struct run_context *context)
{
    const struct trace_set set = session_trace_set(session);
    far_point_read(far, options, &near, 1, set.traces, set.count, report, context);
}

void far_point_revise(struct far_point *far, const struct trace *const *traces, size_t count,
                      struct judgement *judgement)
{
    if (!far->end)
        return;
    far_end_choose(far->end, traces, count);
    second_point_revise(far_end_look, far->end, judgement);
}

void far_point_forget(struct far_point *far)
{
    far_end_free(far->end);
    far->end = NULL;
}

void far_point_close(struct far_point *far)
{
    far_point_forget(far);
    for (unsigned i = 0; i < far->count; i++)
        capture_file_close(&far->files[i]);
}
