/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reading/points.h"

#include <string.h>

#include "capture/file.h"
#include "cli/reading/packets_ahead.h"

/* Bytes of all files from which on threads are used. Fewer bytes are read before a thread has started. */
#define THREADS_FROM (8u << 20)
/* Bytes of packets that are sorted in memory, in all files together. */
#define SORTED_BYTES_MOST ((size_t)32 << 20)

static enum status no_memory(struct err *err)
{
    return err_set(err, STATUS_SYSTEM, "out of memory");
}

void points_add(struct points *points, const struct capture_file *file, unsigned point)
{
    struct point_file *added = &points->files[points->count];
    *added = (struct point_file){.file = file, .point = (uint8_t)point, .latest = NSTIME_NONE};
    for (unsigned i = 0; i < points->count; i++)
        added->number = (uint8_t)(added->number + (points->files[i].point == point));
    points->count++;
}

/* --- one point --- */

/* The files of one point, merged by their stamps, with one frame ahead. */
struct reader {
    const struct point_pair *pair;
    struct merge *merge;
    struct point_frame ahead;
    bool has_frame;
};

static bool is_of(const struct reader *r, const struct point_file *file)
{
    return file->point == r->pair->index[r->ahead.point];
}

static struct point_file *file_of(const struct reader *r, unsigned number)
{
    struct point_file *file = r->pair->points->files;
    while (!is_of(r, file) || file->number != number)
        file++;
    return file;
}

static void reader_close(struct reader *r)
{
    struct points *points = r->pair->points;
    for (unsigned i = 0; r->merge && i < points->count; i++) {
        struct point_file *file = &points->files[i];
        if (!is_of(r, file))
            continue;
        const struct merge_file *merged = merge_file(r->merge, file->number);
        file->frames = merged->frames;
        file->truncated = merged->truncated;
        if (merged->status != STATUS_OK) {
            file->status = merged->status;
            memcpy(file->message, merged->message, sizeof file->message);
        }
    }
    merge_free(r->merge);
    r->merge = NULL;
}

/* Those that are out of order are sorted. False: out of memory. */
static bool sort_files(struct reader *r)
{
    const struct points *points = r->pair->points;
    unsigned late = 0;
    bool good = true;
    for (unsigned i = 0; i < points->count; i++)
        late += points->files[i].is_late;
    for (unsigned i = 0; i < points->count && good; i++)
        if (is_of(r, &points->files[i]) && points->files[i].is_late)
            good = merge_sort(r->merge, points->files[i].number, SORTED_BYTES_MOST / late, NSTIME_NEVER);
    return good;
}

static enum status reader_open(struct reader *r, const struct point_pair *pair, enum transit_point point,
                               struct err *err)
{
    const struct points *points = pair->points;
    *r = (struct reader){.pair = pair, .merge = merge_new(POINT_FILES_MOST), .ahead = {.point = point}};
    if (!r->merge)
        return no_memory(err);
    for (unsigned i = 0; i < points->count; i++) {
        struct wire *wire;
        const struct saved_run *saved;
        if (!is_of(r, &points->files[i]))
            continue;
        if (file_wire_begin(points->files[i].file, &wire, &saved, err) != STATUS_OK) {
            merge_free(r->merge);
            r->merge = NULL;
            return STATUS_SYSTEM;
        }
        merge_add(r->merge, wire);
    }
    return sort_files(r) ? STATUS_OK : no_memory(err);
}

static nstime near_time(const struct point_pair *pair, enum transit_point point, nstime time)
{
    const struct clock_estimate *clock = &pair->overview.clock;
    return point == TRANSIT_FAR && clock->count ? clock_correct(clock, time) : time;
}

/* Reads until a chosen frame is at hand, or the end. */
static void reader_next(struct reader *r)
{
    struct points *points = r->pair->points;
    r->has_frame = false;
    while (!*points->stop && !r->has_frame) {
        enum wire_event event = merge_next(r->merge, &r->ahead.frame, &r->ahead.file);
        if (event == WIRE_END)
            return;
        r->has_frame = event == WIRE_FRAME && (!points->bpf || bpf_filter_passes(points->bpf, &r->ahead.frame));
    }
    if (r->has_frame)
        r->ahead.common = near_time(r->pair, r->ahead.point, r->ahead.frame.time);
}

void points_decode(const struct points *points, const struct frame *frame, struct packet *packet)
{
    packet_decode(frame, packet);
    if (points->opens_tunnels)
        packet_open_tunnels(packet);
}

static void show_progress(const struct reader *r)
{
    if (r->pair->points->progress && r->ahead.point == TRANSIT_NEAR)
        r->pair->points->progress(r->pair->points->context, r->merge);
}

/* Threads that read are worth their start. The filter of the user keeps notes, so that one thread uses it. */
static bool are_large(const struct reader readers[TRANSIT_POINTS])
{
    uint64_t all = 0;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        uint64_t done, total;
        if (merge_progress(readers[point].merge, &done, &total))
            all += total;
    }
    return all >= THREADS_FROM && !readers[0].pair->points->bpf;
}

