/* input: a capture file opened, whatever holds it, and what format it is in. Floor 5; internal to io/.
 *
 * The bytes come through a stdio stream that has looked at the first four and gives them back, so that pipes and
 * standard input work as files do. A format that must be unpacked first has its place between the descriptor and the
 * stream. */
#ifndef HOPSONDE_IO_INPUT_H
#define HOPSONDE_IO_INPUT_H

#include <stdio.h>

#include "base/err.h"

enum input_format { INPUT_PCAP, INPUT_PCAP_NS, INPUT_PCAPNG };

struct input {
    int fd;
    unsigned char head[4]; /* the first bytes, already taken from fd */
    size_t head_length, head_given;
    bool interrupted; /* a signal came while we waited for more: the stream has ended there */
    enum input_format format;
    FILE *stream; /* whoever closes it closes the descriptor too; uses this struct until then */
};

/* "-" is standard input. The error says what is wrong with the file: missing, a directory, empty, packed, no capture.
 */
enum status input_open(struct input *input, const char *path, struct err *err);
/* How messages name the file. */
const char *input_name(const char *path);

#endif
