/* SPDX-License-Identifier: BSD-2-Clause */
/* merge: several capture files as one stream, in order of their stamps. Floor 5.
 *
 * It sorts within a file only after merge_sort(). Other files keep their order, even if their stamps run backwards, and
 * are told to be late. If stamps are equal, the file that was added first comes first. It holds one frame of each file
 * ahead, in the memory of the file's reader. While consecutive frames come from one file, it passes them on without
 * queueing. The end or failure of one file does not affect the others. */
#ifndef HOPSONDE_CAPTURE_MERGE_H
#define HOPSONDE_CAPTURE_MERGE_H

#include "session/wire.h"

struct merge;

struct merge_file {
    uint64_t frames;  /* read so far: returned or held ahead */
    uint64_t late;    /* returned after a frame of the same file with a later stamp */
    nstime late_most; /* by how much, at most */
    /* Valid after the file's end: */
    bool truncated;
    enum status status;              /* STATUS_SYSTEM: reading failed; the frames before are valid */
    char message[ERR_MESSAGE_BYTES]; /* the error, if it failed */
};

/* Makes a merge of up to `files` files. NULL: no memory. */
struct merge *merge_new(unsigned files);
/* Adds a wire of file.h and takes ownership; no frame may have been read from it. Wires are numbered from
 * 0 in order of addition. Add all before the first merge_next(). */
void merge_add(struct merge *merge, struct wire *wire);
/* Sorts the frames of a file before they are merged, as far as `bytes_most` bytes of frames, and stamps at most
 * `window` apart, allow. Before the first merge_next(). False: out of memory; the file is not sorted. */
bool merge_sort(struct merge *merge, unsigned file, size_t bytes_most, nstime window);
typedef nstime (*merge_corrector)(const void *context, unsigned file, const struct frame *frame);
/* Corrects the stamps of a file before its frames are sorted: the corrector returns the time on the common clock. The
 * thread that calls merge_next() calls it. */
void merge_correct(struct merge *merge, unsigned file, merge_corrector corrector, const void *context);
/* Returns the next frame and its file's number. `frame->number` counts within its file; its bytes are valid until
 * the next call. Returns WIRE_FRAME, WIRE_QUIET (a signal interrupted a read) or WIRE_END. Skips the claims of saved
 * runs. */
enum wire_event merge_next(struct merge *merge, struct frame *frame, unsigned *file);
/* Valid until merge_free(). */
const struct merge_file *merge_file(struct merge *merge, unsigned file);
/* As file_wire_progress(), summed over all files. */
bool merge_progress(const struct merge *merge, uint64_t *done_bytes, uint64_t *total_bytes);
/* Closes the wires. Accepts NULL. */
void merge_free(struct merge *merge);

#endif
