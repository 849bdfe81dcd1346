/* SPDX-License-Identifier: BSD-2-Clause */
/* classic_pcap: reader of the classic pcap format, through libpcap. Floor 5; internal to capture/. */
#ifndef HOPSONDE_CAPTURE_CLASSIC_PCAP_H
#define HOPSONDE_CAPTURE_CLASSIC_PCAP_H

#include "capture/input.h"
#include "capture/record.h"

#define CLASSIC_PCAP_ERROR_BYTES 256 /* bytes; at least PCAP_ERRBUF_SIZE */

/* How libpcap reads the records of a file, as the file header says. */
struct classic_pcap_layout {
    bool swapped; /* the file is not in host byte order */
    nstime unit;  /* unit of the stamps in the file: NS_PER_US or 1 */
    uint32_t snaplen;
    uint16_t linktype;
};

/* Opens a reader. The next bytes of `input` are the file header, and `input` must outlive the reader. On failure
 * returns NULL and fills `cause`. */
struct reader *classic_pcap_reader_new(struct input *input, char cause[CLASSIC_PCAP_ERROR_BYTES]);
/* Fills `out` for fast_pcap. False if libpcap changes the records in other ways: an old format version, longer
 * packet headers, a link type that hopsonde does not know or whose frames libpcap rewrites. */
bool classic_pcap_reader_layout(const struct reader *reader, struct classic_pcap_layout *out);

#endif
