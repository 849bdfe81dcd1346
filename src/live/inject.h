/* SPDX-License-Identifier: BSD-2-Clause */
/* inject: sends whole IP packets as libnet built them. Floor 5; internal to live/.
 *
 * It uses a raw socket (IPPROTO_RAW: we provide the header) and sendto(). libnet's own injector is the same socket,
 * but takes 2 ms to open, because it raises SO_SNDBUF in 6500 steps. It also lacks the scope of link-local targets.
 * The kernel overwrites total length and header checksum of IPv4 (both are right already) and nothing of IPv6. It
 * routes the packet and rejects one larger than the interface's MTU. */
#ifndef HOPSONDE_LIVE_INJECT_H
#define HOPSONDE_LIVE_INJECT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "live/live.h"

/* A socket address for either family. */
union endpoint {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/* `scope`: interface index for link-local addresses. Returns the bytes of the address. */
socklen_t endpoint_init(union endpoint *out, const struct addr *address, uint16_t port, uint32_t scope);

struct injector {
    int fd; /* owned; -1: closed */
    uint8_t family;
    uint32_t scope; /* interface index for link-local targets; 0: none */
};

enum status injector_open(const struct live_options *options, struct injector *out, struct err *err);
/* Returns 0 or an errno: EPERM from the local firewall, EMSGSIZE, ENETUNREACH and others. Retries for about 10 ms if
 * the queue is full. */
int injector_send(const struct injector *injector, const struct addr *target, const uint8_t *packet, size_t length);
void injector_close(struct injector *injector);

#endif
