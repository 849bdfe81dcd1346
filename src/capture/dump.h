/* SPDX-License-Identifier: BSD-2-Clause */
/* dump: the capture file of a live run (--write). Floor 5.
 *
 * The format is pcapng (draft-ietf-opsawg-pcapng) with one interface and nanosecond stamps. file.h reads all of it
 * back. It holds:
 * - every frame that passed the filter, with a comment if the session matched it;
 * - the command, configuration and flows, as comments of the section header;
 * - before these the verdicts, as a comment for people. They are known last, so the header keeps room for them, which
 *   is filled in at the end. In a pipe they are the comment of a statistics block at the end;
 * - each claim (session.h), as the comment of an interface statistics block at its place in time;
 * - names and other facts about addresses, in name resolution blocks (name_block.h);
 * - the end reason and the counters, in a last statistics block.
 *
 * A capture in parts is divided into files before one exceeds a size. Each part has all headers, its number, and the
 * number of its first frame: frames are counted over all parts. The last part alone has the end.
 *
 * A capture of several points holds their frames and comments alone.
 *
 * A name that ends in ".pcap" gives a classic nanosecond pcap with the frames only.
 *
 * The first failed write (a full disk) closes the file. dump_failed() then reports it, and later calls do nothing. */
#ifndef HOPSONDE_CAPTURE_DUMP_H
#define HOPSONDE_CAPTURE_DUMP_H

#include <stdio.h>

#include "address/address_book.h"
#include "base/err.h"
#include "session/session.h"

struct dump;

/* The facts about a run that its session does not hold. All borrowed. */
struct dump_run {
    const char *command;   /* "trace" */
    const char *options;   /* the command line, for people */
    const char *interface; /* "any" */
    bool networks, places; /* the run showed AS numbers, places beside addresses */
    size_t verdict_bytes;  /* room to keep for dump_verdicts(); 0: it will not be called */
    uint16_t linktype;
    struct session *const *sessions; /* of a run of several targets, in their order; the first one begins the dump */
    unsigned target_count;           /* 0 or 1: there is one */
    /* Set by the dump: */
    unsigned part;        /* of a capture in parts, from 1; 0: it is not divided */
    uint64_t first_frame; /* the number of the part's first one */
};

/* A capture in parts. */
struct dump_parts {
    uint64_t bytes; /* most of a part */
    /* Opens the file of a part, from 2. Returns a descriptor, which the dump closes, or -1 with errno. */
    int (*open)(void *context, unsigned part);
    void *context;
};

/* Creates the file with the process's present rights; it belongs to the present user. An existing file keeps its
 * content until dump_begin(), so a run that fails to start destroys nothing. "-" is standard output. `path` must
 * outlive the dump. */
enum status dump_open(const char *path, struct dump **out, struct err *err);
/* The file takes frames and claims up to this number of bytes; the first that does not fit, and all later ones, are
 * left out. Call it before dump_begin(). Without a call there is no limit. */
void dump_limit(struct dump *dump, uint64_t bytes);
/* Divides the capture in place of a limit. The file that is open is the first part. Call it before dump_begin(). The
 * session and what `run` of dump_begin() points to must then outlive the dump. */
void dump_divide(struct dump *dump, const struct dump_parts *parts);
/* Frames that were left out by the limit; 0: it was not reached. */
uint64_t dump_left_out(const struct dump *dump);
/* Writes the headers. Call it once, before the first frame. */
void dump_begin(struct dump *dump, const struct dump_run *run, const struct session *session);
/* Writes the frame and returns its number in the file, from 1, or 0 if it was not written: a write failed, the limit is
 * reached, or the note says that it is in excess. `note` may be NULL.
 * `session` is the session that made the note. */
uint64_t dump_frame(struct dump *dump, const struct frame *frame, const struct frame_note *note,
                    const struct session *session);
void dump_claim(struct dump *dump, const struct session_claim *claim);
/* Writes the known facts about addresses, for Wireshark and for a replay. Call it once, after the last frame. `book`
 * may be NULL. */
void dump_about(struct dump *dump, const struct address_book *book);
/* Writes the verdicts, lines of text, at `at`. Call it once, after the last frame. Text without room is cut at a line.
 */
void dump_verdicts(struct dump *dump, const char *text, nstime at);
/* A capture of several capture points, in place of that of a run: pcapng, an interface for each point, and a comment on
 * each frame. It has no session, and dump_close_points() ends it. */
void dump_begin_points(struct dump *dump);
/* Writes a frame that `point` captured, with its time and a comment for people. Points count from 0, and `name` is the
 * point's. A point with frames of several link types has an interface of the same name for each. */
void dump_point_frame(struct dump *dump, unsigned point, const char *name, const struct frame *frame,
                      const char *comment);
/* Flushes, closes and frees. STATUS_SYSTEM if any write failed; `err` holds the cause. */
enum status dump_close_points(struct dump *dump, struct err *err);
/* Flushes to the system, so that the file is readable up to here if the run is killed. Call it while no frames
 * arrive. A full disk shows here. */
void dump_flush(struct dump *dump);
/* Writes the end block, flushes, closes and frees. `ended_at` is the session's time at its end, or NSTIME_NONE.
 * STATUS_SYSTEM if any write failed; `err` holds the cause. */
enum status dump_close(struct dump *dump, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel,
                       struct err *err);
/* True if a write has failed; `err` then names file and cause. Lets a caller report it during the run. */
bool dump_failed(const struct dump *dump, struct err *err);

#endif
