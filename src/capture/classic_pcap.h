/* SPDX-License-Identifier: BSD-2-Clause */
/* classic_pcap: reader of the classic pcap format, through libpcap. Floor 5; internal to capture/. */
#ifndef HOPSONDE_CAPTURE_CLASSIC_PCAP_H
#define HOPSONDE_CAPTURE_CLASSIC_PCAP_H

#include "capture/input.h"
#include "capture/record.h"

#define CLASSIC_PCAP_ERROR_BYTES 256

/* How libpcap reads the records of a file, as it took it from the file header. */
struct classic_pcap_layout {
    bool swapped; /* the other byte order than this machine's */
    nstime unit;  /* of the stamps in the file: NS_PER_US or 1 */
    uint32_t snaplen;
    uint16_t linktype;
};

/* The next bytes of the input, which must outlive the reader, are the file header. On failure NULL, and `cause` is
 * filled. */
struct reader *classic_pcap_reader_new(struct input *input, char cause[CLASSIC_PCAP_ERROR_BYTES]);
/* For io/fast. False: libpcap does more to the records than is told here (an old version of the format, longer headers,
 * a link type that hopsonde does not know, or whose frames libpcap changes). */
bool classic_pcap_reader_layout(const struct reader *reader, struct classic_pcap_layout *out);

#endif
