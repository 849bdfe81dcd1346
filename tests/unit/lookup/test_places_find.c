/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding databases, and what is said of those that cannot be used. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lookup/db_find.h"
#include "lookup/mmdb.h"
#include "tap.h"
#include "unit/support/places_folder.h"

/* ---- finding the files ---- */

struct choice_row {
    const char *what;
    enum db_kind kind;
    const char *names[6], *want;
};

static const struct choice_row choice_rows[] = {
    {"nothing", DB_ASN, {NULL}, NULL},
    {"other files", DB_ASN, {"GeoIP.dat", "GeoLite2-ASN.mmdb.gz", "README", "GeoLite2-City.mmdb"}, NULL},
    {"the free one of MaxMind", DB_ASN, {"asn.mmdb", "GeoLite2-ASN.mmdb", "GeoLite2-City.mmdb"}, "GeoLite2-ASN.mmdb"},
    {"the paid one first", DB_ASN, {"GeoLite2-ASN.mmdb", "GeoIP2-ISP.mmdb"}, "GeoIP2-ISP.mmdb"},
    {"the newest month",
     DB_ASN,
     {"dbip-asn-lite-2026-09.mmdb", "dbip-asn-lite-2026-11.mmdb", "dbip-asn-lite-2025-12.mmdb"},
     "dbip-asn-lite-2026-11.mmdb"},
    {"no month", DB_ASN, {"dbip-asn-lite-latest.mmdb", "dbip-asn-lite-2026-11.mmdb.1"}, NULL},
    {"the one that is linked to", DB_ASN, {"dbip-asn-lite-2026-11.mmdb", "dbip-asn-lite.mmdb"}, "dbip-asn-lite.mmdb"},
    {"a combined one", DB_ASN, {"ipinfo_lite.mmdb"}, "ipinfo_lite.mmdb"},
    {"no places among AS numbers", DB_GEO, {"GeoLite2-ASN.mmdb", "asn.mmdb"}, NULL},
    {"cities before countries",
     DB_GEO,
     {"GeoLite2-Country.mmdb", "dbip-city-lite-2026-11.mmdb"},
     "dbip-city-lite-2026-11.mmdb"},
    {"a combined one for places", DB_GEO, {"GeoLite2-ASN.mmdb", "ipinfo_lite.mmdb"}, "ipinfo_lite.mmdb"},
};

static void test_choice(void)
{
    for (size_t i = 0; i < sizeof choice_rows / sizeof *choice_rows; i++) {
        const struct choice_row *row = &choice_rows[i];
        size_t count = 0;
        while (row->names[count])
            count++;
        const char *name = db_choose(row->kind, row->names, count);
        is_text(name ? name : "none", row->want ? row->want : "none", "chosen: %s", row->what);
    }
}

static struct places *open_found(const char *directories, bool want_asn, bool want_geo, struct err *err)
{
    return open_places(&(struct places_paths){.directories = directories}, want_asn, want_geo, err);
}

static void test_search(const struct folder *folder)
{
    char directories[3 * PATH_BYTES];
    struct err err = {0};
    folder_add(folder, "first");
    folder_add(folder, "second");
    folder_save_record(folder, "second/GeoLite2-ASN.mmdb", "{\"autonomous_system_number\": 2}");
    folder_save_record(folder, "second/ipinfo_lite.mmdb", "{\"asn\": \"AS3\", \"as_name\": \"\", \"country\": \"DE\"}");
    snprintf(directories, sizeof directories, "%s/missing::%s/first:%s/second:", folder->path, folder->path,
             folder->path);
    struct places *places = open_found(directories, true, true, &err);
    if (ok(places != NULL, "found in the third of the directories: %s", err.message)) {
        struct address_facts about = look_up(places, "192.0.2.1");
        is_num(about.asn, 2, "AS numbers from one file");
        is_text(about.place.country, "DE", "places from the other");
    }
    places_free(places);
    folder_save_record(folder, "first/asn.mmdb", "{\"asn\": \"AS1\"}");
    places = open_found(directories, true, false, &err);
    is_num(places ? look_up(places, "192.0.2.1").asn : 0, 1, "an earlier directory comes before a better name");
    places_free(places);
    folder_save(folder, "first/asn.mmdb", "x", 1);
    places = open_found(directories, true, false, &err);
    ok(!places && strstr(err.message, "first/asn.mmdb: "), "the file that is found must be good: %s", err.message);
    places_free(places);
}

