/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_pcap: reader of classic pcap for large uncompressed files. Floor 5; internal to capture/.
 *
 * It returns the same records as classic_pcap, which remains the reference. libpcap still reads and checks the file
 * header, and classic_pcap reads every file that is not plain. This reader only walks over the records, without a
 * call and a copy for each. A unit test compares the two readers. */
#ifndef HOPSONDE_CAPTURE_FAST_PCAP_H
#define HOPSONDE_CAPTURE_FAST_PCAP_H

#include "capture/input.h"
#include "capture/record.h"

/* Replaces `classic`, a reader of the same input that has returned no record yet. On success `classic` is closed;
 * `input` must outlive the new reader. NULL if this file is unsuitable or memory is short; `classic` is then
 * unchanged. */
struct reader *fast_pcap_reader_new(struct input *input, struct reader *classic);

#endif
