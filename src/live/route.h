/* SPDX-License-Identifier: BSD-2-Clause */
/* route: the kernel's route to a target. Floor 5; rtnetlink through libmnl, no privilege. It must not send packets
 * or change routes. */
#ifndef HOPSONDE_LIVE_ROUTE_H
#define HOPSONDE_LIVE_ROUTE_H

#include "base/addr.h"
#include "base/err.h"

struct route {
    struct addr source; /* the requested one, else the kernel's choice; never none */
    char interface[16]; /* egress */
    uint32_t interface_index;
    uint32_t mtu;  /* of the egress interface */
    bool unrouted; /* after a failure: the request is valid, but there is no route to the target now */
};

/* `source` may be none, `interface` NULL, `fwmark` 0. The error is one line, as "no route to 192.0.2.1 (check `ip
 * route get 192.0.2.1`)".
 *
 * STATUS_SYSTEM if one of these holds:
 * - There is no route.
 * - The interface does not exist, is down or has no address.
 * - The source address is not ours.
 *
 * STATUS_USAGE if one of these holds:
 * - The families differ.
 * - A link-local target lacks its interface.
 * - The target is a broadcast address. */
enum status route_lookup(const struct addr *target, const struct addr *source, const char *interface, uint32_t fwmark,
                         struct route *out, struct err *err);

#endif