static void check_none_found(const struct folder *folder, bool want_asn, const char *want)
{
    char directories[PATH_BYTES], text[2 * PATH_BYTES];
    struct err err = {0};
    ok(!open_found(folder_path(folder, "empty", directories), want_asn, !want_asn, &err), "no %.10s are found", want);
    snprintf(text, sizeof text, "%.*s %s %s", (int)strcspn(want, "|"), want, directories, strchr(want, '|') + 1);
    is_text(err.message, text, "which says where was looked and what to do");
}

static void test_none_found(const struct folder *folder)
{
    struct err err = {0};
    folder_add(folder, "empty");
    check_none_found(folder, true,
                     "AS numbers: cannot look up: no database in|(name one with --asn-db, or its directory in "
                     "HOPSONDE_DB_PATH)");
    check_none_found(folder, false,
                     "places: cannot look up: no database in|(name one with --geo-db, or its directory in "
                     "HOPSONDE_DB_PATH)");
    struct places *places = open_found("/", false, false, &err);
    if (!ok(places != NULL, "where nothing is wanted, nothing is looked for"))
        return;
    is_num(look_up(places, "192.0.2.1").asn, 0, "and nothing is known");
    places_free(places);
}

/* ---- errors of a named file ---- */

struct error_row {
    const char *file;
    bool is_geo;
    const char *want; /* the message behind the folder's name and the slash */
};

static const struct error_row error_rows[] = {
    {"missing.mmdb", false, "missing.mmdb: cannot read the database: No such file or directory (check the name)"},
    {"folder", false, "folder: cannot read the database: it is a directory (name a file in it)"},
    {"empty.mmdb", false, "empty.mmdb: cannot read the database: it is empty (download it again)"},
    {"text.txt", true,
     "text.txt: cannot read the database: it is not a MaxMind DB file, or it is truncated (download it again)"},
    {"line.txt", false, "line.txt: cannot read the table of AS numbers: a line has more than 65536 bytes"},
    {"marker.mmdb", true, "marker.mmdb: cannot read the database: its metadata is damaged (download it again)"},
    {"deep.mmdb", true, "deep.mmdb: cannot read the database: its metadata is damaged (download it again)"},
    {"wide.mmdb", true, "wide.mmdb: cannot read the database: its metadata is damaged (download it again)"},
    {"pipe", false, "pipe: cannot read the database: it is not a regular file (name a database file)"},
    {"country.mmdb", false,
     "country.mmdb: cannot use the database: it has no AS numbers (name a database of AS numbers with --asn-db)"},
    {"asn.mmdb", true,
     "asn.mmdb: cannot use the database: it has no places (name a database of cities or countries with --geo-db)"},
};

static const char marker[] = "\xab\xcd\xefMaxMind.com";

/* Metadata as deep as 128 KiB allow. */
static void make_deep(const struct folder *folder)
{
    struct strbuf file;
    strbuf_init(&file);
    strbuf_add(&file, marker);
    for (unsigned i = 0; i < 65000; i++) {
        mmdb_add_map(&file, 1);
        mmdb_add_text(&file, "", 0);
    }
    folder_save(folder, "deep.mmdb", file.text, file.length);
    strbuf_free(&file);
}

#define WIDE_LEVELS 12

/* A description of lists of eight, which are all the same list of eight, and so on: 8 to the power of 12 values, if
 * all are listed. */
static void make_wide(const struct folder *folder)
{
    struct mmdb_writer w;
    struct strbuf description;
    uint32_t first = MMDB_WRITER_DESCRIPTION + 2, array = 2; /* bytes of a map and a key, and of an array */
    mmdb_writer_init(&w, 4);
    mmdb_writer_put_json(&w, "192.0.2.0", 24, "{\"country_code\": \"DE\"}");
    strbuf_init(&description);
    mmdb_add_map(&description, 1);
    mmdb_add_text(&description, "", 0);
    for (unsigned i = 0; i < WIDE_LEVELS; i++)
        mmdb_add_array(&description, 8);
    mmdb_add_array(&description, 0);
    for (uint32_t level = WIDE_LEVELS; level > 0; level--)
        for (unsigned i = 1; i < 8; i++)
            mmdb_add_pointer(&description, first + array * level);
    w.description = &description;
    folder_save_database(folder, "wide.mmdb", &w);
    strbuf_free(&description);
    mmdb_writer_free(&w);
}

