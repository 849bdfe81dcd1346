/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb: MaxMind DB files, through libmaxminddb. Floor 5; internal to lookup/.
 *
 * Any bytes may be in a file: it is refused with one line, or what is damaged in it is not found. */
#ifndef HOPSONDE_LOOKUP_MMDB_H
#define HOPSONDE_LOOKUP_MMDB_H

#include <maxminddb.h>

#include "address/address_book.h"
#include "base/err.h"

/* What a record says, into `out`; false, and nothing changed: nothing of the kind. */
typedef bool mmdb_reader(MMDB_entry_s record, struct address_facts *out);

/* Whether the file holds a MaxMind DB, as its last 128 KiB tell, which have the marker of its metadata. An error where
 * it cannot be read: it is missing, no plain file, empty. */
enum status mmdb_recognise(const char *path, bool *is_mmdb, struct err *err);

/* Maps the file into memory, so that later no system call is made. A file cut while it is mapped ends the process when
 * the lost part is read: new versions must be moved over old ones, as geoipupdate does. The database must stay where it
 * is, because its records point to it, and be closed with MMDB_close(). */
enum status mmdb_open(const char *path, MMDB_s *out, struct err *err);

/* The record of the address. False: there is none, or it is damaged, or the database has no such addresses. */
bool mmdb_look_up(const MMDB_s *database, const struct addr *address, MMDB_entry_s *record);

/* Whether one of the database's first records says anything to the reader. */
bool mmdb_has(const MMDB_s *database, mmdb_reader *reader);

#endif
