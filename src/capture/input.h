/* SPDX-License-Identifier: BSD-2-Clause */
/* input: a capture file opened, whatever holds it, and what format it is in. Floor 5; internal to capture/.
 *
 * The first four bytes are looked at and given out again, so that pipes and standard input work as files do. A file
 * that is compressed, as its first bytes say, is unpacked in between. */
#ifndef HOPSONDE_CAPTURE_INPUT_H
#define HOPSONDE_CAPTURE_INPUT_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "capture/unpack.h"

enum input_format {
    INPUT_PCAP,
    INPUT_PCAP_NS,
    INPUT_PCAP_PATCHED, /* Kuznetzov's, with longer packet headers */
    INPUT_PCAPNG,
};

/* The first bytes, which have been looked at and are still to be given out. */
struct input_head {
    unsigned char bytes[4];
    size_t length, given;
};

struct input {
    int fd;
    struct input_head stored, plain; /* of the file, and where it is packed, of what is in it */
    struct unpacker *unpacker;       /* owned; NULL: the file is not packed */
    bool interrupted;                /* a signal came while we waited for more: the stream has ended there */
    enum input_format format;
};

/* "-" is standard input. The error says what is wrong with the file: missing, a directory, empty, packed, no capture.
 */
enum status input_open(struct input *input, const char *path, struct err *err);
/* Does nothing where it is closed already, or was never opened (all zero but for an fd of -1). */
void input_close(struct input *input);
/* As read(2), of what is in the file; 0 also where `interrupted` says why. */
ssize_t input_read(struct input *input, void *bytes, size_t count);
/* The same as a stdio stream, for libpcap, which closes it; the input stays open. NULL: errno. */
FILE *input_stream(struct input *input);
/* Makes `offset` in the file what is read next. False: it is no plain file (packed, a pipe, standard input), or cannot
 * be wound; then nothing has changed. */
bool input_seek(struct input *input, uint64_t offset);
/* How far the stored file has been read, and how long it is. False: it is no file, but a pipe. */
bool input_progress(const struct input *input, uint64_t *done_bytes, uint64_t *total_bytes);
/* When it has ended: whether a packed file broke off there; */
bool input_is_cut(const struct input *input);
/* and what is wrong with a packed file, without a remedy, or NULL. Valid until it is closed. */
const char *input_problem(const struct input *input);
/* How messages name the file. */
const char *input_name(const char *path);

#endif
