/* SPDX-License-Identifier: BSD-2-Clause */
/* shape: the kinds of packets that tools send as probes. Floor 2. Data only. */
#ifndef HOPSONDE_PROBE_SHAPE_H
#define HOPSONDE_PROBE_SHAPE_H

enum probe_shape {
    SHAPE_NONE, /* no tool sends this */
    SHAPE_ECHO,
    SHAPE_UDP,
    SHAPE_UDPLITE,
    SHAPE_SYN,
    SHAPE_ACK,
    SHAPE_FIN,
    SHAPE_DATA,    /* TCP with a payload; nothing shows a connection */
    SHAPE_SESSION, /* the same in a connection whose handshake the capture shows */
    SHAPE_DCCP,
    SHAPE_SCTP,
    SHAPE_RAW,
};

#endif
