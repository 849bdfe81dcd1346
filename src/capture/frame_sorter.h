/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_sorter: frames that come out in the order of their stamps, within a bound of memory. Floor 5; internal to
 * capture/.
 *
 * It copies frames, so it serves files that are known to be out of order, and pipes. Of equal stamps, the frame that
 * came first goes first. It must not read files. */
#ifndef HOPSONDE_CAPTURE_FRAME_SORTER_H
#define HOPSONDE_CAPTURE_FRAME_SORTER_H

#include "packet/frame.h"

struct frame_sorter;

/* It holds frames of `bytes_most` bytes in all, and stamps that are at most `window` apart. NULL: out of memory. */
struct frame_sorter *frame_sorter_new(size_t bytes_most, nstime window);
void frame_sorter_free(struct frame_sorter *sorter); /* may be NULL */
/* Takes a copy. False: out of memory; the frame is not taken. */
bool frame_sorter_put(struct frame_sorter *sorter, const struct frame *frame);
/* True if it holds more than it should: take a frame. */
bool frame_sorter_is_full(const struct frame_sorter *sorter);
/* Removes the earliest frame. Its bytes are valid until the next call. False: there is none. */
bool frame_sorter_take(struct frame_sorter *sorter, struct frame *frame);

#endif
