/* SPDX-License-Identifier: BSD-2-Clause */
/* rewrite: what differs between a packet as it was sent and as a router quoted it. Floor 1.
 *
 * Only fields that both copies hold are compared, and never those that every router changes (TTL, the IPv4
 * header checksum) or that many quote wrongly (total length): reference RFC 1812 4.3.2, tracebox (Detal,
 * IMC 2013). A field that changed was changed before the answering hop. */
#ifndef HOPSONDE_PACKET_REWRITE_H
#define HOPSONDE_PACKET_REWRITE_H

#include "packet/packet.h"

enum rewrite_field {
    REWRITE_IP_SOURCE,
    REWRITE_IP_TARGET,
    REWRITE_IP_ID,
    REWRITE_IP_DSCP,
    REWRITE_IP_ECN,
    REWRITE_IP_DF,
    REWRITE_IP_FLOW_LABEL,
    REWRITE_SOURCE_PORT,
    REWRITE_TARGET_PORT,
    REWRITE_CHECKSUM, /* transport; reported only if nothing that it covers differs */
    REWRITE_TCP_SEQ,
    REWRITE_TCP_ACK,
    REWRITE_TCP_FLAGS,
    REWRITE_TCP_WINDOW,
    REWRITE_TCP_MSS,     /* 0: the option is gone */
    REWRITE_TCP_OPTIONS, /* values are bit sets of 1 << option kind */
    REWRITE_ICMP_ID,
    REWRITE_ICMP_SEQ,
    REWRITE_PAYLOAD, /* values: CRC-32 style digest of the bytes both copies hold */
    REWRITE_FIELDS,
};

struct rewrite {
    enum rewrite_field field;
    struct addr sent_address, quoted_address; /* for REWRITE_IP_SOURCE and REWRITE_IP_TARGET */
    uint64_t sent, quoted;                    /* for the others */
};

#define REWRITES_MOST 8

/* "ip.dscp", "tcp.mss" ...: the name in JSON. */
const char *rewrite_field_name(enum rewrite_field field);

/* Fills `out` with at most REWRITES_MOST rows and returns how many; order is that of the enum. */
unsigned rewrite_compare(const struct headers *sent, const struct headers *quoted, struct rewrite out[REWRITES_MOST]);

/* The fields that both copies hold, so that a change would show: a bit set of 1 << enum rewrite_field, and whether the
 * quote holds all that was sent. */
#define REWRITE_SHOWN_WHOLE (1U << REWRITE_FIELDS)
uint32_t rewrite_shown(const struct headers *sent, const struct headers *quoted);

#endif
