/* SPDX-License-Identifier: BSD-2-Clause */
/* file: a capture file as a wire. Floor 5.
 *
 * libpcap reads classic pcap; fast_pcap walks over the records of plain uncompressed files faster. Our own block
 * reader reads pcapng, because libpcap gives no comments and rejects files with several link types. Frames come in
 * file order with virtual time: now() is the last frame's stamp. Bad input gives an error (empty, not a capture,
 * archaic, directory) or, if the file is cut, ends early with `truncated`. It must not send, wait by the clock or
 * look up names. */
#ifndef HOPSONDE_CAPTURE_FILE_H
#define HOPSONDE_CAPTURE_FILE_H

#include "address/address_book.h"
#include "capture/capture_file.h"
#include "session/wire.h"

/* A further target of a run of several. All other settings are those of the first one. */
struct saved_target {
    char name[TARGET_NAME_BYTES];
    struct addr source, target;
    uint64_t seed;
    struct flow flows[SPECS_MOST];
};

/* The record of its own run that hopsonde saved in a pcapng (dump.h). */
struct saved_run {
    bool present; /* `hopsonde --write` wrote the file and its headers are valid */
    char command[32];
    char interface[64];
    bool networks, places;    /* the run showed AS numbers, places beside addresses */
    unsigned part;            /* of a capture in parts, from 1: dump.h; 0: it is whole */
    uint64_t first_frame;     /* of a part: the number that its first frame has in the run */
    struct probe_names names; /* owned; of the specs of config and flows */
    struct session_config config;
    struct flow flows[SPECS_MOST]; /* template_bytes NULL; config.spec_count of them */
    struct saved_target *others;   /* owned; other_count of them, room for all; NULL: there was one target */
    unsigned other_count;
    char note[CLAIM_NOTE_BYTES]; /* of the last claim */
    /* Known at the end of the file only: */
    bool ended; /* the end block was read; otherwise the file is cut */
    enum session_end end;
    nstime ended_at; /* for session_finish(); NSTIME_NEVER: a complete run whose end time was not saved */
    uint64_t dropped_by_kernel;
};

/* The settings and flows of a target, from 0, of other_count + 1. The flows are borrowed. */
struct session_config saved_run_config(const struct saved_run *saved, unsigned target);
const struct flow *saved_run_flows(const struct saved_run *saved, unsigned target);

/* Opens the file; "-" is standard input. `path` must outlive the wire. `saved` holds the saved headers and stays
 * valid until the wire is closed; its end fields are set when receive() returns WIRE_END. If a signal interrupts a
 * read from a pipe, the wire returns WIRE_QUIET once and then WIRE_END. */
enum status file_wire_open(const char *path, struct wire **out, const struct saved_run **saved, struct err *err);
/* The same for a file that is open, which is borrowed until the wire is closed. Reading begins at the start of the
 * file. After the file's `stop` is set, the wire ends in the same way as after a signal. */
enum status file_wire_begin(const struct capture_file *file, struct wire **out, const struct saved_run **saved,
                            struct err *err);
/* From now on receive() adds to the book the facts about addresses that it reads, possibly at the end of the file.
 * They are the names of any pcapng and all facts of a hopsonde run (name_block.h). The book is borrowed until the
 * wire is closed. Several wires may share it. If another thread calls receive(), do not read the book meanwhile.
 * NULL, the initial state, skips the facts. */
void file_wire_set_book(struct wire *wire, struct address_book *book);
/* Frames returned so far. True if the file was cut, within a record or within a saved run. */
uint64_t file_wire_frames(const struct wire *wire);
bool file_wire_truncated(const struct wire *wire);
/* Bytes read of the stored file (compressed bytes, read-ahead included) and its present length. False if it is a
 * pipe. */
bool file_wire_progress(const struct wire *wire, uint64_t *done_bytes, uint64_t *total_bytes);

#endif
