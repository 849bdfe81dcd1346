/* SPDX-License-Identifier: BSD-2-Clause */
/* db_find: finds the databases of networks and places on this machine. Floor 5; internal to lookup/. */
#ifndef HOPSONDE_LOOKUP_DB_FIND_H
#define HOPSONDE_LOOKUP_DB_FIND_H

#include <stddef.h>

#include "base/err.h"

enum db_kind {
    DB_ASN, /* AS numbers and names */
    DB_GEO, /* places */
};

/* Returns the file name that is the best database of this kind, by the providers' naming; NULL if none is. More
 * exact databases come first. Of a database named by month, the newest counts. Pure. */
const char *db_choose(enum db_kind kind, const char *const *names, size_t count);

/* Returns the database in the first directory that has one. `directories` is a list separated by colons; NULL or ""
 * means /usr/share/GeoIP and /var/lib/GeoIP. Missing directories are skipped. The caller frees `path`. The error
 * lists the directories and a remedy. */
enum status db_find(enum db_kind kind, const char *directories, char **path, struct err *err);

#endif
