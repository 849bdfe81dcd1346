/* SPDX-License-Identifier: BSD-2-Clause */
/* record: the records that a reader of one capture format returns to the file wire. Floor 5; internal to capture/.
 *
 * Each format has a reader with the two functions below. Frame numbers, annotations and the end of the file are the
 * same for all formats and handled in file.c. */
#ifndef HOPSONDE_CAPTURE_RECORD_H
#define HOPSONDE_CAPTURE_RECORD_H

#include "base/cursor.h"
#include "packet/frame.h"

enum record_kind {
    RECORD_FRAME,      /* the frame is filled, but not its number */
    RECORD_SECTION,    /* pcapng: a section header, with comments */
    RECORD_STATISTICS, /* pcapng: an interface statistics block, with comments */
    RECORD_NAMES,      /* pcapng: a name resolution block (name_block.h) */
    RECORD_END,        /* the file ends after a complete record */
    RECORD_CUT,        /* the file ends within a record */
    RECORD_DAMAGED,    /* the next record is invalid or cannot be read: see `cause` */
};

/* The unread options of one pcapng block, or its name records, which have the same layout. */
struct record_options {
    struct cursor left;
    bool little; /* the section is little-endian */
};

/* The parts of a record that are not in the frame. */
struct record {
    struct record_options options; /* of SECTION, STATISTICS and, in pcapng, FRAME; the records of NAMES */
    const char *cause;             /* of DAMAGED; valid until the reader is closed */
};

struct reader {
    const struct reader_ops *ops;
};

struct reader_ops {
    /* Reads the next record and fills only the members of its kind. Pointers are valid until the next call. END, CUT
     * and DAMAGED are final. */
    enum record_kind (*next)(struct reader *reader, struct frame *frame, struct record *out);
    void (*close)(struct reader *reader);
};

#endif
