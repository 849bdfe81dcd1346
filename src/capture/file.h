/* SPDX-License-Identifier: BSD-2-Clause */
/* file: a capture file as a wire. Floor 5.
 *
 * Classic pcap through libpcap (its plain, uncompressed files by a quicker walk over the same records, io/fast); pcapng
 * through our own block reader, because libpcap gives no comments and refuses files with several link types. Frames
 * come in file order with virtual time: now() is the last frame's stamp. Bad input is a clear error (empty, no capture,
 * archaic, directory) or the end of what can be read (cut: `truncated`). */
#ifndef HOPSONDE_CAPTURE_FILE_H
#define HOPSONDE_CAPTURE_FILE_H

#include "address/address_book.h"
#include "session/wire.h"

/* What hopsonde kept about its own run in a pcapng (dump.h). */
struct saved_run {
    bool present; /* the file was written by hopsonde --write and its headers could be read */
    char command[32];
    char interface[64];
    bool networks, places; /* AS numbers, places were shown beside addresses */
    struct session_config config;
    struct flow flows[SPECS_MOST]; /* template_bytes NULL; config.spec_count of them */
    /* Known at the end of the file only: */
    bool ended; /* the end block was there; otherwise the file is cut */
    enum session_end end;
    nstime ended_at; /* for session_finish(); NSTIME_NEVER: of a complete run the time was not saved */
    uint64_t dropped_by_kernel;
};

/* "-" is standard input. A signal while it waits for a pipe gives WIRE_QUIET once and then WIRE_END. On success the
 * wire is ready, `path` must outlive it, and `saved` is filled as far as the headers go; it stays valid until the wire
 * is closed, and its end fields are filled in when receive() has said WIRE_END. */
enum status file_wire_open(const char *path, struct wire **out, const struct saved_run **saved, struct err *err);
/* What the file says of addresses goes into the book from now on, as receive() comes across it: names that anybody's
 * pcapng has, and all that a run of hopsonde knew (nameblock.h). That may be at the end of the file. The book is
 * borrowed until the wire is closed, and may be that of other wires; who receives in another thread must not look into
 * it meanwhile. NULL, as at first: it is passed over. */
void file_wire_set_book(struct wire *wire, struct address_book *book);
/* Frames handed out so far, and whether the file broke off: in the middle of something, or of a saved run. */
uint64_t file_wire_frames(const struct wire *wire);
bool file_wire_truncated(const struct wire *wire);
/* How far the stored file has been read (of a packed one: its packed bytes), some read-ahead included, and how long it
 * is by now. False: it is no file, but a pipe. */
bool file_wire_progress(const struct wire *wire, uint64_t *done_bytes, uint64_t *total_bytes);

#endif
