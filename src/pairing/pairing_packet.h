/* SPDX-License-Identifier: BSD-2-Clause */
/* pairing_packet: a packet of a point between pairing_read() and pairing_take_read(), for those who keep it meanwhile.
 * Floor: pairing. */
#ifndef HOPSONDE_PAIRING_PAIRING_PACKET_H
#define HOPSONDE_PAIRING_PAIRING_PACKET_H

#include "pairing/passage.h"
#include "pairing/result.h"

struct pairing_packet {
    struct passage passage; /* meaningless if it is none */
    bool is_passage;        /* false: it is not compared */
    bool malformed;
    nstime time, common; /* clock of its point, near clock */
    enum transit_point point;
};

#endif
