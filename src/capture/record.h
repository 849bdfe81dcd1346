/* SPDX-License-Identifier: BSD-2-Clause */
/* record: what a reader of one capture format hands to the file wire. Floor 5; internal to capture/.
 *
 * A format is a reader made of the two functions below; everything that the wire does with what it reads (numbers,
 * annotations, the end) is in file.c, the same for all. */
#ifndef HOPSONDE_CAPTURE_RECORD_H
#define HOPSONDE_CAPTURE_RECORD_H

#include "base/cursor.h"
#include "packet/frame.h"

enum record_kind {
    RECORD_FRAME,      /* the frame is filled but for its number */
    RECORD_SECTION,    /* pcapng: a section header, with comments */
    RECORD_STATISTICS, /* pcapng: an interface statistics block, with comments */
    RECORD_NAMES,      /* pcapng: a name resolution block (nameblock.h) */
    RECORD_END,        /* the file ends where a record ends */
    RECORD_CUT,        /* the file ends in the middle of a record */
    RECORD_DAMAGED,    /* what comes next makes no sense, or cannot be read: `cause` says why */
};

/* The options of one pcapng block, or its records, which are laid out alike; not yet walked through. */
struct record_options {
    struct cursor left;
    bool little; /* byte order of the section */
};

/* What there is besides a frame. */
struct record {
    struct record_options options; /* of SECTION, STATISTICS and, in pcapng, FRAME; the records of NAMES */
    const char *cause;             /* of DAMAGED; valid until the reader is closed */
};

struct reader {
    const struct reader_ops *ops;
};

struct reader_ops {
    /* The next record: what its kind has is filled in, the rest is left as it was. What it points to is valid until
     * the next call. END, CUT and DAMAGED are the last one. */
    enum record_kind (*next)(struct reader *reader, struct frame *frame, struct record *out);
    void (*close)(struct reader *reader);
};

#endif
