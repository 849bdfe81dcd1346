/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_range: the address range of a network, as WHOIS answers write it. Floor 1; pure. */
#ifndef HOPSONDE_ADDRESS_WHOIS_RANGE_H
#define HOPSONDE_ADDRESS_WHOIS_RANGE_H

#include "base/addr.h"

/* Both ends are inclusive and of one family. */
struct whois_range {
    struct addr first, last;
};

/* Parses "192.0.2.0 - 192.0.2.255" or "2001:db8::/32", and LACNIC's short IPv4 form "192.0.2/24". Ignores text after
 * a blank or a comma. Returns false if the text is not a range. */
bool whois_range_parse(const char *text, size_t length, struct whois_range *out);
bool whois_range_holds(const struct whois_range *range, const struct addr *address);
/* Returns true if the range lies within `other` and is smaller. */
bool whois_range_narrower(const struct whois_range *range, const struct whois_range *other);
/* Returns true for all addresses of a family: registries answer so if they know no network. */
bool whois_range_is_all(const struct whois_range *range);
/* Returns true if a registry may have assigned this address, as far as special.h knows. Documentation addresses
 * pass. */
bool whois_is_given_out(const struct addr *address);

#endif
