/* inject: whole IP packets onto the network through libnet's raw sockets. Floor 5; internal to io/.
 *
 * The kernel overwrites the total length and header checksum of IPv4 (both right already) and nothing of IPv6; it routes,
 * and refuses what is larger than the interface's MTU. */
#ifndef HOPSONDE_IO_INJECT_H
#define HOPSONDE_IO_INJECT_H

#include "io/live.h"

struct injector; /* a libnet context */

enum status injector_open(const struct live_options *options, struct injector **out, struct err *err);
/* 0, or an errno: EPERM from the local firewall, EMSGSIZE, ENETUNREACH ... A full queue is waited for, some 10 ms at most. */
int injector_send(struct injector *injector, const uint8_t *packet, size_t length);
void injector_close(struct injector *injector);

#endif
