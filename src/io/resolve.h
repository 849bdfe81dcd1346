/* resolve: a HOST argument to an address, through getaddrinfo. Floor 5. */
#ifndef HOPSONDE_IO_RESOLVE_H
#define HOPSONDE_IO_RESOLVE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/* `family` 4, 6, or 0 for what getaddrinfo puts first. Brackets are gone already; "%zone" of an IPv6 address gives
 * `zone` (interface index, else 0). Short IPv4 forms ("1.2.3") are refused: STATUS_USAGE; so is an address of the other
 * family. Unknown name: STATUS_SYSTEM. */
enum status resolve_host(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err);

#endif
