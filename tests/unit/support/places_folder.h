/* SPDX-License-Identifier: BSD-2-Clause */
/* places_folder: a temporary folder of databases, for the tests of what opens them. */
#ifndef HOPSONDE_TESTS_PLACES_FOLDER_H
#define HOPSONDE_TESTS_PLACES_FOLDER_H

#include "lookup/places.h"
#include "unit/support/mmdb_writer.h"

#define PATH_BYTES 256

struct folder {
    char path[PATH_BYTES / 2];
};

/* Where a step of these fails, the test ends. */
void folder_make(struct folder *folder);
void folder_remove(const struct folder *folder); /* and all in it */
/* "FOLDER/NAME", in `path`. */
const char *folder_path(const struct folder *folder, const char *name, char path[PATH_BYTES]);
void folder_add(const struct folder *folder, const char *name);
void folder_save(const struct folder *folder, const char *name, const char *bytes, size_t length);
void folder_save_database(const struct folder *folder, const char *name, const struct mmdb_writer *w);
/* A database with a record from JSON for 192.0.2.0/24. */
void folder_save_record(const struct folder *folder, const char *name, const char *json);
/* Finds and reads the wanted databases; NULL: the error is in `err`. */
struct places *open_places(const struct places_paths *paths, bool want_asn, bool want_geo, struct err *err);
/* The file as a database of either kind, or both; NULL: the error is in `err`. */
struct places *folder_open(const struct folder *folder, const char *name, bool want_asn, bool want_geo,
                           struct err *err);

/* All that is known of an address. */
struct address_facts look_up(const struct places *places, const char *address);

/* IPv4 networks 0.0.0.0/8 (AS 4), 192.0.2.0/24 (AS 1), 198.51.100.7/32 (AS 2), and in an IPv6 tree 2001:db8::/32 (AS
 * 3).
 */
void fill_tree(struct mmdb_writer *w, unsigned ip_version);

#endif
