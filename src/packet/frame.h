/* SPDX-License-Identifier: BSD-2-Clause */
/* frame: captured bytes, as a wire or a file handed them over. Floor 1.
 *
 * Borrowed: `bytes` is valid during the call that got the frame. `length` (on the wire) and
 * `captured` (what we have) never mix: a cut frame proves nothing about what it lacks. */
#ifndef HOPSONDE_PACKET_FRAME_H
#define HOPSONDE_PACKET_FRAME_H

#include <stdbool.h>

#include "base/nstime.h"

/* LINKTYPE_ values (draft-ietf-opsawg-pcaplinktype), not the DLT_ values of one platform. */
enum linktype {
    LINKTYPE_NULL = 0,
    LINKTYPE_ETHERNET = 1,
    LINKTYPE_PPP = 9,
    LINKTYPE_RAW_12 = 12, /* DLT_RAW of most systems: some programs write it to files */
    LINKTYPE_RAW_14 = 14, /* that of OpenBSD */
    LINKTYPE_PPP_HDLC = 50,
    LINKTYPE_PPP_ETHER = 51,
    LINKTYPE_RAW = 101,
    LINKTYPE_C_HDLC = 104,
    LINKTYPE_IEEE802_11 = 105,
    LINKTYPE_FRELAY = 107,
    LINKTYPE_LOOP = 108,
    LINKTYPE_ENC = 109,
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_PFLOG = 117,
    LINKTYPE_IEEE802_11_RADIOTAP = 127,
    LINKTYPE_PPP_PPPD = 166,
    LINKTYPE_PPI = 192,
    LINKTYPE_PPP_WITH_DIR = 204,
    LINKTYPE_C_HDLC_WITH_DIR = 205,
    LINKTYPE_FRELAY_WITH_DIR = 206,
    LINKTYPE_MPLS = 219,
    LINKTYPE_IPV4 = 228,
    LINKTYPE_IPV6 = 229,
    LINKTYPE_NFLOG = 239,
    LINKTYPE_PKTAP = 258,
    LINKTYPE_LINUX_SLL2 = 276,
};

enum frame_direction { FRAME_DIRECTION_UNKNOWN, FRAME_IN, FRAME_OUT };

struct frame {
    const uint8_t *bytes;
    uint32_t captured; /* bytes at `bytes` */
    uint32_t length;   /* bytes on the wire; at least `captured` */
    uint16_t linktype;
    bool clamped;      /* the capture claimed more bytes than the packet had, which were left out: malformed */
    uint8_t direction; /* enum frame_direction, as the capture says; packet_decode() refines it from SLL/SLL2 */
    uint32_t
        interface; /* the capture's number of the interface; SLL2: the kernel's ifindex, filled in by packet_decode() */
    uint64_t number; /* from 1, in the order of the capture; 0: none is kept */
    nstime time;
};

#endif
