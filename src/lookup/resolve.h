/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve: turns a HOST argument into an address, through getaddrinfo. Floor 5. */
#ifndef HOPSONDE_LOOKUP_RESOLVE_H
#define HOPSONDE_LOOKUP_RESOLVE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/* Checks a host without the resolver. Returns STATUS_USAGE if it cannot be a host. Sets `out` if it is an address;
 * for a name, `out` stays empty. Otherwise as resolve_host(). */
enum status resolve_literal(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err);

/* Resolves a host. `family` is 4, 6, or 0 for getaddrinfo's first choice. `host` has no brackets; "%zone" of an IPv6
 * address sets `zone` (interface index, else 0).
 * STATUS_USAGE: a short IPv4 form ("1.2.3"), an address of the other family, or one that is not one host's
 * (unspecified, multicast, broadcast, IPv4-mapped). STATUS_SYSTEM: an unknown name, or a name with such an address. */
enum status resolve_host(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err);

#endif
