/* SPDX-License-Identifier: BSD-2-Clause */
/* transit_words: what text and JSON say alike of two capture points. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TRANSIT_WORDS_H
#define HOPSONDE_REPORT_TRANSIT_WORDS_H

#include "report/result.h"

/* "tcp 10.0.0.1:5000 > 192.0.2.80:443", as the point shows it; ">" points to the server. */
void transit_add_ends(struct strbuf *text, const struct transit_conversation *c, enum transit_point point);
/* The same at the near point, or else at the far one. */
void transit_add_conversation(struct strbuf *text, const struct transit_conversation *c);
/* "frame 812", or with several files of the point "frame 812 of b.pcap". */
void transit_add_frame(struct strbuf *text, const struct result *result, const struct transit_section *section,
                       enum transit_point point, const struct transit_frame *frame);
/* The file's place in the list of the source. */
unsigned transit_file(const struct transit_section *section, enum transit_point point,
                      const struct transit_frame *frame);
const char *transit_point_name(enum transit_point point); /* "near": of two points without names */
const char *transit_way_name(enum transit_way way);       /* "toward-far" */
/* The point in a sentence: "the near point", or its name. */
const char *transit_point_text(const struct transit_section *section, enum transit_point point);
/* The name of the point that packets of this way come to, for "toward %s". */
static inline const char *transit_toward(const struct transit_section *section, enum transit_way way)
{
    return section->names[transit_receiver(way)];
}
/* "they are outside the time that both captures cover", to follow "because". NULL: TRANSIT_JUDGED. */
const char *transit_reason_text(enum transit_reason reason);
/* "not-covered" ...; "" if it has a fate. */
const char *transit_reason_name(enum transit_reason reason);
const char *transit_fate_name(enum transit_fate fate); /* "lost" ... */
/* What the packet is: "RST", "SYN", "ACK", "1448 bytes at seq 17", "datagram of 60 bytes". */
void transit_add_packet(struct strbuf *text, const struct transit_alone *alone, uint8_t protocol);
/* The middle of the offset's bounds, and how far they are from it; false: a bound is missing. */
bool transit_clock_bounds(const struct clock_estimate *clock, nstime *offset, nstime *uncertainty);

#endif
