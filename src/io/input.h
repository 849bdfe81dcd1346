/* input: a capture file opened, whatever holds it, and what format it is in. Floor 5; internal to io/.
 *
 * The bytes come through a stdio stream that has looked at the first four and gives them back, so that pipes and
 * standard input work as files do. A file that is compressed, as its first bytes say, is unpacked in between. */
#ifndef HOPSONDE_IO_INPUT_H
#define HOPSONDE_IO_INPUT_H

#include <stdio.h>

#include "base/err.h"
#include "io/unpack.h"

enum input_format { INPUT_PCAP, INPUT_PCAP_NS, INPUT_PCAPNG };

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
    FILE *stream; /* whoever closes it closes the descriptor too; uses this struct until then */
};

/* "-" is standard input. The error says what is wrong with the file: missing, a directory, empty, packed, no capture.
 */
enum status input_open(struct input *input, const char *path, struct err *err);
/* When the stream has ended: whether a packed file broke off there; */
bool input_is_cut(const struct input *input);
/* and what is wrong with a packed file, without a remedy, or NULL. Valid until the stream is closed. */
const char *input_problem(const struct input *input);
/* How messages name the file. */
const char *input_name(const char *path);

#endif
