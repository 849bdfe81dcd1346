/* SPDX-License-Identifier: BSD-2-Clause */
/* special: addresses and AS numbers set apart for a purpose, and the peering LANs of internet exchanges. Floor 1; pure.
 *
 * The purposes are those of the IANA special-purpose address registries (RFC 6890, with what was added since) and of
 * the registry of AS numbers. Of the internet exchanges only the largest are known by name; that an IPv6 address is of
 * some exchange is known wherever its registry gives such addresses from a block of their own. */
#ifndef HOPSONDE_ADDRESS_SPECIAL_H
#define HOPSONDE_ADDRESS_SPECIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct special {
    const char *name;   /* short: "private", "shared (CGN)", "IXP DE-CIX Frankfurt" */
    const char *source; /* who says so: "RFC 1918", "RIPE NCC"; "": the exchange itself */
    bool is_ixp;
    bool is_global; /* it is somebody's, and a registry knows whose */
};

/* The most specific entry; static. NULL: an ordinary address, or none at all. */
const struct special *special_find(const struct addr *address);
/* Whether a registry can say whose the address is. False for no address. */
bool special_is_global(const struct addr *address);
/* What a special AS number is for; static. NULL: an ordinary one, which a registry knows. */
const char *special_asn(uint32_t asn);

#endif
