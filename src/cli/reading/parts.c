/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reading/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct parts *parts_of(struct wire *wire)
{
    return (struct parts *)wire;
}

static enum wire_event receive(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                               struct err *err)
{
    struct parts *parts = parts_of(wire);
    struct wire *file = parts->files[parts->current];
    enum wire_event event = file->ops->receive(file, until, frame, claim, err);
    while (event == WIRE_END && parts->current + 1 < parts->count) {
        parts->current++;
        parts->offset = parts->saved[parts->current]->first_frame - 1;
        file = parts->files[parts->current];
        event = file->ops->receive(file, until, frame, claim, err);
    }
    if (event == WIRE_FRAME)
        frame->number += parts->offset;
    return event;
}

static int refuse(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length)
{
    (void)wire, (void)target, (void)bytes, (void)length;
    return EROFS;
}

static nstime now(struct wire *wire)
{
    struct wire *file = parts_of(wire)->files[parts_of(wire)->current];
    return file->ops->now(file);
}

static uint64_t dropped(struct wire *wire)
{
    return parts_last(parts_of(wire))->dropped_by_kernel;
}

static void close_wire(struct wire *wire)
{
    parts_end(parts_of(wire));
}

/* True: it has room for one more. */
static bool grow(struct parts *parts)
{
    struct wire **files = realloc(parts->files, (parts->count + 1) * sizeof *files);
    parts->files = files ? files : parts->files;
    const struct saved_run **saved = files ? realloc(parts->saved, (parts->count + 1) * sizeof *saved) : NULL;
    parts->saved = saved ? saved : parts->saved;
    return saved != NULL;
}

static bool append(struct parts *parts, struct wire *file, const struct saved_run *saved)
{
    if (!grow(parts))
        return false;
    parts->files[parts->count] = file;
    parts->saved[parts->count++] = saved;
    return true;
}

bool parts_begin(struct parts *parts, struct wire *file, const struct saved_run *saved)
{
    static const struct wire_ops ops = {
        .receive = receive, .send = refuse, .now = now, .drained = now, .dropped = dropped, .close = close_wire};
    *parts = (struct parts){.wire.ops = &ops, .offset = saved->first_frame ? saved->first_frame - 1 : 0};
    if (append(parts, file, saved))
        return true;
    parts_end(parts);
    return false;
}

/* Each run draws its nonces anew. The address of a target may have changed between two parts. */
static bool is_of_run(const struct saved_run *one, const struct saved_run *other)
{
    return one->config.spec_count == other->config.spec_count && one->flows[0].nonce == other->flows[0].nonce &&
           one->flows[0].source_port == other->flows[0].source_port && one->other_count == other->other_count;
}

bool parts_add(struct parts *parts, struct wire *file, const struct saved_run *saved)
{
    const struct saved_run *last = parts_last(parts);
    return saved->present && last->part && saved->part == last->part + 1 && saved->first_frame &&
           is_of_run(last, saved) && append(parts, file, saved);
}

const struct saved_run *parts_last(const struct parts *parts)
{
    return parts->saved[parts->count - 1];
}

uint64_t parts_frames(const struct parts *parts)
{
    uint64_t frames = 0;
    for (unsigned i = 0; i < parts->count; i++)
        frames += file_wire_frames(parts->files[i]);
    return frames;
}

bool parts_truncated(const struct parts *parts)
{
    return file_wire_truncated(parts->files[parts->count - 1]);
}

void parts_end(struct parts *parts)
{
    for (unsigned i = 0; i < parts->count; i++)
        parts->files[i]->ops->close(parts->files[i]);
    free(parts->files);
    free(parts->saved);
    parts->count = 0;
}
