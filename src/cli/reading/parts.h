/* SPDX-License-Identifier: BSD-2-Clause */
/* parts: a saved run as a wire: one file, or the parts of a capture that --rotate divided. Top floor. */
#ifndef HOPSONDE_CLI_READING_PARTS_H
#define HOPSONDE_CLI_READING_PARTS_H

#include "capture/file.h"

struct parts {
    struct wire wire;    /* first: a wire is parts. It returns the frames of all, with their numbers in the run */
    struct wire **files; /* owned, as are the wires in it */
    const struct saved_run **saved;
    unsigned count, current;
    uint64_t offset; /* of the numbers: frames that were saved before the file began */
};

/* Begins with a file wire of a saved run, which it owns from now on. False: memory is short, and it owns nothing. */
bool parts_begin(struct parts *parts, struct wire *file, const struct saved_run *saved);
/* Adds the next part, as far as the file is that, and returns true: then it owns the wire. */
bool parts_add(struct parts *parts, struct wire *file, const struct saved_run *saved);
/* The file that knows how the run ended. */
const struct saved_run *parts_last(const struct parts *parts);
uint64_t parts_frames(const struct parts *parts);
/* Whether the last file was cut. The other ones go on in the next. */
bool parts_truncated(const struct parts *parts);
/* Closes all wires. */
void parts_end(struct parts *parts);

#endif
