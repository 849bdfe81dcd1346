/* SPDX-License-Identifier: BSD-2-Clause */
/* places: looks up networks and places of addresses in databases on this machine. Floor 5; sends nothing.
 *
 * The databases are MaxMind DB files (https://maxmind.github.io/MaxMind-DB/) with the records of MaxMind (GeoLite2,
 * GeoIP2), DB-IP or IPinfo. Their content identifies them, not their names. */
#ifndef HOPSONDE_LOOKUP_PLACES_H
#define HOPSONDE_LOOKUP_PLACES_H

#include <stdbool.h>

#include "address/address_book.h"
#include "address/prefix_table.h"
#include "base/err.h"

/* Locations of the databases; all borrowed during places_open(). A named file is used, or is an error. */
struct places_paths {
    const char *asn_db; /* of AS numbers; may be text (address/prefix_table.h); NULL: search for one */
    const char *geo_db; /* of places; NULL: search for one */
    /* HOPSONDE_DB_PATH: the only directories to search, separated by colons. NULL or "": /usr/share/GeoIP, then
     * /var/lib/GeoIP. */
    const char *directories;
};

struct places;

/* Opens the wanted databases; one file may hold both networks and places. Call it with the calling user's rights and
 * before system calls are restricted: the files are mapped into memory, so that lookups make no system calls. A file
 * may be replaced meanwhile by moving a new one over it, as geoipupdate does. It must not be truncated or
 * overwritten in place.
 * Returns STATUS_SYSTEM if no database is found (the error lists the directories). So it does if one is missing, not
 * a database, damaged, or of another kind. */
enum status places_open(const struct places_paths *paths, bool want_asn, bool want_geo, struct places **out,
                        struct err *err);
void places_free(struct places *places); /* NULL is fine */
/* Returns what the parser skipped in a text table of AS numbers; empty for a database. */
const struct prefix_table_faults *places_faults(const struct places *places);

/* Fills in `asn` and `as_name`, and `place`, as far as they are known; the rest is unchanged. Damaged data and
 * impossible values count as unknown. So does an IPv6 address in an IPv4 database. */
void places_look_up(const struct places *places, const struct addr *address, struct address_facts *out);

#endif
