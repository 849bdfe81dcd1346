/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve: a HOST argument to an address, through getaddrinfo. Floor 5. */
#ifndef HOPSONDE_LOOKUP_RESOLVE_H
#define HOPSONDE_LOOKUP_RESOLVE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/* What can be said of a host without the resolver: STATUS_USAGE where it can be none, `out` where it is an address; a
 * name passes with `out` none. Otherwise as resolve_host(). */
enum status resolve_literal(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err);

/* `family` 4, 6, or 0 for what getaddrinfo puts first. Brackets are gone already; "%zone" of an IPv6 address gives
 * `zone` (interface index, else 0). Short IPv4 forms ("1.2.3") are refused: STATUS_USAGE; so is an address of the other
 * family, and one that is not one host's: unspecified, multicast, broadcast, IPv4-mapped. A name that is unknown or has
 * such an address: STATUS_SYSTEM. */
enum status resolve_host(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err);

#endif
