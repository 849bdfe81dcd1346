/* SPDX-License-Identifier: BSD-2-Clause */
/* read_ahead: reads, filters, decodes and digests frames of a capture before they are needed. Top floor.
 *
 * For large files, a separate thread reads some batches ahead. For other files the caller's thread reads each batch
 * on demand. So it does for pipes, because a signal must be able to interrupt that read. Both ways give the same
 * frames in the same order. */
#ifndef HOPSONDE_CLI_READING_READ_AHEAD_H
#define HOPSONDE_CLI_READING_READ_AHEAD_H

#include "capture/bpf_filter.h"
#include "capture/merge.h"
#include "cli/values/replay_filter.h"

struct read_ahead_batch {
    const struct digest *looks; /* valid with all that they point to as long as the batch */
    unsigned count;             /* of chosen frames; may be 0 */
    uint64_t read;              /* frames read so far, chosen or not */
    uint64_t done, total;       /* bytes, of all the files; total 0: unknown */
};

struct read_ahead;

struct read_ahead_source {
    struct merge *merge;
    struct bpf_filter *filter; /* NULL: every frame passes */
    const struct replay_filter *choice;
    const struct recogniser *recogniser; /* for recogniser_digest() */
    bool opens_tunnels;                  /* the innermost packets count */
};

/* Takes over reading until read_ahead_stop(). NULL if out of memory. */
struct read_ahead *read_ahead_start(const struct read_ahead_source *source);
/* Returns the next batch, valid until the next call. False at the end. */
bool read_ahead_next(struct read_ahead *ahead, struct read_ahead_batch *out);
void read_ahead_stop(struct read_ahead *ahead); /* may be NULL */

#endif
