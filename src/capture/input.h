/* SPDX-License-Identifier: BSD-2-Clause */
/* input: an open capture file, from disk or a pipe, compressed or not, and its format. Floor 5; internal to
 * capture/.
 *
 * It reads the first four bytes to find the format and returns them again, so that pipes and standard input work
 * like files. Compressed files are recognised by these bytes and unpacked on the fly. It must not interpret records. */
#ifndef HOPSONDE_CAPTURE_INPUT_H
#define HOPSONDE_CAPTURE_INPUT_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "capture/capture_file.h"
#include "capture/unpack.h"

enum input_format {
    INPUT_PCAP,
    INPUT_PCAP_NS,
    INPUT_PCAP_PATCHED, /* Kuznetzov's, with longer packet headers */
    INPUT_PCAPNG,
};

/* The first bytes, read to find the format and to be returned again. */
struct input_head {
    unsigned char bytes[4];
    size_t length, given;
};

struct input {
    const struct capture_file *file; /* borrowed; NULL: closed */
    bool is_regular;                 /* several inputs may read it: this one is at `offset` */
    uint64_t offset;                 /* bytes */
    struct input_head stored, plain; /* of the file as stored, and of the unpacked data if it is compressed */
    struct unpacker *unpacker;       /* owned; NULL: the file is not compressed */
    bool interrupted;                /* a signal interrupted a read, or the file's `stop` is set; the stream ends */
    enum input_format format;
};

/* Starts to read the file, which is open. The error names the problem: missing, a directory, empty, compressed, not a
 * capture. */
enum status input_open(struct input *input, const struct capture_file *file, struct err *err);
/* Closes the input and not the file. Does nothing if it is closed already or all zero. */
void input_close(struct input *input);
/* As read(2), on the unpacked data. Returns 0 also after a signal; `interrupted` is then set. */
ssize_t input_read(struct input *input, void *bytes, size_t count);
/* The same as a stdio stream for libpcap, which closes the stream; the input stays open. On failure returns NULL and
 * sets errno. */
FILE *input_stream(struct input *input);
/* Continues reading at `offset` in the file. False, without any effect, if it is compressed, a pipe or standard
 * input, or cannot seek. */
bool input_seek(struct input *input, uint64_t offset);
/* Bytes read of the stored file, and its length. False if it is a pipe. */
bool input_progress(const struct input *input, uint64_t *done_bytes, uint64_t *total_bytes);
/* After the end: true if the compressed data end too early. */
bool input_is_cut(const struct input *input);
/* The problem with the compressed data, without a remedy, or NULL. Valid until the input is closed. */
const char *input_problem(const struct input *input);
/* The file's name for messages. */
const char *input_name(const char *path);

#endif
