/* SPDX-License-Identifier: BSD-2-Clause */
/* inject: whole IP packets, as libnet crafted them, onto the network. Floor 5; internal to live/.
 *
 * A raw socket (IPPROTO_RAW: the header is ours) and sendto(). libnet's own injector is the same socket, but opening it
 * takes 2 ms, since it raises SO_SNDBUF in 6500 steps, and it knows no scope of link-local targets. The kernel
 * overwrites the total length and header checksum of IPv4 (both right already) and nothing of IPv6; it routes, and
 * refuses what is larger than the interface's MTU. */
#ifndef HOPSONDE_LIVE_INJECT_H
#define HOPSONDE_LIVE_INJECT_H

#include "live/live.h"

struct injector {
    int fd; /* owned; -1: closed */
    uint8_t family;
    uint32_t scope; /* interface index for link-local targets; 0: none */
};

enum status injector_open(const struct live_options *options, struct injector *out, struct err *err);
/* 0, or an errno: EPERM from the local firewall, EMSGSIZE, ENETUNREACH ... A full queue is waited for, some 10 ms at
 * most. */
int injector_send(const struct injector *injector, const struct addr *target, const uint8_t *packet, size_t length);
void injector_close(struct injector *injector);

#endif
