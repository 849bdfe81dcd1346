/* route: what the kernel would do with a packet to the target. Floor 5; rtnetlink through libmnl, no privilege. */
#ifndef HOPSONDE_IO_ROUTE_H
#define HOPSONDE_IO_ROUTE_H

#include "base/addr.h"
#include "base/err.h"

struct route {
    struct addr source; /* what the kernel would use; none where it has no say */
    char interface[16]; /* egress */
    uint32_t interface_index;
    uint32_t mtu; /* of the egress interface */
};

/* `source` may be none; `interface` NULL; `fwmark` 0. STATUS_SYSTEM with a one-line message where there is no route
 * ("no route to 192.0.2.1 (check `ip route get`)"), the interface doesn't exist or is down, or the source address is
 * not ours. */
enum status route_lookup(const struct addr *target, const struct addr *source, const char *interface, uint32_t fwmark,
                         struct route *out, struct err *err);

#endif