static void test_errors(const struct folder *folder)
{
    char path[PATH_BYTES];
    folder_add(folder, "folder");
    make_deep(folder);
    make_wide(folder);
    folder_save(folder, "marker.mmdb", marker, strlen(marker));
    folder_save(folder, "empty.mmdb", "", 0);
    folder_save(folder, "text.txt", "192.0.2.0/24 64500\n", 19);
    char *line = calloc(1, 200000);
    if (line)
        folder_save(folder, "line.txt", line, 200000);
    free(line);
    mkfifo(folder_path(folder, "pipe", path), 0600);
    folder_save_record(folder, "country.mmdb", "{\"country\": {\"iso_code\": \"DE\"}}");
    folder_save_record(folder, "asn.mmdb", "{\"autonomous_system_number\": 1}");
    for (size_t i = 0; i < sizeof error_rows / sizeof *error_rows; i++) {
        const struct error_row *row = &error_rows[i];
        struct err err = {0};
        struct places *places = folder_open(folder, row->file, !row->is_geo, row->is_geo, &err);
        ok(!places && err.status == STATUS_SYSTEM, "%s is refused", row->file);
        is_text(err.message + strlen(folder->path) + 1, row->want, "%s", row->file);
        places_free(places);
    }
}

static enum status recognise(const char *path, bool *is_mmdb, struct err *err)
{
    int fd;
    *is_mmdb = false;
    enum status status = mmdb_file_open(path, &fd, err);
    if (status != STATUS_OK)
        return status;
    status = mmdb_recognise(fd, path, is_mmdb, err);
    close(fd);
    return status;
}

static void test_recognise(const struct folder *folder)
{
    char path[PATH_BYTES];
    struct strbuf file;
    bool is_mmdb = true;
    struct err err = {0};
    strbuf_init(&file);
    is_num(recognise(folder_path(folder, "text.txt", path), &is_mmdb, &err), STATUS_OK, "text can be read");
    ok(!is_mmdb, "and is no database");
    is_num(recognise(folder_path(folder, "asn.mmdb", path), &is_mmdb, &err), STATUS_OK, "a database can be read");
    ok(is_mmdb, "and is one");
    is_num(recognise(folder_path(folder, "missing.mmdb", path), &is_mmdb, &err), STATUS_SYSTEM,
           "a missing file is not recognised");
    ok(!is_mmdb, "and is none");
    for (unsigned more = 0; more < 2; more++) {
        strbuf_clear(&file);
        strbuf_add(&file, marker);
        while (file.length < 131072 + more)
            strbuf_add(&file, "x");
        folder_save(folder, "far.mmdb", file.text, file.length);
        recognise(folder_path(folder, "far.mmdb", path), &is_mmdb, &err);
        is_num(is_mmdb, more == 0, "a marker counts within the last 128 KiB");
    }
    strbuf_free(&file);
}

/* A process of root opens the file and becomes another user, who may not open it, before it reads it. */
static void test_other_user(const struct folder *folder)
{
    char path[PATH_BYTES];
    struct places_file file;
    struct err err = {0};
    struct places *places = places_new();
    folder_path(folder, "asn.mmdb", path);
    if (geteuid() != 0 || chmod(path, 0600) != 0) {
        printf("ok %d - a database of root # SKIP needs root\n", ++tap_count);
        places_free(places);
        return;
    }
    is_num(places_file_open(&(struct places_paths){.asn_db = path}, DB_ASN, &file, &err), STATUS_OK,
           "root opens a file");
    if (seteuid(65534) != 0)
        abort();
    ok(open(path, O_RDONLY) < 0 && errno == EACCES, "that another user may not open");
    is_num(places_add(places, &file, &err), STATUS_OK, "but may read: %s", err.message);
    ok(look_up(places, "192.0.2.1").asn != 0, "it has a record");
    if (seteuid(0) != 0)
        abort();
    places_file_close(&file);
    places_free(places);
}

int main(void)
{
    struct folder folder;
    folder_make(&folder);
    test_choice();
    test_search(&folder);
    test_none_found(&folder);
    test_errors(&folder);
    test_recognise(&folder);
    test_other_user(&folder);
    folder_remove(&folder);
    return tap_done();
}
