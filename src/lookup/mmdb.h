/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb: MaxMind DB files, through libmaxminddb. Floor 5; internal to lookup/.
 *
 * A file may hold any bytes. Either opening it fails with a message, or lookups of its damaged parts find nothing. */
#ifndef HOPSONDE_LOOKUP_MMDB_H
#define HOPSONDE_LOOKUP_MMDB_H

#include <maxminddb.h>

#include "address/address_book.h"
#include "base/err.h"

/* Reads a record into `out`. Returns false, and changes nothing, if the record has no such data. */
typedef bool mmdb_reader(MMDB_entry_s record, struct address_facts *out);

/* Opens a file with the process's present rights, to be read by the functions below; the caller closes `fd`. */
enum status mmdb_file_open(const char *path, int *fd, struct err *err);

/* Sets `is_mmdb` if the file's last 128 KiB hold the marker of MaxMind DB metadata. Returns an error if the file
 * cannot be read, is no regular file, or is empty. `path` is for messages. */
enum status mmdb_recognise(int fd, const char *path, bool *is_mmdb, struct err *err);

/* Maps the file into memory, so that lookups make no system calls. The process may be another user by now. If the file
 * is truncated while mapped, a read of the lost part ends the process. So a new version must be moved over the old
 * one, as geoipupdate does. Do not move the MMDB_s in memory, because records point to it. Close it with
 * MMDB_close(). */
enum status mmdb_open(int fd, const char *path, MMDB_s *out, struct err *err);

/* Finds the record of the address. Returns false if there is none, the record is damaged, or the database lacks the
 * address family. */
bool mmdb_look_up(const MMDB_s *database, const struct addr *address, MMDB_entry_s *record);

/* Returns true if the reader finds data in one of the database's first records. */
bool mmdb_has(const MMDB_s *database, mmdb_reader *reader);

#endif
