/* SPDX-License-Identifier: BSD-2-Clause */
/* link: what the files that decode link layers share. Floor 1; internal to packet/.
 *
 * A decoder steps over its header and hands on to the one that comes next; LINK_IP leaves the cursor at the IP header.
 * LINK_BROKEN: a header contradicts itself or ends early. An unknown header is LINK_OTHER. */
#ifndef HOPSONDE_PACKET_LINK_H
#define HOPSONDE_PACKET_LINK_H

#include "packet/decode.h"

enum link_result { LINK_IP, LINK_OTHER, LINK_BROKEN };

struct link_state {
    struct cursor cursor;
    struct packet *packet;
    uint32_t missing; /* bytes at the frame's end that the capture did not keep */
};

enum link_result link_broken(struct link_state *s, const char *reason);
/* IEEE 802.2 and, where it follows, SNAP (RFC 1042). */
enum link_result link_llc(struct link_state *s);

/* IEEE 802.11: data frames as they are on the air, or behind a radiotap header. Of an A-MSDU, its first packet. A frame
 * is no IP if it is encrypted, a fragment, no data or damaged (says radiotap). */
enum link_result link_wlan(struct link_state *s);
enum link_result link_radiotap(struct link_state *s);

#endif
