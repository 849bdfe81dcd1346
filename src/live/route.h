/* SPDX-License-Identifier: BSD-2-Clause */
/* route: what the kernel would do with a packet to the target. Floor 5; rtnetlink through libmnl, no privilege. */
#ifndef HOPSONDE_LIVE_ROUTE_H
#define HOPSONDE_LIVE_ROUTE_H

#include "base/addr.h"
#include "base/err.h"

struct route {
    struct addr source; /* the one asked for, else what the kernel would use; never none */
    char interface[16]; /* egress */
    uint32_t interface_index;
    uint32_t mtu;  /* of the egress interface */
    bool unrouted; /* after a failure: nothing is wrong with what was asked, there is just no way to the target now */
};

/* `source` may be none; `interface` NULL; `fwmark` 0. STATUS_SYSTEM with a one-line message where there is no route
 * ("no route to 192.0.2.1 (check `ip route get 192.0.2.1`)"), where the interface doesn't exist, is down or has no
 * address, or the source address is not ours; STATUS_USAGE where the families differ, a link-local target lacks its
 * interface, or the target is a broadcast address. */
enum status route_lookup(const struct addr *target, const struct addr *source, const char *interface, uint32_t fwmark,
                         struct route *out, struct err *err);

#endif