/* --- the overview --- */

static void overview_point(struct overview *overview, struct reader *r)
{
    struct packet packet;
    for (reader_next(r); r->has_frame; reader_next(r)) {
        const struct frame *frame = &r->ahead.frame;
        struct point_file *file = file_of(r, r->ahead.file);
        file->is_late = file->is_late || frame->time < file->latest;
        file->latest = frame->time > file->latest ? frame->time : file->latest;
        points_decode(r->pair->points, frame, &packet);
        overview_take(overview, r->ahead.point, frame, &packet);
        show_progress(r);
    }
}

struct overview_run {
    struct overview *overview;
    struct reader *reader;
};

static void *run_overview(void *context)
{
    const struct overview_run *run = context;
    overview_point(run->overview, run->reader);
    return NULL;
}

/* With a thread for the far point, if the files are large. */
static void overview_points(struct overview *overview, struct reader readers[TRANSIT_POINTS])
{
    struct overview_run far = {overview, &readers[TRANSIT_FAR]};
    pthread_t thread;
    bool threaded = are_large(readers) && packets_ahead_run(&thread, run_overview, &far);
    overview_point(overview, &readers[TRANSIT_NEAR]);
    if (threaded)
        pthread_join(thread, NULL);
    else
        run_overview(&far);
}

enum status points_overview(struct point_pair *pair, struct err *err)
{
    struct overview *overview = overview_new();
    struct reader readers[TRANSIT_POINTS];
    enum status status = overview ? STATUS_OK : no_memory(err);
    unsigned opened = 0;
    pair->overview = (struct overview_result){.shared = 0};
    for (; status == STATUS_OK && opened < TRANSIT_POINTS; opened++)
        status = reader_open(&readers[opened], pair, (enum transit_point)opened, err);
    if (status == STATUS_OK)
        overview_points(overview, readers);
    for (unsigned point = 0; point < opened; point++)
        reader_close(&readers[point]);
    if (status == STATUS_OK && !overview_finish(overview, &pair->overview))
        status = no_memory(err);
    overview_free(overview);
    return status;
}

/* --- both points --- */

/* False: the visitor ended the reading. */
static bool visit_frames(struct reader readers[TRANSIT_POINTS], point_visit visit, void *context)
{
    struct reader *near = &readers[TRANSIT_NEAR], *far = &readers[TRANSIT_FAR];
    reader_next(near);
    reader_next(far);
    while (near->has_frame || far->has_frame) {
        bool is_near = near->has_frame && (!far->has_frame || near->ahead.common <= far->ahead.common);
        struct reader *r = is_near ? near : far;
        if (!visit(context, &r->ahead))
            return false;
        show_progress(r);
        reader_next(r);
    }
    return true;
}

enum status points_visit(const struct point_pair *pair, point_visit visit, void *context, struct err *err)
{
    struct reader readers[TRANSIT_POINTS];
    enum status status = STATUS_OK;
    unsigned opened = 0;
    for (; status == STATUS_OK && opened < TRANSIT_POINTS; opened++)
        status = reader_open(&readers[opened], pair, (enum transit_point)opened, err);
    if (status == STATUS_OK && !visit_frames(readers, visit, context))
        status = no_memory(err);
    for (unsigned point = 0; point < opened; point++)
        reader_close(&readers[point]);
    return status;
}

static bool read_packet(void *context, struct pairing_packet *out)
{
    struct reader *r = context;
    struct packet packet;
    reader_next(r);
    if (!r->has_frame)
        return false;
    points_decode(r->pair->points, &r->ahead.frame, &packet);
    pairing_read(&r->pair->overview, r->ahead.point, r->ahead.file, &r->ahead.frame, &packet, out);
    show_progress(r);
    return true;
}

enum status points_pair(const struct point_pair *pair, struct pairing *pairing, struct err *err)
{
    struct reader readers[TRANSIT_POINTS];
    enum status status = STATUS_OK;
    unsigned opened = 0;
    for (; status == STATUS_OK && opened < TRANSIT_POINTS; opened++)
        status = reader_open(&readers[opened], pair, (enum transit_point)opened, err);
    if (status == STATUS_OK) {
        bool threaded = are_large(readers);
        struct packets_ahead *near = packets_ahead_start(read_packet, &readers[TRANSIT_NEAR], threaded);
        struct packets_ahead *far = packets_ahead_start(read_packet, &readers[TRANSIT_FAR], threaded);
        if (!near || !far || !packets_ahead_pair(near, far, pairing))
            status = no_memory(err);
        packets_ahead_stop(near);
        packets_ahead_stop(far);
    }
    for (unsigned point = 0; point < opened; point++)
        reader_close(&readers[point]);
    return status;
}
