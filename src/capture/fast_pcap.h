/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_pcap: reader of classic pcap for large uncompressed files. Floor 5; internal to capture/.
 *
 * The same records as io/classic, which stays the reader of record: libpcap has read and judged the file header, and
 * every kind of file but the plainest stays with it. What is left is the walk over the records, here without a call
 * and a copy for each; tests/unit/test_bulk.c compares the two readers. */
#ifndef HOPSONDE_CAPTURE_FAST_PCAP_H
#define HOPSONDE_CAPTURE_FAST_PCAP_H

#include "capture/input.h"
#include "capture/record.h"

/* `classic` is the reader of the same input, and has handed out nothing yet. On success it is closed and the new one
 * takes its place; the input must outlive it. NULL: this file, or this machine's memory, is nothing for it, and
 * `classic` stays what it was. */
struct reader *fast_pcap_reader_new(struct input *input, struct reader *classic);

#endif
