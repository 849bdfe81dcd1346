/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_range: the addresses of a network, as WHOIS answers write them. Floor 1; pure. */
#ifndef HOPSONDE_ADDRESS_WHOIS_RANGE_H
#define HOPSONDE_ADDRESS_WHOIS_RANGE_H

#include "base/addr.h"

/* Both ends are in it and of one family. */
struct whois_range {
    struct addr first, last;
};

/* "192.0.2.0 - 192.0.2.255" or "2001:db8::/32"; LACNIC leaves out the last parts of IPv4: "192.0.2/24". What follows
 * a blank or a comma is not looked at. False: it is no range. */
bool whois_range_parse(const char *text, size_t length, struct whois_range *out);
bool whois_range_holds(const struct whois_range *range, const struct addr *address);
/* Lies within `other` and is smaller. */
bool whois_range_narrower(const struct whois_range *range, const struct whois_range *other);
/* All addresses of its family: what registries answer where they know of no network. */
bool whois_range_is_all(const struct whois_range *range);
/* Some registry gives this address out, as far as is known beforehand (special.h). Those for documentation pass. */
bool whois_is_given_out(const struct addr *address);

#endif
