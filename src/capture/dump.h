/* SPDX-License-Identifier: BSD-2-Clause */
/* dump: the capture file that a live run keeps (--write). Floor 5.
 *
 * pcapng (draft-ietf-opsawg-pcapng): one interface, nanosecond stamps, every frame that the filter passed, with a
 * comment on each that the session matched; the run's command, configuration and flows as comments of the section
 * header; each claim (session.h) as the comment of an interface statistics block where it was made; what was found out
 * about addresses in name resolution blocks (nameblock.h); the end reason and the counters in a last statistics block.
 * io/file reads all of it back. A name that ends in ".pcap" gives a classic nanosecond pcap without any of that.
 *
 * A disk that fills up: the first failed write closes the file, dump_failed() tells, and later calls do nothing. */
#ifndef HOPSONDE_CAPTURE_DUMP_H
#define HOPSONDE_CAPTURE_DUMP_H

#include <stdio.h>

#include "address/address_book.h"
#include "base/err.h"
#include "session/session.h"

struct dump;

/* What a saved run says of itself besides its session. All borrowed. */
struct dump_run {
    const char *command;   /* "trace" */
    const char *options;   /* the command line, for people */
    const char *interface; /* "any" */
    bool networks, places; /* AS numbers, places were shown beside addresses */
    uint16_t linktype;
};

/* Creates the file, with the rights of the moment: it belongs to whom the process is then. One that is there keeps what
 * it holds until dump_begin(), so that a run that never starts costs nothing. "-" is standard output. `path` must
 * outlive the dump. */
enum status dump_open(const char *path, struct dump **out, struct err *err);
/* The headers; once, before the first frame. */
void dump_begin(struct dump *dump, const struct dump_run *run, const struct session *session);
/* Writes the frame and returns its number in the file, from 1 (0: not written). `note` may be NULL; `session` says
 * whose note it is. */
uint64_t dump_frame(struct dump *dump, const struct frame *frame, const struct frame_note *note,
                    const struct session *session);
void dump_claim(struct dump *dump, const struct session_claim *claim);
/* What is known of addresses, for Wireshark and for a replay; once, after the last frame. `book` may be NULL. */
void dump_about(struct dump *dump, const struct address_book *book);
/* Hands what was written to the system, so that a killed run leaves a file that is readable up to here: to be called
 * when the wire is quiet. A full disk shows here. */
void dump_flush(struct dump *dump);
/* The end block, then flush and close. `ended_at` is the session's time at its end, or NSTIME_NONE. STATUS_SYSTEM with
 * the cause where anything could not be written. Frees. */
enum status dump_close(struct dump *dump, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel,
                       struct err *err);
/* Whether a write has failed already: told at once, costs no result. The message names file and cause. */
bool dump_failed(const struct dump *dump, struct err *err);

#endif
