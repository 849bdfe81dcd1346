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

/* Which of a directory's file names is the database of the kind: the providers' own names, the more exact databases
 * first, and of one that is named by its month the newest. NULL: none. Pure. */
const char *db_choose(enum db_kind kind, const char *const *names, size_t count);

/* The database in the first of the directories that has one. `directories` are separated by colons; NULL or "":
 * /usr/share/GeoIP and /var/lib/GeoIP. A directory that does not exist has none. `path` is the caller's to free. The
 * error says where was looked, and what to do. */
enum status db_find(enum db_kind kind, const char *directories, char **path, struct err *err);

#endif
