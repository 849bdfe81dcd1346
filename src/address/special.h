/* SPDX-License-Identifier: BSD-2-Clause */
/* special: special-purpose addresses and AS numbers, and peering LANs of internet exchanges. Floor 1; pure.
 *
 * The purposes are those of the IANA special-purpose address registries (RFC 6890 and later additions) and of the
 * IANA registry of AS numbers. Only the largest exchanges are listed by name. For IPv6, blocks that a registry
 * reserves for exchanges also identify an address as an exchange's. */
#ifndef HOPSONDE_ADDRESS_SPECIAL_H
#define HOPSONDE_ADDRESS_SPECIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct special {
    const char *name;   /* short: "private", "shared (CGN)", "IXP DE-CIX Frankfurt" */
    const char *source; /* the authority: "RFC 1918", "RIPE NCC"; "": the exchange itself */
    bool is_ixp;
    bool is_global; /* assigned to a holder that a registry knows */
};

/* Returns the most specific entry, static. NULL for an ordinary address, or no address. */
const struct special *special_find(const struct addr *address);
/* Returns true if several routers may use the address at once: dummy, loopback and link-local addresses. If it occurs
 * at two hops, that does not show one router at both. */
bool special_is_shared(const struct addr *address);
/* Returns true if a registry can name the holder of the address. False for no address. */
bool special_is_global(const struct addr *address);
/* Returns the purpose of a special AS number, static. NULL for an ordinary one, which a registry knows. */
const char *special_asn(uint32_t asn);

#endif
