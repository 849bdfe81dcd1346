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
#include "lookup/db_find.h"

/* Locations of the databases. A named file is used, or is an error. */
struct places_paths {
    const char *asn_db; /* of AS numbers; may be text (address/prefix_table.h); NULL: search for one */
    const char *geo_db; /* of places; NULL: search for one */
    /* HOPSONDE_DB_PATH: the only directories to search, separated by colons. NULL or "": /usr/share/GeoIP, then
     * /var/lib/GeoIP. */
    const char *directories;
};

/* A database that is open and not yet read. */
struct places_file {
    enum db_kind kind;
    const char *named; /* its path, borrowed from places_paths; NULL: it was found */
    char *found;       /* its path, owned; NULL: it was named */
    int fd;            /* owned; -1: none */
};

struct places;

/* Opens the database of this kind with the process's present rights, and reads nothing of it. One file may be the
 * database of both kinds. Returns STATUS_SYSTEM if no database is found (the error lists the directories), or if it
 * cannot be opened. Call places_file_close() also after an error. */
enum status places_file_open(const struct places_paths *paths, enum db_kind kind, struct places_file *out,
                             struct err *err);
void places_file_close(struct places_file *file);

/* Returns NULL if out of memory. */
struct places *places_new(void);
/* Reads a database that is open. The process may have become another user, and may be sealed with SEAL_PREPARE. The
 * file is mapped into memory, so that lookups make no system calls; `file` may be closed. A file may be replaced
 * meanwhile by moving a new one over it, as geoipupdate does. It must not be truncated or overwritten in place.
 * Returns STATUS_SYSTEM if the file is not a database, damaged, or of another kind. */
enum status places_add(struct places *places, const struct places_file *file, struct err *err);
void places_free(struct places *places); /* NULL is fine */
/* Returns what the parser skipped in a text table of AS numbers; empty for a database. */
const struct prefix_table_faults *places_faults(const struct places *places);

/* Fills in `asn` and `as_name`, and `place`, as far as they are known; the rest is unchanged. Damaged data and
 * impossible values count as unknown. So does an IPv6 address in an IPv4 database. */
void places_look_up(const struct places *places, const struct addr *address, struct address_facts *out);

#endif
