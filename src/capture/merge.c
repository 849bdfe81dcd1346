/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/file.h"
#include "capture/frame_sorter.h"

#define NO_SOURCE UINT32_MAX

struct source {
    struct wire *wire;           /* owned; NULL after its end */
    bool is_file;                /* not a pipe; set at its end */
    uint64_t bytes;              /* file length; set at its end */
    struct frame ahead;          /* its next frame, if the source is queued */
    struct frame_sorter *sorter; /* owned; NULL: its frames keep their order */
    merge_corrector correct;     /* NULL: its clock is right */
    const void *context;
    nstime latest; /* stamp of its frames so far */
    struct merge_file facts;
};

struct merge {
    struct source *sources; /* owned, `capacity` of them */
    uint32_t *queue;        /* owned; a heap of sources, the one with the earliest frame on top */
    unsigned count, capacity, queued;
    unsigned started; /* sources from which a first frame was read */
    struct err err;   /* of the last read that failed */
    uint32_t current; /* the source of the last frame, not queued; NO_SOURCE: none */
};

/* ---- the queue ---- */

static bool is_before(nstime a_time, uint32_t a, nstime b_time, uint32_t b)
{
    return a_time < b_time || (a_time == b_time && a < b);
}

static bool comes_first(const struct merge *m, unsigned a, unsigned b)
{
    uint32_t first = m->queue[a], second = m->queue[b];
    return is_before(m->sources[first].ahead.time, first, m->sources[second].ahead.time, second);
}

static void swap(struct merge *m, unsigned a, unsigned b)
{
    uint32_t kept = m->queue[a];
    m->queue[a] = m->queue[b];
    m->queue[b] = kept;
}

