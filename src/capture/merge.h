/* SPDX-License-Identifier: BSD-2-Clause */
/* merge: several capture files as one stream, in order of their stamps. Floor 5.
 *
 * Each file keeps its own order: one whose stamps run backwards is not sorted, and goes on where its next frame's stamp
 * puts it. Of equal stamps the file that was added first comes first. One frame of each file is held ahead, where the
 * file's reader keeps it; while the frames of one file follow each other, as all do where there is but one, they are
 * handed through. A file that ends or fails leaves the others alone. */
#ifndef HOPSONDE_CAPTURE_MERGE_H
#define HOPSONDE_CAPTURE_MERGE_H

#include "session/wire.h"

struct merge;

struct merge_file {
    uint64_t frames; /* handed out, and at most one that is held ahead */
    /* Once it has ended: */
    bool truncated;
    enum status status;              /* STATUS_SYSTEM: it failed on the way, and what came before stands */
    char message[ERR_MESSAGE_BYTES]; /* then why */
};

/* For up to `files` files, which may be many: where the process may not have so many open, its soft limit is raised as
 * far as that goes. NULL: no memory. */
struct merge *merge_new(unsigned files);
/* Adds a wire of file_wire_open() from which nothing has been read yet, and owns it. It is number 0, 1 ... in the order
 * of adding. All are added before the first merge_next(). */
void merge_add(struct merge *merge, struct wire *wire);
/* The next frame and its file's number; `number` is the frame's within its own file, and its bytes are valid until the
 * next call. WIRE_FRAME, WIRE_QUIET (a signal while a pipe gave nothing) or WIRE_END. Claims of saved runs are left
 * out. */
enum wire_event merge_next(struct merge *merge, struct frame *frame, unsigned *file);
/* Valid until merge_free(). */
const struct merge_file *merge_file(struct merge *merge, unsigned file);
/* As file_wire_progress(), of all the files together. */
bool merge_progress(const struct merge *merge, uint64_t *done_bytes, uint64_t *total_bytes);
/* Closes the wires. NULL is allowed. */
void merge_free(struct merge *merge);

#endif
