/* classic: reader of the classic pcap format, through libpcap. Floor 5; internal to io/. */
#ifndef HOPSONDE_IO_CLASSIC_H
#define HOPSONDE_IO_CLASSIC_H

#include <stdio.h>

#include "io/record.h"

#define CLASSIC_ERROR_BYTES 256

/* Takes the stream, whose next bytes are the file header; `unit` is what its stamps count, NS_PER_US or 1. On failure
 * NULL, `cause` is filled and the stream is still the caller's. */
struct reader *classic_reader_new(FILE *stream, nstime unit, char cause[CLASSIC_ERROR_BYTES]);

#endif
