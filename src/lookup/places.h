/* SPDX-License-Identifier: BSD-2-Clause */
/* places: whose networks addresses are in, and where they are, from databases on this machine. Floor 5.
 *
 * The databases are MaxMind DB files (https://maxmind.github.io/MaxMind-DB/) with the records of MaxMind (GeoLite2,
 * GeoIP2), DB-IP or IPinfo, which are known by what is in them and not by their names. Nothing is sent anywhere. */
#ifndef HOPSONDE_LOOKUP_PLACES_H
#define HOPSONDE_LOOKUP_PLACES_H

#include <stdbool.h>

#include "address/address_book.h"
#include "address/prefix_table.h"
#include "base/err.h"

/* Where the databases are; all borrowed during places_open(). A file that is named is used, or is an error. */
struct places_paths {
    const char *asn_db;      /* of AS numbers; may be text (about/prefixes.h); NULL: looked for */
    const char *geo_db;      /* of places; NULL: looked for */
    const char *directories; /* HOPSONDE_DB_PATH: where to look, separated by colons, and nowhere else; NULL or "":
                                /usr/share/GeoIP, then /var/lib/GeoIP */
};

struct places;

/* Opens the databases that are wanted; what is known of networks and of places may be in the same file. They are mapped
 * into memory, so that lookups make no system call: do this with the rights of the user who called, and before system
 * calls are given up. A file may be replaced meanwhile by moving a new one over it, as geoipupdate does, but not be cut
 * or written over in place.
 * STATUS_SYSTEM: none is found (the error says where was looked), or one cannot be used: it is missing, no database,
 * damaged, or of something else. */
enum status places_open(const struct places_paths *paths, bool want_asn, bool want_geo, struct places **out,
                        struct err *err);
void places_free(struct places *places); /* NULL is fine */
/* What was left out of a table of AS numbers that is text; none of a database. */
const struct prefix_table_faults *places_faults(const struct places *places);

/* Fills in `asn` and `as_name`, and `place`, as far as they are known, and leaves the rest as it is. What is damaged or
 * cannot be true is not known; nor is an IPv6 address to a database of IPv4 ones. */
void places_look_up(const struct places *places, const struct addr *address, struct address_facts *out);

#endif
