/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/db_find.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Directories searched by default: those of GeoIP packages and of geoipupdate. */
#define USUAL_DIRECTORIES "/usr/share/GeoIP:/var/lib/GeoIP"
#define MONTH "-[0-9][0-9][0-9][0-9]-[0-9][0-9]" /* pattern of "-2026-07" */

/* fnmatch(3) patterns in order of preference: MaxMind's paid databases, its free ones, DB-IP's free ones, IPinfo's.
 * City databases come before country databases. */
static const char *const asn_names[] = {
    "GeoIP2-ISP.mmdb",
    "GeoIP2-Enterprise.mmdb",
    "GeoLite2-ASN.mmdb",
    "dbip-asn-lite.mmdb",
    "dbip-asn-lite" MONTH ".mmdb",
    "asn.mmdb",
    "ipinfo_asn.mmdb",
    "ipinfo_plus.mmdb",
    "ipinfo_core.mmdb",
    "ipinfo_lite.mmdb",
    "country_asn.mmdb",
    NULL,
};
static const char *const geo_names[] = {
    "GeoIP2-Enterprise.mmdb",
    "GeoIP2-City.mmdb",
    "GeoLite2-City.mmdb",
    "dbip-city-lite.mmdb",
    "dbip-city-lite" MONTH ".mmdb",
    "location.mmdb",
    "standard_location.mmdb",
    "ipinfo_location.mmdb",
    "ipinfo_plus.mmdb",
    "ipinfo_core.mmdb",
    "GeoIP2-Country.mmdb",
    "GeoLite2-Country.mmdb",
    "dbip-country-lite.mmdb",
    "dbip-country-lite" MONTH ".mmdb",
    "ipinfo_lite.mmdb",
    "country.mmdb",
    "country_asn.mmdb",
    NULL,
};

static const struct {
    const char *const *names;
    const char *what, *option;
} kinds[] = {
    [DB_ASN] = {asn_names, "AS numbers", "--asn-db"},
    [DB_GEO] = {geo_names, "places", "--geo-db"},
};

/* Returns the newest match: names with months sort by text. */
static const char *newest(const char *pattern, const char *const *names, size_t count)
{
    const char *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (fnmatch(pattern, names[i], 0) == 0 && (!found || strcmp(names[i], found) > 0))
            found = names[i];
    return found;
}

const char *db_choose(enum db_kind kind, const char *const *names, size_t count)
{
    const char *found = NULL;
    for (const char *const *pattern = kinds[kind].names; *pattern && !found; pattern++)
        found = newest(*pattern, names, count);
    return found;
}

static void free_entries(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

/* Sets `*path`, or leaves it NULL if the directory has no database. Returns false with errno on failure. */
static bool find_in(enum db_kind kind, const char *directory, char **path)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, NULL);
    if (count < 0)
        return errno == ENOENT || errno == ENOTDIR;
    bool good = false;
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (names) {
        for (int i = 0; i < count; i++)
            names[i] = entries[i]->d_name;
        const char *name = db_choose(kind, names, (size_t)count);
        good = !name || asprintf(path, "%s/%s", directory, name) > 0;
    }
    free(names);
    free_entries(entries, count);
    if (!good)
        errno = ENOMEM;
    return good;
}

static enum status say_none(enum db_kind kind, const char *directories, struct err *err)
{
    return err_set(err, STATUS_SYSTEM,
                   "%s: cannot look up: no database in %.300s (name one with %s, or its directory in HOPSONDE_DB_PATH)",
                   kinds[kind].what, directories, kinds[kind].option);
}

enum status db_find(enum db_kind kind, const char *directories, char **path, struct err *err)
{
    const char *all = directories && *directories ? directories : USUAL_DIRECTORIES;
    *path = NULL;
    for (const char *at = all; *at; at += strspn(at, ":")) {
        size_t length = strcspn(at, ":");
        char *directory = strndup(at, length);
        bool good = directory && (length == 0 || find_in(kind, directory, path));
        int code = errno;
        free(directory);
        if (!good)
            return err_set(err, STATUS_SYSTEM, "%.*s: cannot search for databases: %s (name one with %s)", (int)length,
                           at, strerror(code), kinds[kind].option);
        if (*path)
            return STATUS_OK;
        at += length;
    }
    return say_none(kind, all, err);
}