static void push(struct merge *m, uint32_t source, const struct frame *frame)
{
    unsigned at = m->queued++;
    m->sources[source].ahead = *frame;
    m->queue[at] = source;
    for (; at > 0 && comes_first(m, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(m, at, (at - 1) / 2);
}

static uint32_t pop(struct merge *m)
{
    uint32_t top = m->queue[0];
    m->queue[0] = m->queue[--m->queued];
    for (unsigned at = 0, next; (next = 2 * at + 1) < m->queued; at = next) {
        if (next + 1 < m->queued && comes_first(m, next + 1, next))
            next++;
        if (!comes_first(m, next, at))
            break;
        swap(m, next, at);
    }
    return top;
}

/* ---- the files ---- */

static void finish(struct source *source)
{
    uint64_t done;
    source->is_file = file_wire_progress(source->wire, &done, &source->bytes);
    source->facts.frames = file_wire_frames(source->wire);
    source->facts.truncated = file_wire_truncated(source->wire);
    source->wire->ops->close(source->wire);
    source->wire = NULL;
}

static enum wire_event end_source(const struct merge *m, struct source *source, enum wire_event event)
{
    if (event == WIRE_FAILED) {
        source->facts.status = m->err.status;
        memcpy(source->facts.message, m->err.message, sizeof source->facts.message);
    }
    finish(source);
    return WIRE_END;
}

static inline enum wire_event read_wire(struct merge *m, struct source *source, struct frame *frame)
{
    struct session_claim claim;
    enum wire_event event;
    do
        event = source->wire->ops->receive(source->wire, NSTIME_NEVER, frame, &claim, &m->err);
    while (event == WIRE_CLAIM);
    return event;
}

/* Reads a frame in the order of the file, with its corrected time. */
static enum wire_event read_frame(struct merge *m, unsigned file, struct frame *frame)
{
    struct source *source = &m->sources[file];
    enum wire_event event = read_wire(m, source, frame);
    if (event == WIRE_FRAME && source->correct)
        frame->time = source->correct(source->context, file, frame);
    return event == WIRE_FRAME || event == WIRE_QUIET ? event : end_source(m, source, event);
}

static void fail_for_memory(struct source *source)
{
    source->facts.status = STATUS_SYSTEM;
    snprintf(source->facts.message, sizeof source->facts.message, "out of memory");
    finish(source);
}

/* Reads ahead as far as the sorter holds it, and returns the earliest frame. */
static enum wire_event read_sorted(struct merge *m, unsigned file, struct frame *frame)
{
    struct source *source = &m->sources[file];
    while (source->wire && !frame_sorter_is_full(source->sorter)) {
        enum wire_event event = read_frame(m, file, frame);
        if (event == WIRE_QUIET)
            return event;
        if (event == WIRE_FRAME && !frame_sorter_put(source->sorter, frame))
            fail_for_memory(source);
    }
    return frame_sorter_take(source->sorter, frame) ? WIRE_FRAME : WIRE_END;
}

static void note_late(struct source *source, nstime late)
{
    source->facts.late++;
    if (late > source->facts.late_most)
        source->facts.late_most = late;
}

static void note_time(struct source *source, nstime time)
{
    if (time >= source->latest)
        source->latest = time;
    else
        note_late(source, source->latest - time);
}

/* The next frame of a file, in the order in which it is merged. */
static enum wire_event receive(struct merge *m, unsigned file, struct frame *frame)
{
    struct source *source = &m->sources[file];
    enum wire_event event = source->sorter ? read_sorted(m, file, frame) : read_frame(m, file, frame);
    if (event == WIRE_FRAME)
        note_time(source, frame->time);
    return event;
}

/* Queues the first frame of each file. Returns WIRE_END when done, WIRE_QUIET after a signal. */
static enum wire_event start(struct merge *m)
{
    for (; m->started < m->count; m->started++) {
        struct frame frame;
        enum wire_event event = receive(m, m->started, &frame);
        if (event == WIRE_QUIET)
            return WIRE_QUIET;
        if (event == WIRE_FRAME)
            push(m, m->started, &frame);
    }
    return WIRE_END;
}

/* Reads the next frame of the current file and returns it if it is the earliest. Otherwise queues it and returns
 * WIRE_END. */
static enum wire_event go_on(struct merge *m, struct frame *frame)
{
    enum wire_event event = receive(m, m->current, frame);
    if (event == WIRE_QUIET)
        return event;
    if (event == WIRE_FRAME) {
        if (m->queued == 0 || is_before(frame->time, m->current, m->sources[m->queue[0]].ahead.time, m->queue[0]))
            return WIRE_FRAME;
        push(m, m->current, frame);
    }
    m->current = NO_SOURCE;
    return WIRE_END;
}

static enum wire_event next_of_several(struct merge *m, struct frame *frame, unsigned *file)
{
    enum wire_event event = WIRE_END;
    if (m->started < m->count)
        event = start(m);
    else if (m->current != NO_SOURCE)
        event = go_on(m, frame);
    if (event == WIRE_QUIET)
        return event;
    if (event == WIRE_END) {
        if (m->queued == 0)
            return WIRE_END;
        m->current = pop(m);
        *frame = m->sources[m->current].ahead;
    }
    *file = m->current;
    return WIRE_FRAME;
}

/* Most captures are one file, or one is left: its frames come as they are. */
static inline bool is_alone(const struct merge *m)
{
    return m->current != NO_SOURCE && m->queued == 0 && m->started == m->count && !m->sources[m->current].sorter &&
           !m->sources[m->current].correct;
}

enum wire_event merge_next(struct merge *m, struct frame *frame, unsigned *file)
{
    if (!is_alone(m))
        return next_of_several(m, frame, file);
    struct source *source = &m->sources[m->current];
    enum wire_event event = read_wire(m, source, frame);
    if (event != WIRE_FRAME) {
        m->current = event == WIRE_QUIET ? m->current : NO_SOURCE;
        return event == WIRE_QUIET ? event : end_source(m, source, event);
    }
    note_time(source, frame->time);
    *file = m->current;
    return WIRE_FRAME;
}

/* ---- the whole ---- */

struct merge *merge_new(unsigned files)
{
    struct merge *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->current = NO_SOURCE;
    m->capacity = files;
    m->sources = calloc(files ? files : 1, sizeof *m->sources);
    m->queue = calloc(files ? files : 1, sizeof *m->queue);
    if (!m->sources || !m->queue) {
        merge_free(m);
        return NULL;
    }
    return m;
}

void merge_add(struct merge *m, struct wire *wire)
{
    if (m->count < m->capacity)
        m->sources[m->count++].wire = wire;
}

bool merge_sort(struct merge *m, unsigned file, size_t bytes_most, nstime window)
{
    struct source *source = &m->sources[file];
    frame_sorter_free(source->sorter);
    source->sorter = frame_sorter_new(bytes_most, window);
    return source->sorter != NULL;
}

void merge_correct(struct merge *m, unsigned file, merge_corrector corrector, const void *context)
{
    m->sources[file].correct = corrector;
    m->sources[file].context = context;
}

const struct merge_file *merge_file(struct merge *m, unsigned file)
{
    struct source *source = &m->sources[file];
    if (source->wire)
        source->facts.frames = file_wire_frames(source->wire);
    return &source->facts;
}

bool merge_progress(const struct merge *m, uint64_t *done_bytes, uint64_t *total_bytes)
{
    bool all = true;
    *done_bytes = *total_bytes = 0;
    for (unsigned i = 0; i < m->count; i++) {
        const struct source *source = &m->sources[i];
        uint64_t done = source->bytes, total = source->bytes;
        all = (source->wire ? file_wire_progress(source->wire, &done, &total) : source->is_file) && all;
        *done_bytes += done;
        *total_bytes += total;
    }
    return all;
}

void merge_free(struct merge *m)
{
    if (!m)
        return;
    for (unsigned i = 0; i < m->count; i++) {
        if (m->sources[i].wire)
            m->sources[i].wire->ops->close(m->sources[i].wire);
        frame_sorter_free(m->sources[i].sorter);
    }
    free(m->sources);
    free(m->queue);
    free(m);
}
